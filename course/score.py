"""`course score`: what the workflow recovers of a company whose truth is known.

The workflow reads the seven sources as it would a stranger's; only then is the truth opened and held against it. No
step is told anything of it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from sklearn.metrics import adjusted_rand_score, roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from course import behaviour, clv, company, demo, effect, identity, nps, segment, workflow
from course.language import Sentence

COLUMNS = ["step", "what", "found", "low", "high", "beside", "covered", "n"]
_REPEATS = 200


@dataclass(frozen=True)
class Case:
    """One company: the run over its sources, its truth a step, and the person behind every id that the run uses."""

    folder: Path
    result: workflow.Result
    truth: Callable[[str], company.Unsealed]
    person: pd.Series


def score(folder: str | Path | None = None, progress: Callable[[Sentence], None] | None = None) -> pd.DataFrame:
    """Recovered against truth.

    Parameters
    ----------
    folder : a company that `company.write` wrote; default: the shipped one.

    Returns
    -------
    frame: step (the module), what, found, low, high (95 % interval where there is one), beside (the truth, or what a
        naive way gives; `what` says which), covered (whether the interval holds the truth; blank where there is no
        interval, or no truth of this very figure), n
    """
    folder = company.datasets() if folder is None else Path(folder)
    case = case_of(workflow.run(demo.tables(folder, progress), progress=progress), folder)
    parts = (_clean, _identity, _tag, _segment, _clv, _lifecycle, _nps, _effect)
    return pd.DataFrame([row for part in parts for row in part(case)], columns=COLUMNS)


def case_of(result: workflow.Result, folder: Path) -> Case:
    """A run over the company in `folder`, with its truth; ids that a run replaced by pseudonyms are those here too."""
    ids = company.unseal("identity", folder).frames["ids"].drop_duplicates("customer_id")
    named = ids["customer_id"].map(lambda number: result.pseudonyms.get(number, number))
    return Case(folder, result, lambda step: company.unseal(step, folder), ids.set_index(named)["person_id"])


def spread(seeds: int, customers: int, work: Path, progress: Callable[[Sentence], None] | None = None) -> pd.DataFrame:
    """The same for so many companies: step, what, mean, min, max and count of `found`, mean of `beside`, and in what
    share of the companies with an interval and a truth it was covered."""
    tell = progress or (lambda sentence: None)
    tables = []
    for seed in range(1, seeds + 1):
        tell(Sentence("Company {seed} of {seeds}", seed=seed, seeds=seeds))
        folder = work / f"company-{seed}"
        company.write(seed, customers, folder)
        tables.append(score(folder).assign(seed=seed))
    grouped = pd.concat(tables).groupby(["step", "what"], sort=False)
    out = grouped["found"].agg(["mean", "min", "max", "count"])
    covered = grouped["covered"].agg(lambda held: held.dropna().astype("float64").mean())
    return out.assign(beside=grouped["beside"].mean(), covered=covered).reset_index()


def _row(
    step: str,
    what: str,
    found: float,
    n: int,
    low: object = None,
    high: object = None,
    beside: object = None,
    true: object = None,
) -> dict:
    """A row; `true` is the truth of this very figure, which the interval has to hold, and stands beside it."""
    covered = None
    if not (pd.isna(true) or pd.isna(low) or pd.isna(high)):
        covered = bool(low <= true <= high)
    beside = beside if true is None else true
    return dict(zip(COLUMNS, (step, what, found, low, high, beside, covered, n), strict=True))


def _share(step: str, what: str, hits: int, of: int, beside: object = None) -> dict:
    """A share with its Wilson interval; nothing to count is blank."""
    if not of:
        return _row(step, what, np.nan, 0)
    low, high = proportion_confint(hits, of, method="wilson")
    return _row(step, what, hits / of, of, low, high, beside)


def _persons(case: Case) -> pd.DataFrame:
    """The portraits with the true person of each; an id that no system gave (a pseudonym) has none."""
    portraits = case.result.portraits
    return portraits.assign(person_id=portraits["customer_id"].map(case.person))


def _one_each(case: Case) -> pd.DataFrame:
    """The portrait with most orders of each true person, by person."""
    known = _persons(case).dropna(subset="person_id")
    known = known.sort_values(["frequency", "customer_id"], ascending=[False, True], na_position="last")
    return known.drop_duplicates("person_id").set_index("person_id")


# --- clean -----------------------------------------------------------------------------------------------------------

#: Which rule or flag of the workflow is to find which kind of defect, and by what its rows are known in the ledger.
_FOUND_BY = {
    "zero_price": ("order_lines", "price_not_positive"),
    "impossible_date": ("orders", "impossible_date"),
    "outlier": ("orders", "amount_off_lines"),
    "blank_code": ("surveys", "not_answered"),
    "wrong_scale": ("surveys", "score_out_of_range"),
    "double_answer": ("surveys", "answered_again"),
    "speeder": ("surveys", "too_fast"),
    "bot_visits": ("events", "not_a_person"),
    "name_phone_swap": ("customers", "is_misplaced"),
}


def _clean(case: Case) -> list[dict]:
    rows, ledger = [], case.truth("clean").frames["defects"]
    for kind, (table, rule) in _FOUND_BY.items():
        own = ledger[ledger["kind"] == kind]
        if own.empty:
            continue
        found, true = _keys(case.result.cleaned[table], table, rule), set(own["key"].map(_plain_key))
        rows.append(_share("clean", f"{kind}: precision", len(found & true), len(found)))
        rows.append(_share("clean", f"{kind}: recall", len(found & true), len(true)))
    repeated = ledger[ledger["kind"] == "repeated_order"]
    again = case.result.cleaned["orders"].accounts.get("repeated_order", {"rows": 0})["rows"]
    orders = case.result.cleaned["orders"].valid
    kept = int((orders["order_id"].isin(repeated["key"]) & orders["order_id"].duplicated()).sum())
    rows.append(
        _row("clean", "orders counted twice (beside: sent twice)", float(kept), again, beside=float(len(repeated)))
    )
    orders = case.result.cleaned["orders"].valid
    money = float((orders["amount"] - orders["refunded"]).sum())
    facts = case.truth("collect").facts
    with_card = money + _nobody(case)
    rows.append(
        _row("clean", "money of sales, yuan (beside: true)", with_card, len(orders), beside=float(facts["money"]))
    )
    return rows


def _nobody(case: Case) -> float:
    """Sales without a member card: legitimate, and nobody's."""
    apart = case.result.cleaned["orders"].set_aside
    return float(apart.loc[apart["rule"] == "no_customer", "amount"].sum())


