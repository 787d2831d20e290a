"""What is told of a customer or a group: cards and personas whose every sentence names its numbers and their source.

A card is made of one row of `portraits`; a persona fills a template (`catalogue/personas.yaml`) from a group of rows.
Nothing is said that is not in the data, and what is not known is said to be unknown. Neither shows anybody's name,
phone or address, and a persona shows no value that fewer than HIDDEN_BELOW customers have.
"""

import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from course import lifecycle, nps, schema, segment, tag
from course.engine import query
from course.errors import DataError, first_few
from course.few import HIDDEN_BELOW
from course.intervals import part_against_rest, q_values, share_of_sum, wilson
from course.labels import Value
from course.language import Label, Sentence
from course.telling import holds, without

SECTIONS = {
    "who": Sentence("Who"),
    "value": Sentence("Value"),
    "behaviour": Sentence("Behaviour"),
    "risk": Sentence("Stage and risk"),
    "needs": Sentence("Feelings, needs and pain points"),
    "action": Sentence("What to do"),
}
#: Fewer answers make no NPS.
LEAST_ANSWERS = 30

_CATALOGUE = Path(__file__).parent / "catalogue"
_MOST_TOLD = 5
_AGE_EDGES = (0, 18, 25, 35, 45, 55, 65, 111)
_AGE_BANDS = ("0–17", "18–24", "25–34", "35–44", "45–54", "55–64", "65+")


def ages(birth: pd.Series, as_of: pd.Timestamp) -> pd.Series:
    """Whole years from each date of birth to the day `as_of` (Int64; blank where the date is)."""
    had = (birth.dt.month < as_of.month) | ((birth.dt.month == as_of.month) & (birth.dt.day <= as_of.day))
    return (as_of.year - birth.dt.year - (~had).astype("int64")).astype("Int64")


def age_bands(ages: pd.Series) -> pd.Series:
    """The band of each age; blank where it is, and where nobody is of that age (below 0, above 110)."""
    return pd.cut(ages.astype("float64"), _AGE_EDGES, right=False, labels=_AGE_BANDS).astype("str")


@dataclass(frozen=True)
class Line:
    """One sentence and what it stands on.

    Attributes
    ----------
    section : key of SECTIONS
    sentence : in both languages
    numbers : the numbers in it, unrounded, by name
    columns : of `portraits` (or of the tickets), from which the numbers come
    tables : the canonical tables behind these columns; "tags" for tags
    n : customers it is about
    """

    section: str
    sentence: Sentence
    numbers: dict[str, float]
    columns: tuple[str, ...]
    tables: tuple[str, ...]
    n: int = 1


@dataclass(frozen=True)
class _Sheet:
    title: Sentence
    lines: tuple[Line, ...]

    def text(self, lang: str | None = None) -> str:
        """Plain text in `lang`: the title, then each section with its sentences."""
        out = [self.title.say(lang)]
        for part in self.to_dict(lang)["sections"]:
            out += ["", part["title"], *(f"- {line['text']}" for line in part["lines"])]
        return "\n".join(out)

    def to_dict(self, lang: str | None = None) -> dict:
        """The same as {title, sections: [{section, title, lines: [{text, numbers, columns, rests_on, tables, n}]}]}."""
        sections = []
        for name, title in SECTIONS.items():
            lines = [
                {
                    "text": line.sentence.say(lang),
                    "numbers": dict(line.numbers),
                    "columns": list(line.columns),
                    "rests_on": [column_label(c).say(lang) for c in line.columns],
                    "tables": list(line.tables),
                    "n": line.n,
                }
                for line in self.lines
                if line.section == name
            ]
            if lines:
                sections.append({"section": name, "title": title.say(lang), "lines": lines})
        return {"title": self.title.say(lang), "sections": sections}


@dataclass(frozen=True)
class Card(_Sheet):
    """One customer: `customer_id` as in `portraits`, `title`, `lines`."""

    customer_id: str


@dataclass(frozen=True)
class Persona(_Sheet):
    """A group of customers: `name`, `n` customers, their `share` of all, `title`, `lines`."""

    name: str | Sentence
    n: int
    share: float


class _Listed(Sentence):
    """Names side by side with the mark of the language between them, a stronger one between `pairs` (name: value)."""

    def __init__(self, items: list, pairs: bool = False) -> None:
        super().__init__("")
        self.items, self.mark = items, Sentence("; ") if pairs else Sentence(", ")

    def say(self, lang: str | None = None) -> str:
        said = [i.say(lang) if isinstance(i, Sentence) else str(i) for i in self.items]
        return self.mark.say(lang).join(said)


