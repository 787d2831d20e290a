"""`course check`: what files hold, told by the code that a run uses; every figure is the run's."""

import json
import re
import sqlite3

import pandas as pd
import pytest

from course import cli, company, workflow
from course.language import LANGUAGES

#: The samples of known systems and the option of a run that takes each (None: recognised in order to be refused).
SAMPLES = {
    "alipay_bill.csv": None,
    "ga4_bigquery.jsonl": "--events",
    "hubspot_deals.csv": "--orders",
    "jd_orders.csv": "--orders",
    "jiandaoyun_orders.xlsx": "--orders",
    "magento_orders.csv": "--orders",
    "powerbi_export.xlsx": "--orders",
    "qualtrics.csv": "--surveys",
    "shopify_orders.csv": "--orders",
    "spss_survey.sav": "--surveys",
    "square_transactions.csv": "--orders",
    "stripe_payments.csv": "--orders",
    "surveymonkey.csv": "--surveys",
    "taobao_order_list.csv": "--orders",
    "wecom_customers.csv": None,
    "wenjuanxing.xlsx": "--surveys",
    "woo_rest_orders.json": "--orders",
    "youzan_orders.csv": "--orders",
}


@pytest.fixture
def exports(real_data):
    """The folder of the samples, beside the public data sets."""
    folder = real_data.parent / "exports"
    if not folder.is_dir():
        pytest.skip("the samples of known systems are not here")
    return folder


def check(capsys, *arguments, lang="en"):
    """Exit code, what was said and what was refused."""
    capsys.readouterr()
    code = cli.main(["check", "--lang", lang, *map(str, arguments)])
    out, err = capsys.readouterr()
    return code, out, err


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


# --- the figures are the run's ---------------------------------------------------------------------------------------


def told(totals):
    """An account of the ledger as check has to say it."""
    words = {"rows": ("row", "rows"), "orders": ("order", "orders"), "customers": ("customer", "customers")}
    parts = [
        f"{totals[k]:,} {one if totals[k] == 1 else many}" for k, (one, many) in words.items() if totals[k] is not None
    ]
    parts += [f"money {totals['money']:,.2f}"] if totals["money"] is not None else []
    parts += [f"{totals['first']} to {totals['last']}"] if totals.get("first") else []
    return ", ".join(parts)


