"""Questions at the end of a lesson: every wrong answer gets a reason of its own.

`quiz.yaml` in a lesson's folder holds them. With ipywidgets they are clicked; `quiz("segment", 2, "b")` answers
without widgets.
"""

from functools import cache
from numbers import Integral

import yaml

from course.classroom import folders, panel, patience
from course.classroom.progress import record
from course.errors import DataError
from course.language import Label, Sentence


@cache
def questions(topic: str) -> list[dict]:
    """The questions of a topic: [{question, options: {a: {text, feedback, right}}}] with texts in both languages.

    Raises
    ------
    DataError : the topic has no quiz.
    """
    path = folders.file(topic, "quiz.yaml")
    if not path.exists():
        raise DataError("There is no quiz on {topic}.", topic=topic)
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def quiz(topic: str, number: int | None = None, answer: str | None = None) -> object:
    """Ask the quiz of a topic, or answer one of its questions.

    Parameters
    ----------
    topic : such as "segment".
    number, answer : question (from 1) and option ("a", "b", …) to answer without widgets.

    Raises
    ------
    DataError : there is no such quiz, question or option.
    """
    topic = patience.text(topic)
    asked = questions(topic)
    if number is None:
        return _Quiz(topic, asked)
    meant = patience.plain(number, "number")
    numbers = range(1, len(asked) + 1) if isinstance(meant, Integral | str) else ()
    number = next((n for n in numbers if meant in (n, str(n))), None)
    if number is None:
        raise DataError("The quiz has the questions 1 to {n}.", n=len(asked))
    options = asked[number - 1]["options"]
    if type(answer) is not str or answer not in options:
        raise DataError("Question {number} has the answers {options}.", number=number, options=", ".join(options))
    return _answered(topic, number, options[answer])


def _answered(topic: str, number: int, option: dict) -> Sentence:
    right = bool(option.get("right"))
    record("quiz", f"{topic}-{number}", "right" if right else "wrong", keep=lambda before: before == "right")
    verdict = Sentence("Right") if right else Sentence("Not quite")
    return Sentence("{verdict}. {why}", verdict=verdict, why=Label(**option["feedback"]))


class _Quiz:
    """The questions as text, and as buttons where the front end shows widgets."""

    def __init__(self, topic: str, asked: list[dict]) -> None:
        self.topic, self.asked = topic, asked

    def __repr__(self) -> str:
        lines = []
        for number, one in enumerate(self.asked, 1):
            lines.append(f"{number}. {Label(**one['question']).say()}")
            lines += [f"   {letter}) {Label(**o['text']).say()}" for letter, o in one["options"].items()]
        lines.append(Sentence('Answer with quiz("{topic}", 1, "a").', topic=self.topic).say())
        return "\n".join(lines)

    def _ipython_display_(self) -> None:
        from IPython.display import display

        try:
            import ipywidgets
        except ImportError:
            print(repr(self))
            return
        display(ipywidgets.VBox([self._question(ipywidgets, n, one) for n, one in enumerate(self.asked, 1)]))

    def _question(self, widgets: object, number: int, one: dict) -> object:
        options = [(f"{letter}) {Label(**o['text']).say()}", letter) for letter, o in one["options"].items()]
        choice = widgets.RadioButtons(options=options, index=None, layout={"width": "max-content"})
        said = widgets.HTML()

        def answered(change: dict) -> None:
            said.value = self._feedback(number, one["options"][change["new"]])

        choice.observe(answered, names="value")
        asked = widgets.HTMLMath(f"<b>{number}. {panel.safe(Label(**one['question']))}</b>")
        return widgets.VBox([asked, choice, said])

    def _feedback(self, number: int, option: dict) -> str:
        mark = panel.RIGHT if option.get("right") else panel.WRONG
        return panel.panel(panel.note(_answered(self.topic, number, option), mark=mark))