# --- columns and their values ----------------------------------------------------------------------------------------


@cache
def _catalogue(name: str) -> dict:
    return yaml.safe_load((_CATALOGUE / name).read_text(encoding="utf-8"))


@cache
def _columns() -> dict[str, tuple[Label, str]]:
    """Label and unit of every column of `portraits`."""
    return {c["name"]: (Label(c["en"][0], c["zh"][0]), c["unit"]) for c in _catalogue("portraits.yaml")["columns"]}


@cache
def _tables() -> dict[str, str]:
    return {column: table for table, columns in _catalogue("personas.yaml")["tables"].items() for column in columns}


@cache
def _tags() -> dict[str, tag.Tag]:
    return tag.load()


def _table(column: str) -> str:
    return "tags" if column.startswith("tag_") else _tables().get(column, "portraits")


def column_label(column: str) -> Sentence:
    """What a column of the portraits is called."""
    if column.startswith("tag_"):
        known = _tags().get(column.removeprefix("tag_"))
        return known.label if known else Label(column.removeprefix("tag_"), column.removeprefix("tag_"))
    if column == "topic":  # of a ticket, not of a customer
        return schema.canonical("tickets").columns["topic"].label
    return _columns().get(column, (Label(column, column), ""))[0]


def _shown(column: str, value: float) -> str:
    """A number as its unit is written."""
    unit = _columns().get(column, (None, ""))[1]
    if unit in ("days", "orders", "count", "score"):
        return format(value, ",.0f" if value == round(value) else ",.1f")
    return format(value, {"share": ".0%", "ten": ".1f"}.get(unit, ",.2f"))


def _name(column: str, value: object) -> Sentence:
    """A value of a column of texts, as it is called where values have names."""
    called = _called(column, value)
    return called if isinstance(called, Sentence) else Value(column.removeprefix("tag_"), value, called)


def _called(column: str, value: object) -> str | Sentence:
    """A value of a column of texts, as the kit calls it."""
    if column in ("rfm_class", "rfm_class_mean") and value in segment.CLASSES.values():
        money, rest = str(value).split("_", 1)
        named = f"{money.title()} – {rest.replace('_', ' ')}"  # as the report calls it
        return Sentence(named)
    if column == "stage" and value in lifecycle.STAGES:
        return lifecycle.STAGES[value]
    if column.startswith("tag_") and (known := _tags().get(column.removeprefix("tag_"))):
        return next((v.values[value] for v in reversed(known.versions) if value in v.values), _safe(value))
    return _safe(value)


def _safe(value: object) -> str:
    """A text from the data on one short line, without what may be a phone, an identity number or an e-mail address."""
    return without(str(value))[:60]


def _line(section: str, sentence: Sentence, numbers: dict, columns: list[str], n: int = 1) -> Line:
    tables = tuple(dict.fromkeys(_table(c) for c in columns))
    return Line(section, sentence, numbers, tuple(columns), tables, n)


def _unknown(section: str, columns: list[str], n: int = 1) -> Line:
    said = Sentence("Not known: {fields}.", fields=_Listed([column_label(c) for c in columns]))
    return Line(section, said, {}, (), (), n)


# --- cards -----------------------------------------------------------------------------------------------------------

_FACTS = ("gender", "age_band", "income", "city")

