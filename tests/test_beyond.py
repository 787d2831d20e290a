# ruff: noqa: E501 (headers stand as they are exported)
"""Beyond orders: exports of further systems, events, campaigns, surveys and tickets, as people have them.

The files are made up; every expected figure is worked out by hand beside them.
"""

import json

import pandas as pd
import pytest

from course import clean, cli, collect
from course.collect.questions import Asked
from course.errors import DataError


def read(tmp_path, kind, text, name="export.csv", **options):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
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


def said(table):
    return [n.say("en") for n in table.notes]


# --- orders of further systems ---------------------------------------------------------------------------------------

#: Order totals on each row, 10 of order 1 given back; order 3 given back whole, 4 failed, 5 open; users 0 are guests.
WOO = """Order Number,Order Status,Order Date,Email (Billing),Customer User ID,Item #,SKU,Item Name,Quantity,Quantity (- Refund),Item Cost,Order Line Total,Order Refund Amount,Order Total Amount
1,Completed,2026-03-01 10:00,a@x.example,7,1,L,lamp,1,1,30.00,30.00,10.00,55.00
1,Completed,2026-03-01 10:00,a@x.example,7,2,S,shade,2,2,10.00,20.00,10.00,55.00
2,Processing,2026-03-02 10:00,b@x.example,0,1,L,lamp,1,1,30.00,30.00,0.00,35.00
3,Refunded,2026-03-03 10:00,c@x.example,0,1,L,lamp,1,1,30.00,30.00,35.00,35.00
4,Failed,2026-03-04 10:00,c@x.example,0,1,L,lamp,1,1,30.00,30.00,0.00,35.00
5,On hold,2026-03-05 10:00,c@x.example,0,1,L,lamp,1,1,30.00,30.00,0.00,35.00
"""
#: 100 and 60 in, 25 of the first back; 500 taken out to the bank, 40 paid to others, 80 denied, 9 still open.
PAYPAL = """Date,Time,TimeZone,Name,Type,Status,Currency,Gross,Fee,Net,From Email Address,To Email Address,Transaction ID,Reference Txn ID,Balance Impact
01/14/2026,10:00:00,PST,Ann,Express Checkout Payment,Completed,USD,100.00,-3.00,97.00,a@x.example,us@x.example,T1,,Credit
01/15/2026,10:00:00,PST,Bob,Website Payment,Completed,USD,60.00,-2.00,58.00,b@x.example,us@x.example,T2,,Credit
01/16/2026,10:00:00,PST,Ann,Payment Refund,Completed,USD,-25.00,0.00,-25.00,us@x.example,a@x.example,T3,T1,Debit
01/17/2026,10:00:00,PST,,General Withdrawal,Completed,USD,-500.00,0.00,-500.00,,,T4,,Debit
01/18/2026,10:00:00,PST,Shop,General Payment,Completed,USD,-40.00,0.00,-40.00,us@x.example,s@x.example,T5,,Debit
01/19/2026,10:00:00,PST,Cat,Website Payment,Denied,USD,80.00,0.00,80.00,c@x.example,us@x.example,T6,,Credit
01/20/2026,10:00:00,PST,Cat,Website Payment,Pending,USD,9.00,0.00,9.00,c@x.example,us@x.example,T7,,Credit
"""
#: 40 less 5, and 12; a card of four digits and a name stand beside the customer's number.
SQUARE = """Date,Time,Time Zone,Category,Item,Qty,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Payment ID,Event Type,Customer ID,Customer Name,PAN Suffix,Location
2026-07-18,10:00:00,Eastern Time (US & Canada),Tea,Green,2,,$30.00,$0.00,$30.00,$2.00,T1,P1,Payment,C1,Ann,1111,North
2026-07-18,10:00:00,Eastern Time (US & Canada),Cup,Blue,1,,$12.00,-$2.00,$10.00,$1.00,T1,P1,Payment,C1,Ann,1111,North
2026-07-19,11:00:00,Eastern Time (US & Canada),Tea,Green,1,,$12.00,$0.00,$12.00,$1.00,T2,P2,Payment,C2,Ann,1111,North
2026-07-20,11:00:00,Eastern Time (US & Canada),Cup,Blue,-1,,-$5.00,$0.00,-$5.00,$0.00,T3,P3,Refund,C1,Ann,1111,North
"""
#: Total of the order on its first row; 1 less 15 given back, 2 whole, 3 voided.
MATRIXIFY = """ID,Name,Number,Created At,Currency,Price: Total,Price: Total Refund,Payment: Status,Customer: ID,Customer: Email,Line: Type,Line: SKU,Line: Title,Line: Quantity,Line: Price
901,#1,1,2026-03-01 10:00:00 +0100,EUR,75.00,15.00,partially_refunded,501,a@x.example,Line Item,L,lamp,1,50.00
901,#1,1,,,,,,,,Line Item,S,shade,2,12.50
902,#2,2,2026-03-02 10:00:00 +0100,EUR,20.00,,paid,502,b@x.example,Line Item,S,shade,1,20.00
903,#3,3,2026-03-03 10:00:00 +0100,EUR,33.00,,voided,503,c@x.example,Line Item,S,shade,1,33.00
"""
STRIPE = """id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,Converted Amount Refunded,Converted Currency,Status,Customer ID,Customer Email,Captured
ch_1,tea,Payment complete.,2026-03-01 10:00,100.00,20.00,eur,110.00,22.00,usd,Paid,cus_1,a@x.example,true
ch_2,tea,Payment complete.,2026-03-02 10:00,50.00,50.00,eur,55.00,55.00,usd,Refunded,cus_1,a@x.example,true
ch_3,tea,The bank declined.,2026-03-03 10:00,50.00,0.00,eur,55.00,0.00,usd,Failed,cus_2,b@x.example,false
ch_4,tea,Payment complete.,2026-03-04 10:00,30.00,0.00,usd,30.00,0.00,usd,Paid,,B@x.example,true
"""
AMAZON = """order-id\torder-item-id\tpurchase-date\tpayments-date\tbuyer-email\tbuyer-name\tsku\tproduct-name\tquantity-purchased\tcurrency\titem-price\titem-tax\tshipping-price
1-1\t11\t2026-03-01T10:00:00+00:00\t2026-03-01T10:00:00+00:00\tq1@marketplace.amazon.example\tAnn\tL\tlamp\t2\tUSD\t40.00\t4.00\t5.00
1-1\t12\t2026-03-01T10:00:00+00:00\t2026-03-01T10:00:00+00:00\tq1@marketplace.amazon.example\tAnn\tS\tshade\t1\tUSD\t10.00\t1.00\t0.00
1-2\t13\t2026-03-02T10:00:00+00:00\t2026-03-02T10:00:00+00:00\tq2@marketplace.amazon.example\tBob\tS\tshade\t1\tUSD\t10.00\t1.00\t5.00
"""
YOUZAN = """订单号,订单状态,订单创建时间,买家付款时间,买家昵称,买家手机号,商品名称,商品单价,商品数量,商品实际成交金额,商品已退款金额
E1,交易完成,2026-03-01 10:00:00,2026-03-01 10:01:00,微信用户,13900000001,壶,80.00,1,75.00,0.00
E1,交易完成,2026-03-01 10:00:00,2026-03-01 10:01:00,微信用户,13900000001,杯,10.00,2,18.00,9.00
E2,交易关闭,2026-03-02 10:00:00,,微信用户,13900000002,杯,10.00,1,10.00,0.00
E3,待发货,2026-03-03 10:00:00,2026-03-03 10:01:00,微信用户,13900000002,盘,30.00,1,30.00,0.00
"""
#: Four deals won by two accounts, whose numbers differ by the case of their last letter alone; the footer is no deal.
SALESFORCE = """"Opportunity Name","Account Name","Account ID","Stage","Amount","Close Date","Opportunity ID"
"Deal 1","North","001xx000003DGbE","Closed Won","USD 12,000.00","1/15/2026","006A"
"Deal 2","North","001xx000003DGbE","Closed Won","USD 3,000.00","1/20/2026","006B"
"Deal 3","South","001xx000003DGbe","Closed Won","USD 500.00","2/28/2026","006C"
"Deal 4","South","001xx000003DGbe","Closed Lost","USD 9,000.00","2/3/2026","006D"
"Deal 5","South","001xx000003DGbe","Negotiation","USD 7,000.00","6/30/2026","006E"

"Grand Totals (5 records)"
"Confidential Information - Do Not Distribute"
"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."
"""
#: No column of companies: the contacts stand for them, of several the first.
DEALS = """Record ID,Deal Name,Deal Stage,Amount,Close Date,Deal owner,Associated Contact IDs
1,One,Closed Won,100,2026-03-01 10:00,Rep,801;802
2,Two,closedwon,50,2026-03-02 10:00,Rep,801
3,Three,Closed Lost,900,2026-03-03 10:00,Rep,802
4,Four,Contract Sent,70,2026-09-01 10:00,Rep,802
"""
#: Old header of the merchant bill: 总金额.
BILL = """交易时间,公众账号ID,商户号,微信订单号,商户订单号,用户标识,交易类型,交易状态,货币种类,总金额,退款金额
`2026-03-01 10:00:00,`wx1,`m,`w1,`S1,`openA,`JSAPI,`SUCCESS,`CNY,`100.00,`0.00
`2026-03-02 10:00:00,`wx1,`m,`w2,`S2,`openB,`JSAPI,`SUCCESS,`CNY,`40.00,`0.00
`2026-03-03 10:00:00,`wx1,`m,`w3,`S1,`openA,`JSAPI,`REFUND,`CNY,`0.00,`30.00
"""
STATEMENT = """Date,Time,Time Zone,Description,Currency,Gross,Fee,Net,Balance,Transaction ID,From Email Address,Name,Reference Txn ID
14/01/2026,10:00:00,CET,Express Checkout Payment,EUR,"1.250,00","-3,00","1.247,00","1.247,00",T1,a@x.example,Ann,
15/01/2026,10:00:00,CET,Website Payment,EUR,"60,50","-2,00","58,50","1.305,50",T2,b@x.example,Bob,
16/01/2026,10:00:00,CET,Payment Refund,EUR,"-50,00","0,00","-50,00","1.255,50",T3,us@x.example,Ann,T1
"""
MINI = [
    {
        "order_id": f"37{i}",
        "openid": openid,
        "status": status,
        "create_time": 1772352000 + 86400 * i,
        "order_detail": {"price_info": {"order_price": cents}},
    }
    for i, (openid, status, cents) in enumerate(
        [("oA", 100, 12_345), ("oB", 20, 5_000), ("oB", 10, 700), ("oA", 250, 900), ("oA", 200, 1_100)]
    )
]

