"""What becomes of each column of a file: used as what, or unused and why."""

import re
from dataclasses import dataclass

import pandas as pd

from course import schema
from course.collect import Raw, values
from course.collect.applying import header_rows
from course.collect.mapping import CHANGED, EXPECTED, holds
from course.forms import Form, normal
from course.language import Sentence
from course.workflow.look.kinds import Guess, is_date, is_money, kinds_of
from course.workflow.look.samples import samples

#: How many filled cells of a column are looked at.
_SAMPLE = 500
#: How many filled cells of a scale are looked at.
_READ = 20_000
#: A known header of fewer bytes stands within others by chance.
_TELLING = 6
#: Columns of a survey that are weighed, or searched for factors, under their own names.
_RATED = {"driver_": Sentence("a driver of the score"), "item_": Sentence("an item of the factors behind the answers")}


@dataclass(frozen=True)
class Use:
    """What becomes of one column: the canonical columns it is (`names`), or what is to be said of it (`why`; `used` is
    true where the run reads it all the same), and `examples` of its values."""

    column: str
    names: tuple[str, ...]
    why: Sentence | None
    used: bool
    examples: list[str]


def uses(raw: Raw, guess: Guess) -> tuple[list[Use], list[str]]:
    """Every column that holds a value, in the order of the file; and those that hold none."""
    body = _body(raw, guess)
    filled = [c for c in body.columns if _filled(body[c])]
    told = []
    for column in filled:
        names = tuple(name for name, shown in guess.found.items() if column in parts(shown, raw.frame))
        why, used = (None, True) if names else _apart(column, raw, guess)
        meant = names or tuple(kinds_of(normal(column)).values())
        told.append(Use(column, names, why, used, samples(body[column], meant)))
    return told, [c for c in raw.frame.columns if c not in filled]


def _body(raw: Raw, guess: Guess) -> pd.DataFrame:
    """The rows without those of a header that a form has in several."""
    if guess.form is None:
        return raw.frame
    return raw.frame.iloc[header_rows(guess.form, raw.frame, {normal(c): c for c in reversed(raw.frame.columns)}) :]


def parts(shown: str, frame: pd.DataFrame) -> list[str]:
    """The columns of an export behind what a mapping shows: "Date + Time" is two."""
    return [shown] if shown in frame else [p for p in re.split(r" [+−] |, ", shown) if p in frame]


def _filled(cells: pd.Series) -> bool:
    filled = cells.dropna()
    return any(not values.is_blank(some.astype("str")).all() for some in (filled.iloc[:_SAMPLE], filled))


def _apart(column: str, raw: Raw, guess: Guess) -> tuple[Sentence | None, bool]:
    """What is to be said of a column that is none of the canonical ones, and whether the run reads it all the same."""
    header = normal(column) or column.strip()
    if guess.refusal is not None:
        return None, False
    if guess.form is not None and (what := _read_by(guess.form).get(header)):
        return what, True
    if guess.kind == "surveys" and (rated := next((w for p, w in _RATED.items() if column.startswith(p)), None)):
        return rated, True
    if guess.kind == "orders" and header in CHANGED:
        return Sentence("tells which state of an order came last"), True
    if guess.form is not None and header in {normal(c) for c in guess.form.never}:
        return Sentence("names no customer"), False
    return _meant(column, header, raw, guess) or _likely(column, header, raw, guess) or _alike(
        column, raw, guess
    ), False


def _meant(column: str, header: str, raw: Raw, guess: Guess) -> Sentence | None:
    """What the header says the column is, and why it is not taken for that."""
    if original := re.fullmatch(r"(.+) \(\d+\)", column):
        return Sentence("is called like {column}, which stands before it", column=original[1])
    for name, spec in schema.canonical(guess.kind).columns.items():
        if header not in {normal(h) for h in (name, *(h for tier in spec.headers for h in tier))}:
            continue
        if name in guess.found:
            return Sentence("could be {label} too; {column} was taken", label=spec.label, column=guess.found[name])
        if not holds(raw.frame[column], spec.type):
            return Sentence(
                "is called like {label}, but holds no {expected}", label=spec.label, expected=EXPECTED[spec.type]
            )
        if guess.form is None:
            return Sentence("one of several that could be {label}: none was taken", label=spec.label)
    kinds = [k for k in kinds_of(header) if k != guess.kind]
    if guess.form is None and len(kinds) == 1:
        return Sentence("is read in a table of {kind} (--{option}) only", kind=label(kinds[0]), option=option(kinds[0]))
    return None


def _likely(column: str, header: str, raw: Raw, guess: Guess) -> Sentence | None:
    """A column that is still wanted and whose name stands within the header; of a known form the customer alone."""
    for name, spec in schema.canonical(guess.kind).columns.items():
        if name in guess.found or (guess.form is not None and name != "customer_id"):
            continue
        known = (normal(h) for tier in spec.headers for h in tier)
        if any(len(h.encode()) >= _TELLING and h in header for h in known) and holds(raw.frame[column], spec.type):
            return Sentence(
                "may be {label}; to use it: --map {name}={column}", label=spec.label, name=name, column=_quoted(column)
            )
    return None


def _quoted(column: str) -> str:
    """A header as a shell takes it for one word."""
    return f'"{column}"' if re.search(r"[^\w.-]", column) else column


def _alike(column: str, raw: Raw, guess: Guess) -> Sentence:
    """What the cells look like, where the header says nothing."""
    cells, known = raw.frame[column], schema.canonical(guess.kind).columns
    looks = []
    if (time := next((n for n, c in known.items() if c.type == "time"), None)) and is_date(cells):
        looks.append((time, Sentence("a date")))
    if guess.kind == "orders" and is_money(cells):
        looks.append(("amount", Sentence("an amount")))
    if guess.kind == "surveys" and "score" not in guess.found and _is_score(cells):
        looks.append(("score", Sentence("answers from 0 to 10")))
    for name, what in looks:
        if name in guess.found:
            taken = guess.found[name]
            return Sentence("{what}, and {label} is {column}", what=what, label=known[name].label, column=taken)
        if guess.form is None and name not in guess.found:
            return Sentence("{what}; to use it: --map {name}={column}", what=what, name=name, column=_quoted(column))
    return Sentence("nothing needs it")


def _is_score(cells: pd.Series) -> bool:
    """Whether nearly all of the scale from 0 to 10 is answered, and hardly anything else."""
    read = values.scores(cells.dropna().iloc[:_READ]).values.dropna()
    return len(read) > 0 and float(read.isin(range(11)).mean()) >= 0.8 and read[read.isin(range(11))].nunique() >= 9


def _read_by(form: Form) -> dict[str, Sentence]:
    """{header as `normal` has it: what the form reads it for} of the columns that a mapping does not show."""
    state = Sentence("tells the state of the order")
    kept = Sentence("tells the rows that count")
    read = {c: kept for signs in (form.drop, form.test, form.unfinished) for c in signs}
    read |= {c: state for rule in form.state for c in rule.columns}
    if form.paid_if:
        read[form.paid_if] = state
    for key in ("in", "of", "amount"):
        if key in form.rows:
            read[form.rows[key]] = Sentence("tells what was given back")
    read |= {c: Sentence("tells what was bought") for names in form.purchases.values() for c in names}
    return {normal(column) or column: what for column, what in read.items()}


def label(kind: str) -> Sentence:
    """What a kind of table is called."""
    return schema.canonical(kind).label


def option(kind: str) -> str:
    """The option of `course run` that takes a kind of table."""
    return kind.replace("order_lines", "lines")
