"""The eight classes, what the scores mean, how sales went."""

import pandas as pd

from course import clean
from course.report import figures
from course.report.blocks import figure, full, grid, paragraph, table
from course.report.format import span, told
from course.report.sections import Page
from course.report.words import class_alias, class_label
from course.workflow.steps.segment import Segments


def answers(page: Page, found: Segments) -> list[str]:
    """How many customers bought for how much, and the class that brings most."""
    overview, top = found.overview, found.top
    bought = {"n": overview["customers"], "money": page.counted(overview["money"])}
    bought |= {"first": page.day(overview["first_order"]), "as_of": page.day(page.result.as_of)}
    if bought["first"] == bought["as_of"]:
        said = page.phrase("{n:,} {n:customer|customers} bought for {money}, all of them on {as_of}.", **bought)
    elif clean.refunds_read(page.result.tables["orders"]):
        said = page.phrase(
            "{n:,} {n:customer|customers} bought for {money} net of refunds from {first} to {as_of}.", **bought
        )
    else:
        said = page.phrase(
            "{n:,} {n:customer|customers} bought for {money} from {first} to {as_of}; refunds are not in this file.",
            **bought,
        )
    lines = [said]
    if top is not None and top["money"] > 0 and found.shared:
        lines.append(
            page.phrase(
                "“{name}” is {people:.0%} of customers and {share:.0%} of the money (95% interval "
                "{low:.0%}–{high:.0%}).",
                name=class_label(top["rfm_class"], page.lang),
                people=top["share"],
                share=top["money_share"],
                low=top["low"],
                high=top["high"],
            )
        )
    return lines


def so_far(page: Page, found: Segments) -> list[str]:
    """What the median customer brought, where nothing can be said of what will come."""
    if {"clv", "total"} & set(page.result.found):
        return []
    return [
        page.phrase(
            "The median customer has brought {m} so far; what customers will bring cannot be told from these orders.",
            m=page.counted(found.cuts["m"]),
        )
    ]


def kinds(page: Page, found: Segments) -> list[str]:
    """The same, the class first."""
    return answers(page, found)[::-1]


def classes(page: Page, found: Segments) -> dict:
    """Customers and money of each class."""
    phrase, sizes = page.phrase, found.classes
    labels = [class_label(c, page.lang) for c in sizes["rfm_class"]]
    head = [phrase("RFM class"), phrase("Customers"), phrase("Share")]
    head += [phrase("Share of money (pale: of customers)"), phrase("Share of money"), phrase("95% interval")]
    head += [phrase("Money (net)"), phrase("Median recency, days")]
    rows = [
        [
            label,
            told(r.customers),
            told(r.share, ".1%"),
            bar,
            told(r.money_share, ".1%"),
            span(r.low, r.high, "{:.1%}".format),
            page.counted(r.money),
            told(r.median_recency, ".0f"),
        ]
        for label, bar, r in zip(labels, figures.classes(sizes), sizes.itertuples(), strict=True)
    ]
    overview = found.overview
    total = [phrase("all"), f"{overview['customers']:,}", "100%", "", "100%", "–", page.counted(overview["money"])]
    total.append(f"{overview['median_recency']:.0f}")
    below = phrase("Thin lines: 95% intervals of the share of money, the cuts between classes taken as they are.")
    title = "" if found.top is None else _title(page, found)
    blocks = [
        table(head, rows, 1, total, title=title, below=below if found.shared else ""),
        *page.few(sizes["customers"].isna().any()),
    ]
    if not sizes["customers"].fillna(0).any():  # a table of dashes says less
        few = phrase("No class is told: each is of fewer than ten people, or would tell of one that is.")
        blocks = [paragraph(few)]
        return {"title": phrase("Which kinds of customers there are"), "blocks": blocks}
    return {
        "title": phrase("Which kinds of customers there are"),
        "blocks": blocks,
        "evidence": [
            paragraph(_rule(page, found)),
            table(
                [phrase("RFM class"), phrase("Elsewhere called")],
                [[label, class_alias(c, page.lang)] for label, c in zip(labels, sizes["rfm_class"], strict=True)],
                2,
            ),
            paragraph(
                phrase(
                    "Cut at the mean instead of the median, {share:.0%} of customers would be in another class: "
                    "say which cut when you compare.",
                    share=found.moved,
                )
            ),
        ],
    }


