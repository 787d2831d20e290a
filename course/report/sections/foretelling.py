"""Whether the segments tell what comes next."""

from course.report.blocks import note, table
from course.report.sections import Page
from course.workflow.steps.foretelling import Foretelling


def foretelling(page: Page, found: Foretelling) -> dict:
    """Whether the segments tell the time after them better than the figures they were made of."""
    phrase = page.phrase
    r2 = found.worth.set_index("what")
    names = {"segments": phrase("the eight classes"), "features": phrase("the figures themselves (boosted trees)")}
    rows = [[name, f"{r2.loc[k, 'r2']:.2f}", f"± {r2.loc[k, 'half']:.2f}"] for k, name in names.items()]
    added = {"recency_days": phrase("recency"), "frequency": phrase("frequency"), "monetary_net": phrase("money")}
    rows += [
        [
            phrase(
                "{n} {n:dimension|dimensions} in three steps, with {name} added", n=r.dimensions, name=added[r.added]
            ),
            f"{r.r2:.2f}",
            f"± {r.half:.2f}",
        ]
        for r in found.dimensions.itertuples()
    ]
    head = [phrase("What is known on {split}", split=page.day(found.split)), "R²", phrase("95% interval")]
    words = phrase(
        "R² of the logarithm of what each customer spent afterwards, on customers left out of the fit (five folds). "
        "Where the classes tell less than the figures they were made of, that is the price of their simplicity."
    )
    blocks = [table(head, rows), note(words)]
    if found.judged < found.customers:
        said = phrase("Judged on {n:,} of {of:,} customers, drawn at random.", n=found.judged, of=found.customers)
        blocks.append(note(said))
    return {"title": phrase("Do the segments tell what comes next?"), "blocks": blocks}
