# ruff: noqa: E501 (rows stand as they are exported)
"""Exports of systems that no form knows, with the traps of each: the truth, a question or a refusal.

The files are made up; their figures are worked out by hand beside them.
"""

import json

import pytest

from course import clean, collect, forms
from course.collect.questions import Asked
from course.errors import DataError


def read(tmp_path, text, name="export.csv", encoding="utf-8", **options):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return collect.read(path, "orders", **options)


def net(table):
    """Orders, customers and net money of what is valid."""
    valid = clean.apply(table).valid
    money = round(float((valid["amount"] - valid["refunded"]).sum()), 2)
    return valid["order_id"].nunique(), valid["customer_id"].nunique(), money


def asked(tmp_path, text, **options):
    with pytest.raises(Asked) as caught:
        read(tmp_path, text, **options)
    return {q.key: {r.answer: r.says.say("en") for r in q.readings} for q in caught.value.questions}


# --- currency --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("CAD {}", "CAD"), ("{} HKD", "HKD"), ("AUD{}", "AUD"), ("SGD {}", "SGD"), ("JPY {}", "JPY"), ("R$ {}", "BRL"),
        ("HK${}", "HKD"), ("A$ {}", "AUD"), ("C${}", "CAD"), ("S$ {}", "SGD"), ("NT${}", "TWD"), ("{} zł", "PLN"),
        ("₱{}", "PHP"), ("Rp {}", "IDR"), ("CN¥{}", "CNY"), ("JP¥{}", "JPY"), ("{}元", "CNY"), ("usd {}", "USD"),
        ("${}", "$"), ("¥{}", "¥"), ("kr {}", "KR"),
    ],
)  # fmt: skip
def test_a_currency_in_the_cell_by_its_code_or_its_sign(tmp_path, written, code):
    rows = "\n".join(
        f"{i},{who},2026-03-0{i},{written.format(f'{10 * i}.50')}" for i, who in ((1, "A"), (2, "B"), (3, "A"))
    )
    table = read(tmp_path, f"order id,customer id,order date,amount\n{rows}\n")
    assert net(table) == (3, 2, 61.50) and table.currency == code


def test_what_stands_beside_a_figure_and_is_no_currency_is_no_money(tmp_path):
    rows = "1,A,2026-03-01,10 pcs\n2,B,2026-03-02,12 kgs\n3,A,2026-03-03,5 Sep\n"
    with pytest.raises(DataError, match="its values are not"):
        read(tmp_path, "order id,customer id,order date,amount\n" + rows)


BESIDE = "order id,customer id,order date,amount\n1,A,2026-03-01,$10.00\n2,B,2026-03-02,CAD 20.00\n3,A,2026-03-03,CAD 30.00\n4,C,2026-03-04,$40.00\n"


def test_a_dollar_sign_beside_another_dollar_may_be_either_and_is_asked(tmp_path):
    assert asked(tmp_path, BESIDE) == {
        "currency": {
            "$": "2 rows, 50.00 $",
            "CAD": "2 rows, 50.00 CAD",
            "$=CAD": "$ is CAD: 4 rows, 100.00 CAD",
        }
    }
    assert net(read(tmp_path, BESIDE, answers={"currency": "CAD"})) == (2, 2, 50.00)
    both = read(tmp_path, BESIDE, answers={"currency": "$=CAD"})
    assert net(both) == (4, 3, 100.00) and both.currency == "CAD"
    assert net(read(tmp_path, BESIDE, currency="CAD")) == (4, 3, 100.00)
    assert read(tmp_path, BESIDE.replace("CAD", "USD")).currency == "USD"  # a bare $ beside USD is one


DEALS = """Record ID,Deal Name,Deal Stage,Close Date,Amount,Currency,Associated Company IDs
1,one,Closed Won,2026-03-01 10:00,1000,EUR,801
2,two,Closed Won,2026-03-02 10:00,2000,USD,802
3,three,Closed Lost,2026-03-03 10:00,5000,USD,802
"""


