"""The capstone: a company's own export through the whole workflow, and the checklist that marks what is presented.

Worked on is another Luming than the learner's, a file of one's own, or the households of Complete Journey. What the
checklist says is computed from the files that a run has written and from the claims made of them.
"""

import re
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from course import company, segment
from course import result as reader
from course.classroom import panel, room
from course.classroom.tables import written
from course.collect import Table
from course.errors import DataError
from course.language import Sentence, active
from course.telling import holds
from course.workflow import Result

#: How many customers the other Luming has: enough to say something, few enough to be run in half a minute.
CUSTOMERS = 1200
#: Fewer customers than this bear no claim.
FEWEST = 100
#: The kinds of the other Luming's exports that are worked on.
KINDS = ("orders", "order_lines", "customers", "surveys")
#: Medians of recency (days), frequency (orders) and money (pounds) of a British wholesaler: UCI Online Retail (CC BY
#: 4.0), valid orders to 2011-12-09. Somebody else's thresholds, for the trap.
WHOLESALER = {"r": 50.0, "f": 2.0, "m": 657.85}
#: The last day of every Luming's books; what comes after it only the truth knows.
_END = pd.Timestamp("2024-12-31")
#: Shares of all money closer than this are the same figure, written with fewer digits.
_ROUNDED = 0.006

#: What is worked on in this kernel: the file of one's own ("" for the other Luming), and what the last run found.
_open: dict = {"file": "", "result": None}


# --- what is worked on -----------------------------------------------------------------------------------------------


def export(own_file: str = "") -> dict[str, list]:
    """The files to work on, by kind of table.

    Parameters
    ----------
    own_file : the path of a table of orders or order lines; "completejourney" for the real households, where that
        package is installed; nothing for another Luming than the learner's.

    Raises
    ------
    DataError : there is no such file; Complete Journey is not installed.
    """
    own_file = str(own_file or "").strip()
    if own_file == "completejourney":
        from course.collect import completejourney

        files = completejourney.sources()
    elif own_file:
        if not Path(own_file.partition("::")[0]).is_file():
            raise DataError(
                "There is no file {file} here. Write the whole path between the quotes.", file=Path(own_file).name
            )
        files = {"orders": [own_file]}
    else:
        folder = other()
        files = {kind: [str(folder / company.FILES[name]) for name in company.INPUTS[kind]] for kind in KINDS}
    _open.update(file=own_file, result=None)
    return files


def other() -> Path:
    """The folder of the other Luming: that of the seed after the learner's, generated once."""
    return written(room.seed() + 1, CUSTOMERS)


def key() -> bytes:
    """The learner's own key for pseudonyms, kept apart from what a run writes."""
    from course.identity import key_file

    return key_file.read_or_make(room.folder() / "capstone.key")


def present(result: Result) -> Path:
    """Write the report and all tables into the learner's folder, in place of an earlier run's; returns the folder."""
    from course import report

    folder = room.folder() / "capstone"
    if (folder / "ledger.json").is_file():
        shutil.rmtree(folder)
    report.write(result, folder, active())
    _open["result"] = result
    return folder


def stretches(orders: pd.DataFrame) -> tuple[pd.Timestamp, pd.Timestamp, pd.Timestamp]:
    """Three days: from the first to the second one sees who came back; from the second to the third is bet on.

    For the other Luming the second is the last day of the books and the third a year later, which only the truth
    knows; a file of one's own is cut into thirds, and the last third is kept back.
    """
    first, last = (orders["ordered_at"].agg(end).normalize() for end in ("min", "max"))
    if not own():
        year = pd.DateOffset(years=1)
        return last - year, last, last + year
    third = (last - first) / 3
    return (first + third).normalize(), (first + 2 * third).normalize(), last


def came_back(orders: pd.DataFrame, day: pd.Timestamp, until: pd.Timestamp) -> float:
    """Percent of the customers with an order by the end of `day` that order again by the end of `until`."""
    days = orders["ordered_at"].dt.normalize()
    known = orders.loc[days <= day, "customer_id"].drop_duplicates()
    return float(100 * known.isin(orders.loc[(days > day) & (days <= until), "customer_id"]).mean())


