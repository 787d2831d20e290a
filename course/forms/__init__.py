"""What the exports of known systems look like and mean, as data: a form a system, in the YAML files of this folder.

A form is recognised by the headers that must all be there. What it says is then applied by `course.collect.applying`;
no system's name stands in code.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path

from course import small_yaml
from course.errors import DataError
from course.forms import checking
from course.language import Label

#: What a state may be; `closed` is refunded where money was paid (`paid_if`), else no sale.
STATES = ("sale", "refunded", "not_a_sale", "pending", "closed")
_KINDS = ("orders", "order_lines", "customers", "events", "surveys", "tickets", "refuse")


@dataclass(frozen=True)
class Rule:
    """One rule of states: in `columns`, a word that `is`, `starts` with or `has` one of `words` is that state."""

    columns: tuple[str, ...]
    words: dict[str, dict[str, str]]  # {"is" | "starts" | "has": {word as compared: state}}


@dataclass(frozen=True)
class Form:
    """What one system's export means; the columns are named as the export names them.

    Attributes
    ----------
    all, any : headers of which every one, and at least one, must be there; position : {header: its place, from 0}
    order_id : candidates, the first that is there; customer_id : in the order of trust; nobody : ids of guests
    instead : who bought, where none of `customer_id` is in the file: numbers of another level, never mixed with them
    several : the sign between several ids in one cell, of which the first counts
    never : columns that name no customer, however they look
    ordered_at : one column, or date and time of day
    add, take : the order's money is the sum of these less the sum of those, each with its candidates; level : "order"
        (once an order, however many rows it has) or "line"; hundredths : money is counted in the
        currency's smallest unit: cents, fen, whole yen
    refunded : money given back; refunded_list : (column of records, their amount)
    rows : which rows are refunds (`refund`) of which order (`of`), of what amount, and which are no business (`drop`);
        `out` : a row below nought that is no refund is money paid to others
    purchases : of a table of events, {order_id, amount, refunded, currency: candidates} of what was bought
    state : rules, the first that knows the word wins; otherwise : the state of words no rule knows (None: asked)
    paid_if : filled, and not zero, where a closed order had been paid
    test, unfinished : {column: values} of rows that are a trial, or an answer that was broken off
    drop : {column: values} of rows that are left out
    blanks : values that mean "not filled in"; header_rows : rows of the header, the names first
    columns : {canonical column: candidates} of everything else
    """

    name: str
    system: Label
    kind: str
    all: tuple[str, ...]
    any: tuple[str, ...] = ()
    position: Mapping[str, int] = field(default_factory=dict)
    order_id: tuple[str, ...] = ()
    customer_id: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    several: str = ""
    nobody: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    ordered_at: tuple[str, ...] = ()
    level: str | None = None
    add: tuple[tuple[str, ...], ...] = ()
    take: tuple[tuple[str, ...], ...] = ()
    hundredths: bool = False
    refunded: tuple[str, ...] = ()
    refunded_list: Mapping[str, str] = field(default_factory=dict)
    rows: Mapping = field(default_factory=dict)
    state: tuple[Rule, ...] = ()
    otherwise: str | None = None
    paid_if: str | None = None
    currency: tuple[str, ...] = ()
    currency_is: str | None = None
    test: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unfinished: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    drop: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    purchases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    blanks: tuple[str, ...] = ()
    header_rows: int = 1
    strip: str = ""
    fill_down: bool = False
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    why: Label | None = None
    no_customer: Label | None = None

    def named(self) -> list[str]:
        """Every column that the form reads where it is there."""
        rows = [self.rows.get(k) for k in ("in", "of", "amount")]
        keyed = [*self.test, *self.unfinished, *self.drop, self.refunded_list.get("in"), *rows]
        states = [rule.columns for rule in self.state]
        return list(dict.fromkeys(_flat([getattr(self, name) for name in _READ] + states + keyed)))


#: Fields of a form that name columns it reads.
_READ = ("all", "any", "order_id", "customer_id", "ordered_at", "add", "take", "refunded", "paid_if", "currency")
_READ += ("instead", "purchases", "columns")


def _flat(value: object) -> Iterator[str]:
    """The texts in lists and in the values of mappings, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from _flat(list(value.values()))
    elif value is not None:
        for one in value:
            yield from _flat(one)


#: What a BI tool writes before the name of a column that it added up.
_SUM = re.compile(r"^\s*(?:sum of\s+|求和项[:：]?\s*)")
_BRACKETS = re.compile(r"[(\[（【].*?[)\]）】]")


def normal(header: object) -> str:
    """A header without case, spaces, punctuation and bracketed units: "Invoice No." and "invoice_no" are one."""
    text = unicodedata.normalize("NFKC", str(header if header is not None else "")).lower()
    text = _SUM.sub("", text)
    bare = _BRACKETS.sub("", text)
    # A header that stands in brackets as a whole keeps what they hold.
    return re.sub(r"[\W_]+", "", bare) or re.sub(r"[\W_]+", "", text)