ORDERS = {
    "woocommerce_items": (WOO, (2, 2, 90.00, 80.00)),
    "paypal": (PAYPAL, (2, 2, 160.00, 135.00)),
    "paypal_statement": (STATEMENT, (2, 2, 1310.50, 1260.50)),
    "square_items": (SQUARE, (2, 2, 52.00, 47.00)),
    "matrixify": (MATRIXIFY, (2, 2, 95.00, 80.00)),
    "stripe_older": (STRIPE, (2, 2, 140.00, 118.00)),
    "amazon_order_report": (AMAZON, (2, 2, 70.00, 70.00)),
    "youzan_lines": (YOUZAN, (2, 2, 123.00, 114.00)),
    "salesforce": (SALESFORCE, (3, 2, 15_500.00, 15_500.00)),
    "hubspot_deals": (DEALS, (2, 1, 150.00, 150.00)),
    "wechat_merchant_bill": (BILL, (2, 2, 140.00, 110.00)),
    "wechat_shop": (json.dumps(MINI), (2, 2, 173.45, 173.45)),
}


@pytest.mark.parametrize("name", ORDERS)
def test_orders_of_further_systems_are_read_as_they_mean_them(tmp_path, name):
    text, expected = ORDERS[name]
    table = read(tmp_path, "orders", text, "export.json" if text.startswith("[") else "export.csv")
    assert any("was recognised as" in s for s in said(table))
    assert figures(table) == expected


