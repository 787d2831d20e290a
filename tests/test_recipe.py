"""The recipe of a run, forms of one's own and the currency, at the command line.

A recipe that a run wrote makes the same run again; what has changed since is a question, and never a surprise.
"""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
import yaml

from course import cli, forms, recipe, result
from course.errors import DataError

JANUARY = """order no,customer no,order date,Net total,state
1,A,2024-01-05,20.00,paid
2,B,2024-01-06,30.00,paid
3,A,2024-01-09,1.00,On its way
4,C,2024-01-10,40.00,paid
5,D,2024-01-11,50.00,cancelled
"""


def course(*arguments):
    return cli.main([*map(str, arguments), "--lang", "en"])


def told(capsys):
    """What the command line said on stderr, without the steps of the work."""
    lines = capsys.readouterr().err.splitlines()
    return [line for line in lines if not line.endswith(" …") and not line.startswith("  orders:")]


def written(folder, name, text):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.fixture(scope="module")
def january(tmp_path_factory):
    """A result whose amount had to be named, and one of whose states nobody knows (1.00 of 141.00)."""
    home = tmp_path_factory.mktemp("shop [1]")
    file = written(home / "exports", "orders.csv", JANUARY)
    assert course("run", "--orders", file, "--map", "amount=Net total", "--out", home / "january") == 0
    return home / "january"


def changed(january, text, name="orders.csv"):
    """The recipe with its file replaced: what next month's export looks like."""
    home = january.parent / f"next {abs(hash((text, name)))}"
    written(home / "exports", name, text)
    written(home / "january", "recipe.yaml", (january / "recipe.yaml").read_text(encoding="utf-8"))
    return home / "january" / "recipe.yaml"


# --- what a run writes -----------------------------------------------------------------------------------------------


def test_a_run_writes_what_was_chosen_and_what_was_found(january):
    content = yaml.safe_load((january / "recipe.yaml").read_text(encoding="utf-8"))
    assert content == {
        "inputs": {"orders": "../exports/orders.csv"},
        "columns": {
            "orders": {
                "order_id": "order no",
                "customer_id": "customer no",
                "ordered_at": "order date",
                "amount": "Net total",
                "status": "state",
            }
        },
        "states": {"On its way": "sale?", "cancelled": "not_a_sale", "paid": "sale"},
        "horizon": 52,
        "lang": "en",
    }


