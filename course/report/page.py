"""report.html: one file, both languages, the answer first.

Every figure comes from the result; every sentence from the catalogue. Intervals resample customers (percentile bootstrap,
1,000 draws, fixed seed): how much the figure would move had other customers of the same kind come.
"""

from collections.abc import Callable

import jinja2
import numpy as np
import pandas as pd
from markupsafe import Markup

from course import charts, clean, schema, segment
from course.language import LANGUAGES, text
from course.report.words import class_label
from course.workflow import Result

_DRAWS = 1_000
_SEED = 20240301
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
    pages = {code: _page(result, ledger, facts, code) for code in LANGUAGES}
    html = environment.get_template("report.html.j2").render(pages=pages, first=lang)
    return html, pages[lang]["answers"]


# --- figures ---------------------------------------------------------------------------------------------------------


def _facts(result: Result) -> dict:
    """What both languages tell."""
    facts: dict = {}
    if "orders" in result.cleaned:
        customers = result.portraits.dropna(subset="frequency")
        sizes = segment.class_sizes(customers)
        top = sizes.loc[sizes["money"].idxmax(), "rfm_class"]
        stake = customers["rfm_class"].isin(_AT_STAKE)
        facts |= {
            "customers": customers,
            "sizes": sizes,
            "top": top,
            "top_share": _share(customers, customers["rfm_class"] == top),
            "stake": customers[stake],
            "stake_share": _share(customers, stake),
            "moved": float((customers["rfm_class"] != customers["rfm_class_mean"]).mean()),
            "cuts": segment.cuts(customers),
        }
    if "surveys" in result.cleaned:
        facts["scores"] = result.cleaned["surveys"].valid["score"].astype("int64")
    return facts


def _share(customers: pd.DataFrame, mask: pd.Series) -> tuple[float, float, float]:
    """Share of net money of the masked customers with its 95 % bootstrap interval."""
    money, chosen = customers["monetary_net"].to_numpy("float64"), mask.to_numpy()
    total = money.sum()
    if total <= 0:
        return (np.nan, np.nan, np.nan)
    random = np.random.default_rng(_SEED)
    shares = np.empty(_DRAWS)
    for i in range(_DRAWS):
        drawn = random.integers(0, len(money), len(money))
        all_money = money[drawn].sum()
        shares[i] = money[drawn][chosen[drawn]].sum() / all_money if all_money > 0 else np.nan
    low, high = np.nanpercentile(shares, [2.5, 97.5])
    return (money[chosen].sum() / total, float(low), float(high))


# --- a page ----------------------------------------------------------------------------------------------------------


def _page(result: Result, ledger: dict, facts: dict, lang: str) -> dict:
    phrase = _phrase(lang)
    sections = []
    if "customers" in facts:
        sections += [
            _classes(facts, phrase, lang),
            _at_stake(facts, phrase, lang),
            _thresholds(facts, phrase, lang),
            _months(result, phrase, lang),
        ]
    if "scores" in facts:
        sections.append(_survey(facts["scores"], phrase, lang))
    sections += [
        _accounts(result, phrase, lang),
        _quality(result, phrase, lang),
        _reach(result, phrase, lang),
        _origin(result, ledger, phrase, lang),
    ]
    return {
        "language": "中文" if lang == "zh" else "English",
        "title": phrase("Customer portraits"),
        "dated": phrase("As of {as_of:%Y-%m-%d}", as_of=result.as_of)
        if result.as_of is not None
        else phrase("Without dates"),
        "answers": _answers(result, facts, phrase, lang),
        "notes": [n.say(lang) for n in result.notes],
        "sections": sections,
    }


def _phrase(lang: str) -> Callable[..., str]:
    return lambda message, **values: text(message, lang, **values)


def _money(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.2f}"


def _table(head: list[str], rows: list[list], figures: list[bool], total: list | None = None) -> dict:
    cells = [{"cells": r, "sum": False} for r in rows] + ([{"cells": total, "sum": True}] if total else [])
    return {"table": {"head": head, "rows": cells, "figures": figures}}


