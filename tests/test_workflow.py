"""The steps in order: what a portrait holds, what the ledger says, what cannot be said for want of a table."""

import datetime as dt
import json

import numpy as np
import pandas as pd
import pytest

from course import DataError, cli, collect, tag, workflow
from tests import shown
from tests.conftest import ROOT
from tests.test_clean import FIELD_12


def read(kind, **columns):
    return collect.read(pd.DataFrame(columns), kind)


@pytest.fixture
def orders():
    return read(
        "orders",
        order_id=["1", "2", "3", "4"],
        customer_id=["a", "a", "b", "c"],
        ordered_at=["2024-01-01", "2024-03-01", "2024-02-01", "2024-03-31"],
        amount=[10.0, 20.0, 30.0, 40.0],
        status=["paid", "paid", "paid", "cancelled"],
    )


def test_portraits_of_orders_alone(orders):
    got = workflow.run({"orders": orders})
    assert got.as_of == pd.Timestamp("2024-03-01")  # the last valid order; the cancelled one is later
    portraits = got.portraits.set_index("customer_id")
    assert portraits["recency_days"].to_dict() == {"a": 0, "b": 29}
    assert portraits["monetary_net"].to_dict() == {"a": 30.0, "b": 30.0}
    assert portraits["average_order_value"].to_dict() == {"a": 15.0, "b": 30.0}
    assert "gender" not in portraits
    assert "products" not in portraits


def test_as_of_is_never_the_clock_and_may_be_given(orders):
    got = workflow.run({"orders": orders}, as_of=dt.date(2024, 2, 15))
    assert got.portraits.set_index("customer_id")["recency_days"].to_dict() == {"a": 45, "b": 14}
    # The later order and the later cancellation: on that day neither is known.
    assert got.cleaned["orders"].accounts["after_as_of"]["rows"] == 2
    assert got.cleaned["orders"].accounts["cancellation"]["rows"] == 0


@pytest.mark.parametrize("as_of", ["soon", "today", "03/04/2024", "1850-01-01", "2300-01-01"])
def test_an_as_of_that_is_no_date_is_refused(orders, as_of):
    with pytest.raises(DataError, match=as_of):
        workflow.run({"orders": orders}, as_of)


def test_customers_bring_demographics_and_leave_the_person_behind(orders):
    customers = read(
        "customers",
        客户编号=["a", "b", "p"],
        姓名=["张三", "李四", "王五"],
        手机号=["13800138000", "13900139000", "13700137000"],
        地址=["南京路1号", "南京路2号", "南京路3号"],
        性别=["女", "男", "女"],
        出生日期=["1990-03-01", "1990-03-02", "2030-01-01"],
        城市=["上海", "上海", "成都"],
    )
    got = workflow.run({"orders": orders, "customers": customers})
    portraits = got.portraits.set_index("customer_id")
    assert list(portraits.index) == ["a", "b", "p"]  # who has not bought yet is a customer too
    assert portraits["age_band"].tolist()[:2] == ["25–34", "25–34"]
    assert pd.isna(portraits.loc["p", "age_band"])  # born after the as-of date
    assert pd.isna(portraits.loc["p", "rfm_class"])
    assert {"name", "phone", "address", "email", "birth_date"}.isdisjoint(portraits.columns)
    assert not got.portraits.astype(str).isin(["张三", "13800138000", "南京路1号"]).any().any()


@pytest.mark.parametrize(("as_of", "band"), [("2024-03-01", "18–24"), ("2024-02-29", "0–17")])
def test_an_age_changes_on_the_birthday(orders, as_of, band):
    customers = read("customers", customer_id=["a"], birth_date=["2006-03-01"])
    got = workflow.run({"orders": orders, "customers": customers}, as_of)
    assert got.portraits.set_index("customer_id").loc["a", "age_band"] == band


def test_events_tickets_and_campaigns_are_counted_up_to_as_of(orders):
    tables = {
        "orders": orders,
        "events": read(
            "events",
            customer_id=["a", "a", None],
            visitor_id=["v", "v", "w"],
            at=["2024-01-01", "2024-03-02", "2024-01-01"],
        ),
        "tickets": read("tickets", customer_id=["b"], opened_at=["2024-01-05"]),
        "campaigns": read(
            "campaigns", customer_id=["a", "b"], campaign_id=["x", "x"], sent_at=["2024-01-01", "2024-01-01"]
        ),
    }
    portraits = workflow.run(tables).portraits.set_index("customer_id")
    assert portraits["events"].to_dict() == {"a": 1, "b": 0}
    assert portraits["tickets"].to_dict() == {"a": 0, "b": 1}
    assert portraits["campaigns"].to_dict() == {"a": 1, "b": 1}


