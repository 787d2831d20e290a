"""The figures behind the bad consultant's slides: for every kind of mistake the numbers that both versions show.

`consultant.yaml` holds what the slides say; each function here draws, from a generator of its own, the figures
for the places in one subject's texts, those of the version with the mistake and those of its sound twin. Where a
sentence needs a figure to lie on one side (an interval that holds 0, say), it is drawn until it does.
"""

import math
from collections.abc import Callable
from statistics import NormalDist

import numpy as np

from course.classroom.words import label
from course.language import Label

# What computes is imported where it is used: a lesson's first picture need not wait for it.

_Z = NormalDist().inv_cdf(0.975)

#: Figures of one slide by the names of their places; names of towns and groups are Labels.
Figures = dict[str, object]

_CITIES = ("杭州", "苏州", "成都", "武汉", "青岛", "厦门")
_CATEGORIES = ("tea", "snacks", "mother_baby", "home", "beauty", "electronics")
_CLASSES = (
    *("important_value", "important_develop", "important_keep", "important_win_back"),
    *("general_value", "general_develop", "general_keep", "general_win_back"),
)
#: Parameters of a BG/NBD in weeks (r, α, a, b): those of Fader, Hardie and Lee (2005).
_BGNBD = (0.2426, 4.4136, 0.7929, 2.4259)

_subjects: dict[str, Callable[[np.random.Generator], Figures]] = {}


def figures(kind: str, rng: np.random.Generator) -> Figures:
    """The figures of the subject `kind`, drawn from `rng`."""
    return _subjects[kind](rng)


def kinds() -> tuple[str, ...]:
    """The codes of all kinds of mistakes."""
    return tuple(_subjects)


def _subject(draw: Callable) -> Callable:
    _subjects[draw.__name__.removeprefix("_")] = draw
    return draw


# --- what several subjects need --------------------------------------------------------------------------------------


def _name(key: str) -> Label:
    return label("common", key)


def _names(rng: np.random.Generator, keys: tuple[str, ...], count: int) -> list[Label]:
    return [_name(keys[i]) for i in rng.choice(len(keys), count, replace=False)]


def _until(draw: Callable[[], Figures], fits: Callable[[Figures], bool]) -> Figures:
    """The first draw that fits. Every subject fits within a few hundred draws, so this ends."""
    while not fits(drawn := draw()):
        pass
    return drawn


def _parts(rng: np.random.Generator, n: int, shares: tuple[float, ...]) -> list[int]:
    return [int(k) for k in rng.multinomial(n, np.array(shares) / sum(shares))]


def _nps(promoters: int, passives: int, detractors: int) -> tuple[float, float, float]:
    """NPS with its 95 % interval, in points."""
    from course import nps

    result = nps.score(np.repeat([10, 8, 3], [promoters, passives, detractors]))
    return result.value, result.low, result.high


def _share(prefix: str, hits: int, of: int) -> Figures:
    """A share with Wilson's 95 % interval, under `prefix`, `prefix`_low, `prefix`_high."""
    from statsmodels.stats.proportion import proportion_confint

    low, high = proportion_confint(hits, of, method="wilson")
    return {prefix: hits / of, f"{prefix}_low": float(low), f"{prefix}_high": float(high)}


def _trial(control: tuple[int, int], treatment: tuple[int, int]) -> Figures:
    """Two arms (converted, people): rates, the difference in points with its 95 % interval, the lift, p."""
    from course import effect

    found = effect.ab(control, treatment, None)
    return {
        "k_control": control[0],
        "n_control": control[1],
        "k_treated": treatment[0],
        "n_treated": treatment[1],
        "control": found.control,
        "treated": found.treatment,
        "points": 100 * found.difference,
        "low": 100 * found.low,
        "high": 100 * found.high,
        "lift": found.lift,
        "lift_low": found.lift_low,
        "lift_high": found.lift_high,
        "p": found.p,
    }


# --- willingness to recommend ----------------------------------------------------------------------------------------


