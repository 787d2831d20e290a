"""Opening a lesson."""

import os
import warnings

from course import charts, extras, language
from course.classroom import answers, blanks, inputs, pictures, progress, room
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
    _say_sentences()
    _tell_pictures()
    _refuse_in_a_sentence()
    extras.bring("seaborn")
    charts.in_lessons()
    # pandera looks for PySpark, which warns of pandas 3 wherever it is installed: no lesson uses the two together.
    warnings.filterwarnings("ignore", message="PySpark does not yet fully support pandas")
    _watch_cells(room.topic())
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


def _tell_pictures() -> None:
    """Keep with every chart what it says in words: nobody has to see it, and figures are compared."""
    from IPython import get_ipython
    from IPython.core.pylabtools import print_figure
    from matplotlib.figure import Figure

    if (shell := get_ipython()) is None:
        return
    import matplotlib_inline.backend_inline  # noqa: F401  # sets its own formatter once, when it is imported

    def picture(figure: Figure) -> tuple[str, dict[str, str]] | None:
        data = print_figure(figure, fmt="png", base64=True)
        return data and (data, {"alt": pictures.told(figure)})

    def words(figure: Figure, printer: object, cycle: bool) -> None:
        printer.text(pictures.told(figure))

    shell.display_formatter.formatters["image/png"].for_type(Figure, picture)
    shell.display_formatter.formatters["text/plain"].for_type(Figure, words)


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


def _watch_cells(topic: str) -> None:
    """Open blanks are no error, and what the lesson's own cells make is measured: what checks are given."""
    from IPython import get_ipython

    if (shell := get_ipython()) is None:
        return
    every = answers.exercises(topic).values()
    inputs.begin(frozenset(n for e in every for n in e.given) - {n for e in every for n in e.answers})
    if blanks.watched not in shell.input_transformers_post:
        shell.input_transformers_post.append(blanks.watched)
        shell.events.register("post_run_cell", _measure)


def _measure(result: object) -> None:
    if result.success and result.info is not None:
        inputs.ran(result.info.raw_cell, room.namespace())
