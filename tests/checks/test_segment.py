"""Checks of lesson 07: right on any company, each mistake told from the others, a workbook that calculates the same."""

import subprocess

import matplotlib.pyplot as plt
import numpy as np
import openpyxl
import pandas as pd
import pytest

from course import authoring, company, language, segment
from course.classroom import answers, bets, room, use_company
from course.classroom.lessons.segment.game import classes_at
from course.classroom.lessons.segment.seal import AS_OF, SEAL
from course.classroom.widgets import play
from course.classroom.words import sentences
from tests.checks import alternatives, sitting
from tests.conftest import ROOT

LESSON = authoring.read(ROOT / "lessons" / "07_segment.md")
EXERCISES = [name for name in LESSON.exercises() if name != "segment-bet"]
GIVEN = {
    "segment-1": ("orders", "as_of"),
    "segment-2": ("customers",),
    "segment-3": ("customers",),
    "segment-4": ("customers", "someone"),
    "segment-5": ("items",),
}
NAMES = {
    "segment-1": ("mine",),
    "segment-2": ("high", "win_back"),
    "segment-3": ("quintile",),
    "segment-4": ("fewer_days", "more_orders", "more_yuan"),
    "segment-5": ("reverse", "alpha"),
}


@pytest.fixture(scope="module", params=[1, 3, 4])
def given(request):
    """What the cells before the exercises leave in the notebook, of another company for each seed.

    Seeds with which no two mistakes give the same figure.
    """
    tables = company.Company(request.param, 1500).tables
    sold = tables["app_orders"].dropna(subset=["customerId"]).drop_duplicates("orderId")
    amount = pd.to_numeric(sold["totalAmount"])
    orders = pd.DataFrame(
        {
            "order_id": sold["orderId"],
            "customer_id": sold["customerId"],
            "ordered_at": pd.to_datetime(sold["createdAt"], utc=True)
            .dt.tz_convert("Asia/Shanghai")
            .dt.tz_localize(None),
            "amount": amount.where(amount > 0, 0.0),
            "refunded": amount.where(sold["status"] == "refunded", 0.0).clip(lower=0),
        }
    ).reset_index(drop=True)
    orders["day"] = orders["ordered_at"].dt.normalize()
    customers = segment.rfm(orders, as_of=AS_OF)
    someone = customers.query("rfm_class == 'general_win_back'")["customer_id"].iloc[0]
    row = customers.set_index("customer_id").loc[someone]
    answered = pd.concat([tables["survey_2024_05"], tables["survey_2024_11"]])
    items = answered[[f"item_{i}" for i in range(1, 9)]].apply(pd.to_numeric, errors="coerce")
    items = items[items.isin(range(1, 6)).all(axis=1)]
    names = {"pd": pd, "np": np, "segment": segment, "orders": orders, "as_of": AS_OF, "customers": customers}
    return names | {"someone": someone, "row": row, "items": items}


def outcome(given, name, code):
    """What check says to an answer written as code."""
    names = dict(given)
    exec(code, names)
    return answers.check(name, names)


# --- right answers ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXERCISES)
def test_the_reference_is_right_and_is_told_something(given, name):
    found = outcome(given, name, LESSON.exercises()[name].text)
    assert found.kind == answers.RIGHT, found
    assert len(found.sentence.say("zh")) > 10


