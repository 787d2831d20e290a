"""What the course has taught: a pre-test and a post-test of equivalent forms, and what a class has gained.

`assessment.yaml` holds an item a topic. Form A and form B fill the same template with other figures and another
setting; who takes A before the course takes B after it, and the other way round, so that a form that happens to be
easier cannot pass for learning. Answers stay in the learner's progress (under "quiz") and travel in its code. What was
right is told after the post-test alone.
"""

import math
import re
import secrets
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from course.classroom import panel, patience
from course.classroom.progress import read, record, unpack
from course.errors import DataError, first_few
from course.language import Label, Sentence

FORMS, LETTERS = ("A", "B"), "abcd"
#: With fewer learners than this no reliability, discrimination or difference of the forms is told.
LEAST = 10

_TESTS = {"pre": "pre_test", "post": "post_test"}
_BLANK = "-"


@dataclass(frozen=True)
class Option:
    """One answer of an item: its `text`, what is said of it, and the `idea` behind it ("right" for the right one)."""

    idea: str
    text: Label
    feedback: Label


@dataclass(frozen=True)
class Item:
    """A question of one form: `options` by letter, `right` the letter of the right one."""

    topic: str
    skill: Label
    question: Label
    options: dict[str, Option]

    @property
    def right(self) -> str:
        """The letter of the right answer."""
        return next(letter for letter, option in self.options.items() if option.idea == "right")


@cache
def _bank() -> list[dict]:
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


@cache
def items(form: str) -> tuple[Item, ...]:
    """The items of form "A" or "B", in the order of the lessons."""
    return tuple(_item(raw, form) for raw in _bank())


def _item(raw: dict, form: str) -> Item:
    own = raw["forms"][form]
    values = {name: Label(**v) if isinstance(v, dict) else v for name, v in own.items() if name != "order"}

    def filled(both: dict[str, str]) -> Label:
        return Label(both["en"], both["zh"], **values)

    given = raw["options"]
    options = {
        letter: Option(idea, filled(given[idea]["text"]), filled(given[idea]["feedback"]))
        for letter, idea in zip(LETTERS, own["order"], strict=True)
    }
    return Item(raw["topic"], Label(**raw["skill"]), filled(raw["question"]), options)


def skills() -> pd.DataFrame:
    """The table of skills: one row a topic with the item of either form; what makes the forms equivalent by design."""
    rows = [
        (a.topic, a.skill.say(), a.question.say(), b.question.say())
        for a, b in zip(items("A"), items("B"), strict=True)
    ]
    return pd.DataFrame(rows, columns=["topic", "skill", "A", "B"])


# --- taking a test ---------------------------------------------------------------------------------------------------


def pre_test(answers: object = None, learner: object = None) -> object:
    """The test before the course: show it, or answer it.

    Parameters
    ----------
    answers : a letter an item, "bdac…" or {1: "b", 2: "d", …}; "-" or nothing for an item left out. What was
        answered once stays.
    learner : the learner's number in the class: odd numbers begin with form A, even ones with form B. Without one it
        is drawn once and remembered.

    Raises
    ------
    DataError : an answer that is no option; an item that is not there.
    """
    return _taken("pre", answers, _form("pre", learner))


def post_test(answers: object = None, learner: object = None) -> object:
    """The test after the course, in the form that the pre-test was not; answered, it tells of both.

    Parameters and errors as in `pre_test`.
    """
    return _taken("post", answers, _form("post", learner))


def _kept(quiz: dict, test: str) -> tuple[str | None, str | None]:
    """Form and answers that a progress holds of a test; None for what is not there or cannot be read."""
    kept = quiz.get(_TESTS[test])
    form = kept.get("form") if isinstance(kept, dict) else None
    if form not in FORMS:
        return None, None
    answers = str(kept.get("answers"))
    whole = re.fullmatch(rf"[{LETTERS}{_BLANK}]{{{len(items(form))}}}", answers)
    return form, answers if whole else None


