"""report.html: one file, both languages, the answer first.

Every figure comes from the result, every sentence from the catalogue. Intervals say how much a figure would move had
other customers of the same kind come.
"""

from collections.abc import Iterator

import jinja2
import numpy as np
import pandas as pd

from course import clean, schema, segment, workflow
from course.language import LANGUAGES, text
from course.report import figures, outlook, standing
from course.report.blocks import accounted, figure, limit, money, note, paragraph, table
from course.report.words import class_label
from course.workflow import Result

#: Classes that spent above the median and have been silent for longer than the median.
_AT_STAKE = ("important_keep", "important_win_back")


def render(result: Result, ledger: dict, lang: str) -> tuple[str, list[str]]:
    """The report as HTML text, opening in `lang`, and the sentences it begins with in that language."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("course", "templates"),
        autoescape=True,
        trim_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    facts = _facts(result)
    pages = {code: _Page(result, ledger, facts, code).content() for code in LANGUAGES}
    html = environment.get_template("report.html.j2").render(pages=pages, first=lang)
    return html, pages[lang]["answers"]


# --- figures ---------------------------------------------------------------------------------------------------------


def _facts(result: Result) -> dict:
    """What both languages tell."""
    facts: dict = {}
    if "orders" in result.cleaned:
        customers = result.portraits.dropna(subset="frequency")
        sizes = segment.class_sizes(customers)
        shares = [money_share(customers, customers["rfm_class"] == c) for c in sizes["rfm_class"]]
        sizes[["money_share", "low", "high"]] = shares
        stake = customers["rfm_class"].isin(_AT_STAKE)
        facts |= {
            "customers": customers,
            "sizes": sizes,
            "top": sizes.loc[sizes["money"].idxmax()],
            "stake": customers[stake],
            "stake_share": money_share(customers, stake),
            "moved": float((customers["rfm_class"] != customers["rfm_class_mean"]).mean()),
            "cuts": segment.cuts(customers),
        }
        if result.forecast is not None:
            facts["worth"] = outlook.value_by_class(customers)
        if result.clusters is not None and result.clusters.k > 1:
            features = customers[workflow.CLUSTER_FEATURES].astype("float64")
            facts["clusters"] = list(segment.describe(features, customers["cluster"]).itertuples())
    if "surveys" in result.cleaned:
        facts["scores"] = result.cleaned["surveys"].valid["score"].astype("int64")
    return facts


def money_share(customers: pd.DataFrame, mask: pd.Series) -> tuple[float, float, float]:
    """Share of the net money that the masked customers brought, with its 95% interval: (share, low, high).

    The share is a ratio of sums over customers; its standard error is that of the linearised ratio (Cochran 1977,
    Sampling Techniques, ch. 6): one pass, no random numbers. The interval is cut at 0 and 1. Zeros without money.
    """
    spent, chosen = customers["monetary_net"].to_numpy("float64"), mask.to_numpy(dtype=bool)
    total = spent.sum()
    if total <= 0:
        return (0.0, 0.0, 0.0)
    share = spent[chosen].sum() / total
    error = np.sqrt(((spent * (chosen - share)) ** 2).sum()) / total
    return (float(share), float(max(0, share - 1.96 * error)), float(min(1, share + 1.96 * error)))


# --- a page ----------------------------------------------------------------------------------------------------------


class _Page:
    """The report in one language."""

    def __init__(self, result: Result, ledger: dict, facts: dict, lang: str) -> None:
        self.result, self.ledger, self.facts, self.lang = result, ledger, facts, lang

    def phrase(self, message: str, **values: object) -> str:
        return text(message, self.lang, **values)

    def content(self) -> dict:
        phrase = self.phrase
        as_of = self.result.as_of
        return {
            "language": "中文" if self.lang == "zh" else "English",
            "title": phrase("Customer portraits"),
            "dated": phrase("Without dates") if as_of is None else phrase("As of {as_of:%Y-%m-%d}", as_of=as_of),
            "answers": self.answers(),
            "notes": [sentence.say(self.lang) for sentence in self.result.notes],
            "sections": [section for section in self.sections() if section],
        }

    def sections(self) -> Iterator[dict | None]:
        """Whom to look at, how they stand, what they do and say, what worked; then the evidence and the accounts."""
        result, facts = self.result, self.facts
        life = result.lifecycle
        if "worth" in facts:
            yield outlook.value(self)
        if "customers" in facts:
            yield self.classes()
            yield self.at_stake()
            yield standing.cards(self)
        if life is not None:
            yield standing.stages(self)
            yield standing.movement(self)
        if life is not None and life.warning is not None:
            yield standing.warning(self)
        if result.behaviour is not None:
            yield standing.doings(self)
        if result.willingness is not None:
            yield outlook.recommend(self)
        if result.campaigns is not None:
            yield standing.campaigns(self)
        if result.personas:
            yield standing.personas(self)
        if result.tags is not None:
            yield standing.tags(self)
        if result.drift is not None:
            yield standing.drift(self)
        if result.clusters is not None:
            yield outlook.clusters(self)
        if result.foretelling is not None:
            yield outlook.foretelling(self)
        if "customers" in facts:
            yield self.scores()
            yield self.months()
        if result.identity is not None:
            yield standing.persons(self)
        yield self.accounts()
        yield self.quality()
        yield self.not_said()
        yield self.origin()

    def answers(self) -> list[str]:
        lines = []
        if "customers" in self.facts:
            lines += self.order_answers()
        if self.result.lifecycle is not None:
            lines.append(standing.stage_answer(self))
        links = None if self.result.lifecycle is None else self.result.lifecycle.links
        if links is not None and len(links):
            lines.append(standing.link_answer(self))
        if self.result.willingness is not None:
            found = self.result.willingness.score
            lines.append(
                self.phrase(
                    "NPS is {value:+.1f} (95% interval {low:+.1f} to {high:+.1f}) from {n:,} answers: {promoters:.0%} "
                    "promoters, {detractors:.0%} detractors.",
                    value=found.value,
                    low=found.low,
                    high=found.high,
                    n=found.n,
                    promoters=found.promoters / found.n,
                    detractors=found.detractors / found.n,
                )
            )
        if not lines:
            lines.append(
                self.phrase(
                    "{n:,} customers are in the tables given; without orders nothing can be said of their value.",
                    n=len(self.result.portraits),
                )
            )
        return lines

    def order_answers(self) -> list[str]:
        phrase, facts, customers = self.phrase, self.facts, self.facts["customers"]
        lines = [
            phrase(
                "{n:,} {n:customer|customers} bought for {money} net of refunds from {first:%Y-%m-%d} to "
                "{as_of:%Y-%m-%d}.",
                n=len(customers),
                money=money(customers["monetary_net"].sum()),
                first=customers["first_order"].min(),
                as_of=self.result.as_of,
            )
        ]
        top, stake = facts["top"], facts["stake"]
        if top["money"] > 0:
            lines.append(
                phrase(
                    "“{name}” is {people:.0%} of customers and {share:.0%} of the money (95% interval "
                    "{low:.0%}–{high:.0%}).",
                    name=class_label(top["rfm_class"], self.lang),
                    people=top["share"],
                    share=top["money_share"],
                    low=top["low"],
                    high=top["high"],
                )
            )
        if len(stake):
            share, low, high = facts["stake_share"]
            lines.append(
                phrase(
                    "{n:,} {n:customer|customers} who spent more than the median last bought {days:.0f} days ago or "
                    "longer, the median. They brought {money}, {share:.0%} of the money (95% interval "
                    "{low:.0%}–{high:.0%}): look at these first.",
                    n=len(stake),
                    days=facts["cuts"]["r"],
                    money=money(stake["monetary_net"].sum()),
                    share=share,
                    low=low,
                    high=high,
                )
            )
        if "worth" in facts and len(stake):
            worth = np.sort(stake["expected_value"].to_numpy("float64"))[::-1]
            lines.append(
                phrase(
                    "What is at stake with them: {value} of the {total} expected in the next 52 weeks (95% interval "
                    "{low} to {high}); {half:,} of them hold half of it.",
                    value=money(worth.sum()),
                    total=money(facts["worth"]["value"].sum()),
                    low=money(max(0.0, worth.sum() - 1.96 * np.sqrt((worth**2).sum()))),
                    high=money(worth.sum() + 1.96 * np.sqrt((worth**2).sum())),
                    half=int(np.searchsorted(worth.cumsum(), worth.sum() / 2) + 1),
                )
            )
            lines += self.doubt()
        accounts = self.result.cleaned["orders"].accounts
        if accounts.get("no_customer", {}).get("rows"):
            lines.append(
                phrase(
                    "{rows:,} of {received:,} rows name no customer; {money} of sales stand behind nobody in these "
                    "portraits.",
                    rows=accounts["no_customer"]["rows"],
                    received=accounts["received"]["rows"],
                    money=money(accounts["no_customer"]["money"]),
                )
            )
        return lines

    def doubt(self) -> list[str]:
        """A forecast that lost to a naive one on the time held out says so where it is quoted."""
        held = self.result.forecast.validation
        if held is None:
            return []
        errors = held.errors[held.errors["measure"] == "purchases"].set_index("forecast")
        own, naive = errors.loc[held.model], errors.drop(index=held.model)
        if own["mae"] < naive["mae"].min():
            return []
        return [
            self.phrase(
                "Take that forecast for an order of magnitude: on the last third of the time, held out, it was "
                "{bias:+.0%} off in purchases, and no closer a customer than a guess without a model.",
                bias=own["bias_share"],
            )
        ]

    def classes(self) -> dict:
        phrase, sizes, customers, cuts = self.phrase, self.facts["sizes"], self.facts["customers"], self.facts["cuts"]
        top = self.facts["top"]
        labels = [class_label(c, self.lang) for c in sizes["rfm_class"]]
        title = phrase(
            "{name}: {people:.0%} of customers, {share:.0%} of the money",
            name=class_label(top["rfm_class"], self.lang),
            people=top["share"],
            share=top["money_share"],
        )
        alt = phrase(
            "{title}. Bars: share of customers and of money in each of the eight classes; the table below has the "
            "figures.",
            title=title,
        )
        head = [phrase("RFM class"), phrase("Customers"), phrase("Share"), phrase("Money (net)")]
        head += [phrase("Share of money"), phrase("95% interval"), phrase("Median recency, days")]
        rows = [
            [
                label,
                f"{r.customers:,}",
                f"{r.share:.1%}",
                money(r.money),
                f"{r.money_share:.1%}",
                f"{r.low:.1%} – {r.high:.1%}",
                "–" if pd.isna(r.median_recency) else f"{r.median_recency:.0f}",
            ]
            for label, r in zip(labels, sizes.itertuples(), strict=True)
        ]
        total = [phrase("all"), f"{len(customers):,}", "100%", money(sizes["money"].sum()), "100%", "–"]
        total.append(f"{customers['recency_days'].median():.0f}")
        return {
            "title": phrase("Which kinds of customers there are"),
            "blocks": [
                figure(
                    title,
                    figures.classes(sizes, labels, phrase, alt),
                    phrase("Thin lines: 95% intervals of the share of money."),
                ),
                table(head, rows, 1, total),
                note(
                    phrase(
                        "Important: net money strictly above the median of {m}. Value: recent and frequent; develop: "
                        "recent only; keep: frequent only; win back: neither. Recent is strictly fewer than the median "
                        "of {r:.0f} days, frequent strictly more orders than the median of {f:g}.",
                        m=money(cuts["m"]),
                        r=cuts["r"],
                        f=cuts["f"],
                    )
                ),
                note(
                    phrase(
                        "Cut at the mean instead of the median, {share:.0%} of customers would be in another class: "
                        "say which cut when you compare.",
                        share=self.facts["moved"],
                    )
                ),
            ],
        }

    def at_stake(self) -> dict:
        phrase = self.phrase
        by = "expected_value" if "worth" in self.facts else "monetary_net"
        stake = self.facts["stake"].sort_values([by, "customer_id"], ascending=[False, True])
        title = phrase("Whom to look at first")
        if stake.empty:
            nobody = phrase("Nobody: every customer above the median of money bought within the median of days.")
            return {"title": title, "blocks": [paragraph(nobody)]}
        head = [phrase("Customer"), phrase("RFM class"), phrase("Last order"), phrase("Days since"), phrase("Orders")]
        rows = [
            [
                r.customer_id,
                class_label(r.rfm_class, self.lang),
                f"{r.last_order:%Y-%m-%d}",
                f"{r.recency_days:,}",
                f"{r.frequency:,}",
                money(r.monetary_net),
                *([money(r.expected_value)] if by == "expected_value" else []),
                self.orders_to_the_top(r.customer_id),
            ]
            for r in stake.head(10).itertuples()
        ]
        head += [phrase("Money (net)"), *([phrase("Expected value")] if by == "expected_value" else [])]
        head.append(phrase("Orders to “{name}”", name=class_label("important_value", self.lang)))
        return {
            "title": title,
            "blocks": [
                paragraph(
                    phrase(
                        "The largest of {n:,}; all of them are in portraits.xlsx, filtered by RFM class.",
                        n=len(stake),
                    )
                ),
                table(head, rows, 3, about=stake["customer_id"].head(10).tolist()),
                note(
                    phrase(
                        "Not yet lost: a median says nothing of anybody's own rhythm, and some come back by "
                        "themselves. Leave a random part alone to see what a call changes."
                    )
                ),
            ],
        }

    def orders_to_the_top(self, customer_id: str) -> str:
        """How many orders now would put a customer into the best class (money follows by itself)."""
        change = segment.smallest_change(self.facts["customers"], customer_id, "important_value")
        return f"{max(1, round(change.get('frequency', 0)))}"

    def scores(self) -> dict:
        phrase, customers = self.phrase, self.facts["customers"]
        names = {"r": phrase("Recency, days"), "f": phrase("Frequency, orders"), "m": phrase("Money (net)")}
        rows = []
        for r in segment.thresholds(customers).itertuples():
            low, high = (money(v) if r.dimension == "m" else f"{v:,.0f}" for v in (r.lowest, r.highest))
            rows.append([names[r.dimension], str(r.score), f"{low} – {high}", f"{r.customers:,}"])
        best = int(((customers["r"] == 5) & (customers["f"] == 5)).sum())
        title = phrase("{n:,} {n:customer is|customers are} at the top in both recency and frequency", n=best)
        alt = phrase(
            "{title}. Number of customers for each pair of scores; the scores' limits are in the table below.",
            title=title,
        )
        below = phrase("An empty row or column is a score that ties leave to nobody: equal customers get equal scores.")
        head = [phrase("Dimension"), phrase("Score"), phrase("From – to"), phrase("Customers")]
        return {
            "title": phrase("What the scores mean"),
            "blocks": [figure(title, figures.score_grid(customers, phrase, alt), below), table(head, rows)],
        }

    def months(self) -> dict:
        phrase, orders = self.phrase, self.result.cleaned["orders"].valid
        title = phrase("How sales went")
        net = (orders["amount"] - orders["refunded"]).groupby(orders["ordered_at"].dt.to_period("M")).sum()
        net = net.reindex(pd.period_range(net.index.min(), net.index.max(), freq="M"), fill_value=0.0)
        if len(net) < 2:
            return {"title": title, "blocks": [paragraph(phrase("All orders are of one month."))]}
        first, last = orders["ordered_at"].min().normalize(), self.result.as_of
        whole = [m for m in net.index if first <= m.start_time and m.end_time.normalize() <= last]
        best = net[whole].idxmax() if whole else net.idxmax()
        message = phrase("The best month was {month}, with {money}", month=str(best), money=money(net[best]))
        alt = phrase("{title}. Bars: net money of each month.", title=message)
        grey = phrase("Grey: a month that the data cover only in part.") if len(whole) < len(net) else ""
        return {
            "title": title,
            "blocks": [figure(message, figures.months(net, whole, phrase, self.lang, alt), grey)],
        }

    def accounts(self) -> dict:
        phrase, blocks = self.phrase, []
        outcomes = {"set_aside": phrase("set aside"), "quarantine": phrase("quarantined")}
        head = ["", phrase("Rows"), phrase("Orders"), phrase("Customers"), phrase("Money")]
        for kind, cleaned in self.result.cleaned.items():
            rules = {rule["name"]: rule for rule in cleaned.rules}
            accounts = dict(cleaned.accounts)
            received, valid = accounts.pop("received"), accounts.pop("valid")
            rows = [[phrase("received"), "", *accounted(received)]]
            rows += [
                [str(rules[n].get(self.lang, n)), outcomes[rules[n]["outcome"]], *accounted(a)]
                for n, a in accounts.items()
            ]
            label = schema.canonical(kind).label.say(self.lang)
            blocks.append(table([label, *head], rows, 2, [phrase("valid"), "", *accounted(valid)]))
            blocks += self.flags(kind)
        blocks.append(
            note(
                phrase(
                    "Every row that was not used stands in quarantine.csv with its source row, rule and column. Rows "
                    "and money add up to what was received."
                )
            )
        )
        return {"title": phrase("What was received and what was used"), "blocks": blocks}

    def flags(self, kind: str) -> list[dict]:
        phrase = self.phrase
        names = {f["name"]: f for f in clean.rules_for(self.result.tables[kind]).get("flags") or []}
        items = [
            phrase("{flag}: {rows:,} rows", flag=names[n][self.lang], rows=a["rows"])
            if a["money"] is None
            else phrase(
                "{flag}: {rows:,} rows, {money}", flag=names[n][self.lang], rows=a["rows"], money=money(a["money"])
            )
            for n, a in self.result.cleaned[kind].flags.items()
            if a["rows"]
        ]
        return [paragraph(phrase("Flagged, and still valid:")), {"list": items}] if items else []

    def quality(self) -> dict:
        phrase, blocks = self.phrase, []
        head = [phrase("Filled"), phrase("Different values"), phrase("Lowest"), phrase("Highest")]
        for kind, cleaned in self.result.cleaned.items():
            canonical = schema.canonical(kind)
            before = clean.profile(self.result.tables[kind].frame, kind)
            after = clean.profile(cleaned.valid, kind)
            rows = []
            for b, a in zip(before.itertuples(), after.itertuples(), strict=True):
                row = [f"{b.filled:.1%} → {a.filled:.1%}", f"{b.distinct:,} → {a.distinct:,}"]
                limits = [(limit(b.lowest), limit(a.lowest)), (limit(b.highest), limit(a.highest))]
                row += [f"{x} → {y}" if x != y else x for x, y in limits]
                rows.append([canonical.columns[b.column].label.say(self.lang), *row])
            blocks.append(table([canonical.label.say(self.lang), *head], rows))
        blocks.append(note(phrase("Received → valid.")))
        return {"title": phrase("Quality before and after"), "blocks": blocks}

    def not_said(self) -> dict:
        missing = [sentence.say(self.lang) for sentence in self.result.not_done]
        blocks = [{"list": missing}] if missing else [paragraph(self.phrase("Every table was given."))]
        return {"title": self.phrase("What could not be said"), "blocks": blocks}

    def origin(self) -> dict:
        phrase, rows, mapping = self.phrase, [], []
        for kind, entry in self.ledger["tables"].items():
            canonical = schema.canonical(kind)
            for source in entry["sources"]:
                span = f"{source['first']} – {source['last']}" if source["first"] else "–"
                read_as = source.get("encoding") or source["format"]
                label = canonical.label.say(self.lang)
                rows.append([label, source["name"], read_as, span, *accounted(source)])
            mapping += [f"{canonical.columns[n].label.say(self.lang)} ← {c}" for n, c in entry["mapping"].items()]
        head = [phrase("Table"), phrase("File"), phrase("Encoding"), phrase("From – to")]
        head += [phrase("Rows"), phrase("Orders"), phrase("Customers"), phrase("Money")]
        versions = ", ".join(f"{k} {v}" for k, v in self.ledger["versions"].items())
        return {
            "title": phrase("Where it comes from"),
            "blocks": [
                table(head, rows, 4),
                paragraph(phrase("Columns that were read:")),
                {"list": mapping},
                note(phrase("Kit {kit}; {versions}.", kit=self.ledger["kit"], versions=versions)),
            ],
        }
