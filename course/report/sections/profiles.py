"""A portrait of each class: what it is worth, where it stands, how it feels, what sets it apart, what to do."""

import pandas as pd

from course import lifecycle, portrait
from course.labels import Value
from course.report import draw, figures, format
from course.report.blocks import note, table
from course.report.sections import Page
from course.report.words import class_alias, class_label
from course.workflow.steps.profiles import Profile, Profiles

#: Values of a column that a portrait draws; all of them are in the table beneath it.
_DRAWN = 6
#: Differences that its sentence names.
_NAMED = 3
#: Who they are, and what they buy: the columns of the two sides.
_SIDES = (("age_band", "gender", "city", "income"), ("top_category", "main_channel"))


def portraits(page: Page, found: Profiles) -> dict:
    """A portrait a class."""
    words = page.phrase(
        "Bars: share within the class; the tick: share of everybody. Bold: more or less frequent than among everybody "
        "beyond chance, all comparisons together, and by a fifth or more (TGI: everybody is 100)."
    )
    shown = [_portrait(page, one) for one in found.classes]
    compared = any(any(one["sides"]) for one in shown)
    blocks = [*([note(words)] if compared else []), {"portraits": shown}]
    return {"title": page.phrase("Portraits of the classes"), "blocks": blocks}


def _portrait(page: Page, one: Profile) -> dict:
    phrase, cells = page.phrase, {}
    for cell in one.cells.itertuples():
        cells.setdefault(cell.column, []).append(cell)
    cells = {c: rows for c, rows in cells.items() if any(not pd.isna(r.share) and not pd.isna(r.value) for r in rows)}
    return {
        "key": one.rfm_class,
        "tone": figures.tone(one.rfm_class),
        "name": class_label(one.rfm_class, page.lang),
        "alias": class_alias(one.rfm_class, page.lang),
        "sizes": [
            (f"{one.customers:,}", phrase("{n:customer|customers}", n=one.customers)),
            (f"{one.share:.0%}", phrase("of those who bought")),
            (f"{one.money_share:.0%}", phrase("of the money")),
        ],
        "sentence": _sentence(page, one),
        "facts": _facts(page, one),
        "stages": _stages(page, one),
        "mood": _mood(page, one),
        "sides": [[_column(page, cells[c]) for c in side if c in cells] for side in _SIDES],
        "do": page.say(one.do),
        "words": {
            "stage": phrase("Stage of life"),
            "mood": phrase("Mood"),
            "do": phrase("Do"),
            "explore": phrase("open the list"),
            "rests": phrase("What this rests on"),
        },
        "rests": _rests(page, one),
    }


def _sentence(page: Page, one: Profile) -> str:
    """What sets the class apart, the surest differences first."""
    more, less = (_differences(page, one.apart(which)) for which in ("more", "less"))
    if more and less:
        return page.phrase("More often than elsewhere: {more}. Less often: {less}.", more=more, less=less)
    if more:
        return page.phrase("More often than elsewhere: {more}.", more=more)
    if less:
        return page.phrase("Less often than elsewhere: {less}.", less=less)
    told = one.cells.dropna(subset=["in_group"])["column"].unique()
    if not len(told):  # nothing was compared
        return ""
    between = "、" if page.lang == "zh" else ", "
    names = between.join(portrait.column_label(c).say(page.lang) for c in told)
    return page.phrase("Nothing sets them apart beyond chance in: {columns}.", columns=names)


def _differences(page: Page, cells: pd.DataFrame) -> str:
    between = "、" if page.lang == "zh" else ", "
    return between.join(
        page.phrase("{value} (TGI {tgi:.0f})", value=Value(r.column, r.value), tgi=r.tgi)
        for r in cells.head(_NAMED).itertuples()
    )