def _form(test: str, learner: object) -> str:
    """The form this learner takes, remembered from the first time the test is opened."""
    quiz = read()["quiz"]
    if form := _kept(quiz, test)[0]:
        return form
    # Without a pre-test here the number still tells which form it would have been.
    first = form_of(learner) if test == "pre" else _kept(quiz, "pre")[0] or form_of(learner)
    form = first if test == "pre" else FORMS[1 - FORMS.index(first)]
    record("quiz", _TESTS[test], {"form": form})
    return form


def form_of(learner: object = None) -> str:
    """The form of the pre-test: A for odd numbers, B for even ones; other names by their checksum, none by lot."""
    if learner is None:
        return secrets.choice(FORMS)
    learner = patience.plain(learner, "learner")
    digits = re.findall(r"\d+", str(learner))
    number = int(digits[-1][-1]) if digits else zlib.crc32(str(learner).strip().encode())
    return FORMS[1 - number % 2]


def _taken(test: str, answers: object, form: str) -> object:
    before = _kept(read()["quiz"], test)[1]
    if answers is None or answers is ...:
        return _Marked() if before and test == "post" else _Paper(test, form)
    letters = _letters(patience.plain(answers, "answers"), len(items(form)))
    if not before:
        record("quiz", _TESTS[test], {"form": form, "answers": letters})
    if test == "post":
        return _Marked()
    if before:
        return Sentence("The pre-test has been answered; the answers given then stand.")
    return Sentence(
        "{n} of {all} items are answered. What was right is told after the post-test.",
        n=len(letters) - letters.count(_BLANK),
        all=len(letters),
    )


def _letters(answers: object, n: int) -> str:
    """One letter an item, "-" where it was left out."""
    if isinstance(answers, Mapping):
        given = {_place(k, n): v for k, v in answers.items()}
        listed = [given.get(place, _BLANK) for place in range(1, n + 1)]
    elif isinstance(answers, str):
        listed = list(re.sub(r"[\s,;，；、]", "", answers))
    elif isinstance(answers, Iterable):
        listed = list(answers)
    else:
        raise DataError('Answers are letters, one an item, as in "bdac"; not {what}.', what=type(answers).__name__)
    if len(listed) > n:
        raise DataError("The test has {n} items; {given} answers were given.", n=n, given=len(listed))
    listed += [_BLANK] * (n - len(listed))
    return "".join(_letter(answer, place) for place, answer in enumerate(listed, 1))


def _place(key: object, n: int) -> int:
    if isinstance(key, bool) or not str(key).isdecimal() or not 1 <= int(key) <= n:
        raise DataError("The test has the items 1 to {n}; there is no item {given}.", n=n, given=str(key)[:40])
    return int(key)


def _letter(answer: object, place: int) -> str:
    if answer is None or answer is ... or (isinstance(answer, float) and math.isnan(answer)):
        return _BLANK
    letter = str(answer).strip().lower() or _BLANK
    if letter not in (*LETTERS, _BLANK):
        raise DataError(
            "Item {place} has the answers a, b, c and d, and - for none; not {given}.",
            place=place,
            given=str(answer)[:40],
        )
    return letter


class _Paper:
    """The items of one form as text, and as buttons where the front end shows widgets."""

    def __init__(self, test: str, form: str) -> None:
        self.test, self.form = test, form

    def __repr__(self) -> str:
        lines = []
        for number, item in enumerate(items(self.form), 1):
            lines.append(f"{number}. {item.question}")
            lines += [f"   {letter}) {option.text}" for letter, option in item.options.items()]
        lines.append(self._how().say())
        return "\n".join(lines)

    def _how(self) -> Sentence:
        return Sentence('Answer with {call}("…"): one letter an item, - for an item left out.', call=_TESTS[self.test])

    def _ipython_display_(self) -> None:
        from IPython.display import display

        try:
            import ipywidgets
        except ImportError:
            print(repr(self))
            return
        display(self._buttons(ipywidgets))

    def _buttons(self, widgets: object) -> object:
        choices, rows = [], []
        for number, item in enumerate(items(self.form), 1):
            options = [(f"{letter}) {o.text}", letter) for letter, o in item.options.items()]
            choices.append(widgets.RadioButtons(options=options, index=None, layout={"width": "max-content"}))
            rows += [widgets.HTML(f"<b>{number}. {panel.safe(item.question)}</b>"), choices[-1]]
        said = widgets.HTML()
        button = widgets.Button(description=Sentence("Hand in").say())

        def handed_in(_: object) -> None:
            result = _taken(self.test, [choice.value for choice in choices], self.form)
            said.value = result._repr_html_() if isinstance(result, _Marked) else panel.paragraphs([result])

        button.on_click(handed_in)
        return widgets.VBox([*rows, button, said])