def own() -> bool:
    """True where a file of one's own is worked on."""
    return bool(_open["file"])


def truth() -> float:
    """Percent of the customers known on the second of `stretches` that order again by the third."""
    if not own():
        frames = company.unseal("clv", other()).frames
        known = frames["process"].merge(frames["next_year"], on="person_id", how="left")
        known = known[known["first_order_on"] <= _END]
        return float(100 * (known["orders"].fillna(0) > 0).mean())
    orders = _sold()
    _, day, until = stretches(orders)
    return came_back(orders, day, until)


def same_again() -> float:
    """What somebody without a model would say: percent that came back in the stretch before."""
    orders = _sold()
    before, day, _ = stretches(orders)
    return came_back(orders, before, day)


def _sold() -> pd.DataFrame:
    """The valid orders of the last run; of the other Luming before any run, those of its app."""
    if _open["result"] is not None:
        return _open["result"].cleaned["orders"].valid
    if own():
        raise DataError("Nothing has been run yet. Run the cells above from the top, then this one.")
    from course import clean, collect

    return clean.apply(collect.read(str(other() / company.FILES["app_orders"]), "orders")).valid


def buyers() -> pd.DataFrame:
    """The customers of `_sold` as RFM sees them."""
    if _open["result"] is not None:
        return _open["result"].portraits.dropna(subset=["frequency"])
    return segment.rfm(_sold())


# --- what is claimed -------------------------------------------------------------------------------------------------


def draft(result: Result) -> dict[str, dict]:
    """A colleague's first three claims, by desk: each true as far as it goes, each short of something.

    marketing: the class with most money, as a bare figure. finance: the money of next year, without a forecast to beat
    (where nothing could be forecast, the same share with its interval). service: how many of the customers who had been
    silent longest came back, told as an effect.

    Raises
    ------
    DataError : fewer than FEWEST customers.
    """
    orders, customers = result.cleaned["orders"].valid, result.portraits.dropna(subset=["frequency"])
    if len(customers) < FEWEST:
        raise DataError(
            "{n} {n:customer is|customers are} too few to claim anything of them: take a file with {fewest} or more.",
            n=len(customers),
            fewest=FEWEST,
        )
    sizes = segment.class_sizes(customers)
    top = sizes.loc[sizes["money"].idxmax(), "rfm_class"]
    share, low, high = segment.money_share(customers, customers["rfm_class"] == top)
    claims = {"marketing": {"kind": "share", "of": top, "value": share}}
    claims["finance"] = {"kind": "share", "of": top, "value": share, "low": low, "high": high}
    if "clv" in result.found:
        values = result.found["clv"].forecast.customers["value"]
        total, reach = float(values.sum()), 1.96 * float((values**2).sum()) ** 0.5
        claims["finance"] = {"kind": "forecast", "value": total, "low": max(0.0, total - reach), "high": total + reach}
    before, day, _ = stretches(orders)
    known = segment.rfm(orders, as_of=before)
    silent = known.loc[known["recency_days"] >= known["recency_days"].median(), "customer_id"]
    days = orders["ordered_at"].dt.normalize()
    back = silent.isin(orders.loc[(days > before) & (days <= day), "customer_id"])
    rate, reach = float(back.mean()), 1.96 * float((back.mean() * (1 - back.mean()) / len(back)) ** 0.5)
    claims["service"] = {"kind": "effect", "value": rate, "low": rate - reach, "high": rate + reach}
    return claims


def held_out(result: Result) -> dict[str, float]:
    """Mean error a customer of the forecast and of the best one without a model, in purchase days on the time held out.

    Empty where nothing was held out.
    """
    if "clv" not in result.found or result.found["clv"].forecast.validation is None:
        return {}
    held = result.found["clv"].forecast.validation
    errors = held.errors[held.errors["measure"] == "purchases"].set_index("forecast")["mae"]
    return {"error": float(errors[held.model]), "naive": float(errors.drop(held.model).min())}