def _answers(result: Result, facts: dict, phrase: Callable, lang: str) -> list[str]:
    lines = []
    if "customers" in facts:
        lines += _order_answers(result, facts, phrase, lang)
    if "scores" in facts:
        scores = facts["scores"]
        lines.append(
            phrase(
                "{n:,} people answered the 0–10 question; the median answer is {median:g}, {high:.0%} gave 9 or 10 and {low:.0%} gave 6 or less.",
                n=len(scores),
                median=float(scores.median()),
                high=float((scores >= 9).mean()),
                low=float((scores <= 6).mean()),
            )
        )
    if not lines:
        lines.append(
            phrase(
                "{n:,} customers are in the tables given; without orders nothing can be said of their value.",
                n=len(result.portraits),
            )
        )
    return lines


def _order_answers(result: Result, facts: dict, phrase: Callable, lang: str) -> list[str]:
    customers, sizes, stake = facts["customers"], facts["sizes"].set_index("rfm_class"), facts["stake"]
    total = float(customers["monetary_net"].sum())
    first = customers["first_order"].min()
    lines = [
        phrase(
            "{n:,} customers bought for {money} net of refunds from {first:%Y-%m-%d} to {as_of:%Y-%m-%d}.",
            n=len(customers), money=_money(total), first=first, as_of=result.as_of,
        )
    ]  # fmt: skip
    if total <= 0:
        return lines
    share, low, high = facts["top_share"]
    lines.append(
        phrase(
            "“{name}” is {people:.0%} of customers and {share:.0%} of the money (95 % interval {low:.0%}–{high:.0%}).",
            name=class_label(facts["top"], lang), people=sizes.loc[facts["top"], "share"], share=share, low=low, high=high,
        )
    )  # fmt: skip
    if len(stake):
        share, low, high = facts["stake_share"]
        lines.append(
            phrase(
                "{n:,} customers who spent more than the median have been silent for more than {days:.0f} days, the median. They "
                "brought {money}, {share:.0%} of the money (95 % interval {low:.0%}–{high:.0%}): the first list to call.",
                n=len(stake), days=facts["cuts"]["r"], money=_money(stake["monetary_net"].sum()), share=share, low=low, high=high,
            )
        )  # fmt: skip
    lines.append(
        phrase(
            "Cut at the mean instead of the median, {share:.0%} of customers would be in another class: say which cut when you compare.",
            share=facts["moved"],
        )
    )
    accounts = result.cleaned["orders"].accounts
    lost, received = accounts.get("no_customer"), accounts["received"]
    if lost and lost["rows"]:
        lines.append(
            phrase(
                "{rows:,} of {received:,} rows name no customer; {money} of sales stand behind nobody in these portraits.",
                rows=lost["rows"], received=received["rows"], money=_money(lost["money"]),
            )
        )  # fmt: skip
    return lines


def _classes(facts: dict, phrase: Callable, lang: str) -> dict:
    sizes = facts["sizes"]
    labels = [class_label(c, lang) for c in sizes["rfm_class"]]
    with charts.drawing(5.4, 3.6) as (figure, axes):
        at = np.arange(len(sizes))[::-1]
        axes.barh(at + 0.19, 100 * sizes["share"], 0.36, color=charts.SKY, label=phrase("customers"))
        axes.barh(at - 0.19, 100 * sizes["money_share"].fillna(0), 0.36, color=charts.BLUE, label=phrase("net money"))
        axes.set_yticks(at, labels)
        axes.set_xlabel(phrase("share of all, %"))
        axes.legend(frameon=False, loc="lower right")
        top = sizes.loc[sizes["rfm_class"] == facts["top"]].iloc[0]
        title = phrase(
            "{name}: {people:.0%} of customers, {share:.0%} of the money",
            name=class_label(facts["top"], lang),
            people=top["share"],
            share=_zero(top["money_share"]),
        )
        drawn = charts.svg(
            figure,
            title
            + phrase(
                ". Bars: share of customers and of money in each of the eight classes; the table below has the figures."
            ),
        )
    rows = [
        [
            label,
            f"{r.customers:,}",
            f"{r.share:.1%}",
            _money(r.money),
            f"{_zero(r.money_share):.1%}",
            "–" if pd.isna(r.median_recency) else f"{r.median_recency:.0f}",
        ]
        for label, r in zip(labels, sizes.itertuples(), strict=True)
    ]
    head = [
        phrase("RFM class"),
        phrase("Customers"),
        phrase("Share"),
        phrase("Money (net)"),
        phrase("Share of money"),
        phrase("Median recency, days"),
    ]
    total = [
        phrase("all"),
        f"{sizes['customers'].sum():,}",
        "100%",
        _money(sizes["money"].sum()),
        "100%",
        f"{facts['customers']['recency_days'].median():.0f}",
    ]
    return {
        "title": phrase("Which kinds of customers there are"),
        "blocks": [
            {"figure": Markup(drawn), "title": title, "below": ""},
            _table(head, rows, [False] + [True] * 5, total),
            {
                "text": phrase(
                    "Important: net money strictly above the median of {m}. Value, develop, keep, win back: recency strictly below the "
                    "median of {r:.0f} days or not, orders strictly above the median of {f:g} or not.",
                    m=_money(facts["cuts"]["m"]), r=facts["cuts"]["r"], f=facts["cuts"]["f"],
                ),
                "soft": True,
            },
        ],
    }  # fmt: skip