@_subject
def _blank_code(rng: np.random.Generator) -> Figures:
    promoters, passives, detractors, blank = _parts(rng, int(rng.integers(600, 1400)), (44, 31, 17, 8))
    value, low, high = _nps(promoters, passives, detractors)
    wrong, wrong_low, wrong_high = _nps(promoters + blank, passives, detractors)
    return {
        "promoters": promoters,
        "passives": passives,
        "detractors": detractors,
        "blank": blank,
        "top": promoters + blank,
        "answers": promoters + passives + detractors,
        "rows": promoters + passives + detractors + blank,
        "nps": value,
        "low": low,
        "high": high,
        "wrong": wrong,
        "wrong_low": wrong_low,
        "wrong_high": wrong_high,
        "extra": wrong - value,
    }


@_subject
def _passives_dropped(rng: np.random.Generator) -> Figures:
    promoters, passives, detractors = _parts(rng, int(rng.integers(500, 1100)), (42, 37, 21))
    value, low, high = _nps(promoters, passives, detractors)
    wrong, wrong_low, wrong_high = _nps(promoters, 0, detractors)
    return {
        "promoters": promoters,
        "passives": passives,
        "detractors": detractors,
        "answers": promoters + passives + detractors,
        "nps": value,
        "low": low,
        "high": high,
        "wrong": wrong,
        "wrong_low": wrong_low,
        "wrong_high": wrong_high,
    }


@_subject
def _no_interval(rng: np.random.Generator) -> Figures:
    from course import nps

    def draw() -> Figures:
        out: Figures = {}
        results = []
        for which, shares in (("a", (52, 32, 16)), ("b", (44, 32, 24))):
            counts = _parts(rng, int(rng.integers(27, 34)), shares)
            out |= dict(zip((f"promoters_{which}", f"passives_{which}", f"detractors_{which}"), counts, strict=True))
            result = nps.score(np.repeat([10, 8, 3], counts))
            out |= {f"n_{which}": result.n, which: result.value}
            out |= {f"{which}_low": result.low, f"{which}_high": result.high}
            results.append(result)
        gap = nps.difference(results[1], results[0])
        return out | {"gap": gap.value, "gap_low": gap.low, "gap_high": gap.high}

    drawn = _until(draw, lambda f: 12 <= f["gap"] <= 28 and f["gap_low"] < -2)
    first, second = _names(rng, _CITIES, 2)
    return drawn | {"first": first, "second": second}


@_subject
def _cause(rng: np.random.Generator) -> Figures:
    weights = np.array([31, 24, 18, 13, 0]) + rng.uniform(-2, 2, 5)
    weights[4] = 100 - weights[:4].sum()
    shares = sorted((float(w) for w in weights[:4]), reverse=True)
    out: Figures = {"n": int(rng.integers(900, 1500)), "packaging": float(weights[4])}
    for i, share in enumerate([*shares, float(weights[4])], 1):
        reach = float(rng.uniform(2.5, 4))
        slope = 0.011 * share if i < 5 else float(rng.uniform(0.006, 0.02))
        wide = float(rng.uniform(0.045, 0.055))
        out |= {f"share_{i}": share, f"share_{i}_low": share - reach, f"share_{i}_high": share + reach}
        out |= {f"slope_{i}": slope, f"slope_{i}_low": slope - wide, f"slope_{i}_high": slope + wide}
    return out | {"promised": int(rng.integers(4, 8))}


# --- campaigns and trials --------------------------------------------------------------------------------------------


@_subject
def _no_control(rng: np.random.Generator) -> Figures:
    from course import effect

    back = float(rng.uniform(0.34, 0.44))

    def draw() -> Figures:
        silent = int(rng.integers(3200, 4800))
        kept = int(rng.binomial(silent, 0.2))
        sent = silent - kept
        arms = (int(rng.binomial(kept, back)), kept), (int(rng.binomial(sent, back + 0.005)), sent)
        ratio = effect.sample_ratio([kept, sent], [0.2, 0.8])
        return _trial(*arms) | _share("back", arms[1][0], sent) | {"ratio_p": ratio}

    drawn = _until(draw, lambda f: f["low"] < -0.5 and f["high"] > 0.5 and f["ratio_p"] > 0.2)
    return drawn | {"days": int(rng.choice([60, 90]))}


