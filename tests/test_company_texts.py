"""Comments and posts of Luming's customers: varied, alike in both languages, and true to their labels."""

import re
import time
from collections import Counter

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from course import DataError
from course.company import texts
from tests.conftest import ROOT

DATA = ROOT / "course" / "company" / "data"
CJK = re.compile(r"[一-鿿]")


def labels(rows, seed=0):
    """Labels as a shop sees them: themes unequal, one text in five on two themes."""
    rng = np.random.default_rng(seed)
    themes = rng.choice(texts.THEMES, rows, p=[0.18, 0.12, 0.18, 0.06, 0.12, 0.08, 0.08, 0.09, 0.06, 0.03])
    second = np.where(rng.random(rows) < 0.2, rng.choice(texts.THEMES, rows), None)
    second[second == themes] = None
    feeling = rng.choice(texts.SENTIMENTS, rows).astype(object)
    return pd.DataFrame(
        {
            "theme": themes,
            "sentiment": rng.choice(texts.SENTIMENTS, rows, p=[0.35, 0.2, 0.45]),
            "theme2": second,
            "sentiment2": np.where(pd.isna(second), None, feeling),
            "category": rng.choice(texts.CATEGORIES, rows),
            "channel": rng.choice(texts.CHANNELS, rows),
        }
    )


def shares(runs, top=1):
    """The share of texts in which the most frequent runs occur, each counted once a text."""
    counts = Counter(run for text in runs for run in set(text))
    return [count / len(runs) for _, count in counts.most_common(top)]


def grams(text, length):
    return [text[i : i + length] for i in range(len(text) - length + 1)]


def lines():
    """Each fragment of the stores: file, its place in the file, Chinese, English."""

    def walk(node, path):
        if isinstance(node, dict):
            for key, value in node.items():
                yield from walk(value, [*path, key])
        elif isinstance(node, str):
            for line in node.splitlines():
                zh, en = re.sub(r"^\{[^}]*\} ", "", line).split(" = ")
                yield path, zh, en

    for path in sorted(DATA.glob("texts_*.yaml")):
        yield from walk(yaml.safe_load(path.read_text(encoding="utf-8")), [path.stem.removeprefix("texts_")])


def test_every_theme_and_feeling_has_at_least_25_remarks_in_each_language():
    stock = {(theme, feeling): ([], []) for theme in texts.THEMES for feeling in texts.SENTIMENTS}
    for path, zh, en in lines():
        if tuple(path[:2]) in stock:
            stock[tuple(path[:2])][0].append(zh)
            stock[tuple(path[:2])][1].append(en)
    for cell, (zh, en) in stock.items():
        assert len(set(zh)) >= 25 and len(set(en)) >= 25, cell


def test_a_fragment_has_the_same_slots_in_both_languages_and_in_all_its_wordings():
    count = 0
    for path, zh, en in lines():
        count += 1
        assert set(re.findall(r"<\w+>", zh)) == set(re.findall(r"<\w+>", en)), (path, zh)
        assert zh.count("[") == zh.count("]") and en.count("[") == en.count("]"), (path, zh, en)
        optional = [part for part in re.findall(r"\[([^\]]*)\]", zh + en) if "<" in part]
        for part in optional:
            slots = [sorted(re.findall(r"<\w+>", wording)) for wording in part.split("|")]
            assert all(s == slots[0] for s in slots), (path, zh)
        assert CJK.search(zh) or zh.isascii(), (path, zh)
        assert not CJK.search(en) or path[-2:] == ["typos", "zh"], (path, en)
    assert count > 1000


def test_5000_comments_are_varied():
    got = texts.comments(np.random.default_rng(1), labels(5000, 1))
    assert got["text_zh"].nunique() > 0.95 * 5000
    assert got["text_en"].nunique() > 0.95 * 5000
    assert shares([grams(text, 12) for text in got["text_zh"]])[0] < 0.02
    assert shares([[tuple(w) for w in grams(text.split(), 6)] for text in got["text_en"]])[0] < 0.02
    lengths = got["text_zh"].str.len()
    assert lengths.quantile(0.05) <= 12 and lengths.quantile(0.95) > 35


