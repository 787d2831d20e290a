"""Order lines of Parquet that go into the database without a frame: the same table, the same cleaning, the same doubts.

The strict reader and `clean.apply` over its frame are the oracle.
"""

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course import clean, clean_stored, collect, engine, workflow
from course.cli import main
from course.collect import plain
from course.engine import Relation
from course.errors import DataError

COLUMNS = ["order_id", "customer_id", "ordered_at", "product_id", "quantity", "unit_price"]


def shop(lines: int = 120, seed: int = 1) -> pd.DataFrame:
    """Three lines an order, a customer for four orders; some name nobody, are returns, copies, or have noughts."""
    draw = np.random.default_rng(seed)
    order = np.arange(lines) // 3
    back = order % 11 == 10
    frame = pd.DataFrame(
        {
            "order_id": [f"{'C' if b else 'A'}{o:05d}" for o, b in zip(order, back, strict=True)],
            "customer_id": [f"M{(o - b) // 4 * 7:04d}" for o, b in zip(order, back, strict=True)],
            "ordered_at": pd.Timestamp("2024-01-01") + pd.to_timedelta(order * 5, unit="h"),
            "product_id": [f"P{p:03d}" for p in draw.integers(0, 20, lines)],
            "quantity": draw.integers(1, 4, lines) * np.where(back, -1.0, 1.0),
            "unit_price": draw.integers(100, 2000, lines) / 100,
        }
    )
    goods = ["product_id", "unit_price"]
    frame.loc[back, goods] = frame.loc[np.flatnonzero(back) - 3, goods].to_numpy()
    frame.loc[order % 13 == 12, "customer_id"] = None
    frame.loc[5::40, "quantity"] = 0.0
    frame.loc[6::40, "unit_price"] = 0.0
    return pd.concat([frame, frame.iloc[20:22]], ignore_index=True)


def written(folder, *frames: pd.DataFrame) -> list:
    """The frames as files of Parquet."""
    paths = [folder / f"part{i}.parquet" for i in range(len(frames))]
    for path, frame in zip(paths, frames, strict=True):
        frame.to_parquet(path, index=False)
    return paths


def both(files: list, **asked: object) -> tuple:
    """The table of orders as a frame and as it is stored; where it is refused or asked about, the words."""
    found = []
    for stored in (False, True):
        try:
            found.append(collect.gather({"orders": files}, stored=stored, **asked)["orders"])
        except DataError as error:
            found.append(str(error))
    return tuple(found)


def said(found: object) -> list[str]:
    """The notes of a table, a cleaned one or a run, as they are read."""
    return [note.say("en") for note in found.notes]


def same(strict: collect.Table, stored: collect.Table) -> None:
    """The two are one table, and one table when they are clean."""
    pd.testing.assert_frame_equal(clean_stored.framed(stored.frame), strict.frame)
    pd.testing.assert_frame_equal(stored.totals, strict.totals)
    assert said(stored) == said(strict)
    for name in ("kind", "mapping", "sources", "shared", "currency", "layouts", "states", "renumbered"):
        assert getattr(stored, name) == getattr(strict, name), name
    assert len(stored.problems) == len(strict.problems) == 0
    assert clean.refunds_read(stored) == clean.refunds_read(strict)
    for day in (None, strict.frame["ordered_at"].quantile(0.6, interpolation="nearest")):
        try:
            expected = clean.apply(strict, as_of=day)
        except DataError as error:
            with pytest.raises(DataError) as refused:
                clean_stored.apply(stored, as_of=day)
            assert str(refused.value) == str(error)
            continue
        same_cleaned(expected, clean_stored.apply(stored, as_of=day))


def same_cleaned(expected: clean.Cleaned, got: clean.Cleaned) -> None:
    assert isinstance(got.valid, Relation)
    valid = engine.here("SELECT * FROM valid", {"valid": got.valid})
    pd.testing.assert_frame_equal(valid.astype(expected.valid.dtypes), expected.valid)
    assert said(got) == said(expected)
    for name in ("rules", "accounts", "flags"):
        assert getattr(got, name) == getattr(expected, name), name
    for outcome in ("set_aside", "quarantine"):
        apart, rows = getattr(expected, outcome), clean_stored.first_rows(got, outcome, 10**6)
        assert len(getattr(got, outcome)) == len(apart)
        pd.testing.assert_frame_equal(rows.astype(apart.dtypes), apart)
        assert len(clean_stored.first_rows(got, outcome, 2)) == min(2, len(apart))
    expected_profile, profile = clean.profile(expected.valid, "orders"), clean_stored.profile(got.valid, "orders")
    pd.testing.assert_frame_equal(profile.astype(object), expected_profile.astype(object))


def test_lines_without_a_doubt_are_stored_and_are_the_same_to_the_last_row(tmp_path):
    strict, stored = both(written(tmp_path, shop()))
    assert isinstance(strict.frame, pd.DataFrame)
    assert isinstance(stored.frame, Relation)
    same(strict, stored)
    flags = clean_stored.apply(stored).flags
    assert (flags["is_duplicate"]["rows"], flags["is_cancelled_later"]["rows"] > 0) == (2, True)


