"""Who customers are, where they stand and what they do: the report's sections on persons, stages, habits and tags.

Each function takes a page (its language, phrases and result) and gives one section.
"""

import numpy as np
import pandas as pd

from course import lifecycle, portrait, tag
from course.report import figures
from course.report.blocks import card, figure, money, note, paragraph, table

#: An endless income of one a year is worth ten: at 10 % a year.
_YEARLY = 0.10
#: Cards of so many customers: those at stake who are expected to bring most.
CARDS = 3


def stage_table(page) -> pd.DataFrame:
    """Customers and money of each stage: stage, customers, money (net), expected (money; blank without a forecast)."""
    portraits = page.result.portraits.dropna(subset="stage")
    grouped = portraits.groupby("stage")
    out = pd.DataFrame({"customers": grouped.size(), "money": grouped["monetary_net"].sum()})
    out["expected"] = grouped["expected_value"].sum() if "expected_value" in portraits else np.nan
    return out.reindex([s for s in lifecycle.STAGES if s in out.index])


def stage_answer(page) -> str:
    """The one sentence on stages that the report leads with."""
    stages = stage_table(page)
    gone = stages.loc[[s for s in ("at_risk", "lost") if s in stages.index]]
    at_risk = stages["customers"].get("at_risk", 0)
    return page.phrase(
        "{risk:,} {risk:customer is|customers are} silent for longer than is normal for them (at risk), {lost:,} for "
        "so long that they count as lost; together they brought {share:.0%} of the money.",
        risk=int(at_risk),
        lost=int(stages["customers"].get("lost", 0)),
        share=gone["money"].sum() / max(stages["money"].sum(), 1e-9),
    )


def stages(page) -> dict:
    """How many customers are in which stage of life, and how long a silence is normal."""
    phrase, found = page.phrase, page.result.lifecycle
    counted = stage_table(page)
    labels = [lifecycle.STAGES[s].say(page.lang) for s in counted.index]
    people = counted["customers"].sum()
    largest = counted["customers"].idxmax()
    title = phrase(
        "{share:.0%} of customers are in the stage “{stage}”",
        share=counted["customers"].max() / people,
        stage=lifecycle.STAGES[largest].say(page.lang),
    )
    alt = phrase("{title}. Bars: customers of each stage; the table has them.", title=title)
    head = [phrase("Stage of life"), phrase("Customers"), phrase("Share"), phrase("Money (net)")]
    with_value = counted["expected"].notna().any()
    rows = [
        [
            label,
            f"{r.customers:,}",
            f"{r.customers / people:.1%}",
            money(r.money),
            *([money(r.expected)] if with_value else []),
        ]
        for label, r in zip(labels, counted.itertuples(), strict=True)
    ]
    limits = [
        [str(r.band), _days(r.at_risk_days), _days(r.lost_days), f"{r.comes_back:.0%}", f"{r.gaps:,}"]
        for r in found.limits.itertuples()
    ]
    limit_head = [phrase("Order days so far"), phrase("At risk after, days"), phrase("Lost after, days")]
    limit_head += [phrase("Come back at all"), phrase("Gaps seen")]
    return {
        "title": phrase("Where customers stand"),
        "blocks": [
            figure(title, figures.bars(counted["customers"], labels, phrase("customers"), page.lang, alt)),
            table([*head, *([phrase("Expected value")] if with_value else [])], rows),
            {"list": [sentence.say(page.lang) for sentence in lifecycle.explain(found.limits)]},
            table(limit_head, limits),
        ],
    }


def _days(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:,.0f}"


def movement(page) -> dict:
    """New, returning, resurrecting and dormant by month; the move between stages that is worth most."""
    phrase, found = page.phrase, page.result.lifecycle
    periods = found.periods.periods
    whole = periods[periods["complete"]]
    blocks = []
    if len(whole) > 1:
        last = whole.iloc[-1]
        title = phrase(
            "In {month:%Y-%m} {active:,} customers bought: {new:,} new, {back:,} back after a pause; {gone:,} of the "
            "month before fell silent",
            month=last["period"],
            active=last["active"],
            new=last["new"],
            back=last["resurrecting"],
            gone=last["dormant"],
        )
        alt = phrase("{title}. Bars: customers of each state by month.", title=title)
        names = {s: label.say(page.lang) for s, label in lifecycle.STATES.items()}
        drawn = figures.states(whole, names, phrase, page.lang, alt)
        below = phrase("Below the line: customers who bought the month before and not in this one.")
        blocks.append(figure(title, drawn, below))
    if found.links is not None and len(found.links):
        blocks += _links(page, found)
    if found.returns is not None:
        blocks.append(note(returns_sentence(page)))
    return {"title": phrase("How customers move"), "blocks": blocks}