class _Marked:
    """Both tests of one learner, marked: what was right, and what is said of each answer."""

    def __init__(self) -> None:
        quiz = read()["quiz"]
        kept = {test: _kept(quiz, test) for test in _TESTS}
        self.papers = {test: (items(form), answers) for test, (form, answers) in kept.items() if answers}

    def right(self, test: str) -> int | None:
        """How many items of a test were right; None where it was not taken."""
        if test not in self.papers:
            return None
        return sum(answer == item.right for item, answer in zip(*self.papers[test], strict=True))

    @property
    def sentence(self) -> Sentence:
        """Before, after, and what was gained of what there was to gain."""
        n, before, after = len(items("A")), self.right("pre"), self.right("post")
        if before is None:
            return Sentence(
                "After the course {after} of {n} were right. Without a pre-test no gain is told.", after=after, n=n
            )
        return Sentence(
            "Before the course {before} of {n} were right, after it {after}. {n} items tell little of one person: two "
            "more or less are luck.",
            before=before,
            after=after,
            n=n,
        )

    def _told(self) -> list[tuple[str, bool, Item, list[Label]]]:
        """Number, whether right, the item, and what is said: of the answer given, and of the right one."""
        out = []
        for number, (item, answer) in enumerate(zip(*self.papers["post"], strict=True), 1):
            good = answer == item.right
            said = [item.options[a].feedback for a in dict.fromkeys((answer, item.right)) if a != _BLANK]
            out.append((str(number), good, item, said))
        return out

    def __repr__(self) -> str:
        lines = [self.sentence.say()]
        for number, good, item, said in self._told():
            lines.append(f"{'✓' if good else '✗'} {number}. {item.question}")
            lines += [f"   {one}" for one in said]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        notes = []
        for number, good, item, said in self._told():
            mark = panel.RIGHT if good else panel.WRONG
            notes.append(panel.note(*said, mark=mark, title=f"{number}. {item.question}"))
        return panel.panel(panel.paragraphs([self.sentence]), *notes)


# --- a class ---------------------------------------------------------------------------------------------------------

_RESULTS = ["learner", "test", "form", "topic", "answer", "right"]


def class_results(codes: object) -> pd.DataFrame:
    """The answers of a class from the learners' codes.

    Parameters
    ----------
    codes : {learner: code}, the codes alone, or the path of a text file with a line a learner: the code, before it a
        number or name if wanted. Codes are what `save()` gives.

    Returns
    -------
    frame, one row a learner, test and item: learner, test (pre, post), form, topic, answer (a–d, - for none), right

    Raises
    ------
    DataError : a code that is damaged, a learner twice, no test in any code.
    """
    rows = []
    for learner, code in _codes(codes).items():
        try:
            quiz = unpack(code)["quiz"]
        except DataError:
            raise DataError(
                "The code of {learner} is damaged or cut short. Ask for the whole of it once more.", learner=learner
            ) from None
        for test in _TESTS:
            form, answers = _kept(quiz, test)
            for item, answer in zip(items(form), answers, strict=True) if answers else ():
                rows.append((learner, test, form, item.topic, answer, answer == item.right))
    if not rows:
        raise DataError("None of these codes holds a pre-test or a post-test that was answered.")
    return pd.DataFrame(rows, columns=_RESULTS)


