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
from course.collect import Table, values
from tests import shown
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


def test_no_note_tells_a_number_so_that_none_stays_behind(tmp_path):
    """Notes stay when somebody is erased, and under a key too: of numbers they say how they are made."""
    ids = [*(f"K{i:04d}" for i in range(20)), *(f"k{i:04d}" for i in range(3)), "0071", "71"]
    tickets = tmp_path / "tickets.csv"
    tickets.write_text("customer id,opened at\n" + "".join(f"{i}9,2024-01-03\n" for i in ids), encoding="utf-8")
    out = run(tmp_path, orders(ids), "--key", str(tmp_path / "my.key"), "--tickets", str(tickets))
    notes = " ".join(json.loads((out / "ledger.json").read_text(encoding="utf-8"))["notes"])
    assert "A0000 / a0000" in notes and "A00000 there" in notes
    assert traces(out, [i for i in ids if len(i) == 5]) == []


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


def test_what_people_typed_into_a_column_of_words_is_in_no_output(tmp_path):
    """In every column of words of every table: in one row, and in so many that it is no rare value."""
    options, typed = [], []
    for kind in ("customers", "events", "tickets", "campaigns"):
        words = [c for c, spec in schema.canonical(kind).columns.items() if spec.type == "text" and c in WORDS]
        rows = []
        for i in range(60):
            cells = dict.fromkeys(words, "plain")
            for j, column in enumerate(words):
                if i == j or 20 <= i - j < 34:
                    typed.append(f"139{len(options):02d}{j:02d}{77:04d}")
                    cells[column] = f"call Wang {typed[-1]}, or wang{typed[-1]}@mail.example"
            rows.append([f"C{i:04d}", f"2024-0{i % 9 + 1}-11", *cells.values()])
        day = {"customers": "joined_at", "events": "at", "tickets": "opened_at", "campaigns": "sent_at"}[kind]
        frame = pd.DataFrame(rows, columns=["customer_id", day, *words])
        frame = frame.assign(visitor_id=frame["customer_id"], kind="view") if kind == "events" else frame
        frame = frame.assign(campaign_id="spring") if kind == "campaigns" else frame
        frame.to_csv(tmp_path / f"{kind}.csv", index=False)
        options += [f"--{kind}", str(tmp_path / f"{kind}.csv")]
    text = orders([f"C{i:04d}" for i in range(60)], ",call 13912345678,tea 13912345678")
    out = run(tmp_path, text, *options, header="customer id,order date,amount,channel,product name")
    assert traces(out, [*set(typed), "13912345678"]) == []
    assert "call Wang ***, or ***" in str(set(pd.read_parquet(out / "portraits.parquet")["city"]))


#: Columns of words that portraits or report may show.
WORDS = {"gender", "city", "income", "age_band", "category", "topic", "arm", "offer"}


def test_under_a_header_of_names_plain_numbers_are_no_names():
    table = Table("orders", pd.DataFrame({"customer_id": ["1", "2"]}), pd.DataFrame(), {"customer_id": "buyer"})
    assert not workflow.named({"orders": table})
    assert workflow.named(
        {"orders": Table("orders", pd.DataFrame({"customer_id": ["a1"]}), pd.DataFrame(), table.mapping)}
    )


def test_the_files_have_no_column_that_names_anybody(tmp_path):
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