HIGH = (
    "c = customers\nhigh = pd.DataFrame({'r': c.recency_days < c.recency_days.median(), "
    "'f': c.frequency > c.frequency.median(), 'm': c.monetary_net > c.monetary_net.median()})\n"
)
FOUND = HIGH + "win_back = (~high.r & ~high.f & high.m).sum()\n"
CUT = "own, cut = row, segment.cuts(customers)\n"
TRUE_STEPS = LESSON.exercises()["segment-4"].text + "\n"
PAIR = "reverse = ['item_3', 'item_6']\nt = items[['item_2', 'item_4', 'item_6', 'item_8']]\n"
MIRRORED = PAIR + "t = t.assign(item_6=6 - t['item_6'])\nv, s = t.var().sum(), t.sum(axis=1).var()\n"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *alternatives.of("segment"),
        ("segment-1", "mine = segment.rfm(orders, as_of=as_of)[['customer_id', 'recency_days', 'frequency']]"),
        (
            "segment-1",
            "past = orders[orders.ordered_at < as_of + pd.Timedelta(days=1)]\n"
            "mine = past.groupby('customer_id').agg(recency_days=('day', 'max'), frequency=('order_id', 'count'))\n"
            "mine['recency_days'] = (as_of - mine['recency_days']) / pd.Timedelta(days=1)\nmine = mine[::-1]",
        ),
        ("segment-2", FOUND.replace("high = ", "high = 1 * ")),
        (
            "segment-2",
            FOUND + "high = high.assign(customer_id=customers['customer_id'])[::-1]\n"
            "win_back = float((customers['rfm_class'] == 'important_win_back').sum())",
        ),
        ("segment-3", "def quintile(v):\n    return np.ceil(5 * v.rank(pct=True)).astype(int)"),
        (
            "segment-3",
            "def quintile(values):\n    return segment.scores(customers.iloc[:0].reindex(values.index).assign("
            "recency_days=0, frequency=values, monetary_net=0))['f']",
        ),
        (
            "segment-4",
            "d = segment.smallest_change(customers, someone, 'important_value')\n"
            "fewer_days, more_orders, more_yuan = -d['recency_days'], d['frequency'], d['monetary_net']",
        ),
        ("segment-5", MIRRORED + "reverse = ('item_6', 'item_3')\nalpha = round(segment.cronbach_alpha(t), 3)"),
        ("segment-5", MIRRORED + "alpha = round(segment.cronbach_alpha(t), 2)"),
    ],
)
def test_other_ways_are_right_too(given, name, code):
    found = outcome(given, name, code)
    assert found.kind == answers.RIGHT, found


# --- mistakes --------------------------------------------------------------------------------------------------------

