"""Checks of lesson 02: right on any company, each mistake told from the others; its files, its game, its seal."""

from functools import cache
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from course import behaviour, collect, company, language
from course.classroom import answers, bets, room
from course.classroom.lessons.collect import material
from course.classroom.lessons.collect.game import orders_on_pages
from course.classroom.lessons.collect.seal import SEAL
from course.classroom.tables import load
from course.classroom.widgets import play
from tests.checks import sitting

TOPIC = "collect"


@cache
def _made(seed):
    """The company of a seed as it was before it was written."""
    return company.Company(seed, sitting.CUSTOMERS)


# --- right answers ---------------------------------------------------------------------------------------------------


class TestAnswers(sitting.Answers):
    """The reference and what no task asks for, at every exercise."""


@pytest.mark.parametrize(
    ("name", "code"),
    [
        (
            "collect-1",
            "last = pages.groupby('orderId')['totalAmount'].max()\norders_once = last.size\n"
            "money_once = round(last.sum(), 2)",
        ),
        (
            "collect-1",
            "orders_once = pages['orderId'].nunique()\n"
            "money_once = pages[~pages['orderId'].duplicated()]['totalAmount'].sum()",
        ),
        (
            "collect-2",
            "a, b, c = (set(t['key'].dropna()) for t in (cards, app, crm))\n"
            "also_app = round(100 * len(a & b) / len(a), 1)\nall_three = len(a & b & c)",
        ),
        (
            "collect-2",
            "c, a, m = (t.dropna(subset=['key']).drop_duplicates('key')[['key']] for t in (cards, app, crm))\n"
            "also_app = 100 * len(c.merge(a)) / len(c)\nall_three = float(len(c.merge(a).merge(m)))",
        ),
        (
            "collect-3",
            "bad = (asked.seconds < 20) | ~asked.satisfied.isin([1, 2, 3, 4, 5])\n"
            "bad = (bad | ((asked.returned != 1) & asked.handled.notna())).to_frame().sample(frac=1, random_state=0)",
        ),
        ("collect-3", "bad = 1 * (asked.eval('seconds < 20 or satisfied < 1 or satisfied > 5 or (returned == 2 and "
         "handled == handled)'))"),
        ("collect-4", "from course import behaviour\nvisits = len(behaviour.sessions(log))"),
        (
            "collect-4",
            "o = log.sort_values(['visitor_id', 'at'])\n"
            "g = o.groupby('visitor_id')['at'].diff().dt.total_seconds()\n"
            "visits = o['visitor_id'].nunique() + (g > 1800).sum()",
        ),
    ],
)  # fmt: skip
def test_other_ways_are_right_too(given, name, code):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.RIGHT, found


# --- mistakes --------------------------------------------------------------------------------------------------------