def test_money_paid_to_others_is_no_return(tmp_path):
    table = read(tmp_path, "orders", PAYPAL)
    assert table.frame.loc[table.frame["order_id"].isin(["T4", "T5"]), "status"].tolist() == ["other_direction"] * 2


#: Received 10 and 30; 20 refunded whole, 5 cancelled.
PINDUODUO = """商品,订单号,订单状态,商品总价(元),用户实付金额(元),商家实收金额(元),商品数量(件),售后状态,订单成交时间
茶,1,已收货,12,9,"10.00\t",1,无售后或售后取消,2026/6/6 13:41
茶,2,已发货，待签收,30,30,"30.00\t",1,无售后或售后取消,2026/6/7 13:41
杯,3,未发货，退款成功,20,20,"20.00\t",1,退款成功,2026/6/8 13:41
杯,4,已取消,5,5,"5.00\t",1,无售后或售后取消,2026/6/9 13:41
"""
#: Two lines of one order, 15 and 20; 8 given back, 9 never paid.
DOUYIN = """主订单编号,子订单编号,选购商品,商品数量,订单应付金额,收件人,收件人手机号,订单提交时间,订单状态,达人ID,售后状态
"\t691","\t1",茶,1,15.00,##密文,$$密文,2026-06-06 13:41:00,已完成,55,-
"\t691","\t2",杯,1,20.00,##密文,$$密文,2026-06-06 13:41:00,已完成,55,-
"\t692","\t3",杯,1,8.00,##密文,$$密文,2026-06-07 13:41:00,已完成,55,退款成功
"\t693","\t4",杯,1,9.00,##密文,$$密文,2026-06-08 13:41:00,待支付,55,-
"""
#: The lines of order 2 are one sold (9) and one cancelled; order 3 waits.
MARKET = """amazon-order-id\tpurchase-date\torder-status\titem-status\tsku\tproduct-name\tquantity\tcurrency\titem-price\tshipping-price
1\t2026-01-01T10:00:00+00:00\tShipped\tShipped\tL\tlamp\t2\tUSD\t30.00\t4.00
2\t2026-01-02T10:00:00+00:00\tShipped\tShipped\tS\tshade\t1\tUSD\t9.00\t
3\t2026-01-03T10:00:00+00:00\tPending\t\tS\tshade\t1\tUSD\t\t
"""


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (PINDUODUO, "It holds 2 orders that count, 40.00 in all; most by 茶."),
        (DOUYIN, "It holds 1 order that counts, 35.00 in all; most by 杯, 茶."),
        (MARKET, "It holds 2 orders that count, 43.00 in all; most by lamp, shade."),
        (AMAZON.replace("q1@marketplace.amazon.example", "").replace("q2@marketplace.amazon.example", ""), "70.00 in"),
    ],
    ids=["pinduoduo", "douyin", "amazon", "amazon without buyers"],
)
def test_a_file_that_does_not_tell_who_bought_is_refused_with_its_totals(tmp_path, text, says):
    with pytest.raises(DataError) as error:
        read(tmp_path, "orders", text)
    assert "cannot tell who bought" in error.value.sentence.say("en") and says in error.value.sentence.say("en")
    assert "无法说明是谁买的" in error.value.sentence.say("zh")