def _zero(share: float) -> float:
    return 0.0 if pd.isna(share) else float(share)


def _at_stake(facts: dict, phrase: Callable, lang: str) -> dict:
    stake = facts["stake"].sort_values(["monetary_net", "customer_id"], ascending=[False, True])
    rows = [
        [
            r.customer_id,
            class_label(r.rfm_class, lang),
            f"{r.last_order:%Y-%m-%d}",
            f"{r.recency_days}",
            f"{r.frequency}",
            _money(r.monetary_net),
        ]
        for r in stake.head(10).itertuples()
    ]
    head = [
        phrase("Customer"),
        phrase("RFM class"),
        phrase("Last order"),
        phrase("Days since"),
        phrase("Orders"),
        phrase("Money (net)"),
    ]
    blocks = [
        {
            "text": phrase("Nobody: every customer above the median of money bought within the median of days."),
            "soft": False,
        }
    ]
    if rows:
        blocks = [
            {
                "text": phrase(
                    "The ten largest of {n:,}; all of them are in portraits.xlsx, filtered by RFM class.", n=len(stake)
                ),
                "soft": False,
            },
            _table(head, rows, [False, False, False, True, True, True]),
            {
                "text": phrase(
                    "Silence is not yet loss: some of them come back by themselves. Leave a random part alone to see what a call changes."
                ),
                "soft": True,
            },
        ]
    return {"title": phrase("Whom to call first"), "blocks": blocks}


def _thresholds(facts: dict, phrase: Callable, lang: str) -> dict:
    table = segment.thresholds(facts["customers"])
    names = {"r": phrase("Recency, days"), "f": phrase("Frequency, orders"), "m": phrase("Money (net)")}
    rows = []
    for r in table.itertuples():
        figure = _money if r.dimension == "m" else lambda v: f"{v:,.0f}"
        rows.append([names[r.dimension], str(r.score), f"{figure(r.lowest)} – {figure(r.highest)}", f"{r.customers:,}"])
    grid = facts["customers"].groupby(["r", "f"])["monetary_net"].agg(["size", "sum"]).reset_index()
    with charts.drawing(5.0, 3.6) as (figure, axes):
        counts = np.zeros((5, 5))
        for r in grid.itertuples():
            counts[int(r.f) - 1, int(r.r) - 1] = r.size
        mesh = axes.imshow(counts, origin="lower", cmap="cividis_r", aspect="auto")
        for f in range(5):
            for r in range(5):
                dark = counts[f, r] > 0.5 * counts.max()
                axes.text(r, f, f"{int(counts[f, r]):,}", ha="center", va="center", color="white" if dark else "black")
        axes.set_xticks(range(5), range(1, 6))
        axes.set_yticks(range(5), range(1, 6))
        axes.set_xlabel(phrase("R score (5: most recent)"))
        axes.set_ylabel(phrase("F score (5: most orders)"))
        for spine in axes.spines.values():
            spine.set_visible(False)
        mesh.set_rasterized(False)
        best = int(counts[4, 4])
        title = phrase("{n:,} customers are at the top in both recency and frequency", n=best)
        drawn = charts.svg(
            figure,
            title + phrase(". Number of customers for each pair of scores; the scores' limits are in the table below."),
        )
    return {
        "title": phrase("What the scores mean"),
        "blocks": [
            {
                "figure": Markup(drawn),
                "title": title,
                "below": phrase(
                    "An empty row or column is a score that ties leave to nobody: equal customers get equal scores."
                ),
            },
            _table(
                [phrase("Dimension"), phrase("Score"), phrase("From – to"), phrase("Customers")],
                rows,
                [False, True, True, True],
            ),
        ],
    }