BOTH = "orders_once = len(o)\nmoney_once = o['totalAmount'].sum()"
ONCE = "o = pages.drop_duplicates('orderId')\n"
KEYS = "n = cards['key'].dropna().drop_duplicates()\nalso_app = 100 * n.isin(app['key']).mean()\n"
THREE = "n = cards['key'].dropna().drop_duplicates()\nall_three = (n.isin(app['key']) & n.isin(crm['key'])).sum()\n"
RULES = (
    "f, w = asked['seconds'] < 20, ~asked['satisfied'].between(1, 5)\n"
    "no, filled = asked['returned'] == 2, asked['handled'].notna()\n"
)
GAPS = (
    "o = log.sort_values(['visitor_id', 'at'])\ng = o['at'] - o.groupby('visitor_id')['at'].shift()\n"
    "half = pd.Timedelta(minutes=30)\n"
)


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("collect-1", "o = pages\n" + BOTH, "Every row was counted"),
        ("collect-1", "o = pages.drop_duplicates()\n" + BOTH, "still differ in page"),
        ("collect-1", "o = pages.drop_duplicates('customerId')\n" + BOTH, "Customers were counted"),
        ("collect-1", "o = pages[~pages['orderId'].duplicated(keep=False)]\n" + BOTH, "Both copies"),
        ("collect-1", ONCE + "o = o.query('status == \"completed\"')\n" + BOTH, "Only completed"),
        ("collect-1", ONCE + "o = o[~o['status'].isin(['unpaid', 'cancelled'])]\n" + BOTH, "What was not paid"),
        ("collect-1", "o = pages.drop_duplicates(['customerId', 'totalAmount'])\n" + BOTH, "buy the same again"),
        ("collect-1", "o = pages.drop_duplicates('totalAmount')\n" + BOTH, "Equal amounts"),
        ("collect-1", "o = pages[pages['orderId'].duplicated()]\n" + BOTH, "Only what came twice"),
        (
            "collect-1",
            "orders_once = pages['orderId'].nunique()\nmoney_once = pages['totalAmount'].sum()",
            "money is still that of every row",
        ),
        (
            "collect-1",
            "orders_once = pages['orderId'].nunique()\nmoney_once = pages['totalAmount'].drop_duplicates().sum()",
            "Equal amounts",
        ),
        ("collect-1", ONCE + "orders_once, money_once = len(o), o['totalAmount'].mean()", "on average"),
        ("collect-1", ONCE + "orders_once, money_once = len(o), o['totalAmount'].sum() / 100", "in yuan already"),
        ("collect-1", ONCE + "orders_once, money_once = len(o), o['totalAmount']", "one number is asked for"),
        ("collect-1", ONCE + "orders_once, money_once = len(o), o['totalAmount'].sum() / 1e4", "ten thousands"),
        ("collect-1", ONCE + "orders_once, money_once = len(o), o['totalAmount'].sum() + 1", "too large"),
        ("collect-1", ONCE + "o = o.query('status != \"cancelled\"')\n" + BOTH, "one status"),
        (
            "collect-1",
            ONCE + "orders_once = len(o)\nmoney_once = o.query('status != \"refunded\"')['totalAmount'].sum()",
            "one status",
        ),
        ("collect-1", ONCE + "orders_once, money_once = len(o) + 7, 0.0", "too large"),
        ("collect-2", THREE + "also_app = n.isin(app['key']).mean()", "percentage is asked for"),
        (
            "collect-2",
            THREE + "a = app['key'].dropna().drop_duplicates()\nalso_app = 100 * a.isin(cards['key']).mean()",
            "the other way",
        ),
        (
            "collect-2",
            THREE + "a = set(app['key'].dropna())\nalso_app = 100 * len(set(n) & a) / len(set(n) | a)",
            "both systems together",
        ),
        ("collect-2", THREE + "also_app = 100 * cards['key'].dropna().isin(app['key']).mean()", "Cards were counted"),
        ("collect-2", THREE + "also_app = 100 * cards['key'].isin(set(n) & set(app['key'])).mean()", "Every row"),
        ("collect-2", THREE + "b = cards['key'].drop_duplicates()\n"
         "also_app = 100 * b.isin(app['key'].dropna()).mean()", "base holds a blank"),
        ("collect-2", THREE + "also_app = 100 * n.isin(crm['key']).mean()", "share in the CRM"),
        ("collect-2", THREE + "also_app = n.isin(app['key']).sum()", "number of phones in both"),
        ("collect-2", THREE + "also_app = 100 * cards['member_no'].isin(app['user_id']).mean()", "never meet"),
        ("collect-2", THREE + "also_app = 101.5", "too large"),
        (
            "collect-2",
            THREE + "p = cards['phone'].drop_duplicates()\nalso_app = 100 * p.isin(app['phone']).mean()",
            "as they were typed",
        ),
        ("collect-2", THREE + "also_app = 100 * len(cards.merge(app, on='key')) / len(cards)", "multiplied"),
        ("collect-2", THREE + "also_app = 100 * len(set(n) & set(app['key'])) / len(cards)", "Every row"),
        ("collect-2", KEYS + "all_three = (n.isin(app['key']) | n.isin(crm['key'])).sum()", "& for |"),
        ("collect-2", KEYS + "all_three = 100 * (n.isin(app['key']) & n.isin(crm['key'])).mean()", "a percentage of"),
        (
            "collect-2",
            KEYS + "a, b, c = (t[['key']].dropna() for t in (cards, app, crm))\nall_three = len(a.merge(b).merge(c))",
            "multiplied",
        ),
        (
            "collect-2",
            KEYS + "k = cards['key'].dropna()\nall_three = (k.isin(app['key']) & k.isin(crm['key'])).sum()",
            "Cards were counted",
        ),
        ("collect-2", KEYS + "all_three = n.isin(app['key']).sum()", "The CRM must know"),
        ("collect-2", KEYS + "all_three = n.isin(crm['key']).sum()", "The app must know"),
        (
            "collect-2",
            KEYS + "all_three = len(set(crm['key'].dropna()) & set(app['key'].dropna()))",
            "The tills must know",
        ),
        ("collect-2", KEYS + "all_three = pd.concat([crm, app, cards])['key'].nunique()", "any of the three"),
        ("collect-2", KEYS + "all_three = (n.isin(app['key']) & n.isin(crm['key'])).mean()", "The number is asked for"),
        ("collect-2", KEYS + "all_three = -1", "too small"),
        ("collect-3", RULES + "bad = ~(f | w | (no & filled))", "Turn it round"),
        ("collect-3", RULES + "bad = (asked['seconds'] <= 20) | w | (no & filled)", "20 seconds are enough"),
        ("collect-3", RULES + "bad = f & w & no & filled", "joined by"),
        ("collect-3", RULES + "bad = f | w | (no & ~filled)", "marked as wrong"),
        ("collect-3", RULES + "bad = f | w | ~filled", "Every blank"),
        ("collect-3", RULES + "bad = f | w | filled", "how the return was handled"),
        ("collect-3", RULES + "bad = f | w | no", "All who returned nothing"),
        ("collect-3", RULES + "bad = f | w | (no & filled) | (asked['handled'] > 5)", "cannot say"),
        ("collect-3", RULES + "bad = f | w | (no & filled) | (~no & ~filled)", "a missing answer"),
        ("collect-3", RULES + "bad = w | (no & filled)", "too fast are not marked"),
        ("collect-3", RULES + "bad = f | (no & filled)", "outside 1 to 5"),
        ("collect-3", RULES + "bad = f | w", "not asked are not marked"),
        ("collect-3", RULES + "bad = f | (asked['satisfied'] > 5) | (no & filled)", "0 is no answer"),
        ("collect-3", RULES + "bad = f | ~asked['satisfied'].isin([2, 3, 4]) | (no & filled)", "both are answers"),
        ("collect-3", RULES + "bad = asked[f | w | (no & filled)]", "do not filter"),
        ("collect-3", RULES + "bad = f[f]", "do not filter"),
        ("collect-3", RULES + "bad = asked['seconds']", "True and False alone"),
        ("collect-3", RULES + "bad = f | w | (no & filled) | (asked['seconds'] > 100)", "break no rule"),
        ("collect-3", RULES + "bad = asked['seconds'] < 10", "not marked"),
        ("collect-4", GAPS + "visits = g.isna().sum() + (g >= half).sum()", "exactly 30:00"),
        ("collect-4", GAPS + "visits = (g > half).sum()", "first event of each visitor"),
        ("collect-4", "visits = log['visitor_id'].nunique()", "Those are the visitors"),
        (
            "collect-4",
            "g = log['at'] - log.groupby('visitor_id')['at'].shift()\n"
            "visits = (g.isna() | (g > pd.Timedelta(minutes=30))).sum()",
            "order of arrival",
        ),
        (
            "collect-4",
            GAPS + "t = log.sort_values('at')['at'].diff()\nvisits = (t.isna() | (t > half)).sum()",
            "run across visitors",
        ),
        ("collect-4", GAPS + "t = o['at'].diff()\nvisits = (t.isna() | (t > half)).sum()", "Shift within each visitor"),
        ("collect-4", GAPS + "visits = (g.isna() | (g.dt.seconds > 1800)).sum()", "dt.seconds"),
        (
            "collect-4",
            GAPS + "visits = (g.isna() | (g.dt.total_seconds() // 60 > 30)).sum()",
            "whole minutes",
        ),
        ("collect-4", GAPS + "visits = (g.isna() | (g.dt.total_seconds() > 30)).sum()", "30 seconds"),
        ("collect-4", "visits = len(log)", "Those are the events"),
        (
            "collect-4",
            "visits = log.assign(day=log['at'].dt.date).groupby('visitor_id')['day'].nunique().sum()",
            "midnight",
        ),
        ("collect-4", GAPS + "visits = g > half", "one number is asked for"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_by_name_and_not_by_number(given, name, code, said):
    found = sitting.told(given[name], name, code)
    assert found.kind == answers.NOT_YET
    assert said in found.sentence.say("en"), found
    assert found.sentence.say("zh") != found.sentence.say("en")


def test_a_whole_percent_is_told_from_a_wrong_share(given):
    share = sitting.told(given["collect-2"], "collect-2", THREE + KEYS + "also_app = round(also_app)")
    names = dict(given["collect-2"])
    exec(KEYS, names)
    near = abs(names["also_app"] - round(names["also_app"])) <= 0.05
    assert share.kind == answers.RIGHT if near else "whole percent" in share.sentence.say("en"), share


def test_a_table_that_lost_its_column_is_told_in_a_sentence(given):
    names = given["collect-2"] | {"crm": given["collect-2"]["crm"].drop(columns="key"), "also_app": 1, "all_three": 1}
    assert "Run the cell" in answers.check("collect-2", names).sentence.say("en")


# --- what the lesson is told -----------------------------------------------------------------------------------------


def test_pages_hold_every_order_and_those_at_their_edges_twice(seat):
    pages, records = load("app_pages"), load("app_records")
    numbers = {r["orderId"] for r in records}
    assert set(pages["orderId"]) == numbers and (pages["total"] == len(numbers)).all()
    last = pages.groupby("page")["orderId"].agg(list)
    assert all(before[-5:] == after[:5] for before, after in pairwise(last))
    assert len(pages) == len(records) + 5 * (len(last) - 1)


def test_the_exports_are_as_the_files_hold_them(seat):
    tables = _made(int(seat.name.split("-")[0])).tables
    assert load("crm_raw")["name"].tolist() == tables["crm_members"]["姓名"].tolist()
    assert load("till_raw")["amount"].sum() == pytest.approx(tables["till_sales"]["amount"].sum(), abs=1e-6)
    assert load("clicks_raw")["visitor_id"].tolist() == tables["clicks"]["visitor_id"].tolist()
    assert load("tickets_raw")["customer_id"].tolist() == tables["tickets"]["客户编号"].tolist()


def test_sessions_are_those_that_the_company_had(seat):
    """The log without its bots, against the number that the generator counted before anything was spoilt."""
    log = load("clicks_raw").rename(columns={"event": "kind"})
    own = log[~log["visitor_id"].str.startswith("b")]
    assert len(behaviour.sessions(own)) == int(company.unseal("behaviour", seat).facts["sessions"])


def test_ignored_bytes_spoil_every_name_and_no_row_while_latin_1_can_be_undone(seat):
    sent = (seat / "crm_members.csv").read_bytes()
    right, lost = sent.decode("gb18030").split("\n"), sent.decode("utf-8", errors="ignore").split("\n")
    assert len(right) == len(lost)
    assert all(a.split(",")[1] != b.split(",")[1] for a, b in zip(right[:-1], lost[:-1], strict=True))
    assert sent.decode("latin-1").encode("latin-1").decode("gb18030") == "\n".join(right)


def test_the_rules_catch_what_was_planted_in_the_questionnaire(seat):
    asked, planted = material.questionnaire(seat), material.questionnaire_errors(seat)
    caught = (asked["seconds"] < 20) | ~asked["satisfied"].isin(range(1, 6))
    caught |= (asked["returned"] == 2) & asked["handled"].notna()
    assert set(asked.loc[caught, "answer_id"]) == set(planted["answer_id"])
    assert planted["answer_id"].is_unique and set(planted["kind"]) == {"speeder", "range", "skip"}
    assert (asked["seconds"] == 20).any() and set(asked["wording"].value_counts()) == {600}


def test_the_leading_wording_lifts_as_much_as_was_planted(seat, monkeypatch):
    monkeypatch.setattr(material, "_ANSWERS", 60_000)
    asked = material.questionnaire(seat)
    shares = asked["satisfied"].isin([4, 5]).groupby(asked["wording"]).mean()
    assert shares["leading"] - shares["plain"] == pytest.approx(material.PLANTED_GAP, abs=0.015)


def test_the_same_orders_give_the_same_totals_in_every_form(seat):
    folder = material.imports(seat)
    names = ["orders.csv", "orders.xlsx", "orders.jsonl", "orders.sqlite", "orders.parquet"]
    totals = [collect.read(str(folder / name), "orders").totals.drop(columns="source") for name in names]
    form = collect.read(str(folder / "jiandaoyun_orders.xlsx"), "orders", {"amount": "小计"})
    for other in totals[1:]:
        pd.testing.assert_frame_equal(totals[0], other)
    columns = ["orders", "customers", "money", "first", "last"]
    pd.testing.assert_frame_equal(totals[0][columns], form.totals[columns])
    assert len(form.frame) > totals[0]["rows"][0]


def test_stages_step_back_where_it_was_planted_and_merged_contacts_orphan_their_deals(seat):
    folder = material.imports(seat)
    before, after = (pd.read_csv(folder / f"hubspot_contacts_{m}.csv") for m in ("november", "december"))
    both = before.merge(after, on="Record ID")
    place = {stage: n for n, stage in enumerate(material.STAGES[:-1])}
    steps = both["Lifecycle Stage_y"].map(place) - both["Lifecycle Stage_x"].map(place)
    assert 3 <= (steps < 0).sum() <= 5 and (both["Lifecycle Stage_y"] == "Other").sum() >= 1
    assert len(material.STAGES) == 8
    gone = after.dropna(subset=["Merged contact IDs"]).set_index("Merged contact IDs")["Record ID"]
    for name in ("deals", "calls"):
        who = pd.read_csv(folder / f"hubspot_{name}.csv")["Associated Contact IDs"]
        assert not who.isin(after["Record ID"]).all()
        assert who.replace(gone.to_dict()).isin(after["Record ID"]).all()


# --- the game and the seal -------------------------------------------------------------------------------------------


def test_orders_stand_on_as_many_pages_as_overlap_says():
    """By hand: pages of 4 that share 1, ten orders: 0–3, 3–6, 6–9."""
    assert orders_on_pages(10, 4, 1).tolist() == [1, 1, 1, 2, 1, 1, 2, 1, 1, 1]
    assert (orders_on_pages(1000, 50, 0) == 1).all()
    assert orders_on_pages(3, 50, 5).tolist() == [1, 1, 1]


@pytest.mark.parametrize("values", [{"per_page": 50, "overlap_rows": 40}, {"per_page": 500, "overlap_rows": 0}])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_game_draws_at_both_ends_of_its_sliders(seat, values, lang):
    language.use(lang)
    try:
        play("collect", **values)
    finally:
        language.use("en")


def test_the_game_books_what_the_server_gives(seat, monkeypatch):
    drawn = []
    monkeypatch.setattr(plt, "show", lambda: drawn.append(plt.gca().get_title()))
    play("collect", per_page=200, overlap_rows=5)
    pages = load("app_pages")
    once = pages.drop_duplicates("orderId")
    edges = pages.drop_duplicates(["page", "orderId"])["totalAmount"].sum() - once["totalAmount"].sum()
    # The game leaves out the repeats within a page, which shift the edges by a few orders.
    said = float(drawn[0].split("¥")[1].split()[0].replace(",", ""))
    assert 0.3 * edges < said < 3 * edges
    plt.close("all")


def test_the_seal_holds_the_share_of_store_customers_in_the_app(seat, monkeypatch):
    monkeypatch.setitem(room._open, "company", seat)
    made = _made(int(seat.name.split("-")[0]))
    orders, ids = made.truth["orders"], made.truth["ids"]
    people = set(orders.loc[orders["order_id"].str.match(r"^S\d\d-"), "person_id"])
    in_app = set(ids.loc[ids["system"] == "app", "person_id"])
    assert SEAL.truth() == pytest.approx(100 * len(people & in_app) / len(people))
    assert 40 < SEAL.truth() < 85
    for lang in language.LANGUAGES:
        assert f"{ids['person_id'].nunique():,}" in SEAL.more().say(lang)


def test_nothing_is_told_before_the_bet(seat, monkeypatch, tmp_path):
    monkeypatch.setitem(room._open, "company", seat)
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    assert "different people" not in bets.unseal("collect").say("en")
    bets.bet("collect", 0, 100)
    assert "Your range held it." in bets.unseal("collect").say("en")
    assert np.isfinite(SEAL.truth())
