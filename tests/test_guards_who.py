"""Guards that say who bought and which rows are orders: conclusive, open, absent. Figures worked out by hand."""

import pytest

from course import clean, collect
from course.collect.questions import Asked
from course.errors import DataError
from tests.test_guards import asked, course, net, read

HEAD = "order no,customer no,order date,amount"


def rows(lines, head=HEAD):
    return head + "\n" + "\n".join(lines) + "\n"


def said(table):
    return " | ".join(n.say("en") for n in table.notes)


# --- direction -------------------------------------------------------------------------------------------------------

BOTH_WAYS = ["1,A,2024-01-05,100,{in}", "2,B,2024-01-06,40,{out}", "3,A,2024-01-07,20,{in}"]


def both_ways(header, money_in, money_out):
    return rows([r.format(**{"in": money_in, "out": money_out}) for r in BOTH_WAYS], f"{HEAD},{header}")


@pytest.mark.parametrize(
    ("header", "money_in", "money_out"), [("收/支", "收入", "支出"), ("kind", "Income", "Expense")]
)
def test_expenses_are_no_sales(tmp_path, header, money_in, money_out):
    table = read(tmp_path, both_ways(header, money_in, money_out))
    assert net(table) == (2, 1, 120.00)
    assert f"1 row of {money_out} with 40.00 is no sale" in said(table)
    accounts = clean.apply(table).accounts
    assert accounts["other_direction"]["rows"] == 1 and accounts["other_direction"]["money"] == 40


def test_credit_and_debit_are_asked_about_and_a_sign_settles_them(tmp_path):
    text = both_ways("Type", "Credit", "Debit")
    assert asked(tmp_path, text) == {
        "direction": {
            "Credit": "those of Credit: 120.00 in all",
            "Debit": "those of Debit: 40.00 in all",
            "both": "all of them: 160.00 in all",
        }
    }
    assert net(read(tmp_path, text, answers={"direction": "Debit"})) == (1, 1, 40.00)
    assert net(read(tmp_path, text, answers={"direction": "both"})) == (3, 2, 160.00)
    assert net(read(tmp_path, text.replace(",40,", ",-40,"))) == (2, 1, 120.00)


def test_two_kinds_of_cards_are_no_direction(tmp_path):
    assert net(read(tmp_path, both_ways("card type", "Credit", "Debit"))) == (3, 2, 160.00)


# --- trials ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "real", "trial"),
    [("livemode", "true", "false"), ("is_test", "0", "1"), ("anything", "Live", "Test"), ("测试订单", "否", "是"),
     ("paid with", "card", "(for testing) Bogus Gateway")],
)  # fmt: skip
def test_rows_of_a_trial_are_set_aside(tmp_path, header, real, trial):
    table = read(tmp_path, both_ways(header, real, trial))
    assert net(table) == (2, 1, 120.00) and "1 row is of a trial" in said(table)


def test_a_column_of_yes_and_no_is_no_trial(tmp_path):
    assert net(read(tmp_path, both_ways("gift", "no", "yes"))) == (3, 2, 160.00)


# --- states and refunds under names nobody knows ---------------------------------------------------------------------


def test_a_column_of_states_under_another_name_is_asked_about(tmp_path):
    text = both_ways("Column X", "paid", "cancelled")
    assert asked(tmp_path, text) == {
        "state_in": {
            "Column X": "Column X (paid 2, cancelled 1): 120.00 in 2 rows of sales",
            "none": "none: 160.00 in all",
        }
    }
    assert net(read(tmp_path, text, answers={"state_in": "Column X"})) == (2, 1, 120.00)
    assert net(read(tmp_path, text, answers={"state_in": "none"})) == (3, 2, 160.00)
    assert net(read(tmp_path, both_ways("Column X", "red", "blue"))) == (3, 2, 160.00)


def test_a_column_that_is_the_whole_amount_of_what_was_given_back_is_asked_about(tmp_path):
    text = rows(
        ["1,A,2024-01-05,100,paid,0", "2,B,2024-01-06,40,refunded,40", "3,A,2024-01-07,20,paid,5",
         "4,A,2024-01-08,20,paid,0", "5,A,2024-01-09,20,paid,0"],
        f"{HEAD},status,Column X",
    )  # fmt: skip
    assert asked(tmp_path, text) == {
        "refunds_in": {"Column X": "Column X: 45.00 was given back", "none": "none: 200.00 in all, refunds not known"}
    }
    assert net(read(tmp_path, text, answers={"refunds_in": "Column X"})) == (4, 1, 155.00)
    assert net(read(tmp_path, text, answers={"refunds_in": "none"})) == (4, 1, 160.00)
    assert net(read(tmp_path, text.replace("refunded,40", "refunded,7"))) == (4, 1, 160.00)


# --- which column says who -------------------------------------------------------------------------------------------