def counted(out):
    """{table: lines} of what check says a run counts."""
    parts = re.split(r"^What a run counts of (.+):$", out, flags=re.MULTILINE)
    return {
        name: [line for line in re.split(r"\n(?!  )", text)[0].strip("\n").splitlines()]
        for name, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def in_the_ledger(ledger, kind):
    """The lines that the ledger of a run asks for."""
    table = ledger["tables"][kind]
    outcomes = {"set_aside": "set aside", "quarantine": "quarantined"}
    lines = [f"  received: {told(table['received'])}", f"  valid: {told(table['valid'])}"]
    return lines + [
        f"  {outcomes[rule['outcome']]}, {rule['en']}: {told(rule)}" for rule in table["rules"].values() if rule["rows"]
    ]


LABELS = {"order_lines": "order lines", "tickets": "service tickets"}


def agrees(out, ledger, net=None):
    """Every account that check told is the ledger's, no more and no fewer, and so are the control totals."""
    said = counted(out)
    tables = ledger["tables"]
    assert set(said) == {LABELS.get(kind, kind) for kind in tables}
    for kind, table in tables.items():
        lines = said[LABELS.get(kind, kind)]
        back = [line for line in lines if "given back of that" in line]
        assert [line for line in lines if line not in back] == in_the_ledger(ledger, kind)
        for source in table["sources"]:
            totals = told({k: source.get(k) for k in ("rows", "orders", "customers", "money", "first", "last")})
            assert f"Control totals of {source['name']} ({LABELS.get(kind, kind)}): {totals}." in out
        if kind == "orders":
            left = re.search(r"; ([-\d,.]+) is left", back[0])[1] if back else f"{table['valid']['money']:,.2f}"
            assert left == f"{net:,.2f}"


def run(tmp_path, *arguments):
    """The ledger of a run, and what its customers brought, net."""
    out = tmp_path / "out"
    assert cli.main(["run", *map(str, arguments), "--out", str(out), "--lang", "en"]) == 0
    portraits = pd.read_parquet(out / "portraits.parquet")
    net = float(portraits["monetary_net"].sum()) if "monetary_net" in portraits else None
    return json.loads((out / "ledger.json").read_text(encoding="utf-8")), net


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_named_and_counted_as_the_run_counts_it(exports, tmp_path, capsys, name):
    code, out, err = check(capsys, exports / name)
    assert (code, err) == (0, "")
    if SAMPLES[name] is None:
        assert "Recognised as" in out and "A run would refuse this" in out and "What a run counts" not in out
        return
    assert f"({SAMPLES[name]})" in re.search(r"^(Recognised as|It looks like).*$", out, re.MULTILINE)[0]
    answers = re.findall(r"^Question: .*\n  --answer (\S+=\S+)", out, re.MULTILINE)
    given = [part for answer in answers for part in ("--answer", answer)]
    agrees(out, *run(tmp_path, SAMPLES[name], exports / name, *given))


def test_the_generated_company_is_counted_as_the_run_counts_it(tmp_path, capsys):
    folder = tmp_path / "luming"
    company.write(3, 300, folder)
    files = {kind: [folder / company.FILES[n] for n in names] for kind, names in company.INPUTS.items()}
    named = [part for kind, paths in files.items() for part in (f"--{kind.replace('order_', '')}", *paths)]
    maps = ["--map", "surveys.customer_id=会员编号"]
    ledger, net = run(tmp_path, *named, *maps)
    code, out, _ = check(capsys, *(path for paths in files.values() for path in paths), *maps)
    assert code == 0
    agrees(out, ledger, net)
    assert "Question:" not in out


# --- what one file holds ---------------------------------------------------------------------------------------------

SHOP = """order_id,customer_id,ordered_at,paid_at,amount,shipping,gender,nickname,total,level
1,C1,2024-01-13,2024-01-14,40.00,5.50,f,Bee,45.50,gold
2,C2,2024-01-14,2024-01-15,30.00,0.00,m,Cat,30.00,gold
3,C1,2024-01-15,2024-01-16,20.00,5.50,f,Bee,25.50,gold
"""


def test_each_column_is_used_or_unused_for_a_reason_with_three_of_its_values(tmp_path, capsys):
    code, out, _ = check(capsys, write(tmp_path / "shop.csv", SHOP))
    assert code == 0
    for line in (
        "It looks like: orders (--orders). 4 columns speak for it: customer_id, ordered_at, order_id, amount.",
        "Next likeliest: customers (--customers). 2 columns speak for it: customer_id, gender.",
        "  customer_id (customer) ← customer_id: C1 · C2",
        "  not used: paid_at (could be ordered at too; ordered_at was taken): 2024-01-14 · 2024-01-15 · 2024-01-16",
        "  not used: shipping (an amount, and amount is amount): 5.50 · 0.00",
        "  not used: gender (is read in a table of customers (--customers) only): f · m",
        "  not used: total (could be amount too; amount was taken): 45.50 · 30.00 · 25.50",
        "  not used: level (nothing needs it): g***",
    ):
        assert line + "\n" in out
    assert "Bee" not in out


def test_a_column_that_is_wanted_is_named_with_what_takes_it(tmp_path, capsys):
    text = "kunde,am,zahlung\na1,2024-01-13,3.50\na2,2024-01-14,4.00\n"
    code, out, _ = check(capsys, write(tmp_path / "fremd.csv", text), "--map", "customer_id=kunde")
    assert code == 0
    assert "A run needs ordered_at, amount too" in out
    assert "not used: am (a date; to use it: --map ordered_at=am): 2024-01-13 · 2024-01-14" in out
    assert "not used: zahlung (an amount; to use it: --map amount=zahlung): 3.50 · 4.00" in out
    maps = [p for m in ("customer_id=kunde", "ordered_at=am", "amount=zahlung") for p in ("--map", m)]
    assert "valid: 2 rows, 2 orders, 2 customers, money 7.50" in check(capsys, tmp_path / "fremd.csv", *maps)[1]


@pytest.mark.parametrize(
    ("header", "option"),
    [
        ("order id,sku,quantity,price", "--lines"),
        ("order id,sku,quantity,price,order date,amount,status", "--orders"),  # although nobody is named who bought
        ("customer id,name,phone,created at", "--customers"),
        ("uid,city,score", "--surveys"),
        ("customer id,timestamp,event", "--events"),
        ("campaign,customer id,group,sent at", "--campaigns"),
        ("author,created at,content", "--posts"),
        ("工单号,客户编号,创建时间,问题类型", "--tickets"),
        ("工单编号,满意度,评价时间", "--tickets"),
    ],
)
def test_the_likeliest_kind_is_that_of_most_columns_of_its_own(tmp_path, capsys, header, option):
    cells = {"phone": "13912345670", "created at": "2024-01-13", "order date": "2024-01-13", "sent at": "2024-01-13"}
    cells |= {"timestamp": "2024-01-13 10:00", "创建时间": "2024-01-13", "评价时间": "2024-01-13"}
    row = ",".join(cells.get(name, "7") for name in header.split(","))
    code, out, _ = check(capsys, write(tmp_path / "x.csv", f"{header}\n{row}\n"))
    assert code == 0 and f"({option})" in re.search(r"^It looks like.*$", out, re.MULTILINE)[0]


def test_a_table_of_something_else_is_described_and_not_counted(tmp_path, capsys):
    code, out, err = check(capsys, write(tmp_path / "weather.csv", "station,rain\nA,3.5\nB,0\n"))
    assert (code, err) == (0, "")
    assert "It looks like none of the tables" in out and "station" in out and "What a run counts" not in out
    code, out, _ = check(capsys, write(tmp_path / "tiers.csv", "customer_id,tier,growth\nC1,gold,3\n"))
    assert code == 0 and "Too little speaks for it" in out and "What a run counts" not in out


PEOPLE = {
    "customer_id": ["13912345678", "u@mail.example", "110101199003070134", "王小明"],
    "name": ["欧阳修远", "Zhang Wei", "李四", "O'Neil"],
    "mobile": ["+86 139 1234 5678", "(021) 6234-5678", "13800001111", "0044 20 7946 0958"],
    "home": ["上海市淮海路12号", "5 Elm Road", "x", "Flat 3, 9 Oak Lane"],
    "remark": ["call Zhang Wei 13912345678", "vip Liu", "刘女士", "q"],
    "kontakt": ["liu@firma.example", "0211-5556677", "Liu Yang", "13700002222"],
    "recommended by": ["Li Lei", "Han Meimei", "韩梅梅", "Jim"],
    "birthday": ["1990-03-07", "1985-01-02", "2001-12-31", "1977-07-07"],
    "id card": ["110101199003070134", "310101198501021230", "440101200112310019", "440101197707070017"],
    "收货人": ["王小明", "王五", "赵六", "钱七"],
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_nothing_that_tells_a_person_is_shown(tmp_path, capsys, lang):
    path = tmp_path / "people.csv"
    pd.DataFrame(PEOPLE).to_csv(path, index=False)
    code, out, _ = check(capsys, path, lang=lang)
    assert code == 0
    for column, cells in PEOPLE.items():
        assert column in out
        for cell in cells:
            assert len(cell) < 2 or cell not in out
    for raw in (
        "13912345678",
        "Zhang",
        "Wei",
        "Elm",
        "淮海",
        "firma",
        "liu@",
        "Liu",
        "Meimei",
        "1990-03-07",
        "5556677",
    ):
        assert raw not in out


def test_a_name_that_stands_on_many_rows_is_no_word_of_the_system(tmp_path, capsys):
    rows = [f"{i},C{i % 9},2024-01-{i % 27 + 1:02d},5,Alice Brown,express" for i in range(60)]
    path = write(
        tmp_path / "till.csv", "\n".join(["order_id,customer_id,ordered_at,amount,clerk name,speed", *rows]) + "\n"
    )
    out = check(capsys, path)[1]
    assert "Alice" not in out and "speed (nothing needs it): express" in out


# --- several files ---------------------------------------------------------------------------------------------------

JANUARY = "order_id,customer_id,ordered_at,amount\n1,a,2024-01-13,10\n2,b,2024-01-14,20\n3,c,2024-01-15,30\n"
FEBRUARY = "order_id,customer_id,ordered_at,amount\n3,c,2024-01-15,30\n4,a,2024-02-16,40\n"
MEMBERS = "customer_id,gender\na,f\nb,m\nx,f\ny,m\n"


@pytest.mark.parametrize("how", ["files", "folder", "pattern"])
def test_files_of_one_kind_are_one_table_and_tables_are_held_against_each_other(tmp_path, capsys, how):
    """1, 2, 3 and 4 are 10 + 20 + 30 + 40; of the buyers a, b, c two are members, and so are half of the members."""
    write(tmp_path / "jan.csv", JANUARY)
    write(tmp_path / "feb.csv", FEBRUARY)
    write(tmp_path / "members.csv", MEMBERS)
    write(tmp_path / "README.md", "# nothing\n")
    named = {
        "files": [tmp_path / f"{n}.csv" for n in ("jan", "feb", "members")],
        "folder": [tmp_path],
        "pattern": [f"{tmp_path}/*.csv"],
    }
    code, out, err = check(capsys, *named[how])
    assert (code, err) == (0, "")
    assert "  1 more file has these columns: " in out
    assert "1 row of the later files are in an earlier one already" in out
    assert "  valid: 4 rows, 4 orders, 3 customers, money 100.00\n" in out
    assert "2 customers in both, 66.7% of the 3 in “orders” and 50.0% of the 4 in “customers”" in out
    assert "That is few" not in out


def test_numbers_of_two_systems_are_noticed(tmp_path, capsys):
    write(tmp_path / "jan.csv", JANUARY)
    write(tmp_path / "members.csv", "customer_id,gender\na,f\nU1,m\nU2,f\nU3,m\n")
    out = check(capsys, tmp_path)[1]
    assert "1 customer in both, 33.3% of the 3" in out and "That is few" in out


def test_a_file_that_cannot_be_read_is_one_sentence_and_the_others_are_described(tmp_path, capsys):
    (tmp_path / "broken.xlsx").write_bytes(b"PK\x03\x04 no workbook")
    write(tmp_path / "jan.csv", JANUARY)
    code, out, err = check(capsys, tmp_path / "broken.xlsx", tmp_path / "jan.csv", tmp_path / "none*.csv")
    assert code == 2
    assert "valid: 3 rows, 3 orders, 3 customers, money 60.00" in out
    assert [line.partition(":")[0] for line in err.splitlines()] == ["Refused", "Refused"]
    assert "broken.xlsx" in err and "No file matches" in err


def test_a_database_is_told_table_by_table(tmp_path, capsys):
    with sqlite3.connect(tmp_path / "shop.db") as shop:
        shop.execute("CREATE TABLE sales (order_id, customer_id, ordered_at, amount)")
        shop.execute("INSERT INTO sales VALUES (1, 'a', '2024-01-13', 10.0)")
        shop.execute("CREATE TABLE members (customer_id, gender)")
        shop.execute("INSERT INTO members VALUES ('a', 'f')")
    shop.close()
    code, out, err = check(capsys, tmp_path / "shop.db")
    assert (code, err) == (0, "")
    assert "shop.db::members: 1 row," in out and "shop.db::sales: 1 row," in out
    assert "1 customer in both, 100.0% of the 1" in out


def test_what_one_column_more_would_give_is_not_what_another_table_brings(tmp_path, capsys):
    write(tmp_path / "jan.csv", JANUARY)
    assert "product_id (product) or product_name (product name) in “orders”: products" in check(capsys, tmp_path)[1]
    write(tmp_path / "lines.csv", "order_id,product_id,quantity,unit_price\n1,p,1,10\n2,p,2,10\n3,q,1,30\n")
    out = check(capsys, tmp_path)[1]
    assert "or product_name (product name) in “orders”" not in out and "favourite category" in out
    assert "3 orders in both, 100.0% of the 3 in “orders”" in out


# --- questions and refusals ------------------------------------------------------------------------------------------

LEVEL = """order_id,customer_id,ordered_at,amount,sku,state
1,a,2024-01-13,40,x,done
1,a,2024-01-13,40,y,done
2,b,2024-01-14,30,x,frozen
2,b,2024-01-14,30,z,frozen
3,a,2024-02-14,20,z,done
"""


def test_every_question_of_a_run_is_told_with_its_readings_and_the_words_that_answer_it(tmp_path, capsys):
    """Once an order 40 + 30 + 20, a line 80 + 60 + 20; what is frozen nobody knows."""
    path = write(tmp_path / "shop.csv", LEVEL)
    code, out, err = check(capsys, path)
    assert (code, err) == (0, "")
    assert "  --answer money=order   the order's, counted once: 90.00 in all" in out
    assert "  --answer money=line   the line's, added up: 160.00 in all" in out
    assert "A run asks this before it counts" in out and "For the time being" not in out
    assert "Control totals of shop.csv (orders): 5 rows, 3 orders, 2 customers, money 90.00" in out
    assert cli.main(["run", "--orders", str(path), "--out", str(tmp_path / "out"), "--lang", "en"]) == 2
    asked = [line for line in capsys.readouterr().err.splitlines() if line.startswith(("Question", "  --answer"))]
    assert asked and all(line in out for line in asked)
    out = check(capsys, path, "--answer", "money=line")[1]
    assert "money 160.00" in out and "money=order" not in out


def test_a_survey_that_is_no_nps_is_asked_about_and_told_to_be_refused(tmp_path, capsys):
    rows = [f"c{i},{i % 5 + 1},2024-01-{i % 27 + 1:02d}" for i in range(40)]
    path = write(tmp_path / "five.csv", "\n".join(["customer_id,score,answered_at", *rows]) + "\n")
    code, out, err = check(capsys, path)
    assert (code, err) == (0, "")
    assert "--answer scale=1-5" in out


def test_two_files_that_ask_alike_with_other_answers_are_asked_apart(tmp_path, capsys):
    """Which column holds the state: 20 + 1 are paid here, 30 + 1 there."""
    head = "order_id,customer_id,ordered_at,amount,"
    january = "phase\n1,a,2024-01-13,20,paid\n2,b,2024-01-14,10,cancelled\n3,b,2024-01-14,1,paid\n"
    february = "progress\n4,a,2024-02-13,30,paid\n5,b,2024-02-14,5,cancelled\n6,b,2024-02-15,1,paid\n"
    one, two = write(tmp_path / "one.csv", head + january), write(tmp_path / "two.csv", head + february)
    code, out, err = check(capsys, one, two)
    assert (code, err) == (0, "")
    assert "--answer state_in=phase" in out and "--answer state_in.two.csv=progress" in out
    answers = ["--answer", "state_in=phase", "--answer", "state_in.two.csv=progress"]
    out = check(capsys, one, two, *answers)[1]
    assert "Question" not in out and "valid: 4 rows, 4 orders, 2 customers, money 52.00" in out
    agrees(out, *run(tmp_path, "--orders", one, two, *answers))


def test_money_of_four_currencies_in_two_files_is_one_question(tmp_path, capsys):
    """Euros and dollars here, pounds and francs there: dollars alone are 20 + 1."""
    head = "order_id,customer_id,ordered_at,amount,currency\n"
    one = write(tmp_path / "one.csv", head + "1,a,2024-01-13,20,USD\n2,b,2024-01-14,10,EUR\n3,b,2024-01-14,1,USD\n")
    two = write(tmp_path / "two.csv", head + "4,a,2024-02-13,30,GBP\n5,b,2024-02-14,5,CHF\n6,b,2024-02-14,1,GBP\n")
    out = check(capsys, one, two)[1]
    assert all(f"--answer currency={code}" in out for code in ("USD", "EUR", "GBP", "CHF"))
    out = check(capsys, one, two, "--answer", "currency=USD")[1]
    assert "Question" not in out and "valid: 2 rows, 2 orders, 2 customers, money 21.00" in out
    agrees(out, *run(tmp_path, "--orders", one, two, "--answer", "currency=USD"))


def test_a_file_that_is_refused_says_so_and_the_others_are_counted(tmp_path, capsys):
    write(tmp_path / "bad.csv", "order_id,customer_id,ordered_at,amount,x\n9,1.23457E+15,2024-01-02,5,1\n")
    write(tmp_path / "jan.csv", JANUARY)
    code, out, err = check(capsys, tmp_path)
    assert (code, err) == (0, "")
    assert re.search(r"^It looks like: orders .*\nA run would refuse this: .*scientific notation", out, re.MULTILINE)
    assert "valid: 3 rows, 3 orders, 3 customers, money 60.00" in out and "are one table" not in out


def test_a_wrong_option_is_refused(tmp_path, capsys):
    path = write(tmp_path / "jan.csv", JANUARY)
    for wrong, said in (
        (["--map", "amount=nowhere"], "There is no column nowhere"),
        (["--answer", "money=order"], "Nothing was asked under money"),
        (["--blank", "colour=9"], "There is no column colour"),
    ):
        code, _, err = check(capsys, path, *wrong)
        assert code == 2 and err.startswith("Refused: ") and said in err


def test_a_frame_can_be_looked_at_in_a_notebook():
    frame = pd.DataFrame({"customer_id": ["a"], "ordered_at": ["2024-01-13"], "amount": [3.5]})
    found = workflow.look(frame)
    assert found.guesses["DataFrame"][0].kind == "orders"
    assert found.result.cleaned["orders"].accounts["valid"]["money"] == 3.5
    assert not found.unread
