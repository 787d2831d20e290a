"""Whether there are natural groups."""

import pandas as pd

from course.report.blocks import note, paragraph, table
from course.report.format import told
from course.report.sections import Page
from course.workflow.steps.clusters import Groups


def groups(page: Page, found: Groups) -> dict:
    """Whether clustering finds groups that are more than a cut through a crowd."""
    phrase, best = page.phrase, found.best
    title = phrase("Are there natural groups?")
    figures_of_best = {"k": int(best.name), "own": best["silhouette"], "twin": best["twin_silhouette"]}
    if found.no_better_than_chance:
        words = phrase(
            "No clear clusters: in recency, frequency and money customers shade into one another. The best partition, "
            "into {k}, has a silhouette of {own:.2f}; data of the same spread without any groups reach {twin:.2f}. Use "
            "the RFM classes as a convention, not as kinds that were found.",
            **figures_of_best,
        )
        return {"title": title, "blocks": [paragraph(words), *_drawn(page, found)]}
    if found.clusters.k == 1 and pd.notna(best["stability"]):
        words = phrase(
            "No clear clusters. The best partition, into {k}, has a silhouette of {own:.2f}, more than the {twin:.2f} "
            "of data of the same spread without groups; but it hangs on a few customers: where others of them are "
            "drawn the weakest of its clusters keeps {stability:.0%} of its members. Use the RFM classes as a "
            "convention, not as kinds that were found.",
            stability=best["stability"],
            **figures_of_best,
        )
        return {"title": title, "blocks": [paragraph(words), *_drawn(page, found)]}
    if found.clusters.k == 1:
        words = phrase(
            "No clear clusters. The best partition, into {k}, has a silhouette of {own:.2f}, more than the {twin:.2f} "
            "of data of the same spread without groups; but nothing parts its clusters: half-way between two of them "
            "customers stand {valley:.0%} as densely as beside. The border could run anywhere. Use the RFM classes as "
            "a convention, not as kinds that were found.",
            valley=best["valley"],
            **figures_of_best,
        )
        return {"title": title, "blocks": [paragraph(words), *_drawn(page, found)]}
    words = phrase(
        "{k} clear clusters: silhouette {own:.2f} against {twin:.2f} in data of the same spread without groups; the "
        "weakest keeps {stability:.0%} of its members when customers are resampled.",
        stability=best["stability"],
        **figures_of_best,
    )
    head = [phrase("Cluster"), phrase("Rule"), phrase("Customers"), phrase("Share under the rule who belong")]
    rows = [
        [str(r.segment), told(r.rule, ""), told(r.customers), told(r.precision, ".0%"), told(r.recall, ".0%")]
        for r in found.described.itertuples()
    ]
    return {
        "title": title,
        "blocks": [
            paragraph(words),
            table([*head, phrase("Share of it under the rule")], rows, 2),
            *page.few(found.described["customers"].isna().any()),
            *_drawn(page, found),
        ],
    }


def _drawn(page: Page, found: Groups) -> list[dict]:
    """Among how many customers groups were looked for, where not among all."""
    clusters, customers = found.clusters, len(found.clusters.labels)
    said = []
    if clusters.searched < customers:
        said.append(
            page.phrase(
                "Looked for among {n:,} of {of:,} customers, drawn at random.", n=clusters.searched, of=customers
            )
        )
    if clusters.k > 1 and clusters.learnt < customers:
        said.append(
            page.phrase(
                "The centres of the clusters were learnt from {n:,} of {of:,} customers, drawn at random; everybody "
                "belongs to the nearest one.",
                n=clusters.learnt,
                of=customers,
            )
        )
    return [note(" ".join(said))] if said else []