def link_answer(page) -> str:
    """The sentence on the weakest link that the report leads with."""
    best = page.result.lifecycle.links.iloc[0]
    more = page.phrase("more often") if best["change"] > 0 else page.phrase("less often")
    return page.phrase(
        "The move worth most is from “{start}” to “{end}” (now {rate:.1%} a month): one point {more}, for good, is "
        "worth {worth} a year with today's customers.",
        start=lifecycle.STAGES[best["from_stage"]].say(page.lang),
        end=lifecycle.STAGES[best["to_stage"]].say(page.lang),
        rate=best["rate"],
        more=more,
        worth=money(_YEARLY * best["worth"]),
    )


def _links(page, found) -> list[dict]:
    phrase = page.phrase
    seen = found.moves.links.set_index(["from_stage", "to_stage"])
    rows = []
    for r in found.links.head(5).itertuples():
        own = seen.loc[(r.from_stage, r.to_stage)]
        rows.append(
            [
                lifecycle.STAGES[r.from_stage].say(page.lang),
                lifecycle.STAGES[r.to_stage].say(page.lang),
                f"{r.rate:.1%} ({own['low']:.1%} – {own['high']:.1%})",
                f"{100 * r.change:+.1f}",
                f"{r.customers:,}",
                money(_YEARLY * r.worth),
            ]
        )
    head = [phrase("From"), phrase("To"), phrase("A month, 95% interval"), phrase("Change, points")]
    words = phrase(
        "Worth: the income a year, at 10%, of a change of the rate that lasts for good, with the customers of today. "
        "What would bring it about, and at what cost, these data do not say."
    )
    return [
        table([*head, phrase("Customers in “from”"), phrase("Worth a year")], rows, 2),
        note(words),
    ]


def returns_sentence(page) -> str:
    """What happens when nothing is done: the yardstick of every win-back campaign."""
    returns = page.result.lifecycle.returns.set_index("group")
    silent, top = returns.loc["silent"], returns.loc["top"]
    return page.phrase(
        "A yardstick: of {silent:,} customers silent for 90 days {back:.0%} ({low:.0%}–{high:.0%}) bought in the next "
        "90, whatever was done; the best tenth spent {change:+.0%}. A campaign has to beat that, shown by customers "
        "left out of it.",
        silent=int(silent["customers"]),
        back=silent["bought"],
        low=silent["bought_low"],
        high=silent["bought_high"],
        change=top["change"],
    )


def warning(page) -> dict:
    """Whom to contact before they fall silent, and what such a list was worth on time it had not seen."""
    phrase, found = page.phrase, page.result.lifecycle.warning
    calibration = found.calibration
    first = found.alerts.iloc[0]
    title = phrase(
        "Of {n:,} alerts {precision:.0%} were right; whoever is drawn at random falls silent in {base:.0%} of cases",
        n=int(first["alerts"]),
        precision=first["precision"],
        base=found.base_rate,
    )
    alt = phrase("{title}. Dots: share that fell silent by forecast risk, with 95% intervals.", title=title)
    head = [phrase("Customer"), phrase("Stage of life"), phrase("Days since"), phrase("Risk of silence")]
    portraits = page.result.portraits.set_index("customer_id")
    with_value = "expected_value" in portraits
    rows, ids = [], []
    for r in found.scores[found.scores["alert"]].head(10).itertuples():
        own = [money(portraits.loc[str(r.customer_id), "expected_value"])] if with_value else []
        stage = lifecycle.STAGES[r.stage].say(page.lang)
        rows.append([str(r.customer_id), stage, f"{r.silent_days:,}", f"{r.churn_risk:.0%}", *own])
        ids.append(str(r.customer_id))
    lines = [sentence.say(page.lang) for sentence in found.report()]
    complaints = page.result.lifecycle.complaints
    if complaints is not None:
        lines += [sentence.say(page.lang) for sentence in complaints.report()]
    return {
        "title": phrase("Who may fall silent next"),
        "blocks": [
            figure(title, figures.calibration(calibration, phrase, alt)),
            {"list": lines},
            table([*head, *([phrase("Expected value")] if with_value else [])], rows, 2, about=ids),
            note(phrase("The first ten of {n:,}; all carry “alert” in portraits.", n=int(found.scores["alert"].sum()))),
        ],
    }


