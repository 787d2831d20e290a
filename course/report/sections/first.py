"""The first screen: the day, the answer, a tile a question, what to do."""

import pandas as pd
from markupsafe import Markup

from course import clean, lifecycle
from course.collect.guards.unread import WARNING
from course.nps import Satisfaction
from course.report import draw, figures, format
from course.report.sections import Page, actions, nps, segment
from course.report.sections import clean as quality
from course.report.words import class_label
from course.workflow.steps.clv import Value
from course.workflow.steps.lifecycle import Lifecycle
from course.workflow.steps.nps import Willingness
from course.workflow.steps.segment import Segments


def screen(page: Page, keys: list[str]) -> dict:
    """What is seen first; `keys` are the questions that the page answers: a tile leads to its own."""
    found = page.result.found
    made = [(key, make(page, found[step])) for step, key, make in _TILES if step in found and key in keys]
    return {
        "dated": _dated(page),
        "headline": _headline(page),
        "warnings": _warnings(page),
        "misleading": [page.say(sentence) for sentence in page.result.misleading],
        "tiles": [tile | {"key": key} for key, tile in made if tile],
        "monday": actions.monday(page),
    }


def _warnings(page: Page) -> list[str]:
    """What has to be known before any figure: cells that no figure holds, sales that stand behind nobody."""
    unread = [page.say(note) for note in page.result.notes if note.message == WARNING]
    found = page.result.found
    return [*unread, *(quality.answers(page, found["clean"]) if "clean" in found else [])]


def nothing(page: Page) -> str:
    """What is said where no step has an answer."""
    return page.phrase(
        "{n:,} {n:customer|customers} are in the tables given; without orders nothing can be said of their value.",
        n=len(page.result.portraits),
    )


def _dated(page: Page) -> str:
    """The day, what the data cover, and what money is in."""
    phrase, result, currency = page.phrase, page.result, page.ledger["currency"]
    if result.as_of is None:
        return phrase("Without dates")
    parts = [phrase("As of {as_of}", as_of=page.day(result.as_of))]
    if "segment" in result.found:
        overview = result.found["segment"].overview
        parts.append(phrase("orders from {first}", first=page.day(overview["first_order"])))
        if currency:
            parts.append(phrase("amounts in {currency}", currency=format.currency_name(currency, page.lang)))
        else:
            parts.append(phrase("amounts in the export's currency"))
        if clean.refunds_read(result.tables["orders"]):
            parts.append(phrase("refunds taken off"))
    return " · ".join(parts)


def _headline(page: Page) -> str:
    """The answer in a sentence: who brings most, and how many fall silent."""
    found, phrase = page.result.found, page.phrase
    segments, standing = found.get("segment"), found.get("lifecycle")
    risk = None if standing is None else _at_risk(standing)
    top = segments.top if segments is not None and segments.shared else None
    if top is not None and top["money"] > 0:
        said = {
            "n": int(top["customers"]),
            "name": class_label(top["rfm_class"], page.lang),
            "people": top["share"],
            "share": top["money_share"],
        }
        if risk:
            return phrase(
                "{n:,} customers of the class “{name}”, {people:.0%} of all who bought, brought {share:.0%} of the "
                "money – and {risk:,} customers are at risk of leaving.",
                risk=risk,
                **said,
            )
        return phrase(
            "{n:,} customers of the class “{name}”, {people:.0%} of all who bought, brought {share:.0%} of the money.",
            **said,
        )
    lines = [
        line
        for step, answer in (("segment", segment.answers), ("nps", nps.answers))
        if step in found
        for line in answer(page, found[step])
    ]
    return lines[0] if lines else nothing(page)


def _at_risk(found: Lifecycle) -> int | None:
    """How many are at risk, where it is known how long a silence is normal; None where they are few."""
    risk = found.table.set_index("stage")["customers"].get("at_risk", 0)
    return None if found.limits["at_risk_days"].isna().any() or pd.isna(risk) else int(risk)


# --- tiles -----------------------------------------------------------------------------------------------------------


def _tile(asks: str, figure: str, unit: str, below: str = "", drawn: Markup | str = "", so: str = "") -> dict:
    return {"asks": asks, "figure": figure, "unit": unit, "below": below, "drawn": drawn, "so": so}