#: Section and sentence; its places are the columns it needs.
#: How long a silence is normal; and where whoever does not come in time does not come at all, as with a subscription.
_LIMITS = Sentence(
    "With as many order days as this customer, more than {at_risk_after:,.0f} days without an order are unusual, and "
    "more than {lost_after:,.0f} count as lost."
)
_ONE_LIMIT = Sentence(
    "With as many order days as this customer, more than {lost_after:,.0f} days without an order count as lost."
)
_SENTENCES = (
    ("who", Sentence("Registered on {joined_at:day}.")),
    (
        "value",
        Sentence(
            "{monetary_net:,.2f} net in {frequency:,} {frequency:order|orders} since {first_order:day}, "
            "{average_order_value:,.2f} an order."
        ),
    ),
    (
        "value",
        Sentence("RFM class: {rfm_class}; scores of recency {r}, of frequency {f}, of money {m}."),
    ),
    (
        "value",
        Sentence("Expected in the weeks that the forecast looks ahead: {expected_value:,.2f}."),
    ),
    (
        "behaviour",
        Sentence("Last order on {last_order:day}, {recency_days:,} {recency_days:day|days} before the as-of date."),
    ),
    ("behaviour", Sentence("Orders most often through {main_channel}: {main_channel_share:.0%} of the orders.")),
    ("behaviour", Sentence("Spends most on {top_category}: {top_category_share:.0%} of the money.")),
    ("behaviour", Sentence("Different products bought: {products:,}.")),
    ("behaviour", Sentence("Recorded visits and clicks: {events:,}.")),
    ("behaviour", Sentence("Campaigns that reached this customer: {campaigns:,}.")),
    ("behaviour", Sentence("Coupons redeemed: {coupons_redeemed:,}.")),
    ("risk", Sentence("Stage: {stage}.")),
    ("risk", _LIMITS),
    ("risk", Sentence("Chance of an order in the next 90 days: {chance_90_days:.0%}.")),
    ("risk", Sentence("Cancelled orders: {cancelled_orders:,}.")),
    ("needs", Sentence("Would recommend us: {survey_score:.0f} at the last answer.")),
    ("needs", Sentence("Last answer on satisfaction: {satisfaction_score:.0f} on a scale of {satisfaction_scale}.")),
    ("needs", Sentence("Service tickets: {tickets:,}.")),
    (
        "needs",
        Sentence(
            "Price sensitivity {price_sensitivity:+.2f} (a log rate ratio: above zero the customer buys more often "
            "while there is a promotion)."
        ),
    ),
)

#: When, and what: the first that fits is suggested. Blank values fit nothing.
_SUGGESTIONS: tuple[tuple[Callable[[Mapping], bool], Sentence], ...] = (
    (
        lambda row: row.get("survey_score", 10) <= 6 and row.get("tickets", 0) >= 1,
        Sentence(
            "Settle what went wrong before any offer: the last answer was {survey_score:.0f}, and there "
            "{tickets:is|are} {tickets:,} service {tickets:ticket|tickets}."
        ),
    ),
    (
        lambda row: row.get("survey_score", 10) <= 6,
        Sentence("Ask what was wrong before any offer: the last answer was {survey_score:.0f}."),
    ),
    (
        lambda row: row.get("satisfaction") == "dissatisfied",
        Sentence(
            "Ask what was wrong before any offer: the last answer was {satisfaction_score:.0f} on a scale of "
            "{satisfaction_scale}."
        ),
    ),
    (
        lambda row: row.get("stage") in ("at_risk", "lost") and row.get("frequency", 0) > 1,
        Sentence(
            "Ask whether something is missing: no order for {recency_days:,} days after {frequency:,} orders, which is "
            "the stage “{stage}”."
        ),
    ),
    (
        lambda row: row.get("frequency") == 1,
        Sentence(
            "Help with the next order: there is {frequency} so far, of {recency_days:,} {recency_days:day|days} ago."
        ),
    ),
    (
        lambda row: row.get("survey_score", 0) >= 9,
        Sentence("May be asked to recommend us: the last answer was {survey_score:.0f}."),
    ),
)


def card(portraits: pd.DataFrame, customer_id: str, proposed: tuple[Sentence, list[str]] | None = None) -> Card:
    """The card of one customer.

    Parameters
    ----------
    portraits : one row a customer; customer_id and any of the columns of docs/portraits.md, tags as tag_<name>.
    customer_id : one of them.
    proposed : what a run proposes for the customer, and the columns it names: in place of the card's own suggestion.

    Returns
    -------
    Card; every number in a sentence is a value of that customer's row, in the columns that the line names

    Raises
    ------
    DataError : no customer_id column; no such customer, or two.
    """
    schema.require(portraits, "customers", ("customer_id",))
    found = portraits[portraits["customer_id"].astype("str") == str(customer_id)]
    if len(found) != 1:
        raise DataError(
            "A card needs one row of the portraits; {customer} has {n}.", customer=_public(customer_id), n=len(found)
        )
    row = {c: v for c, v in found.iloc[0].items() if not pd.isna(v)}
    lines, blank = _facts(row), {section: [] for section in SECTIONS}
    blank["who"] += [c for c in _FACTS if c not in row]
    for section, template in _SENTENCES:
        lacking = [c for c in _places(template) if c not in row]
        if not lacking:
            one = template is _LIMITS and row["at_risk_after"] == row["lost_after"]
            lines.append(_said(section, _ONE_LIMIT if one else template, row))
        elif _missed(lacking[0], portraits):
            blank[section].append(lacking[0])
    lines += [_line("risk", said, dict(said.values), columns) for said, columns in lifecycle.differences(row)]
    lines += _tag_lines(row)
    lines += [_unknown(section, columns) for section, columns in blank.items() if columns]
    lines.append(_suggestion(row) if proposed is None else _proposed(row, *proposed))
    return Card(Sentence("Customer {customer}", customer=_public(customer_id)), tuple(lines), str(customer_id))