def _facts(page: Page, one: Profile) -> list[dict]:
    """The middle half of the measures, and what is expected of all of them."""
    phrase = page.phrase
    names = {
        "monetary_net": (phrase("spent so far"), page.money, page.money_range),
        "expected_value": (phrase("expected from each"), page.money, page.money_range),
        "frequency": (phrase("orders"), _number, _numbers),
        "recency_days": (phrase("days since the last"), "{:,.0f}".format, "{:,.0f}–{:,.0f}".format),
    }
    facts = []
    for column, (name, said, ranged) in names.items():
        if (middle := one.middle.get(column)) is None:
            continue
        alike = middle["low"] == middle["high"]
        half = "" if alike else phrase("half of them {range}", range=ranged(middle["low"], middle["high"]))
        facts.append({"name": name, "figure": said(middle["median"]), "below": half})
    if one.expected is not None:
        below = page.money_range(one.expected_low, one.expected_high) if one.expected_low is not None else ""
        facts.append({"name": phrase("expected from all"), "figure": page.money(one.expected), "below": below})
    return facts


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) else f"{value:,.1f}"


def _numbers(low: float, high: float) -> str:
    return f"{_number(low)}–{_number(high)}"


def _stages(page: Page, one: Profile) -> object:
    rows = one.stages.dropna(subset="customers")
    parts = [
        (lifecycle.STAGES[r.stage].say(page.lang), r.share, figures.tone(r.stage), f"{r.share:.0%}")
        for r in rows.itertuples()
    ]
    return draw.stack(parts, page.phrase("Stages of life of the class")) if parts else ""


def _mood(page: Page, one: Profile) -> str:
    if one.nps is not None:
        return page.phrase(
            "NPS {value:+.0f} (95% interval {low:+.0f} to {high:+.0f}, {n:,} answers)",
            value=one.nps["value"],
            low=one.nps["low"],
            high=one.nps["high"],
            n=int(one.nps["n"]),
        )
    if one.satisfied is not None:
        return page.phrase("{share:.0%} satisfied (95% interval {low:.0%}–{high:.0%}, {n:,} answers)", **one.satisfied)
    return ""


def _column(page: Page, cells: list) -> dict:
    """A column as bars: the share within the class, everybody's as a tick."""
    column = cells[0].column
    drawn = [c for c in cells if not pd.isna(c.value)][:_DRAWN]
    if column == "age_band":
        drawn.sort(key=lambda c: c.value)
    most = max((max(c.base_share, 0 if pd.isna(c.share) else c.share) for c in drawn), default=0)
    out = [c.stands_out in ("more", "less") for c in drawn]
    rows = [
        {
            "name": Value(c.column, c.value).say(page.lang),
            "bar": draw.bar(c.share, most, tick=c.base_share, tone="blue" if stands else "blue-pale"),
            "figure": format.told(c.share, ".0%") + (f" · TGI {c.tgi:.0f}" if stands else ""),
            "stands_out": stands,
        }
        for c, stands in zip(drawn, out, strict=True)
    ]
    return {"title": portrait.column_label(column).say(page.lang), "rows": rows, "dull": not any(out)}


def _rests(page: Page, one: Profile) -> list[dict]:
    """Every cell with its interval."""
    phrase = page.phrase
    rows = [
        [
            portrait.column_label(r.column).say(page.lang),
            phrase("others") if pd.isna(r.value) else Value(r.column, r.value).say(page.lang),
            format.told(r.in_group),
            format.told(r.share, ".1%"),
            f"{r.base_share:.1%}",
            format.told(r.tgi, ".0f"),
            format.span(r.low, r.high, "{:.0f}".format),
        ]
        for r in one.cells.itertuples()
    ]
    head = [phrase("Column"), phrase("Entry"), phrase("Customers"), phrase("In the class"), phrase("Of everybody")]
    blocks = [table([*head, "TGI", phrase("95% interval")], rows, 2)] if rows else []
    return [*blocks, *page.few(one.cells["in_group"].isna().any())]
