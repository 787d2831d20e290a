"""What customers buy, how money is spread, whether they return, what is bought together."""

import pandas as pd

from course import behaviour
from course.report import figures
from course.report.blocks import figure, note, paragraph, table
from course.report.format import minus
from course.report.sections import Page
from course.workflow.steps.behaviour import Behaviour

#: Of fewer customers the interval of the Gini coefficient is too narrow where a few of them hold much of the money: of
#: 300 customers it holds the truth in 84 to 89 of 100 companies, of 1,500 in 89 to 93.
_MANY = 1_000


def answers(page: Page, found: Behaviour) -> list[str]:
    """What is bought together more often than chance has it, or what has gained."""
    if found.shift is not None and len(moved := found.shift.base[found.shift.base["shifted"]]):
        most = moved.sort_values(["shift", "category"], ascending=[False, True]).iloc[0]
        if most["shift"] > 0:
            return [
                page.phrase(
                    "“{category}” has gained most: from {before:.1%} to {after:.1%} of what is chosen",
                    category=page.value("top_category", most["category"]),
                    before=most["share_before"],
                    after=most["share_after"],
                )
            ]
    if found.pairs is not None and len(found.pairs):
        most = found.pairs.iloc[0]
        first, second = (page.value("product", most[name]) for name in _pair(found.pairs))
        return [
            page.phrase(
                "“{first}” and “{second}” are bought together most: in {together:,} orders, {ratio:.1f} times as often "
                "as chance has it",
                first=first,
                second=second,
                together=most["together"],
                ratio=most["ratio"],
            )
        ]
    return []


def spread(page: Page, found: Behaviour) -> dict | None:
    """How money is spread over customers."""
    if found.concentration is None:
        return None
    return {
        "title": page.phrase("How money is spread"),
        "blocks": _concentration(page, found.concentration),
        "half": True,
    }


def returning(page: Page, found: Behaviour) -> dict | None:
    """Whether new customers return."""
    if found.retention is None or found.retention.empty:
        return None
    return {
        "title": page.phrase("Whether new customers return"),
        "blocks": _retention(page, found.retention),
        "half": True,
    }


def doings(page: Page, found: Behaviour) -> dict | None:
    """What customers buy, what is bought together, what they go over to."""
    phrase = page.phrase
    blocks, evidence = [], []
    if found.shift is not None:
        blocks += _shift(page, found)
    if found.pairs is not None:
        blocks += _pairs(page, found)
    if found.recommender is not None:
        evidence.append(paragraph(_recommended(page, found.recommender)))
        if (all_of := found.recommender.drawn_of) is not None:
            judged = int(found.recommender.results["customers"].max())
            said = phrase("They were judged on {n:,} customers, drawn from {of:,}.", n=judged, of=all_of)
            evidence.append(paragraph(said))
    if found.promotion is not None:
        evidence.append(paragraph(_promotion(page, found.promotion)))
    if not blocks and not evidence:
        return None
    return {"title": phrase("What customers do"), "blocks": blocks, "evidence": evidence}


def _concentration(page: Page, found: behaviour.Pareto) -> list[dict]:
    phrase = page.phrase
    title = phrase("The best fifth of customers bring {share:.0%} of the money", share=found.top_fifth)
    alt = phrase("{title}. Lorenz curve: share of money by share of customers, best first.", title=title)
    below = phrase("Gini coefficient {value:.2f}; 0 would be all equal.", value=found.gini.value)
    if found.gini.n >= _MANY:
        below = phrase(
            "Gini coefficient {value:.2f} (95% interval {low:.2f}–{high:.2f}); 0 would be all equal.",
            value=found.gini.value,
            low=found.gini.low,
            high=found.gini.high,
        )
    return [figure(title, figures.lorenz(found.lorenz, phrase, alt), below)]


