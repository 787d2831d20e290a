"""Whether customers would recommend us."""

import numpy as np
import pandas as pd

from course import nps, segment
from course.language import Sentence
from course.report import figures
from course.report.blocks import figure, note, paragraph, table
from course.report.format import minus, told
from course.report.sections import Page
from course.report.words import class_label
from course.workflow.steps.nps import Willingness


def answers(page: Page, found: Willingness) -> list[str]:
    """The NPS, and satisfaction on other scales."""
    lines = [] if found.score is None else _nps_in_words(page, found)
    lines += [] if found.of_buyers is None else [_of_buyers(page, found.of_buyers)]
    return lines + [_satisfied(page, one) for one in found.satisfaction]


def _satisfied(page: Page, one: nps.Satisfaction) -> str:
    phrase, named = page.phrase, {"n": one.n, "least": one.least, "most": one.most}
    share = {"share": one.share, "low": one.share_low, "high": one.share_high, "top": one.top}
    if one.kind == "effort":
        said = phrase(
            "Of {n:,} {n:answer|answers} on effort from {least} to {most}, where low is good, {share:.0%} (95% "
            "interval {low:.0%}–{high:.0%}) are {top} or less",
            **named,
            **share,
        )
    elif one.kind == "ces":
        said = phrase(
            "Of {n:,} {n:answer|answers} from {least} to {most} on how easy it was made, {share:.0%} (95% interval "
            "{low:.0%}–{high:.0%}) are {top} or more",
            **named,
            **share,
        )
    elif one.top == one.most:
        said = phrase(
            "Of {n:,} {n:answer|answers} from {least} to {most}, {share:.0%} (95% interval {low:.0%}–{high:.0%}) are "
            "{top}",
            **named,
            **share,
        )
    else:
        said = phrase(
            "Of {n:,} {n:answer|answers} from {least} to {most}, {share:.0%} (95% interval {low:.0%}–{high:.0%}) are "
            "{top} or more",
            **named,
            **share,
        )
    if pd.isna(one.mean_low):
        mean = phrase(
            "the mean is {mean:.2f}, without an interval: fewer than five answers differ from the most common one.",
            mean=one.mean,
        )
    else:
        mean = phrase(
            "the mean is {mean:.2f} ({mean_low:.2f}–{mean_high:.2f}).",
            mean=one.mean,
            mean_low=one.mean_low,
            mean_high=one.mean_high,
        )
    asked = {
        "effort": phrase("This is effort, no satisfaction and no NPS."),
        "ces": phrase("This is ease, no satisfaction and no NPS."),
    }.get(one.kind, phrase("This is satisfaction, no NPS."))
    if one.most - one.least == 1:  # of yes and no the mean is the share
        return phrase("{share}. {note}", share=said, note=asked)
    return phrase("{share}; {mean} {note}", share=said, mean=mean, note=asked)


def _of_buyers(page: Page, score: nps.Score) -> str:
    return page.phrase(
        "That is of those who answered; weighted to all who had bought, by how often they had, it is {value:+.1f} (95% "
        "interval {low:+.1f} to {high:+.1f}, {n:,} {n:answer|answers} of known customers).",
        value=score.value,
        low=score.low,
        high=score.high,
        n=score.n,
    )


def _nps_in_words(page: Page, found: Willingness) -> list[str]:
    score = found.score
    if found.shares is None:
        return [
            page.phrase(
                "NPS is {value:+.1f} (95% interval {low:+.1f} to {high:+.1f}) from {n:,} {n:answer|answers}: too few "
                "to tell shares of.",
                value=score.value,
                low=score.low,
                high=score.high,
                n=score.n,
            )
        ]
    return [
        page.phrase(
            "NPS is {value:+.1f} (95% interval {low:+.1f} to {high:+.1f}) from {n:,} {n:answer|answers}: "
            "{promoters:.0%} promoters, {detractors:.0%} detractors.",
            value=score.value,
            low=score.low,
            high=score.high,
            n=score.n,
            promoters=found.shares["promoters"],
            detractors=found.shares["detractors"],
        )
    ]