def word(cell: object) -> str:
    """A word of state as it is compared: without case, and with one kind of punctuation."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", str(cell)).strip().lower())


def recognise(headers: Iterable[object], own: Path | None = None) -> Form | None:
    """The form whose headers are all here; of several the one that asks for most, None where there is none.

    Parameters
    ----------
    own : a YAML file with forms of the reader's own, which come before the kit's.

    Raises
    ------
    DataError : a file of forms that cannot be read.
    """
    here = list(map(str, headers))
    places = {normal(h): i for i, h in reversed(list(enumerate(here)))}
    for known in ([load(own)] if own else []) + [_shipped()]:
        fits = [f for f in known if _has_all(here, f.all) and (not f.any or any(find(h, here) for h in f.any))]
        fits = [f for f in fits if all(places.get(normal(h)) == at for h, at in f.position.items())]
        if fits:
            return max(fits, key=lambda f: (len(f.all), f.name))
    return None


def find(header: str, headers: Iterable[str]) -> str | None:
    """The one of `headers` that a form means by `header`: in any case and with any punctuation. What stands in brackets
    may be missing from one of the two, as a unit often is, but not differ: a total (base) is no total (purchased). Of
    two that are alike otherwise it is the one that is spelt like it."""
    headers = list(headers)
    if header in headers:
        return header
    wanted, within = _parts(header)
    same = [(h, _parts(h)[1]) for h in headers if _parts(h)[0] == wanted]
    exact = [h for h, inside in same if inside == within]
    return next(iter(exact or [h for h, inside in same if not inside or not within]), None)


def within_brackets(header: str) -> str:
    """What stands in a header's brackets, as `normal` has it."""
    return _parts(header)[1]


class Headers:
    """The columns of a file by what a form calls them: `header in headers`, `headers[header]`."""

    def __init__(self, columns: Iterable[object]) -> None:
        self._columns = list(columns)

    def get(self, header: str) -> str | None:
        """The file's own name of that column; None where it has none."""
        return find(header, self._columns) if header else None

    def __contains__(self, header: str) -> bool:
        return self.get(header) is not None

    def __getitem__(self, header: str) -> str:
        column = self.get(header)
        if column is None:
            raise KeyError(header)
        return column


@lru_cache(maxsize=10_000)
def _parts(header: str) -> tuple[str, str]:
    """A header as `normal` has it (one of signs alone, "#", is itself), and what it holds in brackets."""
    within = "".join(_BRACKETS.findall(unicodedata.normalize("NFKC", header).lower()))
    return normal(header) or header.strip(), re.sub(r"[\W_]+", "", within)


def _has_all(here: list[str], headers: Iterable[str]) -> bool:
    plain = {_parts(h)[0] for h in here}
    return all(_parts(h)[0] in plain and find(h, here) for h in headers)


@cache
def known_headers() -> frozenset[str]:
    """Every header that a form names, as `normal` has it: by them a header is told from a title above it."""
    money = {f.name: [h for part in f.add for h in part] for f in _shipped()}
    named = (normal(h) for f in _shipped() for h in (*f.all, *f.any, *f.customer_id, *money[f.name], *f.refunded))
    return frozenset(named) - {""}


@cache
def known_states() -> dict[str, str]:
    """Words of state that forms compare whole, and the state; without those on which two forms differ."""
    found: dict[str, set[str]] = {}
    for rule in (r for f in _shipped() for r in f.state):
        for said, state in rule.words["is"].items():
            found.setdefault(said, set()).add(state)
    return {said: states.pop() for said, states in found.items() if len(states) == 1 and not said.isdigit()}


@cache
def trial_words() -> frozenset[str]:
    """Signs of a trial that a form knows and that mean nothing else, being of several words."""
    signs = (word(s) for f in _shipped() for found in f.test.values() for s in found)
    return frozenset(s for s in signs if " " in s)


def load(path: Path) -> tuple[Form, ...]:
    """The forms of a YAML file.

    Raises
    ------
    DataError : no YAML, a key that no form has, a kind or a state that there is not.
    """
    content = small_yaml.read(path)
    if not isinstance(content, dict) or not content:
        raise DataError("{file} is no file of forms: {why}.", file=path.name, why="name: {kind: …}")
    return tuple(_form(name, keys, path.name) for name, keys in content.items())


@cache
def _shipped() -> tuple[Form, ...]:
    return tuple(form for path in sorted(Path(__file__).parent.glob("*.yaml")) for form in load(path))


_IN_AMOUNT = ("level", "add", "take", "hundredths")
_KEYS = {f for f in Form.__dataclass_fields__ if f not in _IN_AMOUNT and f not in ("name", "otherwise")}
_KEYS |= {"amount", "else"}


def _form(name: str, keys: object, file: str) -> Form:
    """One form out of YAML."""
    checking.check(str(name), keys, file, known=_KEYS, in_amount=_IN_AMOUNT, lists=_LISTS, kinds=_KINDS, states=STATES)
    plain = {k: v for k, v in keys.items() if k not in ("amount", "else", "state", "system", "why", "no_customer")}
    listed = {k: _tuple(v) for k, v in plain.items() if k in _LISTS}
    listed |= {k: {n: _tuple(c) for n, c in plain[k].items()} for k in ("columns", "purchases") if k in plain}
    amount = keys.get("amount") or {}
    rules = []
    for rule in keys.get("state") or ():
        words = {how: _states(rule.get(how) or {}) for how in ("is", "starts", "has")}
        rules.append(Rule(_tuple(rule["in"]), words))
    labels = {k: Label(**keys[k]) for k in ("why", "no_customer") if k in keys}
    return Form(
        name=str(name),
        system=Label(**keys["system"]) if "system" in keys else Label(str(name), str(name)),
        **(plain | listed | labels),
        level=amount.get("level"),
        add=tuple(_tuple(part) for part in amount.get("add") or ()),
        take=tuple(_tuple(part) for part in amount.get("take") or ()),
        hundredths=bool(amount.get("hundredths")),
        state=tuple(rules),
        otherwise=keys.get("else"),
    )


_LISTS = ("all", "any", "order_id", "customer_id", "instead", "nobody", "never", "ordered_at", "refunded")
_LISTS += ("currency", "blanks")


def _tuple(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),)


def _states(given: Mapping[str, list]) -> dict[str, str]:
    return {word(w): state for state, words in given.items() for w in words}
