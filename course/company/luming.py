"""Luming 鹿鸣 as a whole: one seed, one company; its exports, its defects and its truth."""

import hashlib
from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
import pandas as pd

from course import whole
from course.company import (
    campaigns,
    consents,
    coupons,
    defects,
    dictionary,
    exports,
    membership,
    service,
    social,
    texts,
    truth,
    visits,
)
from course.company.people import ROLES, TYPES, UPLIFT_TYPES, contacts, traits
from course.company.plan import (
    CATEGORIES,
    DAYS,
    END,
    PAST,
    PUSH_GROUPS,
    START,
    calendar,
    dates,
    day_of,
    draw,
    promotions,
    stream,
)
from course.company.products import COMPANIONS, shelf, stockouts
from course.company.purchases import MOVED_TO_MINI, Sales, fill, frame_of, next_year, orders
from course.errors import DataError
from course.language import Sentence

#: The company of `datasets/`.
SEED = 168
CUSTOMERS = 6000
#: Fewer customers than this leave some lessons without a single case.
FEWEST = 300
#: What has to be said where a table is read, because its headers do not: {canonical column: column of the export}.
MAPPING: dict[str, str] = {}
#: Customers simulated at a time where they are many.
_PART = 50_000

Progress = Callable[[Sentence], None]