def _who(page: Page, found: Segments) -> dict:
    phrase, sizes, known = page.phrase, found.classes, page.ledger["customers"]
    drawn = ""
    if sizes["customers"].notna().all():
        ranked = sizes.sort_values(["share", "rfm_class"], ascending=[False, True])
        parts = [
            (class_label(r.rfm_class, page.lang), r.share, figures.tone(r.rfm_class), f"{r.share:.0%}")
            for r in ranked.itertuples()
        ]
        drawn = draw.stack(parts, phrase("Customers with orders by class"), most=3)
    spread = page.result.found.get("behaviour")
    so = ""
    if spread is not None and spread.concentration is not None:
        so = phrase("The best fifth of customers bring {share:.0%} of the money", share=spread.concentration.top_fifth)
    return _tile(
        phrase("Who are our customers?"),
        f"{found.overview['customers']:,}",
        phrase("{n:customer|customers} with orders", n=found.overview["customers"]),
        phrase("of {known:,} known at all", known=known) if known > found.overview["customers"] else "",
        drawn,
        so,
    )


def _worth(page: Page, found: Value) -> dict:
    phrase, total, segments = page.phrase, found.total, page.result.found["segment"]
    sales, so, drawn = segments.months, "", ""
    if len(sales) > 1:
        best = segments.best_month
        drawn = draw.spark(sales["money"].tolist(), (~sales["complete"]).tolist(), phrase("Net money a month"))
        so = phrase(
            "The best month was {month}, with {money}",
            month=page.month(best["month"]),
            money=page.counted(best["money"]),
        )
    if total.low is None:
        low, high = found.outlook.range
        below = phrase("no interval; forecasts tried: {range}", range=page.money_range(low, high))
    else:
        below = phrase("95% interval {range}", range=page.money_range(total.low, total.high))
    unit = phrase("expected, next {weeks} {weeks:week|weeks}", weeks=found.outlook.weeks)
    return _tile(phrase("What are they worth?"), page.money(total.value), unit, below, drawn, so)


def _leaving(page: Page, found: Lifecycle) -> dict | None:
    phrase, risk = page.phrase, _at_risk(found)
    if risk is None:
        return None
    rows = found.table.set_index("stage")
    told = rows.index[rows["customers"].notna()]  # of a few people nothing is told
    bought = [s for s in lifecycle.STAGES if s in told and s != "prospect"]
    lost = rows["customers"].get("lost", 0)
    parts = [
        (
            lifecycle.STAGES[s].say(page.lang),
            rows.loc[s, "customers"],
            figures.tone(s),
            f"{rows.loc[s, 'customers']:,.0f}",
        )
        for s in bought
    ]
    expected = rows["expected"].get("at_risk")
    so = ""
    if risk and expected is not None and expected == expected:
        so = phrase("{money} is still expected from those at risk", money=page.money(expected))
    return _tile(
        phrase("Who is leaving?"),
        f"{risk:,}",
        phrase("at risk"),
        "" if pd.isna(lost) else phrase("and {n:,} {n:counts|count} as lost", n=int(lost)),
        draw.stack(parts, phrase("Customers with orders by stage of life")),
        so,
    )


def _best(page: Page, one: Satisfaction) -> str:
    named = {"top": one.top, "least": one.least, "most": one.most}
    if one.top == one.most:
        return page.phrase("{top} on a scale from {least} to {most}", **named)
    return page.phrase("{top} and better on a scale from {least} to {most}", **named)


def _say(page: Page, found: Willingness) -> dict | None:
    phrase = page.phrase
    if found.score is None:
        if not found.satisfaction:
            return None
        one = found.satisfaction[0]
        return _tile(
            phrase("What do they say?"),
            f"{one.share:.0%}",
            phrase("of {n:,} {n:answer|answers}", n=one.n),
            _best(page, one),
            "",
            phrase("95% interval {low:.0%}–{high:.0%}", low=one.share_low, high=one.share_high),
        )
    score, shares = found.score, found.shares
    names = {
        "promoters": (phrase("promoters 9–10"), "green"),
        "passives": (phrase("passives 7–8"), "grey-pale"),
        "detractors": (phrase("detractors 0–6"), "red"),
    }
    parts = [(name, shares[key], tone, f"{shares[key]:.0%}") for key, (name, tone) in names.items()] if shares else []
    so = ""
    if found.drivers is not None:
        driver = nps.about(page, found.drivers.table.iloc[0]["driver"])
        so = phrase("“{driver}” goes with the score most", driver=driver)
    return _tile(
        phrase("What do they say?"),
        format.minus(f"NPS {score.value:+.0f}"),
        phrase("of {n:,} {n:answer|answers}", n=score.n),
        phrase("95% interval {low:+.0f} to {high:+.0f}", low=score.low, high=score.high),
        draw.stack(parts, phrase("Answers by kind")) if parts else "",
        so,
    )


_TILES = (
    ("segment", "who", _who),
    ("clv", "worth", _worth),
    ("lifecycle", "leaving", _leaving),
    ("nps", "say", _say),
)