#: Each statement of the document by its first words, in both languages and in its order, and the test that holds it.
HELD = [
    ("Everything happens", "`run`、`card`、`forget` 都只在", "test_nothing_leaves_the_computer"),
    ("No name, phone", "客户资料里的姓名", "test_no_output_holds_a_phone_an_email_or_an_address"),
    ("A customer number that is", "客户编号如果", "test_no_personal_number_and_no_name_is_in_any_output"),
    ("Where the header says", "表头表明", "test_a_column_of_nicknames_is_hidden_whole"),
    ("With `--key FILE`", "加上 `--key", "test_with_a_key_no_customer_number_is_in_any_output"),
    ("No date of birth", "出生日期", "test_no_birthday_of_one_person_is_in_any_output"),
    ("Words that people typed", "状态、事件", "test_what_people_typed_as_a_state_is_in_no_note"),
    ("In a column of words", "城市、渠道", "test_what_people_typed_into_a_column_of_words_is_in_no_output"),
    ("No persona", "人群画像", "test_no_cell_of_fewer_than_ten_customers_is_shown_or_left_to_be_reckoned"),
    ("No table of classes", "客户类型、阶段", "test_the_ledger_tells_no_more_than_the_page"),
    ("`portraits` has", "`portraits` 一位", OF_THE_FILES := "test_the_files_have_no_column_that_names_anybody"),
    ("`report.html` names", "`report.html` 在", "test_the_page_names_customers_in_three_places_and_no_more"),
    ("`quarantine.csv` has", "`quarantine.csv` 列", OF_THE_FILES),
    ("`identity.csv` has", "`identity.csv` 列", OF_THE_FILES),
    ("`moves.csv` and", "`moves.csv` 和", "test_who_entered_and_left_is_listed_and_can_be_erased"),
    ("`previous.parquet` has", "`previous.parquet` 是", "test_a_person_leaves_every_table_of_a_second_run_by_recipe"),
    ("A run of a recipe keeps", "按配方运行时", "test_what_tells_who_somebody_is_is_not_kept"),
    ("`actions.csv` has", "`actions.csv` 列", "test_the_lists_of_ledger_portraits_file_and_explorer_are_one"),
    ("`timeline.parquet` has", "`timeline.parquet` 记下", "test_words_of_customers_are_in_no_event"),
    ("`explorer.html` packs", "`explorer.html` 里", "test_who_is_forgotten_is_in_no_packed_byte"),
    ("`--explorer shared`", "`--explorer shared`", "test_a_shared_explorer_holds_nobody_and_shows_no_few"),
    ("`course export` writes", "`course export` 只是", "test_who_is_forgotten_is_in_nothing_that_was_exported"),
    ("The key of", "化名的密钥", "test_phone_numbers_as_customer_numbers_never_reach_the_output"),
    ("It is a keyed hash", "化名是编号", "test_pseudonyms_hide_every_number_and_stay_the_same_under_one_key"),
    ("It is not anonymous", "化名不等于", "test_who_was_given_a_pseudonym_is_found_by_the_number_it_replaced"),
    ("A number that looks", "看上去是系统", "test_a_number_of_a_system_tells_nobody"),
    ("All numbers of the person", "这个人的所有", "test_all_numbers_of_a_person_go_with_one_of_them"),
    ("A person is found", "找人只看", "test_numbers_that_are_counts_as_well_are_erased_one_after_the_other"),
    ("Where pseudonyms", "换成化名的", "test_who_was_given_a_pseudonym_is_found_by_the_number_it_replaced"),
    (
        "What is kept of the files",
        "`.result.state` 里保存的",
        "test_forgetting_somebody_removes_what_was_kept_of_the_files",
    ),
    ("Totals stay", "汇总数", "test_numbers_that_are_counts_as_well_are_erased_one_after_the_other"),
    ("Files in the folder", "文件夹里不是", "test_files_that_no_run_wrote_are_left_as_they_are_and_named"),
    ("A link to", "指向结果的链接", "test_a_link_to_the_result_is_followed_and_stays"),
    ("An erasure that", "抹除中途", "test_killed_at_ten_points_and_asked_again_nothing_is_left"),
    ("The exports", "原始导出", "test_the_exports_are_not_touched"),
]