def test_a_survey_wholly_after_the_orders_is_left_out_and_said(orders):
    survey = read("surveys", customer_id=["a"], score=[9], answered_at=["2025-01-01"])
    got = workflow.run({"orders": orders, "surveys": survey})
    assert "survey_score" not in got.portraits
    assert any("later than 2024-03-01" in n.say("en") for n in got.notes)


def test_lines_in_a_table_of_their_own_tell_the_products(orders):
    lines = read("order_lines", order_id=["1", "2", "2", "3"], product_id=["p", "p", "q", "p"])
    portraits = workflow.run({"orders": orders, "order_lines": lines}).portraits.set_index("customer_id")
    assert portraits["products"].to_dict() == {"a": 2, "b": 1}


def test_a_survey_alone_gives_what_a_survey_can():
    survey = read("surveys", score=[10, 9, 3, 11], 日期=["2024-01-01"] * 4)
    got = workflow.run({"surveys": survey})
    assert got.found["nps"].score.n == 3
    assert len(got.portraits) == 0  # who is not named is no customer
    assert "frequency" not in got.portraits
    said = [s.say("en") for s in got.not_done]
    assert "RFM scores and classes: needs --orders" in said
    assert any("no customer column" in s for s in said)


def test_the_last_answer_of_a_customer_counts():
    survey = read(
        "surveys", customer_id=["a", "a", "b"], score=[3, 9, 7], answered_at=["2024-02-01", "2024-01-01", "2024-01-01"]
    )
    portraits = workflow.run({"surveys": survey}).portraits.set_index("customer_id")
    assert portraits["survey_score"].to_dict() == {"a": 3.0, "b": 7.0}
    assert portraits["survey_answers"].to_dict() == {"a": 2, "b": 1}


def test_warnings_that_change_what_a_reader_does():
    days = [str(d.date()) for d in pd.date_range("2024-01-01", periods=120)]
    frame = pd.DataFrame({"customer_id": ["13800138000"] * 120, "date": days, "amount": 1.0, "order_id": range(120)})
    frame.loc[119, ["date", "amount"]] = ["2042-01-01", 1000.0]
    notes = [
        n.say("en") for n in workflow.run({"orders": collect.read(frame, "orders", answers={"customer": "yes"})}).notes
    ]
    assert any("2042-01-01" in n and "--as-of 2024-04-28" in n for n in notes)
    assert any("One order (row 120) is 89% of all money" in n for n in notes)
    assert any("phone numbers" in n for n in notes)


# --- from the command line -------------------------------------------------------------------------------------------