def _keys(cleaned: object, table: str, rule: str) -> set[str]:
    """The keys, as the ledger has them, of the rows that a rule or flag found."""
    if rule in cleaned.flags:
        rows = cleaned.valid[cleaned.valid[rule]]
    else:
        rows = pd.concat([cleaned.quarantine, cleaned.set_aside])
        rows = rows[rows["rule"] == rule]
    if table == "order_lines":
        return set(rows["order_id"] + "/" + rows["product_id"])
    column = {"orders": "order_id", "surveys": "答卷编号", "events": "visitor_id", "customers": "customer_id"}[table]
    return set(rows[column].astype("str"))


def _plain_key(key: str) -> str:
    """A click is known by visitor and time; the rule judges visitors."""
    return key.split("/")[0] if key.count("/") == 1 and "T" in key.split("/")[1] else key


# --- identity --------------------------------------------------------------------------------------------------------


def _identity(case: Case) -> list[dict]:
    found = case.result.found["identity"].identity
    truth = found.persons["customer_id"].map(case.person)
    judged = identity.judge(found, pd.Series(truth.to_numpy(), index=found.persons["customer_id"]).dropna())
    records = int(judged["records"])
    names = ("pair_precision", "pair_recall", "b3_precision", "b3_recall", "blocking_recall")
    rows = [_row("identity", name, float(judged[name]), records) for name in names if name in judged]
    return [
        *rows,
        _row("identity", "persons (beside: true)", judged["persons"], records, beside=judged["true_persons"]),
    ]