def _of_types(frame: pd.DataFrame) -> pd.DataFrame:
    """The same figures in other types that a database has."""
    return frame.assign(
        order_id=frame["order_id"].str[1:].astype("int64"),
        quantity=frame["quantity"].astype("Int64"),
        unit_price=[Decimal(f"{price:.2f}") for price in frame["unit_price"]],
        ordered_at=[moment.date() for moment in frame["ordered_at"]],
    )


@pytest.mark.parametrize(
    "change",
    [
        _of_types,
        lambda f: f.assign(amount=(f["quantity"] * f["unit_price"]).round(2)),
        lambda f: f.rename(columns={"order_id": "Invoice No", "customer_id": "客户编号", "unit_price": "Price"}),
        lambda f: f.assign(customer_id=f["customer_id"].fillna("NULL"), product_id=f["product_id"].replace("P001", "")),
        lambda f: f.assign(quantity=f["quantity"].where(f.index != 9), ordered_at=f["ordered_at"].where(f.index != 30)),
        lambda f: f.assign(ordered_at=f["ordered_at"].where(f["order_id"] != "A00003", datetime.datetime(1969, 5, 1))),
        lambda f: f[COLUMNS[::-1]],
    ],
    ids=["types", "amount", "headers", "blanks", "gaps", "year", "order of columns"],
)
def test_types_headers_and_gaps_are_read_alike(change, tmp_path):
    strict, stored = both(written(tmp_path, change(shop())))
    assert isinstance(stored.frame, Relation) or change(shop())["ordered_at"].isna().any()
    if isinstance(stored.frame, Relation):
        same(strict, stored)


def test_two_files_are_one_table(tmp_path):
    whole = shop()[:-2]
    strict, stored = both(written(tmp_path, whole[:60], whole[60:]), currency="EUR")
    assert isinstance(stored.frame, Relation)
    same(strict, stored)