@pytest.mark.parametrize("header", ["Currency", "Ccy", "结算货币"])
def test_a_column_of_currencies_is_one_whatever_it_is_called_and_a_form_says_of_it(tmp_path, header):
    """1000 EUR and 2000 USD are won; the 5000 that were lost are in no total."""
    text = DEALS.replace("Currency", header)
    assert asked(tmp_path, text) == {"currency": {"EUR": "1 rows, 1,000.00 EUR", "USD": "1 rows, 2,000.00 USD"}}
    assert net(read(tmp_path, text, answers={"currency": "USD"})) == (1, 1, 2000.00)


def test_two_columns_of_currencies_that_differ_are_asked_about(tmp_path):
    text = "order id,customer id,order date,amount,ccy,shop ccy\n1,A,2026-03-01,10,EUR,EUR\n2,B,2026-03-02,20,GBP,EUR\n"
    assert asked(tmp_path, text, provisional=False)["currency_in"] == {
        "ccy": "ccy: EUR, GBP",
        "shop ccy": "shop ccy: EUR",
    }
    assert net(read(tmp_path, text, answers={"currency_in": "shop ccy"})) == (2, 2, 30.00)


CHARGES = [
    {"id": "ch_1", "amount": 2000, "amount_refunded": 500, "currency": "usd", "customer": "cus_A", "status": "succeeded"},
    {"id": "ch_2", "amount": 3550, "amount_refunded": 0, "currency": "usd", "customer": "cus_B", "status": "succeeded"},
    {"id": "ch_3", "amount": 900, "amount_refunded": 0, "currency": "usd", "customer": "cus_B", "status": "failed"},
    {"id": "ch_4", "amount": 1000, "amount_refunded": 1000, "currency": "usd", "customer": "cus_A", "status": "succeeded"},
]  # fmt: skip


@pytest.mark.parametrize(("code", "money"), [("usd", 50.50), ("jpy", 5050.00)])
def test_money_in_the_currencys_smallest_unit(tmp_path, code, money):
    """20.00 less 5.00, 35.50; one failed, one was given back whole. A yen has no hundredth part."""
    beside = {"object": "charge", "created": 1772352000, "livemode": True, "captured": True}
    text = "\n".join(json.dumps(c | beside | {"currency": code}) for c in CHARGES)
    assert net(read(tmp_path, text, "charges.jsonl")) == (2, 2, money)


# --- whose money it is -----------------------------------------------------------------------------------------------


def _mixed(priced):
    """Orders 1 to 12 carry their sum on each of two rows, 13 to 24 the money of each row: 30 + i an order."""
    rows = []
    for i in range(1, 25):
        lamp, cup = (30 + i, 30 + i) if i < 13 else (20 + i, 10)
        for product, price, amount in (("lamp", 20 + i, lamp), ("cup", 10, cup)):
            cells = [i, f"C{i % 7}", f"2026-03-{i:02d}", product, 1, *([price] if priced else []), f"{amount}.00"]
            rows.append(",".join(map(str, cells)))
    head = f"order id,customer id,order date,product,quantity,{'unit price,' if priced else ''}amount"
    return "\n".join([head, *rows]) + "\n"


@pytest.mark.parametrize("priced", [True, False])
def test_money_of_the_order_on_some_and_of_the_line_on_others_is_asked_about(tmp_path, priced):
    """Twelve sums of 30 + i stand there twice: 12 × 30 + 78 = 438 too much."""
    truth = 24 * 30 + 300
    readings = asked(tmp_path, _mixed(priced))["money"]
    assert list(readings) == ["mixed", "line"]
    assert readings["line"] == f"the line's, added up: {truth + 438:,.2f} in all"
    assert net(read(tmp_path, _mixed(priced), answers={"money": "mixed"})) == (24, 7, float(truth))


def test_lines_that_cost_the_same_by_chance_are_lines(tmp_path):
    """Shirts at one of three prices: half of the baskets hold two of one price."""
    prices = (19, 25, 40)
    rows = [
        f"{i},C{i % 9},2026-03-{1 + i % 28:02d},shirt {j},{prices[(i * (j + 1)) % 3]}.00"
        for i in range(40)
        for j in (0, 1)
    ]
    text = "order id,customer id,order date,product,amount\n" + "\n".join(rows) + "\n"
    money = float(sum(prices[(i * (j + 1)) % 3] for i in range(40) for j in (0, 1)))
    assert net(read(tmp_path, text)) == (40, 9, money)