def _retention(page: Page, pooled: pd.DataFrame) -> list[dict]:
    phrase = page.phrase
    first = pooled.iloc[0]
    title = phrase(
        "Of new customers {share:.0%} (95% interval {low:.0%}–{high:.0%}) buy again in the month after their first",
        share=first["retention"],
        low=first["low"],
        high=first["high"],
    )
    alt = phrase("{title}. Line: share who buy in each later month, all cohorts together.", title=title)
    below = phrase("Without the first month's cohort, which holds everybody who was there before the data begin.")
    return [figure(title, figures.retention(pooled, phrase, alt), below)]


def _pairs(page: Page, found: Behaviour) -> list[dict]:
    phrase, pairs = page.phrase, found.pairs
    if pairs.empty:
        return [paragraph(phrase("No two products are bought together more often than chance has it."))]
    named = _pair(pairs)
    rows = [
        [
            page.value("product", getattr(r, named[0])),
            page.value("product", getattr(r, named[1])),
            f"{r.together:,}",
            f"{r.expected:,.1f}",
            f"{r.ratio:.1f}",
        ]
        for r in pairs.itertuples()
    ]
    head = [phrase("Product"), phrase("bought together with"), phrase("Orders with both"), phrase("Expected")]
    words = phrase(
        "The {shown} pairs that occur most of {n:,} that are together more often than their frequency and the size of "
        "orders explain (false discoveries held at 5%).",
        shown=len(rows),
        n=found.pairs_together,
    )
    return [table([*head, phrase("times")], rows, 2), note(words)]


def _pair(pairs: pd.DataFrame) -> tuple[str, str]:
    """The columns that say what is bought together: names where there are any."""
    return ("name_a", "name_b") if "name_a" in pairs else ("product_a", "product_b")


def _recommended(page: Page, found: behaviour.RecommendHoldout) -> str:
    row = found.results.set_index(["goods", "measure"]).loc[("new", "hit")]
    better = page.phrase("better than") if row["better"] else page.phrase("not shown to be better than")
    return page.phrase(
        "Recommendations: of ten products new to the customer, chosen by what was bought with what, at least one was "
        "bought later by {own:.0%} of {n:,} customers; of the ten most popular by {popular:.0%}. Item by item is "
        "{better} popularity ({difference:+.1%}, 95% interval {low:+.1%} to {high:+.1%}).",
        own=row["item_item"],
        popular=row["popularity"],
        n=int(row["customers"]),
        better=better,
        difference=row["difference"],
        low=row["low"],
        high=row["high"],
    )


def _shift(page: Page, found: Behaviour) -> list[dict]:
    phrase, base = page.phrase, found.shift.base
    rows = [
        [
            page.value("top_category", r.category),
            f"{r.share_before:.1%}",
            f"{r.share_after:.1%}",
            minus(f"{100 * r.shift:+.1f} ({100 * r.low:+.1f} – {100 * r.high:+.1f})"),
            phrase("yes") if r.shifted else phrase("no"),
        ]
        for r in base.sort_values("shift", ascending=False, kind="stable").itertuples()
    ]
    rows = rows if len(rows) <= 10 else rows[:5] + rows[-5:]
    head = [phrase("Category"), phrase("Share before"), phrase("Share after"), phrase("Change, points (95% interval)")]
    words = phrase(
        "Shares of choices before and after {split}. Of the customers with orders on both sides {n:,} have "
        "turned to other categories, beyond what everybody did and chance.",
        split=page.day(found.split),
        n=found.shifted,
    )
    blocks = [table([*head, phrase("Beyond chance")], rows), note(words)]
    if found.shift.fitted < len(found.shift.customers):
        said = phrase(
            "The model of tastes was fitted on {n:,} of {of:,} customers, drawn at random; everybody is judged by it.",
            n=found.shift.fitted,
            of=len(found.shift.customers),
        )
        blocks.append(note(said))
    return blocks


def _promotion(page: Page, found: dict) -> str:
    return page.phrase(
        "Price: {sure:,} of {n:,} customers buy faster under promotion than without beyond chance, for the days of "
        "each; the median ratio is {ratio:.2f}. The share of discounted orders would have told who was offered more.",
        sure=found["beyond_chance"],
        n=found["customers"],
        ratio=found["median_ratio"],
    )
