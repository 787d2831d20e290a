"""Luming: the same seed gives the same company, its exports can be read, its defects and its truth are as they say."""

import hashlib
import json
import os
import re
import sqlite3
import subprocess
import sys
from importlib.metadata import version

import numpy as np
import pandas as pd
import pytest

from course import DataError, clean, collect, company
from course.company import campaigns, defects, dictionary, exports, people, plan, products, purchases, service, visits
from tests.conftest import ROOT

SMALL = 400


@pytest.fixture(scope="module")
def pure():
    """A company without defects, large enough for its statistics."""
    return company.Company(seed=11, customers=4000, defects=None)


@pytest.fixture(scope="module")
def sound():
    """A small company without defects."""
    return company.Company(seed=5, customers=SMALL, defects=None)


@pytest.fixture(scope="module")
def small():
    """The same company with all its defects."""
    return company.Company(seed=5, customers=SMALL)


@pytest.fixture(scope="module")
def written(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("luming") / "out"
    small.write(folder)
    return folder


def checksums(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file() and p.parent.name != "prepared")
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


# --- one seed, one company -------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_in_another_process(written, tmp_path):
    code = f"from course import company; company.write(5, {SMALL}, 'again')"
    environment = os.environ | {"PYTHONHASHSEED": "77", "PYTHONPATH": str(ROOT), "TZ": "America/Lima"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, env=environment)
    assert checksums(tmp_path / "again") == checksums(written)


@pytest.mark.slow
def test_twenty_seeds_give_twenty_companies():
    facts = {}
    for seed in range(20):
        made = company.Company(seed, customers=300)
        single = made.truth["facts"].set_index("name")["value"]
        facts[seed] = (single["money"], single["spend_next_year"], made.truth["population"]["nps"].iloc[1])
        assert all(len(frame) for frame in made.tables.values())
    assert all(len(set(values)) == 20 for values in zip(*facts.values(), strict=True))


def test_the_defects_do_not_move_the_truth(small, sound):
    with_, without = small.table_hashes(), sound.table_hashes()
    assert sound.truth["defects"].empty
    moved = {name for name in with_ if with_[name] != without[name]}
    assert moved == {*defects.KEYS, "truth/defects", "truth/ids"}


def test_topics_have_streams_of_their_own():
    plain, other = plan.stream(3, "orders"), plan.stream(3, "visits")
    first = plain.random(5)
    assert not np.allclose(first, other.random(5))
    assert np.array_equal(plan.stream(3, "orders").random(5), first)
    assert not np.array_equal(plan.stream(3, "orders", 1).random(5), first)


def test_what_cannot_be_generated_is_refused(tmp_path):
    with pytest.raises(DataError, match="too small"):
        company.Company(customers=10)
    with pytest.raises(DataError, match="no defect mice"):
        company.Company(customers=SMALL, defects=["mice"])
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="already there"):
        company.write(1, SMALL, tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


# --- the exports -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", exports.INPUTS)
def test_every_table_is_read_without_being_told_how(written, small, kind):
    files = [f"{written}/{exports.FILES[name]}" for name in exports.INPUTS[kind]]
    table = collect.read(files, kind, company.MAPPING)
    rows = sum(len(small.tables[name]) for name in exports.INPUTS[kind])
    assert len(table.frame) == rows
    assert set(table.problems["column"]) <= {"birth_date"}
    needed = {
        "orders": {"order_id", "customer_id", "ordered_at", "amount", "status", "discount", "channel", "store_id"}
        | {"promo_id", "cancels_order_id"},
        "order_lines": {"order_id", "product_id", "product_name", "category", "quantity", "unit_price"},
        "customers": {"customer_id", "name", "phone", "email", "address", "birth_date", "gender", "city", "joined_at"},
        "events": {"visitor_id", "customer_id", "at", "kind", "category"},
        "surveys": {"customer_id", "answered_at", "score", "comment"},
        "tickets": {"ticket_id", "customer_id", "opened_at", "closed_at", "topic"},
        "posts": {"post_id", "author_id", "at", "text"},
        "campaigns": {"campaign_id", "customer_id", "arm", "sent_at", "offer"},
    }
    assert needed[kind] <= set(table.frame.columns)


def test_the_crm_writes_chinese_and_three_kinds_of_dates(written):
    text = (written / "crm_members.csv").read_bytes().decode("gb18030")
    with pytest.raises(UnicodeDecodeError):
        text.encode("gb18030").decode("utf-8")
    assert re.search(r",\d{4}-\d\d-\d\d,", text)
    assert re.search(r",\d{4}/\d{1,2}/\d{1,2},", text)
    assert re.search(r",\d{4}年\d{1,2}月\d{1,2}日,", text)


def test_the_order_api_gets_every_order_with_its_lines(pure):
    records = pure.api_orders()
    assert len(records) == len(pure.tables["app_orders"])
    keys = "orderId customerId createdAt updatedAt status totalAmount discountAmount channel promoId lines"
    assert all(list(r) == keys.split() for r in records)
    first = records[0]["lines"][0]
    assert set(first) == {"sku", "title", "category", "qty", "unitPrice", "parcel"}
    assert json.loads(json.dumps(records)) == records
    for record in records:
        cents = sum(line["qty"] * round(100 * line["unitPrice"]) for line in record["lines"])
        assert cents == round(100 * record["totalAmount"])


def test_till_sales_add_up_and_returns_undo_what_they_name(pure):
    sales, lines = pure.tables["till_sales"], pure.tables["till_sale_lines"]
    cents = (lines["unit_price"] * 100).round() * lines["quantity"]
    by_receipt = cents.groupby(lines["receipt_no"]).sum()
    assert (by_receipt.reindex(sales["receipt_no"]).to_numpy() == (sales["amount"] * 100).round().to_numpy()).all()
    back = sales[sales["refund_of"].notna()]
    undone = sales.set_index("receipt_no").loc[back["refund_of"]]
    assert len(back) > 5
    assert (undone["amount"].to_numpy() == -back["amount"].to_numpy()).all()
    assert (undone["transaction_time"].to_numpy() < back["transaction_time"].to_numpy()).all()
    assert 0.1 < sales["member_no"].isna().mean() < 0.5  # cards forgotten or never taken


def test_the_till_is_a_database_of_three_tables(written):
    with sqlite3.connect(f"file:{written / 'till.sqlite'}?mode=ro", uri=True) as connection:
        names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master ORDER BY name")]
        assert names == ["members", "sale_lines", "sales"]
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_ids_of_different_systems_cannot_be_confused(pure):
    ids = pure.truth["ids"]
    forms = {"crm": r"C\d{6}", "app": r"u[0-9a-f]{10}", "till": r"88\d{8}", "clicks": r"v[0-9a-f]{11}"}
    for system, form in forms.items():
        assert ids.loc[ids["system"] == system, "customer_id"].str.fullmatch(form).all()
    keyed = ids[ids["system"].isin(["crm", "app", "till"])]
    assert not keyed["customer_id"].duplicated().any()
    assert set(keyed["person_id"]) == set(pure.truth["people"]["person_id"])  # nobody is unknown everywhere
    tables = pure.tables
    known = pd.concat(
        [tables["crm_members"]["客户编号"], tables["app_users"]["user_id"], tables["till_members"]["member_no"]]
    )
    assert sorted(known) == sorted(keyed["customer_id"])


def test_nobody_can_be_reached_by_what_the_files_say(pure):
    persons = pure.truth["people"]
    assert persons["phone"].str.fullmatch(r"(154|160|164|169)\d{8}").all()
    assert pure.tables["app_users"]["email"].str.fullmatch(r"[a-z._]+\d+@[a-z]+\.example").all()
    assert persons["birth_date"].between("1939-01-01", "2007-01-01").all()


def _age(born, on):
    """Completed years, counted as people do; a 29 February is followed by 1 March where there is none."""
    return on.year - born.year - ((on.month, on.day) < (born.month, born.day))


@pytest.mark.parametrize("seed", range(2))
def test_some_birthdays_lie_on_the_days_on_which_wrong_ages_show(seed):
    made = company.Company(seed, 2000, defects=None)
    birth = made.truth["people"].set_index("person_id")["birth_date"]
    chosen = made.truth["birthdays"].set_index("person_id")
    born = birth[chosen.index]
    assert (born.dt.strftime("%m-%d") == chosen["on"].dt.strftime("%m-%d")).all()
    assert (chosen["on"].dt.year - born.dt.year == chosen["turns"]).all()
    on_leap_day = chosen["on"] == "2024-02-29"
    assert on_leap_day.sum() >= 8 and chosen.loc[~on_leap_day, "turns"].isin(people.BOUNDS).all()
    assert set(chosen["on"].dt.strftime("%Y-%m-%d")) == {"2024-02-29", *map(str, people.BIRTHDAYS)}
    for day, wrong in (("2024-12-31", 365), ("2023-12-31", 365.25)):
        right = np.array([_age(b, pd.Timestamp(day)) for b in born])
        assert ((pd.Timestamp(day) - born).dt.days // wrong != right).any()
    half = np.array([_age(b, pd.Timestamp("2024-06-30")) for b in born])
    assert (2024 - born.dt.year != half).any()
    assert min(_age(b, pd.Timestamp("2024-12-31")) for b in born) >= 18  # nobody becomes a minor by it
    assert 0.01 < len(chosen) / 2000 < 0.06


def test_birthdays_at_the_bounds_change_nobodys_age(pure):
    moved = pure.truth["birthdays"]["person_id"].str[1:].astype("int64").to_numpy() - 1
    born_in = pure.truth["people"]["birth_date"].dt.year.to_numpy()[moved]
    assert (2024 - born_in == pure._people.frame["age"].to_numpy()[moved]).all()  # on 31 December all have had it


def test_only_families_share_phones(pure):
    persons = pure.truth["people"]
    shared = persons.groupby("phone")["household"].nunique()
    assert (shared == 1).all()
    assert 0.02 < persons["phone"].duplicated().mean() < 0.15
    borrowed = persons[~persons["own_phone"]]
    assert borrowed["phone"].isin(persons.loc[persons["own_phone"], "phone"]).all()


def test_every_online_order_of_the_last_half_year_is_in_the_click_log(pure):
    clicks = pure.tables["clicks"]
    bought = clicks[clicks["event"] == "buy"]
    orders = pure.tables["app_orders"]
    done = orders[~orders["orderId"].str.endswith("-0") & (orders["createdAt"] >= "2024-07-01")]
    in_utc = pd.to_datetime(done["createdAt"], utc=True).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert sorted(zip(bought["user_id"], bought["at"], strict=True)) == sorted(
        zip(done["customerId"], in_utc, strict=True)
    )
    assert (clicks["received_at"] >= clicks["at"]).all()
    assert clicks["received_at"].is_monotonic_increasing


def test_the_number_of_visits_by_hand(pure):
    clicks = pure.tables["clicks"]
    times = pd.to_datetime(clicks["at"], utc=True).astype("int64")
    visits_ = 0
    for _, own in times.groupby(clicks["visitor_id"]):
        gaps = own.sort_values().diff().dropna()
        visits_ += 1 + int((gaps / 10 ** gaps_unit(times) > 1800).sum())
    facts = pure.truth["facts"].set_index("name")["value"]
    assert visits_ == int(facts["sessions"])


def gaps_unit(times):
    """Digits below the second of integer times."""
    return len(str(int(times.iloc[0]))) - 10


# --- defects ---------------------------------------------------------------------------------------------------------


def quarantined(tables, sound=None):
    """Rule → rows that `clean` quarantines or finds repeated, over all tables or only those unlike `sound`."""
    found: dict[str, int] = {}
    frames = [(kind, name, tables[name]) for kind, names in exports.INPUTS.items() for name in names]
    frames = [(kind, frame) for kind, name, frame in frames if sound is None or not frame.equals(sound[name])]
    for kind, frame in frames:
        cleaned = clean.apply(collect.read(frame, kind))
        again = cleaned.set_aside[cleaned.set_aside["rule"] == "repeated_order"]
        for rule in [*cleaned.quarantine["rule"], *again["rule"]]:
            found[rule] = found.get(rule, 0) + 1
        assert cleaned.flags.get("is_duplicate", {"rows": 0})["rows"] == 0
    return found


def test_without_defects_nothing_is_quarantined(sound):
    assert quarantined(sound.tables) == {}


FOUND_AS = {
    "zero_price": "price_not_positive",
    "impossible_date": "impossible_date",
    "repeated_order": "repeated_order",
    "state_before": "repeated_order",
    "blank_code": "score_out_of_range",
    "wrong_scale": "score_out_of_range",
}


@pytest.mark.parametrize("kind", FOUND_AS)
def test_one_kind_of_defect_is_found_as_itself_and_completely(sound, kind):
    tables, ledger = defects.inject(sound.tables, [kind], 1)
    assert quarantined(tables, sound.tables) == {FOUND_AS[kind]: len(ledger)}


def test_what_no_rule_can_see_is_not_quarantined(sound):
    rest = [kind for kind in defects.KINDS if kind not in FOUND_AS]
    tables, ledger = defects.inject(sound.tables, rest, 1)
    assert set(ledger["kind"]) == set(rest)
    assert quarantined(tables, sound.tables) == {}


def test_a_refund_of_an_impossible_year_is_no_sale_whatever_takes_it(sound):
    tables, ledger = defects.inject(sound.tables, ["impossible_refund_date"], 1)
    spoilt = tables["app_orders"].set_index("orderId").loc[ledger["key"]]
    assert set(spoilt["status"]) == {"refunded"} and set(spoilt["createdAt"].str[:4]) <= {"1900", "2124", "2204"}
    valid, true = (clean.apply(collect.read(t["app_orders"], "orders")).valid for t in (tables, sound.tables))
    assert valid["order_id"].tolist() == true["order_id"].tolist()


def test_an_order_that_came_twice_was_refunded_by_its_later_version(sound):
    tables, ledger = defects.inject(sound.tables, ["state_before"], 1)
    orders = tables["app_orders"]
    twice = orders[orders["orderId"].isin(ledger["key"])]
    assert twice["orderId"].value_counts().eq(2).all() and set(twice["orderId"]) == set(ledger["key"])
    first, second = twice.iloc[::2], twice.iloc[1::2]
    assert set(first["status"]) == {"refunded"} and set(second["status"]) == {"completed"}
    assert (first["updatedAt"].to_numpy() > second["updatedAt"].to_numpy()).all()
    same = ["orderId", "customerId", "createdAt", "totalAmount", "discountAmount", "channel"]
    assert (first[same].to_numpy() == second[same].to_numpy()).all()
    pd.testing.assert_frame_equal(
        orders.drop(second.index).reset_index(drop=True), sound.tables["app_orders"], check_dtype=False
    )


@pytest.mark.parametrize("seed", range(2))
def test_how_many_of_each_defect_of_orders_and_consents(seed):
    made = company.Company(seed, 3000)
    count, orders = made.truth["defects"]["kind"].value_counts(), len(made.tables["app_orders"])
    assert count["impossible_refund_date"] == pytest.approx(0.0006 * orders, abs=1)
    assert count["state_before"] == pytest.approx(0.0008 * orders, abs=1)
    assert count["nobodys_consent"] == pytest.approx(0.0008 * len(made.tables["consents"]), abs=1)


ADDS_ROWS = {"duplicate_customer", "repeated_order", "bot_visits", "double_answer", "state_before"}


@pytest.mark.parametrize("kind", defects.KINDS)
def test_the_ledger_holds_every_changed_cell_and_no_other(sound, kind):
    tables, ledger = defects.inject(sound.tables, [kind], 2)
    assert len(ledger)
    name_of = {file: name for name, file in exports.FILES.items()}
    changed = []
    for name, spoilt in tables.items():
        true_table = sound.tables[name]
        if name not in defects.KEYS:
            pd.testing.assert_frame_equal(spoilt, true_table)
            continue
        if kind in ADDS_ROWS:
            more = len(spoilt) - len(true_table)
            noted = ledger[(ledger["source"] == exports.FILES[name]) & (ledger["column"] == key_column(name))]
            assert more == len(noted)
            continue
        order = ["visitor_id", "at", "event", "category"] if name == "clicks" else defects.KEYS[name]
        spoilt, right = (f.sort_values(order, ignore_index=True, kind="stable") for f in (spoilt, true_table))
        for column in right:
            given, true = spoilt[column].astype("str").fillna(""), right[column].astype("str").fillna("")
            for at in np.flatnonzero((given != true).to_numpy()):
                key = "/".join(right.loc[at, defects.KEYS[name]])
                changed.append((name, key, column, true[at], given[at]))
    if kind not in ADDS_ROWS:
        cells = zip(*(ledger[c] for c in ("source", "key", "column", "true", "given")), strict=True)
        noted = [(name_of[s], k, c, t, g) for s, k, c, t, g in cells if t != g]
        assert sorted(changed) == sorted(noted)


def key_column(name):
    return defects.KEYS[name][0]


def test_a_cell_is_spoilt_once(small):
    ledger = small.truth["defects"]
    cells = ledger[~ledger["kind"].isin(ADDS_ROWS)]
    assert not cells[["source", "key", "column"]].duplicated().any()
    assert set(ledger["kind"]) == set(defects.KINDS)


# --- how customers buy -----------------------------------------------------------------------------------------------


def shape(orders, lines):
    """What a retailer looks at first: `orders` one row an order (customer_id, ordered_at, amount)."""
    spend = orders.groupby("customer_id")["amount"].sum().sort_values(ascending=False)
    count = orders.groupby("customer_id").size()
    hour = orders["ordered_at"].dt.hour.value_counts(normalize=True).sort_index()
    return {
        "repeat": (count > 1).mean(),
        "lines": len(lines) / len(orders),
        "value": orders["amount"].median(),
        "top20": spend.iloc[: len(spend) // 5].sum() / spend.sum(),
        "lunch": hour.loc[11:13].sum(),
        "afternoon": hour.loc[14:16].sum(),
        "evening": hour.loc[19:21].sum(),
        "weekend": (orders["ordered_at"].dt.day_of_week >= 5).mean(),
    }


@pytest.fixture(scope="module")
def sold(pure):
    """The purchases of the books: order_id, customer_id (the person), ordered_at, amount, one row an order."""
    orders = pure._sales.orders
    past = orders[orders["day"] < plan.PAST]
    return pd.DataFrame(
        {
            "customer_id": past["person"],
            "ordered_at": purchases.moments(past["day"], past["second"]),
            "amount": past["cents"] / 100,
            "channel": past["channel"],
            "promoted": past["promoted"],
            "day": past["day"],
        }
    )


def test_luming_looks_like_a_retailer(pure, sold):
    lines = pure._sales.lines
    found = shape(sold, lines[lines["order"].isin(sold.index)])
    assert 0.50 < found["repeat"] < 0.65
    assert 2 < found["lines"] < 4
    assert 80 < found["value"] < 250
    assert 0.50 < found["top20"] < 0.75
    assert found["lunch"] > found["afternoon"] < found["evening"]
    assert 2 / 7 < found["weekend"] < 0.42
    by_day = sold.groupby("day").size()
    for festival in ("2023-06-18", "2023-11-11", "2024-11-11"):
        assert by_day[plan.day_of(festival)] > 1.8 * by_day.loc[plan.day_of(festival) - 120 :].head(240).median()


def test_nobody_buys_before_the_first_day_or_after_leaving(pure, sold):
    frame = pure._people.frame
    day = sold["day"].to_numpy()
    assert (day >= frame["first_day"].to_numpy()[sold["customer_id"]]).all()
    assert (day <= frame["leaving_day"].to_numpy()[sold["customer_id"]]).all()
    later = pure.truth["next_year"]
    process = pure.truth["process"]
    bought = later["orders"] > 0
    began_late = process["first_order_on"] >= pd.Timestamp("2025-01-01")
    assert (process["alive_at_end"] | began_late)[bought].all()
    assert (later["spend"] > 0).equals(bought)


def test_rates_are_those_of_the_model():
    # Orders of week-long cells are Poisson: their sum over many customers is within four standard errors of its mean,
    # for the insensitive and for the sensitive, with a promotion and without.
    secret = plan.draw(4)
    crowd, promos = people.traits(secret, 12_000), plan.promotions(secret)
    bought = purchases.orders(crowd, promos, plan.stream(4, "orders"))
    frame = crowd.frame
    sensitivity = frame["price_sensitivity"].to_numpy()
    later = bought[bought["day"] > frame["first_day"].to_numpy()[bought["person"]]]
    season = np.concatenate([[0], np.cumsum(plan.day_weights())])
    group, week = frame["group"].to_numpy(), later["day"].to_numpy() // 7
    count = {}
    for who in (False, True):
        chosen = (sensitivity > 0.5) == who
        for promoted in (False, True):
            mean = 0.0
            for w in range(plan.WEEKS):
                low = np.clip(frame["first_day"] + 1, 7 * w, min(7 * w + 7, plan.DAYS))
                high = np.clip(frame["leaving_day"], 7 * w, min(7 * w + 7, plan.DAYS))
                rate = np.where(frame["switch_day"] > 7 * w, frame["rate"], frame["rate_after"])
                now = promos.exposed[group, w]
                before = promos.exposed[group, w - 1] if w else np.zeros(len(frame), dtype=bool)
                lift = np.where(now, np.exp(sensitivity), np.where(before, purchases.AFTER_PROMOTION, 1))
                cell = rate * np.maximum(season[high] - season[low], 0) / 365.25 * lift
                mean += cell[chosen & (now == promoted)].sum()
            own = chosen[later["person"]] & (promos.exposed[group[later["person"]], week] == promoted)
            count[who, promoted] = (own.sum() - mean) / np.sqrt(mean)
    assert max(map(abs, count.values())) < 4


def test_the_first_purchase_is_the_weak_link(pure):
    frame = pure._people.frame
    bought = (frame["first_day"] < plan.PAST - 365).to_numpy()
    at_once = (frame["leaving_day"] <= frame["first_day"] + 1).to_numpy()
    share = at_once[bought].mean()
    error = np.sqrt(share * (1 - share) / bought.sum())
    assert share == pytest.approx(pure.plan.one_time, abs=5 * error + 0.04)  # babies keep some, tickets lose some
    facts = pure.truth["facts"].set_index("name")["value"]
    assert facts["weak_link"] == "first_purchase>second_purchase"


def test_orders_move_to_the_mini_program_in_the_drift_month(pure, sold):
    online = sold[sold["channel"] < 2]
    share = (online["channel"] == 1).groupby(online["ordered_at"].dt.to_period("M")).mean()
    jump = share.diff()
    facts = pure.truth["facts"].set_index("name")["value"]
    assert str(jump.idxmax()) == facts["drift_month"]
    assert jump.max() > 0.2 > 2 * jump.drop(jump.idxmax()).abs().max()


def test_preferences_shift_where_the_plan_says(pure):
    shifted = pure.truth["shifts"]
    assert (shifted["shift_from"] != shifted["shift_to"]).all()
    assert shifted["shift_to"].value_counts().idxmax() == pure.plan.shift_to
    after, before = pure._people.after, pure._people.before
    moved = np.abs(after - before).sum(axis=1) > 1e-9
    assert set(np.flatnonzero(moved)) >= {int(p[1:]) - 1 for p in shifted["person_id"]}


def test_new_parents_are_inferable_and_have_lookalikes(pure):
    lines, orders = pure._sales.lines, pure._sales.orders
    kind = products.catalogue()["kind"].to_numpy()[lines["product"]]
    person = orders["person"].to_numpy()[lines["order"]]
    staple = np.isin(kind, ["milk_powder", "nappies"]) & (orders["day"].to_numpy()[lines["order"]] < plan.PAST)
    bought = pd.Series(np.bincount(person[staple], minlength=4000))
    role = pure.truth["parents"]["role"]
    mean = bought.groupby(role).mean()
    assert mean["new_parent"] > 3 * mean["grandparent"] > 3 * mean["gift_buyer"] > mean["none"]
    assert (bought[role == "none"] > 0).mean() < 0.15
    grown = (pure.truth["people"]["birth_date"] < "1984-01-01")[role == "grandparent"]
    assert grown.all()
    assert 0.02 < (role == "new_parent").mean() < 0.08


# --- service, survey, campaigns --------------------------------------------------------------------------------------


def test_one_queue_is_slow(pure):
    tickets = pure.tables["tickets"]
    hours = pd.to_datetime(tickets["关闭时间"]) - pd.to_datetime(tickets["创建时间"])
    median = (hours.dt.total_seconds() / 3600).groupby(tickets["主题"]).median().sort_values()
    assert median.index[-1] == pure.plan.slow_topic
    assert median.iloc[-1] > 3 * median.iloc[-2]


@pytest.fixture(scope="module", params=[1, 6])
def desk(request):
    """A company's tickets with their closings and their truth, one row a ticket."""
    made = company.Company(request.param, 4000, defects=None)
    known = made.truth["tickets"].merge(made.tables["tickets"], left_on="ticket_id", right_on="工单编号")
    known = known.merge(made.tables["ticket_closings"], on="工单编号", how="left")
    for column in ("创建时间", "关闭时间"):
        known[column] = pd.to_datetime(known[column])
    return made, known


def test_a_matter_that_was_not_settled_comes_up_again(desk):
    made, known = desk
    first = known.groupby("matter")["创建时间"].transform("min")
    again = known["ticket_id"] != known["matter"]
    assert (known.loc[~again, "创建时间"] == first[~again]).all() and (
        known.loc[again, "创建时间"] > first[again]
    ).all()
    assert known.groupby("matter")["person_id"].nunique().eq(1).all()
    last = ~known.duplicated("matter", keep="last")
    assert not known.loc[~last, "settled"].any() and known["ticket_id"].is_monotonic_increasing
    assert not known.loc[known["left"], "settled"].any()
    over = known[known["left"]].set_index("person_id")["关闭时间"]
    later = known[again & known["person_id"].isin(over.index)]
    assert (later["创建时间"] <= over[later["person_id"]].to_numpy() + pd.Timedelta(days=1)).all()
    assert 0.08 < again.mean() < 0.2
    facts = made.truth["facts"].set_index("name")["value"]
    assert known.loc[~again, "settled"].mean() == pytest.approx(float(facts["settled_at_once"]), abs=1e-4)


def test_first_contact_resolution_has_three_figures(desk):
    """What the agents mark, what customers say and what no repeat within a week says are not what is true."""
    _, known = desk
    first = known[known["ticket_id"] == known["matter"]]
    true = first["settled"].mean()
    agents = (first["客服标记"] == "已解决").mean()
    heard = first[first["顾客确认"].isin(["已解决", "未解决"])]
    said = (heard["顾客确认"] == "已解决").mean()
    own = known.sort_values(["person_id", "创建时间"])
    gap = own.groupby(["person_id", "主题"])["创建时间"].shift(-1) - own["创建时间"]
    alone = 1 - (gap < pd.Timedelta(days=7)).mean()
    assert 0.7 < true < 0.85 and agents > true + 0.08 and abs(said - true) < 0.07
    assert 0.85 < alone < 0.95  # 99.5 % of the time before there were any repeats
    other_topic = known["主题"] != known["matter"].map(known.set_index("ticket_id")["主题"])
    assert 0.02 < other_topic[known["ticket_id"] != known["matter"]].mean() < 0.25


def test_what_drives_the_closing_answer_is_recovered_and_the_topic_does_nothing(desk):
    made, known = desk
    known = known[known["关闭时间"].notna()]
    effect = made.truth["rating_drivers"].set_index("driver")["effect"]
    hours = (known["关闭时间"] - known["创建时间"]).dt.total_seconds() / 3600
    wait = np.log2(hours / service.HOURS)
    again = (known["ticket_id"] != known["matter"]).astype("float64")
    topics = pd.get_dummies(known["主题"], drop_first=True).to_numpy(dtype="float64")
    design = np.column_stack([np.ones(len(known)), wait, ~known["settled"], again, topics]).astype("float64")
    y = known["satisfaction"].to_numpy(dtype="float64")
    found, *_ = np.linalg.lstsq(design, y, rcond=None)
    error = np.sqrt(((y - design @ found) ** 2).mean() * np.diag(np.linalg.inv(design.T @ design)))
    for at, driver in ((1, "wait_doubled"), (2, "unsettled"), (3, "asked_again")):
        assert found[at] == pytest.approx(effect[driver], abs=4 * error[at] + 0.12)  # the scale ends at 5
        assert found[at] < 0
    assert effect["topic"] == 0 and (np.abs(found[4:]) < 4 * error[4:]).all()


def test_answers_to_the_closing_question_are_those_of_the_truth(desk):
    made, known = desk
    closed = known["关闭时间"].notna()
    assert known["客服标记"].notna().equals(closed)
    heard = known["满意度"].notna()
    assert heard.equals(known["answered"]) and 0.25 < heard.mean() < 0.45
    assert (known["满意度"][heard] == known["satisfaction"][heard]).all() and known["satisfaction"].between(1, 5).all()
    assert (pd.to_datetime(known["评价时间"][heard]) > known["关闭时间"][heard]).all()
    facts = made.truth["facts"].set_index("name")["value"]
    satisfied = (known["satisfaction"] >= 4).mean()
    assert satisfied == pytest.approx(float(facts["satisfied"]), abs=1e-4) and 0.5 < satisfied < 0.8


def test_the_driver_without_effect_has_none_and_still_correlates(pure):
    given = pure._answers
    names = [f"driver_{d}" for d in service.DRIVERS]
    inside = given[given["score"].between(1, 9)]  # away from the ends of the scale, where effects are cut off
    design = np.column_stack([np.ones(len(given)), given[names].to_numpy(dtype="float64")])
    score = given["score"].to_numpy(dtype="float64")
    effect, *_ = np.linalg.lstsq(design, score, rcond=None)
    residual = score - design @ effect
    error = np.sqrt(residual.var() * np.diag(np.linalg.inv(design.T @ design)))
    of = dict(zip(names, zip(effect[1:], error[1:], strict=True), strict=True))
    assert abs(of["driver_app"][0]) < 4 * of["driver_app"][1]
    assert of["driver_quality"][0] > 10 * of["driver_quality"][1]
    assert pure.truth["drivers"].set_index("driver")["effect"]["app"] == 0
    assert given["driver_app"].corr(given["driver_delivery"]) > 0.5
    assert given["driver_app"].corr(given["score"]) > 0.2
    assert len(inside)


def test_the_nps_of_all_is_known_and_that_of_the_answers_flatters(pure):
    answers = pure.truth["answers"]
    for _, row in pure.truth["population"].iterrows():
        own = answers[answers["wave"] == row["wave"]]
        counts = own["score"].value_counts()
        promoters, detractors = counts.reindex([9, 10]).sum(), counts.reindex(range(7)).sum()
        assert row["nps"] == pytest.approx(100 * (promoters - detractors) / len(own))
        assert row["respondents"] == own["responds"].sum() == len(pure.tables[row["wave"]])
    assert pure.truth["population"]["bias"].mean() > 2
    assert own.loc[own["responds"], "orders_before"].mean() > own["orders_before"].mean()


def test_psychographic_types_are_clusters_on_the_items(pure):
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score

    given = pure._answers[pure._answers["wave"] == "survey_2024_11"]
    key = pure.truth["items"]
    agreed = given[key["item"]].to_numpy()
    agreed = np.where(key["reversed"], 6 - agreed, agreed)
    score = np.column_stack([agreed[:, key["factor"] == factor].mean(axis=1) for factor in ("novelty", "thrift")])
    found = KMeans(3, n_init=5, random_state=0).fit_predict(score)
    assert adjusted_rand_score(pure.truth["psychographics"]["psych_type"].iloc[given["person"]], found) > 0.8


def test_campaigns_change_what_they_are_said_to_change(pure):
    invited, effects = pure.truth["campaign_people"], pure.truth["campaign_effects"]
    distance = []
    for campaign in campaigns.CAMPAIGNS:
        own = invited[(invited["campaign_id"] == campaign.campaign_id) & invited["logged"]]
        first, second = campaign.compared
        seen = own.loc[own["arm"] == first, "outcome_reference"], own.loc[own["arm"] == second, "outcome_treated"]
        error = np.sqrt(sum(s.var() / len(s) for s in seen))
        truth = effects[(effects["campaign_id"] == campaign.campaign_id) & (effects["uplift_type"] == "all")]
        if campaign.campaign_id != "C05":  # whose log is incomplete
            distance.append((seen[1].mean() - seen[0].mean() - truth["effect"].iloc[0]) / error)
        assert "control" in set(own["arm"])
    assert max(map(abs, distance)) < 4
    of = effects.set_index(["campaign_id", "uplift_type"])["effect"]
    assert of["C01", "persuadable"] > 0 > of["C01", "do_not_disturb"]
    assert of["C01", "sure_thing"] == of["C01", "lost_cause"] == 0
    assert (of["C07"] == 0).all()
    assert of["C02", "all"] > 0 and of["C03", "all"] > 0 and of["C04", "all"] > 0.2


def test_what_the_truth_says_happened_stands_in_the_orders(pure, sold):
    invited = pure.truth["campaign_people"]
    coupon = invited[invited["campaign_id"] == "C01"]
    day = campaigns.CAMPAIGNS[0].day
    window = sold[sold["day"].between(day, day + campaigns.WINDOW - 1)]
    bought = coupon["person_id"].str[1:].astype("int64").sub(1).isin(window["customer_id"])
    expected = coupon["outcome_treated"].where(coupon["arm"] == "coupon", coupon["outcome_reference"])
    assert bought.astype("float64").tolist() == expected.tolist()


def test_one_campaign_has_a_sample_ratio_mismatch_and_the_others_none(pure):
    from scipy.stats import chisquare

    log = pure.tables["campaigns"]
    p = {}
    for campaign in campaigns.CAMPAIGNS:
        arms = log[log["campaign_id"] == campaign.campaign_id]["arm"].value_counts()
        planned = [campaign.arms[a][0] * arms.sum() for a in arms.index]
        p[campaign.campaign_id] = chisquare(arms, planned).pvalue
    assert p.pop("C05") < 1e-4
    assert min(p.values()) > 1e-4


def test_referrers_joined_before_those_they_brought(pure):
    crm = pure.tables["crm_members"].set_index("客户编号")
    brought = crm[crm["推荐人"] != ""]
    assert len(brought) > 100
    assert brought["推荐人"].isin(crm.index).all()
    joined = pure.truth["people"].set_index("person_id")["joined_on"]
    person = pure.truth["ids"].query("system == 'crm'").set_index("customer_id")["person_id"]
    assert (person[brought["推荐人"]].map(joined).to_numpy() < person[brought.index].map(joined).to_numpy()).all()


# --- truth, dictionary, size -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", company.STEPS)
def test_the_truth_of_a_step_is_opened_after_saying_so(written, small, step):
    opened = company.unseal(step, written)
    assert opened.says.say("en").startswith("Now opening")
    assert opened.says.say("zh").startswith("即将揭晓")
    assert set(opened.frames) == set(company.STEPS[step][0])
    for name, frame in opened.frames.items():
        assert len(frame) == len(small.truth[name])


def test_a_truth_that_was_changed_is_not_believed(small, tmp_path):
    small.write(tmp_path / "out")
    path = tmp_path / "out" / "truth" / "next_year.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(DataError, match=r"next_year\.parquet is not the file that was published"):
        company.unseal("clv", tmp_path / "out")
    company.unseal("clean", tmp_path / "out")
    path.unlink()
    with pytest.raises(DataError, match="is not there"):
        company.unseal("clv", tmp_path / "out")


def test_truth_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(DataError, match="holds no company"):
        company.unseal("clv", tmp_path)
    with pytest.raises(DataError, match="No truth is kept for the step tea"):
        company.unseal("tea", tmp_path)


def test_the_dictionary_explains_every_column_in_both_languages(small, written):
    text = (written / "README.md").read_text(encoding="utf-8")
    for kind, frames in (("exports", small.tables), ("truth", small.truth)):
        assert set(dictionary.entries()[kind]) == set(frames)
        for name, frame in frames.items():
            entry = dictionary.entries()[kind][name]["columns"]
            assert list(entry) == list(frame.columns)
            assert all(
                re.search("[一-鿿]", zh) and not re.search("[一-鿿]", en.split("(")[0]) for *_, en, zh in entry.values()
            )
    assert "### film: `ratings`" in text and "### bank: " in text
    assert "**Luming is invented.**" in text and "**鹿鸣是虚构的公司。**" in text


def test_a_column_without_an_entry_cannot_be_published(small):
    spoilt = small.tables | {"stores": small.tables["stores"].assign(rent=1)}
    with pytest.raises(DataError, match="stores differ in: rent"):
        dictionary.readme(spoilt, small.truth, {}, 1, 1)


def test_many_customers_are_written_part_by_part(tmp_path, monkeypatch):
    monkeypatch.setattr("course.company.luming._PART", 700)
    said = []
    rows = company.orders_parquet(9, 2000, tmp_path / "orders.parquet", said.append)
    frame = pd.read_parquet(tmp_path / "orders.parquet")
    assert len(frame) == rows
    assert [s.values["done"] for s in said] == [700, 1400, 2000]
    assert frame.groupby("order_id")["customer_id"].nunique().eq(1).all()
    assert frame["customer_id"].between(0, 1999).all() and frame["customer_id"].nunique() > 1700
    assert not frame.duplicated(["order_id", "product_id"]).any()
    assert frame["ordered_at"].between("2023-01-01", "2025-01-01").all()
    assert np.allclose(frame["amount"], frame["quantity"] * frame["unit_price"])
    company.orders_parquet(9, 2000, tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == (tmp_path / "orders.parquet").read_bytes()
    cleaned = clean.apply(collect.read(str(tmp_path / "orders.parquet"), "orders"))
    assert cleaned.quarantine.empty and len(cleaned.valid) == rows


# --- what is published -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published():
    return ROOT / "datasets"


def test_the_published_company_is_what_the_generator_writes(published, tmp_path):
    made = company.Company()
    for name, frame in made.truth.items():
        kept = pd.read_parquet(published / "truth" / f"{name}.parquet")
        pd.testing.assert_frame_equal(kept, frame.astype(kept.dtypes), rtol=1e-9)
    sums = company.luming.truth._published(published)
    assert sums == {k: v for k, v in checksums(published).items() if k != "README.md"}
    pins = dict(re.findall(r"^(\w+)==([\w.]+)", (ROOT / "constraints.txt").read_text(), re.M))
    writers = ("numpy", "pandas", "pyarrow", "xlsxwriter")
    if sys.platform == "linux" and all(version(name) == pins[name] for name in writers):
        made.write(tmp_path / "again")
        assert checksums(tmp_path / "again") == checksums(published)


def test_the_page_about_luming_gives_its_figures(published):
    made = pd.read_parquet(published / "truth" / "orders.parquet")
    paid = made[made["order_id"].str.match("[LS]") & ~made["order_id"].str.endswith("-0")]
    count = paid.groupby("person_id").size()
    page = (ROOT / "docs" / "luming.md").read_text(encoding="utf-8")
    for customers, orders, repeat in (
        ("customers", "orders", "customers who bought more than once"),
        ("客户数", "订单数", "买过不止一次的客户"),
    ):
        assert f"| {customers} | {len(count):,} |" in page
        assert f"| {orders} | {len(paid):,} |" in page
        assert f"| {repeat} | {(count > 1).mean():.0%} |" in page


def test_the_published_company_is_small_enough_to_clone(published):
    assert sum(p.stat().st_size for p in published.rglob("*") if p.is_file()) < 20_000_000


def test_visits_never_pause_longer_than_a_visit_may(pure):
    assert pure._clicks["dwell"].max() < visits.GAP