def _summed(orders):
    """A row of the order with its sum, 30 + 10 + i, above the rows of its goods."""
    rows = ["receipt,customer code,date,product,amount"]
    for i in range(1, orders + 1):
        for product, amount in (("lamp and cup", 40 + i), ("lamp", 30), ("cup", 10 + i)):
            rows.append(f"{i},C{i % 4},2026-03-{i:02d},{product},{amount}.00")
    return "\n".join(rows) + "\n"


def test_a_row_that_is_the_sum_of_its_orders_others_is_not_added_to_them(tmp_path):
    table = read(tmp_path, _summed(8), mapping={"customer_id": "customer code"})
    assert net(table) == (8, 4, 8 * 40.0 + 36)
    assert any("as the sum of its others" in n.say("en") for n in table.notes)
    few = asked(tmp_path, _summed(2), mapping={"customer_id": "customer code"})["money"]
    assert few["order"].endswith("83.00 in all") and few["line"].endswith("166.00 in all")


def test_a_note_on_what_was_counted_once_does_not_deny_the_same_figure(tmp_path):
    text = "order no,customer no,order date,amount,product\n1,A,2024-01-05,70.00,cup\n1,,,,pot\n2,B,2024-01-06,40.00,pan\n2,,,,cup\n"
    said = next(s for n in read(tmp_path, text).notes if "counted once" in (s := n.say("en")))
    assert said.endswith("counted once: 110.00 for 2 orders with several rows.")


def test_amounts_net_and_gross_are_a_choice_and_an_amount_of_tax_is_no_amount(tmp_path):
    text = "order id,customer id,order date,Amount (net),Amount (gross)\n1,A,2026-03-01,10.00,12.00\n"
    with pytest.raises(DataError) as error:
        read(tmp_path, text)
    assert error.value.sentence.say("en").startswith("Amount (net), Amount (gross) could both be the column amount")
    taxed = text.replace("Amount (net)", "Amount (tax)")
    assert net(read(tmp_path, taxed)) == (1, 1, 12.00)


# --- which orders count ----------------------------------------------------------------------------------------------


def _cod(paid):
    head = "Name,Email,Financial Status,Fulfillment Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Refunded Amount,Id,Phone\n"
    rows = [
        f"#{i},,{'paid' if i in paid else 'pending'},fulfilled,AED,{money}.00,2026-04-0{i} 10:00:00 +0400,1,Oud,{money}.00,0.00,90{i},+9715000000{i % 3}"
        for i, money in enumerate((100, 50, 70, 30, 20), 1)
    ]
    return head + "\n".join(rows) + "\n"


def test_orders_that_nobody_has_paid_yet_are_asked_about_where_they_are_most_of_the_money(tmp_path):
    """270 in five orders, paid on delivery; with the first one paid, 170 of them wait."""
    readings = asked(tmp_path, _cod(paid=()))["pending"]
    assert list(readings) == ["sale", "open"] and "270.00" in readings["sale"]
    assert net(read(tmp_path, _cod(paid=()), answers={"pending": "sale"})) == (5, 3, 270.00)
    assert list(asked(tmp_path, _cod(paid={1}))["pending"]) == ["open", "sale"]
    assert net(read(tmp_path, _cod(paid={1}), answers={"pending": "open"})) == (1, 1, 100.00)
    assert net(read(tmp_path, _cod(paid={1, 2, 3}))) == (3, 3, 220.00)  # 50 wait: they stay open


def test_payments_that_failed_under_a_header_nobody_knows_are_asked_about(tmp_path):
    text = "Payment ID,Order ID,Order Date,Result,Amount,Customer ID\nP1,O1,2026-03-01,SUCCESS,20.00,C1\nP2,O2,2026-03-02,FAIL,99.00,C2\nP3,O3,2026-03-03,SUCCESS,30.00,C2\n"
    assert asked(tmp_path, text)["state_in"]["Result"] == "Result (SUCCESS 2, FAIL 1): 50.00 in 2 rows of sales"


INVOICES = """InvoiceNumber,ContactID,InvoiceDate,Total,Type,Status
INV-1,C1,2026-03-01,120.00,Sales invoice,Paid
INV-2,C2,2026-03-02,50.00,Sales invoice,Paid
CN-1,C1,2026-03-03,20.00,Sales credit note,Paid
INV-3,C2,2026-03-04,70.00,Sales invoice,Draft
"""


