"""Where customers stand, how they move, who may fall silent next."""

import pandas as pd

from course import lifecycle
from course.report import figures
from course.report.blocks import figure, items, legend, note, paragraph, table
from course.report.format import minus, span, told
from course.report.sections import Page
from course.workflow.steps.lifecycle import Lifecycle


def answers(page: Page, found: Lifecycle) -> list[str]:
    """How many are at risk and lost, and the move that is worth most."""
    # How long a silence is normal is not known: nobody is called at risk or lost, and no money silent.
    if found.limits["at_risk_days"].isna().any():
        return []
    lines = _silent(page, found)
    return lines if found.links is None or found.links.empty else [*lines, _best_link(page, found.links.iloc[0])]


def _silent(page: Page, found: Lifecycle) -> list[str]:
    """Who is at risk and who is lost; where one of them is a few people, the other alone."""
    counts = found.table.set_index("stage")["customers"]
    if not {"at_risk", "lost"} & set(counts.index):
        return [page.phrase("No customer has been silent for longer than is normal for them.")]
    if found.silent_money_share is None:
        risk = counts.get("at_risk", 0)
        return [] if pd.isna(risk) or not risk else [_at_risk(page, found, int(risk))]
    said = {
        "risk": int(counts.get("at_risk", 0)),
        "lost": int(counts.get("lost", 0)),
        "share": found.silent_money_share,
    }
    if found.warning is None and found.chance is None:
        line = page.phrase(
            "{risk:,} {risk:customer is|customers are} silent for longer than is normal for them (at risk), {lost:,} "
            "for so long that they count as lost; together they brought {share:.0%} of the money.",
            **said,
        )
    else:
        line = page.phrase(
            "{risk:,} {risk:customer is|customers are} at risk: silent for longer than is normal for them, and "
            "likelier to stay so than to order. {lost:,} {lost:has|have} been silent for so long that they count as "
            "lost. Together they brought {share:.0%} of the money.",
            **said,
        )
    return [line]


def _at_risk(page: Page, found: Lifecycle, risk: int) -> str:
    if found.warning is None and found.chance is None:
        return page.phrase(
            "{risk:,} {risk:customer is|customers are} silent for longer than is normal for them (at risk).", risk=risk
        )
    return page.phrase(
        "{risk:,} {risk:customer is|customers are} at risk: silent for longer than is normal for them, and likelier to "
        "stay so than to order.",
        risk=risk,
    )


def _best_link(page: Page, best: pd.Series) -> str:
    more = page.phrase("more often") if best["change"] > 0 else page.phrase("less often")
    return page.phrase(
        "The move worth most is from “{start}” to “{end}” (now {rate:.1%} a month): if it came a tenth {more}, for "
        "good, that would be worth {worth} a year with today's customers.",
        start=lifecycle.STAGES[best["from_stage"]].say(page.lang),
        end=lifecycle.STAGES[best["to_stage"]].say(page.lang),
        rate=best["rate"],
        more=more,
        worth=page.money(best["worth_a_year"]),
    )