_FIRST_DAY = datetime.datetime(1, 1, 1)
DOUBTS = {
    "a column nobody knows": lambda f: f.assign(note="x"),
    "a state": lambda f: f.assign(status="paid"),
    "an e-mail address": lambda f: f.assign(customer_id=f["customer_id"].where(f.index != 0, "a@shop.example")),
    "a word for nobody": lambda f: f.assign(customer_id=f["customer_id"].fillna("guest")),
    "a nought for nobody": lambda f: f.assign(customer_id=f["customer_id"].fillna("0")),
    "a masked number": lambda f: f.assign(customer_id=f["customer_id"].where(f.index != 0, "138xxx0001")),
    "a number in another case": lambda f: f.assign(customer_id=f["customer_id"].where(f.index != 3, "m0000")),
    "noughts in front": lambda f: f.assign(customer_id=f["customer_id"].str[1:].where(f.index > 30, "7")),
    "blanks around a code": lambda f: f.assign(product_id=" " + f["product_id"]),
    "a point in a code": lambda f: f.assign(order_id=f["order_id"].str[1:] + ".0"),
    "an exponent": lambda f: f.assign(order_id=f["order_id"].where(f.index != 0, "1.2E+15")),
    "a telephone among figures": lambda f: f.assign(quantity=f["quantity"].where(f.index != 0, 13812345678.0)),
    "an endless price": lambda f: f.assign(unit_price=f["unit_price"].where(f.index != 0, np.inf)),
    "a year of no calendar": lambda f: f.assign(ordered_at=f["ordered_at"].where(f.index != 0, _FIRST_DAY)),
    "money as text": lambda f: f.assign(unit_price=f["unit_price"].astype("str")),
    "dates as text": lambda f: f.assign(ordered_at=f["ordered_at"].astype("str")),
    "moments of a zone": lambda f: f.assign(ordered_at=f["ordered_at"].dt.tz_localize("Asia/Shanghai")),
    "an order's fields on its first row": lambda f: f.assign(customer_id=f["customer_id"].where(f.index % 3 == 0)),
    "numbers that begin again": lambda f: f.assign(order_id="A" + (f.index // 3 % 20).astype("str")),
    "the order's money on every row": lambda f: f.assign(amount=f.groupby("order_id")["unit_price"].transform("sum")),
    "as many customers as orders": lambda f: f.assign(customer_id="K" + f["order_id"]),
    "the order as its customer": lambda f: f.assign(customer_id=f["order_id"]),
    "one for all": lambda f: f.assign(customer_id=f["customer_id"].where(f.index % 2 == 0, "M9999")),
    "a currency in the header": lambda f: f.rename(columns={"unit_price": "Price (USD)"}),
    "a clerk": lambda f: f.rename(columns={"customer_id": "sales rep id"}),
    "half a millionth": lambda f: f.assign(quantity=f["quantity"].where(f.index != 0, 1.0), unit_price=5e-7),
    "nobody at all": lambda f: f.assign(customer_id=pd.array([None] * len(f), dtype="str")),
}


@pytest.mark.parametrize("change", DOUBTS.values(), ids=DOUBTS)
def test_whatever_leaves_a_doubt_is_the_strict_readers(change, tmp_path):
    strict, stored = both(written(tmp_path, change(shop(240))), mapping=None)
    if isinstance(strict, str):
        assert stored == strict
    else:
        assert isinstance(stored.frame, pd.DataFrame)
        pd.testing.assert_frame_equal(stored.frame, strict.frame)
        assert said(stored) == said(strict)


def test_a_file_that_is_damaged_in_the_middle_is_refused_in_the_same_words(tmp_path):
    path = written(tmp_path, shop(6000))[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 3 : len(data) // 3 + 400] = b"\xff" * 400
    path.write_bytes(data)
    strict, stored = both([path])
    assert "damaged Parquet file" in strict
    assert stored == strict


def test_what_a_folder_holds_beside_its_data_is_said(tmp_path):
    written(tmp_path, shop())
    (tmp_path / "readme.md").write_text("what is here")
    strict, stored = both([str(tmp_path)])
    assert said(stored) == said(strict) != []


# --- drawn tables -----------------------------------------------------------------------------------------------------

_DAYS = [pd.Timestamp(day) for day in ("2024-01-05", "2024-01-05 10:30", "2024-02-01", "1960-01-01", "2200-01-01")]
_ROW = {
    "order_id": ["A1", "A2", "A3", "C2", "C3", "", None],
    "customer_id": ["M1", "M2", "M30", "NULL", None],
    "ordered_at": [*_DAYS, None],
    "product_id": ["P1", "P2", "M", "n/a", None],
    "quantity": [1.0, 2.0, 3.0, -1.0, -2.0, 0.0, None],
    "unit_price": [0.99, 2.5, 10.0, 0.0, -1.0, 0.333333, None],
}
#: What no row of most files has.
_RARE = {
    "order_id": ["17850.0", "a2"],
    "customer_id": ["m1", "guest", "0", "a@b.example", "1xxx2"],
    "ordered_at": [pd.Timestamp("0001-06-01")],
    "product_id": [" P1"],
    "quantity": [1e10, 13812345678.0, 5e-7],
    "unit_price": [float("inf"), 1e15, 0.1 + 0.2],
}


@st.composite
def tables(draw: st.DrawFn) -> list[pd.DataFrame]:
    """One file or two of lines, most values usual, some rare."""
    usual = {c: v[: draw(st.integers(2, len(v)))] for c, v in _ROW.items()}
    pool = {c: v + (_RARE[c] if draw(st.integers(0, 9)) == 0 else []) for c, v in usual.items()}
    rows = draw(st.lists(st.tuples(*(st.sampled_from(pool[c]) for c in COLUMNS)), min_size=1, max_size=14))
    often = draw(st.integers(1, 4))
    frame = pd.DataFrame(rows * often, columns=COLUMNS)
    texts = {c: "str" for c in ("order_id", "customer_id", "product_id")}
    frame = frame.astype(texts | {"quantity": "float64", "unit_price": "float64", "ordered_at": "datetime64[us]"})
    cut = draw(st.sampled_from([0, 0, 0, len(frame) // 2]))
    return [part for part in (frame[:cut], frame[cut:]) if len(part)]


@settings(max_examples=25)
@given(tables())
def test_a_drawn_table_is_read_and_cleaned_alike(tmp_path_factory, frames):
    strict, stored = both(written(tmp_path_factory.mktemp("drawn"), *frames))
    if isinstance(strict, str):
        assert stored == strict
    elif isinstance(stored.frame, Relation):
        same(strict, stored)
    else:
        pd.testing.assert_frame_equal(stored.frame, strict.frame)


# --- through the doors ------------------------------------------------------------------------------------------------


def test_persons_and_pseudonyms_reach_stored_rows(tmp_path):
    orders = written(tmp_path, shop())
    who = sorted(shop()["customer_id"].dropna().unique())
    people = pd.DataFrame(
        {"customer_id": who, "name": "Ann Lee", "email": [f"{i // 2}@shop.example" for i in range(len(who))]}
    )
    people.to_csv(tmp_path / "people.csv", index=False)
    made = []
    for stored in (False, True):
        files = {"orders": orders, "customers": [tmp_path / "people.csv"]}
        tables = collect.gather(files, stored=stored)
        made.append(workflow.prepare(tables, key=b"k" * 32, everybody=True))
    strict, stored = made
    assert isinstance(stored.cleaned["orders"].valid, Relation)
    assert stored.found["identity"].counts["merges"] > 0
    assert (stored.pseudonyms, said(stored)) == (strict.pseudonyms, said(strict))
    same_cleaned(strict.cleaned["orders"], stored.cleaned["orders"])


def test_a_run_leaves_the_same_bytes(tmp_path, monkeypatch, capsys):
    asked = ["run", "--orders", *map(str, written(tmp_path, shop(600)))]
    assert main([*asked, "--out", str(tmp_path / "stored")]) == 0
    monkeypatch.setattr(plain, "table", lambda *_: None)
    assert main([*asked, "--out", str(tmp_path / "strict")]) == 0
    names = sorted(path.name for path in (tmp_path / "strict").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "stored").iterdir())
    for name in names:
        assert (tmp_path / "stored" / name).read_bytes() == (tmp_path / "strict" / name).read_bytes(), name
