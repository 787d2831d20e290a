"""What customers say: praise and blame with negation and contrast, themes, reposts, and how far labels agree."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, ttest_ind

from course import DataError, nps

SIGNS = {"+": "positive", "-": "negative", "=": "neutral"}

# Text, its label as a whole, and what it says of which theme. Written before the lexicon had seen them; the words that
# were missing then are in it now, so the share found here is no measure of what it will find elsewhere.
LABELLED = [
    ("物流很快，包装也很严实，好评", "positive", "delivery+, packaging+"),
    ("味道一般，价格还贵", "negative", "taste-, price-"),
    ("客服态度非常差，再也不会来了", "negative", "service-"),
    ("不好吃", "negative", "taste-"),
    ("不难吃，但也谈不上好吃", "neutral", "taste="),
    ("茶叶很香，就是快递太慢了", "negative", "taste+, delivery-"),
    ("虽然价格有点高，但是质量真的不错", "positive", "price-, quality+"),
    ("没有破损，发货及时", "positive", "packaging+, delivery+"),
    ("APP老是闪退，下单好几次都失败", "negative", "app-"),
    ("昨天买的，还没拆", "neutral", ""),
    ("门店环境不错，店员也热情", "positive", "store+, service+"),
    ("退款拖了半个月", "negative", "returns-"),
    ("希望包装能再好一点", "negative", "packaging-"),
    ("没想到这么便宜，质量还这么好", "positive", "price+, quality+"),
    ("不是不喜欢，是太贵", "negative", "price-"),
    ("Delivery was fast but the box was crushed", "negative", "delivery+, packaging-"),
    ("Not bad at all", "positive", ""),
    ("I never had a problem with their customer service", "positive", "service+"),
    ("The tea isn't fresh and tastes stale", "negative", "taste-"),
    ("Great quality, great price!", "positive", "quality+, price+"),
    ("I ordered two boxes last week.", "neutral", "packaging="),
    ("The app keeps crashing at checkout", "negative", "app-"),
    ("Although it arrived late, the staff were very helpful", "positive", "delivery-, service+"),
    ("Refund took weeks and nobody answers the phone", "negative", "returns-, service-"),
    ("Would not recommend this to anyone", "negative", ""),
    ("It could be cheaper", "negative", "price-"),
    ("Don't buy it, it fell apart after two days", "negative", "quality-"),
    ("The store is clean and the staff are friendly", "positive", "store+, service+"),
    ("质量好，price也不贵", "positive", "quality+, price+"),
    ("Price and quality are both excellent", "positive", "price+, quality+"),
    ("下单第二天就收到了，真快", "positive", "delivery+"),
    ("等了整整一周才到货，太慢", "negative", "delivery-"),
    ("箱子压扁了，里面的饼干全碎了", "negative", "packaging-"),
    ("盒子很漂亮，送人有面子", "positive", "packaging+"),
    ("性价比很高，会回购", "positive", "price+"),
    ("上周刚买完就降价，客服还不给保价", "negative", "price-, service-"),
    ("奶粉日期新鲜，宝宝很爱喝", "positive", "taste+"),
    ("坚果有股哈喇味，怀疑是临期的", "negative", "taste-"),
    ("面料柔软舒服，做工也精细", "positive", "quality+"),
    ("穿了一次就起球，质量太差了", "negative", "quality-"),
    ("打了三次电话都没人接", "negative", "service-"),
    ("客服小姐姐很有耐心，问题马上解决了", "positive", "service+"),
    ("小程序付款的时候总是卡住", "negative", "app-"),
    ("界面简洁，找东西方便", "positive", "app+"),
    ("周末去店里排队排了半小时", "negative", "store-"),
    ("店面不大，但是东西齐全", "positive", "store+"),
    ("退货很方便，钱当天就到账", "positive", "returns+"),
    ("说好的七天无理由，结果不给退", "negative", "returns-"),
    ("不便宜，不过值得", "positive", "price-"),
    ("东西还行吧", "neutral", ""),
    ("给我妈买的，她说等用了再看", "neutral", ""),
    ("没什么不满意的", "positive", ""),
    ("一点都不新鲜", "negative", "taste-"),
    ("快递小哥服务态度特别好", "positive", "service+"),
    ("价格比超市贵，味道也没什么特别", "negative", "price-, taste="),
    ("要是能便宜一点就更好了", "negative", "price-"),
    ("从来没有失望过，老顾客了", "positive", ""),
    ("尽管包装简陋，茶的味道很正", "positive", "packaging-, taste+"),
    ("颜色和图片不符，退了", "negative", "quality-"),
    ("吹风机用了两天就坏了，售后踢皮球", "negative", "quality-, service-"),
    ("Arrived a day early, very impressed", "positive", "delivery+"),
    ("Parcel never turned up and no one replied to my emails", "negative", "delivery-, service-"),
    ("Two of the jars were smashed when I opened the box", "negative", "packaging-"),
    ("Beautifully wrapped, perfect as a gift", "positive", "packaging+"),
    ("Way too expensive for what you get", "negative", "price-"),
    ("Good value for money", "positive", "price+"),
    ("The biscuits were stale", "negative", "taste-"),
    ("Lovely fragrant tea, will buy again", "positive", "taste+"),
    ("Stopped working after a week", "negative", "quality-"),
    ("The fabric is soft and well made", "positive", "quality+"),
    ("Staff were rude when I asked for a refund", "negative", "service-"),
    ("Very polite agent, sorted out my order in minutes", "positive", "service+"),
    ("Couldn't log in for three days", "negative", "app-"),
    ("The website is easy to use", "positive", "app+"),
    ("Long queues at the till every weekend", "negative", "store-"),
    ("Nice bright shop with plenty of parking", "positive", "store+"),
    ("Easy returns, money back within two days", "positive", "returns+"),
    ("They refused to refund me", "negative", "returns-"),
    ("It's okay, nothing special", "neutral", ""),
    ("Bought this for my sister", "neutral", ""),
    ("I wasn't disappointed", "positive", ""),
    ("Not as good as I hoped", "negative", ""),
    ("The price is high, but the quality makes up for it", "positive", "price-, quality+"),
    ("Tasty snacks; shipping could be faster though", "positive", "taste+, delivery-"),
    ("I can't fault the service", "positive", "service+"),
    ("Hardly ever late and always cheap", "positive", "delivery+, price+"),
    ("The packaging is not great", "negative", "packaging-"),
    ("No complaints so far", "positive", ""),
    ("Despite the slow website I love this shop", "positive", "app-, store+"),
    ("quality很好，但delivery太slow了", "negative", "quality+, delivery-"),
]


def _aspects(found):
    return {row.theme: row.label for row in found.itertuples()}


# --- sentiment -------------------------------------------------------------------------------------------------------


def test_labelled_sentences_of_both_languages():
    texts, truth, _ = zip(*LABELLED, strict=True)
    assert len(texts) == 90
    got = nps.judge(nps.sentiment(texts)["label"], truth)
    assert got.accuracy > 0.94
    assert (got.classes.set_index("label").loc[["negative", "positive"], ["precision", "recall"]] > 0.9).all(axis=None)


@pytest.mark.parametrize(
    ("plain", "turned"),
    [
        ("好吃", "不好吃"),
        ("新鲜", "一点也不新鲜"),
        ("满意", "没有觉得满意"),
        ("方便", "不太方便"),
        ("破损", "没有破损"),
        ("失望", "从没让我失望"),
        ("good", "not good"),
        ("helpful", "they weren't very helpful"),
        ("happy", "I’m never happy here"),
        ("late", "never late"),
        ("recommend it", "I can't recommend it"),
    ],
)
def test_a_negation_turns_praise_into_blame_and_blame_into_praise(plain, turned):
    before, after = nps.sentiment([plain, turned])["score"]
    assert before * after < 0
    assert abs(after) < 1.2 * abs(before)  # what is not bad is not splendid


def test_two_negations_cancel_out():
    assert nps.sentiment(["不是不好", "没有不满意", "not that I'm not happy"])["score"].min() > 0


@pytest.mark.parametrize(
    "text", ["不仅好吃", "不管怎样都好吃", "没想到好吃", "not only tasty", "no doubt tasty", "差不多每次都好吃"]
)
def test_what_only_looks_like_a_negation_negates_nothing(text):
    assert nps.sentiment([text])["label"][0] == "positive"


@pytest.mark.parametrize(
    ("weak", "plain", "strong"), [("有点贵", "贵", "非常贵"), ("slightly slow", "slow", "extremely slow")]
)
def test_degrees_weaken_and_strengthen(weak, plain, strong):
    got = nps.sentiment([weak, plain, strong])["score"]
    assert 0 > got[0] > got[1] > got[2] >= -1


@pytest.mark.parametrize(
    ("good_last", "bad_last"),
    [
        ("客服很差，但是东西很好", "东西很好，但是客服很差"),
        ("bad service but good tea", "good tea but bad service"),
        ("虽然客服差，东西好", "虽然东西好，客服差"),
    ],
)
def test_after_a_but_words_weigh_more(good_last, bad_last):
    assert nps.sentiment([good_last, bad_last])["label"].tolist() == ["positive", "negative"]


def test_praise_that_is_asked_for_is_not_given():
    texts = ["希望客服更专业", "I wish it were cheaper", "should be easier to use"]
    assert (nps.sentiment(texts)["label"] == "negative").all()


def test_language_and_blanks():
    got = nps.sentiment(
        pd.Series(
            ["好吃", "tasty", "包装nice but very pricey真的", "APP好用", "👍👍", " ", None], index=list("abcdefg")
        )
    )
    assert got["language"].tolist()[:4] == ["zh", "en", "mixed", "zh"]
    assert got["language"][4:].isna().all()
    assert got["label"][:5].tolist() == ["positive", "positive", "negative", "positive", "positive"]
    assert got.loc[["f", "g"], ["score", "label"]].isna().all(axis=None)
    assert list(got.index) == list("abcdefg")


@given(st.lists(st.text(max_size=40), max_size=6))
def test_any_text_can_be_read(texts):
    got, said = nps.sentiment(texts), nps.themes(texts)
    assert got["score"].dropna().between(-1, 1).all()
    assert (got["label"].isna() == got["score"].isna()).all()
    assert said["score"].between(-1, 1).all()
    assert said["theme"].isin(list(nps.theme_labels())).all()


@given(st.permutations([text for text, _, _ in LABELLED[:20]]))
@settings(max_examples=10)
def test_a_text_is_read_the_same_among_others(texts):
    got = dict(zip(texts, nps.sentiment(texts)["score"], strict=True))
    assert got == {text: nps.sentiment([text])["score"][0] for text in texts}


def test_reading_chinese_writes_no_file_and_says_nothing(tmp_path):
    import os
    import subprocess
    import sys

    code = "from course import nps; assert nps.sentiment(['很好吃'])['label'][0] == 'positive'"
    places = {name: str(tmp_path) for name in ("TMPDIR", "TEMP", "TMP")}
    done = subprocess.run([sys.executable, "-c", code], env=os.environ | places, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("texts", ["好", 3, pd.DataFrame({"a": ["好"]}), ["good", 7]])
def test_what_are_no_texts_is_refused(texts):
    with pytest.raises(DataError, match="text"):
        nps.sentiment(texts)


# --- themes ----------------------------------------------------------------------------------------------------------


def test_each_theme_gets_what_is_said_of_it():
    wanted = [(i, pair[:-1], SIGNS[pair[-1]]) for i, row in enumerate(LABELLED) for pair in row[2].split(", ") if pair]
    said = nps.themes([text for text, _, _ in LABELLED])
    got = set(zip(said["comment"], said["theme"], said["label"], strict=True))
    right = len(got & set(wanted))
    assert right / len(wanted) > 0.92  # of those there
    assert right / len(got) > 0.90  # of those found


@pytest.mark.parametrize(
    ("text", "aspects"),
    [
        ("delivery fast but box broken", {"delivery": "positive", "packaging": "negative"}),
        ("The parcel, to be fair, came quickly", {"delivery": "positive"}),
        ("价格、质量都不错", {"price": "positive", "quality": "positive"}),
        ("价格高，质量也高", {"price": "negative", "quality": "positive"}),
        ("Prices are high, quality is high", {"price": "negative", "quality": "positive"}),
        ("物流嘛，慢得离谱", {"delivery": "negative"}),
        ("we came by bus", {}),
    ],
)
def test_an_opinion_goes_to_the_theme_it_stands_by(text, aspects):
    assert _aspects(nps.themes([text])) == aspects


def test_themes_have_names_in_both_languages():
    labels = nps.theme_labels()
    assert len(labels) == 9
    assert labels["delivery"].say("zh") == "物流配送"
    assert all(label.say("en") != label.say("zh") for label in labels.values())


def test_table_of_themes_by_hand():
    answers = pd.DataFrame(
        {
            "comment": ["快递很慢", "快递慢，茶好喝", "快递快", "茶很难喝", "不错", None, ""],
            "score": [2, 5, 9, 4, 10, 0, np.nan],
        },
        index=list("abcdefg"),
    )
    got = nps.theme_table(answers).set_index("theme")
    assert got.index.tolist() == ["delivery", "taste"]
    assert got["mentions"].tolist() == [3, 2]
    assert got["share"].tolist() == [3 / 5, 2 / 5]
    assert got["negative"].tolist() == [2, 1]
    wilson = binomtest(2, 3).proportion_ci(method="wilson")
    delivery = got.loc["delivery"]
    # Wilson's interval in log odds from its middle; half a unit of reading error adds to it as squares do.
    at, *ends = (math.log(p / (1 - p)) for p in ((wilson.low + wilson.high) / 2, wilson.low, wilson.high))
    reach = [math.sqrt((end - at) ** 2 + (1.959964 * 0.5) ** 2) for end in ends]
    wide = [1 / (1 + math.exp(-(at - reach[0]))), 1 / (1 + math.exp(-(at + reach[1])))]
    assert delivery[["negative_share", "negative_low", "negative_high"]].tolist() == pytest.approx([2 / 3, *wide])
    assert delivery[["mean_score", "mean_score_rest", "score_gap"]].tolist() == pytest.approx([16 / 3, 7, -5 / 3])
    welch = ttest_ind([2, 5, 9], [4, 10], equal_var=False).confidence_interval()
    assert delivery[["gap_low", "gap_high"]].tolist() == pytest.approx([welch.low, welch.high])
    shuffled = nps.theme_table(answers.sample(frac=1, random_state=1)).set_index("theme")
    pd.testing.assert_frame_equal(shuffled, got)
    without = nps.theme_table(answers[["comment"]]).set_index("theme")
    assert without["mentions"].tolist() == [3, 2]
    assert without[["mean_score", "score_gap"]].isna().all(axis=None)


def test_theme_in_a_segment_has_the_field_s_tgi():
    # FIELD §8: 45 of 150 against 900 of 5,000 is 167 (130–214).
    inside = ["茶好喝"] * 45 + ["不错"] * 105
    outside = ["茶好喝"] * 855 + ["不错"] * 3995
    answers = pd.DataFrame({"comment": inside + outside, "group": ["new"] * 150 + ["old"] * 4850})
    got = nps.theme_table(answers, "group").set_index(["theme", "group"]).loc[("taste", "new")]
    assert (got["mentions"], got["share"]) == (45, 0.3)
    assert [round(got[c]) for c in ("tgi", "tgi_low", "tgi_high")] == [167, 130, 214]


def test_a_segment_that_never_mentions_a_theme_is_shown_with_zero():
    answers = pd.DataFrame({"comment": ["茶好喝", "客服好", "客服差", "客服好"], "group": ["a", "a", "b", None]})
    got = nps.theme_table(answers, "group").set_index(["theme", "group"])
    assert got["mentions"].to_dict() == {
        ("service", "a"): 1, ("service", "b"): 1, ("taste", "a"): 1, ("taste", "b"): 0,
    }  # fmt: skip
    assert got.loc[("taste", "b"), "tgi"] == 0
    assert np.isnan(got.loc[("taste", "b"), "negative_share"])


@pytest.mark.parametrize(
    ("answers", "segment", "words"),
    [
        (pd.DataFrame({"score": [9]}), None, "no column comment"),
        (pd.DataFrame({"comment": ["好"]}), "shop", "no column shop"),
        (pd.DataFrame({"comment": [None, " "]}), None, "no comment to read"),
        (pd.DataFrame({"comment": ["好"], "score": [11]}), None, "11"),
        (["好"], None, "DataFrame"),
    ],
)
def test_a_table_without_comments_is_refused(answers, segment, words):
    with pytest.raises(DataError, match=words):
        nps.theme_table(answers, segment)


# --- reposts ---------------------------------------------------------------------------------------------------------

POSTS = pd.DataFrame(
    {
        "post_id": ["5", "1", "2", "3", "4", "6", "7", "8", "9"],
        "author_id": ["e", "a", "b", "c", "d", "a", "f", "f", "g"],
        "at": pd.to_datetime(
            ["2024-03-05", "2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04"] + ["2024-03-06"] * 4
        ),
        "text": [
            "鹿鸣的新茶真的很好喝，推荐大家试试！！ https://t.example/1",
            "鹿鸣的新茶真的很好喝，推荐大家试试",
            "转发微博//@a:鹿鸣的新茶真的很好喝，推荐大家试试",
            "可是太贵了//@b:转发微博//@a:鹿鸣的新茶真的很好喝，推荐大家试试",
            "很好",
            "很好",
            "Nice!",
            "nice",
            "👍",
        ],
    }
)


def test_reposts_count_once_and_own_words_stay():
    got = nps.dedupe(POSTS)
    assert got[["post_id", "text", "copies"]].to_numpy().tolist() == [
        ["1", "鹿鸣的新茶真的很好喝，推荐大家试试", 3],
        ["3", "可是太贵了", 1],
        ["4", "很好", 1],
        ["6", "很好", 1],  # another customer, who may well think so too
        ["7", "Nice!", 2],
    ]


@given(st.permutations(range(len(POSTS))))
@settings(max_examples=15)
def test_the_order_of_posts_changes_nothing(order):
    pd.testing.assert_frame_equal(nps.dedupe(POSTS.iloc[order]), nps.dedupe(POSTS))


def test_posts_of_nobody_and_of_no_date_can_be_deduped():
    got = nps.dedupe(POSTS[["text"]])
    assert got["copies"].sum() == 8
    assert len(got) == 6  # who wrote “Nice!” is not known: two people may have
    with pytest.raises(DataError, match="no column text"):
        nps.dedupe(POSTS[["at"]])


# --- agreement -------------------------------------------------------------------------------------------------------


def test_judgement_by_hand():
    truth = ["a"] * 5 + ["b"] * 3 + ["c"] + [None]
    found = ["a", "a", "a", "b", None, "b", "b", "a", "b", "a"]
    got = nps.judge(found, truth)
    assert (got.n, got.accuracy) == (9, 5 / 9)
    assert (got.low, got.high) == pytest.approx(tuple(binomtest(5, 9).proportion_ci(method="wilson")))
    classes = got.classes.set_index("label")
    assert classes.loc["a", ["truth", "found", "precision", "recall"]].tolist() == [5, 4, 3 / 4, 3 / 5]
    assert classes.loc["b", ["truth", "found", "precision", "recall"]].tolist() == [3, 4, 2 / 4, 2 / 3]
    assert classes["f1"].tolist() == pytest.approx([2 * 3 / (5 + 4), 2 * 2 / (3 + 4), 0])
    low, high = binomtest(3, 6).proportion_ci(method="wilson")  # three of the six that are a or called a
    assert classes.loc["a", ["f1_low", "f1_high"]].tolist() == pytest.approx(
        [2 * low / (1 + low), 2 * high / (1 + high)]
    )
    assert np.isnan(classes.loc["c", "precision"])
    assert got.confusion.loc["a"].tolist() == [3, 1, 0]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1, max_size=60))
@settings(max_examples=30)
def test_judgement_agrees_with_scikit_learn(pairs):
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support

    found, truth = zip(*pairs, strict=True)
    got = nps.judge(found, truth)
    labels = got.classes["label"].tolist()
    wanted = precision_recall_fscore_support(truth, found, labels=labels, zero_division=np.nan)
    assert got.accuracy == pytest.approx(accuracy_score(truth, found))
    for name, values in zip(("precision", "recall"), wanted, strict=False):
        assert got.classes[name].tolist() == pytest.approx(values.tolist(), nan_ok=True)
    for name in ("precision", "recall", "f1"):
        value = got.classes[name]
        assert (got.classes[f"{name}_low"] <= value)[value.notna()].all()
        assert (got.classes[f"{name}_high"] >= value)[value.notna()].all()


def test_kappa_of_fifty_grant_proposals():
    # Two readers, yes or no: 20 both yes, 15 both no, 5 and 10 apart. Agreement .70, by chance .50, κ .40.
    first = ["yes"] * 25 + ["no"] * 25
    second = ["yes"] * 20 + ["no"] * 5 + ["yes"] * 10 + ["no"] * 15
    got = nps.kappa(first, second)
    assert (got.value, got.observed, got.expected, got.n) == pytest.approx((0.4, 0.7, 0.5, 50))
    # Fleiss, Cohen and Everitt's variance, by hand for two labels.
    p, rows, cols = np.array([[0.4, 0.1], [0.2, 0.3]]), np.array([0.5, 0.5]), np.array([0.6, 0.4])
    own = sum(p[i, i] * (0.5 - (rows[i] + cols[i]) * 0.3) ** 2 for i in range(2))
    cross = 0.3**2 * sum(p[i, j] * (cols[i] + rows[j]) ** 2 for i in range(2) for j in range(2) if i != j)
    error = np.sqrt((own + cross - (0.7 * 0.5 - 2 * 0.5 + 0.7) ** 2) / (50 * 0.5**4))
    assert (got.low, got.high) == pytest.approx((0.4 - 1.959964 * error, 0.4 + 1.959964 * error), abs=1e-6)


def test_kappa_where_nothing_can_disagree():
    assert np.isnan(nps.kappa(["a", "a"], ["a", "a"]).value)
    assert nps.kappa(["a", "b", None], ["a", "b", "a"]).value == 1
    assert nps.kappa(["a", "b"] * 10, ["b", "a"] * 10).value == -1


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=2, max_size=40))
def test_kappa_is_the_same_from_either_side(pairs):
    first, second = zip(*pairs, strict=True)
    left, right = nps.kappa(first, second), nps.kappa(second, first)
    assert left.value == pytest.approx(right.value, nan_ok=True)
    assert np.isnan(left.value) or -1 <= left.low <= left.value <= left.high <= 1


# Ten things, fourteen people, five labels: a worked example much reprinted; P̄ .378, P̄ₑ .213, κ .210.
FOURTEEN = [
    [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
]  # fmt: skip


def test_fleiss_worked_example():
    got = nps.fleiss(pd.DataFrame(FOURTEEN))
    assert [round(v, 3) for v in (got.observed, got.expected, got.value)] == [0.378, 0.213, 0.210]
    assert got.n == 10
    # The jackknife by its definition: each thing left out in turn.
    without = [nps.fleiss(FOURTEEN[:i] + FOURTEEN[i + 1 :]).value for i in range(10)]
    error = np.sqrt(0.9 * np.square(np.array(without) - np.mean(without)).sum())
    assert (got.low, got.high) == pytest.approx((got.value - 1.959964 * error, got.value + 1.959964 * error), abs=1e-6)


def test_fleiss_of_full_agreement_and_of_one_label():
    assert nps.fleiss([[3, 0], [0, 3], [3, 0]]).value == 1
    assert np.isnan(nps.fleiss([[3, 0], [3, 0]]).value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nps.judge(["a"], ["a", "b"]), "1 label stands on one side, 2"),
        (lambda: nps.judge(["a"], [None]), "no true label"),
        (lambda: nps.judge(pd.Series(["a", "b"]), pd.Series(["a", "b"], index=[1, 0])), "different row labels"),
        (lambda: nps.kappa([None, "a"], ["a", None]), "both coders"),
        (lambda: nps.fleiss([[3, 0], [2, 0]]), "table of counts"),
        (lambda: nps.fleiss([[1, 0], [0, 1]]), "table of counts"),
        (lambda: nps.fleiss([[2.5, 0.5], [1, 2]]), "table of counts"),
        (lambda: nps.fleiss([[3, 0]]), "table of counts"),
        (lambda: nps.fleiss("abc"), "table of counts"),
    ],
)
def test_labels_that_cannot_be_compared_are_refused(call, words):
    with pytest.raises(DataError, match=words):
        call()


# --- service ---------------------------------------------------------------------------------------------------------


def test_a_call_centre_of_the_textbooks():
    # 100 calls in half an hour, three minutes each, 14 agents: 10 erlangs, 17.4 % wait, 7.8 s on average, 88.8 %
    # answered within 20 seconds, agents busy 71.4 % of their time.
    got = nps.queue(arrival_rate=100 / 1800, service_rate=1 / 180, servers=14)
    assert round(got.wait_chance, 3) == 0.174
    assert round(got.wait, 1) == 7.8
    assert round(got.within(20), 3) == 0.888
    assert round(got.load, 3) == 0.714


@given(st.floats(0.01, 0.98), st.floats(0.1, 10))
def test_one_server_has_the_closed_form(load, service_rate):
    got = nps.queue(load * service_rate, service_rate, 1)
    assert got.wait_chance == pytest.approx(load)
    assert got.wait == pytest.approx(load / (service_rate * (1 - load)))
    assert got.waiting == pytest.approx(load**2 / (1 - load))  # Little: arrivals × wait


def test_formula_and_simulation_agree():
    rng, n, servers = np.random.default_rng(5), 200_000, 3
    arrivals, times = np.cumsum(rng.exponential(1 / 2.4, n)), rng.exponential(1, n)
    free, waits = np.zeros(servers), np.empty(n)
    for i in range(n):
        first = free.argmin()
        waits[i] = max(0.0, free[first] - arrivals[i])
        free[first] = arrivals[i] + waits[i] + times[i]
    got = nps.queue(2.4, 1, servers)
    assert waits.mean() == pytest.approx(got.wait, rel=0.05)
    assert (waits > 0).mean() == pytest.approx(got.wait_chance, rel=0.03)
    assert (waits <= 1).mean() == pytest.approx(got.within(1), rel=0.03)


@pytest.mark.parametrize("rates", [(0, 1, 1), (1, -1, 1), (1, 1, 0), (1, 1, 1.5), (np.inf, 1, 1)])
def test_rates_that_cannot_be_are_refused(rates):
    with pytest.raises(DataError, match="above 0"):
        nps.queue(*rates)


def test_too_few_people_are_refused_and_how_many_are_needed_is_said():
    with pytest.raises(DataError, match=r"2 people can serve 2 customers .* 2\.5 arrive: .* least 3 are"):
        nps.queue(2.5, 1, 2)


def _tickets(seed=3, n=120):
    """Four topics answered in 10 hours (median 7) on average, and one in 30."""
    rng = np.random.default_rng(seed)
    topics = np.repeat(["delivery", "invoice", "quality", "refund", "app"], n)
    opened = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.uniform(0, 90 * 24, len(topics)), unit="h")
    hours = rng.exponential(np.where(topics == "refund", 30, 10))
    return pd.DataFrame({"opened_at": opened, "closed_at": opened + pd.to_timedelta(hours, unit="h"), "topic": topics})


def test_the_planted_slow_queue_is_found_and_no_other():
    got = nps.slow_queues(_tickets()).set_index("topic")
    assert got.index[0] == "refund"
    assert got.index[got["slow"]].tolist() == ["refund"]
    refund = got.loc["refund"]
    assert refund["median_low"] < 30 * np.log(2) < refund["median_high"]
    assert refund["p90_low"] < 30 * np.log(10) < refund["p90_high"]


@pytest.mark.slow
def test_equal_queues_raise_a_false_alarm_in_no_more_than_one_run_of_twenty():
    rng, alarms = np.random.default_rng(8), 0
    for seed in range(25):
        tickets = _tickets(seed, 30)
        tickets["topic"] = rng.permutation(tickets["topic"])
        alarms += nps.slow_queues(tickets)["slow"].any()
    assert alarms <= 5  # more than 5 of 25 would happen once in 800


def test_tickets_still_open_count_with_the_time_they_have_been_open():
    tickets = _tickets()
    day = pd.Timestamp("2024-02-15")
    seen = tickets[tickets["opened_at"] < day + pd.Timedelta(days=1)]
    blind = seen.assign(closed_at=seen["closed_at"].where(seen["closed_at"] < day + pd.Timedelta(days=1)))
    later = nps.slow_queues(tickets, as_of=day)
    pd.testing.assert_frame_equal(later, nps.slow_queues(blind, as_of=day))  # the future is not seen
    assert later["open"].sum() == blind["closed_at"].isna().sum() > 0
    # One topic whose hard half is never closed: its closed tickets alone would look as quick as the rest.
    hard = pd.DataFrame(
        {"opened_at": pd.Timestamp("2024-01-02"), "closed_at": pd.NaT, "topic": "app"}, index=range(130)
    )
    got = nps.slow_queues(pd.concat([tickets, hard], ignore_index=True)).set_index("topic")
    assert got.loc["app", "slow"]
    assert np.isnan(got.loc["app", "median"])
    assert got.index[0] == "app"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t.drop(columns="topic"), "no column topic"),
        (lambda t: t.assign(closed_at=t["opened_at"] - pd.Timedelta(hours=1)), "600 tickets are closed before"),
        (lambda t: t.assign(opened_at=t["opened_at"].astype("str")), "opened_at"),
    ],
)
def test_tickets_that_cannot_be_timed_are_refused(change, words):
    with pytest.raises(DataError, match=words):
        nps.slow_queues(change(_tickets()))
    with pytest.raises(DataError, match="no ticket up to"):
        nps.slow_queues(_tickets(), as_of="2020-01-01")