def _months(result: Result, phrase: Callable, lang: str) -> dict:
    orders = result.cleaned["orders"].valid
    net = orders["amount"] - orders["refunded"]
    month = orders["ordered_at"].dt.to_period("M")
    money = net.groupby(month).sum()
    money = money.reindex(pd.period_range(money.index.min(), money.index.max(), freq="M"), fill_value=0.0)
    if len(money) < 2:
        return {
            "title": phrase("How sales went"),
            "blocks": [{"text": phrase("All orders are of one month."), "soft": False}],
        }
    whole = [
        m
        for m in money.index
        if m.end_time.normalize() <= result.as_of and m.start_time >= orders["ordered_at"].min().normalize()
    ]
    best = money[whole].idxmax() if whole else money.idxmax()
    with charts.drawing(5.4, 2.8) as (figure, axes):
        colours = [charts.BLUE if m in whole else charts.GREY for m in money.index]
        axes.bar(range(len(money)), money.to_numpy(), color=colours)
        step = max(1, len(money) // 8)
        axes.set_xticks(range(0, len(money), step), [f"{m}" for m in money.index[::step]], rotation=45, ha="right")
        axes.yaxis.set_major_formatter(lambda v, _: charts.large(v, lang))
        axes.set_ylabel(phrase("net money a month"))
        title = phrase("The best whole month was {month}, with {money}", month=str(best), money=_money(money[best]))
        drawn = charts.svg(figure, title + phrase(". Bars: net money of each month."))
    return {
        "title": phrase("How sales went"),
        "blocks": [
            {
                "figure": Markup(drawn),
                "title": title,
                "below": phrase("Grey: a month that the data cover only in part.") if len(whole) < len(money) else "",
            }
        ],
    }


def _survey(scores: pd.Series, phrase: Callable, lang: str) -> dict:
    counts = scores.value_counts().reindex(range(11), fill_value=0)
    with charts.drawing(5.4, 2.8) as (figure, axes):
        colours = [charts.VERMILION] * 7 + [charts.GREY] * 2 + [charts.BLUE] * 2
        axes.bar(counts.index, 100 * counts / counts.sum(), color=colours)
        axes.set_xticks(range(11))
        axes.set_xlabel(phrase("score"))
        axes.set_ylabel(phrase("share of answers, %"))
        title = phrase("The most frequent answer is {mode}", mode=int(counts.idxmax()))
        drawn = charts.svg(figure, title + phrase(". Share of answers for each score from 0 to 10."))
    return {
        "title": phrase("Would they recommend us?"),
        "blocks": [
            {
                "figure": Markup(drawn),
                "title": title,
                "below": phrase(
                    "0–6 detractors, 7–8 passives, 9–10 promoters. Look at the shape before any single figure."
                ),
            }
        ],
    }


def _accounts(result: Result, phrase: Callable, lang: str) -> dict:
    blocks = []
    for kind, cleaned in result.cleaned.items():
        accounts = dict(cleaned.accounts)
        label = {r["name"]: str(r.get(lang, r["name"])) for r in cleaned.rules}
        outcome = {
            r["name"]: phrase("set aside") if r["outcome"] == "set_aside" else phrase("quarantined")
            for r in cleaned.rules
        }
        received = accounts.pop("received")
        rows = [[phrase("received"), "", *_figures(received)]]
        rows += [[label[n], outcome[n], *_figures(a)] for n, a in accounts.items() if n != "valid"]
        head = [
            schema.canonical(kind).label.say(lang),
            "",
            phrase("Rows"),
            phrase("Orders"),
            phrase("Customers"),
            phrase("Money"),
        ]
        blocks.append(
            _table(
                head, rows, [False, False, True, True, True, True], [phrase("valid"), "", *_figures(accounts["valid"])]
            )
        )
        flags = {n: a for n, a in cleaned.flags.items() if a["rows"]}
        if flags:
            names = {
                f["name"]: str(f.get(lang, f["name"])) for f in clean.rules_for(result.tables[kind]).get("flags") or []
            }
            items = [
                phrase("{flag}: {rows:,} rows, {money}", flag=names.get(n, n), rows=a["rows"], money=_money(a["money"]))
                for n, a in flags.items()
            ]
            blocks += [{"text": phrase("Flagged, and still valid:"), "soft": False}, {"list": items}]
    blocks.append(
        {
            "text": phrase(
                "Every row that was not used stands in quarantine.csv with its source row, rule and column. Rows and money add up to what was received."
            ),
            "soft": True,
        }
    )
    return {"title": phrase("What was received and what was used"), "blocks": blocks}


def _figures(account: dict) -> list[str]:
    return [
        "–" if account[k] is None else (_money(account[k]) if k == "money" else f"{account[k]:,}")
        for k in ("rows", "orders", "customers", "money")
    ]


def _quality(result: Result, phrase: Callable, lang: str) -> dict:
    blocks = []
    head = [
        phrase("Column"),
        phrase("Filled before"),
        phrase("after"),
        phrase("Different values before"),
        phrase("after"),
        phrase("Lowest before"),
        phrase("after"),
        phrase("Highest before"),
        phrase("after"),
    ]
    for kind, cleaned in result.cleaned.items():
        before = clean.profile(result.tables[kind].frame, kind).set_index("column")
        after = clean.profile(cleaned.valid, kind).set_index("column")
        columns = schema.canonical(kind).columns
        rows = []
        for name in before.index:
            b, a = before.loc[name], after.loc[name]
            limits = [_limit(x) for x in (b["lowest"], a["lowest"], b["highest"], a["highest"])]
            rows.append(
                [
                    columns[name].label.say(lang),
                    f"{b['filled']:.1%}",
                    f"{a['filled']:.1%}",
                    f"{b['distinct']:,}",
                    f"{a['distinct']:,}",
                    *limits,
                ]
            )
        blocks += [
            {"text": schema.canonical(kind).label.say(lang), "soft": False},
            _table(head, rows, [False] + [True] * 8),
        ]
    return {"title": phrase("Quality before and after"), "blocks": blocks}


def _limit(value: object) -> str:
    if value is None or pd.isna(value):
        return "–"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}"
    return f"{value:,.10g}"


