"""What is to come and how customers feel: the report's sections on value, clusters and willingness to recommend.

Each function takes a page (its language, phrases and facts) and gives one section.
"""

import numpy as np
import pandas as pd

from course import nps, segment
from course.report import figures
from course.report.blocks import figure, money, note, paragraph, table
from course.report.words import class_label


def value_by_class(customers: pd.DataFrame) -> pd.DataFrame:
    """Expected value of next year in each RFM class, with a 95 % interval, and how few customers hold half of it.

    The interval treats customers as drawn one by one from a larger population (a compound Poisson sum, whose variance
    is the sum of squares) and takes the model's parameters as they are.

    Returns
    -------
    frame in the order of segment.CLASSES: rfm_class, customers, value, low, high (money), half (customers)
    """
    rows = []
    for name in segment.CLASSES.values():
        values = np.sort(customers.loc[customers["rfm_class"] == name, "expected_value"].to_numpy("float64"))[::-1]
        total, error = values.sum(), np.sqrt((values**2).sum())
        half = int(np.searchsorted(values.cumsum(), total / 2) + 1) if total > 0 else 0
        rows.append((name, len(values), total, max(0.0, total - 1.96 * error), total + 1.96 * error, half))
    return pd.DataFrame(rows, columns=["rfm_class", "customers", "value", "low", "high", "half"])


def value(page) -> dict:
    """What customers are expected to bring, by class, and how far to believe it."""
    phrase, forecast, worth = page.phrase, page.result.forecast, page.facts["worth"]
    labels = [class_label(c, page.lang) for c in worth["rfm_class"]]
    best = worth.loc[worth["value"].idxmax()]
    title = phrase(
        "{name} is expected to bring {value} of {total} next year",
        name=class_label(best["rfm_class"], page.lang),
        value=money(best["value"]),
        total=money(worth["value"].sum()),
    )
    alt = phrase("{title}. Bars: expected money of each class with its 95% interval; the table has it.", title=title)
    head = [phrase("RFM class"), phrase("Customers"), phrase("Expected value"), phrase("95% interval")]
    rows = [
        [label, f"{r.customers:,}", money(r.value), f"{money(r.low)} – {money(r.high)}", f"{r.half:,}"]
        for label, r in zip(labels, worth.itertuples(), strict=True)
    ]
    total = [phrase("all"), f"{worth['customers'].sum():,}", money(worth["value"].sum()), "–", "–"]
    return {
        "title": phrase("What is at stake next year"),
        "blocks": [
            figure(title, figures.expected_value(worth, labels, phrase, page.lang, alt)),
            table([*head, phrase("Customers who hold half")], rows, 1, total),
            note(
                phrase("{label}. Models: MBG/NBD for the purchases, Gamma-Gamma for the spend.", label=forecast.label)
            ),
            paragraph(phrase("How far to believe it:")),
            {"list": [sentence.say(page.lang) for sentence in forecast.notes]},
        ],
    }


def clusters(page) -> dict:
    """Whether clustering finds groups that are more than a cut through a crowd."""
    phrase, found = page.phrase, page.result.clusters
    evidence = found.evidence.set_index("k")
    best = evidence.loc[evidence["excess"].idxmax() if found.k == 1 else found.k]
    title = phrase("Are there natural groups?")
    figures_of_best = {"k": int(best.name), "own": best["silhouette"], "twin": best["twin_silhouette"]}
    if found.k == 1 and np.isnan(best["valley"]):
        words = phrase(
            "No clear clusters: in recency, frequency and money customers shade into one another. The best partition, "
            "into {k}, has a silhouette of {own:.2f}; data of the same spread without any groups reach {twin:.2f}. Use "
            "the RFM classes as a convention, not as kinds that were found.",
            **figures_of_best,
        )
        return {"title": title, "blocks": [paragraph(words)]}
    if found.k == 1:
        words = phrase(
            "No clear clusters. The best partition, into {k}, has a silhouette of {own:.2f}, more than the {twin:.2f} "
            "of data of the same spread without groups; but nothing parts its clusters: half-way between two of them "
            "customers stand {valley:.0%} as densely as beside. The border could run anywhere. Use the RFM classes as "
            "a convention, not as kinds that were found.",
            valley=best["valley"],
            **figures_of_best,
        )
        return {"title": title, "blocks": [paragraph(words)]}
    words = phrase(
        "{k} clear clusters: silhouette {own:.2f} against {twin:.2f} in data of the same spread without groups; the "
        "weakest keeps {stability:.0%} of its members when customers are resampled.",
        k=found.k,
        own=best["silhouette"],
        twin=best["twin_silhouette"],
        stability=best["stability"],
    )
    described = page.facts["clusters"]
    head = [phrase("Cluster"), phrase("Rule"), phrase("Customers"), phrase("Share under the rule who belong")]
    rows = [[str(r.segment), r.rule, f"{r.customers:,}", f"{r.precision:.0%}", f"{r.recall:.0%}"] for r in described]
    return {
        "title": title,
        "blocks": [paragraph(words), table([*head, phrase("Share of it under the rule")], rows, 2)],
    }


