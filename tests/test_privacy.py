"""Personal data: what tells who somebody is, that none of it is written anywhere, and what docs/privacy.md promises."""

import json
import random
import re
import unicodedata
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from course import cli, schema, telling, workflow
from course.collect import Table
from tests.unpacked import traces

ROOT = Path(__file__).resolve().parent.parent

#: Each a spelling of a personal number, or a name, that exports have as customer number.
NUMBERS = [
    "13800138000",
    "138 0013 8001",
    "138-0013-8002",
    "138.0013.8003",
    "+8613800138004",
    "+86 138 0013 8005",
    "+86-138-0013-8006",
    "008613800138007",
    "0086 13800138008",
    "8613800138009",
    "86-13800138010",
    "(86) 13800138011",
    "tel:13800138012",
    "tel:+86-138-0013-8013",
    "１３８００１３８０１４",
    "＋８６ １３８ ００１３ ８０１５",
    "(010) 6888 8016",
    "（０１０）６８８８－８０１７",
    "0571-87658018",
    "+1 (212) 555-0119",
    "(212) 555-0120",
    "+44 20 7946 0021",
    "0044 20 7946 0022",
    "400-820-8823",
    "li.lei@mail.example",
    "Han Meimei <han.mm@mail.example>",
    "li.lei＠post.example",
    "11010519491231002X",
    "110105 19491231 002x",
    "110105491231003",
    "E23456789",
    "EK1234567",
    "A123456(3)",
]
NAMES = ["张伟", "李 雷", "欧阳娜娜", "Han Meimei", "ALICE WANG", "Renée", "happy_fish88", "快乐的小鱼", "小明123"]
#: Numbers of systems: nobody is told by them.
SYSTEM = ["17850", "C000123", "A-17", "2024-000123", "100-2000-300", "12-3456-7890", "2125550123", "ABC123", "row-17"]
SYSTEM += ["550e8400-e29b-41d4-a716-446655440000", "9f86d081884c7d65", "7100000001234567890", "p_a1b2c3d4e5f60718", "1"]
SYSTEM += ["2024-01-15", "2024-01-15 10:30:00", "1,234,567", "10.0.0.1", "DE123456789", "会员"]


def alone(text: str) -> bool:
    return bool(telling.tells(pd.Series([text]))[0])


@pytest.mark.parametrize("text", [*NUMBERS, *NAMES])
def test_a_personal_number_or_a_name_is_known(text):
    assert alone(text)


@pytest.mark.parametrize("text", SYSTEM[:-1])
def test_a_number_of_a_system_tells_nobody(text):
    assert not alone(text)


mobiles = st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True)
landlines = st.from_regex(r"0(10|21|571|755) [2-8][0-9]{7}", fullmatch=True)


@st.composite
def phones(draw):
    """A mobile number or a landline as somebody may type it."""
    sign = draw(st.sampled_from(["", " ", "-", ".", "\u00a0", "\u2011", "－", "\u3000"]))
    if draw(st.booleans()):
        digits = draw(mobiles)
        text = sign.join((digits[:3], digits[3:7], digits[7:]))
        before = draw(st.sampled_from(["", "+86", "+86 ", "86", "0086", "0086 ", "(86)", "86-", "tel:", "Tel: +86"]))
        text = before + text
    else:
        area, number = draw(landlines).split()
        text = draw(
            st.sampled_from([f"({area}) {number}", f"({area}){number}", f"{area}-{number}", f"{area} {number}"])
        )
    if draw(st.booleans()):
        text = "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)
    return draw(st.sampled_from(["", " ", "\u200b", "\u202a"])) + text + draw(st.sampled_from(["", " ", "\u202c"]))


@given(phones())
def test_a_phone_is_known_however_it_is_typed(text):
    assert alone(text), unicodedata.normalize("NFKC", text)