def desks(result: Result) -> pd.DataFrame:
    """Three lists from the same customers, one a desk.

    Returns
    -------
    frame: desk (marketing: the class with most money; service: at risk; product: few of the goods), customers, share
        (of net money) with low and high (95 %), shared (customers who are on another list too)
    """
    customers = result.portraits.dropna(subset=["frequency"])
    sizes = segment.class_sizes(customers)
    goods = next((c for c in ("categories", "products", "order_days") if c in customers), "frequency")
    lists = {
        "marketing": customers["rfm_class"] == sizes.loc[sizes["money"].idxmax(), "rfm_class"],
        "service": customers["stage"] == "at_risk" if "stage" in customers else customers["r"] <= 2,
        "product": customers[goods] <= customers[goods].quantile(0.25),
    }
    together = pd.DataFrame(lists).fillna(False).astype(bool)
    rows = []
    for desk in together:
        shared = together[desk] & (together.sum(axis=1) > 1)
        rows.append(
            (desk, int(together[desk].sum()), *segment.money_share(customers, together[desk]), int(shared.sum()))
        )
    return pd.DataFrame(rows, columns=["desk", "customers", "share", "low", "high", "shared"])


# --- what holds between the steps ------------------------------------------------------------------------------------


def contracts(result: Result) -> pd.DataFrame:
    """Every step of the flow with what must come out of it for what went in.

    Returns
    -------
    frame in the order of the flow: step, before, after (rows, orders, customers or money), holds
    """
    accounts, valid, portraits = result.cleaned["orders"].accounts, result.cleaned["orders"].valid, result.portraits
    left_out = [account for name, account in accounts.items() if name != "received"]
    buying = portraits.dropna(subset=["frequency"])
    rows = [
        ("rows", accounts["received"]["rows"], sum(account["rows"] for account in left_out)),
        ("money", accounts["received"]["money"], sum(account["money"] for account in left_out)),
        ("orders", valid.drop_duplicates(["customer_id", "order_id"]).shape[0], int(buying["frequency"].sum())),
        ("customers", valid["customer_id"].nunique(), len(buying)),
        ("spent", valid["amount"].sum(), buying["monetary_gross"].sum()),
        ("classes", len(buying), int(segment.class_sizes(buying)["customers"].sum())),
        ("portraits", portraits["customer_id"].nunique(), len(portraits)),
    ]
    if "lifecycle" in result.found:
        standing = result.found["lifecycle"].standing
        rows.append(("stages", standing["customer_id"].nunique(), len(standing)))
    if "tag" in result.found:
        rows.append(("tags", len(portraits), len(result.found["tag"].tags.table)))
    found = pd.DataFrame(rows, columns=["step", "before", "after"])
    return found.assign(holds=(found["before"] - found["after"]).abs() < 0.005)


# --- the checklist ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """One line of a checklist: its `name`, whether it `passed`, and the `sentence` that says so or what to do."""

    name: str
    passed: bool
    sentence: Sentence


@dataclass(frozen=True)
class Checklist:
    """The items in order; `open` are the names of those that did not pass."""

    items: tuple[Item, ...]

    @property
    def open(self) -> list[str]:
        """What is still to be done."""
        return [item.name for item in self.items if not item.passed]

    def __repr__(self) -> str:
        return "\n".join(f"{'✓' if item.passed else '✗'} {item.sentence}" for item in self.items)

    def _repr_html_(self) -> str:
        notes = (panel.note(i.sentence, mark=panel.RIGHT if i.passed else panel.WRONG) for i in self.items)
        return panel.panel(*notes)


