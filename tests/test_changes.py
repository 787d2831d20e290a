"""Who entered and left since an earlier run, through the command line: in a file of its own, erased and under a key."""

import json
import re

import pandas as pd
import pytest

from course import cli, tag
from course.workflow import people
from course.workflow.steps.changes import Changes

ORDERS = "order_id,customer_id,ordered_at,amount\n"


def orders(path, rows):
    lines = [f"{i},{who},{day},{money}" for i, (who, day, money) in enumerate(rows, 1)]
    path.write_text(ORDERS + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def two_months(tmp_path):
    """Twenty customers of one order a day; in the second month 007 is gone, 020 is new and 001 spends most."""
    january = [(f"{i:03d}", f"2024-01-{i:02d}", 10 * i) for i in range(1, 20)]
    february = [row for row in january if row[0] != "007"] + [("020", "2024-02-03", 15), ("001", "2024-02-10", 5000)]
    return orders(tmp_path / "jan.csv", january), orders(tmp_path / "feb.csv", february)


def run(*arguments):
    assert cli.main(["run", "--lang", "en", *map(str, arguments)]) == 0


def moves(folder):
    table = pd.read_parquet(folder / "moves.parquet")
    written = pd.read_csv(folder / "moves.csv", dtype="str", keep_default_na=False, encoding="utf-8-sig")
    pd.testing.assert_frame_equal(table, written, check_dtype=False)
    return table


def test_who_entered_and_left_is_listed_and_can_be_erased(tmp_path, two_months):
    january, february = two_months
    run("--orders", january, "--out", tmp_path / "jan")
    run("--orders", february, "--previous", tmp_path / "jan", "--out", tmp_path / "feb")
    assert not (tmp_path / "jan" / "moves.csv").exists()
    got = moves(tmp_path / "feb")
    before, now = (pd.read_parquet(tmp_path / m / "portraits.parquet").set_index("customer_id") for m in ("jan", "feb"))
    for column in ("rfm_class", "tag_high_value"):
        for who in sorted({*before.index, *now.index}):
            was, is_ = (f[column].get(who) for f in (before, now))
            listed = set(
                got.loc[(got["customer_id"] == who) & (got["what"] == column), ["value", "move"]].itertuples(
                    index=False, name=None
                )
            )
            if column == "rfm_class":
                expected = set() if was == is_ else {(v, m) for v, m in ((was, "left"), (is_, "entered")) if v}
            else:
                expected = {(True, None): {("", "left")}, (None, True): {("", "entered")}}.get(
                    (was or None, is_ or None), set()
                )
            assert listed == expected, (who, column)
    entry = json.loads((tmp_path / "feb" / "ledger.json").read_text(encoding="utf-8"))["findings"]
    assert entry["moves"] == {"customers": got["customer_id"].nunique(), "rows": len(got)}
    page = (tmp_path / "feb" / "report.html").read_text(encoding="utf-8")
    assert f"Since the earlier run {entry['moves']['customers']} customers have" in page
    assert {"007", "020", "001"} <= set(got["customer_id"])
    assert cli.main(["forget", str(tmp_path / "feb"), "007", "001"]) == 0  # 007 stands in the moves alone
    assert not {"007", "001"} & set(moves(tmp_path / "feb")["customer_id"])
    assert "020" in set(moves(tmp_path / "feb")["customer_id"])


def test_under_a_key_nobody_of_the_earlier_run_is_named(tmp_path, two_months):
    january, february = two_months
    run("--orders", january, "--out", tmp_path / "jan")  # without a key: the numbers stand in it
    run("--orders", february, "--previous", tmp_path / "jan", "--key", tmp_path / "key", "--out", tmp_path / "feb")
    got = moves(tmp_path / "feb")
    assert got["customer_id"].str.fullmatch("p_[0-9a-f]{16}").all()
    gone = got[got["what"] == "rfm_class"].groupby("customer_id")["move"].agg(set)
    assert (gone == {"left"}).sum() == 1 and (gone == {"entered"}).sum() == 1  # 007, 020: the others are recognised
    run("--orders", january, "--key", tmp_path / "other", "--out", tmp_path / "jan2")
    run("--orders", february, "--previous", tmp_path / "jan2", "--out", tmp_path / "feb2")
    assert not (tmp_path / "feb2" / "moves.csv").exists()
    ledger = json.loads((tmp_path / "feb2" / "ledger.json").read_text(encoding="utf-8"))
    assert any("no customer in common" in why for why in ledger["not_done"])
    assert re.search("no customer in common", (tmp_path / "feb2" / "report.html").read_text(encoding="utf-8"))


def test_a_tag_whose_rule_has_changed_says_so_with_each_customer():
    before = pd.DataFrame({"customer_id": ["a", "b"], "tag_x": [True, False], "stage": ["active", "lost"]})
    after = before.assign(tag_x=[False, True], stage=["lost", "lost"])
    before.attrs, after.attrs = {"tags": {"x": "1"}}, {"tags": {"x": "2"}}
    got = Changes(tag.changes(before, after), tag.changes(before, after, ("stage",)), None).moves
    assert got.to_dict("list") == {
        "customer_id": ["a", "a", "a", "b"],
        "what": ["stage", "stage", "tag_x", "tag_x"],
        "value": ["active", "lost", "", ""],
        "move": ["left", "entered", "left", "entered"],
        "rule": ["", "", "changed", "changed"],
    }


def test_who_has_become_one_person_since_is_compared_as_one():
    before = pd.DataFrame({"customer_id": ["b", "c", "d"], "stage": ["active", "lost", "loyal"]})
    before.attrs = {"tags": {"x": "1"}}
    persons = pd.DataFrame({"customer_id": ["a", "b", "c", "d"], "person_id": ["a", "a", "c", "c"]})
    got = people.as_now(before, persons, {}, None, False)
    assert got.to_dict("list") == {"customer_id": ["a", "c"], "stage": ["active", "lost"]}
    assert got.attrs == {"tags": {"x": "1"}}


def test_tags_of_one_s_own_stand_beside_the_kit_s(tmp_path, two_months):
    label = "{en: Huge, zh: 巨额}"
    (tmp_path / "tags.yaml").write_text(
        f"tags:\n  - {{name: huge, kind: rule, family: consumption, label: {label}, owner: {label}, versions: "
        f'[{{version: 1, definition: {label}, when: "monetary_net >= 150"}}]}}\n',
        encoding="utf-8",
    )
    run("--orders", two_months[0], "--tags", tmp_path / "tags.yaml", "--out", tmp_path / "out")
    got = pd.read_parquet(tmp_path / "out" / "portraits.parquet").set_index("customer_id")
    assert {"tag_high_value", "tag_huge"} <= set(got)
    assert sorted(got.index[got["tag_huge"]]) == ["015", "016", "017", "018", "019"]  # 10 a day of January
