"""What visitors do on the way to a purchase."""

import pandas as pd

from course.report.blocks import note, table
from course.report.sections import Page
from course.workflow.steps.visits import Visits


def funnel(page: Page, found: Visits) -> dict:
    """How many get from a view to a purchase, and what a session is."""
    phrase, blocks = page.phrase, []
    if found.funnel is not None:
        names = {"view": phrase("view"), "cart": phrase("cart"), "buy": phrase("buy")}
        per = {"session": phrase("per session"), "user": phrase("per user")}
        rows = [
            [
                per[r.per],
                names[r.step],
                f"{r.reached:,}",
                "–" if pd.isna(r.of_first) else f"{r.of_first:.1%} ({r.of_first_low:.1%} – {r.of_first_high:.1%})",
            ]
            for r in found.funnel.itertuples()
        ]
        blocks.append(table(["", phrase("Step"), phrase("Reached"), phrase("Of the first, 95% interval")], rows, 2))
    if found.overview:
        words = phrase(
            "{sessions:,} {sessions:session|sessions} of {visitors:,} {visitors:visitor|visitors}, split at pauses of "
            "more than 30 minutes; {one:.0%} have one event only.",
            sessions=found.overview["sessions"],
            visitors=found.overview["visitors"],
            one=found.overview["one_page"],
        )
        if not pd.isna(dwell := found.overview["dwell_seconds"]):
            words += phrase(
                " Half of the others last {dwell:.0f} seconds or more, the last page not counted.",
                dwell=dwell,
            )
        blocks.append(note(words))
    return {"title": phrase("What visitors do"), "blocks": blocks}