REFUSED = {
    "Woo Analytics": "Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s)\n2026-03-01,1,$9.00,completed,Ann,new,lamp\n",
    "GA4 report": "# ----\n# Traffic\n# ----\n\nSession primary channel group (Default Channel Group),Sessions,Engaged sessions\n,90,40\nDirect,60,30\nEmail,30,10\n",
    "GA4 events report": "Event name,Event count,Total users\npurchase,4,3\npage_view,9,5\n",
}


@pytest.mark.parametrize("name", REFUSED)
def test_sums_and_names_are_recognised_in_order_to_refuse_them(tmp_path, name):
    for kind in ("orders", "events"):
        with pytest.raises(DataError, match="was recognised as"):
            read(tmp_path, kind, REFUSED[name])


def test_lines_of_taobao_have_their_goods_and_customers_of_shopify_their_address(tmp_path):
    lines = '"订单编号","标题","价格","购买数量","外部系统编号","商品属性"\n="351",茶,20.00,2,A1,红,\n="351",杯,5.00,1,A2,蓝,\n'
    table = read(tmp_path, "order_lines", lines)
    assert table.frame["order_id"].tolist() == ["351", "351"] and table.frame["product_id"].tolist() == ["A1", "A2"]
    people = "First Name,Last Name,Email,Default Address City,Phone,Total Spent,Total Orders,Tags\nAnn,X,A@x.example,Oslo,,9.00,1,\nBob,Y,,Rome,'+15550001,5.00,1,\n"
    table = read(tmp_path, "customers", people)
    assert table.frame["customer_id"].tolist() == ["a@x.example", "+15550001"]
    assert table.frame["city"].tolist() == ["Oslo", "Rome"]


# --- events ----------------------------------------------------------------------------------------------------------

WORDS = {
    "segment": ("Product Viewed", "Product Added", "Order Completed"),
    "shopify": ("product_viewed", "product_added_to_cart", "checkout_completed"),
    "sensors": ("浏览商品", "加入购物车", "支付订单"),
    "mixpanel": ("$mp_page_view", "Added to Cart", "Purchase"),
    "matomo": ("Ecommerce Product View", "Ecommerce Cart Update", "Ecommerce Order"),
}