def test_an_e_mail_address_says_who_where_the_number_is_masked_or_missing(tmp_path):
    lines = [
        "1,138****0001,2024-01-05,100,a@x.io",
        "2,138****0001,2024-01-06,40,b@x.io",
        "3,139****1,2024-01-07,20,A@x.io",
    ]
    text = rows(lines, f"{HEAD},email")
    table = read(tmp_path, text)
    assert net(table) == (3, 2, 160.00) and "customers are told apart by email" in said(table)
    assert net(read(tmp_path, text.replace("customer no", "till"))) == (3, 2, 160.00)
    with pytest.raises(DataError, match="customer no names no customer: it is masked"):
        read(tmp_path, text.replace("email", "note"))


@pytest.mark.parametrize(
    ("column", "why"),
    [("order no", "it is the number of the order"), ("phone", "it is masked"), ("PAN suffix", "four digits of a card"),
     ("state", "it holds words of state")],
)  # fmt: skip
def test_a_column_that_names_no_customer_is_refused_when_it_is_chosen(tmp_path, column, why):
    line = "N{i},K{four},2024-01-{day:02},10,138****000{four},100{four},{state}"
    states = ("paid", "completed")
    lines = [line.format(i=i, four=i % 4, day=i + 1, state=states[i % 2]) for i in range(12)]
    text = rows(lines, f"{HEAD},phone,PAN suffix,state")
    with pytest.raises(DataError, match=why):
        read(tmp_path, text, mapping={"customer_id": column, "order_id": "order no"})


@pytest.mark.parametrize(
    ("header", "who", "why"),
    [("客户名称", ["王明", "李芳"], "two people may have one name"), ("cashier", ["T1", "T2"], "somebody who sells"),
     ("respondent id", ["R1", "R2"], "the number of an answer")],
)  # fmt: skip
def test_a_name_a_clerk_and_an_answer_are_asked_about_when_chosen(tmp_path, header, who, why):
    text = rows([f"{i},{who[i % 2]},2024-01-0{i + 1},10" for i in range(4)], HEAD.replace("customer no", header))
    with pytest.raises(Asked, match=why):
        read(tmp_path, text, mapping={"customer_id": header})
    assert net(read(tmp_path, text, mapping={"customer_id": header}, answers={"customer": "yes"})) == (4, 2, 40.00)
    with pytest.raises(DataError, match="names no customer"):
        read(tmp_path, text, mapping={"customer_id": header}, answers={"customer": "no"})


def test_as_many_customers_as_orders_and_hardly_any_are_asked_about(tmp_path):
    each = rows([f"N{i},K{i},2024-01-{i % 28 + 1:02},10" for i in range(60)])
    assert list(asked(tmp_path, each)) == ["customer"]
    assert net(read(tmp_path, each, answers={"customer": "yes"})) == (60, 60, 600.00)
    assert net(read(tmp_path, rows([f"N{i},K{i},2024-01-{i + 1:02},10" for i in range(20)]))) == (20, 20, 200.00)
    one = rows([f"N{i},K,2024-{i % 12 + 1:02}-{i % 28 + 1:02},10" for i in range(150)])
    assert list(asked(tmp_path, one)) == ["customer"]


# --- guests ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "guest", ["0", "-1", "00", "guest", "散客", "NOT LOGGED IN", "Walk-in", "xxxxx", "匿名", "Anonymous"]
)
def test_guests_are_no_customer_whatever_stands_for_them(tmp_path, guest):
    lines = [f"{i},{17850 + i % 3},2024-01-{i + 1:02},10" for i in range(9)]
    lines += [f"{i},{guest},2024-01-{i + 1:02},50" for i in range(10, 20)]
    table = read(tmp_path, rows(lines))
    assert net(table) == (9, 3, 90.00)
    assert f"10 rows with 500.00 have {guest} in customer no and belong to nobody" in said(table)


def test_a_nought_among_small_numbers_is_a_customer_like_them_or_is_asked_about(tmp_path):
    counted = [f"{i},{i % 5},2024-01-{i + 1:02},10" for i in range(20)]
    assert net(read(tmp_path, rows(counted))) == (20, 5, 200.00)
    often = [*counted, *(f"9{i},0,2024-02-{i + 1:02},10" for i in range(3))]
    assert list(asked(tmp_path, rows(often))) == ["guests"]
    assert net(read(tmp_path, rows(often), answers={"guests": "nobody"})) == (16, 4, 160.00)
    assert net(read(tmp_path, rows(often), answers={"guests": "customer"})) == (23, 5, 230.00)


# --- nearly the same -------------------------------------------------------------------------------------------------


