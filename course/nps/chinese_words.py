"""Chinese words by a dictionary alone: of all ways to cut a run of characters, the most probable one.

The probability of a cut is the product of its words' shares of a large corpus (a unigram model, found by dynamic
programming from the end). The dictionary, 349,046 words with how often each was seen, is that of jieba by Sun Junyi
under the MIT licence (data/words.LICENSE); the cuts are jieba's with HMM=False.
"""

import gzip
import math
from pathlib import Path

_DICTIONARY = Path(__file__).parent / "data/words.txt.gz"


class Segmenter:
    """A dictionary that cuts runs of Chinese characters into words."""

    def __init__(self) -> None:
        said = gzip.decompress(_DICTIONARY.read_bytes()).decode().split()  # a word and how often, in turns
        counts = list(map(int, said[1::2]))
        self._seen = dict(zip(said[::2], counts, strict=True))
        self._total = sum(counts)  # one word stands twice there
        self._longest: dict[str, int] = {}
        for word in self._seen:
            if len(word) > self._longest.get(word[0], 0):
                self._longest[word[0]] = len(word)

    def __contains__(self, word: str) -> bool:
        return self._seen.get(word, 0) > 0

    def add(self, word: str) -> None:
        """Make `word` likely enough to be kept whole."""
        chance = 1.0
        for part in self.cut(word):
            chance *= self._seen.get(part, 1) / self._total
        seen = max(int(chance * self._total) + 1, self._seen.get(word, 1))
        self._seen[word] = seen
        self._total += seen
        self._longest[word[0]] = max(len(word), self._longest.get(word[0], 0))

    def remove(self, word: str) -> None:
        """Never keep `word` whole."""
        self._seen.pop(word, None)

    def cut(self, run: str) -> list[str]:
        """The words of a run of characters; a character that begins no word stands alone."""
        total, size = math.log(self._total), len(run)
        best: list[tuple[float, int]] = [(0.0, 0)] * (
            size + 1
        )  # of what follows: its probability, its first word's end
        for i in range(size - 1, -1, -1):
            ends = range(i + 1, min(size, i + self._longest.get(run[i], 1)) + 1)
            words = ((self._seen.get(run[i:end]), end) for end in ends)
            ways = [(math.log(seen) - total + best[end][0], end) for seen, end in words if seen]
            best[i] = max(ways, default=(best[i + 1][0] - total, i + 1))
        words, at = [], 0
        while at < size:
            words.append(run[at : best[at][1]])
            at = best[at][1]
        return words