def _codes(codes: object) -> dict[str, str]:
    if isinstance(codes, Mapping):
        return {str(learner): str(code) for learner, code in codes.items()}
    if isinstance(codes, str | Path):
        try:
            lines = Path(codes).read_text(encoding="utf-8-sig").splitlines()
        except (OSError, ValueError):
            raise DataError(
                "There is no text file {path} to read. Save the codes in it, a line a learner.", path=str(codes)[:80]
            ) from None
    elif isinstance(codes, Iterable):
        lines = [str(code) for code in codes]
    else:
        raise DataError("Codes are a list, a dict or the path of a file; not {what}.", what=type(codes).__name__)
    out: dict[str, str] = {}
    for number, line in enumerate(filter(str.strip, lines), 1):
        *name, code = re.split(r"[\s,;，；]+", line.strip())
        learner = " ".join(name) or str(number)
        if learner in out:
            raise DataError("{learner} stands in the list twice. Keep one of the two codes.", learner=learner)
        out[learner] = code
    return out


def _results(results: object) -> pd.DataFrame:
    """The results, one answer a learner, test and topic; what is none is refused."""
    missing = [c for c in _RESULTS if c not in getattr(results, "columns", ())]
    if not isinstance(results, pd.DataFrame) or missing:
        raise DataError("Results come from class_results(codes): a table with {columns}.", columns=", ".join(_RESULTS))
    if results.empty:
        raise DataError("There are no results to report on.")
    wrong = ~(results["test"].isin(_TESTS) & results["form"].isin(FORMS) & results["right"].isin([True, False]))
    if wrong.any():
        raise DataError(
            "{rows} {rows:row|rows} of the results cannot be read (first: {first}): test is pre or post, form A or B, "
            "right True or False.",
            rows=int(wrong.sum()),
            first=first_few(results.index[wrong]),
        )
    if (again := results.duplicated(["learner", "test", "topic"])).any():
        raise DataError(
            "{learner} has two answers to one item of one test. Keep one of them.",
            learner=str(results.loc[again, "learner"].iloc[0]),
        )
    return results.assign(right=results["right"].astype("float64"))


def _shares(results: pd.DataFrame) -> pd.DataFrame:
    """Share of right answers of each learner in each test: one row a learner, columns pre and post."""
    shares = results.pivot_table(index="learner", columns="test", values="right", aggfunc="mean")
    return shares.reindex(columns=list(_TESTS))


@dataclass(frozen=True)
class Gain:
    """What a class has gained.

    Attributes
    ----------
    value : (post − pre) / (1 − pre) of the class's mean shares; NaN where nothing was left to gain
    low, high : 95 % bootstrap interval (percentiles, learners drawn); NaN for fewer than two learners
    pre, post : mean share of right answers of those who took both tests
    n, left_out : learners with both tests; with one alone
    """

    value: float
    low: float
    high: float
    pre: float
    post: float
    n: int
    left_out: int


def gain(results: pd.DataFrame, repeats: int = 2000, random_state: int = 0) -> Gain:
    """The normalised gain of a class: of what could be gained, the part that was.

    It is that of the means (Hake 1998), not the mean of learners' gains: a single learner's has no value where all was
    right before, and a huge one where nearly all was.

    Raises
    ------
    DataError : no results; nobody took both tests.
    """
    shares = _shares(_results(results))
    both = shares.dropna()
    if both.empty:
        raise DataError("Nobody in these results has answered both the pre-test and the post-test.")
    pre, post = both["pre"].to_numpy(), both["post"].to_numpy()
    drawn = np.random.default_rng(random_state).integers(len(both), size=(repeats, len(both)))
    sampled = _normalised(pre[drawn].mean(axis=1), post[drawn].mean(axis=1))
    sampled = sampled[np.isfinite(sampled)]
    low, high = np.percentile(sampled, [2.5, 97.5]) if len(both) > 1 and sampled.size else (math.nan, math.nan)
    value = float(_normalised(pre.mean(), post.mean()))
    return Gain(
        value, float(low), float(high), float(pre.mean()), float(post.mean()), len(both), len(shares) - len(both)
    )