@st.composite
def cards(draw):
    """An identity card with its check by GB 11643, worked out with the weights of the standard's own table."""
    born = draw(st.dates(pd.Timestamp("1930-01-01").date(), pd.Timestamp("2015-12-31").date()))
    digits = draw(st.sampled_from(["110105", "310101", "440305", "510104"])) + born.strftime("%Y%m%d")
    digits += f"{draw(st.integers(1, 999)):03d}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(w * int(c) for w, c in zip(weights, digits, strict=True)) % 11]


@given(cards())
def test_an_identity_card_is_known_by_its_check_among_other_numbers(card):
    rng = random.Random(card)
    column = pd.Series([card, *(str(rng.randrange(9 * 10**17, 10**18)) for _ in range(500))])
    assert telling.tells(column).tolist() == [True] + [False] * 500
    assert alone(card.lower()) and telling.holds(f"card {card}, seen")


def test_forms_that_random_numbers_have_count_only_where_the_column_is_made_of_them():
    rng = random.Random(5)
    ten = pd.Series([str(rng.randrange(10**9, 10**10)) for _ in range(5000)])
    fifteen = pd.Series([str(rng.randrange(10**14, 10**15)) for _ in range(5000)])
    lettered = pd.Series([f"C{rng.randrange(10**10, 10**11)}" for _ in range(5000)])
    counted = pd.Series([f"E{i:08d}" for i in range(5000)])
    running = pd.Series([f"会员{i:04d}" for i in range(5000)])
    hashes = pd.Series([f"u{rng.randrange(16**9, 16**10):x}" for _ in range(5000)])
    codes = pd.Series(["".join(rng.choices("0123456789abcdefghijklmnopqrstuvwxyz", k=12)) for _ in range(5000)])
    # A code without any digit cannot be told from a name, and is hidden.
    hashes, codes = (c[c.str.contains("[0-9]", regex=True)].reset_index(drop=True) for c in (hashes, codes))
    for column in (ten, fifteen, lettered, counted, running, hashes, codes):
        assert not telling.tells(column).any(), column[0]
    old = pd.Series(
        [
            f"3301{rng.randrange(10, 100)}{rng.randrange(40, 99)}0{rng.randrange(1, 10)}1{i % 10}{i:03d}"
            for i in range(90)
        ]
    )
    wechat = pd.Series([f"wx_1{rng.choice('3589')}{rng.randrange(10**9):09d}" for _ in range(90)])
    passports = pd.Series([f"E{rng.randrange(10**7, 10**8):08d}" for _ in range(90)])
    for column in (old, wechat, passports):
        assert telling.tells(column).all(), column[0]


def test_the_order_of_rows_and_repeats_change_nothing():
    column = pd.Series([*NUMBERS, *NAMES, *SYSTEM, None, *NUMBERS])
    found = telling.tells(column)
    mixed = column.sample(frac=1, random_state=3)
    pd.testing.assert_series_equal(telling.tells(mixed).sort_index(), found)
    assert not found[column.isna()].any()


def test_in_a_text_the_number_goes_and_the_rest_stays():
    assert telling.struck("call 138-0013-8000 or li@x.cn today") == "call *** or *** today"
    for plain in ("1,234,567.89 in all, 2024-01-01 to 2024-12-31", "0.13812345678", "12 of 3,456 rows"):
        assert telling.struck(plain) == plain
    assert telling.without("flat 88886666, West Lake") == "flat ***, West Lake"


def test_words_are_quoted_where_they_are_few_and_tell_nobody():
    assert telling.quotable(["backordered", "call 13800138000", "x" * 40]) == ["backordered", "***", "***"]
    assert set(telling.quotable([f"word {i}" for i in range(31)])) == {"***"}


# --- through the command line ----------------------------------------------------------------------------------------


def orders(ids, extra=""):
    """An export in which each id has three orders and a row that cannot be read."""
    rows = []
    for i, name in enumerate(ids):
        quoted = '"' + name.replace('"', '""') + '"'
        for k in range(4):
            amount = "lots" if k == 3 else f"{10 + 7 * i % 90 + k}.5"
            rows.append(f"{quoted},2024-{(i + 3 * k) % 12 + 1:02d}-{i % 27 + 1:02d},{amount}{extra}")
    return "\n".join(rows) + "\n"