@_subject
def _points(rng: np.random.Generator) -> Figures:
    base, n = float(rng.uniform(0.2, 0.28)), int(rng.integers(4800, 6000))

    def draw() -> Figures:
        return _trial((int(rng.binomial(n, base)), n), (int(rng.binomial(n, base * 1.13)), n))

    drawn = _until(draw, lambda f: f["low"] > 0.4 and f["lift"] < 0.2)
    read = {f"lift_points{end}": 100 * drawn[f"lift{end}"] for end in ("", "_low", "_high")}
    return drawn | read | {"lift_thousand": 1000 * drawn["lift"], "points_thousand": 10 * drawn["points"]}


@_subject
def _sample_ratio(rng: np.random.Generator) -> Figures:
    from course import effect

    base = float(rng.uniform(0.09, 0.13))

    def draw(control: int, treated: int) -> Figures:
        return _trial(
            (int(rng.binomial(control, base)), control), (int(rng.binomial(treated, base + 0.028)), treated)
        ) | {"ratio_p": effect.sample_ratio([control, treated])}

    n = int(rng.integers(1800, 2200))
    lost = int(n * rng.uniform(0.3, 0.36))
    bad = _until(lambda: draw(n - lost, n), lambda f: f["low"] > 0.2)
    near = _until(lambda: draw(n + int(rng.integers(-25, 25)), n), lambda f: f["low"] > 0.2 and f["ratio_p"] > 0.2)
    return near | {f"bad_{name}": value for name, value in bad.items()} | {"planned": n}


@_subject
def _peeking(rng: np.random.Generator) -> Figures:
    from scipy.special import ndtr

    week, base = int(rng.integers(780, 900)), 0.05
    looks = week * np.arange(1, 6)

    def draw() -> Figures:
        control, treated = rng.binomial(week, base, (2, 5)).cumsum(axis=1)
        pooled = (control + treated) / (2 * looks)
        z = (treated - control) / looks / np.sqrt(pooled * (1 - pooled) * 2 / looks)
        return {"control": control, "treated": treated, "p": 2 * ndtr(-np.abs(z)), "z": z}

    drawn = _until(draw, lambda f: f["p"][4] < 0.045 and f["z"][4] > 0 and (f["p"][:4] > 0.055).all())
    n = int(looks[-1])
    last = _trial((int(drawn["control"][-1]), n), (int(drawn["treated"][-1]), n))
    out = last | {"seen": 100 * (_Z + NormalDist().inv_cdf(0.8)) * math.sqrt(2 * base * (1 - base) / n)}
    for i in range(5):
        out |= {f"n_{i + 1}": int(looks[i]), f"p_{i + 1}": float(drawn["p"][i])}
        out |= {f"{arm}_{i + 1}": float(drawn[arm][i] / looks[i]) for arm in ("control", "treated")}
    return out