def doings(page) -> dict:
    """What customers buy, how money is spread, whether they return, what is bought together."""
    phrase, found = page.phrase, page.result.behaviour
    blocks = []
    if found.concentration is not None:
        blocks += _concentration(page, found.concentration)
    if found.retention is not None:
        blocks += _retention(page, found.retention)
    if found.funnel is not None:
        blocks += _funnel(page, found)
    if found.pairs is not None:
        blocks += _pairs(page, found.pairs)
    if found.recommender is not None:
        blocks.append(paragraph(_recommended(page, found.recommender)))
    if found.shift is not None:
        blocks += _shift(page, found)
    if found.sensitivity is not None:
        blocks.append(paragraph(_sensitivity(page, found.sensitivity)))
    return {"title": phrase("What customers do"), "blocks": blocks}


def _concentration(page, found) -> list[dict]:
    phrase = page.phrase
    title = phrase("The best fifth of customers bring {share:.0%} of the money", share=found.top_fifth)
    alt = phrase("{title}. Lorenz curve: share of money by share of customers, best first.", title=title)
    below = phrase(
        "Gini coefficient {value:.2f} (95% interval {low:.2f}–{high:.2f}); 0 would be all equal.",
        value=found.gini.value,
        low=found.gini.low,
        high=found.gini.high,
    )
    return [figure(title, figures.lorenz(found.lorenz, phrase, alt), below)]


def pooled_retention(retention: pd.DataFrame) -> pd.DataFrame:
    """Retention by age over all cohorts whose month was over: age, active, customers, retention, low, high (95 %).

    The first cohort is left out where there are others: it holds everybody who was there before the data begin.
    """
    from statsmodels.stats.proportion import proportion_confint

    over = retention[retention["complete"] & (retention["age"] > 0)]
    if over["cohort"].nunique() > 1:
        over = over[over["cohort"] > retention["cohort"].min()]
    out = over.groupby("age")[["active", "customers"]].sum().reset_index()
    out["retention"] = out["active"] / out["customers"]
    out["low"], out["high"] = proportion_confint(out["active"], out["customers"], method="wilson")
    return out


def _retention(page, retention: pd.DataFrame) -> list[dict]:
    phrase, pooled = page.phrase, pooled_retention(retention)
    if pooled.empty:
        return []
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


def _funnel(page, found) -> list[dict]:
    phrase = page.phrase
    names = {"view": phrase("view"), "cart": phrase("cart"), "buy": phrase("buy")}
    per = {"session": phrase("per session"), "user": phrase("per user")}
    rows = [
        [
            per[r.per],
            names[r.step],
            f"{r.reached:,}",
            "–" if pd.isna(r.of_first) else f"{r.of_first:.1%} ({r.of_first_low:.1%} – {r.of_first_high:.1%})",
        ]
        for r in found.funnel.itertuples()
    ]
    blocks = [table(["", phrase("Step"), phrase("Reached"), phrase("Of the first, 95% interval")], rows, 2)]
    if found.visits:
        words = phrase(
            "{sessions:,} sessions of {visitors:,} visitors, split at pauses of more than 30 minutes; {one:.0%} have "
            "one event only. Half of the others last {dwell:.0f} seconds or more, the last page not counted.",
            sessions=found.visits["sessions"],
            visitors=found.visits["visitors"],
            one=found.visits["one_page"],
            dwell=found.visits["dwell_seconds"],
        )
        blocks.append(note(words))
    return blocks


def _pairs(page, pairs: pd.DataFrame) -> list[dict]:
    phrase = page.phrase
    if pairs.empty:
        return [paragraph(phrase("No two products are bought together more often than chance has it."))]
    named = ("name_a", "name_b") if "name_a" in pairs else ("product_a", "product_b")
    rows = [
        [
            str(getattr(r, named[0])),
            str(getattr(r, named[1])),
            f"{r.together:,}",
            f"{r.expected:,.1f}",
            f"{r.ratio:.1f}",
        ]
        for r in pairs.sort_values("together", ascending=False, kind="stable").head(8).itertuples()
    ]
    head = [phrase("Product"), phrase("bought together with"), phrase("Orders with both"), phrase("Expected")]
    words = phrase(
        "The {shown} pairs that occur most of {n:,} that are together more often than their frequency and the size of "
        "orders explain (false discoveries held at 5%).",
        shown=len(rows),
        n=len(pairs),
    )
    return [table([*head, phrase("times")], rows, 2), note(words)]