def test_the_same_again_from_another_folder_gives_the_same_bytes(january, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    again = january.parent / "again"
    monkeypatch.setenv("COURSE_LANG", "zh")  # the recipe has its language
    assert cli.main(["run", str(january / "recipe.yaml"), "--out", str(again)]) == 0
    for name in (
        "portraits.parquet",
        "portraits.csv",
        "portraits.xlsx",
        "quarantine.csv",
        "report.html",
        "recipe.yaml",
    ):
        assert (again / name).read_bytes() == (january / name).read_bytes(), name


def test_no_person_no_password_and_no_path_of_the_machine_is_in_it(january):
    text = (january / "recipe.yaml").read_text(encoding="utf-8")
    assert str(january.parent) not in text and os.sep + "tmp" not in text
    address = "postgresql://shop:secret@db.example:5432/sales::public.orders"
    assert recipe.relative(address, january) == "postgresql://shop@db.example:5432/sales::public.orders"
    assert recipe.absolute(address, str(january)) == address


def test_every_choice_is_written_and_comes_back(tmp_path):
    found = recipe.Recipe(
        inputs={"orders": [str(tmp_path / "a*.csv"), str(tmp_path / "shop.db::orders")], "order_lines": ["s3://x/y"]},
        columns={"orders": [recipe.Layout({"amount": "No", "customer_id": "1"}), recipe.Layout({}, "own", ("a", "b"))]},
        blanks={"score": ["11", "99"]},
        states={"Ja": "sale", "2024-01-01": "sale?"},
        answers={"money": "order", "column.orders.x": "yes"},
        currency="CNY",
        tags=str(tmp_path / "tags.yaml"),
        form=str(tmp_path / "forms.yaml"),
        encoding="gb18030",
        date_order="dmy",
        key=str(tmp_path / "key"),
        horizon=26,
        lang="zh",
        provisional=True,
        explorer="shared",
    )
    text = recipe.dump(found, tmp_path / "out", "2024-01-31")
    assert recipe.load(written(tmp_path / "out", "recipe.yaml", text)) == found
    assert "--as-of 2024-01-31" in text and "as_of" not in text
    assert re.findall(r"^(\w+):", text, re.MULTILINE) == [
        *("inputs", "columns", "form", "blanks", "encoding", "date_order", "currency", "states", "answers"),
        *("provisional", "tags", "key", "horizon", "explorer", "lang"),
    ]


def test_without_a_folder_named_the_result_takes_the_place_of_the_one_that_the_recipe_lies_in(
    january, tmp_path, capsys
):
    shutil.copytree(january.parent, tmp_path / "shop")
    home = tmp_path / "shop" / "january"
    assert course("run", home / "recipe.yaml", "--as-of", "2024-01-31") == 0
    assert result.ledger(home)["as_of"] == "2024-01-31"
    assert "Compared with the result of 2024-01-10 in january." in capsys.readouterr().out
    # A recipe that lies alone has its result beside it; what no run wrote is not written over.
    shutil.copy(home / "recipe.yaml", tmp_path / "shop" / "exports")
    (tmp_path / "shop/exports/result").mkdir()
    (tmp_path / "shop/exports/result/mine.txt").write_text("mine", encoding="utf-8")
    assert course("run", tmp_path / "shop/exports/recipe.yaml") == 2
    assert "result exists already" in capsys.readouterr().err


def test_the_command_line_comes_before_the_recipe_and_into_the_new_one(january, tmp_path):
    february = written(tmp_path, "february.csv", JANUARY.replace("2024-01", "2024-02") + "6,E,2024-02-12,60.00,paid\n")
    out = tmp_path / "february"
    arguments = ("--orders", february, "--currency", "eur", "--blank", "state=?", "--previous", january, "--out", out)
    assert course("run", january / "recipe.yaml", *arguments) == 0
    ledger = result.ledger(out)
    assert ledger["currency"] == "EUR" and ledger["as_of"] == "2024-02-12"
    new = recipe.load(out / "recipe.yaml")
    assert new.inputs == {"orders": [str(february)]}
    assert (new.currency, new.blanks) == ("EUR", {"state": ["?"]})
    assert ledger["tables"]["orders"]["mapping"]["amount"] == "Net total"


def test_a_customer_is_erased_from_a_result_with_a_recipe_whatever_the_recipe_holds(tmp_path):
    file = written(tmp_path, "orders.csv", JANUARY.replace(",A,", ",paid,"))
    assert course("run", "--orders", file, "--map", "amount=Net total", "--out", tmp_path / "out") == 0
    assert course("forget", tmp_path / "out", "paid") == 0
    assert (tmp_path / "out" / "recipe.yaml").exists()


def test_a_word_that_tells_a_person_is_not_written_down(tmp_path):
    file = written(tmp_path, "orders.csv", JANUARY.replace("On its way", "13912345678"))
    answer = ("--map", "amount=Net total")
    assert course("run", "--orders", file, *answer, "--out", tmp_path / "out") == 0
    assert "13912345678" not in (tmp_path / "out" / "recipe.yaml").read_text(encoding="utf-8")


# --- what has changed is asked ---------------------------------------------------------------------------------------


def test_a_column_with_another_name_is_asked_about_with_its_total_and_the_answer_is_kept(january, capsys):
    again = changed(january, JANUARY.replace("Net total", "Net totals"))
    assert course("run", again, "--out", again.parent / "out") == 2
    assert told(capsys) == [
        "Question: orders.csv: the recipe's column “Net total” is not there. Which one is it now?",
        "  --answer column.orders.Net total=Net totals   the column “Net totals”: 141.00 in all",
        "  --answer column.orders.Net total=stop   none of these: stop here",
    ]
    assert not (again.parent / "out").exists()
    answer = ("--answer", "column.orders.Net total=Net totals")
    assert course("run", again, *answer, "--out", again.parent / "out") == 0
    portraits = result.portraits(again.parent / "out")
    assert portraits["monetary_net"].sum() == 91.00  # without the 50.00 that were cancelled
    kept = recipe.load(again.parent / "out" / "recipe.yaml")
    assert kept.answers == {"column.orders.Net total": "Net totals"}
    assert course("run", again.parent / "out" / "recipe.yaml", "--out", again.parent / "third") == 0
    capsys.readouterr()
    assert course("run", again, "--answer", "column.orders.Net total=stop", "--out", again.parent / "fourth") == 2
    assert told(capsys) == ["Refused: orders.csv: the recipe's column “Net total” is not there."]


@pytest.mark.parametrize("name", ["Column X", "quantity", "discount"])
def test_the_money_under_any_other_name_is_asked_about(january, capsys, name):
    again = changed(january, JANUARY.replace("Net total", name))
    assert course("run", again, "--out", again.parent / "out") == 2
    assert told(capsys)[0].startswith("Question: orders.csv: the recipe's column “Net total” is not there.")


def test_a_column_that_was_optional_can_be_gone_and_this_too_is_asked(january, capsys):
    text = "\n".join(line.rpartition(",")[0] for line in JANUARY.splitlines())
    again = changed(january, text)
    assert course("run", again, "--out", again.parent / "out") == 2
    asked = told(capsys)
    assert asked[0] == "Question: orders.csv: the recipe's column “state” is not there. Which one is it now?"
    assert "  --answer column.orders.state=none   it is no longer exported: go on without it" in asked
    assert course("run", again, "--answer", "column.orders.state=none", "--out", again.parent / "out") == 0
    assert result.portraits(again.parent / "out")["monetary_net"].sum() == 141.00


def test_a_new_word_of_state_is_asked_about_however_little_money_it_holds(january, capsys):
    again = changed(january, JANUARY + "6,E,2024-01-12,0.50,Zurück\n")
    assert course("run", again, "--out", again.parent / "out") == 2
    asked = told(capsys)
    assert asked[0] == "Question: orders.csv: what is an order in the state “Zurück” (1 row, 0.50)?"
    assert len([line for line in asked if line.startswith("Question")]) == 1
    assert course("run", again, "--answer", "state.Zurück=not_a_sale", "--out", again.parent / "out") == 0
    assert recipe.load(again.parent / "out" / "recipe.yaml").states == {
        "On its way": "sale?",
        "Zurück": "not_a_sale",
        "cancelled": "not_a_sale",
        "paid": "sale",
    }
    assert "E" not in set(result.portraits(again.parent / "out")["customer_id"])
    # Its answer holds where it is next to nothing too.
    assert course("run", again.parent / "out" / "recipe.yaml", "--out", again.parent / "third") == 0
    assert "E" not in set(result.portraits(again.parent / "third")["customer_id"])


def test_a_word_that_nobody_explained_is_asked_about_when_it_holds_much_money(january, capsys):
    again = changed(january, JANUARY.replace("1.00,On", "100.00,On"))
    assert course("run", again, "--out", again.parent / "out") == 2
    assert told(capsys)[0].startswith("Question: orders.csv: what is an order in the state “On its way”")


def test_a_word_of_the_recipe_means_what_the_recipe_says(january):
    again = changed(january, JANUARY)
    text = again.read_text(encoding="utf-8").replace("cancelled: not_a_sale", "cancelled: sale")
    again.write_text(text, encoding="utf-8")
    assert course("run", again, "--out", again.parent / "out") == 0
    assert result.portraits(again.parent / "out")["monetary_net"].sum() == 141.00
    notes = result.ledger(again.parent / "out")["notes"]
    assert "As the recipe says, the state “cancelled” is: sale." in notes


def test_a_new_column_that_is_used_is_said(january):
    lines = JANUARY.splitlines()
    text = "\n".join([lines[0] + ",channel", *(line + ",web" for line in lines[1:])])
    again = changed(january, text)
    assert course("run", again, "--out", again.parent / "out") == 0
    notes = result.ledger(again.parent / "out")["notes"]
    assert "orders.csv: the recipe does not know the column channel, which is used as channel." in notes


def test_answers_of_the_recipe_hold_where_the_same_is_asked_and_are_said(tmp_path, capsys):
    same = "order no,customer no,order date,amount,product\n1,A,2024-01-05,20.00,pot\n1,A,2024-01-05,20.00,cup\n"
    same += "2,B,2024-01-06,30.00,cup\n3,A,2024-01-09,40.00,pan\n"
    file = written(tmp_path, "orders.csv", same)
    assert course("run", "--orders", file, "--answer", "money=order", "--out", tmp_path / "one") == 0
    assert course("run", tmp_path / "one" / "recipe.yaml", "--out", tmp_path / "two") == 0
    assert result.portraits(tmp_path / "two")["monetary_net"].sum() == 90.00
    for name in ("portraits.parquet", "report.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert any("As answered: the order's, counted once" in n for n in result.ledger(tmp_path / "two")["notes"])
    # Nothing like it is asked of this file: the answer waits for a month in which it is.
    written(tmp_path, "orders.csv", same.replace("20.00,cup", "5.00,cup"))
    assert course("run", tmp_path / "one" / "recipe.yaml", "--out", tmp_path / "three") == 0
    assert recipe.load(tmp_path / "three" / "recipe.yaml").answers == {"money": "order"}


SHOPIFY = """Name,Email,Financial Status,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Refunded Amount
#1,a@x.example,paid,59.00,2026-03-01 10:01:00 +0100,1,lamp,59.00,9.00
#2,b@x.example,paid,41.00,2026-03-02 10:01:00 +0100,1,lamp,41.00,0.00
"""


@pytest.mark.parametrize("header", ["Refunded Amount", "Financial Status", "Created at", "Total", "Lineitem price"])
def test_a_header_that_a_form_reads_is_missed(tmp_path, capsys, header, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    file = written(tmp_path, "orders.csv", SHOPIFY)
    assert course("run", "--orders", file, "--out", tmp_path / "out") == 0
    written(tmp_path, "orders.csv", SHOPIFY.replace(header, header + " (new)"))
    written(tmp_path, "orders.csv", SHOPIFY.replace(header, header.upper() + " VALUE"))
    capsys.readouterr()
    assert course("run", tmp_path / "out" / "recipe.yaml", "--out", tmp_path / "again") == 2
    assert told(capsys)[:2][0] == f"Question: orders.csv: the recipe's column “{header}” is not there. " + (
        "Which one is it now?"
    )
    answer = f"column.orders.{header}={header.upper()} VALUE"
    assert course("run", tmp_path / "out" / "recipe.yaml", "--answer", answer, "--out", tmp_path / "again") == 0
    assert result.portraits(tmp_path / "again")["monetary_net"].sum() == 91.00


def test_two_layouts_of_one_table_are_each_read_as_before(tmp_path):
    written(tmp_path, "a.csv", "order id,customer id,date,amount\n1,A,2024-01-05,10\n2,B,2024-01-06,20\n")
    written(
        tmp_path, "b.csv", "订单号,客户编号,下单时间,金额,状态\n8,C,2024-01-07,30,已完成\n9,D,2024-01-08,40,已取消\n"
    )
    files = (tmp_path / "a.csv", tmp_path / "b.csv")
    assert course("run", "--orders", *files, "--out", tmp_path / "one") == 0
    assert len(recipe.load(tmp_path / "one" / "recipe.yaml").columns["orders"]) == 2
    assert course("run", tmp_path / "one" / "recipe.yaml", "--out", tmp_path / "two") == 0
    assert (tmp_path / "one/report.html").read_bytes() == (tmp_path / "two/report.html").read_bytes()
    assert result.portraits(tmp_path / "two")["monetary_net"].sum() == 60


def test_the_key_of_the_recipe_must_be_there(tmp_path, capsys):
    file = written(tmp_path, "orders.csv", JANUARY.replace("Net total", "amount"))
    assert course("run", "--orders", file, "--key", tmp_path / "key", "--out", tmp_path / "one") == 0
    assert "key: ../key" in (tmp_path / "one" / "recipe.yaml").read_text(encoding="utf-8")
    (tmp_path / "key").unlink()
    assert course("run", tmp_path / "one" / "recipe.yaml", "--out", tmp_path / "two") == 2
    assert told(capsys)[-1] == "Refused: The key file key of the recipe is not there. Say where it is: --key FILE."
    assert not (tmp_path / "key").exists() and not (tmp_path / "two").exists()


# --- recipes that are none -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("inputz: {}", "recipe.yaml, recipe: there is no key inputz here; perhaps inputs?"),
        ("inputs: {order: x.csv}", "recipe.yaml, inputs: there is no key order here; perhaps orders?"),
        ("columns: {orders: {amout: x}}", "recipe.yaml, columns.orders: there is no key amout here; perhaps amount?"),
        ("columns: {orders: {status: no}}", "“columns.orders.status” is a text, not “False”: put it in quotes"),
        ("states: {x: sold}", "“states.x” is one of sale, not_a_sale, pending, refunded, sale?, not sold"),
        ("{states: {x: sale}, answers: {state.x: pending}}", "states.x: “answers” says something else of this word"),
        ("horizon: soon", "recipe.yaml, horizon: “horizon” is a whole number of weeks, not soon"),
        ("provisional: perhaps", "“provisional” is yes or no, not perhaps"),
        ("date_order: ymd", "“date_order” is one of dmy, mdy, not ymd"),
        ("currency: 2024-01-01", "“currency” is a text, not “2024-01-01”: put it in quotes"),
        ("blanks: 3", "“blanks” is a list of pairs: name: value"),
        ("order no,amount\n1,2", "recipe.yaml is no recipe. A file of orders is read with: course run --orders"),
        ("", "recipe.yaml is no recipe"),
        ("a: 1\na: 2", "recipe.yaml, line 2: this is not YAML (the key a stands twice)"),
        ("a: 2024-13-45", "recipe.yaml, line 1: this is not YAML (month must be in 1..12)"),
        ("a: !!python/object/apply:os.getcwd []", "recipe.yaml, line 1: this is not YAML"),
        ("a: &a [*a]", "line 1: this is not YAML (its aliases stand for too many values)"),
        ("[" * 5000, "line 1: this is not YAML (it is nested too deeply)"),
        ("x: " + "y" * (1 << 20), "recipe.yaml is larger than 1 MB"),
        ("a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
            f"{b}: &{b} [{','.join(['*' + a] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        ), "line 6: this is not YAML (its aliases stand for too many values)"),
        ("\x01", "recipe.yaml, line 1: this is not YAML"),
    ],
)  # fmt: skip
def test_what_is_no_recipe_is_refused_in_a_sentence(tmp_path, capsys, text, why):
    file = written(tmp_path, "recipe.yaml", text)
    assert course("run", file, "--out", tmp_path / "out") == 2
    said = told(capsys)
    assert len(said) == 1 and said[0].startswith("Refused: ") and why in said[0]


def test_a_recipe_that_is_no_file_is_refused(tmp_path, capsys):
    assert course("run", tmp_path, "--out", tmp_path / "out") == 2
    assert course("run", tmp_path / "nowhere.yaml", "--out", tmp_path / "out") == 2
    (tmp_path / "gbk.yaml").write_bytes("inputs: {orders: 订单.csv}".encode("gbk"))
    assert course("run", tmp_path / "gbk.yaml", "--out", tmp_path / "out") == 2
    said = told(capsys)
    assert [line.split(": ", 1)[0] for line in said] == ["Refused"] * 3
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(DataError, match="is not a file of text"):
            recipe.load(tmp_path / "pipe")


@pytest.mark.parametrize("name", ["o*.csv", "orders.csv"])
def test_a_folder_with_brackets_in_its_name_is_no_pattern(tmp_path, name):
    folder = tmp_path / "a [2024]"
    written(folder, "orders.csv", JANUARY)
    source = recipe.absolute(f"../{name}", str(folder / "out"))
    assert recipe.relative(source, folder / "out") == f"../{name}"
    assert source.endswith(name) and ("[[]" in source) == ("*" in name)


# --- help ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_help_of_run_shows_a_dozen_options(capsys, lang):
    with pytest.raises(SystemExit):
        cli.main(["run", "--help", "--lang", lang])
    out = capsys.readouterr().out
    shown = set(re.findall(r"(?<![\w-])--[a-z-]+", out)) - {"--help"}
    assert len(shown) <= 12 and {"--orders", "--out", "--answer", "--currency", "--form"} <= shown
    assert "docs/inputs.md" in out


# --- forms of one's own ----------------------------------------------------------------------------------------------

TILL = """till:
  system: {en: our till, zh: 收银机}
  kind: orders
  all: [Bon, Karte, Kasse]
  order_id: Bon
  customer_id: Karte
  ordered_at: Zeit
  amount: {level: order, add: [Summe], take: [Pfand]}
  currency_is: EUR
  state:
    - in: [Art]
      is: {sale: [Verkauf], not_a_sale: [Storno]}
"""
BONS = """Bon,Karte,Kasse,Zeit,Summe,Pfand,Art
1,K1,A,2024-01-05 10:00,10.00,1.00,Verkauf
2,K2,A,2024-01-05 11:00,20.00,0.00,Verkauf
3,K1,B,2024-01-06 10:00,30.00,0.00,Storno
"""


def test_a_form_of_ones_own_at_the_door_and_in_the_recipe(tmp_path, capsys):
    form, file = written(tmp_path, "my.yaml", TILL), written(tmp_path, "bons.csv", BONS)
    assert course("check", "--form", form, file) == 0
    assert "bons.csv was recognised as our till: order = Bon, customer = Karte" in capsys.readouterr().out
    assert course("run", "--orders", file, "--form", form, "--out", tmp_path / "out") == 0
    portraits = result.portraits(tmp_path / "out")
    assert dict(zip(portraits["customer_id"], portraits["monetary_net"], strict=True)) == {"K1": 9.0, "K2": 20.0}
    assert result.ledger(tmp_path / "out")["currency"] == "EUR"
    content = yaml.safe_load((tmp_path / "out" / "recipe.yaml").read_text(encoding="utf-8"))
    assert content["form"] == "../my.yaml" and content["columns"]["orders"]["form"] == "till"
    assert course("run", tmp_path / "out" / "recipe.yaml", "--out", tmp_path / "two") == 0
    assert (tmp_path / "out/report.html").read_bytes() == (tmp_path / "two/report.html").read_bytes()
    form.write_text(TILL.replace("till:", "tills:"), encoding="utf-8")
    capsys.readouterr()
    assert course("run", tmp_path / "out" / "recipe.yaml", "--out", tmp_path / "three") == 0
    assert "recognised as our till" in capsys.readouterr().out  # another form that fits is evidence too


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (
            "customer_id: Karte",
            "customer: Karte",
            "my.yaml, form till: there is no key customer here; perhaps no_customer?",
        ),
        ("kind: orders", "kind: order", "my.yaml, form till: “kind” is one of orders, "),
        ("  all: [Bon, Karte, Kasse]\n", "", "my.yaml, form till: all is missing"),
        (
            "not_a_sale: [Storno]",
            "void: [Storno]",
            "“state” is one of sale, refunded, not_a_sale, pending, closed, not void",
        ),
        ("level: order", "level: bon", "“level” is one of order, line, not bon"),
        ("add: [Summe]", "plus: [Summe]", "there is no key plus here; perhaps"),
        ("{level: order, add: [Summe], take: [Pfand]}", "Summe", "“amount” is a list of pairs: name: value"),
        ("    - in: [Art]\n      is:", "    - is:", "in is missing"),
        ("      is:", "      exactly:", "there is no key exactly here; perhaps"),
        ("order_id: Bon", "order_id: {a: b}", "“order_id” is a text or a list of texts"),
        ("order_id: Bon", "order_id: yes", "“order_id” is a text or a list of texts"),
        ("system: {en: our till, zh: 收银机}", "system: till", "“system” needs a text under “en” and one under “zh”"),
        ("currency_is: EUR", "else: sold", "“else” is one of sale, refunded, not_a_sale, pending, closed, not sold"),
        ("till:", "till: [", "my.yaml, line "),
    ],
)
def test_what_is_wrong_with_a_form_is_said_with_its_key_and_what_is_allowed(tmp_path, capsys, old, new, why):
    assert old in TILL
    form, file = written(tmp_path, "my.yaml", TILL.replace(old, new)), written(tmp_path, "bons.csv", BONS)
    assert course("run", "--orders", file, "--form", form, "--out", tmp_path / "out") == 2
    said = told(capsys)
    assert len(said) == 1 and said[0].startswith("Refused: ") and why in said[0], said


