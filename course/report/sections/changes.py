"""How far the portraits have moved since an earlier run."""

from course.report.blocks import paragraph, table
from course.report.sections import Page
from course.workflow.steps.changes import Changes


def drift(page: Page, found: Changes) -> dict | None:
    """How far the portraits have moved since the earlier run, beside chance."""
    if found.drift is None:
        return None
    phrase = page.phrase
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
        "blocks": [paragraph(words), *([table(head, rows)] if rows else [])],
    }
