"""report.html: one file, both languages, the answer first.

Every figure comes from the ledger, every sentence from the catalogue. Intervals say how much a figure would move had
other customers of the same kind come.
"""

from collections.abc import Sequence

import jinja2

from course import schema
from course.language import LANGUAGES
from course.report.blocks import accounted, note, paragraph, table
from course.report.sections import (
    Page,
    behaviour,
    changes,
    clean,
    clusters,
    clv,
    effect,
    foretelling,
    identity,
    lifecycle,
    nps,
    portrait,
    posts,
    segment,
    service,
    stake,
    tag,
    visits,
)
from course.report.truths import Truth, shown
from course.workflow import Result

#: What the page begins with: the step, and what it answers.
ANSWERS = (
    ("segment", segment.answers),
    ("stake", stake.answers),
    ("clean", clean.answers),
    ("lifecycle", lifecycle.answers),
    ("nps", nps.answers),
)
#: Whom to look at, how they stand, what they do and say, what worked; then the evidence and the accounts.
SECTIONS = (
    ("clv", clv.value),
    ("segment", segment.classes),
    ("stake", stake.first),
    ("portrait", portrait.cards),
    ("lifecycle", lifecycle.stages),
    ("lifecycle", lifecycle.movement),
    ("lifecycle", lifecycle.warning),
    ("behaviour", behaviour.doings),
    ("visits", visits.funnel),
    ("nps", nps.recommend),
    ("posts", posts.posted),
    ("service", service.tickets),
    ("effect", effect.campaigns),
    ("portrait", portrait.personas),
    ("tag", tag.tags),
    ("changes", changes.moves),
    ("changes", changes.drift),
    ("clusters", clusters.groups),
    ("foretelling", foretelling.foretelling),
    ("segment", segment.scores),
    ("segment", segment.months),
    ("identity", identity.persons),
    ("clean", clean.accounts),
    ("clean", clean.quality),
)


def render(result: Result, ledger: dict, lang: str, truths: Sequence[Truth] = ()) -> tuple[str, list[str]]:
    """The report as HTML text, opening in `lang`, and the sentences it begins with in that language; `truths` of its
    headlines stand under a button."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("course", "templates"),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    pages = {code: _content(Page(result, ledger, code)) | {"seal": shown(truths, code)} for code in LANGUAGES}
    html = environment.get_template("report.html.j2").render(pages=pages, first=lang)
    return html, pages[lang]["answers"]


def _content(page: Page) -> dict:
    phrase, result = page.phrase, page.result
    shown = [show(page, result.found[step]) for step, show in SECTIONS if step in result.found]
    return {
        "language": "中文" if page.lang == "zh" else "English",
        "title": phrase("Customer portraits"),
        "dated": phrase("Without dates")
        if result.as_of is None
        else phrase("As of {as_of:%Y-%m-%d}", as_of=result.as_of),
        "answers": _answers(page),
        "notes": [sentence.say(page.lang) for sentence in result.notes],
        "sections": [*filter(None, shown), _not_said(page), _origin(page)],
    }


def _answers(page: Page) -> list[str]:
    found = page.result.found
    lines = [line for step, answer in ANSWERS if step in found for line in answer(page, found[step])]
    return lines or [
        page.phrase(
            "{n:,} customers are in the tables given; without orders nothing can be said of their value.",
            n=len(page.result.portraits),
        )
    ]


def _not_said(page: Page) -> dict:
    """What no step could find, and for want of what."""
    missing = [sentence.say(page.lang) for sentence in page.result.not_done]
    blocks = [{"list": missing}] if missing else [paragraph(page.phrase("Every table was given."))]
    return {"title": page.phrase("What could not be said"), "blocks": blocks}


def _origin(page: Page) -> dict:
    """Files, columns and versions."""
    phrase, rows, mapping = page.phrase, [], []
    for kind, entry in page.ledger["tables"].items():
        canonical = schema.canonical(kind)
        for source in entry["sources"]:
            span = f"{source['first']} – {source['last']}" if source["first"] else "–"
            read_as = source.get("encoding") or source["format"]
            label = canonical.label.say(page.lang)
            rows.append([label, source["name"], read_as, span, *accounted(source)])
        mapping += [f"{canonical.columns[n].label.say(page.lang)} ← {c}" for n, c in entry["mapping"].items()]
    head = [phrase("Table"), phrase("File"), phrase("Encoding"), phrase("From – to")]
    head += [phrase("Rows"), phrase("Orders"), phrase("Customers"), phrase("Money")]
    versions = ", ".join(f"{k} {v}" for k, v in page.ledger["versions"].items())
    return {
        "title": phrase("Where it comes from"),
        "blocks": [
            table(head, rows, 4),
            paragraph(phrase("Columns that were read:")),
            {"list": mapping},
            note(phrase("Kit {kit}; {versions}.", kit=page.ledger["kit"], versions=versions)),
        ],
    }
