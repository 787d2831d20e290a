"""A complaint, answered step by step: what the customer says next depends on what was said.

Each step asks for one thing (acknowledge, clarify, offer, close) and gives up to two points for it. What a choice loses
is the best score still possible before it less the best still possible after: a poor beginning also costs what it
puts out of reach, and the losses of the steps add up to what is missing at the end.

    talk = Dialogue()
    talk.choose("a")
    talk.score()
"""

from functools import cache
from pathlib import Path

import pandas as pd
import yaml

from course import extras
from course.classroom import panel
from course.errors import DataError
from course.language import Label, Sentence

RUBRIC = {
    "acknowledge": Label("acknowledge", "接住情绪"),
    "clarify": Label("clarify", "问清需求"),
    "offer": Label("offer", "给出方案"),
    "close": Label("close", "确认收尾"),
}


@cache
def script() -> dict:
    """The dialogue: {scene, steps: {id: {rubric, customer, options: {letter: {text, points, next, feedback}}}}}, with
    texts in both languages. The first step begins; an option without `next` ends."""
    return yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text(encoding="utf-8"))


class Dialogue:
    """One conversation.

    Parameters
    ----------
    choices : letters to begin with, such as "abc".

    Raises
    ------
    DataError : no such option; the dialogue is over.
    """

    def __init__(self, choices: str = "") -> None:
        self._steps = script()["steps"]
        self._scene = Label(**script()["scene"])
        self.choices: list[str] = []
        self._path = [next(iter(self._steps))]
        for letter in choices:
            self.choose(letter)

    @property
    def over(self) -> bool:
        """Whether the last step has been answered."""
        return self._path[-1] is None

    def choose(self, letter: str) -> "Dialogue":
        """Answer the customer with one of the options; gives back the dialogue, which shows what comes next."""
        if self.over:
            raise DataError("The dialogue is over. Begin another, or look at score().")
        options = self._steps[self._path[-1]]["options"]
        if not isinstance(letter, str) or letter not in options:
            raise DataError("This step has the answers {options}.", options=", ".join(options))
        self.choices.append(letter)
        self._path.append(options[letter].get("next"))
        return self

    def points(self) -> int:
        """Points so far."""
        return sum(option["points"] for _, option in self._answered())

    def score(self) -> pd.DataFrame:
        """What was chosen and what it cost.

        Returns
        -------
        frame, one row a step: step, rubric, choice, points, lost (points that can no longer be had), feedback
        """
        rows = []
        for number, (step, option) in enumerate(self._answered(), 1):
            lost = self._best(step) - option["points"] - self._best(option.get("next"))
            rubric = RUBRIC[self._steps[step]["rubric"]].say()
            said = Label(**option["feedback"]).say()
            rows.append((number, rubric, self.choices[number - 1], option["points"], lost, said))
        return pd.DataFrame(rows, columns=["step", "rubric", "choice", "points", "lost", "feedback"])

    @property
    def sentence(self) -> Sentence:
        """The score in words, and the steps that lost points."""
        score, most = self.score(), self._best(self._path[0])
        steps = score.loc[score["lost"] > 0, "step"].tolist()
        if not steps:
            return Sentence("{points} of {most} points; no step has lost any.", points=self.points(), most=most)
        return Sentence(
            "{points} of {most} points; lost in step {steps}.",
            points=self.points(),
            most=most,
            steps=", ".join(map(str, steps)),
        )

    def _answered(self) -> list[tuple[str, dict]]:
        return [(s, self._steps[s]["options"][c]) for s, c in zip(self._path[:-1], self.choices, strict=True)]

    def _best(self, step: str | None) -> int:
        if step is None:
            return 0
        return max(o["points"] + self._best(o.get("next")) for o in self._steps[step]["options"].values())

    def _now(self) -> tuple[Label, list[tuple[str, str]]]:
        """What the customer says, and the options as (text, letter)."""
        step = self._steps[self._path[-1]]
        options = [(f"{letter}) {Label(**o['text']).say()}", letter) for letter, o in step["options"].items()]
        return Label(**step["customer"]), options

    def __repr__(self) -> str:
        if self.over:
            return "\n".join([self.sentence.say(), *self.score()["feedback"]])
        said, options = self._now()
        head = [] if self.choices else [self._scene.say()]
        return "\n".join([*head, f"— {said.say()}", *(f"   {text}" for text, _ in options)])

    def widgets(self) -> object:
        """The conversation to be clicked: options, and a button that says the one chosen."""
        ipywidgets = extras.bring("ipywidgets")
        heard, end = ipywidgets.HTML(), ipywidgets.HTML()
        choice = ipywidgets.RadioButtons(layout={"width": "max-content"})
        button = ipywidgets.Button(description=Label("Say this", "就这么说").say())

        def show() -> None:
            if self.over:
                lines = [self.sentence.say(), *self.score()["feedback"]]
                end.value = panel.panel(panel.note(*lines))
                choice.disabled = button.disabled = True
                return
            said, choice.options = self._now()
            choice.index = None
            heard.value = panel.panel(panel.note(said))

        def answered(_: object) -> None:
            if choice.value is not None:
                self.choose(choice.value)
                show()

        button.on_click(answered)
        show()
        return ipywidgets.VBox([ipywidgets.HTML(panel.paragraphs([self._scene])), heard, choice, button, end])