def run(out, *arguments):
    assert cli.main(["run", "--lang", "en", "--out", str(out), *map(str, arguments)]) == 0
    return json.loads((out / "ledger.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def online_retail(real_data, tmp_path_factory):
    out = tmp_path_factory.mktemp("online") / "out"
    return out, run(out, "--orders", real_data / "online_retail.csv.gz")


def test_online_retail_without_a_flag(online_retail):
    out, ledger = online_retail
    accounts = {"received": ledger["received"], "valid": ledger["valid"], **ledger["rules"]}
    assert {name: (a["rows"], a["money"]) for name, a in accounts.items()} == FIELD_12
    assert sorted(p.name for p in out.iterdir()) == sorted(
        [
            "portraits.parquet",
            "portraits.csv",
            "portraits.xlsx",
            "quarantine.csv",
            "ledger.json",
            "recipe.yaml",
            "report.html",
            "timeline.parquet",
            "explorer.html",
            "actions.csv",
            "history.json",
        ]
    )
    quarantine = pd.read_csv(out / "quarantine.csv", encoding="utf-8-sig", dtype=str)
    assert len(quarantine) == 135_080 + 8_905 + 40
    assert ledger["tables"]["orders"]["sources"][0]["sha256"].startswith("737745256ddb4410")


def test_source_rows_are_the_lines_of_the_file(online_retail, real_data):
    import gzip

    out, _ = online_retail
    quarantine = pd.read_csv(out / "quarantine.csv", encoding="utf-8-sig", dtype=str)
    rows = quarantine[quarantine["rule"] == "price_not_positive"]["source_row"].astype(int).tolist()
    with gzip.open(real_data / "online_retail.csv.gz", "rt", encoding="utf-8") as file:
        lines = file.read().split("\n")
    assert all(lines[r - 1].split(",")[-3] == "0.0" for r in rows)


def test_the_same_inputs_give_the_same_bytes(tmp_path, real_data):
    first, second = tmp_path / "one", tmp_path / "two"
    for out in (first, second):
        run(out, "--orders", real_data / "cdnow_sample.txt")
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name


@pytest.mark.parametrize(("file", "customers"), [("cdnow_sample.txt", 2_357), ("cdnow_master.txt", 23_570)])
def test_cdnow_runs_without_a_flag(tmp_path, real_data, file, customers):
    ledger = run(tmp_path / "out", "--orders", real_data / file)
    assert ledger["customers"] == customers
    assert ledger["received"]["rows"] == ledger["valid"]["rows"] == {2_357: 6_919, 23_570: 69_659}[customers]


def test_complete_journey_with_demographics_and_coupons(tmp_path):
    ledger = run(tmp_path / "out", "--source", "completejourney")
    assert (
        ledger["customers"] == 2_469
    )  # the package's description: 2,469 households, 1,469,307 lines, demographics of 801
    assert ledger["received"]["rows"] == 1_469_307
    portraits = pd.read_parquet(tmp_path / "out" / "portraits.parquet")
    assert portraits["age_band"].notna().sum() == 801
    assert portraits["coupons_redeemed"].sum() == 2_102


def test_a_survey_with_a_declared_blank(tmp_path, real_data):
    arguments = ["--surveys", real_data / "sfo_survey_2017.csv", "--map", "score=NETPRO", "--blank", "score=11"]
    ledger = run(tmp_path / "out", *arguments)
    assert ledger["valid"]["rows"] == 2_746  # FIELD §12
    assert ledger["rules"]["score_out_of_range"]["rows"] == 0


def test_a_mapping_is_saved_and_used_again(tmp_path):
    strange = tmp_path / "jan.csv"
    strange.write_text("wer,wann,wieviel\na,2024-01-01,3\nb,2024-01-02,4\n", encoding="utf-8")
    maps = ["--map", "customer_id=wer", "--map", "ordered_at=wann", "--map", "amount=wieviel"]
    run(tmp_path / "january", "--orders", strange, *maps)
    later = tmp_path / "feb.csv"
    later.write_text("wer,wann,wieviel\na,2024-02-01,3\nc,2024-02-02,4\n", encoding="utf-8")
    ledger = run(tmp_path / "february", "--orders", later, "--previous", tmp_path / "january")
    assert ledger["tables"]["orders"]["mapping"] == {"customer_id": "wer", "ordered_at": "wann", "amount": "wieviel"}


def test_check_says_what_can_be_computed_and_what_is_missing(real_data, capsys):
    assert cli.main(["check", "--lang", "en", str(real_data / "online_retail.csv.gz")]) == 0
    said = capsys.readouterr().out
    assert "customer_id (customer) ← CustomerID" in said
    assert "25,900 orders, 4,372 customers, money 9,747,747.93, 2010-12-01 to 2011-12-09" in said
    assert "RFM scores and classes" in said
    assert "willingness to recommend (0–10), its drivers, themes of comments: needs --surveys" in said


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("客户编号,推荐分,提交时间\na,9,2024-01-01\n", "--surveys"),
        ("会员号,姓名,手机号,生日\na,张三,13800138000,1990-01-01\n", "--customers"),
        ("ticket_id,customer_id,opened_at,topic\n1,a,2024-01-01,slow\n", "--tickets"),
        ("订单编号,买家会员名,订单创建时间,买家实际支付金额\n1,a,2024-01-01,9.9\n", "--orders"),
    ],
)
def test_check_recognises_the_kind_of_table(tmp_path, capsys, text, kind):
    path = tmp_path / "export.csv"
    path.write_text(text, encoding="utf-8")
    assert cli.main(["check", "--lang", "en", str(path)]) == 0
    assert f"({kind})" in capsys.readouterr().out


# --- value, groups, willingness --------------------------------------------------------------------------------------


def test_online_retail_is_valued_and_the_report_says_how_far_to_believe_it(online_retail):
    out, ledger = online_retail
    portraits = pd.read_parquet(out / "portraits.parquet")
    assert ledger["findings"]["forecast"]["expected"] == pytest.approx(portraits["expected_value"].sum(), rel=1e-6)
    assert portraits["expected_value"].notna().all()
    text = (out / "report.html").read_text(encoding="utf-8")
    assert "What is at stake with them" in text
    assert "of single customers for an order of magnitude" in text  # a naive forecast was as close on the time held out
    assert "discounted at 10% per year" in text
    assert "Do the segments tell what comes next?" in text
    silent = portraits[portraits["rfm_class"].isin(["important_keep", "important_win_back"])]
    for customer in silent.nlargest(10, "expected_value")["customer_id"]:  # they decide it, and are named
        assert f'<tr data-customer="{customer}">' in text


def test_online_retail_has_no_natural_groups(online_retail):
    out, ledger = online_retail
    assert ledger["findings"]["clusters"]["k"] == 1
    assert ledger["findings"]["clusters"]["verdict"] == "no clear clusters"
    assert "cluster" not in pd.read_parquet(out / "portraits.parquet")
    assert "没有清楚的聚类" in (out / "report.html").read_text(encoding="utf-8")