def recommend(page: Page, found: Willingness) -> dict | None:
    """The 0–10 question: NPS with its interval, the shape behind it, waves, classes and drivers."""
    phrase, counts = page.phrase, found.counts
    satisfied = _satisfaction(page, found)
    shown, evidence = _behind(page, found)
    if found.score is None:
        blocks = [*satisfied, *shown]
        return {"title": phrase("How satisfied are they?"), "blocks": blocks, "evidence": evidence} if blocks else None
    evidence = [*_weighted(page, found), *_parts(page, found), *evidence]
    if counts is None:
        blocks = [*satisfied, *shown]
        title = phrase("Would they recommend us?")
        return {"title": title, "blocks": blocks, "evidence": evidence} if blocks or evidence else None
    title = phrase(
        "NPS {value:+.1f} (95% interval {low:+.1f} to {high:+.1f}, {n:,} {n:answer|answers})",
        value=found.score.value,
        low=found.score.low,
        high=found.score.high,
        n=found.score.n,
    )
    alt = phrase("{title}. Share of answers for each score from 0 to 10.", title=title)
    below = phrase("Share of answers for each score: 0–6 detractors, 7–8 passives, 9–10 promoters.")
    blocks = [figure(title, figures.survey_scores(counts, alt), below), *_last(page, found), *satisfied, *shown]
    return {
        "title": phrase("Would they recommend us?"),
        "blocks": blocks,
        "evidence": evidence,
    }


def _last(page: Page, found: Willingness) -> list[dict]:
    """How willingness has moved between the last two waves with answers."""
    told = pd.DataFrame() if found.waves is None else found.waves.dropna(subset="value")
    if len(told) < 2 or pd.isna(told["change"].iloc[-1]):
        return []
    before, last = told.iloc[-2], told.iloc[-1]
    words = page.phrase(
        "From {before} to {last} NPS went from {then:+.1f} to {now:+.1f}: a change of {change:+.1f} points (95% "
        "interval {low:+.1f} to {high:+.1f}).",
        before=before["wave"],
        last=last["wave"],
        then=before["value"],
        now=last["value"],
        change=last["change"],
        low=last["change_low"],
        high=last["change_high"],
    )
    return [paragraph(words)]


def _weighted(page: Page, found: Willingness) -> list[dict]:
    if found.weighted is None:
        return []
    words = page.phrase(
        "With the survey's weights: {value:+.1f} (95% interval {low:+.1f} to {high:+.1f}).",
        value=found.weighted.value,
        low=found.weighted.low,
        high=found.weighted.high,
    )
    return [paragraph(words)]


def _parts(page: Page, found: Willingness) -> list[dict]:
    """The NPS of each class and of each wave."""
    phrase, blocks = page.phrase, []
    head = [phrase("NPS"), phrase("95% interval"), phrase("Answers")]
    if found.by_class is not None:
        rows = [[class_label(r.rfm_class, page.lang), *_nps(r)] for r in found.by_class.itertuples()]
        blocks += [table([phrase("RFM class"), *head], rows), *page.few(found.by_class["n"].isna().any())]
    if found.waves is not None:
        rows = [[str(r.wave), *_nps(r)] for r in found.waves.itertuples()]
        blocks.append(table([phrase("Wave"), *head], rows))
    if found.chart is not None:
        blocks += _chart(page, found.chart, "{:+.1f}")
    return blocks


def _satisfaction(page: Page, found: Willingness) -> list[dict]:
    blocks = []
    said = {"chart": ("{:.1%}", page.phrase("Share by wave")), "mean_chart": ("{:.2f}", page.phrase("Mean by wave"))}
    for one, charts in found.charted():
        # The answer above says it; where there are several, each chart needs its own.
        blocks += [paragraph(_satisfied(page, one))] if charts and len(found.satisfaction) > 1 else []
        for name, waves in charts.items():
            blocks += _chart(page, waves, *said[name])
    return blocks


