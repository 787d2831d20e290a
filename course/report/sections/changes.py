"""Who has moved since an earlier run, and how far the portraits have."""

import pandas as pd

from course import lifecycle
from course.report import figures
from course.report.blocks import figure, note, paragraph, table
from course.report.sections import Page
from course.report.words import class_label
from course.workflow.steps.changes import Changes


def answers(page: Page, found: Changes) -> list[str]:
    """How many customers entered or left something."""
    entry = page.ledger["findings"].get("moves")
    if entry is None:
        return []
    return [
        page.phrase(
            "Since the earlier run {n:,} {n:customer has|customers have} entered or left a tag, a class or a stage",
            n=entry["customers"],
        )
    ]


def moves(page: Page, found: Changes) -> dict | None:
    """How many entered and left each class and stage since the earlier run, and where they are listed."""
    entry = page.ledger["findings"].get("moves")
    if entry is None:
        return None
    phrase = page.phrase
    blocks = [
        paragraph(
            phrase(
                "Since the earlier run {n:,} {n:customer has|customers have} entered or left a tag, a class or a "
                "stage; moves.csv and moves.parquet list who: customer, column, value, entered or left.",
                n=entry["customers"],
            )
        )
    ]
    labels = {"rfm_class": lambda v: class_label(v, page.lang), "stage": lambda v: lifecycle.STAGES[v].say(page.lang)}
    heads = {"rfm_class": phrase("RFM class"), "stage": phrase("Stage of life")}
    counts = [phrase("Before"), phrase("Now"), phrase("Entered"), phrase("Left")]
    states = found.states.tags if found.states is not None else None
    for column in heads if states is not None else ():
        rows = [
            [labels[column](r.value), f"{r.before:,}", f"{r.after:,}", f"{r.entered:,}", f"{r.left:,}"]
            for r in states[states["tag"] == column].itertuples()
        ]
        blocks += [table([heads[column], *counts], rows)] if rows else []
    blocks.append(
        note(
            phrase(
                "The cuts between the classes are those of each run: a customer may change class because others "
                "bought. Who is in one run only did not carry anything in the other."
            )
        )
    )
    return {"title": phrase("Who has moved"), "blocks": blocks}


def drift(page: Page, found: Changes) -> dict | None:
    """How far the portraits have moved since the earlier run, beside chance, and how far from run to run before."""
    if found.drift is None:
        return None
    phrase = page.phrase
    since = phrase("The earlier run is of {day}.", day=page.day(found.since)) if found.since is not None else ""
    verdicts = {"slight": phrase("slight"), "moderate": phrase("moderate"), "large": phrase("large")}
    moved = found.moved.sort_values("psi", ascending=False, kind="stable").head(10)
    rows = [[r.column, f"{r.psi:.3f}", f"{r.psi_limit:.3f}", verdicts[r.verdict]] for r in moved.itertuples()]
    head = [phrase("Column"), "PSI", phrase("By chance at most (95%)"), phrase("Drift")]
    words = phrase(
        "{moved} of {n} columns moved more than chance has it (false discoveries held at 5%).",
        moved=len(found.moved),
        n=len(found.drift),
    )
    return {
        "title": phrase("Have the portraits moved?"),
        "blocks": [
            paragraph(page.joined([*([since] if since else []), words])),
            *_trend(page, found),
            *([table(head, rows)] if rows else []),
        ],
    }


def _trend(page: Page, found: Changes) -> list[dict]:
    """The drift of every run so far; of a single one there is no trend."""
    trend, phrase = found.trend, page.phrase
    if trend is None or found.usual is None:
        return []
    title = phrase(
        "From run to run: {moved} {moved:column|columns} moved beyond chance now, {usual:g} in the middle of the {n} "
        "{n:run|runs} before",
        moved=len(found.moved),
        usual=found.usual,
        n=len(trend) - 1,
    )
    every = -(-len(trend) // 8)
    ticks = [
        "" if (len(trend) - 1 - i) % every else page.month(pd.Timestamp(day)) for i, day in enumerate(trend["as_of"])
    ]
    below = phrase("Columns that moved beyond chance, each run against the one before it.")
    return [figure(title, figures.drift(trend, ticks, title), below)]
