"""The portrait of a customer or a class, from a result: as text, as a page, or in a template of the reader's own."""

import json
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pandas as pd

from course import labels, portrait, result
from course.errors import DataError
from course.language import LANGUAGES, Sentence, text
from course.report import filling, format
from course.report.columns import Column, columns
from course.report.sections import Page
from course.report.sections import portrait as sections
from course.telling import without
from course.templating import template

#: A template of more is none; seconds until a filling that the system does not end is ended.
_LARGEST, _PATIENCE = 1_000_000, 30


def customer(folder: str | Path, customer_id: str) -> portrait.Card:
    """The card of a customer, as the report has it.

    Raises
    ------
    DataError : the folder is no result, or has no such customer.
    """
    return sections.card(result.portraits(folder), customer_id)


def segment(folder: str | Path, name: str) -> portrait.Persona:
    """The persona of an RFM class, as the report has it.

    Parameters
    ----------
    name : of the class, as portraits have it or as it is called in either language.

    Raises
    ------
    DataError : the folder is no result; no class of that name is large enough to be told.
    """
    portraits = result.portraits(folder)
    if "rfm_class" not in portraits:
        raise DataError("Without orders there are no classes.")
    # As in a run: of the customers with orders, and with the topics of tickets, which the events hold.
    buyers = portraits[portraits["frequency"].notna()]
    told = portrait.personas(buyers, tickets=_tickets(result.timeline(folder)))
    labels_of = next(c for c in columns(portraits, result.ledger(folder)) if c.name == "rfm_class").values
    for persona in told:
        words = {_name(persona, lang) for lang in LANGUAGES}
        keys = {key for key, said in labels_of.items() if words & set(said.values())}
        if name in words | keys:
            return persona
    raise DataError(
        "There is no portrait of {name}: it is none of {known}.",
        name=name,
        known=", ".join(str(persona.name) for persona in told),
    )


def _name(persona: portrait.Persona, lang: str) -> str:
    return persona.name.say(lang) if isinstance(persona.name, Sentence) else persona.name


def _tickets(timeline: pd.DataFrame) -> pd.DataFrame | None:
    """The tickets that the events hold; None where nobody wrote any, as where no table of them was given."""
    rows = timeline[(timeline["kind"] == "ticket") & timeline["day"].notna()]
    if rows.empty:
        return None
    return rows.rename(columns={"day": "opened_at", "what": "topic"})[["customer_id", "opened_at", "topic"]]


def named(folder: str | Path) -> AbstractContextManager:
    """Within it values of the data are called as the report of the run calls them."""
    return labels.names(result.ledger(folder).get("labels"))


def page(of: portrait.Card | portrait.Persona, folder: str | Path, lang: str) -> str:
    """The portrait as a page of its own, HTML, drawn as in the report; it asks nothing of the network."""
    told = of.to_dict(lang)
    shown = {"lang": lang, "title": told["title"], "dated": _dated(folder, lang), "of_customer": None, "of_class": told}
    if isinstance(of, portrait.Card):
        events, row = result.timeline(folder), _row(folder, of.customer_id)
        sheet = Page(None, result.ledger(folder), lang, events)  # a card asks nothing of the run itself
        own = events[events["customer_id"] == of.customer_id].dropna(subset="day")
        shown |= {"of_customer": sections.customer(sheet, of, row, own)}
        shown |= {"key": "" if own.empty else sections.key(sheet, own)}
    return template("card_page.html.j2").render(shown)


def filled(of: portrait.Card | portrait.Persona, folder: str | Path, template: str | Path, lang: str) -> str:
    """A template of the reader's own, filled; HTML, in which every value is escaped.

    The template knows title, sections (each with title and lines, of which each has text, numbers and rests_on), dated,
    lang; of a customer: customer (values by column; blank is none), shown (the same as texts), label (what a column is
    called); of a class: name, customers, share. See docs/bi.md.

    Raises
    ------
    DataError : the template cannot be read, or does what it must not, with its line.
    """
    values = of.to_dict(lang) | {"dated": _dated(folder, lang), "lang": lang}
    if isinstance(of, portrait.Card):
        values |= _of_customer(folder, of.customer_id, lang)
    else:
        values |= {"name": _name(of, lang), "customers": of.n, "share": of.share}
    return _fill(Path(template), values)


def _dated(folder: str | Path, lang: str) -> str:
    as_of = result.ledger(folder)["as_of"]
    if as_of is None:
        return text("Without dates", lang)
    return text("As of {as_of}", lang, as_of=format.day(pd.Timestamp(as_of), lang))


def _row(folder: str | Path, customer_id: str) -> pd.Series:
    portraits = result.portraits(folder)
    return portraits[portraits["customer_id"].astype("str") == customer_id].iloc[0]


def _of_customer(folder: str | Path, customer_id: str, lang: str) -> dict:
    row, ledger = _row(folder, customer_id), result.ledger(folder)
    told = columns(result.portraits(folder), ledger)
    return {
        "customer": {c.name: _plain(row[c.name]) for c in told},
        "shown": {c.name: _shown(c, row[c.name], lang, ledger["currency"]) for c in told},
        "label": {c.name: c.label[lang] for c in told},
    }


def _plain(value: object) -> str | int | float | bool | None:
    """A value as JSON has it; a day as its text, and of a text nothing that is a phone, an address or the like."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return without(value) if isinstance(value, str) else value.item() if hasattr(value, "item") else value


def _shown(column: Column, value: object, lang: str, currency: str | None) -> str:
    """A value as a reader wants it; a dash where it is not known."""
    if column.kind == "money":
        return format.money(value, lang, currency)
    if column.kind == "date":
        return format.day(value, lang)
    if column.kind in ("share", "number"):
        form = ".0%" if column.kind == "share" else ",.0f" if pd.isna(value) or value == round(value) else ",.2f"
        return format.told(value, form)
    value = _plain(value)
    if isinstance(value, bool):
        return text("yes", lang) if value else text("no", lang)
    return "–" if value is None else column.values.get(value, {}).get(lang, value)


def _fill(path: Path, values: dict) -> str:
    try:
        template = path.read_bytes()[: _LARGEST + 1].decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        raise DataError("The template {file} cannot be read: it has to be a text in UTF-8.", file=path.name) from None
    if len(template) > _LARGEST:
        raise DataError("The template {file} is larger than {most:,} letters.", file=path.name, most=_LARGEST)
    answer = _filled_apart(template, values)
    if "text" in answer:
        return answer["text"]
    if answer["error"] == "forbidden":
        raise DataError(
            "The template {file}, line {line}: a template may not do this ({why}).",
            file=path.name,
            line=answer["line"] or "–",
            why=answer["why"],
        )
    if answer["error"] == "much":
        raise DataError(
            "The template {file} was stopped: it takes more than {seconds} seconds, {memory} MB or {letters:,} "
            "letters.",
            file=path.name,
            seconds=filling.SECONDS,
            memory=filling.MEMORY // 2**20,
            letters=filling.LONGEST,
        )
    raise DataError(
        "The template {file}, line {line}: {why}.", file=path.name, line=answer["line"] or "–", why=answer["why"]
    )


def _filled_apart(template: str, values: dict) -> dict:
    """The template filled in a process of its own, which may be ended."""
    command = [sys.executable, "-I", filling.__file__]
    given = json.dumps({"template": template, "values": values}, allow_nan=False, default=_plain)
    try:
        done = subprocess.run(command, input=given, capture_output=True, text=True, encoding="utf-8", timeout=_PATIENCE)
        return json.loads(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):  # ended, by us or by the system
        return {"error": "much"}
