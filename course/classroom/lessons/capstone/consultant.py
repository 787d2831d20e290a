"""The bad consultant: a slide deck with planted mistakes, each a mistake that raises no error, and a review of it.

`deck = consultant(7)` makes a deck of 12 to 14 slides; on five to seven of them a mistake is planted that can be read
off the slide. `deck.review({3: "base_rate", 8: "peeking"})` scores a reviewer for precision and recall. The slides'
words are in `consultant.yaml`, their figures come from `slides`.
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from numbers import Integral
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from course import charts
from course.classroom import panel, room
from course.classroom.lessons.capstone import slides
from course.errors import DataError
from course.language import Label, Sentence

#: From and to (inclusive) how many slides a deck has, and on how many of them a mistake is planted.
SLIDES, PLANTED = (12, 14), (5, 7)

#: For those who hear the page: the title stands above the table already.
_UNSEEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)"
_BORDER = "border:1px solid #bbb;padding:.2em .6em"


@cache
def _script() -> dict[str, dict]:
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


def kinds() -> dict[str, Label]:
    """The kinds of mistakes a deck may hold: what each is called, by its code."""
    return {code: Label(**_script()[code]["name"]) for code in slides.kinds()}


def consultant(seed: int | None = None) -> "Deck":
    """A consultant's deck about Luming; some of its slides are wrong.

    Parameters
    ----------
    seed : the same seed gives the same deck. Default: the seed of the learner's company.

    Raises
    ------
    DataError : the seed is not a whole number.
    """
    if seed is None:
        seed = room.seed()
    if isinstance(seed, bool) or not isinstance(seed, Integral):
        raise DataError("The seed of a deck is a whole number, not {seed}.", seed=str(seed)[:40])
    # Any whole number will do, a negative one too.
    rng = np.random.default_rng(zlib.crc32(str(int(seed)).encode()))
    codes = [slides.kinds()[i] for i in rng.permutation(len(slides.kinds()))]
    chosen = codes[: rng.integers(SLIDES[0], SLIDES[1], endpoint=True)]
    wrong = set(rng.permutation(len(chosen))[: rng.integers(PLANTED[0], PLANTED[1], endpoint=True)].tolist())
    made = []
    for place, code in enumerate(chosen):
        made.append(Slide(place + 1, code, place in wrong, slides.figures(code, rng)))
    return Deck(int(seed), tuple(made))


# --- slides ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Slide:
    """A slide: its `number`, the `kind` of mistake its subject invites, whether it is `wrong`, and its figures."""

    number: int
    kind: str
    wrong: bool = field(repr=False)
    figures: slides.Figures = field(repr=False)

    @property
    def _version(self) -> dict:
        return _script()[self.kind]["wrong" if self.wrong else "sound"]

    def _said(self, both: dict[str, str] | str) -> Label:
        both = {"en": both, "zh": both} if isinstance(both, str) else both
        return Label(both["en"], both["zh"], **self.figures)

    @property
    def title(self) -> Label:
        """What the slide is about: the same in both versions."""
        return self._said(_script()[self.kind]["title"])

    @property
    def claim(self) -> Label:
        """The sentence the slide stands for."""
        return self._said(self._version["claim"])

    @property
    def note(self) -> Label:
        """The footnote: source and method."""
        return self._said(self._version["note"])

    @property
    def why(self) -> Label:
        """What is wrong and what it costs; of a sound slide, why it is sound."""
        return self._said(self._version["feedback"])

    @property
    def table(self) -> list[list[Label]] | None:
        """Head and rows of the slide's table; None where it has a chart."""
        table = self._version.get("table")
        return table and [[self._said(cell) for cell in row] for row in (table["head"], *table["rows"])]

    @property
    def chart(self) -> Sentence | None:
        """What the slide's chart shows, in words, its axis included; None where it has a table."""
        chart = self._version.get("chart")
        if chart is None:
            return None
        bars = [Sentence("{what}: {value}", what=what, value=shown) for what, shown, _ in self._bars()]
        return Sentence(
            "Bar chart, {unit}; axis from {low:g} to {high:g}. {bars}.",
            unit=self._said(chart["unit"]),
            low=chart["axis"][0],
            high=chart["axis"][1],
            bars=_Listed(bars),
        )

    def _bars(self) -> list[tuple[Label, str, float]]:
        """Label, figure as shown and figure of each bar."""
        chart = self._version["chart"]
        values = [float(self.figures[name]) for name in chart["values"]]
        return [(self._said(w), format(v, chart["shown"]), v) for w, v in zip(chart["labels"], values, strict=True)]

    def _drawn(self) -> str:
        """The chart as SVG."""
        low, high = self._version["chart"]["axis"]
        what, shown, values = zip(*self._bars(), strict=True)
        with charts.drawing(5.2, 2.6) as (figure, ax):
            bars = ax.bar([w.say() for w in what], values, color=charts.BLUE, width=0.6)
            ax.bar_label(bars, shown, fontsize=9)
            ax.set_ylim(low, high)
            ax.set_ylabel(self._said(self._version["chart"]["unit"]).say(), fontsize=8)
            ax.tick_params(labelsize=8)
            return f'<div style="max-width:34em">{charts.svg(figure, self.chart.say())}</div>'

    def __repr__(self) -> str:
        lines = [f"[{self.number}] {self.title}", f"    {self.claim}"]
        if self.chart:
            lines.append(f"    {self.chart}")
        else:
            lines += ["    " + " | ".join(cell.say() for cell in row) for row in self.table]
        return "\n".join([*lines, f"    {self.note}"])

    def _repr_html_(self) -> str:
        return (
            f'<section aria-label="{escape(self.title.say())}" style="border:1px solid #999;border-radius:4px;'
            f'padding:.6em 1em;margin:.6em 0;max-width:48em">'
            f"<div><small>{self.number} · {escape(self.title.say())}</small></div>"
            f'<p style="font-size:1.15em;margin:.3em 0 .6em"><b>{escape(self.claim.say())}</b></p>'
            f"{self._drawn() if self.chart else self._table_html()}"
            f'<p style="margin:.5em 0 0"><small>{escape(self.note.say())}</small></p></section>'
        )

    def _table_html(self) -> str:
        (head, *rows) = self.table
        top = "".join(f'<th scope="col" style="{_BORDER};text-align:left">{escape(c.say())}</th>' for c in head)
        body = ""
        for first, *rest in rows:
            cells = "".join(f'<td style="{_BORDER};text-align:left">{escape(c.say())}</td>' for c in rest)
            body += f'<tr><th scope="row" style="{_BORDER};text-align:left">{escape(first.say())}</th>{cells}</tr>'
        caption = f'<caption style="{_UNSEEN}">{escape(self.title.say())}</caption>'
        return f'<table style="border-collapse:collapse">{caption}<tr>{top}</tr>{body}</table>'


