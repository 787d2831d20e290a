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
