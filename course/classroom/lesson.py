"""Opening a lesson, and catching up with it."""

import json
import os

from course import charts, language, places
from course.classroom import progress, room
from course.errors import DataError
from course.language import Sentence, text


def open_lesson(name: str, lang: str | None = None) -> Sentence:
    """Begin a lesson: its language, the charts' style, how far the learner is.

    Parameters
    ----------
    name : the lesson, such as 07_segment.
    lang : "en" or "zh"; default: the reader's language.
    """
    language.use(lang or language.preferred())
    room.enter(name)
    charts.in_lessons()
    _say_sentences()
    _refuse_in_a_sentence()
    _lead_home()
    if language.active() == "zh" and charts.chinese_font() is None:
        return Sentence(
            "Lesson {number} is open. This machine has no Chinese font, so charts show boxes in place of Chinese; how "
            "to add one says python3 lab.py doctor.",
            number=name[:2],
        )
    return Sentence("Lesson {number} is open. {progress}", number=name[:2], progress=progress.progress())


def _say_sentences() -> None:
    """Show a sentence that ends a cell in the reader's language instead of as code."""
    try:
        from IPython import get_ipython
    except ImportError:
        return
    if (shell := get_ipython()) is not None:
        plain = shell.display_formatter.formatters["text/plain"]
        plain.for_type(Sentence, lambda sentence, printer, cycle: printer.text(sentence.say()))


def _refuse_in_a_sentence() -> None:
    """A refusal of the kit's says what to do: in a lesson it is shown without the traceback."""
    from IPython import get_ipython

    def said(shell: object, kind: type, error: DataError, trace: object, tb_offset: int | None = None) -> None:
        error._render_traceback_ = lambda: [str(error)]
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)

    if (shell := get_ipython()) is not None:
        shell.set_custom_exc((DataError,), said)


def _lead_home() -> None:
    """A link to the page of lessons, where the server of this notebook has one (course.hub)."""
    if home := os.environ.get("COURSE_HOME"):
        from IPython.display import HTML, display

        said = text("All lessons")
        display(HTML(f'<a href="{home}/{language.active()}" target="_self">{said}</a>'))


def catch_up(section: str | int, within: dict | None = None) -> Sentence:
    """Run the reference solution up to a section, in this notebook: for those who fell behind.

    Parameters
    ----------
    section : the number of the section (from 1) or a part of its heading; the cells before it are run, those of the
        core path only unless the section is beyond it.
    within : where the names go; default: the notebook's.

    Raises
    ------
    DataError : no lesson is open, or it has no such section.
    """
    cells = _solution()
    until, heading = _find(cells, section)
    names = room.namespace() if within is None else within
    # Nothing on the core path needs a cell beyond it, and some of those take long.
    left_out = set() if _tags(cells[until]) & {"stretch"} else {"stretch"}
    ran = 0
    for cell in cells[:until]:
        source = "".join(cell["source"])
        if (
            cell["cell_type"] == "code"
            and not _tags(cell) & left_out
            and not source.startswith(("check(", "quiz(", "bet(", "unseal(", "play(", "from course.classroom import *"))
        ):
            _quietly(source, names)
            ran += 1
    return Sentence("{n} {n:cell|cells} of the solution were run. Go on at “{heading}”.", n=ran, heading=heading)


def _tags(cell: dict) -> set[str]:
    return set(cell["metadata"].get("tags", ()))


def _solution() -> list[dict]:
    if room.lesson() is None:
        raise DataError("No lesson is open. Run the first cell of the notebook, open_lesson(…).")
    path = places.ROOT / "solutions" / language.active() / f"{room.lesson()}.ipynb"
    if not path.exists():
        raise DataError("The solution of {lesson} is not here.", lesson=room.lesson())
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def _find(cells: list[dict], section: str | int) -> tuple[int, str]:
    headings = []
    for i, cell in enumerate(cells):
        if cell["cell_type"] == "markdown":
            text = next((line for line in "".join(cell["source"]).splitlines() if line.startswith("## ")), None)
            if text:
                headings.append((i, text.removeprefix("## ").strip()))
    for number, (i, text) in enumerate(headings, 1):
        if section == number or (isinstance(section, str) and section.casefold() in text.casefold()):
            return i, text
    listed = "; ".join(f"{n}: {text}" for n, (_, text) in enumerate(headings, 1))
    raise DataError("There is no section {section}. The sections are {listed}.", section=section, listed=listed)


def _quietly(source: str, names: dict) -> None:
    """Run a cell for what it defines, without what it prints or draws."""
    import matplotlib.pyplot as plt
    from IPython.utils.capture import capture_output

    with capture_output():
        exec(compile(source, "<catch_up>", "exec"), names)
        plt.close("all")
