"""Files read as the recipe of an earlier run read them; a column that is not there any more is asked about."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches

import pandas as pd

from course import forms, schema
from course.collect import values
from course.collect.mapping import holds, settle
from course.collect.questions import Answers, Asked, Question, Reading
from course.collect.sources import Raw
from course.errors import DataError
from course.forms import normal
from course.language import Sentence
from course.recipe import Layout, called

#: How the key of a question about a column begins.
COLUMN = "column."
#: Readings a person takes in at a glance.
_READINGS = 8


def as_before(raw: Raw, kind: str, chosen: Mapping[str, str], answers: Answers) -> tuple[Raw, dict[str, str]]:
    """A file under the names of columns that the recipe knows, and which columns are to be which.

    Parameters
    ----------
    chosen : {canonical column: column} of this run, which comes before the recipe.

    Raises
    ------
    DataError : a column is missing, and the answer is to stop.
    """
    layouts = answers.recipe.columns.get(kind)
    if not layouts:
        return raw, dict(chosen)
    form = _form(raw, kind, answers)
    layout = max(layouts, key=lambda one: _likeness(raw, form, one))
    if form is not None and form != layout.form:
        return raw, dict(chosen)  # what a form says is evidence, and said
    meant = {column: name for name, column in layout.columns.items() if name not in chosen}
    for column in [*layout.headers, *meant]:
        if column not in raw.frame:
            spare = [c for c in raw.frame.columns if c not in (*layout.named, *chosen.values())]
            raw = _found_again(raw, kind, column, meant.get(column), spare, answers)
    if layout.form is None:
        return _as_then(raw, kind, layout, dict(chosen))
    if _form(raw, kind, answers) == layout.form:
        return raw, {n: c for n, c in layout.columns.items() if c in raw.frame} | dict(chosen)
    if answers.open:
        raise Asked(answers.open)
    raise DataError(
        "{file}: the recipe reads it by the form {form}, which does not fit it now. Name your forms, --form FILE, or "
        "take the table out of the recipe's columns.",
        file=raw.name,
        form=layout.form,
    )


def _likeness(raw: Raw, form: str | None, layout: Layout) -> tuple[bool, float, int]:
    """How well a layout fits: by its form, then by the share of its columns that are here, then by how many."""
    here = sum(c in raw.frame for c in layout.named)
    return form == layout.form, here / max(1, len(layout.named)), here


def _form(raw: Raw, kind: str, answers: Answers) -> str | None:
    form = forms.recognise(raw.frame.columns, answers.form) if raw.header else None
    return form.name if form is not None and form.kind in (kind, "refuse") else None


def _as_then(raw: Raw, kind: str, layout: Layout, chosen: dict[str, str]) -> tuple[Raw, dict[str, str]]:
    """This run's choices, and of the recipe's those that the headers do not suggest by themselves; a column that only
    the headers suggest is new, and said."""
    then = {n: c for n, c in layout.columns.items() if c in raw.frame and c not in chosen.values()} | chosen
    try:
        suggested, _ = settle(raw.frame, kind, raw.header, chosen)
        needed = chosen | {n: c for n, c in then.items() if suggested.get(n) != c}
        now, _ = settle(raw.frame, kind, raw.header, needed)
    except DataError:
        needed, now = then, then
    if any(now.get(n) != c for n, c in then.items()):
        needed, now = then, settle(raw.frame, kind, raw.header, then)[0]
    new = [
        Sentence("{file}: the recipe does not know the column {column}, which is used as {name}.",
                 file=raw.name, column=column, name=name)
        for name, column in now.items() if name not in then
    ]  # fmt: skip
    return replace(raw, notes=raw.notes + new), needed


def _found_again(raw: Raw, kind: str, column: str, name: str | None, spare: list[str], answers: Answers) -> Raw:
    """The file with the one of its `spare` columns that has taken the place of `column` called so; asked which one."""
    suggested = _suggested(raw, kind, name, spare)
    likely = list(dict.fromkeys([*suggested, *_alike(raw.frame[spare], kind, column, name)]))
    needed = name in schema.canonical(kind).required or name in ("amount", "unit_price")
    question = Question(
        f"{COLUMN}{called(kind)}.{column}",
        Sentence("{file}: the recipe's column “{column}” is not there. Which one is it now?",
                 file=raw.name, column=column),
        tuple(_readings(raw.frame[spare], kind, name, likely, optional=not (needed or suggested))),
    )  # fmt: skip
    answer = answers.to(question)
    if answer == "stop" and answers.open:
        raise Asked(answers.open)
    if answer == "stop":
        raise DataError("{file}: the recipe's column “{column}” is not there.", file=raw.name, column=column)
    if answer == "none":
        return raw
    new = raw.frame.rename(columns={answer: column})
    merged = frozenset(column if c == answer else c for c in raw.merged)
    labels = {column if c == answer else c: words for c, words in raw.labels.items()}
    return replace(raw, frame=new, merged=merged, labels=labels)


def _suggested(raw: Raw, kind: str, name: str | None, spare: list[str]) -> list[str]:
    """The column that its header makes `name`."""
    try:
        found, _ = settle(raw.frame[spare], kind, raw.header, {})
    except DataError:
        return []
    return [found[name]] if name in found else []


def _alike(spare: pd.DataFrame, kind: str, column: str, name: str | None) -> list[str]:
    """Columns that are called nearly the same and can be what it was; or the only one that can."""
    type_ = schema.canonical(kind).columns[name].type if name else "text"
    fitting = [c for c in spare if holds(spare[c], type_)]
    close = get_close_matches(normal(column), [normal(c) for c in fitting], 3, 0.6)
    alike = [c for n in close for c in fitting if normal(c) == n]
    return alike or (fitting if len(fitting) == 1 and name else [])


def _readings(spare: pd.DataFrame, kind: str, name: str | None, likely: list[str], optional: bool) -> Iterator[Reading]:
    """The likelier first: columns like it, else to go on without it, or to stop; then whatever else could be it."""
    type_ = schema.canonical(kind).columns[name].type if name else "text"
    ends = [Reading("stop", Sentence("none of these: stop here"))]
    if optional:
        ends.insert(0, Reading("none", Sentence("it is no longer exported: go on without it")))
    others = [c for c in spare if c not in likely and holds(spare[c], type_)]
    columns = [_reading(c, spare[c], type_) for c in [*likely, *others][:_READINGS]]
    yield from columns + ends if likely else ends + columns


def _reading(column: str, cells: pd.Series, type_: str) -> Reading:
    if type_ == "money":
        total = values.exact(values.numbers(cells).values)
        return Reading(column, Sentence("the column “{column}”: {money:,.2f} in all", column=column, money=total))
    return Reading(
        column, Sentence("the column “{column}”: {n:,} different values", column=column, n=int(cells.nunique()))
    )


def layout_of(raw: Raw, form: forms.Form | None, columns: Mapping[str, str], chosen: Mapping[str, str]) -> Layout:
    """How a file was read, for the recipe: which column is which, or its form and what that reads of the file."""
    if form is None:
        return Layout(dict(columns))
    named = {normal(h) or h for h in form.named()}
    parts = {part for shown in columns.values() for part in re.split(r" [+−] |, ", shown)}
    headers = [c for c in raw.frame.columns if (normal(c) or c) in named or c in parts]
    return Layout(dict(chosen), form.name, tuple(c for c in headers if c not in chosen.values()))