def _missed(column: str, portraits: pd.DataFrame) -> bool:
    """Whether it is worth saying that something is not known: of two questions that surveys ask, one is enough."""
    if column == "satisfaction_score":
        return column in portraits
    return column != "survey_score" or column in portraits or "satisfaction_score" not in portraits


def _public(customer_id: object) -> str:
    return "***" if holds(str(customer_id)) else str(customer_id)


def _places(template: Sentence) -> list[str]:
    fields = [name for _, name, _, _ in string.Formatter().parse(template.message) if name]
    return list(dict.fromkeys(fields))


def _said(section: str, template: Sentence, row: Mapping) -> Line:
    columns = _places(template)
    numbers = {c: row[c] for c in columns if isinstance(row[c], int | float | np.number)}
    dates = {c: row[c] for c in columns if isinstance(row[c], pd.Timestamp)}
    texts = {c: _name(c, row[c]) for c in columns if c not in numbers and c not in dates}
    return _line(section, Sentence(template.message, **numbers, **dates, **texts), numbers, columns)


def _facts(row: Mapping) -> list[Line]:
    known = [c for c in _FACTS if c in row]
    if not known:
        return []
    items = [Sentence("{label}: {value}", label=column_label(c), value=_name(c, row[c])) for c in known]
    return [_line("who", Sentence("{facts}.", facts=_Listed(items, pairs=True)), {}, known)]


def _tag_lines(row: Mapping) -> list[Line]:
    """The tags the customer carries; one that says no, or does not know, is no tag."""
    tags = [c for c in row if c.startswith("tag_") and row[c] != 0]
    items = [
        column_label(c)
        if isinstance(row[c], bool | np.bool_)
        else Sentence("{label}: {value}", label=column_label(c), value=_name(c, row[c]))
        for c in tags
    ]
    return [_line("needs", Sentence("Tags: {tags}.", tags=_Listed(items, pairs=True)), {}, tags)] if tags else []


def _suggestion(row: Mapping) -> Line:
    for fits, template in _SUGGESTIONS:
        if fits(row) and set(_places(template)) <= set(row):
            return _said("action", template, row)
    return Line("action", Sentence("No suggestion: nothing in the data asks for one."), {}, (), ())


def _proposed(row: Mapping, said: Sentence, columns: list[str]) -> Line:
    numbers = {c: row[c] for c in columns if isinstance(row[c], int | float | np.number)}
    return _line("action", said, numbers, columns)


# --- personas --------------------------------------------------------------------------------------------------------


def personas(
    portraits: pd.DataFrame,
    by: str | Mapping[str, pd.Series] = "rfm_class",
    template: str | Path | Mapping = "retail",
    *,
    tickets: pd.DataFrame | None = None,
    as_of: object = None,
    min_size: int = 30,
    min_share: float = 0.05,
) -> list[Persona]:
    """A persona of each group that is large enough, filled from a template.

    Parameters
    ----------
    portraits : one row a customer; columns of docs/portraits.md, tags as tag_<name>.
    by : a column whose values are the groups, or {name: truth values aligned with portraits}.
    template : a name in catalogue/personas.yaml, a YAML file with `sections`, or its content.
    tickets : customer_id, opened_at, topic; for the topics.
    as_of : later tickets are not seen; default: that all are known.
    min_size, min_share : customers, and share of all, that make a persona. What is smaller is told together, as others.

    Returns
    -------
    personas, the largest first. What is more frequent in one of them than among all (TGI) is told if it passes at a
    false-discovery rate of 5 % over all values of all groups (Benjamini and Hochberg 1995); money shares carry the
    interval of a ratio of sums (Cochran 1977, Sampling Techniques, ch. 6)

    Raises
    ------
    DataError : an unknown template, or one with an unfilled or unsupported field; a required field that the portraits
        do not fill; no group large enough.
    """
    schema.require(portraits, "customers", ("customer_id",))
    name, sections = _template(template)
    groups = _groups(portraits, by)
    least = max(min_size, min_share * len(portraits), HIDDEN_BELOW)
    large = {k: m for k, m in groups if m.sum() >= least}
    if not large:
        raise DataError(
            "No group of {by} has {n:,.0f} customers or more.",
            by=column_label(by) if isinstance(by, str) else "by",
            n=np.ceil(least),
        )
    teller = _Teller(portraits, name, sections, by, list(large.values()), _topics(portraits, tickets, as_of))
    out = [teller.persona(label, number) for number, label in enumerate(large)]
    small = np.zeros(len(portraits), dtype=bool)
    for label, mask in groups:
        small |= mask if label not in large else False
    if small.sum() >= HIDDEN_BELOW:
        out.append(teller.others(small))
    return out