def test_the_examples_of_the_documentation_can_be_read(tmp_path):
    text = (Path(recipe.__file__).parents[1] / "docs" / "inputs.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) == 4  # a form and a recipe, in either language
    for block in blocks:
        file = written(tmp_path, "example.yaml", block)
        if block.startswith("till:"):
            assert [form.name for form in forms.load(file)] == ["till"]
        else:
            assert {key for key in recipe._SECTIONS if re.search(rf"^{key}:", block, re.MULTILINE)} == {
                *recipe._SECTIONS
            } - {"source"}
            assert recipe.load(file).inputs["customers"][1] == str(tmp_path.parent / "shop.db::members")


# --- currency --------------------------------------------------------------------------------------------------------


def orders(*amounts, header="amount", currency=None):
    """Orders of a customer each, the amounts as written; a column of currencies where one is given."""
    head = f"order id,customer id,date,{header}" + (",currency" if currency else "")
    rows = [f'{i},C{i},2024-01-{i + 1:02d},"{a}"' for i, a in enumerate(amounts)]
    rows = [r + f",{c}" for r, c in zip(rows, currency, strict=True)] if currency else rows
    return "\n".join([head, *rows]) + "\n"


@pytest.mark.parametrize(
    ("text", "options", "known"),
    [
        (orders("1.50", "2.50"), (), None),
        (orders("1.50", "2.50"), ("--currency", "cny"), "CNY"),
        (orders("€1.50", "€2.50"), (), "EUR"),
        (orders("₩1500", "₩2500"), (), "KRW"),
        (orders("¥1.50", "¥2.50"), (), "¥"),
        (orders("¥1.50", "¥2.50"), ("--currency", "JPY"), "JPY"),
        (orders("$1.50", "$2.50"), (), "$"),
        (orders("$1.50", "$2.50"), ("--currency", "CAD"), "CAD"),
        (orders("1.50", "2.50", currency=["rmb", "CNY"]), (), "CNY"),
        (orders("1.50", "2.50", currency=["人民币", "人民币"]), (), "CNY"),
        (orders("1.50", "2.50", header="金额(元)"), (), "CNY"),
        (orders("1.50", "2.50", header="Amount (USD)"), (), "USD"),
        (orders("1.50", "2.50", header="Total ALL"), ("--map", "amount=Total ALL"), None),
        (orders("1.50", "0", currency=["EUR", "USD"]), (), "EUR"),
    ],
)
def test_the_currency_of_a_run(tmp_path, text, options, known):
    file = written(tmp_path, "orders.csv", text)
    assert course("run", "--orders", file, *options, "--out", tmp_path / "out") == 0
    assert result.ledger(tmp_path / "out")["currency"] == known
    named = known if known and known.isalpha() else None
    assert recipe.load(tmp_path / "out" / "recipe.yaml").currency == named
    assert course("run", tmp_path / "out" / "recipe.yaml", "--out", tmp_path / "two") == 0
    assert (tmp_path / "out/report.html").read_bytes() == (tmp_path / "two/report.html").read_bytes()


@pytest.mark.parametrize(
    ("text", "currency", "why"),
    [
        (orders("1", "2", currency=["USD", "USD"]), "EUR", "holds money in USD, and the currency of this run is EUR"),
        (orders("€1", "€2"), "USD", "holds money in EUR, and the currency of this run is USD"),
        (orders("¥1", "¥2"), "USD", "holds money in ¥, and the currency of this run is USD"),
        (orders("1", "2"), "¥", "“¥” names no currency: it may be CNY | JPY. Write one of them."),
        (orders("1", "2"), "EURO5", "There is no currency EURO5; perhaps EUR"),
    ],
)
def test_a_currency_that_contradicts_the_file_or_is_none_is_refused(tmp_path, capsys, text, currency, why):
    file = written(tmp_path, "orders.csv", text)
    assert course("run", "--orders", file, "--currency", currency, "--out", tmp_path / "out") == 2
    said = told(capsys)
    assert len(said) == 1 and said[0].startswith("Refused: ") and why in said[0], said


def test_files_of_two_currencies_are_never_added(tmp_path, capsys):
    written(tmp_path, "a.csv", orders("10", "20", currency=["EUR", "EUR"]))
    written(
        tmp_path,
        "b.csv",
        orders("£5", "£7", "£9")
        .replace(",C", ",D")
        .replace("\n0", "\n70")
        .replace("\n1", "\n71")
        .replace("\n2", "\n72"),
    )
    files = (tmp_path / "a.csv", tmp_path / "b.csv")
    assert course("run", "--orders", *files, "--out", tmp_path / "out") == 2
    assert told(capsys) == [
        "Question: a.csv, b.csv holds money of several currencies, which cannot be added: 21.00 GBP, 30.00 EUR. "
        "Which one is to be counted?",
        "  --answer currency=GBP   3 rows, 21.00 GBP",
        "  --answer currency=EUR   2 rows, 30.00 EUR",
    ]
    for options in (("--answer", "currency=EUR"), ("--currency", "EUR")):
        out = tmp_path / options[0]
        assert course("run", "--orders", *files, *options, "--out", out) == 0
        assert result.portraits(out)["monetary_net"].sum() == 30.00
        assert result.ledger(out)["currency"] == "EUR"


def test_money_that_names_no_currency_beside_money_that_does_is_said(tmp_path):
    file = written(tmp_path, "orders.csv", orders("10", "20", "30", currency=["EUR", "", "EUR"]))
    assert course("run", "--orders", file, "--out", tmp_path / "out") == 0
    ledger = json.loads((tmp_path / "out" / "ledger.json").read_text(encoding="utf-8"))
    assert "orders.csv: 1 row names no currency; their money is taken as EUR." in ledger["notes"]


def test_next_month_in_another_currency_is_refused(tmp_path, capsys):
    file = written(tmp_path, "orders.csv", orders("10", "20", currency=["EUR", "EUR"]))
    assert course("run", "--orders", file, "--out", tmp_path / "out") == 0
    written(tmp_path, "orders.csv", orders("10", "20", currency=["USD", "USD"]))
    capsys.readouterr()
    assert course("run", tmp_path / "out" / "recipe.yaml", "--out", tmp_path / "two") == 2
    assert "holds money in USD, and the currency of this run is EUR" in told(capsys)[0]


# --- names -----------------------------------------------------------------------------------------------------------


def test_names_of_values_and_of_the_company_are_read_and_written_again(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text(
        "company: 绿茶 & Co\nlabels:\n  main_channel: {wx_mp: {en: Mini-program, zh: 小程序}, 7: Main street}\n",
        encoding="utf-8",
    )
    found = recipe.load(path)
    assert found.company == "绿茶 & Co"
    named = {"wx_mp": {"en": "Mini-program", "zh": "小程序"}, "7": {"en": "Main street", "zh": "Main street"}}
    assert found.labels == {"main_channel": named}
    path.write_text(recipe.dump(found, tmp_path), encoding="utf-8")
    assert recipe.load(path) == found


@pytest.mark.parametrize("labels", ["{city: Paris}", "{city: {p: {fr: Paris}}}", "{city: {p: [a, b]}}", "[a]"])
def test_names_that_are_no_names_are_refused(tmp_path, labels):
    path = tmp_path / "recipe.yaml"
    path.write_text(f"labels: {labels}\n", encoding="utf-8")
    with pytest.raises(DataError, match="labels"):
        recipe.load(path)