def test_a_credit_note_above_nought_is_taken_off_and_a_draft_is_no_sale(tmp_path):
    assert net(read(tmp_path, INVOICES, mapping={"customer_id": "ContactID"})) == (2, 2, 150.00)


# --- questions of several files --------------------------------------------------------------------------------------

SAME = "order no,customer no,order date,amount,product\n{n}1,A,2024-01-05,{m}.00,pot\n{n}1,A,2024-01-05,{m}.00,cup\n"


def test_a_question_that_two_files_ask_shows_what_each_of_them_gives(tmp_path):
    for name, money in (("a.csv", 20), ("b.csv", 30)):
        (tmp_path / name).write_text(SAME.format(n=name[0], m=money), encoding="utf-8")
    with pytest.raises(Asked) as caught:
        collect.read([tmp_path / "a.csv", tmp_path / "b.csv"], "orders")
    lines = [line.say("en") for line in caught.value.lines()]
    assert len(lines) == 3 and lines[0].count(".csv: does amount") == 2
    assert "once: 20.00 in all; the order's, counted once: 30.00 in all" in lines[1]


# --- encodings -------------------------------------------------------------------------------------------------------

JAPAN = "注文番号,ステータス,注文日時,合計金額,顧客ID,商品名\n1,発送済み,2026-03-01 10:00,5500,K1,緑茶ティーバッグ\n2,発送済み,2026-03-02 10:00,1200,K2,ソース焼きそば\n"
KOREA = "주문번호,주문일시,주문상태,고객번호,상품명,결제금액\n1,2026-03-01 10:00,결제완료,K1,녹차 선물 세트,20000\n2,2026-03-02 10:00,결제완료,K2,찻잔과 주전자,15000\n"
TAIWAN = "訂單編號,客戶編號,下單時間,金額,商品名稱\n1,K1,2026-03-01 10:00,200,高山烏龍茶禮盒\n2,K2,2026-03-02 10:00,150,手工陶瓷茶壺\n"


@pytest.mark.parametrize(
    ("text", "encoding", "word"),
    [(JAPAN, "cp932", "緑茶ティーバッグ"), (JAPAN, "euc_jp", "ソース焼きそば"), (KOREA, "euc_kr", "찻잔과 주전자"),
     (TAIWAN, "big5", "高山烏龍茶禮盒")],
)  # fmt: skip
def test_text_of_east_asia_in_encodings_of_its_own(tmp_path, text, encoding, word):
    path = tmp_path / "orders.csv"
    path.write_bytes(text.encode(encoding))
    cells = collect.open_source(path).frame
    assert word in set(cells.iloc[:, -1]) | set(cells.iloc[:, -2])


# --- neutral tables --------------------------------------------------------------------------------------------------

#: Ordinary tables of no system, a kind a line, as people head them.
NEUTRAL = """
Order ID,Customer ID,Order Date,Status,Amount,Currency|id,customer,date,total,refunded,state|Invoice,Client,Due,Net,VAT,Gross,Paid
Name,Email,Phone,City,Joined,Notes|First Name,Last Name,Email,Tags,Created|Member,Card,Points,Level,Since,Birthday
SKU,Title,Price,Cost,Stock,Supplier|Item,Qty,Unit,Location,Counted by|Product,Category,Barcode,Weight,Active
Ticket,Subject,Status,Priority,Opened,Closed,Agent|Case,Type,Owner,Created at,Resolved at|Call,From,To,Start,Seconds
Date,Time,Room,Guest,Nights,Rate|Booking,Check-in,Check-out,Source,Total|Table,Covers,Server,Opened,Bill
Employee,Department,Salary,Start,Manager|Shift,Clerk,From,To,Till|Id,Name,Score,Grade,Term
Campaign,Sent,Opened,Clicked,Cost|Channel,Sessions per day,Orders,Revenue|Keyword,Impressions,Clicks,Position
Time,User,Event,Page,Referrer|at,visitor,kind,value|Session,Device,Country,Duration
Date,Description,Debit,Credit,Balance|Account,Period,Opening,Movement,Closing|Voucher,Day,Ledger,Amount
Station,Day,Temperature,Rain|Plot,Crop,Yield,Year|Patient,Visit,Ward,Doctor
Answered at,Score,Comment,Store|Question,Answer,Respondent,Weight|customer_id,nps,reason,date
Parcel,Weight,From,To,Shipped,Delivered|Route,Driver,Stops,Km|Claim,Order,Reason,Amount
订单号,客户编号,下单时间,金额,订单状态|单号,会员卡号,日期,实付,门店|单据编号,日期,客户,商品,数量,单价,金额
姓名,手机号,城市,注册时间,备注|会员号,等级,积分,生日|客户名称,联系人,电话,地址,负责人
商品编号,商品名称,规格,进价,售价,库存|品名,数量,单位,仓库|货号,颜色,尺码,件数
工单号,类型,状态,创建时间,完成时间|时间,用户,行为,页面|日期,渠道,访问,下单,成交额
序号,提交时间,评分,意见|学号,姓名,科目,成绩,学期|员工,部门,入职日期,工资
日期,摘要,收入,支出,余额|科目,期初,发生额,期末|凭证号,日期,借方,贷方
房号,客人,入住,离店,房价|桌号,人数,开台时间,消费|车牌,入场,出场,费用
活动,人群,发送时间,打开,成本|关键词,展现,点击,花费|门店,月份,销售额,客流
"""