def _groups(portraits: pd.DataFrame, by: str | Mapping) -> list[tuple[str | Sentence, np.ndarray]]:
    """Name and members of each group, the largest first."""
    if isinstance(by, str):
        if by not in portraits:
            raise DataError("The portraits have no column {column} to group by.", column=by)
        values = portraits[by]
        found = [(v, (values == v).fillna(False).to_numpy(dtype=bool)) for v in sorted(values.dropna().unique())]
        named = [(_called(by, v), m) for v, m in found]
    else:
        named = [(k, pd.Series(m).fillna(False).to_numpy(dtype=bool)) for k, m in by.items()]
        if any(len(m) != len(portraits) for _, m in named):
            raise DataError("Each group needs one truth value a row of the portraits.")
    return sorted(named, key=lambda group: -group[1].sum())


def _topics(portraits: pd.DataFrame, tickets: pd.DataFrame | None, as_of: object) -> pd.DataFrame | None:
    """Row of `portraits` and topic, once each."""
    if tickets is None or "topic" not in tickets:
        return None
    schema.require(tickets, "tickets", ("customer_id", "opened_at"))
    until = pd.Timestamp("2100-01-01") if as_of is None else pd.Timestamp(as_of).normalize() + pd.Timedelta(days=1)
    rows = pd.DataFrame({"customer": portraits["customer_id"].astype("str"), "row": np.arange(len(portraits))})
    given = tickets[["opened_at", "topic"]].copy().assign(customer=tickets["customer_id"].astype("str"))
    sql = """
        SELECT DISTINCT rows_."row" AS number, topic FROM tickets JOIN rows_ ON tickets.customer = rows_.customer
        WHERE topic IS NOT NULL AND opened_at < $until ORDER BY topic, number
    """
    return query(sql, {"rows_": rows, "tickets": given}, until=until)


#: What a template may say of columns, and whether these hold numbers.
_OF_COLUMNS = {"median": True, "over": False, "mix": False}
_OF_NONE = ("size", "money", "nps", "topics")


def _template(template: str | Path | Mapping) -> tuple[str, list[tuple[str, dict]]]:
    """Name of a template and its entries with their sections, checked."""
    name, content = _read(template)
    sections = content.get("sections") if isinstance(content, Mapping) else None
    if not isinstance(sections, Mapping) or not sections:
        raise DataError("The template {template} has no sections.", template=name)
    entries = []
    for section, listed in sections.items():
        if section not in SECTIONS or not isinstance(listed, list) or not listed:
            raise DataError(
                "The template {template}: section {section} is unknown or empty. Sections are: {sections}.",
                template=name,
                section=section,
                sections=", ".join(s for s in SECTIONS if s != "action"),
            )
        entries += [(section, _entry(name, section, entry)) for entry in listed]
    return name, entries