def test_groups_that_are_there_are_in_the_portraits():
    random = np.random.default_rng(0)
    rows = []
    for i in range(300):  # two ways of buying: long ago and often, or lately, seldom and much
        days = random.choice(260, random.integers(15, 40), replace=False) if i % 2 else 560 + random.choice(80, 2)
        rows += [(f"c{i}", int(day), random.lognormal(2.5 if i % 2 else 6.5, 0.3)) for day in days]
    frame = pd.DataFrame(rows, columns=["customer_id", "day", "amount"])
    frame["ordered_at"] = pd.Timestamp("2022-01-01") + pd.to_timedelta(frame.pop("day"), unit="D")
    got = workflow.run({"orders": collect.read(frame, "orders")})
    assert got.found["clusters"].clusters.k == 2
    assert shown.not_in_the_ledger(got, "en") == []
    assert got.portraits.groupby(got.portraits["customer_id"].str[1:].astype(int) % 2)[
        "cluster"
    ].nunique().tolist() == [1, 1]


def test_the_survey_s_nps_is_in_the_ledger_and_the_report(tmp_path, real_data):
    arguments = ["--surveys", real_data / "sfo_survey_2017.csv", "--map", "score=NETPRO", "--blank", "score=11"]
    ledger = run(tmp_path / "out", *arguments)
    assert round(ledger["findings"]["nps"]["value"], 2) == 39.84  # FIELD §12
    assert ledger["findings"]["nps"]["n"] == 2_746
    assert round(ledger["findings"]["nps_weighted"]["value"], 2) == 40.40
    assert "NPS +39.8" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_an_undeclared_code_for_blank_is_named_and_never_scored(tmp_path, real_data, capsys):
    ledger = run(tmp_path / "out", "--surveys", real_data / "sfo_survey_2017.csv", "--map", "score=NETPRO")
    assert round(ledger["findings"]["nps"]["value"], 2) == 39.84
    assert "84 of them 11. If 11 means not answered, say so: --blank score=11" in capsys.readouterr().out


def test_classes_waves_and_drivers_of_a_survey_of_customers(orders):
    random = np.random.default_rng(1)
    n = 300
    service = random.integers(1, 6, n)
    frame = pd.DataFrame(
        {
            "customer_id": random.choice(["a", "b"], n),
            "answered_at": np.where(np.arange(n) < 150, "2023-11-01", "2024-02-01"),
            "score": np.clip(service * 2 + random.integers(-1, 2, n), 0, 10),
            "driver_service": service,
            "driver_price": random.integers(1, 6, n),
            "item_1": service,
            "item_2": np.clip(service + random.integers(-1, 2, n), 1, 5),
            "item_3": np.clip(service + random.integers(-1, 2, n), 1, 5),
        }
    )
    got = workflow.run({"orders": orders, "surveys": collect.read(frame, "surveys")}).found["nps"]
    assert got.waves["n"].tolist() == [150, 150]
    assert got.by_class["n"].sum() == n
    assert got.drivers.table.iloc[0]["driver"] == "driver_service"
    assert got.factors.items == {"factor_1": ["item_1", "item_2", "item_3"]}


def test_five_point_answers_are_satisfaction_and_an_nps_only_where_the_reader_says_so(orders):
    """Sixteen of forty are 4 or 5; read as answers from 0 to 10 all are detractors."""
    answers = pd.DataFrame({"customer_id": ["a"] * 40, "score": [1, 2, 3, 4, 5] * 8})
    got = workflow.run({"orders": orders, "surveys": collect.read(answers, "surveys", answers={"scale": "1-5"})})
    found = got.found["nps"]
    assert found.score is None and found.satisfaction[0].share == 0.4 and found.satisfaction[0].mean == 3
    assert any("willingness to recommend" in s.say("en") for s in got.not_done)
    assert "survey_score" not in got.portraits
    got = workflow.run({"orders": orders, "surveys": collect.read(answers, "surveys", answers={"scale": "0-10"})})
    assert got.found["nps"].score.value == -100


# --- documentation ---------------------------------------------------------------------------------------------------


def test_the_columns_are_documented_in_both_languages(capsys):
    document = (ROOT / "docs" / "portraits.md").read_text(encoding="utf-8")
    for lang in ("en", "zh"):
        assert cli.main(["columns", "--lang", lang]) == 0
        assert capsys.readouterr().out.strip() in document


def test_every_column_of_a_run_is_documented(online_retail):
    out, _ = online_retail
    documented = {c["name"] for c in workflow.portrait_columns()["columns"]} | {f"tag_{name}" for name in tag.load()}
    assert set(pd.read_parquet(out / "portraits.parquet").columns) <= documented