@_subject
def _after_the_fact(rng: np.random.Generator) -> Figures:
    n = int(rng.integers(380, 520))

    def draw() -> Figures:
        k = rng.binomial(n, 0.12, (2, len(_CLASSES)))
        parts = [_trial((int(a), n), (int(b), n)) for a, b in k.T]
        whole = _trial((int(k[0].sum()), n * len(_CLASSES)), (int(k[1].sum()), n * len(_CLASSES)))
        return {"parts": parts, "whole": whole, "p": sorted(t["p"] for t in parts)}

    drawn = _until(
        draw,
        lambda f: (
            0.011 < f["p"][0] < 0.04
            and f["p"][1] > 0.1
            and min(f["parts"], key=lambda t: t["p"])["points"] > 0
            and f["whole"]["low"] < -0.3
            and f["whole"]["high"] > 0.3
        ),
    )
    out: Figures = {"n": n, "looks": len(_CLASSES), "alarm": 1 - 0.95 ** len(_CLASSES)}
    for i, part in enumerate(drawn["parts"], 1):
        out |= {f"points_{i}": part["points"], f"p_{i}": part["p"], f"fair_{i}": min(1, len(_CLASSES) * part["p"])}
    best = min(range(len(_CLASSES)), key=lambda i: drawn["parts"][i]["p"])
    out |= {"best": _name(_CLASSES[best]), "best_p": drawn["p"][0], "best_fair": len(_CLASSES) * drawn["p"][0]}
    out |= {"best_points": drawn["parts"][best]["points"]}
    return out | {f"whole_{name}": drawn["whole"][name] for name in ("points", "low", "high")}


@_subject
def _pull_forward(rng: np.random.Generator) -> Figures:
    weekly, sd = int(rng.integers(38, 62)) * 10_000, 2.0
    # The weeks' errors are those of a difference; independent weeks add up by their squares.
    reach, wide = _Z * sd, _Z * sd * math.sqrt(5)

    def sales() -> Figures:
        index, control = rng.integers([54, -22, -14, -8, -1], [68, -17, -10, -5, 0]), rng.integers(-2, 3, 5)
        return {"index": index, "control": control, "gaps": (index - control).astype("float64")}

    # The sound slide says that something was won.
    drawn = _until(sales, lambda d: d["gaps"].sum() > wide)
    index, control, gaps = drawn["index"], drawn["control"], drawn["gaps"]
    out: Figures = {"weekly": weekly, "sd": sd}
    for i in range(5):
        out |= {f"promo_{i}": int(100 + index[i]), f"control_{i}": int(100 + control[i]), f"gap_{i}": float(gaps[i])}
    net = float(gaps.sum())
    out |= {"gain": gaps[0], "gain_low": gaps[0] - reach, "gain_high": gaps[0] + reach}
    out |= {"gain_money": weekly * gaps[0] / 100, "net": net, "net_low": net - wide, "net_high": net + wide}
    money = {"net_money": net, "net_money_low": net - wide, "net_money_high": net + wide}
    return out | {name: weekly * value / 100 for name, value in money.items()}


# --- tags and audiences ----------------------------------------------------------------------------------------------


@_subject
def _base_rate(rng: np.random.Generator) -> Figures:
    customers = int(rng.integers(80, 130)) * 100
    leave = round(customers * float(rng.uniform(0.02, 0.05)))
    hits = round(leave * float(rng.uniform(0.66, 0.76)))
    false = round((customers - leave) * float(rng.uniform(0.03, 0.045)))
    flagged = hits + false
    shares = _share("found", hits, leave) | _share("right", hits, flagged)
    hundred = {
        name.replace("_", "_hundred_") if "_" in name else f"{name}_hundred": 100 * value
        for name, value in shares.items()
    }
    return {
        "customers": customers,
        "leave": leave,
        "stay": customers - leave,
        "hits": hits,
        "missed": leave - hits,
        "false": false,
        "quiet": customers - leave - false,
        "flagged": flagged,
        "unflagged": customers - flagged,
        "base": leave / customers,
        "times": hits / flagged / (leave / customers),
        "believed": round(flagged * hits / leave),
        **shares,
        **hundred,
    }