def checklist(folder: str | Path, claims: Sequence[Mapping]) -> Checklist:
    """Mark a presentation: the files of the run, and the claims that are made of them.

    Parameters
    ----------
    folder : what `present` (or `course run`) wrote.
    claims : one mapping a claim. `kind` is "share" (`of` a class: its share of the money), "forecast" (money of next
        year), "effect" (what something changed) or "plan" (a trial to come). `value` with `low` and `high`; a forecast
        with `error` (its own a customer, held out) and `naive` (that without a model); effect and plan with `control`,
        how many customers are left out at random.

    Raises
    ------
    DataError : the folder is none that a run wrote; claims that are no such mappings.
    """
    folder, claims = Path(folder), _claims(claims)
    ledger, portraits, page = reader.ledger(folder), reader.portraits(folder), reader.page(folder)
    return Checklist(
        (
            _privacy(folder),
            _accounts(ledger),
            _offline(page),
            _figures(claims, ledger, portraits),
            _interval(claims),
            _control(claims),
            _baseline(claims),
        )
    )


_KINDS = ("share", "forecast", "effect", "plan")


def _claims(claims: object) -> list[Mapping]:
    if claims is ... or isinstance(claims, str | Mapping) or not isinstance(claims, Iterable):
        raise DataError('Claims are a list, one mapping each: [{{"kind": "share", "value": 0.5}}].')
    claims = list(claims)
    for number, claim in enumerate(claims, 1):
        if not isinstance(claim, Mapping) or claim.get("kind") not in _KINDS:
            raise DataError("Claim {n} does not say what it is: its kind is one of {kinds}.", n=number, kinds=_KINDS)
    return claims


def personal(source: str | Path | Mapping[str, Table]) -> int:
    """How many different texts hold a phone number, an e-mail address or the number of an identity card.

    Parameters
    ----------
    source : the folder of a run, or the tables as they were collected.
    """
    if isinstance(source, Mapping):
        frames = (table.frame.select_dtypes(include=["str", "object"]) for table in source.values())
        texts = {str(text) for frame in frames for name in frame for text in frame[name].dropna().unique()}
    else:
        texts = {text for _, text in _texts(Path(source))}
    return sum(holds(text) for text in texts)


def _texts(folder: Path) -> Iterable[tuple[str, str]]:
    return reader.cells(folder)


def _privacy(folder: Path) -> Item:
    held, seen = {}, set()
    for file, text in _texts(folder):
        if (file, text) not in seen and holds(text):
            held[file] = held.get(file, 0) + 1
        seen.add((file, text))
    if held:
        said = Sentence(
            "Privacy: {n:,} {n:text|texts} in {files} {n:looks|look} like a phone number, an e-mail address or an "
            "identity card. Run again with a key, so that pseudonyms stand in their place.",
            n=sum(held.values()),
            files=", ".join(held),
        )
        return Item("privacy", False, said)
    files = sum(path.is_file() for path in folder.iterdir())
    return Item(
        "privacy",
        True,
        Sentence("Privacy: no phone number, e-mail address or identity card in any of {files} files.", files=files),
    )


def _accounts(ledger: dict) -> Item:
    for kind, table in ledger["tables"].items():
        parts = [table["valid"], *table["rules"].values()]
        for unit, slack in (("rows", 0), ("money", 0.005)):
            received, sorted_out = table["received"].get(unit), [part.get(unit) for part in parts]
            if received is not None and abs(received - sum(v or 0 for v in sorted_out)) > slack:
                said = Sentence(
                    "Accounts: the {unit} of “{kind}” that were used and left out do not add up to what was received. "
                    "Run again instead of mending figures.",
                    unit=Sentence("rows") if unit == "rows" else Sentence("amounts"),
                    kind=kind,
                )
                return Item("accounts", False, said)
    rows = sum(table["received"]["rows"] for table in ledger["tables"].values())
    said = Sentence(
        "Accounts: each of {rows:,} rows received is used or left out under a rule, and the money agrees to the cent.",
        rows=rows,
    )
    return Item("accounts", True, said)