def test_addresses_in_two_spellings_are_one_customer_and_other_numbers_stay_two(tmp_path):
    table = read(tmp_path, rows(["1,A@x.io,2024-01-05,10", "2,a@X.io,2024-01-06,10", "3,\uff42@x.io,2024-01-07,10"]))
    assert net(table) == (3, 2, 30.00) and "1 e-mail address was written in more than one way" in said(table)
    table = read(
        tmp_path, rows(["1,007,2024-01-05,10", "2,7,2024-01-06,10", "3,c1,2024-01-06,10", "4,C1,2024-01-06,10"])
    )
    assert net(table) == (4, 4, 40.00)
    assert "4 customer numbers differ from another only in case, width or noughts in front" in said(table)
    assert "000 / 0" in said(table) and "A0 / a0" in said(table) and "007" not in said(table)


# --- order numbers that begin again ----------------------------------------------------------------------------------

TWO_SHOPS = ["1001,A,2024-01-05,10,N", "1001,B,2024-02-06,20,S", "1002,C,2024-01-07,30,N", "1002,A,2024-02-08,40,S",
             "1003,C,2024-01-09,50,N"]  # fmt: skip


def test_orders_of_one_number_in_two_shops_are_two(tmp_path):
    table = read(tmp_path, rows(TWO_SHOPS, f"{HEAD},store"))
    assert net(table) == (5, 3, 150.00)
    assert "2 order numbers stand for different orders in different store (1001, 1002)" in said(table)


def test_without_a_shop_it_is_asked_whether_one_number_is_one_order(tmp_path):
    text = rows([line.rsplit(",", 1)[0] for line in TWO_SHOPS])
    assert asked(tmp_path, text) == {
        "order_numbers": {"apart": "no: each customer's is an order, 5 in all", "one": "yes: 3 orders in all"}
    }
    assert net(read(tmp_path, text, answers={"order_numbers": "apart"})) == (5, 3, 150.00)


def test_two_files_that_count_from_one_hold_different_orders(tmp_path):
    for name, shop in (("north.csv", "N"), ("south.csv", "S")):
        lines = [line.rsplit(",", 1)[0] for line in TWO_SHOPS if line.endswith(shop)]
        (tmp_path / name).write_text(rows(lines), encoding="utf-8")
    table = collect.read([tmp_path / "north.csv", tmp_path / "south.csv"], "orders")
    assert net(table) == (5, 3, 150.00)


# --- cells that cannot be read ---------------------------------------------------------------------------------------


def unreadable(n, of=100):
    return rows([f"N{i},K{i % 20},2024-01-{i % 28 + 1:02},{'ask Mary' if i < n else 10}" for i in range(of)])


def test_few_unreadable_cells_are_said_and_many_are_asked_about(tmp_path):
    table = read(tmp_path, unreadable(2))
    assert net(table) == (98, 20, 980.00)
    assert "2 cells of amount (2.0%) cannot be read, such as as* ***y" in said(table)
    assert net(read(tmp_path, unreadable(20)))[2] == 800.00
    text = unreadable(21)
    assert list(asked(tmp_path, text)) == ["unreadable.amount"]
    assert net(read(tmp_path, text, answers={"unreadable.amount": "blank"}))[2] == 790.00
    with pytest.raises(DataError, match="mend the cells of amount"):
        read(tmp_path, text, answers={"unreadable.amount": "mend"})


def page(tmp_path, capsys, text):
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
    out = tmp_path / f"out{len(list(tmp_path.iterdir()))}"
    code, told = course(capsys, "run", "--orders", tmp_path / "orders.csv", "--out", out)
    assert code == 0, told
    return next(out.glob("*.html")).read_text(encoding="utf-8")


def test_some_unreadable_cells_stand_on_page_one_once(tmp_path, capsys):
    some, few = page(tmp_path, capsys, unreadable(5)), page(tmp_path, capsys, unreadable(2))
    assert some.count("5% of the filled cells of amount cannot be read") == 1 and some.count("such as as*") == 1
    assert "of the filled cells of amount cannot be read" not in few and few.count("such as as*") == 1


# --- refunds are said ------------------------------------------------------------------------------------------------


def test_net_of_refunds_is_written_only_where_refunds_were_read(tmp_path, capsys):
    text = unreadable(0)
    plain = page(tmp_path, capsys, text)
    assert "refunds are not in this file" in plain and "net of refunds" not in plain
    with_column = page(tmp_path, capsys, text.replace("amount", "amount,refunded amount").replace(",10\n", ",10,0\n"))
    assert "net of refunds" in with_column and "refunds are not in this file" not in with_column


# --- tables that hardly meet -----------------------------------------------------------------------------------------