def _title(page: Page, found: Segments) -> str:
    """The class that brought most; where few customers hold the money, the largest."""
    top = found.top if found.shared else found.classes.loc[found.classes["customers"].idxmax()]
    name = class_label(top["rfm_class"], page.lang)
    if not found.shared:
        return page.phrase("{name}: {people:.0%} of customers", name=name, people=top["share"])
    return page.phrase(
        "{name}: {people:.0%} of customers, {share:.0%} of the money",
        name=name,
        people=top["share"],
        share=top["money_share"],
    )


def _rule(page: Page, found: Segments) -> str:
    """What makes a class, and where the data leave a dimension nothing to tell."""
    phrase, cuts = page.phrase, found.cuts
    said = [
        phrase(
            "Important: net money strictly above the median of {m}. Value: recent and frequent; develop: recent only; "
            "keep: frequent only; win back: neither.",
            m=full(cuts["m"]),
        )
    ]
    # A cut beside the median: the median is the best value that anybody has, and counts as high (segment.cuts).
    days, times = found.overview["median_recency"], found.overview["median_frequency"]
    if cuts["r"] == days:
        said.append(phrase("Recent is strictly fewer than the median of {r:.0f} days.", r=days))
    else:
        said.append(phrase("Recent is the median of {r:.0f} days itself: nobody bought later.", r=days))
    if cuts["f"] == times:
        said.append(phrase("Frequent is strictly more orders than the median of {f:g}.", f=times))
    else:
        said.append(phrase("Frequent is the median of {f:g} orders itself: nobody has more.", f=times))
    names = {"r": phrase("recency"), "f": phrase("frequency"), "m": phrase("money")}
    for name in found.alike:
        what = names[name]
        said.append(phrase("All customers are alike in {what}: it parts nobody, and no class says it.", what=what))
    return " ".join(said)


def scores(page: Page, found: Segments) -> dict | None:
    """How many customers have which scores, and what a score means; nothing where no score is told."""
    if not found.thresholds["customers"].fillna(0).any():
        return None
    phrase = page.phrase
    names = {"r": phrase("Recency, days"), "f": phrase("Frequency, orders"), "m": phrase("Money (net)")}
    rows = []
    for r in found.thresholds.itertuples():
        form = full if r.dimension == "m" else "{:,.0f}".format
        rows.append([names[r.dimension], str(r.score), span(r.lowest, r.highest, form), told(r.customers)])
    title = phrase("How many customers have which scores")
    if found.best is not None:
        title = phrase("{n:,} {n:customer is|customers are} at the top in both recency and frequency", n=found.best)
    below = phrase("An empty row or column is a score that ties leave to nobody: equal customers get equal scores.")
    counts = figures.score_grid(found.pairs)
    most = max(pd.Series(counts.ravel()).max(), 1)
    cells = [[(told(n), 0 if pd.isna(n) else n / most) for n in row] for row in counts]
    head = [phrase("Dimension"), phrase("Score"), phrase("From – to"), phrase("Customers")]
    return {
        "title": phrase("What the scores mean"),
        "blocks": [
            grid(title, below, phrase("F score (5: most orders)"), phrase("R score (5: most recent)"), cells),
            table(head, rows),
            *page.few(pd.concat([found.thresholds["customers"], found.pairs["customers"]]).isna().any()),
        ],
    }


def months(page: Page, found: Segments) -> dict:
    """Net money a month."""
    phrase, sales, best = page.phrase, found.months, found.best_month
    title = phrase("How sales went")
    if len(sales) < 2:
        return {"title": title, "blocks": [paragraph(phrase("All orders are of one month."))]}
    if sales["complete"].sum() > 1:
        message = phrase(
            "The best month was {month}, with {money}",
            month=page.month(best["month"]),
            money=page.counted(best["money"]),
        )
    else:
        message = phrase("Money by month; fewer than two months are whole")
    alt = phrase("{title}. Bars: net money of each month.", title=message)
    below = [phrase("Net money a month")]
    below += [phrase("grey: a month that the data cover only in part")] if not sales["complete"].all() else []
    drawn = figures.months(sales, best, page.lang, page.counted(best["money"]), alt)
    return {"title": title, "blocks": [figure(message, drawn, " · ".join(below))], "half": True}