def _normalised(pre: np.ndarray, post: np.ndarray) -> np.ndarray:
    room = np.where(np.asarray(pre) < 1 - 1e-12, 1 - np.asarray(pre), np.nan)
    return (post - pre) / room


def kr20(right: object) -> float:
    """Reliability of a test whose items are right or wrong (Kuder and Richardson 1937, formula 20).

    k / (k − 1) · (1 − Σ p q / σ²), with p the share right of each of k items, q = 1 − p, and σ² the variance of the
    learners' totals (divided by n, as p q is).

    Parameters
    ----------
    right : learners × items of 0 and 1.

    Returns
    -------
    at most 1; NaN where all totals are equal; below 0 where items contradict each other

    Raises
    ------
    DataError : anything but 0 and 1; fewer than two learners or items.
    """
    try:
        table = np.asarray(right, dtype="float64")
    except (TypeError, ValueError):
        table = np.array(math.nan)
    if table.ndim != 2 or min(table.shape) < 2 or not np.isin(table, (0, 1)).all():
        raise DataError("KR-20 needs a table of 0 and 1 with at least two learners (rows) and two items (columns).")
    k, p, variance = table.shape[1], table.mean(axis=0), table.sum(axis=1).var()
    return float(k / (k - 1) * (1 - (p * (1 - p)).sum() / variance)) if variance > 0 else math.nan


@dataclass(frozen=True)
class Reliability:
    """KR-20 of a test: `value` with `low`, `high` (95 %, Feldt 1965), from `n` learners; NaN where it has no value."""

    value: float
    low: float
    high: float
    n: int


def reliability(right: object) -> Reliability:
    """KR-20 with its interval: (1 − true) / (1 − found) follows F with n − 1 and (n − 1)(k − 1) degrees of freedom.

    Parameters and errors as in `kr20`.
    """
    from scipy.stats import f

    value, (n, k) = kr20(right), np.shape(right)
    high, low = (1 - (1 - value) * f.ppf([0.025, 0.975], n - 1, (n - 1) * (k - 1))).tolist()
    return Reliability(value, low, high, n)


def item_table(results: pd.DataFrame) -> pd.DataFrame:
    """How hard each item is, and whether it tells good from weak.

    Returns
    -------
    frame, one row a topic and form: topic, form, then for the pre-test and the post-test n_…, right_… (share right)
    with low_…, high_… (Wilson 95 %), discrimination (correlation of the item with the rest of the post-test; NaN for
    fewer than LEAST learners or where all answered alike)
    """
    results = _results(results)
    rows = []
    for form in FORMS:
        papers = {t: _paper(results, t, form) for t in _TESTS}
        for topic in (item.topic for item in items(form)):
            row: dict[str, object] = {"topic": topic, "form": form}
            for test, paper in papers.items():
                answered = paper[topic].dropna() if topic in paper else pd.Series(dtype="float64")
                n, hits = len(answered), int(answered.sum())
                low, high = _wilson(hits, n) if n else (math.nan, math.nan)
                row |= {f"n_{test}": n, f"right_{test}": hits / n if n else math.nan}
                row |= {f"low_{test}": float(low), f"high_{test}": float(high)}
            rows.append(row | {"discrimination": _discrimination(papers["post"], topic)})
    order = {item.topic: place for place, item in enumerate(items("A"))}
    out = pd.DataFrame(rows)
    return out.sort_values(["topic", "form"], key=lambda c: c.map(order) if c.name == "topic" else c, ignore_index=True)


def _wilson(hits: object, n: object) -> tuple:
    from statsmodels.stats.proportion import proportion_confint  # not before it is needed: importing takes seconds

    return proportion_confint(hits, n, method="wilson")


def _paper(results: pd.DataFrame, test: str, form: str) -> pd.DataFrame:
    """Learners × topics of one test in one form, 1 for right."""
    own = results[(results["test"] == test) & (results["form"] == form)]
    return own.pivot(index="learner", columns="topic", values="right")