def _reach(result: Result, phrase: Callable, lang: str) -> dict:
    return {
        "title": phrase("What could not be said"),
        "blocks": [{"list": [n.say(lang) for n in result.not_done]}]
        if result.not_done
        else [{"text": phrase("Every table was given."), "soft": False}],
    }


def _origin(result: Result, ledger: dict, phrase: Callable, lang: str) -> dict:
    rows = []
    for kind, table in ledger["tables"].items():
        for source in table["sources"]:
            span = f"{source['first']} – {source['last']}" if source.get("first") else "–"
            rows.append(
                [
                    schema.canonical(kind).label.say(lang),
                    source["name"],
                    f"{source['rows']:,}",
                    span,
                    source.get("encoding") or source["format"],
                    (source.get("sha256") or "–")[:16],
                ]
            )
    mapping = [
        f"{schema.canonical(kind).columns[name].label.say(lang)} ← {column}"
        for kind, table in result.tables.items()
        for name, column in table.mapping.items()
    ]
    versions = ", ".join(f"{k} {v}" for k, v in ledger["versions"].items())
    return {
        "title": phrase("Where it comes from"),
        "blocks": [
            _table(
                [phrase("Table"), phrase("File"), phrase("Rows"), phrase("From – to"), phrase("Encoding"), "SHA-256"],
                rows,
                [False, False, True, False, False, False],
            ),
            {"text": phrase("Columns that were read:"), "soft": False},
            {"list": mapping},
            {
                "text": phrase("Intervals: customers resampled {draws:,} times (percentile bootstrap).", draws=_DRAWS)
                if "customers" in result.portraits or result.main == "orders"
                else "",
                "soft": True,
            },
            {"text": phrase("Kit {kit}; {versions}.", kit=ledger["kit"], versions=versions), "soft": True},
        ],
    }