def _recommended(page, found) -> str:
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


def _shift(page, found) -> list[dict]:
    phrase, base = page.phrase, found.shift.base
    rows = [
        [
            str(r.category),
            f"{r.share_before:.1%}",
            f"{r.share_after:.1%}",
            f"{100 * r.shift:+.1f} ({100 * r.low:+.1f} – {100 * r.high:+.1f})",
            phrase("yes") if r.shifted else phrase("no"),
        ]
        for r in base.sort_values("shift", ascending=False, kind="stable").itertuples()
    ]
    rows = rows if len(rows) <= 10 else rows[:5] + rows[-5:]
    head = [phrase("Category"), phrase("Share before"), phrase("Share after"), phrase("Change, points (95% interval)")]
    words = phrase(
        "Shares of choices before and after {split:%Y-%m-%d}. Of the customers with orders on both sides {n:,} have "
        "turned to other categories, beyond what everybody did and chance.",
        split=found.split,
        n=int(found.shift.customers["shifted"].sum()),
    )
    return [table([*head, phrase("Beyond chance")], rows), note(words)]


def _sensitivity(page, found: pd.DataFrame) -> str:
    known = found.dropna(subset="price_sensitivity")
    sure = known["low"] > 0
    return page.phrase(
        "Price: {sure:,} of {n:,} customers buy faster under promotion than without beyond chance, for the days of "
        "each; the median ratio is {ratio:.2f}. The share of discounted orders would have told who was offered more.",
        sure=int(sure.sum()),
        n=len(known),
        ratio=float(np.exp(known["price_sensitivity"].median())) if len(known) else np.nan,
    )


def personas(page) -> dict:
    """The classes as they are told: every sentence with its figure."""
    blocks = [card(p.to_dict(page.lang)) for p in page.result.personas]
    words = page.phrase("What is called more frequent is so beyond chance, all comparisons together.")
    return {"title": page.phrase("The classes, told"), "blocks": [*blocks, note(words)]}


def cards(page) -> dict | None:
    """The customers at stake who are expected to bring most, one card each."""
    stake = page.facts["stake"]
    by = "expected_value" if "worth" in page.facts else "monetary_net"
    first = stake.sort_values([by, "customer_id"], ascending=[False, True]).head(CARDS)["customer_id"]
    if first.empty:
        return None
    made = [portrait.card(page.result.portraits, customer) for customer in first]
    words = page.phrase("The first three of the list above. For anybody else: course card FOLDER CUSTOMER.")
    blocks = [card(c.to_dict(page.lang), about=c.customer_id) for c in made]
    return {"title": page.phrase("Their portraits"), "blocks": [*blocks, note(words)]}


def tags(page) -> dict:
    """The dictionary of tags: what each means, who carries it, how much is known, who entered and left."""
    phrase, found, lang = page.phrase, page.result.tags, page.lang
    kinds = {"fact": phrase("fact"), "rule": phrase("rule"), "model": phrase("model")}
    rows, missing = [], []
    for r in found.catalogue.itertuples():
        entry = found.dictionary[r.tag]
        if r.not_evaluated is not None:
            missing.append(phrase("{tag}: {why}", tag=entry.label.say(lang), why=r.not_evaluated))
            continue
        definition = found.version(r.tag).definition.say(lang)
        size = "–" if pd.isna(r.size) else f"{r.size:,}"
        share = "–" if pd.isna(r.share) else f"{r.share:.1%}"
        rows.append([entry.label.say(lang), kinds[r.kind], definition, size, share, f"{r.coverage:.0%}"])
    head = [phrase("Tag"), phrase("Kind"), phrase("Definition"), phrase("Customers"), phrase("Share")]
    blocks = [table([*head, phrase("Known for")], rows, 3)]
    if missing:
        blocks += [paragraph(phrase("Not evaluated:")), {"list": missing}]
    if page.result.changes is not None:
        blocks += _changes(page, page.result.changes)
    return {"title": phrase("Tags"), "blocks": blocks}