def _discrimination(paper: pd.DataFrame, topic: str) -> float:
    complete = paper.dropna()
    if len(complete) < LEAST or topic not in complete:
        return math.nan
    item, rest = complete[topic], complete.drop(columns=topic).sum(axis=1)
    return float(np.corrcoef(item, rest)[0, 1]) if item.std() > 0 and rest.std() > 0 else math.nan


@dataclass(frozen=True)
class FormDifference:
    """Form A less form B in shares of right answers: `value` with `low`, `high` (95 %, Welch); learners a sequence."""

    value: float
    low: float
    high: float
    n_ab: int
    n_ba: int


def form_difference(results: pd.DataFrame) -> FormDifference:
    """Whether one form is easier, by learners who took both: half the difference of the changes in the two sequences.

    Learning raises both A-then-B and B-then-A; an easier form A lowers the one and raises the other (the analysis of a
    two-period crossover, Hills and Armitage 1979).

    Raises
    ------
    DataError : fewer than two learners in either sequence.
    """
    from scipy.stats import t

    results = _results(results)
    change = _shares(results).dropna().diff(axis=1)["post"]
    first = results[results["test"] == "pre"].drop_duplicates("learner").set_index("learner")["form"]
    ab, ba = (change[first.reindex(change.index) == form].to_numpy() for form in FORMS)
    if min(len(ab), len(ba)) < 2:
        raise DataError(
            "The forms can be compared where at least two learners began with each: {ab} began with A, {ba} with B.",
            ab=len(ab),
            ba=len(ba),
        )
    parts = [x.var(ddof=1) / len(x) for x in (ab, ba)]
    value, error = (ba.mean() - ab.mean()) / 2, math.sqrt(sum(parts)) / 2
    freedom = sum(parts) ** 2 / sum(p**2 / (len(x) - 1) for p, x in zip(parts, (ab, ba), strict=True)) if error else 1
    reach = float(t.ppf(0.975, freedom)) * error
    return FormDifference(float(value), float(value - reach), float(value + reach), len(ab), len(ba))


# --- the report ------------------------------------------------------------------------------------------------------