def _chart(page: Page, chart: pd.DataFrame, shown: str, value: str | None = None) -> list[dict]:
    """A control chart as a table: limits, and which waves leave them; `value` is the head of what is charted."""
    phrase = page.phrase
    rows = [
        [
            str(r.wave),
            minus(shown.format(r.value)),
            "–" if np.isnan(r.low) else minus(f"{shown.format(r.low)} – {shown.format(r.high)}"),
            f"{r.n:,}",
            "" if not r.outside else phrase("below") if r.value < r.low else phrase("above"),
        ]
        for r in chart.itertuples()
    ]
    head = [phrase("Wave"), value or phrase("Result of the wave")]
    head += [phrase("Limits"), phrase("Answers"), phrase("Outside")]
    outside = int(chart["outside"].sum())
    said = phrase(
        "Limits of three standard errors of each wave's own answers around {centre}: a steady process leaves them 3 "
        "times in 1,000. {outside} of {waves} {waves:wave|waves} did.",
        centre=shown.format(chart["centre"].iloc[0]),
        outside=outside,
        waves=len(chart),
    )
    return [table(head, rows), note(said)]


def _behind(page: Page, found: Willingness) -> tuple[list[dict], list[dict]]:
    """Drivers and themes; how they and the factors were found."""
    shown, evidence = [], []
    if found.drivers is not None:
        shown += _drivers(page, found.drivers)
    if found.themes is not None:
        shown += themes(page, found.themes)
    if found.quadrants is not None:
        evidence += _quadrants(page, found.quadrants)
    if found.heard is not None:
        evidence += read(page, found.heard)
    if found.factors is not None:
        evidence += _factors(page, found.factors)
    return shown, evidence


def _factors(page: Page, factors: segment.Factors) -> list[dict]:
    """The factors with their reliability, which items were turned round for it, and where it is low."""
    phrase = page.phrase
    rows = [
        [
            phrase("Factor {n}", n=n),
            ", ".join(
                phrase("{item} (mirrored)", item=about(page, i)) if i in factors.mirrored else about(page, i)
                for i in items
            ),
            "–"
            if np.isnan(alpha)
            else phrase("{alpha:.2f}, low", alpha=alpha)
            if name in factors.low
            else f"{alpha:.2f}",
        ]
        for n, ((name, items), alpha) in enumerate(zip(factors.items.items(), factors.reliability, strict=True), 1)
    ]
    blocks = [table([phrase("Factor"), phrase("Items"), phrase("Reliability (Cronbach's alpha)")], rows, 2)]
    if factors.mirrored:
        words = phrase("Mirrored items are worded against the others of their factor, and were turned round.")
        blocks.append(note(words))
    if factors.low:
        words = phrase(
            "Below {usual:.1f} a reliability is low: such items hardly measure one thing, and their sum is not to be "
            "used as one score.",
            usual=segment.LOW_ALPHA,
        )
        blocks.append(note(words))
    return blocks


def about(page: Page, column: str) -> str:
    """What a question is about, by the name of its column: driver_delivery is delivery, item_3 is 3."""
    word = column.removeprefix("driver_").removeprefix("item_")
    return page.value("driver", word, word.replace("_", " "))


def _quadrants(page: Page, quadrants: pd.DataFrame) -> list[dict]:
    phrase = page.phrase
    names = {
        "fix": phrase("important and weaker: mend first"),
        "keep": phrase("important and stronger: keep up"),
        "low": phrase("less important and weaker: later"),
        "overkill": phrase("less important and stronger: may be more than needed"),
    }
    rows = [
        [
            about(page, r.driver),
            minus(f"{r.importance:+.2f}"),
            f"{r.performance:.2f}",
            names[r.quadrant],
            f"{r.probability:.0%}",
        ]
        for r in quadrants.itertuples()
    ]
    head = [phrase("Driver"), phrase("Importance"), phrase("Performance"), phrase("Quadrant"), phrase("Probability")]
    said = phrase(
        "Importance is the standardised coefficient, performance the mean answer; the cross-hair lies at the means of "
        "both, so a driver is weaker or stronger than the others, not bad or good. The probability is the share of 200 "
        "resamples of the answers in which it lies in that quadrant."
    )
    return [table(head, rows), note(said)]


