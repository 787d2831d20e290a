# ruff: noqa: E501 (headers stand as they are exported)
"""Exports of known systems: recognised by their headers, read as they mean it, refused where nobody can be told.

The samples are made up; their figures are worked out by hand beside them.
"""

import random
from pathlib import Path

import pandas as pd
import pytest

from course import clean, collect, forms
from course.errors import DataError

SHIPPED = [form for path in sorted(Path(forms.__file__).parent.glob("*.yaml")) for form in forms.load(path)]


def read(tmp_path, kind, text, name="export.csv", encoding="utf-8", **options):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return collect.read(path, kind, **options)


def figures(table):
    """Orders, customers, money paid by valid orders and what is left of it."""
    valid = clean.apply(table).valid
    return (
        valid["order_id"].nunique(),
        valid["customer_id"].nunique(),
        round(float(valid["amount"].sum()), 2),
        round(float((valid["amount"] - valid["refunded"]).sum()), 2),
    )


# --- recognition -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", SHIPPED, ids=lambda form: form.name)
def test_a_form_is_recognised_in_any_order_of_columns_and_not_without_one_of_its_headers(form):
    headers = [*form.all, *form.any[:1], "Notes", "备注"]
    if not form.position:
        random.Random(form.name).shuffle(headers)
    found = forms.recognise(headers)
    assert found is not None and len(found.all) >= len(form.all)
    for missing in form.all:
        rest = [f"{h} x" if h == missing else h for h in headers]
        assert forms.recognise(rest) in (None, *(f for f in SHIPPED if f.name != form.name))


PLAIN = [
    "order id",
    "customer id",
    "date",
    "amount",
    "quantity",
    "sku",
    "name",
    "email",
    "phone",
    "status",
    "store",
    "city",
    "price",
    "订单号",
    "客户编号",
    "下单时间",
    "金额",
    "数量",
    "商品名称",
    "门店",
    "状态",
    "姓名",
    "手机号",
    "城市",
    "渠道",
    "单价",
]


def test_of_sixty_plain_tables_none_is_taken_for_a_form():
    draw = random.Random(60)
    for _ in range(60):
        headers = draw.sample(PLAIN, draw.randint(3, 12))
        assert forms.recognise(headers) is None, headers


def test_a_form_of_ones_own_comes_first_and_a_wrong_key_is_refused(tmp_path):
    own = tmp_path / "mine.yaml"
    own.write_text("till: {kind: orders, all: [order id, customer id], customer_id: customer id}", encoding="utf-8")
    assert forms.recognise(["Order ID", "Customer ID"], own).name == "till"
    own.write_text("till: {kind: orders, all: [a], colour: red}", encoding="utf-8")
    with pytest.raises(DataError, match=r"mine\.yaml, form till: there is no key colour here"):
        forms.load(own)


@pytest.mark.parametrize("form", SHIPPED, ids=lambda form: form.name)
def test_a_file_with_nothing_but_the_telling_headers_ends_in_a_sentence_or_a_table(tmp_path, form):
    headers = [*form.all, *form.any[:1]]
    text = "\n".join(
        ",".join(f'"{cell}"' for cell in row) for row in (headers, ["1"] * len(headers), ["2"] * len(headers))
    )
    kind = "orders" if form.kind == "refuse" else form.kind
    try:
        assert len(read(tmp_path, kind, text + "\n").frame)
    except DataError as error:
        assert error.sentence.say("zh")


# --- what the figures mean -------------------------------------------------------------------------------------------

STATEMENT = """Name,Email,Financial Status,Currency,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Refunded Amount,Id,Phone
#1,A@x.example,paid,USD,59.00,2026-03-01 10:01:00 +0100,2,lamp,20.00,0.00,901,
#1,A@x.example,,,,2026-03-01 10:01:00 +0100,1,shade,15.50,,,
#2,a@x.example,partially_refunded,USD,100.00,2026-04-02 09:00:00 +0200,1,desk,100.00,25.00,902,
#3,b@x.example,refunded,USD,30.00,2026-04-03 09:00:00 +0200,1,lamp,30.00,30.00,903,
#4,b@x.example,pending,USD,70.00,2026-04-04 09:00:00 +0200,1,lamp,70.00,0.00,904,
#5,,paid,USD,11.00,2026-04-05 09:00:00 +0200,1,lamp,11.00,0.00,905,+15550001
"""