class Company:
    """One generated company.

    Parameters
    ----------
    seed : another number, another company.
    customers : how many persons; a few of them never buy.
    defects : "all", None, or the kinds (of `defects.KINDS`) to put into the exports.

    Attributes
    ----------
    plan : what the seed decided (`plan.Plan`)
    tables : the exports, name → frame as written; see `exports.FILES`
    truth : the truth, name → frame; see `datasets/README.md`

    Raises
    ------
    DataError : fewer than FEWEST customers; an unknown kind of defect.
    """

    def __init__(
        self, seed: int = SEED, customers: int = CUSTOMERS, defects: str | Collection[str] | None = "all"
    ) -> None:
        self.seed, self.customers = int(seed), int(customers)
        self.defects = _kinds(defects)
        _check_size(self.customers, FEWEST)
        self.plan = draw(self.seed)
        self._simulate()
        self._export()
        self._tell_truth()

    def api_orders(self) -> list[dict]:
        """The app's orders with their lines, as the order API serves them."""
        return exports.records(self.tables["app_orders"], self.tables["app_order_lines"])

    def table_hashes(self) -> dict[str, str]:
        """SHA-256 of the content of every export and every table of truth: equal on any system."""
        frames = self.tables | {f"truth/{name}": frame for name, frame in self.truth.items()}
        return {n: hashlib.sha256(f.to_csv(index=False).encode()).hexdigest() for n, f in sorted(frames.items())}

    def write(self, out: str | Path, progress: Progress | None = None) -> dict[str, str]:
        """Write exports, truth and README.md into the folder `out`; returns the checksum of every file.

        Raises
        ------
        DataError : `out` holds files already, is being written by somebody else, or cannot be written; nothing is left
            behind.
        """
        out = Path(out)
        with whole.alone(out):
            if out.exists() and (not out.is_dir() or any(out.iterdir())):
                raise DataError("{folder} is already there. Name a new folder.", folder=out.name)
            with whole.whole_or_absent(out) as folder:
                return self._write(folder, progress or (lambda sentence: None))

    def _write(self, folder: Path, tell: Progress) -> dict[str, str]:
        tell(Sentence("Writing the exports of seven systems"))
        exports.write(self.tables, folder)
        tell(Sentence("Sealing the truth"))
        sums = truth.seal(self.truth, folder)
        sums |= {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir()) if p.is_file()}
        text = dictionary.readme(self.tables, self.truth, dict(sorted(sums.items())), self.seed, self.customers)
        (folder / "README.md").write_text(text, encoding="utf-8", newline="\n")
        return sums

    # --- what happens ------------------------------------------------------------------------------------------------

    def _simulate(self) -> None:
        plan = self.plan
        self._people = traits(plan, self.customers)
        self._facts = contacts(plan, self._people)
        self._promos, self._shelf = promotions(plan), shelf(plan)
        self._member = stream(plan.seed, "members").random(self.customers) < 0.85
        undisturbed = orders(self._people, self._promos, stream(plan.seed, "orders"))
        self._calls, stayed = service.tickets(undisturbed, self._people, plan)
        self._all_calls = service.with_repeats(self._calls, plan)
        bought, self._invited = campaigns.run(stayed, self._people, self._member, plan)
        self._sales = fill(bought, self._people, plan, self._promos, self._shelf, stream(plan.seed, "baskets"))
        self._ids = exports.identifiers(self._people, self._sales, self._member, plan)
        self._answers = service.answers(bought, self._people, self._calls, plan)
        self._posts = social.posts(self._people, self._calls, plan)
        self._clicks = visits.clicks(self._sales, self._people, self._facts["device"].to_numpy(), plan)

    def _export(self) -> None:
        plan, people, ids, facts = self.plan, self._people, self._ids, self._facts
        number = exports.numbered(self._sales)
        promo_ids = self._promos.ids
        brought_by = social.referrers(people, self._member, plan)
        tables = {
            "crm_members": exports.crm(people, facts, ids, brought_by, plan),
            "app_users": exports.app_users(people, facts, ids, plan),
        }
        tables["app_orders"], tables["app_order_lines"], who = exports.app_orders(
            self._sales, number, ids, promo_ids, plan
        )
        till = exports.till(self._sales, number, ids, facts, promo_ids, plan)
        tables["till_sales"], tables["till_sale_lines"], tables["till_members"], in_store = till
        self._buyers = pd.concat([who, in_store], ignore_index=True)
        tables["clicks"] = exports.click_log(self._clicks, ids)
        self._said = []
        for wave in service.WAVES:
            tables[wave] = self._survey(wave)
        rated = service.ratings(self._all_calls, plan)
        tables["tickets"], tables["ticket_closings"], self._ticket_truth = exports.tickets(
            self._all_calls, rated, ids, facts, plan
        )
        tables["posts"] = self._post_table()
        tables["campaigns"] = campaigns.log(self._invited, ids["crm"].to_numpy())
        tables["promotions"] = calendar(self._promos)
        tables["products"] = exports.products(self._shelf.cents)
        tables["stores"] = exports.stores()
        tables |= self._programme(tables) | self._allowed(tables)
        self.tables, self._ledger = defects.inject(tables, self.defects, plan.seed)

    def _programme(self, tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """The loyalty programme and the coupons, for the orders that the exports hold."""
        plan, people, member = self.plan, self._people, self._member
        crm_id, app_id = self._ids["crm"].to_numpy(), self._ids["app"].to_numpy()
        entries, self._collected = membership.points(
            tables["app_orders"], tables["till_sales"], self._buyers, people, member, plan
        )
        self._grown = {year: membership.growth(entries, len(people), year) for year in membership.YEARS}
        made, self._topped_up = membership.topups(people, member, self._grown[2023], plan)
        handed, self._coupon_truth = coupons.coupons(tables["app_orders"], self._buyers, people, app_id, plan)
        return {
            "points": membership.points_log(entries, crm_id),
            "tiers": membership.tiers(self._grown, people, member, crm_id),
            "topups": membership.topup_log(made, crm_id),
            "coupons": handed,
        }

    def _allowed(self, tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """What customers allow."""
        cards = tables["till_members"].set_index("member_no")["joined_at"].map(day_of)
        known = consents.accounts(self._ids, self._people.frame["joined_day"].to_numpy(), cards)
        log, self._consent_truth = consents.consents(known, self.plan)
        filled, self._baby_truth = consents.babies(self._people, self._ids["app"].to_numpy(), self.plan)
        return {"consents": log, "babies": filled}

    def _survey(self, wave: str) -> pd.DataFrame:
        came = self._answers[(self._answers["wave"] == wave) & self._answers["responds"]]
        came = came.sort_values(["answered", "person"], ignore_index=True)
        favourite = np.array(CATEGORIES)[self._people.after.argmax(axis=1)][came["person"]]
        label = service.labels(came, wave, self.plan, favourite)
        said = texts.comments(stream(self.seed, f"words {wave}"), label).set_index(label["row"])
        table = exports.survey(came, wave, self._ids, self._facts, said.reindex(range(len(came))).fillna(""))
        label["key"] = table["答卷编号"].to_numpy()[label["row"]]
        self._said.append(label.assign(source=exports.FILES[wave]))
        return table

    def _post_table(self) -> pd.DataFrame:
        author = exports.authors(self._posts, self._facts, self.plan)
        written = texts.posts(stream(self.seed, "words of posts"), self._posts.assign(author=author))
        table = exports.posts(self._posts, author, written)
        self._said.append(self._posts.assign(key=table["post_id"], source=exports.FILES["posts"]))
        return table

    # --- what is true ------------------------------------------------------------------------------------------------

    def _tell_truth(self) -> None:
        people, frame = self._people, self._people.frame
        name = np.array([f"N{i:06d}" for i in range(1, len(people) + 1)])
        own = pd.DataFrame({"person_id": name})
        known = self._facts[
            ["name", "name_en", "birth_date", "phone", "address", "address_en", "own_phone", "nickname"]
        ]
        basic = frame[["household", "gender", "city"]].assign(joined_on=dates(frame["joined_day"]))
        shifted = np.flatnonzero(frame["shift_from"] >= 0)
        babies = np.isin(frame["role"], (1, 2))
        self._member_truth = self._known_members(name)
        self.truth = {
            "people": pd.concat([own, known, basic], axis=1),
            "ids": self._known_ids(name),
            "orders": _of(self._buyers, name).sort_values("order_id", ignore_index=True),
            "defects": self._ledger,
            "shifts": pd.DataFrame(
                {
                    "person_id": name[shifted],
                    "shift_from": np.array(CATEGORIES)[frame["shift_from"].to_numpy()[shifted]],
                    "shift_to": np.array(CATEGORIES)[frame["shift_to"].to_numpy()[shifted]],
                }
            ),
            "pairs": pd.DataFrame(COMPANIONS, columns=["kind", "companion_kind", "chance"]),
            "stockouts": stockouts(self._shelf),
            "parents": own.assign(
                role=np.array(ROLES)[frame["role"]],
                baby_on=pd.Series(dates(frame["baby_day"])).where(babies).to_numpy(),
            ),
            "price_sensitivity": own.assign(
                price_sensitivity=frame["price_sensitivity"].round(6),
                push_group=np.array(PUSH_GROUPS)[frame["group"]],
                exposure=self._promos.exposed[:, : PAST // 7].mean(axis=1).round(6)[frame["group"]],
            ),
            "psychographics": own.assign(
                psych_type=np.array(list(TYPES))[frame["psych"]],
                novelty=frame["novelty"].round(6),
                thrift=frame["thrift"].round(6),
            ),
            "items": service.item_key(),
            "next_year": pd.concat([own, next_year(self._sales, len(people))], axis=1),
            "process": own.assign(**_process(frame)),
            "tickets": _of(self._ticket_truth, name),
            "population": service.population(self._answers),
            "answers": _of(self._answers[["wave", "person", "responds", "score", "orders_before"]], name),
            "drivers": pd.DataFrame(self.plan.drivers.items(), columns=["driver", "effect"]).round(6),
            "texts": pd.concat(self._said, ignore_index=True)[["source", "key", "theme", "sentiment"]],
            "campaign_people": self._campaign_people(name),
            "campaign_effects": campaigns.effects(self._invited),
            "birthdays": _birthdays(own, known["birth_date"], pd.Series(self._facts["reached_on"])),
            "consents": _of(self._consent_truth, name),
            "babies": _of(self._baby_truth, name),
            "members": self._member_truth,
            "tier_effects": membership.effects(self._member_truth),
            "coupons": _of(_of(self._coupon_truth, name, "owner"), name, "user"),
            "rating_drivers": pd.DataFrame(
                service.rating_effects(self.plan).items(), columns=["driver", "effect"]
            ).round(6),
        }
        self.truth["facts"] = pd.DataFrame(self._single_facts(), columns=["step", "name", "value"]).astype("str")

    def _known_ids(self, name: np.ndarray) -> pd.DataFrame:
        """person_id, system, customer_id; a customer whom the CRM holds twice has two of its numbers."""
        facts, ids = self._facts, self._ids
        columns = {
            "crm": ids["crm"],
            "app": ids["app"],
            "till": ids["card"],
            "posts": facts["nickname"],
            "clicks": facts["device"],
        }
        parts = [pd.DataFrame({"person_id": name, "system": s, "customer_id": v}) for s, v in columns.items()]
        twice = self._ledger[(self._ledger["kind"] == "duplicate_customer") & (self._ledger["column"] == "客户编号")]
        owner = dict(zip(ids["crm"], name, strict=True))
        parts.append(
            pd.DataFrame({"person_id": twice["true"].map(owner), "system": "crm", "customer_id": twice["given"]})
        )
        return pd.concat(parts).dropna().sort_values(["person_id", "system", "customer_id"], ignore_index=True)

    def _known_members(self, name: np.ndarray) -> pd.DataFrame:
        """Everyone whose points were assessed at the end of 2023, with both outcomes of 2024."""
        who = np.flatnonzero(self._member & (self._people.frame["joined_day"] < day_of("2024-01-01")).to_numpy())
        points, topped_up = self._grown[2023][who], self._topped_up.iloc[who]
        return pd.DataFrame(
            {
                "person_id": name[who],
                "growth": points,
                "tier": np.array(membership.TIERS)[membership.level(points)],
                "collected": self._collected[who],
                "topup_without": topped_up["without"].to_numpy(),
                "topup_with_gold": topped_up["with_gold"].to_numpy(),
            }
        )

    def _campaign_people(self, name: np.ndarray) -> pd.DataFrame:
        invited = self._invited
        out = _of(invited[["person", "arm", "logged", "reference", "treated"]], name)
        out.insert(0, "campaign_id", [campaigns.CAMPAIGNS[i].campaign_id for i in invited["campaign"]])
        out["uplift_type"] = np.array(UPLIFT_TYPES)[invited["uplift"]]
        return out.rename(columns={"reference": "outcome_reference", "treated": "outcome_treated"})

    def _settled_at_once(self) -> float:
        """Share of the matters that the first ticket settled."""
        tickets = self._ticket_truth
        return float(tickets.loc[tickets["ticket_id"] == tickets["matter"], "settled"].mean())

    def _single_facts(self) -> list[tuple[str, str, object]]:
        plan, sales = self.plan, self._sales.orders
        past = sales[(sales["day"] < PAST) & ~sales["refunded"]]
        frame = self._people.frame
        has_bought = (frame["first_day"] < PAST).to_numpy()
        alive = (frame["leaving_day"] >= PAST).to_numpy() & has_bought
        first_last = has_bought & (frame["leaving_day"] <= frame["first_day"] + 1).to_numpy()
        later = self.truth["next_year"]
        slow = self.truth["tickets"]["left"]
        return [
            ("collect", "purchases", len(past)),
            ("collect", "money", f"{past['cents'].sum() / 100:.2f}"),
            ("identity", "persons", self.customers),
            ("identity", "persons_with_borrowed_phone", int((~self._facts["own_phone"]).sum())),
            ("behaviour", "sessions", visits.sessions(self._clicks)),
            ("behaviour", "abandoned_category", plan.abandoned),
            ("behaviour", "shift_to", plan.shift_to),
            ("behaviour", "shift_on", dates(np.array([plan.shift_day]))[0]),
            ("tag", "new_parents", int((frame["role"] == 1).sum())),
            ("segment", "types", len(TYPES)),
            ("clv", "alive_at_end", int(alive.sum())),
            ("clv", "orders_next_year", int(later["orders"].sum())),
            ("clv", "spend_next_year", f"{later['spend'].sum():.2f}"),
            ("lifecycle", "weak_link", "first_purchase>second_purchase"),
            ("lifecycle", "left_after_first_purchase", f"{first_last.sum() / has_bought.sum():.4f}"),
            ("lifecycle", "left_over_a_ticket", int(slow.sum())),
            ("nps", "slow_topic", plan.slow_topic),
            ("nps", "slow_factor", service.SLOW),
            ("nps", "zero_driver", "app"),
            ("nps", "delivery_change", f"{plan.delivery_change:.4f}"),
            ("service", "satisfied", f"{service.top_two(self._ticket_truth['satisfaction']):.4f}"),
            ("service", "settled_at_once", f"{self._settled_at_once():.4f}"),
            ("effect", "drift_month", str(dates(np.array([plan.drift_month]))[0])[:7]),
            ("effect", "moved_to_mini_program", MOVED_TO_MINI),
            ("effect", "price_rise_2024", f"{plan.price_rise[1] - 1:.4f}"),
            ("effect", "sample_ratio_mismatch", "C05"),
            ("effect", "no_effect", "C07"),
        ]


def _of(frame: pd.DataFrame, name: np.ndarray, position: str = "person") -> pd.DataFrame:
    """`frame` with person_id (owner_id …) instead of the position `person` (owner …)."""
    at = frame.columns.get_loc(position)
    out = frame.drop(columns=position).reset_index(drop=True)
    out.insert(at, f"{position}_id", name[frame[position]])
    return out


def _birthdays(own: pd.DataFrame, birth: pd.Series, on: pd.Series) -> pd.DataFrame:
    """Those whose birth date was chosen: person_id, on (the birthday), turns."""
    chosen = own.assign(on=on, turns=on.dt.year - birth.dt.year)[on.notna()]
    return chosen.astype({"turns": "int64"}).reset_index(drop=True)


def _process(frame: pd.DataFrame) -> dict[str, object]:
    """How each one buys: when they began, left and changed, and how often they buy in a year."""
    never = frame["first_day"] >= DAYS
    changes = (frame["switch_day"] < PAST) & (frame["rate_after"] != frame["rate"])
    left = np.minimum(frame["leaving_day"], 10 * DAYS)
    return {
        "first_order_on": pd.Series(dates(frame["first_day"])).mask(never).to_numpy(),
        "left_on": pd.Series(dates(left)).mask(never | (left >= DAYS)).to_numpy(),
        "alive_at_end": ((frame["first_day"] < PAST) & (left >= PAST)).to_numpy(),
        "rate_per_year": frame["rate"].round(6).to_numpy(),
        "rate_per_year_after": frame["rate_after"].round(6).to_numpy(),
        "rate_changes_on": pd.Series(dates(frame["switch_day"])).where(changes).to_numpy(),
    }


def _kinds(wanted: str | Collection[str] | None) -> list[str]:
    kinds = list(defects.KINDS) if wanted == "all" else [wanted] if isinstance(wanted, str) else list(wanted or ())
    unknown = [k for k in kinds if k not in defects.KINDS]
    if unknown:
        raise DataError(
            "There is no defect {kind}. Kinds are: {kinds}.", kind=unknown[0], kinds=", ".join(defects.KINDS)
        )
    return kinds


def _check_size(customers: int, fewest: int) -> None:
    if customers < fewest:
        raise DataError(
            "A company of {customers:,} is too small: at least {fewest:,} customers.",
            customers=customers,
            fewest=fewest,
        )


def write(seed: int, customers: int, out: str | Path, progress: Progress | None = None) -> dict[str, str]:
    """Generate a company with all its defects and write it; returns the checksum of every file.

    Parameters
    ----------
    seed, customers : as for Company.
    out : a new folder.
    progress : is told what is being done.
    """
    if progress:
        progress(Sentence("Generating {customers:,} customers", customers=customers))
    return Company(seed, customers).write(out, progress)


def orders_parquet(seed: int, customers: int, path: str | Path, progress: Progress | None = None) -> int:
    """Write the order lines of a company of any size to a Parquet file, a part of the customers at a time.

    The customers are those of `traits`, without tickets and campaigns. Memory does not grow with `customers`.

    Parameters
    ----------
    seed, customers : the company.
    path : the file: order_id, customer_id, ordered_at, channel, store_id, product_id, category, quantity, unit_price,
        amount, discount (yuan), one row a line, from START to END.
    progress : is told how far it is.

    Returns
    -------
    number of rows
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    _check_size(customers, 1)
    plan = draw(seed)
    promos, products = promotions(plan), shelf(plan)
    rows, writer = 0, None
    for part, first in enumerate(range(0, customers, _PART)):
        size = min(_PART, customers - first)
        people = traits(plan, size, part)
        bought = orders(people, promos, stream(seed, "orders", part))
        bought = bought[bought["day"] < PAST].reset_index(drop=True)
        sales = fill(bought, people, plan, promos, products, stream(seed, "baskets", part))
        table = pa.Table.from_pandas(_numbered_lines(sales, first), preserve_index=False)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
        rows += len(table)
        if progress:
            progress(Sentence("{done:,} of {total:,} customers", done=first + size, total=customers))
    writer.close()
    return rows


def _numbered_lines(sales: Sales, first: int) -> pd.DataFrame:
    """Lines with numbers that no other part uses: the customer's number, and the order's number among its own."""
    person = sales.orders["person"].to_numpy()
    nth = np.arange(len(person)) - np.searchsorted(person, person)
    return frame_of(sales, person + first, (person + first).astype("int64") * 10_000 + nth)


__all__ = ["CUSTOMERS", "END", "MAPPING", "SEED", "START", "Company", "orders_parquet", "write"]