class _Listed(Sentence):
    """Several sentences side by side, with the mark of the language between them."""

    def __init__(self, items: list[Sentence]) -> None:
        super().__init__("")
        self.items = items

    def say(self, lang: str | None = None) -> str:
        return Sentence(", ").say(lang).join(item.say(lang) for item in self.items)


# --- the deck --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Deck:
    """The consultant's deck: `deck[3]` is its third slide, `len(deck)` how many there are."""

    seed: int
    slides: tuple[Slide, ...] = field(repr=False)

    def __len__(self) -> int:
        return len(self.slides)

    def __iter__(self) -> Iterator[Slide]:
        return iter(self.slides)

    def __getitem__(self, number: int) -> Slide:
        return self.slides[_number(number, len(self)) - 1]

    def twin(self, number: int) -> Slide:
        """The other version of a slide: done right where it is wrong, and the other way round. For after the review.

        Raises
        ------
        DataError : there is no such slide.
        """
        own = self[number]
        return Slide(own.number, own.kind, not own.wrong, own.figures)

    def kinds(self) -> pd.DataFrame:
        """The mistakes to look for, whether or not this deck has them: code and what it means."""
        return pd.DataFrame(
            {Sentence("code").say(): [*kinds()], Sentence("mistake").say(): [name.say() for name in kinds().values()]}
        )

    def sheet(self) -> pd.DataFrame:
        """A sheet for a group: one row a slide, to be filled in by hand; `.to_excel(…)` makes a file of it."""
        heads = (
            Sentence("slide"),
            Sentence("title"),
            Sentence("objection"),
            Sentence("code"),
            Sentence("how sure (%)"),
            Sentence("what it would cost"),
        )
        rows = [[slide.number, slide.title.say(), "", "", "", ""] for slide in self.slides]
        return pd.DataFrame(rows, columns=[head.say() for head in heads])

    def review(self, accused: object = ...) -> "Review | Sentence":
        """Score a review.

        Parameters
        ----------
        accused : the numbers of the slides objected to: {3: "base_rate", 8: ["peeking", "points"]} with one code or
            several for each (None: no code), or numbers alone: {3, 8}.

        Raises
        ------
        DataError : no such slide, no such code, something else than numbers.
        """
        if accused is ...:
            return Sentence("Write the numbers of the slides you object to in place of the ....")
        return Review(self, _accusation(accused, len(self)))

    def _head(self) -> Sentence:
        return Sentence(
            "Customer portrait of Luming: final presentation, {n} slides. Figures of all customers need no interval, "
            "those of a sample do.",
            n=len(self),
        )

    def __repr__(self) -> str:
        return "\n\n".join([self._head().say(), *map(repr, self.slides)])

    def _repr_html_(self) -> str:
        return panel.paragraphs([self._head()]) + "".join(slide._repr_html_() for slide in self.slides)


def _number(given: object, last: int) -> int:
    """The number of a slide, given as a whole number of any kind or as its digits."""
    digits = re.fullmatch(r"\s*0*(\d{1,3})(?:\.0*)?\s*", str(given), re.ASCII)
    if isinstance(given, bool) or not digits or not 1 <= int(digits[1]) <= last:
        raise DataError("The deck has the slides 1 to {n}; there is no slide {given}.", n=last, given=str(given)[:40])
    return int(digits[1])