def test_order_fields_on_the_first_line_one_customer_in_two_spellings_and_the_next_id_where_one_is_blank(tmp_path):
    """#1 59, #2 100 less 25, #5 11 by telephone; #3 given back, #4 open. A@ and a@ are one person."""
    table = read(tmp_path, "orders", STATEMENT)
    assert figures(table) == (3, 2, 170.00, 145.00)
    assert table.frame["currency"].unique().tolist() == ["USD"]
    said = [n.say("en") for n in table.notes]
    assert any(
        s.startswith("export.csv was recognised as Shopify orders: order = Name, customer = Email, Phone") for s in said
    )
    assert any("one clock in summer and winter time" in s for s in said)


BILL = """交易时间,公众账号ID,商户订单号,用户标识,交易状态,货币种类,订单金额,退款金额
`2026-03-01 10:00:00,`wx1,`S1,`openA,`SUCCESS,`CNY,`100.00,`0.00
`2026-03-02 10:00:00,`wx1,`S2,`openB,`SUCCESS,`CNY,`40.00,`0.00
`2026-03-03 10:00:00,`wx1,`S1,`openA,`REFUND,`CNY,`0.00,`30.00
`2026-03-04 10:00:00,`wx1,`S3,`openB,`REVOKED,`CNY,`60.00,`0.00
总交易单数,应结订单总金额,退款总金额
`4,`140.00,`30.00
"""


def test_refunds_in_rows_that_name_their_order_a_sign_before_every_value_and_sums_below(tmp_path):
    table = read(tmp_path, "orders", BILL)
    assert figures(table) == (2, 2, 140.00, 110.00)
    assert any("2 lines below the table left out" in n.say("en") for n in table.notes)


CLOSED = """订单编号,买家会员名,买家实际支付金额,订单状态,订单创建时间,退款金额,收货人姓名
="351",tb_a,199.00,交易成功,2026-03-01 09:00:01,0.00,收**
="352",tb_a,89.00,交易关闭,2026-03-02 09:00:01,89.00,收**
="353",tb_b,0.00,交易关闭,2026-03-03 09:00:01,0.00,收**
="354",tb_b,50.00,买家已付款，等待卖家发货,2026-03-04 09:00:01,0.00,收**
="355",tb_c,70.00,等待买家付款,2026-03-05 09:00:01,0.00,收**
"""


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_closed_means_given_back_where_it_was_paid_and_no_sale_where_it_was_not(tmp_path, encoding):
    table = read(tmp_path, "orders", CLOSED, encoding=encoding)
    assert figures(table) == (2, 2, 249.00, 249.00)
    assert table.frame["status"].tolist() == ["completed", "refunded", "cancelled", "completed", "unpaid"]


SUBSIDISED = "订单号,商品总价(元),用户实付金额(元),商家实收金额(元),售后状态,订单状态,订单成交时间\n1,10,9,10,无售后或售后取消,已收货,2026-06-06 13:41\n"
MARKET = (
    "amazon-order-id\tpurchase-date\torder-status\titem-status\titem-price\n1\t2026-01-01\tShipped\tShipped\t9.00\n"
)
PERSONAL = "交易时间,交易类型,交易对方,商品,收/支,金额(元),当前状态\n2026-03-01 10:00:00,商户消费,某店,茶,支出,¥28.16,支付成功\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SUBSIDISED, "cannot tell who bought. Pinduoduo does not tell shops who bought"),
        (MARKET, "cannot tell who bought. Amazon does not tell sellers who bought"),
        (PERSONAL, "was recognised as WeChat personal bill: a person's bill"),
    ],
)
def test_a_file_that_names_no_customer_is_refused_with_the_reason(tmp_path, text, says):
    with pytest.raises(DataError) as error:
        read(tmp_path, "orders", text)
    assert says in error.value.sentence.say("en")