#: The languages that a sentence may be found in and that are not read.
_LANGUAGES = {
    "ja": Sentence("Japanese"),
    "ko": Sentence("Korean"),
    "ru": Sentence("Cyrillic script"),
    "ar": Sentence("Arabic script"),
    "th": Sentence("Thai"),
    "de": Sentence("German"),
    "fr": Sentence("French"),
    "es": Sentence("Spanish"),
    "it": Sentence("Italian"),
    "pt": Sentence("Portuguese"),
    "nl": Sentence("Dutch"),
    "pl": Sentence("Polish"),
    "tr": Sentence("Turkish"),
    "vi": Sentence("Vietnamese"),
    "id": Sentence("Indonesian"),
}


def read(page: Page, heard: nps.Heard) -> list[dict]:
    """How texts were read: sentences that praise and blame, and what was set aside."""
    phrase = page.phrase
    blocks = []
    if heard.sentences:
        said = phrase(
            "{sentences:,} {sentences:sentence|sentences} of {read:,} {read:text|texts} were read: {positive:,} "
            "praise, {negative:,} blame, {neutral:,} neither.",
            sentences=heard.sentences,
            read=heard.read,
            positive=heard.positive,
            negative=heard.negative,
            neutral=heard.neutral,
        )
        blocks.append(paragraph(said))
    if heard.unread:
        between = "、" if page.lang == "zh" else ", "
        other = Sentence("not recognised")
        listed = between.join(f"{_LANGUAGES.get(lang, other).say(page.lang)} {n:,}" for lang, n in heard.unread.items())
        aside = phrase(
            "{n:,} {n:sentence|sentences} in no language that is read here were set aside, not counted as neither: "
            "{listed}.",
            n=heard.aside,
            listed=listed,
        )
        blocks.append(paragraph(aside))
    if heard.wordless:
        blocks.append(note(phrase("{n:,} {n:text holds|texts hold} no words.", n=heard.wordless)))
    return blocks


def themes(page: Page, table_of: pd.DataFrame) -> list[dict]:
    """What texts are about, and between what shares of them blame it."""
    phrase, labels = page.phrase, nps.theme_labels()
    rows = [
        [
            labels[r.theme].say(page.lang) if r.theme in labels else page.value("theme", r.theme),
            f"{r.mentions:,}",
            # The share itself would be read as an order, and people's labels often give another: see nps.comments.
            f"{r.negative_low:.0%} – {r.negative_high:.0%}",
        ]
        for r in table_of.itertuples()
    ]
    head = [phrase("Theme"), phrase("Mentions"), phrase("Blaming, 95% interval")]
    return [
        table(head, rows, title=phrase("What they write about")),
        note(
            phrase(
                "Read by word lists with negation; irony is not understood. Held against people's labels, such reading "
                "put two themes in the right order hardly oftener than chance would. So no share is told, but an "
                "interval that holds what the reading misses by: themes whose intervals overlap cannot be put in order."
            )
        ),
    ]


def _nps(row) -> list[str]:
    if pd.isna(row.value):
        return ["–", "–", told(row.n)]
    return [minus(f"{row.value:+.1f}"), minus(f"{row.low:+.1f} – {row.high:+.1f}"), told(row.n)]


def _drivers(page: Page, drivers: nps.Drivers) -> list[dict]:
    phrase = page.phrase
    head = [phrase("Driver"), "", phrase("Share of what is explained"), phrase("Rank, 95% interval")]
    rows = [
        [
            about(page, r.driver),
            bar,
            f"{r.importance:.0%}",
            f"{r.rank:.0f} ({r.rank_low:.0f} – {r.rank_high:.0f})",
            minus(f"{r.beta:+.2f} ({r.beta_low:+.2f} – {r.beta_high:+.2f})"),
        ]
        for bar, r in zip(figures.drivers(drivers.table), drivers.table.itertuples(), strict=True)
    ]
    words = phrase(
        "The drivers explain {r2:.0%} of the differences in score ({n:,} complete answers). A share is what a driver "
        "predicts, not what it causes: one whose coefficient's interval holds zero may only travel with another.",
        r2=drivers.r2,
        n=drivers.n,
    )
    title = phrase("“{driver}” goes with the score most", driver=about(page, drivers.table.iloc[0]["driver"]))
    return [table([*head, phrase("Coefficient, 95% interval")], rows, title=title, below=words)]