def stages(page: Page, found: Lifecycle) -> dict:
    """How many customers are in which stage of life, and how long a silence is normal."""
    phrase, counted = page.phrase, found.table
    labels = [lifecycle.STAGES[s].say(page.lang) for s in counted["stage"]]
    with_value = counted["expected"].notna().any()
    head = [phrase("Stage of life"), "", phrase("Customers"), phrase("Share"), phrase("Money (net)")]
    rows = [
        [
            label,
            bar,
            told(r.customers),
            "" if r.stage == "prospect" else told(r.share, ".1%"),
            page.money(r.money),
            *([page.money(r.expected)] if with_value else []),
        ]
        for label, bar, r in zip(labels, figures.stages(counted), counted.itertuples(), strict=True)
    ]
    head += [phrase("Expected value")] if with_value else []
    limits = [
        [str(r.band), _days(r.at_risk_days), _days(r.lost_days), f"{r.comes_back:.0%}", f"{r.gaps:,}"]
        for r in found.limits.itertuples()
        if r.gaps and not pd.isna(r.at_risk_days)
    ]
    limit_head = [phrase("Order days so far"), phrase("At risk after, days"), phrase("Lost after, days")]
    limit_head += [phrase("Come back at all"), phrase("Gaps seen")]
    blocks = [
        table(head, rows, title="" if counted["share"].isna().all() else _title(page, counted)),
        *page.few(counted["customers"].isna().any()),
        *_base(page, counted),
    ]
    if not counted["customers"].fillna(0).any():  # a table of dashes says less
        few = phrase("No stage is told: each is of fewer than ten people, or would tell of one that is.")
        blocks = [paragraph(few)]
    return {
        "title": phrase("Where customers stand"),
        "blocks": blocks,
        "evidence": [
            items([page.say(sentence) for sentence in found.explained]),
            *([table(limit_head, limits)] if limits else []),
            *_chance(page, found),
        ],
    }


def _chance(page: Page, found: Lifecycle) -> list[dict]:
    """Whether the chance of an order, by which customers' stories go, was right."""
    if found.chance is None:
        return []
    phrase, days, then = page.phrase, found.chance.days, found.chance_by_stage
    head = [phrase("Stage of life then"), phrase("Customers"), phrase("Expected to buy")]
    head += [phrase("Bought within {days} days", days=days), phrase("95% interval")]
    rows = [
        [
            lifecycle.STAGES[r.stage].say(page.lang),
            told(r.customers),
            told(r.forecast, ".0%"),
            told(r.bought, ".0%"),
            span(r.low, r.high, "{:.0%}".format),
        ]
        for r in then.itertuples()
    ]
    lines = items([page.say(sentence) for sentence in found.chance.report()])
    return [lines, table(head, rows), *page.few(then["customers"].isna().any())]


def _title(page: Page, counted: pd.DataFrame) -> str:
    largest = counted.loc[counted["share"].idxmax()]
    return page.phrase(
        "{share:.0%} of customers are in the stage “{stage}”",
        share=largest["share"],
        stage=lifecycle.STAGES[largest["stage"]].say(page.lang),
    )


def _base(page: Page, counted: pd.DataFrame) -> list[dict]:
    """What the shares are of, where somebody who is known has not ordered."""
    prospects = counted.loc[counted["stage"] == "prospect", "customers"]
    if prospects.empty:
        return []
    if prospects.isna().any():
        return [note(page.phrase("Shares are of customers who have ordered; prospects have not, and have no share."))]
    words = page.phrase(
        "Shares are of customers who have ordered, as those of the RFM classes are; the {n:,} {n:prospect "
        "has|prospects have} not, and no share.",
        n=int(prospects.iloc[0]),
    )
    return [note(words)]


def _days(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:,.0f}"


def movement(page: Page, found: Lifecycle) -> dict | None:
    """New, returning, resurrecting and dormant by month, and how many come back anyway."""
    blocks = []
    whole = found.periods.dropna(subset=[*lifecycle.STATES, "active"])  # the months of which everything is told
    if len(found.periods) > 1 and len(whole):
        blocks += _months(page, found.periods, whole.iloc[-1], found.fell_silent)
        if len(whole) < len(found.periods):
            blocks.append(
                note(page.phrase("Bars of fewer than ten people, and what would tell of them, are not drawn."))
            )
    if found.returns is not None:
        blocks.append(note(_returns(page, found.returns)))
    return {"title": page.phrase("How customers move"), "blocks": blocks, "half": True} if blocks else None


def moves(page: Page, found: Lifecycle) -> dict | None:
    """The moves between stages that are worth most."""
    if found.links is None or found.links.empty:
        return None
    return {"title": page.phrase("What a move is worth"), "blocks": _links(page, found.links)}