def _accusation(accused: object, last: int) -> dict[int, tuple[str, ...]]:
    """Slide number → codes, from whatever form the reviewer chose."""
    if isinstance(accused, pd.Series | pd.DataFrame | str) or accused is None:
        raise _no_list(accused)
    if isinstance(accused, Mapping):
        return {_number(n, last): _codes(given) for n, given in accused.items()}
    if isinstance(accused, Integral):
        accused = [accused]
    if not isinstance(accused, Iterable):
        raise _no_list(accused)
    return {_number(n, last): () for n in accused}


def _no_list(accused: object) -> DataError:
    return DataError(
        'A review is the numbers of slides, as in [3, 8], or numbers with codes, as in {{3: "base_rate"}}; not {what}.',
        what=type(accused).__name__,
    )


def _codes(given: object) -> tuple[str, ...]:
    if given is None or given is ...:
        return ()
    several = [given] if isinstance(given, str) or not isinstance(given, Iterable) else list(given)
    codes = tuple(str(code).strip().lower() for code in several if str(code).strip())
    if unknown := [code for code in codes if code not in slides.kinds()]:
        raise DataError(
            "There is no mistake with the code {code}. The codes are: {known}.",
            code=unknown[0][:40],
            known=", ".join(slides.kinds()),
        )
    return codes


# --- the review ------------------------------------------------------------------------------------------------------


class Review:
    """What a review is worth.

    Attributes
    ----------
    planted : number → kind of the slides with a mistake
    found, missed, accused_wrongly : numbers of slides
    named : of the slides found, those whose mistake was named rightly (of several codes one must be right)
    precision : share of the accused slides that are wrong; None where nothing was accused
    recall : share of the wrong slides that were accused
    table : one row a slide: slide, title, kind (blank where sound), accused, verdict, why
    """

    def __init__(self, deck: Deck, accused: Mapping[int, tuple[str, ...]]) -> None:
        self._deck, self._accused = deck, accused
        self.planted = {slide.number: slide.kind for slide in deck.slides if slide.wrong}
        self.found = [n for n in self.planted if n in accused]
        self.missed = [n for n in self.planted if n not in accused]
        self.accused_wrongly = sorted(set(accused) - set(self.planted))
        self.named = [n for n in self.found if self.planted[n] in accused[n]]
        self.precision = len(self.found) / len(accused) if accused else None
        self.recall = len(self.found) / len(self.planted)

    @property
    def table(self) -> pd.DataFrame:
        """One row a slide, in the language in use."""
        rows = [
            (s.number, s.title.say(), s.kind if s.wrong else "", s.number in self._accused, *map(str, self._verdict(s)))
            for s in self._deck.slides
        ]
        return pd.DataFrame(rows, columns=["slide", "title", "kind", "accused", "verdict", "why"])

    def _verdict(self, slide: Slide) -> tuple[Sentence, Sentence]:
        """What is said of a slide, and why."""
        n = slide.number
        name = kinds()[slide.kind]
        if not slide.wrong:
            good = Sentence("sound, and accused") if n in self._accused else Sentence("sound, rightly left alone")
            return good, slide.why
        if n in self.missed:
            return Sentence("missed: {name}", name=name), slide.why
        if n in self.named or not self._accused[n]:
            return Sentence("found: {name}", name=name), slide.why
        return Sentence("found, but the mistake is another: {name}", name=name), slide.why

    def _summary(self) -> list[Sentence]:
        planted, found, accused = len(self.planted), len(self.found), len(self._accused)
        out = [
            Sentence(
                "Recall {recall:.0%}: {found} of the {planted} wrong slides found.",
                recall=self.recall,
                found=found,
                planted=planted,
            )
        ]
        if self.precision is None:
            out.append(Sentence("Precision cannot be told: no slide was accused."))
        else:
            out.append(
                Sentence(
                    "Precision {precision:.0%}: {found} of the {accused} accused {accused:slide is|slides are} wrong; "
                    "accusing all {slides} would give {all:.0%}.",
                    precision=self.precision,
                    found=found,
                    accused=accused,
                    slides=len(self._deck),
                    all=planted / len(self._deck),
                )
            )
        if given := [n for n in self.found if self._accused[n]]:
            out.append(
                Sentence("The mistake is named rightly on {named} of {given}.", named=len(self.named), given=len(given))
            )
        return out

    def _told(self) -> list[tuple[Slide, Sentence, Sentence]]:
        """The slides there is something to say of: all but the sound ones that were left alone."""
        return [(s, *self._verdict(s)) for s in self._deck.slides if s.wrong or s.number in self._accused]

    def __repr__(self) -> str:
        told = [f"[{s.number}] {s.title} – {verdict}\n    {why}" for s, verdict, why in self._told()]
        return "\n".join([*(line.say() for line in self._summary()), *told])

    def _repr_html_(self) -> str:
        notes = []
        for slide, verdict, why in self._told():
            mark = panel.RIGHT if slide.wrong and slide.number in self.found else panel.WRONG
            notes.append(panel.note(why, mark=mark, title=f"{slide.number} · {slide.title} – {verdict}"))
        said = " ".join(line.say() for line in self._summary())
        return panel.panel(panel.paragraphs([said]), *notes)