# --- tag -------------------------------------------------------------------------------------------------------------


def _tag(case: Case) -> list[dict]:
    opened = case.truth("tag").frames
    one = _one_each(case)
    true = opened["price_sensitivity"].set_index("person_id")["price_sensitivity"]
    rows = []
    exposed = _exposed(case)
    both = pd.DataFrame({"true": true, "adjusted": exposed, "share": one["discount_share"]}).dropna()
    for what, column in (("price sensitivity, rank correlation with the truth", "adjusted"),):
        value = spearmanr(both[column], both["true"])[0]
        naive = spearmanr(both["share"], both["true"])[0]
        low, high = _bootstrap(lambda f, c=column: spearmanr(f[c], f["true"])[0], both)
        rows.append(_row("tag", f"{what} (beside: discount share)", value, len(both), low, high, naive))
    sensitive = (
        one["tag_price_sensitive"].dropna().astype(bool) if "tag_price_sensitive" in one else pd.Series(dtype=bool)
    )
    top = true.reindex(sensitive.index) >= true.quantile(0.8)
    hit = int((sensitive & top).sum())
    rows.append(
        _share(
            "tag",
            "price sensitive: in the true top fifth (beside: base rate)",
            hit,
            int(sensitive.sum()),
            float(top.mean()),
        )
    )
    return rows + _new_parents(case, one, opened["parents"]) + _carriers(case, one)


def _exposed(case: Case) -> pd.Series:
    """Price sensitivity by the exposure that the push groups really had, by person."""
    promotions = pd.read_csv(case.folder / company.FILES["promotions"])
    customers = case.result.cleaned["customers"].valid
    orders = case.result.cleaned["orders"].valid
    group = customers.set_index("customer_id")["push_group"]
    group = group.fillna(customers.set_index("customer_id")["推送分组"]) if "推送分组" in customers else group
    exposure = _exposure_days(promotions, group.dropna(), orders, case.result.as_of)
    found = behaviour.price_sensitivity(orders, exposure, case.result.as_of).set_index("customer_id")
    values = found["price_sensitivity"]
    values.index = values.index.map(case.person)
    return values[values.index.notna()].groupby(level=0).mean()


