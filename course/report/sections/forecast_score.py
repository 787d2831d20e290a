"""Did the forecasts of earlier runs hold?"""

import pandas as pd

from course import clv
from course.report import figures
from course.report.blocks import note, paragraph, table
from course.report.sections import Page
from course.workflow.steps.forecast_score import Score


def answers(page: Page, found: Score) -> list[str]:
    """What came of the last run's forecast."""
    one = found.latest
    said = {
        "day": page.day(one["as_of"]),
        "weeks": one["weeks"],
        "came": page.money(one["came"]),
        "expected": page.money(one["expected"]),
    }
    if pd.isna(one["held"]):
        return [
            page.phrase(
                "{came} came in the {weeks} {weeks:week|weeks} after {day}; {expected} was expected, without an "
                "interval",
                **said,
            )
        ]
    said["range"] = page.money_range(one["low"], one["high"])
    if one["held"]:
        return [
            page.phrase(
                "The last forecast held: {came} came in the {weeks} {weeks:week|weeks} after {day}, {expected} was "
                "expected (95% interval {range})",
                **said,
            )
        ]
    return [
        page.phrase(
            "The last forecast missed: {came} came in the {weeks} {weeks:week|weeks} after {day}, {expected} was "
            "expected (95% interval {range})",
            **said,
        )
    ]


def score(page: Page, found: Score) -> dict:
    """Every run's forecast beside what came, and who was nearest."""
    phrase, rows = page.phrase, found.table
    head = [phrase("Forecast of"), phrase("Weeks since"), phrase("Nearest"), phrase("What came beyond it")]
    head += [phrase("Was expected"), phrase("95% interval"), phrase("Came"), phrase("Missed by")]
    listed = [
        [
            page.day(r.as_of),
            f"{r.weeks}",
            _rival(page, r.nearest, r.model),
            bar,
            page.money(r.expected),
            page.money_range(r.low, r.high),
            page.money(r.came),
            f"{r.miss:+.0%}".replace("-", "−"),
        ]
        for r, bar in zip(rows.itertuples(), figures.misses(rows), strict=True)
    ]
    return {
        "title": phrase("What came of earlier forecasts"),
        "blocks": [
            paragraph(page.joined(_overall(page, found))),
            table(head, listed, 3),
            note(
                phrase(
                    "Money of the customers known on that day, discounted as the forecast was. “The same again” is "
                    "what as many customers brought in as many weeks just before, “the same period a year ago” what "
                    "they did in the same weeks a year earlier. An order that was delivered late counts on its day."
                )
            ),
        ],
    }


def _overall(page: Page, found: Score) -> list[str]:
    """Bias, coverage and who was nearest, over the first weeks of every run."""
    all_, phrase = found.overall, page.phrase
    bias = all_["bias"]
    said = [
        phrase(
            "Over the first weeks after {n} {n:run|runs} together {bias:.1%} more came than was expected; half of the "
            "forecasts missed by {typical:.1%} or less.",
            n=all_["runs"],
            bias=bias,
            typical=all_["typical"],
        )
        if bias >= 0
        else phrase(
            "Over the first weeks after {n} {n:run|runs} together {bias:.1%} less came than was expected; half of the "
            "forecasts missed by {typical:.1%} or less.",
            n=all_["runs"],
            bias=-bias,
            typical=all_["typical"],
        )
    ]
    if all_["tested"]:
        said.append(
            phrase(
                "{held} of {tested} {tested:interval|intervals} (95%) held what came.",
                held=all_["held"],
                tested=all_["tested"],
            )
        )
    return [*said, _nearest(page, all_["nearest"])]


def _nearest(page: Page, nearest: dict[str, int]) -> str:
    phrase = page.phrase
    if len(nearest) == 1:
        return phrase("The orders do not reach back far enough for a forecast without a model to stand beside it.")
    own, again, year = (nearest.get(name) for name in ("expected", "same_again", "year_ago"))
    if year is None:
        return phrase(
            "Nearest was the forecast {own} {own:time|times}, the same again {again} {again:time|times}.",
            own=own,
            again=again,
        )
    if again is None:
        return phrase(
            "Nearest was the forecast {own} {own:time|times}, the same weeks a year ago {year} {year:time|times}.",
            own=own,
            year=year,
        )
    return phrase(
        "Nearest was the forecast {own} {own:time|times}, the same again {again} {again:time|times}, the same weeks a "
        "year ago {year} {year:time|times}.",
        own=own,
        again=again,
        year=year,
    )


def _rival(page: Page, name: str, model: str) -> str:
    if name == "expected":
        return page.phrase("the forecast ({model})", model=clv.MODELS[model].say(page.lang))
    return clv.MODELS[name].say(page.lang)