def test_tables_whose_customers_hardly_meet_are_warned_of_without_a_name(tmp_path, capsys):
    (tmp_path / "orders.csv").write_text(unreadable(0), encoding="utf-8")
    tickets = "ticket id,customer no,opened at\n" + "".join(f"T{i},mary{i}@x.io,2024-01-03\n" for i in range(12))
    (tmp_path / "tickets.csv").write_text(tickets, encoding="utf-8")
    arguments = ["--orders", tmp_path / "orders.csv", "--tickets", tmp_path / "tickets.csv", "--out", tmp_path / "out"]
    code, _ = course(capsys, "run", *arguments)
    ledger = (tmp_path / "out" / "ledger.json").read_text(encoding="utf-8")
    assert code == 0 and "fewer than half are the same (0%): A0, A00 in the orders" in ledger
    assert "mary" not in ledger
    (tmp_path / "tickets.csv").write_text(tickets.replace("mary", "K").replace("@x.io", ""), encoding="utf-8")
    course(capsys, "run", *arguments[:-1], tmp_path / "two")
    assert "fewer than half" not in (tmp_path / "two" / "ledger.json").read_text(encoding="utf-8")


# --- free goods, open orders -----------------------------------------------------------------------------------------


def test_what_was_free_is_no_defect_where_a_state_says_that_it_was_sold(tmp_path):
    head = f"{HEAD},status,product,quantity,unit price"
    lines = ["1,A,2024-01-05,10,paid,cup,1,10", "1,A,2024-01-05,0,paid,spoon,1,0", "2,B,2024-01-06,0,paid,spoon,1,0"]
    assert net(read(tmp_path, rows(lines, head))) == (2, 2, 10.00)
    assert net(read(tmp_path, rows(lines, head).replace("2,B,2024-01-06,0,", "2,B,2024-01-06,7,"))) == (2, 2, 17.00)
    free = clean.apply(read(tmp_path, rows(["1,A,2024-01-05,10", "2,B,2024-01-06,0"])))
    assert len(free.valid) == 2 and len(free.quarantine) == 0


def test_open_orders_have_a_line_of_their_own(tmp_path):
    text = rows(["1,A,2024-01-05,100,paid", "2,B,2024-01-06,7,pending", "3,B,2024-01-04,5,待付款"], f"{HEAD},status")
    cleaned = clean.apply(read(tmp_path, text))
    assert cleaned.accounts["pending"] == {"rows": 2, "orders": 2, "customers": 1, "money": 12.0}
    assert cleaned.notes[0].say("en") == "2 orders with 12.00 are still open, the oldest of 2024-01-04."


# --- rows that give money back ----------------------------------------------------------------------------------------

TYPED = """transaction,date,customer id,{kind},amount
P1,2024-01-05,A,{sale},100.00
P2,2024-01-06,B,{sale},50.00
P3,2024-01-07,A,{sale},30.00
R1,2024-01-09,A,{back},20.00
"""


@pytest.mark.parametrize(
    ("kind", "sale", "back"),
    [("Type", "Sale", "Refund"), ("单据类型", "销售", "退货"), ("Art", "Verkauf", "Gutschrift")],
)
def test_rows_called_refunds_are_taken_off_though_their_money_is_above_nought(tmp_path, kind, sale, back):
    table = read(tmp_path, TYPED.format(kind=kind, sale=sale, back=back))
    assert net(table) == (3, 2, 160.00)  # 100 + 50 + 30, less 20
    assert any("20.00" in n.say("en") and "taken off" in n.say("en") for n in table.notes)


def test_a_row_called_refund_beside_words_nobody_knows_is_asked_about(tmp_path):
    text = TYPED.format(kind="Type", sale="Walk", back="Refund")
    assert asked(tmp_path, text)["returned_rows"] == {
        "back": "yes, take it off: 160.00 in all",
        "sale": "no, those are sales: 200.00 in all",
    }
    assert net(read(tmp_path, text, answers={"returned_rows": "sale"})) == (4, 2, 200.00)


def test_refunds_below_nought_are_taken_off_once(tmp_path):
    text = TYPED.format(kind="Type", sale="Sale", back="Refund").replace("20.00", "-20.00")
    assert net(read(tmp_path, text)) == (3, 2, 160.00)


STATES = """order no,date,customer id,status,amount,original order id
P1,2024-01-05,A,Paid,100.00,
P2,2024-01-06,B,Paid,50.00,
P3,2024-01-07,A,Paid,30.00,
{last}
"""


@pytest.mark.parametrize(
    ("last", "orders", "money"),
    [
        ("R1,2024-01-09,A,Refund,20.00,P1", 3, 160.00),  # names the order it is money back for
        ("P1,2024-01-09,A,Refund,20.00,", 3, 160.00),  # the number of a larger sale
        ("P4,2024-01-09,A,Refunded,20.00,", 3, 180.00),  # an order of its own that was given back
    ],
)
def test_a_row_in_the_state_of_refunded_is_money_back_or_an_order_given_back(tmp_path, last, orders, money):
    assert net(read(tmp_path, STATES.format(last=last)))[::2] == (orders, money)