def _exposure_days(
    promotions: pd.DataFrame, group: pd.Series, orders: pd.DataFrame, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Days with and without a promotion of each customer, from the first order on."""
    first = orders.groupby("customer_id")["ordered_at"].min().dt.normalize()
    days: dict[str, np.ndarray] = {}
    span = pd.date_range(first.min(), as_of)
    for name, own in _by_group(promotions).items():
        on = np.zeros(len(span), dtype=bool)
        for start, end in own:
            on |= (span >= start) & (span <= end)
        days[name] = on.cumsum()
    known = pd.DataFrame({"first": first, "group": group}).dropna()
    start = (known["first"] - span[0]).dt.days.to_numpy()
    total = len(span) - start
    promo = np.array(
        [
            days[g][-1] - (days[g][s - 1] if s else 0) if g in days else 0
            for g, s in zip(known["group"], start, strict=True)
        ]
    )
    return pd.DataFrame({"customer_id": known.index, "promo_days": promo, "full_days": total - promo})


def _by_group(promotions: pd.DataFrame) -> dict[str, list[tuple[pd.Timestamp, pd.Timestamp]]]:
    """The promotions each push group was shown."""
    out: dict[str, list] = {}
    for row in promotions.itertuples():
        out.setdefault(row.push_group, []).append((pd.Timestamp(row.starts), pd.Timestamp(row.ends)))
    return out


def _new_parents(case: Case, one: pd.DataFrame, parents: pd.DataFrame) -> list[dict]:
    """A rule that any analyst would write: nappies or milk powder on three days or more within half a year."""
    lines = case.result.cleaned["order_lines"].valid
    orders = case.result.cleaned["orders"].valid
    products = pd.read_csv(case.folder / company.FILES["products"])
    kinds = products.loc[products["kind"].isin(["nappies", "milk_powder"]), "sku"]
    baby = lines[lines["product_id"].isin(kinds)].merge(
        orders[["order_id", "customer_id", "ordered_at"]], on="order_id"
    )
    recent = baby[baby["ordered_at"] > case.result.as_of - pd.Timedelta(days=183)]
    days = recent.groupby("customer_id")["ordered_at"].apply(lambda s: s.dt.normalize().nunique())
    tagged = set(days[days >= 3].index.map(case.person).dropna())
    true = set(parents.loc[parents["role"] == "new_parent", "person_id"]) & set(one.index)
    hit = len(tagged & true)
    base = len(true) / max(len(one), 1)
    return [
        _share("tag", "new parents by rule: precision (beside: base rate)", hit, len(tagged), base),
        _share("tag", "new parents by rule: recall", hit, len(true)),
    ]


#: What is true of whom a tag says it: the words, and the truth by person from `process` and `next_year`.
_GONE, _STILL = "has left", "still a customer"
_TAGGED = {
    "high_activity": _STILL,
    "loyal": _STILL,
    "new_customer": _STILL,
    "at_risk": _GONE,
    "lost": _GONE,
    "likely_to_leave": _GONE,
    "silent_high_value": _GONE,
    "high_value": "top fifth of next year's spend",
    "expected_high_value": "top fifth of next year's spend",
}


def _carriers(case: Case, one: pd.DataFrame) -> list[dict]:
    """Of those who carry a default tag, how many it is true of, and of how many of those it is true of it is said."""
    opened, buyers = case.truth("clv").frames, one.dropna(subset="frequency")
    alive = opened["process"].set_index("person_id")["alive_at_end"].reindex(buyers.index).astype(bool)
    spend = opened["next_year"].set_index("person_id")["spend"].reindex(buyers.index)
    true_of = {_STILL: alive, _GONE: ~alive, "top fifth of next year's spend": spend > spend.quantile(0.8)}
    rows = []
    for name, what in _TAGGED.items():
        if f"tag_{name}" not in buyers:
            continue
        carried = buyers[f"tag_{name}"].dropna().astype(bool)
        true = true_of[what][carried.index]
        hits, told = int((carried & true).sum()), f"tag {name}: {what}"
        rows.append(
            _share("tag", f"{told}, precision (beside: all of whom it is known)", hits, carried.sum(), true.mean())
        )
        rows.append(_share("tag", f"{told}, recall", hits, int(true.sum())))
    return rows


# --- segment ---------------------------------------------------------------------------------------------------------


def _segment(case: Case) -> list[dict]:
    opened = case.truth("segment")
    key = opened.frames["items"]
    answers = case.result.cleaned["surveys"].valid
    items = answers[[c for c in answers if c.startswith("item_")]].apply(pd.to_numeric, errors="coerce")
    reverse = tuple(key.loc[key["reversed"], "item"])
    found = case.result.found["nps"].factors
    recovered = {frozenset(names) for names in found.items.values()}
    planted = {frozenset(names) for names in key.groupby("factor")["item"].agg(list)}
    rows = [
        _row(
            "segment",
            "factors found as planted (beside: planted)",
            float(len(recovered & planted)),
            len(items),
            beside=float(len(planted)),
        )
    ]
    complete = items.dropna()
    scored = segment.factors(complete, reverse=reverse, k=len(planted)).scores
    people = answers.loc[complete.index, "customer_id"].map(case.person)
    types = people.map(opened.frames["psychographics"].set_index("person_id")["psych_type"])
    known = types.notna().to_numpy()
    clusters = segment.cluster(scored[known])
    labels = pd.Series(clusters.labels)
    k = int(opened.facts["types"])
    rows.append(
        _row("segment", "clusters of the factors (beside: types)", float(clusters.k), int(known.sum()), beside=float(k))
    )
    ari = adjusted_rand_score(types[known], labels)
    both = pd.DataFrame({"true": types[known].to_numpy(), "found": labels.to_numpy()})
    low, high = _bootstrap(lambda f: adjusted_rand_score(f["true"], f["found"]), both)
    rows.append(_row("segment", "psychographic types, adjusted Rand index", ari, int(known.sum()), low, high))
    buyers = int(case.result.portraits["frequency"].notna().sum())
    rows.append(
        _row(
            "segment",
            "clusters in recency, frequency, money (none is planted)",
            case.result.found["clusters"].clusters.k,
            buyers,
        )
    )
    return rows


# --- clv -------------------------------------------------------------------------------------------------------------


def _clv(case: Case) -> list[dict]:
    opened = case.truth("clv").frames
    one = _one_each(case).dropna(subset="expected_order_days")
    later = opened["next_year"].set_index("person_id").reindex(one.index)
    process = opened["process"].set_index("person_id").reindex(one.index)
    n = len(one)
    years = 2.0
    naive_orders, naive_spend = one["frequency"].astype("float64") / years, one["monetary_net"] / years
    rows = [
        _row(
            "clv",
            "orders next year, all customers (beside: true)",
            one["expected_order_days"].sum(),
            n,
            beside=float(later["orders"].sum()),
        ),
        *money(case, opened["next_year"]),
    ]
    for what, found, naive, true in (
        (
            "orders next year, mean error a customer (beside: as before)",
            one["expected_order_days"],
            naive_orders,
            later["orders"],
        ),
        (
            "spend next year, mean error a customer, yuan (beside: as before)",
            one["expected_value"],
            naive_spend,
            later["spend"],
        ),
    ):
        errors = pd.DataFrame({"own": (found - true).abs(), "naive": (naive - true).abs()}).astype("float64")
        low, high = _bootstrap(lambda f: f["own"].mean(), errors)
        rows.append(_row("clv", what, errors["own"].mean(), n, low, high, errors["naive"].mean()))
    alive = process["alive_at_end"].astype(bool)
    known = one["p_alive"].notna() & process["alive_at_end"].notna()
    if known.any() and alive[known].nunique() == 2:
        both = pd.DataFrame(
            {
                "true": alive[known],
                "p": one.loc[known, "p_alive"],
                "recent": -one.loc[known, "recency_days"].astype("float64"),
            }
        )
        low, high = _bootstrap(lambda f: roc_auc_score(f["true"], f["p"]), both)
        rows.append(
            _row(
                "clv",
                "P(still a customer), AUC (beside: recency)",
                roc_auc_score(both["true"], both["p"]),
                len(both),
                low,
                high,
                roc_auc_score(both["true"], both["recent"]),
            )
        )
        rows.append(
            _row(
                "clv",
                "P(still a customer), mean (beside: true share)",
                both["p"].mean(),
                len(both),
                beside=float(both["true"].mean()),
            )
        )
    return rows


def money(case: Case, next_year: pd.DataFrame) -> list[dict]:
    """Money expected of all, of those at stake and of each class, as the report prints it, beside what then came.

    The truth is known a year at a time: it is discounted as if it had come in the middle of it.
    """
    value, buyers = case.result.found["clv"], case.result.buyers
    spend = next_year.set_index("person_id")["spend"] / (1 + clv.DISCOUNT) ** 0.5
    totals = {
        "all customers": (value.total, buyers),
        "those at stake": (value.at_stake, buyers[segment.at_stake(buyers)]),
    }
    for row in value.classes.itertuples():
        total = clv.Total(row.customers, row.value, row.low, row.high, row.half)
        totals[f"class {row.rfm_class}"] = total, buyers[buyers["rfm_class"] == row.rfm_class]
    rows = []
    for whose, (total, customers) in totals.items():
        persons = customers["customer_id"].map(case.person).dropna().unique()
        what = f"spend next year of {whose}, discounted, yuan (beside: true)"
        true = float(spend.reindex(persons).sum())
        rows.append(_row("clv", what, total.value, total.customers, total.low, total.high, true=true))
    return rows


# --- lifecycle -------------------------------------------------------------------------------------------------------


def _lifecycle(case: Case) -> list[dict]:
    process = case.truth("lifecycle").frames["process"].set_index("person_id")
    one = _one_each(case).dropna(subset="stage")
    one = one[one["stage"] != "prospect"]
    gone = ~process["alive_at_end"].reindex(one.index).astype(bool)
    rows = []
    for stage in ("lost", "at_risk", "loyal"):
        inside = one["stage"] == stage
        rows.append(
            _share(
                "lifecycle",
                f"{stage}: really left (beside: all customers)",
                int((inside & gone).sum()),
                int(inside.sum()),
                float(gone.mean()),
            )
        )
    silent = one["stage"].isin(["lost", "at_risk"])
    rows.append(_share("lifecycle", "of those who left, at risk or lost", int((silent & gone).sum()), int(gone.sum())))
    warning = case.result.found["lifecycle"].warning
    if warning is not None:
        model, recency, _ = warning.alerts.to_dict("records")
        rows.append(
            _row(
                "lifecycle",
                "early warning, precision on held-out time (beside: recency)",
                model["precision"],
                int(model["alerts"]),
                model["precision_low"],
                model["precision_high"],
                recency["precision"],
            )
        )
    facts = case.truth("lifecycle").facts
    orders = case.result.cleaned["orders"].valid
    days = orders.groupby("customer_id")["ordered_at"].apply(lambda s: s.dt.normalize().nunique())
    once = int((days == 1).sum())
    rows.append(
        _share(
            "lifecycle",
            "one order day only (beside: left after the first, true)",
            once,
            len(days),
            float(facts["left_after_first_purchase"]),
        )
    )
    return rows


# --- nps -------------------------------------------------------------------------------------------------------------


def _nps(case: Case) -> list[dict]:
    opened = case.truth("nps")
    answers = case.result.cleaned["surveys"].valid
    population = opened.frames["population"]
    rows = []
    waves = nps.waves(answers)
    for wave, truth in zip(waves.itertuples(), population.itertuples(), strict=False):
        rows.append(
            _row(
                "nps",
                f"NPS {truth.wave} (beside: all customers)",
                wave.value,
                int(wave.n),
                wave.low,
                wave.high,
                true=truth.nps,
            )
        )
    rows += _of_buyers(case, answers, population)
    true = opened.frames["drivers"].set_index("driver")["effect"]
    drivers = case.result.found["nps"].drivers
    if drivers is not None:
        table = drivers.table.assign(driver=drivers.table["driver"].str.removeprefix("driver_")).set_index("driver")
        both = pd.DataFrame({"true": true, "found": table["beta"]}).dropna()
        rows.append(
            _row(
                "nps",
                "drivers, rank correlation of coefficients with the truth",
                spearmanr(both["true"], both["found"])[0],
                len(both),
            )
        )
        zero = table.loc[opened.facts["zero_driver"]]
        rows.append(
            _row(
                "nps",
                "zero driver, coefficient (beside: true)",
                zero["beta"],
                drivers.n,
                zero["beta_low"],
                zero["beta_high"],
                true=0.0,
            )
        )
        rows.append(
            _row(
                "nps",
                "zero driver, share of importance (beside: true)",
                zero["importance"],
                drivers.n,
                beside=0.0,
            )
        )
    rows += _texts(case, opened.frames["texts"])
    slow = nps.slow_queues(case.result.cleaned["tickets"].valid, case.result.as_of)
    found = slow.loc[slow["slow"], "topic"].tolist()
    rows.append(_row("nps", "slow service queue found", float(opened.facts["slow_topic"] in found), len(slow)))
    rows.append(
        _row(
            "nps",
            "other queues called slow",
            float(len([t for t in found if t != opened.facts["slow_topic"]])),
            len(slow),
            beside=0.0,
        )
    )
    return rows


def _of_buyers(case: Case, answers: pd.DataFrame, population: pd.DataFrame) -> list[dict]:
    """The same, each wave weighted to all who had bought when it was asked."""
    weights = nps.to_buyers(answers, case.result.cleaned["orders"].valid)
    rows = []
    waves = answers.groupby(answers["answered_at"].dt.to_period("Q"))
    for (_, wave), truth in zip(waves, population.itertuples(), strict=False):
        found, what = (
            nps.score(wave["score"], weights[wave.index]),
            f"NPS {truth.wave}, weighted (beside: all customers)",
        )
        rows.append(_row("nps", what, found.value, found.n, found.low, found.high, true=truth.nps))
    return rows


def _texts(case: Case, labels: pd.DataFrame) -> list[dict]:
    """Sentiment and themes of comments and posts, in both languages, against their labels."""
    surveys, posts = case.result.cleaned["surveys"].valid, case.result.cleaned["posts"].valid
    said = pd.concat(
        [
            surveys[["答卷编号", "comment", "translation"]].set_axis(["key", "zh", "en"], axis=1),
            posts[["post_id", "text", "translation"]].set_axis(["key", "zh", "en"], axis=1),
        ]
    )
    said["key"] = said["key"].astype("str")
    first = labels.drop_duplicates("key").set_index("key")
    alone = first[~first.index.isin(labels.loc[labels["key"].duplicated(), "key"])]
    said = said[said["key"].isin(alone.index)].dropna(subset=["zh", "en"])
    rows = []
    true = alone.loc[said["key"], "sentiment"]
    most = float(true.value_counts(normalize=True).max())
    for lang, name in (("zh", "Chinese"), ("en", "English")):
        found = nps.sentiment(said[lang])["label"].to_numpy()
        hits = int((found == true.to_numpy()).sum())
        rows.append(
            _share("nps", f"sentiment of {name} texts, right (beside: the most frequent label)", hits, len(said), most)
        )
    return rows


# --- effect ----------------------------------------------------------------------------------------------------------


#: Days in which a purchase counts, as the campaigns' own briefs have it.
_WINDOW = 14
#: Campaigns that were answered at once: the two arms compared, and the column of the answer.
_ANSWERED = {
    "C02": ("gain", "loss", "accepted"),
    "C03": ("plain", "anchored", "value"),
    "C04": ("opt_in", "opt_out", "accepted"),
}


def _effect(case: Case) -> list[dict]:
    effects = case.truth("effect").frames["campaign_effects"]
    everybody = effects[effects["uplift_type"] == "all"].set_index(["campaign_id", "treated_arm"])
    sent, orders = case.result.cleaned["campaigns"].valid, case.result.cleaned["orders"].valid
    table = effect.by_arm(sent, orders, case.result.as_of, _WINDOW).table
    rows = []
    for row in table.itertuples():
        key = (row.campaign_id, row.arm)
        if key in everybody.index and everybody.loc[key, "reference_arm"] == "control" and pd.notna(row.difference):
            what = f"{row.campaign_id} {row.arm}, points of customers with an order (beside: true)"
            true = 100 * everybody.loc[key, "effect"]
            rows.append(
                _row("effect", what, 100 * row.difference, int(row.n), 100 * row.low, 100 * row.high, true=true)
            )
    for campaign, (reference, treated, column) in _ANSWERED.items():
        own = sent[sent["campaign_id"] == campaign]
        answers = pd.to_numeric(own[column], errors="coerce").groupby(own["arm"])
        found = effect.ab(answers.get_group(reference).dropna(), answers.get_group(treated).dropna(), planned=None)
        points = 100 if column == "accepted" else 1
        unit = "points accepted" if column == "accepted" else "yuan topped up"
        true = points * everybody.loc[(campaign, treated), "effect"]
        values = [points * v for v in (found.difference, found.low, found.high)]
        what = f"{campaign} {treated} against {reference}, {unit} (beside: true)"
        rows.append(_row("effect", what, values[0], len(own), values[1], values[2], true=true))
    inside = sum(r["covered"] is True for r in rows)
    return [*rows, _share("effect", "true effect inside the 95% interval", inside, len(rows))]


# --- intervals -------------------------------------------------------------------------------------------------------


def _bootstrap(statistic: Callable[[pd.DataFrame], float], frame: pd.DataFrame) -> tuple[float, float]:
    """95 % percentile interval over resampled rows; the seed is fixed."""
    rng = np.random.default_rng(0)
    values = [statistic(frame.iloc[rng.integers(0, len(frame), len(frame))]) for _ in range(_REPEATS)]
    return float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))