@pytest.mark.parametrize("tool", WORDS)
def test_the_words_of_many_tools_for_view_cart_and_buy(tmp_path, tool):
    view, cart, buy = WORDS[tool]
    text = "user id,time,event\n" + "".join(
        f"u1,2026-03-01 10:0{i}:00,{w}\n" for i, w in enumerate((view, cart, buy, "Login"))
    )
    table = read(tmp_path, "events", text)
    assert table.frame["kind"].tolist() == ["view", "cart", "buy", "Login"]
    assert f"Events read as buy: {buy} (1)." in said(table)
    assert "Events that are neither view, cart nor buy: Login (1)." in said(table)


def test_a_page_is_no_second_view_of_a_product_and_an_order_placed_no_second_purchase(tmp_path):
    words = ["page_view", "view_item", "提交订单", "支付订单"]
    text = "user id,time,event\n" + "".join(f"u1,2026-03-01 10:0{i}:00,{w}\n" for i, w in enumerate(words))
    table = read(tmp_path, "events", text)
    assert table.frame["kind"].tolist() == ["page", "view", "提交订单", "buy"]
    assert any("page_view (1)" in s for s in said(table))
    alone = read(tmp_path, "events", text.replace("view_item", "x").replace("支付订单", "y"))
    assert alone.frame["kind"].tolist() == ["view", "x", "buy", "y"]


#: T1 30 sent twice; T2 20 of which 5 come back; T3 15 by nobody known; T4 8 by a visitor who is u1 elsewhere.
CLICKS = """event_timestamp,event_name,user_pseudo_id,user_id,ecommerce.transaction_id,ecommerce.purchase_revenue,ecommerce.refund_value
1772352000000000,view_item,1.1,u1,,,
1772352003000000,purchase,1.1,u1,T1,30.0,
1772352004000000,purchase,1.1,u1,T1,30.0,
1772438400000000,purchase,2.2,u2,T2,20.0,
1772438500000000,refund,2.2,u2,T2,20.0,5.0
1772438600000000,purchase,3.3,,T3,15.0,
1772438700000000,purchase,1.1,,T4,8.0,
"""