def test_2000_posts_are_varied_and_longer_than_comments():
    given = labels(2000, 2)
    got = texts.posts(np.random.default_rng(1), given)
    assert got["text_zh"].nunique() > 0.99 * 2000
    assert shares([grams(text, 12) for text in got["text_zh"]])[0] < 0.02
    comments = texts.comments(np.random.default_rng(1), given)
    assert got["text_zh"].str.len().median() > 1.5 * comments["text_zh"].str.len().median()
    assert got["text_zh"].str.contains(r"#\S+#").mean() > 0.5
    assert got["text_zh"].str.contains("@鹿鸣").mean() > 0.1


def test_no_two_of_twenty_comments_begin_or_end_alike_more_often_than_people_do():
    for seed in range(20):
        got = texts.comments(np.random.default_rng(seed), labels(20, seed))
        for column, length in (("text_zh", 6), ("text_en", 16)):
            starts, ends = (
                got[column].str[:length],
                got[column].str.rstrip("。.！!～…")[lambda s: s != ""].str[-length:],
            )
            assert starts.nunique() >= 18 and ends.nunique() >= 18, (seed, column)


def test_a_text_is_in_its_language_and_nothing_of_the_grammar_is_left_in_it():
    given = labels(3000, 3)
    for got in (texts.comments(np.random.default_rng(5), given), texts.posts(np.random.default_rng(5), given)):
        assert got["text_zh"].str.contains(CJK).all()
        assert not got["text_en"].str.contains(CJK).any()
        both = pd.concat([got["text_zh"], got["text_en"]])
        assert not both.str.contains(r"[\[\]{}<>|]| = |  | [.,!?]| $|^ |nan|None").any()


def test_both_languages_name_the_same_product():
    items = [(zh, en) for path, zh, en in lines() if path[:2] == ["common", "items"]]
    got = texts.posts(np.random.default_rng(9), labels(3000, 9))
    named = 0
    for zh, en in items:
        says_zh, says_en = got["text_zh"].str.contains(zh, regex=False), got["text_en"].str.contains(f"the {en}")
        named += says_en.sum()
        assert says_zh[says_en].all(), (zh, en)
    assert named > 100


def test_the_same_state_gives_the_same_texts_and_another_state_others():
    given = labels(200)
    first = texts.comments(np.random.default_rng(3), given)
    pd.testing.assert_frame_equal(first, texts.comments(np.random.default_rng(3), given))
    assert (first["text_zh"] != texts.comments(np.random.default_rng(4), given)["text_zh"]).mean() > 0.95