def foretelling(page) -> dict:
    """Whether the segments tell the time after them better than the figures they were made of."""
    phrase, found = page.phrase, page.result.foretelling
    r2 = found.worth.set_index("what")
    names = {"segments": phrase("the eight classes"), "features": phrase("the figures themselves (boosted trees)")}
    rows = [[name, f"{r2.loc[k, 'r2']:.2f}", f"± {1.96 * r2.loc[k, 'se']:.2f}"] for k, name in names.items()]
    added = {"recency_days": phrase("recency"), "frequency": phrase("frequency"), "monetary_net": phrase("money")}
    rows += [
        [
            phrase(
                "{n} {n:dimension|dimensions} in three steps, with {name} added", n=r.dimensions, name=added[r.added]
            ),
            f"{r.r2:.2f}",
            f"± {1.96 * r.se:.2f}",
        ]
        for r in found.dimensions.itertuples()
    ]
    head = [phrase("What is known on {split:%Y-%m-%d}", split=found.split), "R²", phrase("95% interval")]
    words = phrase(
        "R² of the logarithm of what each customer spent afterwards, on customers left out of the fit (five folds). "
        "Where the classes tell less than the figures they were made of, that is the price of their simplicity."
    )
    return {"title": phrase("Do the segments tell what comes next?"), "blocks": [table(head, rows), note(words)]}


def recommend(page) -> dict:
    """The 0–10 question: NPS with its interval, the shape behind it, waves, classes and drivers."""
    phrase, found = page.phrase, page.result.willingness
    counts = page.facts["scores"].value_counts().reindex(range(11), fill_value=0)
    title = phrase(
        "NPS {value:+.1f} (95% interval {low:+.1f} to {high:+.1f}, {n:,} answers)",
        value=found.score.value,
        low=found.score.low,
        high=found.score.high,
        n=found.score.n,
    )
    alt = phrase("{title}. Share of answers for each score from 0 to 10.", title=title)
    below = phrase("0–6 detractors, 7–8 passives, 9–10 promoters. Look at the shape before any single figure.")
    blocks = [figure(title, figures.survey_scores(counts, phrase, alt), below)]
    if found.weighted is not None:
        blocks.append(
            paragraph(
                phrase(
                    "With the survey's weights: {value:+.1f} (95% interval {low:+.1f} to {high:+.1f}).",
                    value=found.weighted.value,
                    low=found.weighted.low,
                    high=found.weighted.high,
                )
            )
        )
    head = [phrase("NPS"), phrase("95% interval"), phrase("Answers")]
    if found.by_class is not None:
        rows = [[class_label(r.rfm_class, page.lang), *_nps(r)] for r in found.by_class.itertuples()]
        blocks.append(table([phrase("RFM class"), *head], rows))
    if found.waves is not None:
        rows = [[str(r.wave), *_nps(r)] for r in found.waves.itertuples()]
        blocks.append(table([phrase("Wave"), *head], rows))
    if found.drivers is not None:
        blocks += _drivers(page, found.drivers)
    if found.themes is not None and len(found.themes):
        blocks += _themes(page, found.themes)
    if found.factors is not None:
        rows = [
            [name, ", ".join(items), "–" if np.isnan(alpha) else f"{alpha:.2f}"]
            for (name, items), alpha in zip(found.factors.items.items(), found.factors.reliability, strict=True)
        ]
        blocks.append(table([phrase("Factor"), phrase("Items"), phrase("Reliability (Cronbach's alpha)")], rows, 2))
    return {"title": phrase("Would they recommend us?"), "blocks": blocks}


def _themes(page, themes: pd.DataFrame) -> list[dict]:
    phrase, labels = page.phrase, nps.theme_labels()
    rows = [
        [
            labels[r.theme].say(page.lang) if r.theme in labels else str(r.theme),
            f"{r.mentions:,}",
            f"{r.negative_share:.0%} ({r.negative_low:.0%} – {r.negative_high:.0%})",
        ]
        for r in themes.sort_values(["mentions", "theme"], ascending=[False, True]).head(10).itertuples()
    ]
    head = [phrase("Theme of comments"), phrase("Mentions"), phrase("Negative, 95% interval")]
    return [table(head, rows), note(phrase("Read by word lists with negation; irony is not understood."))]


def _nps(row) -> list[str]:
    if not row.n:
        return ["–", "–", "0"]
    return [f"{row.value:+.1f}", f"{row.low:+.1f} – {row.high:+.1f}", f"{row.n:,}"]


def _drivers(page, drivers) -> list[dict]:
    phrase = page.phrase
    head = [phrase("Driver"), phrase("Share of what is explained"), phrase("Rank, 95% interval")]
    rows = [
        [
            r.driver,
            f"{r.importance:.0%}",
            f"{r.rank:.0f} ({r.rank_low:.0f} – {r.rank_high:.0f})",
            f"{r.beta:+.2f} ({r.beta_low:+.2f} – {r.beta_high:+.2f})",
        ]
        for r in drivers.table.itertuples()
    ]
    words = phrase(
        "The drivers explain {r2:.0%} of the differences in score ({n:,} complete answers). A share is what a driver "
        "predicts, not what it causes: one whose coefficient's interval holds zero may only travel with another.",
        r2=drivers.r2,
        n=drivers.n,
    )
    return [table([*head, phrase("Coefficient, 95% interval")], rows), note(words)]