def run(folder, text, *options, header="customer id,order date,amount"):
    file = folder / "orders.csv"
    file.write_text(f"{header}\n{text}", encoding="utf-8")
    command = ["run", "--orders", str(file), "--out", str(folder / "result"), "--lang", "en", "--provisional", *options]
    assert cli.main(command) == 0  # for the time being: a quarter of the amounts cannot be read
    return folder / "result"


@pytest.fixture(scope="module")
def hidden(tmp_path_factory):
    """A run over every spelling beside numbers of a system, with no key named."""
    return run(tmp_path_factory.mktemp("hidden"), orders([*NUMBERS, *NAMES, *(f"C{i:06d}" for i in range(20))]))


def spelt(text):
    """The text, and the digits of a number without what stands between."""
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", text))
    return [text, *([digits] if len(digits) >= 7 else [])]


def test_no_personal_number_and_no_name_is_in_any_output(hidden, capsys):
    assert traces(hidden, [s for text in [*NUMBERS, *NAMES] for s in spelt(text)]) == []
    ids = pd.read_parquet(hidden / "portraits.parquet")["customer_id"]
    assert ids.str.startswith("p_").sum() == len(NUMBERS) + len(NAMES) and ids.str.startswith("C0").sum() == 20


def test_with_a_key_no_customer_number_is_in_any_output(tmp_path):
    ids = [f"K{7919 * i % 10**6:06d}" for i in range(40)]
    customers = tmp_path / "customers.csv"
    people = [
        f"{n},Person {chr(65 + i % 26)}{i},1{38000000 + i // 2:010d},1990-0{i % 9 + 1}-1{i % 9}"
        for i, n in enumerate(ids)
    ]
    customers.write_text("customer id,name,phone,birthday\n" + "\n".join(people) + "\n", encoding="utf-8")
    out = run(tmp_path, orders(ids), "--key", str(tmp_path / "my.key"), "--customers", str(customers))
    assert (out / "identity.csv").exists()
    assert traces(out, ids) == []
    names = result_ids(out)
    assert names and all(re.fullmatch("p_[0-9a-f]{16}", name) for name in names)


def result_ids(out):
    ids = set(pd.read_parquet(out / "portraits.parquet")["customer_id"])
    for name in (n for n in ("identity.csv", "quarantine.csv") if (out / n).exists()):
        rows = pd.read_csv(out / name, dtype="str", encoding="utf-8-sig")
        ids |= {i for c in ("customer_id", "person_id", "kept", "left", "right") if c in rows for i in rows[c].dropna()}
    return ids


def test_a_column_of_nicknames_is_hidden_whole(tmp_path):
    nicks = ["tb4711", "x9", "小明123", "A1", "jd_5f6a"] + [f"u{i}k{i}" for i in range(30)]
    out = run(tmp_path, orders(nicks), header="买家昵称,order date,amount")
    assert all(name.startswith("p_") for name in result_ids(out))


def test_no_birthday_of_one_person_is_in_any_output(tmp_path):
    customers = tmp_path / "customers.csv"
    born = [f"19{50 + i}-0{i % 9 + 1}-1{i % 9}" for i in range(40)]
    rows = "\n".join(f"C{i:04d},{b}" for i, b in enumerate(born))
    customers.write_text(f"customer id,birthday\n{rows}\n", encoding="utf-8")
    out = run(tmp_path, orders([f"C{i:04d}" for i in range(40)]), "--customers", str(customers))
    assert traces(out, [b for b in born if b != "2024"]) == []


def test_what_people_typed_as_a_state_is_in_no_note(tmp_path):
    text = orders([f"C{i:04d}" for i in range(60)], ",completed")
    text = text.replace(",completed", ",call Li at 13800138000", 1).replace(",completed", ",half packed", 1)
    out = run(tmp_path, text, header="customer id,order date,amount,status")
    notes = " ".join(json.loads((out / "ledger.json").read_text(encoding="utf-8"))["notes"])
    assert "half packed (1)" in notes and "*** (1)" in notes
    assert traces(out, ["13800138000"]) == []


