"""What a course has done, on one page for the manager who paid for it: of the class alone, never of one person.

The house's rule for customers holds for learners too: of fewer than `few.HIDDEN_BELOW` people nothing is told.
"""

from pathlib import Path
from statistics import median

from course import __version__, syllabus, templating
from course.classroom.board import MARK, Class, Seat
from course.classroom.lessons.capstone.assessment import ClassReport, class_results
from course.classroom.lessons.capstone.feedback import feedback_answers, feedback_report
from course.errors import DataError
from course.few import HIDDEN_BELOW
from course.language import Sentence, text


def page(found: Class, source: str | Path, lang: str) -> str:
    """The manager's page in `lang`.

    Parameters
    ----------
    found : the class as `board.gather` gives it.
    source : where its codes were; in a folder, the answers to the survey (.json) that learners handed on lie too.
    """
    enough = len(found.seats) >= HIDDEN_BELOW
    return templating.template("manager.html.j2").render(
        lang=lang,
        mark=MARK,
        title=text("The course in figures: {n} {n:seat|seats}", lang, n=len(found.seats)),
        parts=[
            (text("What was learnt", lang), [line.say(lang) for line in _learnt(found.seats)]),
            (text("What the class thinks of the course", lang), [line.say(lang) for line in _felt(Path(source))]),
            (text("After thirty days", lang), [line.say(lang) for line in _later()]),
        ],
        exercises=text("Exercises", lang),
        rows=_worked(found.seats, lang) if enough else [],
        head=[name.say(lang) for name in _HEAD],
        few=None if enough else _too_few(len(found.seats)).say(lang),
        codes=text("About the codes", lang),
        notes=[line.say(lang) for line in _codes(found)],
    )


_HEAD = (
    Sentence("Lesson"),
    Sentence("began"),
    Sentence("all right"),
    Sentence("right by the middle seat"),
    Sentence("looked at a solution"),
)


def _codes(found: Class) -> list[Sentence]:
    """How many codes the figures lack or take from another version; which seats they are of stands on the board."""
    lost, other = len(found.damaged), sum(seat.version != __version__ for seat in found.seats)
    out = []
    if lost:
        out.append(Sentence("{n} {n:seat is|seats are} not counted: the code is damaged or cut short.", n=lost))
    if other:
        out.append(
            Sentence("{n} {n:code is|codes are} of another version of the kit, whose exercises may differ.", n=other)
        )
    return out


def _too_few(n: int) -> Sentence:
    return Sentence(
        "{n} {n:person|people}: of fewer than {least} nothing is told, for it would tell of single people.",
        n=n,
        least=HIDDEN_BELOW,
    )


def _learnt(seats: list[Seat]) -> list[Sentence]:
    """Gain with its interval, and where the class is weakest."""
    try:
        results = class_results({seat.name: seat.code for seat in seats})
        both = results.groupby("learner")["test"].nunique().eq(2).sum()
        return ClassReport(results).lines if both >= HIDDEN_BELOW else [_too_few(int(both))]
    except DataError as error:
        return [error.sentence]


def _felt(source: Path) -> list[Sentence]:
    """NPS of the course with its interval."""
    if not source.is_dir() or not any(source.rglob("*.json")):
        return [
            Sentence(
                "No answer to the survey was handed on. Learners give theirs with feedback(…); put the files "
                "(feedback.json) into the folder of the codes, under any names."
            )
        ]
    try:
        answers = feedback_answers(source)
        return feedback_report(answers).lines if len(answers) >= HIDDEN_BELOW else [_too_few(len(answers))]
    except DataError as error:
        return [error.sentence]


def _later() -> list[Sentence]:
    return [
        Sentence(
            "The task: thirty days after the course everybody runs their own file again and brings three things to the "
            "meeting: what the portraits said then, what came of it, what was done because of it."
        ),
        Sentence(
            "Codes do not hold whether it was done: count the lists that are brought. A gain in a test is not yet a "
            "change at work."
        ),
    ]


def _worked(seats: list[Seat], lang: str) -> list[list[str]]:
    """A row a lesson: how many seats began it, have all of its core exercises right, looked at a solution."""
    return [_row(lesson, seats) for lesson in syllabus.lessons(lang) if lesson.core]


def _row(lesson: syllabus.Lesson, seats: list[Seat]) -> list[str]:
    right = [sum(seat.content["done"].get(name) == "right" for name in lesson.core) for seat in seats]
    began = sum(any(name in seat.content["done"] for name in lesson.core) for seat in seats)
    looked = sum(any(name in seat.content["shown"] for name in lesson.core) for seat in seats)
    n, all_ = len(seats), len(lesson.core)
    return [
        f"{lesson.number} · {lesson.title}",
        f"{began}/{n}",
        f"{sum(r == all_ for r in right)}/{n}",
        f"{median(right):g}/{all_}",
        f"{looked}/{n}",
    ]