BY = "g = orders.query('day <= @as_of').groupby('customer_id')\n"
MINE = "mine = pd.DataFrame({'recency_days': (as_of - g.day.max()).dt.days, 'frequency': g.size()})\n"
RANKED = "def quintile(v):\n    return "


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        (
            "segment-1",
            "g = orders.groupby('customer_id')\n" + MINE,
            "first order is later than as_of",
        ),
        (
            "segment-1",
            "g = orders[orders.ordered_at <= as_of].groupby('customer_id')\n" + MINE,
            "as_of itself are missing",
        ),
        ("segment-1", "g = orders.query('day < @as_of').groupby('customer_id')\n" + MINE, "as_of itself are missing"),
        (
            "segment-1",
            BY + MINE + "last = orders.groupby('customer_id').day.max()\nmine['recency_days'] = (as_of - last).dt.days",
            "orders after as_of are in it",
        ),
        ("segment-1", BY + MINE + "mine['recency_days'] = (as_of - g.day.min()).dt.days", "first order"),
        ("segment-1", BY + MINE + "mine['recency_days'] = (orders.day.max() - g.day.max()).dt.days", "last day in"),
        ("segment-1", BY + MINE + "mine['recency_days'] = (as_of - g.ordered_at.max()).dt.days", "one day short"),
        ("segment-1", BY + MINE + "mine['recency_days'] = (g.day.max() - g.day.min()).dt.days", "t_x"),
        ("segment-1", BY + MINE + "mine['recency_days'] *= -1", "not the other way"),
        ("segment-1", BY + MINE + "mine['recency_days'] = as_of - g.day.max()", ".dt.days"),
        ("segment-1", BY + MINE + "mine['recency_days'] = g.day.max().dt.strftime('%Y')", "should hold numbers"),
        ("segment-1", BY + MINE + "mine['frequency'] = orders.groupby('customer_id').size()", "from after as_of"),
        ("segment-1", BY + MINE + "mine['frequency'] = g.day.nunique()", "days with an order"),
        ("segment-1", BY + MINE + "mine['frequency'] -= 1", "repeat orders"),
        ("segment-1", BY + MINE + "mine['frequency'] = g.amount.sum()", "adds up money"),
        ("segment-1", BY + MINE + "mine['frequency'] = g.order_id.count", "brackets"),
        ("segment-1", BY + MINE + "mine['frequency'] = 7", "frequency is not right for"),
        ("segment-1", BY + MINE + "mine = mine.rename(columns={'frequency': 'F'})", "lacks the column frequency"),
        ("segment-1", BY + MINE + "mine = mine.reset_index(drop=True)", "not called by customer_id"),
        ("segment-1", BY + MINE + "mine = mine.iloc[5:]", "had ordered by then"),
        ("segment-1", BY + MINE + "mine = pd.concat([mine, mine])", "customers twice"),
        ("segment-1", BY + "mine = g.day.max()", "should be a table"),
        ("segment-2", FOUND + "high['r'] = c.recency_days > c.recency_days.median()", "wrong way round"),
        ("segment-2", FOUND + "high['r'] = ~high['r']", "wrong way round"),
        ("segment-2", FOUND + "high['f'] = c.frequency >= c.frequency.median()", "on the cut itself"),
        ("segment-2", FOUND + "high['m'] = c.monetary_net > c.monetary_net.mean()", "cut at the mean"),
        ("segment-2", FOUND + "high['f'] = c.frequency > c.frequency.mean()", "cut at the mean"),
        ("segment-2", FOUND + "high['m'] = c.monetary_gross > c.monetary_gross.median()", "gross"),
        ("segment-2", FOUND + "high['m'] = c.m >= 4", "cut by the score"),
        ("segment-2", FOUND + "high['m'] = c.monetary_net < c.monetary_net.median()", "here more is high"),
        ("segment-2", FOUND + "high['m'] = c.monetary_net", "True and False only"),
        ("segment-2", FOUND + "high['m'] = True", "m is not right for"),
        ("segment-2", FOUND + "high = high[high.m]", "rows"),
        ("segment-2", HIGH + "win_back = (high.r & ~high.f & high.m).sum()", "recent ones"),
        ("segment-2", HIGH + "win_back = (~high.r & high.f & high.m).sum()", "keep"),
        ("segment-2", HIGH + "win_back = (~high.r & ~high.f & ~high.m).sum()", "M low"),
        ("segment-2", HIGH + "win_back = (high.r & high.f & high.m).sum()", "high in all three"),
        ("segment-2", HIGH + "win_back = (~high.r & high.m).sum()", "whatever F is"),
        ("segment-2", HIGH + "win_back = (~high.r & ~high.f & high.m).mean()", "is a share"),
        ("segment-2", HIGH + "win_back = 100 * (~high.r & ~high.f & high.m).mean()", "is a percentage"),
        ("segment-2", HIGH + "win_back = (~high.r & ~high.f).sum()", "whatever M is"),
        ("segment-2", HIGH + "win_back = 3", "win_back is not yet"),
        ("segment-2", HIGH + "win_back = ~high.r & ~high.f & high.m", "one number"),
        ("segment-3", RANKED + "np.ceil(5 * v.rank(method='first') / len(v))", "row number"),
        ("segment-3", RANKED + "pd.qcut(v, 5, labels=[1, 2, 3, 4, 5]).astype(float)", "edges are the same"),
        ("segment-3", RANKED + "np.ceil(5 * v.rank(method='min') / len(v))", "first of their heap"),
        ("segment-3", RANKED + "np.ceil(5 * v.rank(method='max') / len(v))", "last of their heap"),
        ("segment-3", RANKED + "np.ceil(5 * v.rank(method='dense') / v.nunique())", "dense"),
        ("segment-3", RANKED + "np.ceil(5 * v.rank(ascending=False) / len(v))", "should get a 1"),
        ("segment-3", RANKED + "5 * v.rank() // len(v)", "round up"),
        ("segment-3", RANKED + "(5 * v.rank() // len(v)).clip(upper=4) + 1", "do not add one"),
        (
            "segment-3",
            RANKED + "1 + sum((v > q).astype(int) for q in v.quantile([0.2, 0.4, 0.6, 0.8]))",
            "quantiles of the values",
        ),
        ("segment-3", RANKED + "5 * v.rank() / len(v)", "not whole numbers"),
        ("segment-3", RANKED + "(5 * v.rank() / len(v)).round()", "nearest whole number"),
        ("segment-3", RANKED + "0 * v + 3", "is not right for"),
        ("segment-3", "def quintile(v):\n    np.ceil(5 * v.rank() / len(v))", "needs return"),
        ("segment-3", RANKED + "v.rank().map({1.0: 1})", "without a score"),
        ("segment-3", RANKED + "5", "is a single value"),
        ("segment-3", "quintile = 5", "should be a function"),
        ("segment-4", TRUE_STEPS + "more_orders -= 1", "only reaches the cut"),
        ("segment-4", TRUE_STEPS + "fewer_days -= 1 - cut['r'] % 1", "only reaches the cut"),
        ("segment-4", TRUE_STEPS + "more_yuan = cut['m'] - row['monetary_net']", "only reaches the cut"),
        ("segment-4", TRUE_STEPS + "fewer_days *= -1", "positive number"),
        ("segment-4", TRUE_STEPS + "fewer_days = cut['r'] - row['recency_days'] - 7", "positive number"),
        ("segment-4", TRUE_STEPS + "more_yuan += 0.005", "between two steps"),
        ("segment-4", TRUE_STEPS + "more_yuan += 0.01", "smaller step"),
        (
            "segment-4",
            TRUE_STEPS + "more_yuan = customers['monetary_net'].mean() - row['monetary_net']",
            "measured to the mean",
        ),
        ("segment-4", TRUE_STEPS + "fewer_days = row['recency_days']", "own value"),
        ("segment-4", TRUE_STEPS + "more_yuan += row['monetary_net']", "value to be reached"),
        ("segment-4", TRUE_STEPS + "more_orders = 99", "too large"),
        ("segment-4", TRUE_STEPS + "more_yuan = 0", "too small"),
        ("segment-5", PAIR + "alpha = segment.cronbach_alpha(t)", "as they were answered"),
        ("segment-5", MIRRORED + "alpha = 1 - v / s", "k / (k − 1)"),
        ("segment-5", MIRRORED + "n = len(t)\nalpha = n / (n - 1) * (1 - v / s)", "number of people"),
        ("segment-5", MIRRORED + "alpha = v / s", "one minus it"),
        ("segment-5", MIRRORED + "alpha = segment.cronbach_alpha(t.drop(columns='item_6'))", "without the odd item"),
        ("segment-5", MIRRORED + "alpha = s / v", "outside 0 to 1"),
        ("segment-5", MIRRORED + "alpha = 0.99", "alpha is too large"),
        ("segment-5", MIRRORED + "alpha = 0.5\nreverse = 'item_3'", "each of the two scales"),
        ("segment-5", MIRRORED + "alpha = 0.5\nreverse = []", "reverse is empty"),
        ("segment-5", MIRRORED + "alpha = 0.5\nreverse += ['item_1']", "item_1 need not"),
        ("segment-5", MIRRORED + "alpha = 0.5\nreverse = ['item_3', 'item_4']", "item_4 need not"),
        ("segment-5", MIRRORED + "alpha = 0.5\nreverse = [f'item_{i}' for i in (1, 2, 4, 5, 7, 8)]", "the others"),
        ("segment-5", MIRRORED + "alpha = 0.5\nreverse = ['item_9']", "no item item_9"),
        ("segment-5", MIRRORED + "alpha = ...", "still to be done"),
    ],
)
def test_a_mistake_is_told_by_name_and_not_by_number(given, name, code, said):
    found = outcome(given, name, code)
    assert found.kind == answers.NOT_YET
    assert said in found.sentence.say("en"), found
    assert found.sentence.say("zh") != found.sentence.say("en")


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("strange", range(len(sitting.STRANGE)))
def test_strange_answers_are_told_in_a_sentence(given, name, strange):
    names = dict(given) | dict.fromkeys(NAMES[name], sitting.STRANGE[strange])
    found = answers.check(name, names)
    assert found.kind == answers.NOT_YET and found.sentence.say("zh") and found.sentence.say("en")