ANSWERS = """StartDate,Finished,RecordedDate,ResponseId,ExternalReference,Status,Q1,Q2
Start Date,Finished,Recorded Date,Response ID,External Data Reference,Response Type,How likely are you to recommend us?,Why?
"{""ImportId"": ""startDate""}","{""ImportId"": ""finished""}","{""ImportId"": ""recordedDate""}","{""ImportId"": ""_recordId""}","{""ImportId"": ""externalDataReference""}","{""ImportId"": ""status""}","{""ImportId"": ""QID1""}","{""ImportId"": ""QID2""}"
2026-03-01 10:00:00,True,2026-03-01 10:02:01,R_1,C1,IP Address,10,good
2026-03-01 10:00:00,True,2026-03-01 10:02:01,R_2,C2,IP Address,Extremely likely - 10,
2026-03-01 10:00:00,True,2026-03-01 10:02:01,R_3,C3,IP Address,0 - Not at all likely,
2026-03-01 10:00:00,False,2026-03-01 10:02:01,R_4,C4,IP Address,9,
2026-03-01 10:00:00,True,2026-03-01 10:02:01,R_5,C5,Survey Preview,9,
"""


def test_three_rows_of_header_labels_around_the_score_a_trial_and_an_answer_broken_off(tmp_path):
    table = read(tmp_path, "surveys", ANSWERS)
    cleaned = clean.apply(table)
    assert cleaned.valid["score"].tolist() == [10, 10, 0] and cleaned.valid["customer_id"].tolist() == [
        "C1",
        "C2",
        "C3",
    ]
    assert sorted(cleaned.set_aside["rule"]) == ["test_answer", "unfinished"]
    assert any("“Q1 How likely are you to recommend us?”" in n.say("en") for n in table.notes)


def test_a_range_of_scores_is_no_score():
    read = collect.values.scores(pd.Series(["1-2 - very unlikely", "9分", "10分（极有可能）", "7 points"], dtype="str"))
    assert read.values.tolist()[1:] == [9, 10, 7] and read.bad.tolist() == [True, False, False, False]


EVENTS = """event_timestamp,event_name,user_pseudo_id,user_id,ecommerce.transaction_id
1772352000000000,session_start,1.1,,
1772352001000000,view_item,1.1,,
1772352002000000,add_to_cart,1.1,,
1772352003000000,purchase,1.1,u1,T1
1772352004000000,purchase,1.1,u1,T1
"""


def test_a_systems_own_words_for_view_cart_and_buy_and_a_purchase_told_twice(tmp_path):
    table = read(tmp_path, "events", EVENTS)
    assert table.frame["kind"].tolist() == ["session_start", "view", "cart", "buy"]
    assert table.frame["visitor_id"].unique().tolist() == ["1.1"]
    assert any("session_start" in n.say("en") for n in table.notes)


def test_spss_keeps_numbers_and_leaves_blank_what_was_not_answered(tmp_path):
    pyreadstat = pytest.importorskip("pyreadstat", reason="pyreadstat is not installed")
    frame = pd.DataFrame({"customer_id": ["007", "008", "009"], "recommend": [10.0, 0.0, 99.0]})
    path = tmp_path / "answers.sav"
    pyreadstat.write_sav(
        frame,
        str(path),
        column_labels={"recommend": "How likely are you to recommend us?"},
        variable_value_labels={"recommend": {0.0: "Not at all likely", 10.0: "Extremely likely"}},
        missing_ranges={"recommend": [99.0]},
    )
    table = collect.read(path, "surveys")
    assert clean.apply(table).valid["score"].tolist() == [10, 0]
    assert table.frame["customer_id"].tolist() == ["007", "008", "009"]


def test_twin_headers_are_numbered_and_a_merged_cell_is_one_value_for_its_rows(tmp_path):
    table = read(tmp_path, "orders", "order no,customer no,order date,amount,note,note\n1,A,2024-01-05,10,x,y\n")
    assert {"note", "note (2)"} <= set(table.frame)
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["订单编号", "客户编号", "下单时间", "实付金额", "商品名称"],
        ["J1", "K1", "2026-03-01", 110, "壶"],
        [None, None, None, None, "杯"],
        ["J2", "K2", "2026-03-02", 40, "盘"],
    ):
        sheet.append(row)
    for column in "ABCD":
        sheet.merge_cells(f"{column}2:{column}3")
    book.save(tmp_path / "orders.xlsx")
    assert figures(collect.read(tmp_path / "orders.xlsx", "orders")) == (2, 2, 150.00, 150.00)
