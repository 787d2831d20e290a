"""report.html: one file, both languages, questions with their answers first and the evidence folded beneath.

Every figure comes from the ledger, every sentence from the catalogue. Intervals say how much a figure would move had
other customers of the same kind come. There is no script in it and nothing that it asks of a server.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from course import labels
from course.collect.guards.unread import WARNING
from course.language import LANGUAGES, Sentence
from course.report.blocks import items, paragraph
from course.report.sections import (
    Page,
    actions,
    behaviour,
    changes,
    clean,
    clusters,
    clv,
    effect,
    first,
    forecast_score,
    foretelling,
    identity,
    lifecycle,
    nps,
    origin,
    portrait,
    posts,
    profiles,
    segment,
    service,
    stake,
    tag,
    terms,
    total,
    visits,
)
from course.report.truths import Truth, opened
from course.templating import template
from course.workflow import Result

Shown = tuple[str, Callable]


@dataclass(frozen=True)
class Question:
    """What a part of the page answers.

    Attributes
    ----------
    key : its address within the page
    asks : the question
    answers : (step, function that gives sentences); the first sentence is the heading
    parts : (step, section), in their order; what the data do not give is left out. A question without an answer and
        without a part is not there
    evidence : sections that are folded whole
    """

    key: str
    asks: Sentence
    answers: tuple[Shown, ...] = ()
    parts: tuple[Shown, ...] = ()
    evidence: tuple[Shown, ...] = ()


#: What a run says when it is done: the step, and what it answers.
ANSWERS = (
    ("forecast_score", forecast_score.answers),
    ("segment", segment.answers),
    ("stake", stake.answers),
    ("total", total.answers),
    ("clean", clean.answers),
    ("lifecycle", lifecycle.answers),
    ("nps", nps.answers),
)
QUESTIONS = (
    Question(
        "held",
        Sentence("Did the last forecast hold?"),
        (("forecast_score", forecast_score.answers),),
        (("forecast_score", forecast_score.score),),
    ),
    Question(
        "who",
        Sentence("Who are our customers?"),
        (("segment", segment.kinds),),
        (("segment", segment.classes), ("profiles", profiles.portraits)),
        (
            ("portrait", portrait.personas),
            ("segment", segment.scores),
            ("clusters", clusters.groups),
            ("foretelling", foretelling.foretelling),
        ),
    ),
    Question(
        "worth",
        Sentence("What are they worth?"),
        (("clv", clv.answers), ("total", total.answers), ("segment", segment.so_far)),
        (("clv", clv.value), ("total", total.together), ("segment", segment.months), ("behaviour", behaviour.spread)),
    ),
    Question(
        "leaving",
        Sentence("Who is leaving?"),
        (("lifecycle", lifecycle.answers), ("stake", stake.answers)),
        (
            ("lifecycle", lifecycle.stages),
            ("actions", actions.calls),
            ("portrait", portrait.cards),
            ("lifecycle", lifecycle.movement),
            ("behaviour", behaviour.returning),
        ),
        (("stake", stake.first), ("lifecycle", lifecycle.moves), ("lifecycle", lifecycle.warning)),
    ),
    Question(
        "say",
        Sentence("What do they say?"),
        (("nps", nps.answers),),
        (("nps", nps.recommend), ("service", service.tickets)),
        (("posts", posts.posted),),
    ),
    Question(
        "buy",
        Sentence("What do they buy, and how?"),
        (("behaviour", behaviour.answers),),
        (("behaviour", behaviour.doings),),
        (("visits", visits.funnel),),
    ),
    Question(
        "worked",
        Sentence("What has worked so far?"),
        (("effect", effect.answers),),
        (("effect", effect.campaigns),),
    ),
    Question(
        "moved",
        Sentence("What has moved since the last run?"),
        (("changes", changes.answers),),
        (("changes", changes.moves), ("changes", changes.drift)),
    ),
)
#: What whoever wants to check the page reads.
APPENDIX = (
    Question(
        "data",
        Sentence("What was received and used"),
        parts=(("clean", clean.accounts),),
        evidence=(("clean", clean.quality), ("identity", identity.persons)),
    ),
    Question("words", Sentence("Words and measures"), evidence=(("tag", tag.tags),)),
)
SECTIONS = tuple(shown for q in (*QUESTIONS, *APPENDIX) for shown in (*q.parts, *q.evidence))


def render(
    result: Result, ledger: dict, lang: str, events: pd.DataFrame | None = None, truths: Sequence[Truth] = ()
) -> tuple[str, list[str]]:
    """The report as HTML text, opening in `lang`, and the sentences a run ends with, in that language.

    Parameters
    ----------
    events : explorer.timeline of the run; without it cards have no strip of what happened when.
    truths : of its headlines, which stand under a button; without any there is none.
    """
    with labels.names(result.recipe.labels):
        pages = {code: _content(Page(result, ledger, code, events), truths) for code in LANGUAGES}
        html = template("report.html.j2").render(pages=pages, first=lang)
        return html, _answers(Page(result, ledger, lang))


def _content(page: Page, truths: Sequence[Truth]) -> dict:
    phrase = page.phrase
    questions = [shown for question in QUESTIONS if (shown := _question(page, question))]
    return {
        "language": "中文" if page.lang == "zh" else "English",
        "words": {name: sentence.say(page.lang) for name, sentence in _WORDS.items()},
        "title": phrase("Customer portraits"),
        "company": page.result.recipe.company,
        "seal": opened(page, truths),
        "first": first.screen(page, [q["key"] for q in questions]),
        "questions": questions,
        "appendix": [_not_said(page), *(_question(page, question) for question in APPENDIX), _notes(page)],
    }


#: What the page itself says, beside its content.
_WORDS = {
    "contents": Sentence("Contents"),
    "skip": Sentence("Skip to the answers"),
    "appendix": Sentence("Appendix"),
    "also": Sentence("Also"),
    "explore": Sentence("Look customers up"),
    "evidence": Sentence("Evidence"),
    "print": Sentence("Print the evidence too"),
}


def _question(page: Page, question: Question) -> dict | None:
    """The question with its answer as heading; None where there is neither an answer nor anything to show."""
    found = page.result.found
    parts = _sections(page, question.parts)
    parts += [terms.terms(page)] if question.key == "words" else []
    parts += [part | {"folded": True} for part in _sections(page, question.evidence)]
    parts += [origin.origin(page) | {"folded": True}] if question.key == "data" else []
    answers = [line for step, answer in question.answers if step in found for line in answer(page, found[step])]
    if not parts and not answers:
        return None
    heading, *leads = answers or [""]
    return {
        "key": question.key,
        "asks": question.asks.say(page.lang),
        "heading": heading.rstrip(".。"),
        "leads": leads,
        "rows": _rows(parts),
    }


def _sections(page: Page, shown: tuple[Shown, ...]) -> list[dict]:
    found = page.result.found
    return [part for step, show in shown if step in found and (part := show(page, found[step]))]


def _rows(parts: list[dict]) -> list[list[dict]]:
    """The sections as rows of the page: two that need half the width stand side by side."""
    rows: list[list[dict]] = []
    for part in (_PART | part for part in parts):
        if rows and part["half"] and len(rows[-1]) == 1 and rows[-1][0]["half"]:
            rows[-1].append(part)
        else:
            rows.append([part])
    return rows


#: What a section may leave out: blocks that are folded beneath it, whether it is folded itself, and whether it needs
#: half the width alone.
_PART = {"evidence": [], "folded": False, "half": False}


def _answers(page: Page) -> list[str]:
    found = page.result.found
    lines = [line for step, answer in ANSWERS if step in found for line in answer(page, found[step])]
    return lines or [first.nothing(page)]


def _not_said(page: Page) -> dict:
    """What no step could find, and for want of what; and what no table can tell."""
    phrase = page.phrase
    missing = [page.say(sentence) for sentence in page.result.not_done]
    never = [
        phrase("What an action will earn: only a trial with customers left out can tell."),
        phrase("Profit: amounts are sales, without what they cost."),
        phrase("Who does not buy here: these are figures of the customers in the data, and of nobody else."),
    ]
    blocks = [items(missing)] if missing else [paragraph(phrase("Every table was given."))]
    blocks += [paragraph(phrase("No table can tell:")), items(never)]
    title = phrase("What could not be said")
    return {
        "key": "unsaid",
        "asks": title,
        "heading": "",
        "leads": [],
        "rows": _rows([{"title": title, "blocks": blocks}]),
    }


def _notes(page: Page) -> dict:
    """What whoever runs the kit should know: it speaks of columns and options."""
    title = page.phrase("Notes for whoever runs the kit")
    lines = [page.say(note) for note in page.result.notes if note.message != WARNING] or [
        page.phrase("There is nothing to note.")
    ]
    rows = _rows([{"title": title, "blocks": [items(lines), paragraph(origin.versions(page))]}])
    return {"key": "operator", "asks": title, "heading": "", "leads": [], "rows": rows}