def test_the_labels_can_be_read_off_the_texts():
    """A plain classifier of characters, trained on some, tells theme and feeling of the others."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import SGDClassifier
    from sklearn.pipeline import make_pipeline

    given = labels(4000, 6)
    given["theme2"] = None
    got = texts.comments(np.random.default_rng(6), given)
    for column, analyzer in (("text_zh", "char"), ("text_en", "word")):
        for target, least in (("theme", 0.85), ("sentiment", 0.85)):
            model = make_pipeline(TfidfVectorizer(analyzer=analyzer, ngram_range=(1, 2)), SGDClassifier(random_state=0))
            model.fit(got[column][:3000], given[target][:3000])
            assert model.score(got[column][3000:], given[target][3000:]) > least, (column, target)


def test_a_second_theme_is_told_too():
    given = pd.DataFrame(
        {"theme": ["price"] * 200, "sentiment": "positive", "theme2": "taste", "sentiment2": "negative"},
        index=range(1000, 1200),
    )
    got = texts.comments(np.random.default_rng(0), given)
    assert list(got.index) == list(given.index)
    turns = "就是|但|不过|可惜|只是|美中不足|要扣分|唯一不满|然而"
    assert got["text_zh"].str.contains(turns).mean() > 0.95


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_blanks_in_optional_labels_mean_unknown(missing):
    given = pd.DataFrame({"theme": ["app", "gift"], "sentiment": ["neutral", "positive"]})
    for column in ("theme2", "sentiment2", "category", "channel"):
        given[column] = pd.Series([missing, missing], dtype=object)
    got = texts.comments(np.random.default_rng(0), given)
    pd.testing.assert_frame_equal(got, texts.comments(np.random.default_rng(0), given[["theme", "sentiment"]]))


@settings(max_examples=60)
@given(
    st.sampled_from(texts.THEMES),
    st.sampled_from(texts.SENTIMENTS),
    st.sampled_from([None, *texts.THEMES]),
    st.sampled_from(texts.SENTIMENTS),
    st.sampled_from([None, *texts.CATEGORIES]),
    st.sampled_from([None, *texts.CHANNELS]),
    st.integers(0, 2**32),
)
def test_every_combination_of_labels_can_be_written(theme, feeling, theme2, feeling2, category, channel, seed):
    row = {"theme": theme, "sentiment": feeling, "theme2": theme2, "sentiment2": feeling2}
    given = pd.DataFrame([row | {"category": category, "channel": channel}] * 3, dtype=object)
    for write in (texts.comments, texts.posts):
        got = write(np.random.default_rng(seed), given)
        assert (got.map(len) > 1).all(axis=None)


def test_nothing_is_tasted_of_a_lamp_and_a_shop_is_not_an_app():
    given = pd.DataFrame({"theme": ["taste"] * 400, "sentiment": "negative", "category": "electronics"})
    appliances = [zh for path, zh, _ in lines() if path[:3] == ["common", "items", "electronics"]]
    got = texts.posts(np.random.default_rng(2), given)
    assert not got["text_zh"].str.contains("|".join(appliances)).any()
    given = pd.DataFrame({"theme": ["store"] * 400, "sentiment": "positive", "channel": "app"})
    got = texts.comments(np.random.default_rng(2), given)
    assert not got["text_zh"].str.contains("直播|半夜").any()


def test_reposts_quote_the_other_post_whole_and_may_quote_a_repost():
    given = pd.DataFrame(
        {
            "theme": "service",
            "sentiment": ["positive", "negative", "negative", "neutral"],
            "author": ["甲", "乙", "丙", "丁"],
            "repost_of": ["d", None, "b", "c"],
        },
        index=list("abcd"),
    )
    got = texts.posts(np.random.default_rng(0), given)
    zh, en = got["text_zh"], got["text_en"]
    assert zh["c"].endswith("//@乙:" + zh["b"]) and en["c"].endswith("//@乙: " + en["b"])
    assert zh["d"].endswith("//@丙:" + zh["c"]) and zh["a"].endswith("//@丁:" + zh["d"])
    assert "//@" not in zh["b"]


def test_advertisements_say_nothing_of_a_theme():
    given = pd.DataFrame({"theme": ["ad"] * 50 + ["price"] * 50, "sentiment": [None] * 50 + ["negative"] * 50})
    got = texts.posts(np.random.default_rng(0), given)
    assert (
        got["text_zh"][:50]
        .str.contains("日结|当天结算|直销|优惠券|减肥|瘦身|购物卡|代拍|代下单|测|抽|贷款|粉|店铺|兼职")
        .all()
    )
    with pytest.raises(DataError, match=r"theme of a text is one of .* not ad"):
        texts.comments(np.random.default_rng(0), given)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"theme": "weather"}, "theme of a text is one of delivery, .*, not weather"),
        ({"sentiment": None}, "sentiment of a text is one of negative, neutral, positive, not None"),
        ({"category": "toys"}, "category of a text is one of .*, not toys"),
        ({"sentiment2": "sad"}, "sentiment2 of a text"),
        ({"theme2": "price"}, "sentiment2 of a text"),
        ({"repost_of": 7}, "quotes a row that is not there: 7"),
        ({"repost_of": 0}, "quote one another in a circle: 0"),
    ],
)
def test_labels_that_cannot_be_are_refused(change, says):
    given = pd.DataFrame({"theme": ["app"], "sentiment": ["neutral"]}).assign(**change)
    with pytest.raises(DataError, match=says):
        texts.posts(np.random.default_rng(0), given)


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="no column sentiment"):
        texts.comments(np.random.default_rng(0), pd.DataFrame({"theme": ["app"]}))


def test_20000_comments_take_under_three_seconds():
    given = labels(20_000, 8)
    texts.comments(np.random.default_rng(0), given[:100])
    start = time.process_time()
    texts.comments(np.random.default_rng(0), given)
    assert time.process_time() - start < 3