def _read(template: str | Path | Mapping) -> tuple[str, object]:
    if isinstance(template, Mapping):
        return "–", template
    own = _catalogue("personas.yaml")["templates"]
    if template in own:
        return str(template), own[template]
    try:
        return Path(template).name, yaml.safe_load(Path(template).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        raise DataError(
            "There is no template {template}: it is none of {known}, and no YAML file that can be read.",
            template=template,
            known=", ".join(own),
        ) from None


def _entry(template: str, section: str, entry: object) -> dict:
    say = entry.get("say") if isinstance(entry, Mapping) else None
    of = entry.get("of") if isinstance(entry, Mapping) else None
    if say in _OF_COLUMNS and isinstance(of, list) and of and all(isinstance(c, str) for c in of):
        unsupported = [c for c in of if c not in _columns() and c not in _tables() and not c.startswith("tag_")]
    elif say in _OF_NONE and of is None:
        unsupported = []
    else:
        raise DataError(
            "The template {template}, section {section}: an entry is not filled in: {entry}. Say one of {plain}, or "
            "one of {columns} with the columns under “of”.",
            template=template,
            section=section,
            entry=entry,
            plain=", ".join(_OF_NONE),
            columns=", ".join(_OF_COLUMNS),
        )
    if unsupported:
        raise DataError(
            "The template {template}, section {section}: portraits have no column {columns}.",
            template=template,
            section=section,
            columns=first_few(unsupported),
        )
    return {"say": say, "of": of or [], "required": bool(entry.get("required", False))}


class _Teller:
    """The statements of a template, for the groups of one table of portraits.

    Each statement gives its lines and the columns it could not be made of.
    """

    def __init__(
        self,
        portraits: pd.DataFrame,
        template: str,
        entries: list[tuple[str, dict]],
        by: object,
        masks: list[np.ndarray],
        topics: pd.DataFrame | None,
    ) -> None:
        self.portraits, self.template, self.entries, self.by = portraits, template, entries, by
        self.masks, self.topics = masks, topics
        self._check_types()
        compared = [c for _, e in entries if e["say"] == "over" for c in e["of"] if c in portraits and c != by]
        self.frequent = _frequent(portraits, masks, list(dict.fromkeys(compared)))

    def _check_types(self) -> None:
        for section, entry in self.entries:
            for column in entry["of"]:
                if column not in self.portraits or not self.portraits[column].notna().any():
                    continue
                kind = self.portraits[column].dtype
                number = pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind)
                if number != _OF_COLUMNS[entry["say"]]:
                    raise DataError(
                        "The template {template}, section {section}: {say} cannot be said of {column}. Numbers have a "
                        "median; texts and tags have over and mix.",
                        template=self.template,
                        section=section,
                        say=entry["say"],
                        column=column,
                    )

    def persona(self, name: str | Sentence, number: int) -> Persona:
        mask, lines, blank = self.masks[number], [], {section: [] for section in SECTIONS}
        for section, entry in self.entries:
            told, lacking = getattr(self, "_" + entry["say"])(section, entry["of"], number)
            lines += told
            if lacking and entry["required"]:
                raise DataError(
                    "The template {template} requires {fields}, and there is too little of it in {persona}. Give the "
                    "table it comes from, or do not require it.",
                    template=self.template,
                    fields=first_few(lacking),
                    persona=name,
                )
            blank[section] += lacking
        lines += [_unknown(s, columns, int(mask.sum())) for s, columns in blank.items() if columns]
        return _persona(name, mask, lines)

    def others(self, mask: np.ndarray) -> Persona:
        """Customers whose groups are too small to be told apart."""
        return _persona(Sentence("Others"), mask, [_size(mask, self.by), *_money(self.portraits, "value", mask)])

    def _size(self, section: str, of: list, number: int) -> tuple[list[Line], list[str]]:
        return [_size(self.masks[number], self.by, section)], []

    def _money(self, section: str, of: list, number: int) -> tuple[list[Line], list[str]]:
        lines = _money(self.portraits, section, self.masks[number])
        return lines, [] if lines else ["monetary_net"]

    def _median(self, section: str, of: list, number: int) -> tuple[list[Line], list[str]]:
        lines, lacking = [], []
        for column in of:
            values = self._values(column, number)
            if len(values) < HIDDEN_BELOW:
                lacking.append(column)
                continue
            low, median, high = np.quantile(values.to_numpy(dtype="float64"), [0.25, 0.5, 0.75])
            said = Sentence(
                "{label}: median {median}, the middle half from {low} to {high} (n = {n:,}).",
                label=column_label(column),
                median=_shown(column, median),
                low=_shown(column, low),
                high=_shown(column, high),
                n=len(values),
            )
            numbers = {"median": float(median), "low": float(low), "high": float(high)}
            lines.append(_line(section, said, numbers, [column], len(values)))
        return lines, lacking

    def _values(self, column: str, number: int) -> pd.Series:
        if column not in self.portraits:
            return pd.Series(dtype="float64")
        return self.portraits.loc[self.masks[number], column].dropna()

    def _over(self, section: str, of: list, number: int) -> tuple[list[Line], list[str]]:
        of = [c for c in of if c != self.by]
        lacking = [c for c in of if len(self._values(c, number)) < HIDDEN_BELOW]
        known = [c for c in of if c not in lacking]
        found = self.frequent[(self.frequent["group"] == number) & self.frequent["column"].isin(known)]
        lines = [_more_frequent(section, row) for row in found.head(_MOST_TOLD).itertuples()]
        if known and not lines:
            said = Sentence(
                "Nothing stands out, beyond chance, in: {fields}.", fields=_Listed([column_label(c) for c in known])
            )
            lines.append(_line(section, said, {}, known, int(self.masks[number].sum())))
        return lines, lacking

    def _mix(self, section: str, of: list, number: int) -> tuple[list[Line], list[str]]:
        lines, lacking = [], []
        for column in [c for c in of if c != self.by]:
            values = self._values(column, number)
            if len(values) < HIDDEN_BELOW:
                lacking.append(column)
                continue
            counts = _pooled(values.astype("str").value_counts(), column)
            shares = {str(k): c / len(values) for k, c in counts.items()}
            items = [
                Sentence("{value} {share:.0%}", value=Sentence("others") if k == "" else _name(column, k), share=share)
                for k, share in shares.items()
            ]
            said = Sentence(
                "{label}: {mix} (n = {n:,}).", label=column_label(column), mix=_Listed(items, pairs=True), n=len(values)
            )
            lines.append(_line(section, said, shares, [column], len(values)))
        return lines, lacking

    def _nps(self, section: str, of: list, number: int) -> tuple[list[Line], list[str]]:
        answers = self._values("survey_score", number)
        if len(answers) < LEAST_ANSWERS:
            satisfied = self._satisfied(section, number)
            return satisfied, [] if satisfied else ["survey_score"]
        found = nps.score(answers, check_scale=False)
        numbers = {"value": found.value, "low": found.low, "high": found.high}
        said = Sentence(
            "NPS {value:+.1f} (95% interval {low:+.1f} to {high:+.1f}, {n:,} {n:answer|answers})",
            **numbers,
            n=found.n,
        )
        return [_line(section, said, numbers, ["survey_score"], found.n)], []

    def _satisfied(self, section: str, number: int) -> list[Line]:
        """The share of satisfied customers; no NPS is made of it."""
        answers = self._values("satisfaction", number)
        if len(answers) < LEAST_ANSWERS:
            return []
        k, n = int((answers == "satisfied").sum()), len(answers)
        low, high = wilson(k, n)
        numbers = {"share": k / n, "low": float(low), "high": float(high)}
        said = Sentence(
            "Satisfied at the last answer: {share:.0%} (95% interval {low:.0%}–{high:.0%}, {n:,} answers).",
            **numbers,
            n=n,
        )
        return [_line(section, said, numbers, ["satisfaction"], n)]

    def _topics(self, section: str, of: list, number: int) -> tuple[list[Line], list[str]]:
        if self.topics is None:
            return [], ["tickets"]
        mask = self.masks[number]
        n, size = int(mask.sum()), len(mask)
        inside = self.topics[mask[self.topics["number"].to_numpy()]]["topic"].value_counts()
        everywhere = self.topics["topic"].value_counts()
        inside = inside[inside >= HIDDEN_BELOW].sort_index().sort_values(ascending=False, kind="stable").head(3)
        lines = []
        for topic, k in inside.items():
            numbers = {"k": int(k), "n": n, "share": k / n, "base": everywhere[topic] / size}
            said = Sentence(
                "Pain point “{topic}”: {k:,} of {n:,} customers wrote to the service about it ({share:.1%}; {base:.1%} "
                "of all customers).",
                topic=Value("topic", topic, _safe(topic)),
                **numbers,
            )
            lines.append(Line(section, said, numbers, ("topic",), ("tickets",), n))
        if not lines:
            said = Sentence("No topic was raised with the service by {k} customers or more.", k=HIDDEN_BELOW)
            lines.append(Line(section, said, {"k": HIDDEN_BELOW}, ("topic",), ("tickets",), n))
        return lines, []