@_subject
def _share_not_tgi(rng: np.random.Generator) -> Figures:
    from course import tag

    group, base = int(rng.integers(700, 900)), int(rng.integers(48, 56)) * 100
    # Students, office workers, self-employed, retired: of all customers, and of the group.
    everybody, fans = (40, 36, 17, 7), (39, 31, 17, 13)

    def draw() -> Figures:
        out: Figures = {"group": group, "base": base}
        for i, (k, of) in enumerate(zip(_parts(rng, group, fans), _parts(rng, base, everybody), strict=True), 1):
            index = tag.tgi(k, group, of, base)
            out |= {f"k_{i}": k, f"of_{i}": of, f"share_{i}": k / group, f"all_{i}": of / base}
            out |= {f"tgi_{i}": index.value, f"tgi_{i}_low": index.low, f"tgi_{i}_high": index.high}
        return out

    drawn = _until(
        draw,
        lambda f: (
            f["share_1"] > f["share_2"]
            and f["tgi_1"] < 99
            and f["tgi_1_high"] > 100
            and f["tgi_4_low"] > 120
            and f["tgi_2_high"] < 100
            and f["tgi_3_low"] < 100 < f["tgi_3_high"]
        ),
    )
    return drawn | {"category": _names(rng, _CATEGORIES, 1)[0]} | _share("core", drawn["k_1"], group)


@_subject
def _overlap(rng: np.random.Generator) -> Figures:
    users = int(rng.integers(200, 240))
    liked = ("a", "r", "c", "ar", "ac", "rc", "arc")

    def draw() -> Figures:
        parts = dict(zip((*liked, "none"), _parts(rng, users, (14, 5, 5, 17, 17, 12, 26, 4)), strict=True))
        fans = [sum(n for key, n in parts.items() if g in key and key in liked) for g in "arc"]
        women = [int(rng.binomial(n, share)) for n, share in zip(fans, (0.42, 0.55, 0.47), strict=True)]
        rest = [n - w for n, w in zip(fans, women, strict=True)]
        table = np.array([women, rest], dtype="float64")
        expected = table.sum(axis=1, keepdims=True) * table.sum(axis=0) / table.sum()
        # With two degrees of freedom χ² is exponential.
        p = math.exp(-((table - expected) ** 2 / expected).sum() / 2)
        return {"parts": parts, "fans": fans, "women": women, "p": p}

    drawn = _until(draw, lambda f: 0.012 < f["p"] < 0.045)
    out: Figures = {"users": users, "p": drawn["p"], "sum": sum(drawn["fans"])}
    for name, n, women in zip(("action", "romance", "animation"), drawn["fans"], drawn["women"], strict=True):
        out |= {name: n, f"{name}_women": women} | _share(f"{name}_share", women, n)
    parts = drawn["parts"]
    out |= {f"only_{name}": parts[name[0] if name != "animation" else "c"] for name in ("action", "romance")}
    several = sum(parts[key] for key in ("ar", "ac", "rc", "arc"))
    return out | {"only_animation": parts["c"], "several": several, "several_share": several / users}


# --- segments, value and lifecycle -----------------------------------------------------------------------------------


