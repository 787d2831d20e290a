"""A notebook on a file of one's own, without a line of code: choose it, answer what it leaves open, read the report.

    from course.hub import own_file

    own_file.begin()

Everything stays on the machine of this Jupyter: the files in uploads/, the result in a folder of its own.
"""

from collections.abc import Callable
from html import escape
from pathlib import Path

from course import collect, extras, language, own, places
from course.collect.questions import Asked
from course.errors import DataError
from course.language import Sentence, text

#: What a message of Jupyter's may hold; a larger file is put into the folder and named.
_LARGEST = "10 MB"


def begin(lang: str | None = None) -> None:
    """Show the form below the cell.

    Parameters
    ----------
    lang : "en" or "zh"; default: the reader's language.
    """
    language.use(lang or language.preferred())
    ipywidgets = extras.bring("ipywidgets")
    wide = {"width": "max-content"}
    chosen = ipywidgets.FileUpload(multiple=True, description=text("Choose files"), layout=wide)
    path = ipywidgets.Text(
        placeholder=text("or type a path; needed beyond {size}", size=_LARGEST), layout={"width": "24rem"}
    )
    go = ipywidgets.Button(description=text("Read it"), layout=wide)
    below = ipywidgets.VBox([])

    def read(button: object) -> None:
        below.children = ()
        _read(_files(chosen.value, path.value), below)

    go.on_click(read)
    own._show(ipywidgets.VBox([ipywidgets.HBox([chosen, path]), go, below]))


def _files(uploaded: tuple, path: str) -> list[str]:
    """The files that were uploaded, kept in uploads/, and the one that was named."""
    folder = places.work() / "uploads"
    found = [path.strip()] if path.strip() else []
    for file in uploaded:
        folder.mkdir(exist_ok=True)
        kept = folder / Path(file["name"]).name
        kept.write_bytes(file["content"])
        found.append(str(kept))
    return found


def _read(files: list[str], below: object) -> None:
    """Read, ask where something is open, and make the result; whatever is refused is a sentence below the button."""

    def gathered(answers: dict[str, str]) -> None:
        if not files:
            raise DataError("Choose a file, or type where it lies.")
        _make(collect.gather({"orders": files}, answers=answers), below)

    try:
        gathered({})
    except Asked as asked:
        _add(below, own._form(asked.questions, {}, gathered, told=lambda answers: ""))
    except DataError as error:
        _add(below, _said(error.sentence))


def _make(tables: dict, below: object) -> None:
    """Run the whole workflow on tables, tell what it does, and show the report."""
    import ipywidgets

    from course import report, workflow

    told = _said(Sentence("Reading"))
    _add(below, told)
    result = workflow.run(tables, progress=_telling(told))
    out = _unused(places.work())
    report.write(result, out, language.active())
    told.value = _status(Sentence("Written: {out}", out=out))
    page = escape((out / "report.html").read_text(encoding="utf-8"), quote=True)
    title = text("The report")
    frame = (
        f'<iframe title="{title}" srcdoc="{page}" style="width:100%;height:48rem;border:1px solid #d9dee4"></iframe>'
    )
    _add(below, ipywidgets.HTML(frame))


def _telling(told: object) -> Callable[[Sentence], None]:
    def tell(sentence: Sentence) -> None:
        told.value = _status(sentence, " …")

    return tell


def _unused(work: Path) -> Path:
    """The next folder for a result that does not exist yet."""
    return next(path for n in range(1, 10**6) if not (path := work / f"portraits-{n}").exists())


def _add(below: object, widget: object) -> None:
    below.children = (*below.children, widget)


def _said(sentence: Sentence) -> object:
    import ipywidgets

    return ipywidgets.HTML(_status(sentence))


def _status(sentence: Sentence, rest: str = "") -> str:
    return f'<div role="status">{escape(sentence.say(), quote=False)}{rest}</div>'