def _changes(page, changes: tag.Changes) -> list[dict]:
    phrase, rows = page.phrase, []
    dictionary = page.result.tags.dictionary
    moved = changes.tags[(changes.tags["value"] == "") & (changes.tags["entered"] + changes.tags["left"] > 0)]
    for r in moved.itertuples():
        rule = phrase("changed") if pd.notna(r.redefined) and r.redefined else phrase("the same")
        label = dictionary[r.tag].label.say(page.lang) if r.tag in dictionary else r.tag
        rows.append([label, f"{r.before:,}", f"{r.after:,}", f"{r.entered:,}", f"{r.left:,}", rule])
    head = [phrase("Tag"), phrase("Before"), phrase("Now"), phrase("Entered"), phrase("Left"), phrase("Rule")]
    words = phrase("Where the rule has changed, customers who entered or left may have done nothing.")
    return [paragraph(phrase("Since the earlier run:")), table(head, rows), note(words)]


def campaigns(page) -> dict:
    """What campaigns changed, by the customers left out of them."""
    phrase, found = page.phrase, page.result.campaigns
    blocks = []
    if len(found.table):
        judged = found.table[found.table["verdict"] != "withheld"]
        clear = (judged["low"] > 0) | (judged["high"] < 0)
        title = phrase(
            "Of {n} comparisons with customers left out, {clear} {clear:shows|show} a difference in orders",
            n=len(judged),
            clear=int(clear.sum()),
        )
        alt = phrase(
            "{title}. Dots: difference to the control group of each campaign, with 95% intervals.", title=title
        )
        blocks.append(figure(title, figures.differences(found.table, phrase, alt)))
        head = [phrase("Campaign"), phrase("Arm"), phrase("Customers"), phrase("With an order"), phrase("Left out")]
        rows = [
            [
                r.campaign_id,
                r.arm,
                f"{r.n:,}",
                f"{r.rate:.1%}",
                f"{r.rate_control:.1%}",
                f"{100 * r.difference:+.1f} ({100 * r.low:+.1f} – {100 * r.high:+.1f})",
                f"{r.spend_difference:+,.2f} ({r.spend_low:+,.2f} – {r.spend_high:+,.2f})",
            ]
            for r in found.table.itertuples()
        ]
        head += [phrase("Difference, points (95% interval)"), phrase("Money a head (95% interval)")]
        blocks.append(table(head, rows, 2))
    blocks.append({"list": [sentence.say(page.lang) for sentence in found.remarks]})
    return {"title": phrase("What campaigns changed"), "blocks": blocks}


def drift(page) -> dict:
    """How far the portraits have moved since the earlier run, beside chance."""
    phrase, found = page.phrase, page.result.drift
    verdicts = {"slight": phrase("slight"), "moderate": phrase("moderate"), "large": phrase("large")}
    moved = found[found["verdict"] != "steady"].sort_values("psi", ascending=False, kind="stable").head(10)
    rows = [[r.column, f"{r.psi:.3f}", f"{r.psi_limit:.3f}", verdicts[r.verdict]] for r in moved.itertuples()]
    head = [phrase("Column"), "PSI", phrase("By chance at most (95%)"), phrase("Drift")]
    words = phrase(
        "{moved} of {n} columns moved more than chance has it (false discoveries held at 5%).",
        moved=int((found["verdict"] != "steady").sum()),
        n=len(found),
    )
    return {
        "title": phrase("Have the portraits moved?"),
        "blocks": [paragraph(words), *([table(head, rows)] if rows else [])],
    }


def persons(page) -> dict:
    """Which records were taken for one person, and what was held back."""
    phrase, found = page.phrase, page.result.identity
    records = len(found.persons)
    people = found.persons["person_id"].nunique()
    held = int(found.bridges["held"].sum()) if len(found.bridges) else 0
    words = phrase(
        "{records:,} customer records are {people:,} persons: {merges:,} merges, {exact:,} by agreeing keys and the "
        "others by weighing what agrees. {held:,} {held:link was|links were} held back because the two sides "
        "contradict each other.",
        records=records,
        people=people,
        merges=len(found.ledger),
        exact=int((found.ledger["rule"] == "exact").sum()),
        held=held,
    )
    more = phrase(
        "How many records fall together is no measure of how well: merging too much would raise it too. identity.csv "
        "has every merge with what agreed, and every one can be undone."
    )
    return {"title": phrase("Who is one person"), "blocks": [paragraph(words), note(more)]}