@_subject
def _row_order(rng: np.random.Generator) -> Figures:
    customers = int(rng.integers(44, 60)) * 100
    counts = _parts(rng, customers, (46, 21, 13, 9, 11))
    out: Figures = {"customers": customers, "fifth": customers // 5}
    below = 0
    for orders, n in enumerate(counts, 1):
        # Where the fifths cut through the customers when equal ones stay in the order of the rows.
        for score in range(1, 6):
            low, high = (score - 1) * customers // 5, score * customers // 5
            out[f"cut_{orders}_{score}"] = max(0, min(high, below + n) - max(low, below))
        out |= {f"n_{orders}": n, f"score_{orders}": math.ceil(5 * (below + (n + 1) / 2) / customers)}
        below += n
    return out | {"promoted": out["cut_1_2"] + out["cut_1_3"], "once": out["n_1"] / customers}


@_subject
def _noise_clusters(rng: np.random.Generator) -> Figures:
    found = np.array([0.36, 0.385, 0.41, 0.385, 0.37]) + rng.uniform(-0.008, 0.008, 5)
    twin = found + rng.uniform(-0.014, 0.006, 5)
    out: Figures = {"customers": int(rng.integers(42, 61)) * 100}
    for k, (value, null) in enumerate(zip(found, twin, strict=True), 2):
        out |= {f"found_{k}": float(value), f"twin_{k}": float(null)}
    return out


@_subject
def _one_big_order(rng: np.random.Generator) -> Figures:
    customers = int(rng.integers(280, 360)) * 10
    spend = np.exp(rng.normal(5.6, 0.9, customers)).round()
    big = round(float(spend.sum()) / 3, -3)  # a quarter of everything, itself included
    everything = np.append(spend, big)
    mean, plain = everything.mean(), spend.mean()
    return {
        "customers": customers + 1,
        "sum": float(everything.sum()),
        "big": big,
        "big_share": big / float(everything.sum()),
        "mean": float(mean),
        "median": float(np.median(everything)),
        "plain": float(plain),
        "above_mean": int((everything > mean).sum()),
        "above_mean_share": float((everything > mean).mean()),
        "above_plain": int((spend > plain).sum()),
        "between": int(((spend > plain) & (spend <= mean)).sum()),
        "above_median": int((everything > np.median(everything)).sum()),
    }


@_subject
def _recency(rng: np.random.Generator) -> Figures:
    r, alpha, a, b = _BGNBD
    out: Figures = {}
    rows = ((rng.integers(7, 10), rng.integers(47, 52), 2), (rng.integers(6, 9), rng.integers(45, 50), 35))
    for which, (x, t, since) in zip("ab", rows, strict=True):
        x, t = int(x), int(t)
        since = int(since + rng.integers(0, 3))

        def alive(t_x: float, x: int = x, t: int = t) -> float:
            return 1 / (1 + a / (b + x - 1) * ((alpha + t) / (alpha + t_x)) ** (r + x))

        out |= {f"x_{which}": x, f"age_{which}": t, f"since_{which}": since, f"tx_{which}": t - since}
        out |= {f"alive_{which}": alive(t - since), f"wrong_{which}": alive(since)}
    return out


@_subject
def _unfinished_month(rng: np.random.Generator) -> Figures:
    day = int(rng.integers(9, 15))
    level = float(rng.uniform(0.9, 1.5))
    months = level * (1 + rng.uniform(-0.03, 0.03, 6))
    same = months * day / 30 * (1 + rng.uniform(-0.01, 0.01, 6))
    out: Figures = {"day": day}
    for i in range(6):
        out |= {f"month_{i + 1}": float(months[i]), f"same_{i + 1}": float(same[i])}
    out["month_6"] = out["same_6"]
    return out | {"drop": out["month_6"] / out["month_5"] - 1, "change": out["same_6"] / out["same_5"] - 1}


@_subject
def _pooled_threshold(rng: np.random.Generator) -> Figures:
    customers = _parts(rng, int(rng.integers(40, 52)) * 100, (46, 29, 17, 8))
    own = [int(v) for v in (rng.integers(150, 175), rng.integers(88, 100), rng.integers(46, 54), rng.integers(17, 23))]
    pooled = int(rng.integers(60, 69))
    gone = rng.uniform((0.46, 0.21, 0.05, 0), (0.54, 0.25, 0.07, 0.01))
    silent = [round(n * share) for n, share in zip(customers, gone, strict=True)]
    beyond = [round(n * float(rng.uniform(0.08, 0.11))) for n in customers]
    out: Figures = {"customers": sum(customers), "pooled": pooled, "silent": sum(silent), "beyond": sum(beyond)}
    for i in range(4):
        out |= {f"n_{i + 1}": customers[i], f"own_{i + 1}": own[i]}
        out |= {f"silent_{i + 1}": silent[i], f"beyond_{i + 1}": beyond[i]}
    out |= {"silent_share": sum(silent) / sum(customers), "beyond_share": sum(beyond) / sum(customers)}
    return out | {"late": beyond[3] - silent[3]}


# --- collecting, identity, privacy, charts ---------------------------------------------------------------------------


@_subject
def _double_count(rng: np.random.Generator) -> Figures:
    size, shared = int(rng.choice([2000, 2500, 3000])), int(rng.integers(120, 260))
    first = int(rng.integers(40, 90)) * 1000 + 1
    out: Figures = {"shared": shared}
    for page in range(1, 5):
        begin = first + (page - 1) * (size - shared)
        out |= {f"from_{page}": begin, f"to_{page}": begin + size - 1, f"rows_{page}": size}
    rows, orders = 4 * size, out["to_4"] - first + 1
    price = float(rng.uniform(150, 190))
    out |= {"rows": rows, "orders": orders, "twice": rows - orders, "money": rows * price, "true_money": orders * price}
    return out | {"extra_money": (rows - orders) * price}


@_subject
def _consolidation(rng: np.random.Generator) -> Figures:
    records = int(rng.integers(95, 130)) * 100
    before, after = (round(records * float(rng.uniform(*ends))) for ends in ((0.79, 0.83), (0.62, 0.67)))
    pairs, matches = 1000, int(rng.integers(390, 430))
    out: Figures = {"records": records, "before": before, "after": after, "pairs": pairs, "matches": matches}
    out |= {"rate_before": 1 - before / records, "rate_after": 1 - after / records}
    for which, precision, recall in (("old", (0.97, 0.985), (0.7, 0.74)), ("new", (0.68, 0.74), (0.84, 0.88))):
        hits = round(matches * float(rng.uniform(*recall)))
        merged = round(hits / float(rng.uniform(*precision)))
        out |= {f"hits_{which}": hits, f"merged_{which}": merged, f"wrong_{which}": merged - hits}
        out |= _share(f"precision_{which}", hits, merged) | _share(f"recall_{which}", hits, matches)
    return out


@_subject
def _raw_phone(rng: np.random.Generator) -> Figures:
    sizes = sorted((int(v) for v in rng.integers(18, 60, 3)), reverse=True)
    out: Figures = {"customers": sum(sizes), "least": int(rng.integers(5, 9)) * 1000}
    for i, n in enumerate(sizes, 1):
        # 169 is a prefix that no network had given out when this was written: nobody answers.
        out |= {f"n_{i}": n, f"money_{i}": round(n * out["least"] * float(rng.uniform(1.3, 1.7)))}
        out[f"phone_{i}"] = f"169{rng.integers(10**8):08d}"
    return out | {"total": sum(out[f"money_{i}"] for i in (1, 2, 3))}


@_subject
def _small_cell(rng: np.random.Generator) -> Figures:
    sizes = [int(v) for v in (rng.integers(180, 260), rng.integers(60, 110), rng.integers(1, 3), rng.integers(2, 5))]
    out: Figures = {"town": _names(rng, _CITIES, 1)[0], "rest": sizes[2] + sizes[3]}
    for i, n in enumerate(sizes, 1):
        out |= {f"n_{i}": n, f"money_{i}": int(rng.integers(1200, 5600)), f"visits_{i}": float(rng.uniform(2, 9))}
    return out


@_subject
def _cut_axis(rng: np.random.Generator) -> Figures:
    def draw() -> Figures:
        arms = [(int(rng.binomial(n, share)), int(n)) for n, share in zip(sizes, (0.883, 0.892, 0.903), strict=True)]
        out: Figures = {which: k / n for which, (k, n) in zip("abc", arms, strict=True)}
        found = _trial(arms[0], arms[2])
        out |= {"gap": found["points"], "gap_low": found["low"], "gap_high": found["high"]}
        return out | {"times": (out["c"] - 0.875) / (out["a"] - 0.875)}

    sizes = rng.integers(2600, 3600, 3)
    drawn = _until(draw, lambda f: 0.879 < f["a"] < f["b"] < f["c"] < 0.91 and f["gap_low"] > 0.2 and f["gap"] < 2.8)
    out = drawn | {f"{which}_percent": 100 * drawn[which] for which in "abc"}
    return out | {f"n_{which}": int(n) for which, n in zip("abc", sizes, strict=True)}
