"""Cutting Chinese into words: the most probable of all cuts, found without trying them all."""

import gzip
import math

import pytest

from course.nps import chinese_words
from course.nps.chinese_words import Segmenter


@pytest.fixture(scope="module")
def segmenter():
    return Segmenter()


def _cuts(run):
    """Every way to cut a run."""
    if not run:
        return [[]]
    return [[run[:end], *rest] for end in range(1, len(run) + 1) for rest in _cuts(run[end:])]


@pytest.mark.parametrize(
    "run", ["客服态度很好", "物流太慢了", "包装破损", "南京市长江大桥", "研究生命起源", "鹿鸣的茶叶不好喝", "龘龘茶"]
)
def test_of_all_cuts_it_is_the_most_probable(segmenter, run):
    lines = [line.split(" ") for line in gzip.decompress(chinese_words._DICTIONARY.read_bytes()).decode().splitlines()]
    seen, total = {word: int(n) for word, n in lines}, sum(int(n) for _, n in lines)

    def probability(words):
        known = [word in seen or len(word) == 1 for word in words]
        return sum(math.log(seen.get(word, 1) / total) for word in words) if all(known) else -math.inf

    assert segmenter.cut(run) == max(_cuts(run), key=probability)


def test_a_word_that_is_added_stays_whole_and_one_removed_does_not():
    segmenter = Segmenter()
    assert segmenter.cut("鹿鸣") == ["鹿", "鸣"]
    segmenter.add("鹿鸣")
    assert segmenter.cut("鹿鸣") == ["鹿鸣"] and "鹿鸣" in segmenter
    segmenter.remove("程序")
    assert segmenter.cut("程序") == ["程", "序"] and "程序" not in segmenter


def test_nothing_is_cut_into_nothing(segmenter):
    assert segmenter.cut("") == []