def test_of_sixty_neutral_files_none_is_taken_for_a_form(tmp_path):
    tables = [t.split(",") for line in NEUTRAL.strip().splitlines() for t in line.split("|")]
    assert len(tables) == 60
    for i, headers in enumerate(tables):
        path = tmp_path / f"table {i}.csv"
        rows = [[f"{h[:1]}{n}" for h in headers] for n in (1, 2, 3)]
        path.write_text("\n".join(map(",".join, [headers, *rows])) + "\n", encoding="utf-8")
        raw = collect.open_source(path)
        found = forms.recognise(raw.frame.columns)
        assert found is None, (headers, found.name)


# --- sums below groups -----------------------------------------------------------------------------------------------


def test_sums_below_groups_stay_out_wherever_their_word_stands(tmp_path):
    text = "销售明细分析\n门店,客户编号,订单号,下单日期,金额(元)\n东店,K1,D1,2026-03-01,50.00\n东店,K2,D2,2026-03-02,60.00\n东店,小计,,,110.00\n西店,K3,D3,2026-03-03,30.00\n西店,小计,,,30.00\n合计,,,,140.00\n"
    assert net(read(tmp_path, text)) == (3, 3, 140.00)


# --- lists that a system prints --------------------------------------------------------------------------------------

#: As SAP saves a list: two pages, a subtotal, a credit memo with its sign behind it.
PRINTED = """05.03.2026            Dynamic List Display             1
--------------------------------------------------------
Sales orders

--------------------------------------------------------
|Sales Doc.|Sold-to pt|Doc. Date |Description| Net value|
--------------------------------------------------------
|10000001  |1000      |15.01.2026|Pump       | 1.250,00 |
|10000001  |1000      |15.01.2026|Valve      |   250,50 |
05.03.2026            Dynamic List Display             2
--------------------------------------------------------
|Sales Doc.|Sold-to pt|Doc. Date |Description| Net value|
--------------------------------------------------------
|10000002  |1001      |16.01.2026|Pump       | 2.500,00 |
|10000003  |1001      |21.02.2026|Pump       |   500,00-|
--------------------------------------------------------
|*         |          |          |           | 3.500,50 |
--------------------------------------------------------
"""


def test_a_list_of_ruled_lines_is_a_table_with_its_pages_joined_and_its_sums_left_out(tmp_path):
    """1,250.00 + 250.50 + 2,500.00 − 500.00."""
    path = tmp_path / "list.txt"
    path.write_text(PRINTED, encoding="utf-8")
    assert net(collect.read(path, "orders")) == (2, 2, 3500.50)
    console = "+----+-----+\n| id | sum |\n+----+-----+\n| A1 | 2.5 |\n| A2 | 3.5 |\n+----+-----+\n"
    path.write_text(console, encoding="utf-8")
    assert collect.open_source(path).frame.to_numpy().tolist() == [["A1", "2.5"], ["A2", "3.5"]]