def _persona(name: str | Sentence, mask: np.ndarray, lines: list[Line]) -> Persona:
    n = int(mask.sum())
    return Persona(Sentence("{name}: {n:,} customers", name=name, n=n), tuple(lines), name, n, n / len(mask))


def _size(mask: np.ndarray, by: object, section: str = "who") -> Line:
    n, total = int(mask.sum()), len(mask)
    numbers = {"n": n, "total": total, "share": n / total}
    said = Sentence("{n:,} of {total:,} customers ({share:.1%}).", **numbers)
    return _line(section, said, numbers, [by] if isinstance(by, str) else [], n)


def _money(portraits: pd.DataFrame, section: str, mask: np.ndarray) -> list[Line]:
    """Share of the net money; its standard error is that of the linearised ratio of sums."""
    if "monetary_net" not in portraits:
        return []
    spent = portraits["monetary_net"].fillna(0).to_numpy(dtype="float64")
    if spent.sum() <= 0:
        return []
    numbers = dict(zip(("share", "low", "high"), share_of_sum(spent, mask), strict=True))
    said = Sentence("{share:.1%} of the net money (95% interval {low:.1%}–{high:.1%}).", **numbers)
    return [_line(section, said, numbers, ["monetary_net"], int(mask.sum()))]


def _pooled(counts: pd.Series, column: str) -> pd.Series:
    """Counts of values, those below HIDDEN_BELOW together under "" with so many more that the rest hides no less."""
    counts = counts.sort_index().sort_values(ascending=False, kind="stable")
    shown = int((counts >= HIDDEN_BELOW).sum())
    while 0 < counts.iloc[shown:].sum() < HIDDEN_BELOW and shown:
        shown -= 1
    kept = counts.iloc[:shown]
    if column == "stage":
        kept = kept.reindex([s for s in lifecycle.STAGES if s in kept.index])
    rest = counts.iloc[shown:].sum()
    return pd.concat([kept, pd.Series({"": rest})]) if rest else kept