def _months(page: Page, periods: pd.DataFrame, last: pd.Series, silent: dict | None) -> list[dict]:
    phrase = page.phrase
    title = phrase(
        "In {month} {active:,} customers bought: {new:,} new, {back:,} back after a pause; {gone:,} of the "
        "month before fell silent",
        month=page.month(last["period"]),
        active=int(last["active"]),
        new=int(last["new"]),
        back=int(last["resurrecting"]),
        gone=int(last["dormant"]),
    )
    alt = phrase("{title}. Bars: customers of each state by month.", title=title)
    names = {s: label.say(page.lang) for s, label in lifecycle.STATES.items()}
    drawn = figures.states(periods, page.lang, alt)
    below = [phrase("Below the line: customers who bought the month before and not in this one.")]
    if silent is not None:
        below.append(
            phrase(
                "In the last month they are {share:.0%} of the month before; in the {months} months before it the "
                "median is {usual:.0%}.",
                **silent,
            )
        )
    return [figure(title, drawn, page.joined(below)), legend([(figures.STATES[s], names[s]) for s in names])]


def _links(page: Page, links: pd.DataFrame) -> list[dict]:
    phrase = page.phrase
    rows = [
        [
            lifecycle.STAGES[r.from_stage].say(page.lang),
            lifecycle.STAGES[r.to_stage].say(page.lang),
            f"{r.rate:.1%} ({r.low:.1%} – {r.high:.1%})",
            minus(f"{100 * r.change:+.1f}"),
            told(r.customers),
            page.money(r.worth_a_year),
        ]
        for r in links.itertuples()
    ]
    head = [phrase("From"), phrase("To"), phrase("A month, 95% interval"), phrase("Change, points")]
    words = phrase(
        "Worth: the income a year, at 10%, of a rate that changes by a tenth of itself for good, with the customers of "
        "today. "
        "What would bring it about, and at what cost, these data do not say."
    )
    return [table([*head, phrase("Customers in “from”"), phrase("Worth a year")], rows, 2), note(words)]


def _returns(page: Page, returns: pd.DataFrame) -> str:
    """What happens when nothing is done: the yardstick of every win-back campaign."""
    groups = returns.set_index("group")
    silent = groups.loc["silent"]
    if "top" not in groups.index:
        return page.phrase(
            "A yardstick: of {silent:,} customers silent for 90 days {back:.0%} ({low:.0%}–{high:.0%}) bought in the "
            "next 90, whatever was done. A campaign has to beat that, shown by customers left out of it.",
            silent=int(silent["customers"]),
            back=silent["bought"],
            low=silent["bought_low"],
            high=silent["bought_high"],
        )
    change = groups.loc["top", "change"]
    return page.phrase(
        "A yardstick: of {silent:,} customers silent for 90 days {back:.0%} ({low:.0%}–{high:.0%}) bought in the next "
        "90, whatever was done; the tenth of buyers who had spent most spent {change:.0%} {more} then. A campaign has "
        "to beat that, shown by customers left out of it.",
        silent=int(silent["customers"]),
        back=silent["bought"],
        low=silent["bought_low"],
        high=silent["bought_high"],
        change=abs(change),
        more=page.phrase("less") if change < 0 else page.phrase("more"),
    )


def warning(page: Page, found: Lifecycle) -> dict | None:
    """Whom to contact before they fall silent, and what such a list was worth on time it had not seen."""
    if found.warning is None:
        return None
    phrase, first = page.phrase, found.warning.alerts.iloc[0]
    title = phrase(
        "Of {n:,} alerts {precision:.0%} were right; whoever is drawn at random falls silent in {base:.0%} of cases",
        n=int(first["alerts"]),
        precision=first["precision"],
        base=found.warning.base_rate,
    )
    alt = phrase("{title}. Dots: share that fell silent by forecast risk, with 95% intervals.", title=title)
    lines = [*found.warning.report(), *([] if found.complaints is None else found.complaints.report())]
    return {
        "title": phrase("Who may fall silent next"),
        "blocks": [
            figure(title, figures.calibration(found.calibration, phrase, alt)),
            items([page.say(sentence) for sentence in lines]),
        ],
    }
