"""The figures that a report shows, held against its ledger: no figure is shown that the ledger does not hold.

No figures are: dates; ticks of axes (the charts' data are held against the ledger themselves); numbers that stand in
the kit's own sentences, as in "95% interval" or "0–6 detractors"; customers' ids; heads of tables.
"""

import re
from html import unescape

import numpy as np

from course import language, schema, workflow
from course.report import figures, format, page
from course.report.blocks import full
from course.report.sections import Page
from course.workflow.finding import plain

_FIGURE = re.compile(r"(?<![\w.])\d+(?:,\d{3})*(?:\.\d+)?(?:%|bn|[mk]| ?[万亿])?(?!\w)")
_MONTH = f"(?:{'|'.join(language._MONTHS)})"
_DATE = re.compile(
    rf"\d{{4}}-\d{{2}}(?:-\d{{2}})?|(?:\d{{1,2}} )?{_MONTH} \d{{4}}|\d{{4}} 年 \d{{1,2}} 月(?: \d{{1,2}} 日)?"
)
_TAG = re.compile(r"<[^>]*>")


def not_in_the_ledger(result, lang, ledger=None):
    """[(title of the section, figure)] of what the page in `lang` shows and the ledger does not hold."""
    ledger = ledger or workflow.ledger(result)
    html, _ = page.render(result, ledger, lang)
    main = re.search(rf'<main lang="{lang}"[^>]*>(.*?)</main>', html, re.DOTALL)[1]
    head, *chunks = re.split('(?=<section>|<div class="chapter)', main)
    steps = _steps(result, ledger, lang)
    out = _missing("", head, _held([ledger["findings"], ledger["notes"], ledger["rules"], ledger["received"]]), lang)
    for chunk in chunks:
        title = title_of(chunk)
        known = [_of_step(result, ledger, step) for step in steps.get(title, ())] or [ledger]
        personal, chunk = _of_customers(chunk)
        out += _missing(title, chunk, _held(known), lang)
        for customer, text in personal:
            row = result.portraits[result.portraits["customer_id"] == customer].iloc[0].to_dict()
            out += _missing(title, text.replace(customer, ""), _held([row, ledger["findings"].get("stake")]), lang)
    return out


def sections(main):
    """[(title, html)] of the sections of the page in one language, or of both."""
    return [(title_of(part), part.split("</section>")[0]) for part in main.split("<section>")[1:]]


def title_of(chunk):
    """The title of a section, or the question that a part of the page begins with."""
    asked = re.search('<h2>(?:<span class="asks">)?(.*?)<', chunk) if chunk.startswith("<div") else None
    return unescape((asked or re.search("<h3[^>]*>(.*?)</h3>", chunk))[1])


def not_drawn_from_the_ledger(result, monkeypatch):
    """{chart: numbers that it was given and the ledger does not hold}."""
    held, out = set(_numbers(plain(workflow.ledger(result)["findings"]))), {}
    for name in [n for n in vars(figures) if not n.startswith("_") and callable(vars(figures)[n])]:
        if vars(figures)[name].__module__ != figures.__name__:
            continue

        if name != "tone":
            monkeypatch.setattr(figures, name, _watched(vars(figures)[name], out, held))
    page.render(result, workflow.ledger(result), "en")
    return out


def _watched(draw, out, held):
    """The chart that notes the numbers it is given and the ledger does not hold."""

    def drawn(data, *arguments, **options):
        out[draw.__name__] = sorted(set(_numbers(plain(data))) - held)
        return draw(data, *arguments, **options)

    return drawn


def _steps(result, ledger, lang):
    """{title of a section: the steps that show under it}."""
    shown = Page(result, ledger, lang)
    out = {q.asks.say(lang): [step for step, _ in q.answers if step in result.found] for q in page.QUESTIONS}
    for step, show in page.SECTIONS:
        if step in result.found and (section := show(shown, result.found[step])):
            out.setdefault(section["title"], []).append(step)
    return out


def _of_step(result, ledger, step):
    """What the ledger holds of one step's finding; the tables' accounts stand beside the step that cleaned them."""
    keys = result.found[step].entry()
    beside = {"clean": ["tables"]}.get(step, [])
    # The section of tags ends on who entered and left them, where there was an earlier run.
    more = ["changes"] if step == "tag" else []
    return [ledger["findings"].get(k) for k in [*keys, *more]] + [ledger[k] for k in beside]


def _of_customers(section):
    """[(customer, text)] of rows and cards about one customer, and the section without them."""
    found = re.compile(r'<(tr|article) data-customer="([^"]*)".*?</\1>', re.DOTALL)
    return [(unescape(m[2]), m[0]) for m in found.finditer(section)], found.sub(" ", section)


def _missing(title, html, held, lang):
    html = re.sub(r"<svg.*?</svg>|<th\b.*?</th>", " ", html, flags=re.DOTALL)
    html = re.sub("<small>.*?</small>", " ", html)
    texts = [_DATE.sub(" ", _without_constants(unescape(text), lang)) for text in _TAG.split(html)]
    return [(title, figure) for text in texts for figure in _FIGURE.findall(text) if figure not in held]


def _without_constants(text, lang):
    if any(c.isdigit() for c in text):
        for constant in _constants(lang):
            text = text.replace(constant, " ")
    return text


_CONSTANTS = {}


def _constants(lang):
    """Pieces of the kit's own sentences, between their places, that hold a number and a word; the longest first."""
    if lang not in _CONSTANTS:
        messages = language._translations("zh")
        labels = [c.label.say(lang) for kind in schema.TABLES for c in schema.canonical(kind).columns.values()]
        labels += [c[lang][0] for c in workflow.portrait_columns()["columns"]]
        texts = [*(messages if lang == "en" else messages.values()), *labels]
        pieces = {p for t in texts for p in re.split(r"\{[^{}]*\}", t)}
        worded = {p for p in pieces if re.search(r"\d", p) and re.search(r"[^\W\d_]{2}", p)}
        _CONSTANTS[lang] = sorted(worded, key=len, reverse=True)
    return _CONSTANTS[lang]


def _held(values):
    """Every figure that these values give, as the report writes figures: unsigned."""
    out = set()
    for value in values:
        value = plain(value)
        out |= {f for text in _strings(value) for f in _FIGURE.findall(_DATE.sub(" ", text))}
        out |= {form for number in _numbers(value) for form in _forms(abs(number))}
    return out


def _forms(x):
    forms = [f"{x:,.{digits}f}" for digits in range(4)] + [f"{x:.{digits}%}" for digits in range(2)]
    amounts = {format.short(x, lang) for lang in language.LANGUAGES}
    forms += [f"{100 * x:.1f}", f"{x:,.10g}", f"{x:g}", full(x), *amounts]
    return {*forms, *(re.sub(r"[^\d.,]+$", "", amount) for amount in amounts)}


def _numbers(value):
    if isinstance(value, bool | str) or value is None:
        return
    if isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _numbers(one)
    elif np.isfinite(value):
        yield value


def _strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from (s for pair in value.items() for one in pair for s in _strings(one))
    elif isinstance(value, list):
        yield from (s for one in value for s in _strings(one))