class ClassReport:
    """What a class has learnt, in sentences and tables.

    Attributes
    ----------
    gain : Gain
    reliability : Reliability of the post-test by form; only forms that LEAST learners have a complete paper of
    difference : FormDifference, or None where too few began with one of the forms
    items : as `item_table` gives it
    topics : one row a topic, weakest after the course first: topic, skill, n, right, low, high (Wilson 95 %)
    lines : the report in sentences
    """

    def __init__(self, results: pd.DataFrame) -> None:
        checked = _results(results)
        self.gain = gain(results)
        self.items = item_table(results)
        papers = {form: _paper(checked, "post", form).dropna() for form in FORMS}
        self.reliability = {form: reliability(paper) for form, paper in papers.items() if len(paper) >= LEAST}
        try:
            self.difference = form_difference(results)
        except DataError:
            self.difference = None
        self.topics = self._topics(checked)
        simulated = "simulated" in results and bool(results["simulated"].all())
        self.lines = self._lines(simulated)

    @staticmethod
    def _topics(results: pd.DataFrame) -> pd.DataFrame:
        post = results[results["test"] == "post"].groupby("topic")["right"].agg(["sum", "size"])
        post = post.reindex([item.topic for item in items("A")]).dropna()
        low, high = _wilson(post["sum"], post["size"])
        skill = {item.topic: item.skill.say() for item in items("A")}
        out = pd.DataFrame({"topic": post.index, "skill": post.index.map(skill), "n": post["size"].astype("int64")})
        out = out.assign(right=post["sum"] / post["size"], low=low, high=high)
        return out.sort_values("right", kind="stable", ignore_index=True)

    def _lines(self, simulated: bool) -> list[Sentence]:
        g = self.gain
        out = [Sentence("A simulated class: these learners do not exist.")] if simulated else []
        out.append(
            Sentence(
                "{n} {n:learner|learners} with both tests ({left} with one alone): {pre:.0%} right before, {post:.0%} "
                "after.",
                n=g.n,
                left=g.left_out,
                pre=g.pre,
                post=g.post,
            )
        )
        if math.isnan(g.value):
            out.append(Sentence("All was right before the course: there was nothing to gain."))
        elif math.isnan(g.low):
            out.append(Sentence("Normalised gain {gain:.2f}; one learner gives no interval.", gain=g.value))
        else:
            out.append(
                Sentence(
                    "Normalised gain {gain:.2f} (95% interval {low:.2f} to {high:.2f}): that part of what was missing "
                    "before is there now. Without a class that was not taught it does not show what the course did.",
                    gain=g.value,
                    low=g.low,
                    high=g.high,
                )
            )
        if g.n < LEAST:
            out.append(Sentence("Fewer than {least} learners: read no item by itself.", least=LEAST))
        for form, found in self.reliability.items():
            if not math.isnan(found.value):
                out.append(
                    Sentence(
                        "Reliability of form {form} (KR-20): {value:.2f} ({low:.2f} to {high:.2f}, {n} learners).",
                        form=form,
                        value=found.value,
                        low=found.low,
                        high=found.high,
                        n=found.n,
                    )
                )
        if d := self.difference:
            out.append(
                Sentence(
                    "Form A less form B: {value:+.1f} percentage points ({low:+.1f} to {high:+.1f}).",
                    value=100 * d.value,
                    low=100 * d.low,
                    high=100 * d.high,
                )
            )
        else:
            out.append(Sentence("Too few began with one of the forms: whether one is easier cannot be told."))
        if not self.topics.empty:
            weak = self.topics.iloc[0]
            skill = next(item.skill for item in items("A") if item.topic == weak["topic"])
            out.append(
                Sentence(
                    "Weakest after the course: {skill} ({right:.0%} right, {low:.0%} to {high:.0%}).",
                    skill=skill,
                    right=weak["right"],
                    low=weak["low"],
                    high=weak["high"],
                )
            )
        return out

    def __repr__(self) -> str:
        return "\n".join(line.say() for line in self.lines)

    def _repr_html_(self) -> str:
        return panel.paragraphs(self.lines) + self.topics.round(2).to_html(index=False, border=0)


def class_report(results: pd.DataFrame) -> ClassReport:
    """What a class has learnt: gain with interval, reliability, difference of the forms, items, weakest topics.

    Parameters
    ----------
    results : as `class_results` or `simulated_class` gives them.

    Raises
    ------
    DataError : not such a table; nobody took both tests.
    """
    return ClassReport(results)


def simulated_class(seed: int = 9, learners: int = 25, learnt: float = 1.4, easier: float = 0.0) -> pd.DataFrame:
    """The results of a class that does not exist: to try the report, and what it can and cannot see.

    Abilities and items lie on one scale (Rasch 1960); a learner who does not know guesses one in four.

    Parameters
    ----------
    seed, learners : another seed, another class.
    learnt : by how much the course raises ability, in logits.
    easier : by how much form A is easier than form B, in logits.

    Returns
    -------
    frame as `class_results` gives it, with simulated (True)
    """
    rng = np.random.default_rng(seed)
    bank = {form: items(form) for form in FORMS}
    hard = rng.normal(0, 0.7, len(bank["A"]))
    rows = []
    for learner in range(1, learners + 1):
        ability, first = rng.normal(-0.4, 0.9), form_of(learner)
        for test, form in (("pre", first), ("post", FORMS[1 - FORMS.index(first)])):
            level = ability + (learnt if test == "post" else 0) + (easier / 2 if form == "A" else -easier / 2)
            knows = rng.random(len(hard)) < 1 / (1 + np.exp(hard - level))
            guesses = rng.integers(len(LETTERS), size=len(hard))
            for item, known, guess in zip(bank[form], knows, guesses, strict=True):
                answer = item.right if known else LETTERS[guess]
                rows.append((str(learner), test, form, item.topic, answer, answer == item.right))
    return pd.DataFrame(rows, columns=_RESULTS).assign(simulated=True)