def _frequent(portraits: pd.DataFrame, masks: list[np.ndarray], columns: list[str]) -> pd.DataFrame:
    """What is more frequent in a group than outside it, at a false-discovery rate of 5 %.

    Returns
    -------
    frame sorted by group and lower end of the TGI: group (number), column, value, k, n (in the group), base_k, base_n
    (of all), tgi, low, high
    """
    rows = [row for column in columns for row in _tests(portraits[column], column, masks)]
    counts = ["k", "n", "base_k", "base_n"]
    found = pd.DataFrame(rows, columns=["group", "column", "value", *counts]).astype(dict.fromkeys(counts, "float64"))
    q = q_values(part_against_rest(*(found[c] for c in counts)))
    left, more = found["n"] - found["k"], found["k"] / found["n"] > found["base_k"] / found["base_n"]
    found = found[(q < 0.05) & more & (found["k"] >= HIDDEN_BELOW) & ((left == 0) | (left >= HIDDEN_BELOW))]
    index = [tag.tgi(int(r.k), int(r.n), int(r.base_k), int(r.base_n)) for r in found.itertuples()]
    found = found.assign(tgi=[t.value for t in index], low=[t.low for t in index], high=[t.high for t in index])
    return found.sort_values(
        ["group", "low", "column", "value"], ascending=[True, False, True, True], ignore_index=True
    )


def _tests(values: pd.Series, column: str, masks: list[np.ndarray]) -> list[tuple]:
    """Counts of each value in each group, where the χ² test can be trusted (five expected of each kind)."""
    codes, kinds = pd.factorize(values, sort=True)
    everywhere = np.bincount(codes[codes >= 0], minlength=len(kinds))
    total, rows = everywhere.sum(), []
    for group, mask in enumerate(masks):
        inside = np.bincount(codes[mask & (codes >= 0)], minlength=len(kinds))
        n = inside.sum()
        smaller, share = min(n, total - n), everywhere / max(total, 1)
        trusted = smaller * np.minimum(share, 1 - share) >= 5
        rows += [
            (group, column, kinds[i], inside[i], n, everywhere[i], total)
            for i in np.flatnonzero(trusted)
            if not (isinstance(kinds[i], bool | np.bool_) and not kinds[i])  # that a tag is lacking is no finding
        ]
    return rows


def _more_frequent(section: str, row: object) -> Line:
    numbers = {
        "share": row.k / row.n,
        "base": row.base_k / row.base_n,
        "tgi": row.tgi,
        "low": row.low,
        "high": row.high,
        "k": int(row.k),
        "n": int(row.n),
    }
    label = column_label(row.column)
    what = (
        label
        if isinstance(row.value, bool | np.bool_)
        else Sentence("{label}: {value}", label=label, value=_name(row.column, row.value))
    )
    said = Sentence(
        "{what}: {share:.1%} against {base:.1%} of all, TGI {tgi:.0f} (95% interval {low:.0f}–{high:.0f}; {k:,} of "
        "{n:,}).",
        what=what,
        **numbers,
    )
    return _line(section, said, numbers, [row.column], int(row.n))