@pytest.mark.parametrize(("document", "column"), [("docs/privacy.md", 0), ("docs/zh/privacy.md", 1)])
def test_every_statement_of_the_document_is_held_by_a_test(document, column):
    said = re.findall("^- (.*)", (ROOT / document).read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert len(said) == len(HELD)
    assert [row[column] for row, line in zip(HELD, said, strict=True) if not line.startswith(row[column])] == []
    tests = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").glob("test_*.py"))
    assert [row[2] for row in HELD if f"def {row[2]}(" not in tests] == []


def test_the_two_languages_state_the_same():
    """By what does not depend on the language: what is code, and under which of the heads it stands."""
    english, chinese = ((ROOT / d).read_text(encoding="utf-8") for d in ("docs/privacy.md", "docs/zh/privacy.md"))
    assert marks(english) == marks(chinese)


def marks(text):
    """[the names in code of each statement], a list a head."""
    return [
        [sorted(re.findall("`([a-z.]+)`", one)) for one in re.split("^- ", part, flags=re.MULTILINE)[1:]]
        for part in re.split("^#", text, flags=re.MULTILINE)
    ]


def test_nothing_leaves_the_computer(hidden, tmp_path, monkeypatch, capsys):
    import socket

    def refused(*_arguments):
        raise AssertionError("a way out was asked for")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    out = run(tmp_path, orders([f"C{i:04d}" for i in range(20)]))
    assert cli.main(["card", str(out), "C0007", "--lang", "en"]) == 0
    assert cli.main(["forget", str(out), "C0007", "--lang", "en"]) == 0


def test_the_page_names_customers_in_three_places_and_no_more(hidden):
    """Whoever is named stands in a row or a card that says whom it is about: by that he is erased."""
    page = (hidden / "report.html").read_text(encoding="utf-8")
    marked = re.compile(r'<(tr|article) data-customer="([^"]*)".*?</\1>', re.DOTALL)
    ids = pd.read_parquet(hidden / "portraits.parquet")["customer_id"]
    assert {m[2] for m in marked.finditer(page)} <= set(ids)
    titles = {title for title, part in shown.sections(page.split("<main")[1]) if marked.search(part)}
    cards = {"Their portraits", "Portraits of big spenders who are silent"}
    assert titles and titles <= cards | {"Whom to call first", "Big spenders who have not bought for long"}
    assert [i for i in ids if i in marked.sub("", page)] == []


def test_a_phone_that_a_column_of_floats_holds_is_one():
    assert alone("13800138000.0") and telling.struck("at 13800138000.00, late") == "at ***, late"
    assert not telling.holds("13800138000.5") and not telling.holds("13800138000.01")


@given(st.decimals(min_value=0, max_value=10**9, places=5).map(str))
def test_a_figure_is_no_phone(figure):
    """An average of 168.31125 stands in every table of portraits."""
    assert not telling.holds(figure) and telling.struck(figure) == figure


#: As a column of money may have somebody's number: typed, counted by a spreadsheet, with the zero of an area code.
AMONG_MONEY = ["13800138000", "13800138001.0", "8613800138002", "+8613800138003", "1.3800138004E+10", "01068888016"]
AMONG_MONEY += ["110105491231003"]


def test_somebodys_number_among_amounts_is_no_money(tmp_path, capsys):
    amounts = [*AMONG_MONEY, *(f"{i}.50" for i in range(90)), "1200000000"]  # 90 × 89 / 2 + 45 = 4,050
    rows = [f"{i},A{i % 9},2024-01-{i % 28 + 1:02d},{amount}" for i, amount in enumerate(amounts)]
    (tmp_path / "o.csv").write_text("\n".join(["order_id,customer_id,ordered_at,amount", *rows]), encoding="utf-8")
    assert cli.main(["check", str(tmp_path / "o.csv"), "--lang", "en"]) == 0
    said = capsys.readouterr().out
    assert "98 rows, 98 orders, 9 customers, money 1,200,004,050.00" in said
    assert "7% of the filled cells of amount cannot be read (7, such as" in said


def test_where_much_is_large_a_figure_of_eleven_digits_is_money():
    large = pd.Series([2_500_000_000, 7_000_000_000, 13_800_138_000, 15_000_000_000, 41_000_000_000, 120_000_000_000])
    assert values.numbers(large).values.tolist() == large.tolist()
    assert values.numbers(pd.Series(["¥13,800,138,000", "12.50"])).values.tolist() == [13_800_138_000, 12.5]
    typed = pd.Series([13_800_138_000, 2, 3, None])  # as Excel and Parquet have it
    assert values.numbers(typed).bad.tolist() == [True, False, False, False]


def test_somebodys_number_among_currencies_is_in_no_question(tmp_path, capsys):
    rows = [f"{i},A{i},2024-01-0{i + 1},5,{'13800138000' if i == 3 else 'CNY'}" for i in range(8)]
    text = "\n".join(["order_id,customer_id,ordered_at,amount,currency", *rows])
    (tmp_path / "o.csv").write_text(text, encoding="utf-8")
    cli.main(["check", str(tmp_path / "o.csv"), "--lang", "en"])
    said = capsys.readouterr().out
    assert "35.00 CNY, 5.00 ***" in said and "13800138000" not in said


@pytest.mark.parametrize("person", ["13800138000", "+86 138 0013 8000", "zhao.si@mail.example", "11010519491231002X"])
@pytest.mark.parametrize("header", ["status", "progress"])
def test_no_question_is_asked_in_words_that_tell_somebody(tmp_path, capsys, person, header):
    """A word of state that nobody knows is asked about; one that is a phone number is refused, and not said."""
    rows = [f"O{n},A{n},2024-01-{n:02d},10,{'completed' if n % 3 else 'cancelled'}" for n in range(1, 28)]
    head = f"order_id,customer_id,order_date,amount,{header}"
    orders = tmp_path / "orders.csv"
    orders.write_text("\n".join([head, *rows, f"O99,A99,2024-02-01,900,{person}"]), encoding="utf-8")
    for words in (["check", orders], ["run", "--orders", orders, "--out", tmp_path / "out", "--currency", "CNY"]):
        cli.main([str(word) for word in words])
        shown = capsys.readouterr()
        assert person not in shown.out + shown.err and person.replace(" ", "") not in shown.out + shown.err
    assert not (tmp_path / "out").exists()