# --- what the lesson shows -------------------------------------------------------------------------------------------


def cells(first, last):
    """The code of the lesson from the cell that holds `first` to the one that holds `last`."""
    code = [c.text for c in LESSON.cells if c.kind == "code"]
    start = next(i for i, text in enumerate(code) if first in text)
    end = next(i for i, text in enumerate(code) if last in text)
    return "\n".join(code[start : end + 1])


@pytest.mark.parametrize(("switch", "cut"), [(1, "median"), (2, "mean")])
def test_the_workbook_of_the_lesson_calculates_what_the_package_does(monkeypatch, tmp_path, soffice, switch, cut):
    """LibreOffice calculates from the formulas alone; FineBI's cut is one switch away."""
    random = np.random.default_rng(5)
    orders = pd.DataFrame({"customer_id": [f"8{i:03}" for i in random.geometric(0.02, 400)]})
    orders["order_id"] = [f"L{i}" for i in range(len(orders))]
    orders["ordered_at"] = AS_OF - pd.to_timedelta(random.integers(0, 300, len(orders)), unit="D")
    orders["amount"] = random.lognormal(4, 1, len(orders)).round(2)
    customers = segment.rfm(orders, as_of=AS_OF)
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    monkeypatch.setitem(room._open, "lesson", "07_segment")
    words = {key: said["en"] for key, said in (sentences("common") | sentences("segment")).items()}
    called = {name: words[name] for name in segment.CLASSES.values()}
    names = {"customers": customers, "n": len(customers), "class_names": called, "say": lambda *_, **__: None}
    exec(cells("segment.workbook import write", "segment.workbook import write"), names)
    _same(tmp_path / "rfm.xlsx", customers, words)  # what a viewer shows that does not calculate
    book = openpyxl.load_workbook(tmp_path / "rfm.xlsx")
    book["RFM"]["M1"] = switch
    book.save(tmp_path / "bare.xlsx")  # openpyxl keeps formulas and drops stored values
    command = [soffice, f"-env:UserInstallation={(tmp_path / 'office').as_uri()}", "--headless"]
    command += ["--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(tmp_path / "out")]
    subprocess.run([*command, str(tmp_path / "bare.xlsx")], check=True, capture_output=True)
    _same(tmp_path / "out" / "bare.xlsx", customers.assign(rfm_class=segment.classes(customers, cut)), words)


def _same(path, customers, words):
    sheet = openpyxl.load_workbook(path, data_only=True)["RFM"]
    rows = [r[:8] for r in sheet.iter_rows(min_row=2, max_row=len(customers) + 1, values_only=True)]
    columns = ["customer_id", "recency_days", "frequency", "monetary_net", "r", "f", "m", "name"]
    got = pd.DataFrame(rows, columns=columns)
    assert got["customer_id"].tolist() == customers["customer_id"].tolist()
    assert got[["r", "f", "m"]].astype(int).to_numpy().tolist() == customers[["r", "f", "m"]].to_numpy().tolist()
    assert got["name"].tolist() == [words[c] for c in customers["rfm_class"]]
    assert got["name"].nunique() > 5


def test_scores_do_not_move_with_the_rows_and_ranks_by_position_do(given):
    customers = given["customers"]
    shuffled = customers.sample(frac=1, random_state=3)
    assert (segment.scores(shuffled).sort_index() == customers[["r", "f", "m"]]).all(axis=None)
    first = [np.ceil(5 * c["frequency"].rank(method="first") / len(c)).sort_index() for c in (customers, shuffled)]
    assert (first[0] != first[1]).mean() > 0.1


def test_the_null_twin_has_no_clusters_and_the_survey_has_its_types(given):
    customers = given["customers"]
    names = dict(given) | {"customers": customers}
    clustered, _, _ = cells("from sklearn.cluster import KMeans", "silhouette_score(scaled, four").partition(
        "scatter(scaled"
    )
    exec(clustered.replace("sample_size=1500, ", ""), names)
    random = np.random.default_rng(0)
    twin = pd.DataFrame({c: random.permutation(names["scaled"][c]) for c in names["scaled"]})
    assert segment.cluster(twin, k_max=4).verdict == "no clear clusters"
    assert segment.cluster(segment.factors(given["items"]).scores, k_max=4).k == 3  # as many types as were planted


# --- game, seal, quiz ------------------------------------------------------------------------------------------------


def test_the_cut_at_both_ends_is_the_median_and_the_mean(given):
    customers = given["customers"]
    assert (classes_at(customers, 0) == customers["rfm_class"]).all()
    assert (classes_at(customers, 100) == segment.classes(customers, "mean")).all()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A small company, prepared as for a learner."""
    patch = pytest.MonkeyPatch()
    patch.setenv("COURSE_WORK", str(tmp_path_factory.mktemp("work")))
    patch.setenv("COURSE_CACHE", str(tmp_path_factory.mktemp("cache")))
    patch.setitem(room._open, "lesson", "07_segment")
    patch.setitem(room._open, "company", None)
    use_company(2, 600)
    yield room.company()
    patch.undo()


@pytest.mark.parametrize("values", [{"way": 0}, {"way": 100}])
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_game_draws_at_both_ends_of_its_slider(small, monkeypatch, values, lang):
    language.use(lang)
    monkeypatch.setattr(plt, "show", lambda: None)
    play("segment", **values)
    assert f"{values['way']}%" in plt.gcf().axes[0].get_title("right")
    plt.close("all")


def test_the_seal_holds_who_had_left_of_those_the_list_names(small):
    truth = SEAL.truth()
    assert 30 < truth < 100
    # Nobody who had left orders afterwards: those who came back are among the rest.
    back = float(SEAL.more().values["back"].rstrip("%"))
    assert truth + back <= 100
    for lang in language.LANGUAGES:
        assert "%" in SEAL.more().say(lang) and "nan" not in SEAL.more().say(lang)


def test_nothing_is_told_before_the_bet(small):
    assert "FineBI" not in bets.unseal("segment").say("en")
    bets.bet("segment", 0, 100)
    assert "FineBI" in bets.unseal("segment").say("en")
