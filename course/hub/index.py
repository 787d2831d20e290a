"""The page of lessons: what there is, how far one is, where to go on. Plain HTML, no script; the server fills it in."""

import json
import os
from dataclasses import dataclass

from course import places, syllabus, templating
from course.language import LANGUAGES, text

#: The lessons that a day or an evening begins with.
_DAYS = ("00", "08", "14")
#: The lesson that is an evening of its own.
_EVENING = "14"


@dataclass(frozen=True)
class Entry:
    """A lesson on the page: its number and title, core minutes, core exercises, those tried and those right."""

    number: str
    title: str
    minutes: int
    exercises: int
    tried: int
    right: int

    @property
    def done(self) -> bool:
        """True where every core exercise is right."""
        return self.exercises == self.right


def entries(lang: str) -> list[Entry]:
    """The lessons in `lang` with how far the learner is, in their order."""
    done = _done()
    return [_entry(lesson, done) for lesson in syllabus.lessons(lang)]


def _entry(lesson: syllabus.Lesson, done: dict[str, str]) -> Entry:
    return Entry(
        number=lesson.number,
        title=lesson.title,
        minutes=lesson.minutes,
        exercises=len(lesson.core),
        tried=sum(done.get(name) in ("right", "not_yet") for name in lesson.core),
        right=sum(done.get(name) == "right" for name in lesson.core),
    )


def _done() -> dict[str, str]:
    """{exercise: outcome} of the learner's own file; nothing where it cannot be read: the classroom mends it."""
    try:
        found = json.loads((places.home() / "progress.json").read_text(encoding="utf-8"))["done"]
        return syllabus.renamed(found) if isinstance(found, dict) else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def next_step(lessons: list[Entry]) -> Entry | None:
    """Where to go on: the furthest lesson that was begun, or the one after it where that one is done."""
    begun = [i for i, lesson in enumerate(lessons) if lesson.tried]
    if not begun:
        return lessons[0] if lessons else None
    furthest = begun[-1]
    return lessons[min(furthest + lessons[furthest].done, len(lessons) - 1)]


def page(lang: str, base: str, message: str = "") -> str:
    """The page in `lang`.

    Parameters
    ----------
    base : the server's address of the door, such as /course.
    message : what to say first, where the reader asked for something that is not there.
    """
    lessons = entries(lang)
    step = next_step(lessons)
    return templating.template("lessons.html.j2").render(
        lang=lang,
        other=next(code for code in LANGUAGES if code != lang),
        base=base,
        home=base.removesuffix("/course"),
        message=message,
        title=text("Customer portraits: the lessons", lang),
        step=step,
        step_says=step and _step(step, any(lesson.tried for lesson in lessons), lang),
        days=[_day(n, day, lang) for n, day in enumerate(_days(lessons), 1)],
        own=text("A file of your own: portraits without a line of code", lang),
        reached=text("What was reached, to print", lang),
        files=text("All files", lang),
        stop=_stop(lang),
    )


def _days(lessons: list[Entry]) -> list[list[Entry]]:
    days: list[list[Entry]] = []
    for lesson in lessons:
        if not days or lesson.number in _DAYS:
            days.append([])
        days[-1].append(lesson)
    return days


def _day(n: int, lessons: list[Entry], lang: str) -> dict:
    minutes = sum(lesson.minutes for lesson in lessons)
    return {
        "title": text("An evening: {minutes} minutes", lang, minutes=minutes)
        if lessons[0].number == _EVENING
        else text("Day {n}: {minutes} minutes", lang, n=n, minutes=minutes),
        "rows": [(lesson, state(lesson, lang), text("{n} min", lang, n=lesson.minutes)) for lesson in lessons],
    }


def state(lesson: Entry, lang: str) -> str:
    """How far a lesson is: done, or how many of its core exercises are right."""
    if lesson.done:
        return text("✓ done", lang)
    return text("{right} of {all} {all:exercise|exercises}", lang, right=lesson.right, all=lesson.exercises)


def _step(lesson: Entry, begun: bool, lang: str) -> str:
    named = f"{lesson.number} · {lesson.title}"
    return text("Go on: {lesson}", lang, lesson=named) if begun else text("Begin: {lesson}", lang, lesson=named)


def _stop(lang: str) -> str:
    if "BINDER_REPO_URL" in os.environ:  # mybinder sets it
        return text(
            "To stop, close the page. Binder forgets everything then: save() in a lesson gives a code, and "
            "restore(code) brings your progress back.",
            lang,
        )
    return text(
        "To stop: File → Shut Down in JupyterLab, or Ctrl+C in the window in which the course was started. Your work "
        "stays in {folder}.",
        lang,
        folder=places.home(),
    )