def _offline(page: str) -> Item:
    asked = re.findall(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//|@import|url\(\s*["']?(?:https?:)?//""", page)
    if asked:
        said = Sentence("Offline: the report asks the network for {n} {n:thing|things}. Embed them.", n=len(asked))
        return Item("offline", False, said)
    return Item("offline", True, Sentence("Offline: the report is one file that asks the network for nothing."))


def _figures(claims: list[Mapping], ledger: dict, portraits: pd.DataFrame) -> Item:
    checked = 0
    for number, claim in enumerate(claims, 1):
        said, found = _number(claim.get("value")), None
        if claim["kind"] == "share":
            found = _share(portraits, claim.get("of"))
            slack = _ROUNDED
        elif claim["kind"] == "forecast" and "forecast" in ledger["findings"]:
            found = ledger["findings"]["forecast"]["expected"]
            slack = 0.01 * abs(found)
        if found is None:
            continue
        checked += 1
        if said is None or abs(said - found) > slack:
            told = Sentence(
                "Figures: claim {n} is not what the run's own files give. Take the figure from portraits.csv or "
                "ledger.json.",
                n=number,
            )
            return Item("figures", False, told)
    if not checked:
        told = Sentence("Figures: no claim can be found again in the run's files. Name a share or the forecast.")
        return Item("figures", False, told)
    return Item(
        "figures", True, Sentence("Figures: {n} {n:claim|claims} found again in the run's own files.", n=checked)
    )


def _share(portraits: pd.DataFrame, rfm_class: object) -> float | None:
    if rfm_class not in segment.CLASSES.values() or "rfm_class" not in portraits:
        return None
    total = portraits["monetary_net"].sum()
    return float(portraits.loc[portraits["rfm_class"] == rfm_class, "monetary_net"].sum() / total) if total else None


def _number(value: object) -> float | None:
    try:
        return None if value is ... or value is None or isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _interval(claims: list[Mapping]) -> Item:
    for number, claim in enumerate(claims, 1):
        if claim["kind"] == "plan":  # a trial to come claims nothing yet
            continue
        value, low, high = (_number(claim.get(name)) for name in ("value", "low", "high"))
        if low is None or high is None:
            said = Sentence("Interval: claim {n} is a bare figure. Write low and high beside it.", n=number)
            return Item("interval", False, said)
        if value is None or not low < high or not low <= value <= high:
            said = Sentence(
                "Interval: in claim {n} the figure does not lie between low and high. Check which is which.", n=number
            )
            return Item("interval", False, said)
    return Item("interval", True, Sentence("Interval: every figure has its two ends."))


def _control(claims: list[Mapping]) -> Item:
    for number, claim in enumerate(claims, 1):
        left_out = _number(claim.get("control"))
        if claim["kind"] in ("effect", "plan") and not (left_out and left_out >= 2):
            said = Sentence(
                "Control: claim {n} is a before and after without a control group. Part of it would have happened "
                "anyway. Say it as a plan: who is left out at random, and what change that would show.",
                n=number,
            )
            return Item("control", False, said)
    if any(claim["kind"] in ("effect", "plan") for claim in claims):
        return Item("control", True, Sentence("Control: whatever is said of an effect names who was left out."))
    return Item("control", True, Sentence("Control: no effect is claimed."))


def _baseline(claims: list[Mapping]) -> Item:
    forecasts = [(number, claim) for number, claim in enumerate(claims, 1) if claim["kind"] == "forecast"]
    for number, claim in forecasts:
        if _number(claim.get("error")) is None or _number(claim.get("naive")) is None:
            said = Sentence(
                "Baseline: the forecast of claim {n} stands alone. Put beside it how many purchase days a customer it "
                "was off on time held out (error), and how many the best guess without a model was (naive).",
                n=number,
            )
            return Item("baseline", False, said)
    if not forecasts:
        return Item("baseline", True, Sentence("Baseline: nothing is forecast."))
    error, naive = (_number(forecasts[0][1][name]) for name in ("error", "naive"))
    said = (
        Sentence(
            "Baseline: {error:.2f} purchase days off a customer, {naive:.2f} without a model. Say both.",
            error=error,
            naive=naive,
        )
        if error < naive
        else Sentence(
            "Baseline: {error:.2f} purchase days off a customer, {naive:.2f} without a model: no closer, and that has "
            "to be said.",
            error=error,
            naive=naive,
        )
    )
    return Item("baseline", True, said)


# --- afterwards ------------------------------------------------------------------------------------------------------


def maturity(result: Result) -> Checklist:
    """How far a company is with its portraits, from the registry of tags and the tables of a run: one platform first,
    then everything that changes with the customers."""
    tables = [kind for kind, cleaned in result.cleaned.items() if "customer_id" in cleaned.valid]
    tags = result.found["tag"].tags.catalogue
    evaluated = tags[tags["not_evaluated"].isna()]
    fresh = evaluated["freshness_days"].dropna()
    found = [
        (
            "platform",
            len(tables) >= 3,
            Sentence(
                "One platform: {n} {n:table names|tables name} the customer by one number (3 wanted).", n=len(tables)
            ),
        ),
        (
            "registry",
            len(evaluated) * 2 >= len(tags),
            Sentence("Registry: {n} of {all} tags can be evaluated (half wanted).", n=len(evaluated), all=len(tags)),
        ),
        (
            "coverage",
            bool(evaluated["coverage"].median() >= 0.5) if len(evaluated) else False,
            Sentence(
                "Coverage: half of the tags are known of {share:.0%} of the customers or more (50% wanted).",
                share=float(evaluated["coverage"].median()) if len(evaluated) else 0.0,
            ),
        ),
        (
            "freshness",
            bool(len(fresh) and fresh.max() <= 31),
            Sentence(
                "Freshness: the oldest data behind a tag is {days} {days:day|days} old (31 at most).",
                days=int(fresh.max()) if len(fresh) else 0,
            ),
        ),
        (
            "dynamic",
            "changes" in result.found,
            Sentence("Dynamic: who entered and left each tag since the run before is told.")
            if "changes" in result.found
            else Sentence("Dynamic: this run was held against no earlier one. Next time: --previous."),
        ),
    ]
    return Checklist(tuple(Item(*item) for item in found))


def follow_up(orders: pd.DataFrame, first: pd.Timestamp, second: pd.Timestamp, claim: Mapping) -> Checklist:
    """Thirty days later: whether it was measured again, whether the claim still holds, who moved.

    Parameters
    ----------
    orders : valid orders up to `second`.
    first, second : the day of the presentation and that of the second run.
    claim : of the kind "share", as it was made on `first`.
    """
    before, after = segment.rfm(orders, as_of=first), segment.rfm(orders, as_of=second)
    name, share = claim["of"], _share(after, claim["of"])
    then, now = (set(one.loc[one["rfm_class"] == name, "customer_id"]) for one in (before, after))
    cut, moved = segment.cuts(before), segment.cuts(after)
    days = (pd.Timestamp(second) - pd.Timestamp(first)).days
    holds = claim["low"] <= share <= claim["high"]
    found = [
        ("again", days >= 28, Sentence("Measured again {days} days later (28 at least).", days=days)),
        (
            "holds",
            holds,
            Sentence("The share is {share:.1%} now: inside the interval that was claimed.", share=share)
            if holds
            else Sentence(
                "The share is {share:.1%} now: outside the interval that was claimed. Say so first.", share=share
            ),
        ),
        (
            "members",
            bool(then and now),
            Sentence("{came:,} entered the class, {left:,} left it.", came=len(now - then), left=len(then - now)),
        ),
        (
            "cuts",
            True,
            Sentence(
                "The cuts were found anew: recency {r:g} and {r2:g} days, money {m:,.0f} and {m2:,.0f}.",
                r=cut["r"],
                r2=moved["r"],
                m=cut["m"],
                m2=moved["m"],
            ),
        ),
    ]
    return Checklist(tuple(Item(*item) for item in found))