def test_under_a_header_of_names_plain_numbers_are_no_names():
    table = Table("orders", pd.DataFrame({"customer_id": ["1", "2"]}), pd.DataFrame(), {"customer_id": "buyer"})
    assert not workflow.named({"orders": table})
    assert workflow.named(
        {"orders": Table("orders", pd.DataFrame({"customer_id": ["a1"]}), pd.DataFrame(), table.mapping)}
    )


def test_the_portraits_and_the_quarantine_have_no_column_that_names_anybody(tmp_path):
    ids = [f"K{i:06d}" for i in range(40)]
    people = [f"{n},Zhang Q{i}x,139{i:08d},q{i}@mail.example,West Lake {i},f" for i, n in enumerate(ids)]
    customers = tmp_path / "customers.csv"
    customers.write_text("customer id,name,phone,email,address,gender\n" + "\n".join(people) + "\n", encoding="utf-8")
    out = run(tmp_path, orders(ids), "--customers", str(customers))
    of_people = set(schema.canonical("customers").columns) & set(pd.read_parquet(out / "portraits.parquet"))
    assert of_people == {"customer_id", "gender"}
    rows = pd.read_csv(out / "quarantine.csv", dtype="str", encoding="utf-8-sig")
    columns = ["table", "source", "source_row", "outcome", "rule", "column", "value", "money", "customer_id"]
    assert rows.columns.tolist() == columns
    assert set(rows["value"]) == {"l***"} and set(rows["customer_id"]) == set(ids)
    found = pd.read_csv(out / "identity.csv", dtype="str", encoding="utf-8-sig")
    assert traces(out, [cell for row in people for cell in row.split(",")[1:5]]) == [] and len(found) == 40


# --- docs/privacy.md -------------------------------------------------------------------------------------------------

#: The test that holds each statement of the document, in its order.
HELD = [
    "test_no_output_holds_a_phone_an_email_or_an_address",
    "test_no_personal_number_and_no_name_is_in_any_output",
    "test_a_column_of_nicknames_is_hidden_whole",
    "test_with_a_key_no_customer_number_is_in_any_output",
    "test_no_birthday_of_one_person_is_in_any_output",
    "test_what_people_typed_as_a_state_is_in_no_note",
    "test_no_cell_of_fewer_than_ten_customers_is_shown_or_left_to_be_reckoned",
    "test_the_portraits_and_the_quarantine_have_no_column_that_names_anybody",
    "test_the_portraits_and_the_quarantine_have_no_column_that_names_anybody",
    "test_the_portraits_and_the_quarantine_have_no_column_that_names_anybody",
    "test_phone_numbers_as_customer_numbers_never_reach_the_output",
    "test_pseudonyms_hide_every_number_and_stay_the_same_under_one_key",
    "test_who_was_given_a_pseudonym_is_found_by_the_number_it_replaced",
    "test_a_number_of_a_system_tells_nobody",
    "test_all_numbers_of_a_person_go_with_one_of_them",
    "test_numbers_that_are_counts_as_well_are_erased_one_after_the_other",
    "test_who_was_given_a_pseudonym_is_found_by_the_number_it_replaced",
    "test_numbers_that_are_counts_as_well_are_erased_one_after_the_other",
    "test_files_that_no_run_wrote_are_left_as_they_are_and_named",
    "test_a_link_to_the_result_is_followed_and_stays",
    "test_killed_at_ten_points_and_asked_again_nothing_is_left",
    "test_the_exports_are_not_touched",
]


@pytest.mark.parametrize("document", ["docs/privacy.md", "docs/zh/privacy.md"])
def test_every_statement_of_the_document_is_held_by_a_test(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    assert len(re.findall("^- ", text, flags=re.MULTILINE)) == len(HELD)
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    assert [name for name in HELD if f"def {name}(" not in tests] == []


@given(st.decimals(min_value=0, max_value=10**9, places=5).map(str))
def test_a_figure_is_no_phone(figure):
    """An average of 168.31125 stands in every table of portraits."""
    assert not telling.holds(figure) and telling.struck(figure) == figure