def test_purchases_among_events_are_the_orders_where_none_are_given(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(CLICKS, encoding="utf-8")
    tables = collect.gather({"events": [path]})
    assert figures(tables["orders"]) == (3, 2, 58.00, 53.00)
    assert "4 purchases among the events became orders; 1 of them names no buyer." in said(tables["events"])
    orders = tmp_path / "orders.csv"
    orders.write_text(
        "order no,customer no,order date,amount\nT1,u1,2026-03-01,30\nT2,u2,2026-03-02,20\n", encoding="utf-8"
    )
    tables = collect.gather({"events": [path], "orders": [orders]})
    assert figures(tables["orders"]) == (2, 2, 50.00, 50.00)
    assert any("4 purchases among the events were not counted once more" in s for s in said(tables["events"]))


def test_purchases_of_any_tool_are_orders_with_their_number_money_and_refunds(tmp_path):
    """S1 30, once though it was placed before it was paid; S2 20, all of it given back."""
    path = tmp_path / "events.csv"
    path.write_text(
        "用户id,事件时间,事件名称,订单编号,订单金额\nu1,2026-03-01 10:01:00,提交订单,S1,30\n"
        "u1,2026-03-01 10:02:00,支付订单,S1,30\nu2,2026-03-02 10:02:00,支付订单,S2,20\n"
        "u2,2026-03-03 10:02:00,退款,S2,20\n",
        encoding="utf-8",
    )
    assert figures(collect.gather({"events": [path]})["orders"]) == (1, 1, 30.00, 30.00)


def test_money_of_two_currencies_among_purchases_is_asked(tmp_path):
    path = tmp_path / "events.csv"
    text = "user id,time,event,order id,revenue,currency\n"
    path.write_text(
        text + "u1,2026-03-01 10:00,purchase,1,9,EUR\nu2,2026-03-01 11:00,purchase,2,900,JPY\n", encoding="utf-8"
    )
    with pytest.raises(Asked) as asked:
        collect.gather({"events": [path]})
    assert [q.key for q in asked.value.questions] == ["currency"]


def test_where_nobody_signs_in_a_visitor_stands_for_a_buyer_and_it_is_said(tmp_path):
    path = tmp_path / "events.csv"
    path.write_text(CLICKS.replace("u1", "").replace("u2", ""), encoding="utf-8")
    tables = collect.gather({"events": [path]})
    assert figures(tables["orders"]) == (4, 3, 73.00, 68.00)
    assert any("a visitor (a browser) stands for a buyer" in s for s in said(tables["events"]))


def ledger(tmp_path, *arguments):
    out = tmp_path / "out"
    assert cli.main(["run", *map(str, arguments), "--out", str(out), "--lang", "en"]) == 0
    return json.loads((out / "ledger.json").read_text(encoding="utf-8")), (out / "report.html").read_text(
        encoding="utf-8"
    )


def test_a_funnel_of_events_alone_and_one_that_cannot_be_made(tmp_path):
    path = tmp_path / "events.csv"
    rows = [("v1", "view"), ("v1", "cart"), ("v1", "buy"), ("v2", "view"), ("v3", "view"), ("v3", "cart")]
    lines = [f"{v}{n},2026-03-01 10:0{i}:00,{k}\n" for n in range(10, 20) for i, (v, k) in enumerate(rows)]
    path.write_text("visitor id,time,event\n" + "".join(lines), encoding="utf-8")
    found, _ = ledger(tmp_path, "--events", path)
    per_user = [r["reached"] for r in found["findings"]["visits"]["funnel"] if r["per"] == "user"]
    assert per_user == [30, 20, 10]
    path.write_text(path.read_text(encoding="utf-8").replace(",buy", ",login"), encoding="utf-8")
    again = tmp_path / "again"
    again.mkdir()
    found, page = ledger(again, "--events", path)
    assert "funnel" not in found["findings"]["visits"]
    assert "view, cart, buy: the events name no buy" in page


# --- campaigns -------------------------------------------------------------------------------------------------------


def trial(arms, outcome="converted", head="group"):
    """{arm: (people, of whom so many did it)} as the file of a campaign."""
    rows = [(a, 1 if i < k else 0) for a, (n, k) in arms.items() for i in range(n)]
    return f"customer id,campaign,{head},{outcome}\n" + "".join(
        f"C{i:04},spring,{a},{y}\n" for i, (a, y) in enumerate(rows)
    )


@pytest.mark.parametrize("name", ["对照组", "holdout", "ctrl", "Holdout_10pct", "SMS 空白组", "Control"])
def test_a_control_that_is_called_one_is_said_and_not_asked(tmp_path, name):
    table = read(tmp_path, "campaigns", trial({name: (20, 2), "mail": (30, 9)}))
    assert int(table.frame["is_control"].sum()) == 20
    assert any(f"left out as the control: “{name}” (20 of 50 rows)" in s for s in said(table))


def test_an_arm_that_says_it_is_no_control_is_none(tmp_path):
    table = read(tmp_path, "campaigns", trial({"non-control": (5, 2), "control": (4, 1)}))
    assert int(table.frame["is_control"].sum()) == 4


@pytest.mark.parametrize(("arms", "first"), [(("A", "B"), "A"), (("0", "1"), "0"), (("mail", "phone"), "phone")])
def test_a_control_that_nothing_names_is_asked_by_showing_the_arms(tmp_path, arms, first):
    text = trial({arms[0]: (40, 4), arms[1]: (30, 9)})
    with pytest.raises(Asked) as asked:
        read(tmp_path, "campaigns", text)
    (question,) = asked.value.questions
    assert question.key == "control" and question.readings[0].answer == first
    shown = {r.answer: r.says.say("en") for r in question.readings}
    assert shown[arms[0]] == f"left out: “{arms[0]}”, 40 rows, converted 0.100 on average"
    assert int(read(tmp_path, "campaigns", text, answers={"control": arms[1]}).frame["is_control"].sum()) == 30
    assert not read(tmp_path, "campaigns", text, answers={"control": "none"}).frame["is_control"].any()


@pytest.mark.parametrize(
    ("head", "values", "left"), [("is holdout", "10", 20), ("treated", "01", 20), ("是否对照组", "是否", 20)]
)
def test_a_column_of_yes_and_no_says_who_was_left_out(tmp_path, head, values, left):
    table = read(tmp_path, "campaigns", trial({values[0]: (20, 2), values[1]: (30, 9)}, head=head))
    assert int(table.frame["is_control"].sum()) == left


def test_outcomes_of_the_campaigns_own_file_three_arms_and_the_planned_share(tmp_path):
    """25 of 100 against 10 of 100: 15 points, 4.5 to 25.3 (Newcombe's method 10); the second arm as the control."""
    path = tmp_path / "sent.csv"
    path.write_text(trial({"holdout": (100, 10), "mail": (100, 25), "sms": (100, 10)}), encoding="utf-8")
    found, page = ledger(tmp_path, "--campaigns", path, "--answer", "share=33.3%")
    mail, sms = found["findings"]["campaign_outcomes"]
    assert (mail["treatment"], mail["control"], mail["verdict"]) == (0.25, 0.1, "higher")
    assert [round(100 * mail[k], 1) for k in ("low", "high")] == [4.5, 25.3]
    assert (sms["difference"], sms["verdict"]) == (0, "not shown") and mail["ratio_p"] > 0.9
    assert "What campaigns changed" in page
    lost = tmp_path / "lost"
    lost.mkdir()
    found, _ = ledger(lost, "--campaigns", path, "--answer", "share=10%")
    assert {r["verdict"] for r in found["findings"]["campaign_outcomes"]} == {"withheld"}


def test_who_was_left_out_was_reached_by_nothing(tmp_path):
    path = tmp_path / "sent.csv"
    path.write_text(trial({"control": (3, 1), "mail": (3, 1)}), encoding="utf-8")
    ledger(tmp_path, "--campaigns", path)
    portraits = pd.read_csv(tmp_path / "out" / "portraits.csv", dtype={"customer_id": "str"})
    assert portraits["campaigns"].tolist() == [0, 0, 0, 1, 1, 1]


# --- surveys ---------------------------------------------------------------------------------------------------------


def answers(header, scores):
    return f"customer id,date,{header}\n" + "".join(f"K{i},2026-03-{i + 1:02},{s}\n" for i, s in enumerate(scores))


FIVE = [5, 5, 4, 3, 2, 5, 1, 4]


@pytest.mark.parametrize(
    ("header", "scores", "scale"),
    [
        ("How likely are you to recommend us?", [10, 9, 8, 0, 7, 10], "0-10"),
        ("How likely are you to recommend us? (0-10)", [4, 5, 3, 5, 4, 5], "0-10"),
        ("推荐意愿（1-5分）", FIVE, "1-5"),
        ("您对服务满意吗？", FIVE, "1-5"),
        ("How satisfied are you? 1 to 7", FIVE, "1-7"),
        ("满意度（0-10）", [10, 9, 8, 0, 7, 10], "csat 0-10"),
        ("Customer satisfaction", [80, 95, 100, 30, 60, 0], "0-100"),
    ],
)
def test_the_scale_is_found_from_values_and_text(tmp_path, header, scores, scale):
    assert set(read(tmp_path, "surveys", answers(header, scores)).frame["scale"]) == {scale}


@pytest.mark.parametrize(
    ("scores", "likely"),
    [(FIVE, "1-5"), ([7, 6, 1, 2, 6, 7], "1-7"), ([0, 1, 1, 1, 0], "0-1"), ([*range(1, 12)] * 2, "1-11")],
)
def test_a_scale_that_text_leaves_open_is_asked(tmp_path, scores, likely):
    with pytest.raises(Asked) as asked:
        read(tmp_path, "surveys", answers("score", scores))
    (question,) = asked.value.questions
    assert question.key == "scale" and [r.answer for r in question.readings] == [likely, "0-10"]


def test_one_to_five_gives_satisfaction_and_makes_nobody_a_detractor(tmp_path):
    """Five of eight are 4 or 5; the mean is 29 / 8."""
    path = tmp_path / "s.csv"
    path.write_text(answers("How satisfied are you?", FIVE), encoding="utf-8")
    found, page = ledger(tmp_path, "--surveys", path)
    (one,) = found["findings"]["satisfaction"]
    assert (one["n"], one["top"], one["share"], one["mean"]) == (8, 4, 0.625, 3.625)
    assert "nps" not in found["findings"] and "This is satisfaction, no NPS" in page
    assert "survey_score" not in pd.read_csv(tmp_path / "out" / "portraits.csv")


def test_typeform_tencent_and_google_find_question_person_and_time(tmp_path):
    typeform = (
        "#,How likely are you to recommend us?,customer_id,Response Type,Submit Date (UTC),Network ID,Tags\n"
        + "".join(
            f"r{i},{s},K{i},{kind},2026-03-0{i + 1} 10:00:00,n{i},\n"
            for i, (s, kind) in enumerate([(10, "completed"), (9, "completed"), (2, "completed"), (1, "started")])
        )
    )
    valid = clean.apply(read(tmp_path, "surveys", typeform)).valid
    assert valid["score"].tolist() == [10, 9, 2] and valid["customer_id"].tolist() == ["K0", "K1", "K2"]
    tencent = "编号,开始答题时间,结束答题时间,答题时长,用户标识,昵称,自定义字段,您向朋友推荐我们的可能性有多大？\n1,2026-03-01 10:00:00,2026-03-01 10:02:00,120,u1,微信用户,K1,10\n2,2026-03-01 10:00:00,2026-03-02 10:02:00,118,u2,微信用户,,0\n"
    table = read(tmp_path, "surveys", tencent)
    assert table.frame["score"].tolist() == [10, 0] and table.frame["customer_id"].tolist() == ["K1", "u2"]
    google = "Timestamp,Email Address,How likely are you to recommend us to a friend?\n2026/03/11 2:05:01 PM GMT+8,A@x.example,10\n2026/03/12 2:05:01 PM GMT+8,b@x.example,3\n"
    table = read(tmp_path, "surveys", google)
    assert any("Google Forms" in s for s in said(table)) and table.frame["score"].tolist() == [10, 3]
    assert table.frame["answered_at"].iloc[0] == pd.Timestamp("2026-03-11 14:05:01")


# --- tickets ---------------------------------------------------------------------------------------------------------

#: Ticket 4 was deleted; 1 and 2 took 2 and 6 hours, 3 is open. Two good, one bad; Offered is no answer.
ZENDESK = """Summation column,Id,Requester,Requester id,Requester external id,Requester email,Status,Created at,Solved at,Subject,Satisfaction Score
1,11,Ann,9001,K1,a@x.example,Closed,2026-03-01 10:00,2026-03-01 12:00,late,Good
1,12,Bob,9002,,b@x.example,Solved,2026-03-02 10:00,2026-03-02 16:00,broken,Bad
1,13,Ann,9001,K1,a@x.example,Open,2026-03-03 10:00,,late,Offered
1,14,Cat,9003,K3,c@x.example,Deleted,2026-03-03 10:00,,spam,
1,15,Dan,9004,K4,d@x.example,Closed,2026-03-04 10:00,2026-03-04 14:00,late,Good
"""
CASES = """Case Number,Account ID,Subject,Status,Date/Time Opened,Date/Time Closed,Case Owner,CSAT
001,001DE,late,Closed,3/1/2026 10:00 AM,3/1/2026 12:00 PM,Rep,5
002,001De,late,Closed,3/14/2026 10:00 AM,3/14/2026 4:00 PM,Rep,4
003,001De,late,New,3/15/2026 10:00 AM,,Rep,
004,001DE,late,Closed,3/16/2026 10:00 AM,3/16/2026 2:00 PM,Rep,1
"""
HUBSPOT = """Ticket ID,Ticket name,Pipeline,Ticket status,Create date,Close date,Ticket owner,Associated Contact IDs
1,late,Support,Closed,2026-03-01 10:00,2026-03-01 12:00,Rep,801;802
2,late,Support,New,2026-03-02 10:00,,Rep,801
"""
CHINESE = "工单号,客户编号,创建时间,解决时间,问题类型,工单状态,满意度\n1,K1,2026-03-01 10:00,2026-03-01 12:00,物流,已解决,非常满意\n2,K2,2026-03-02 10:00,,质量,处理中,\n3,K2,2026-03-03 10:00,2026-03-03 14:00,质量,已解决,不满意\n"


@pytest.mark.parametrize(
    ("text", "tickets", "customers", "still_open", "hours", "said"),
    [
        (ZENDESK, 4, 3, 1, 4.0, (3, 2 / 3)),
        (CASES, 4, 2, 1, 4.0, (3, 2 / 3)),
        (HUBSPOT, 2, 1, 1, 2.0, None),
        (CHINESE, 3, 2, 1, 3.0, (2, 0.5)),
    ],
    ids=["zendesk", "salesforce", "hubspot", "chinese"],
)
def test_tickets_opened_closed_and_content(tmp_path, text, tickets, customers, still_open, hours, said):
    path = tmp_path / "tickets.csv"
    path.write_text(text, encoding="utf-8")
    found, page = ledger(tmp_path, "--tickets", path)
    service = found["findings"]["service"]
    assert [service[k] for k in ("tickets", "customers", "still_open", "hours")] == [
        tickets,
        customers,
        still_open,
        hours,
    ]
    assert (service.get("satisfaction") and (service["satisfaction"]["n"], service["satisfaction"]["share"])) == (
        said and (said[0], pytest.approx(said[1]))
    )
    assert "What customers asked the service for" in page


def test_no_words_of_service_are_a_score():
    from course import nps

    found, strange = nps.service_satisfaction(pd.Series(["Good", "Bad", "Not Offered", "weird", None]))
    assert (found.n, found.share, found.most) == (2, 0.5, 1) and strange == ["weird"]