def test_a_ruled_line_with_a_cell_too_many_is_refused(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text(PRINTED.replace("Valve ", "Val|ve"), encoding="utf-8")
    with pytest.raises(DataError, match="line 9: 6 fields, expected 5"):
        collect.read(path, "orders")


@pytest.mark.parametrize(
    ("text", "encoding", "found"),
    [("커피 원두", "cp949", "cp949"), ("결제완료", "cp949", "cp949"), ("무선 이어폰", "cp949", "cp949"),
     ("红茶", "gb18030", "gb18030"), ("订单编号", "gb18030", "gb18030"), ("待付款", "gb18030", "gb18030"),
     ("付过款", "gb18030", "gb18030")],
)  # fmt: skip
def test_a_word_or_two_of_korean_are_told_from_chinese_by_the_syllables_in_use(tmp_path, text, encoding, found):
    path = tmp_path / "orders.csv"
    path.write_bytes(f"no,what\n1,{text}\n".encode(encoding))
    raw = collect.open_source(path)
    assert raw.facts["encoding"] == found and raw.frame["what"].tolist() == [text]


def test_too_little_text_to_tell_korean_from_chinese_is_said(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_bytes("no,what\n1,환불\n".encode("cp949"))
    assert "too little text to tell Chinese from Korean" in collect.open_source(path).notes[0].say("en")


# --- columns beside the ones that are taken --------------------------------------------------------------------------

FOUR = "order no,customer no,order date,amount\n1,A,2026-01-05,100.00\n2,B,2026-01-06,80.00\n3,A,2026-01-09,60.00\n4,B,2026-01-10,50.00\n"


def beside(header, *cells, text=FOUR):
    """The four orders with a column more."""
    return "".join(f"{line},{cell}\n" for line, cell in zip(text.splitlines(), [header, *cells], strict=True))


@pytest.mark.parametrize(
    ("header", "cells"),
    [("voided", ["false", "true", "false", "false"]), ("是否作废", ["否", "是", "否", "否"]),
     ("is valid", ["yes", "no", "yes", "yes"]), ("Cancelled", ["N", "Y", "N", "N"])],
)  # fmt: skip
def test_what_a_flag_calls_void_is_no_sale(tmp_path, header, cells):
    table = read(tmp_path, beside(header, *cells))
    assert net(table) == (3, 2, 210.00)
    assert any("80.00 that would count as a sale; it counts as none" in n.say("en") for n in table.notes)


def test_a_flag_that_nearly_every_order_has_and_one_of_money_given_back_are_asked_about(tmp_path):
    assert asked(tmp_path, beside("voided", "true", "true", "true", "false")) == {
        "no_sales.voided": {"no": "no: 50.00 in all", "yes": "yes: 290.00 in all"}
    }
    assert asked(tmp_path, beside("is refunded", "no", "yes", "no", "no")) == {
        "no_sales.is refunded": {"no": "no: 210.00 in all", "yes": "yes: 290.00 in all"}
    }
    assert net(read(tmp_path, beside("voided", "false", "false", "false", "false"))) == (4, 2, 290.00)
    assert net(read(tmp_path, beside("gift", "false", "true", "false", "false"))) == (4, 2, 290.00)


def test_the_moment_of_a_cancellation_is_asked_about(tmp_path):
    text = beside("cancelled at", "", "2026-01-07", "", "")
    assert asked(tmp_path, text) == {"no_sales.cancelled at": {"no": "no: 210.00 in all", "yes": "yes: 290.00 in all"}}
    known = beside("status", "paid", "cancelled", "paid", "paid", text=text)  # the state says it already
    assert net(read(tmp_path, known)) == (3, 2, 210.00)


@pytest.mark.parametrize(
    ("header", "cells", "truth"),
    [("售后状态", ["", "退款成功", "", ""], (3, 2, 210.00)), ("售后状态", ["", "已关闭", "", "已取消"], (4, 2, 290.00)),
     ("Refund status", ["none", "refunded", "none", "none"], (3, 2, 210.00)),
     ("Payment status", ["paid", "failed", "paid", "pending"], (2, 1, 160.00))],
)  # fmt: skip
def test_of_two_columns_of_states_the_worse_word_counts(tmp_path, header, cells, truth):
    text = beside("order status", "completed", "completed", "completed", "completed")
    assert net(read(tmp_path, beside(header, *cells, text=text))) == truth


def test_a_second_column_of_states_under_a_name_nobody_knows_is_asked_about(tmp_path):
    text = beside("order status", "completed", "completed", "completed", "completed")
    text = beside("parcel", "delivered", "returned", "delivered", "delivered", text=text)
    assert asked(tmp_path, text) == {"no_sales.parcel": {"no": "no: 210.00 in all", "yes": "yes: 290.00 in all"}}


PRICED = "order no,customer no,order date,product,quantity,unit price,order paid\n1,A,2026-01-05,cup,1,10.00,35.00\n1,A,2026-01-05,pot,1,20.00,35.00\n2,B,2026-01-06,cup,2,10.00,20.00\n"


def test_money_that_was_paid_under_a_name_nobody_knows_is_asked_about_and_list_prices_are_not_taken_for_it(tmp_path):
    assert asked(tmp_path, PRICED)["amount_in"] == {
        "order paid": "order paid: 90.00 over its rows",
        "none": "none: quantity × price, 50.00 in all",
    }
    assert net(read(tmp_path, PRICED, answers={"amount_in": "order paid"})) == (2, 2, 55.00)
    assert net(read(tmp_path, PRICED, answers={"amount_in": "none"})) == (2, 2, 50.00)
    same = PRICED.replace("35.00\n1", "10.00\n1").replace("20.00,35.00", "20.00,20.00")
    assert net(read(tmp_path, same)) == (2, 2, 50.00)


def test_a_total_that_was_adjusted_is_asked_about(tmp_path):
    text = beside("Adjusted Order Total", "0.00", "45.00", "0.00", "0.00")
    assert asked(tmp_path, text) == {
        "adjusted.Adjusted Order Total": {"yes": "yes: 255.00 in all", "no": "no: 290.00 in all"}
    }


def test_rows_of_a_third_kind_beside_sales_and_returns_are_asked_about(tmp_path):
    text = beside("类型", "销售", "退货", "销售", "反结账")
    assert "state.反结账" in asked(tmp_path, text)


def test_deals_that_were_lost_are_no_sales_under_the_header_stage(tmp_path):
    assert net(read(tmp_path, beside("Stage", "Won", "Lost", "Won", "Won"))) == (3, 2, 210.00)


def test_an_order_given_back_in_part_is_a_sale_where_the_file_says_how_much(tmp_path):
    text = beside("Payment status", "paid", "partially_refunded", "paid", "paid")
    assert "state.partially_refunded" in asked(tmp_path, text)
    assert net(read(tmp_path, beside("refund amount", "0", "30.00", "0", "0", text=text))) == (4, 2, 260.00)


def test_groups_with_a_sum_below_each_and_their_name_on_the_first_row_alone(tmp_path):
    """A is behind 10 and 20, B behind 5 and 7."""
    rows = "A,1,2026-01-05,10.00\n,2,2026-01-06,20.00\nSubtotal,,,30.00\nB,3,2026-01-07,5.00\n,4,2026-01-08,7.00\nSubtotal,,,12.00\nTotal,,,42.00\n"
    table = read(tmp_path, "customer id,order id,order date,amount\n" + rows)
    assert net(table) == (4, 2, 42.00)
    assert table.frame["customer_id"].tolist() == ["A", "A", "B", "B"]


def test_a_net_amount_beside_its_total_is_not_lessened_twice(tmp_path):
    """80.00 of which 30.00 went back: 100 + 50 + 60 + 50."""
    text = beside("refunded amount", "0", "30.00", "0", "0", text=FOUR.replace("80.00", "50.00"))
    assert net(read(tmp_path, text)) == (4, 2, 230.00)  # nothing says that it is net
    assert net(read(tmp_path, beside("before", "100.00", "80.00", "60.00", "50.00", text=text))) == (4, 2, 260.00)


def test_a_case_after_the_sale_that_was_approved_gave_the_money_back(tmp_path):
    text = beside("order status", "completed", "completed", "completed", "completed")
    text = beside("Return / Refund Status", "", "Return/Refund Approved", "", "", text=text)
    assert net(read(tmp_path, text)) == (3, 2, 210.00)
