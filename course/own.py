"""A notebook on files of one's own: `own.gather` asks with buttons what the data leave open, and goes on from there.

    from course import own, workflow

    tables = own.gather({"orders": ["orders.csv"]})
    result = workflow.run(tables)

Where nothing is open, `tables` is there at once. Where something is, the questions stand below the cell, none of them
answered; the button reads the files with the answers, and shows what to write into the call so that it asks no more.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape

from course import collect, language
from course.collect import Source, Table
from course.collect.questions import Asked, Question
from course.errors import DataError
from course.language import Sentence, text


class Tables(Mapping):
    """Tables by kind, as `collect.gather` gives them: there, or still waiting for answers.

    While they wait, whatever asks for a table ends in a sentence and without a traceback.
    """

    def __init__(self) -> None:
        self._tables: dict[str, Table] = {}
        self._open: tuple[Question, ...] = ()

    def __getitem__(self, kind: str) -> Table:
        return self._ready()[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._ready())

    def __len__(self) -> int:
        return len(self._ready())

    def __repr__(self) -> str:
        if self._open:
            return self._waits().say()
        return ", ".join(f"{kind}: {len(table.frame):,}" for kind, table in self._tables.items())

    def _ready(self) -> dict[str, Table]:
        if self._open:
            waits = self._waits()
            raise _quiet(DataError(waits.message, **waits.values))
        return self._tables

    def _waits(self) -> Sentence:
        keys = (f"{q.key}={' | '.join(r.answer for r in q.readings)}" for q in self._open)
        return Sentence(
            "Not read yet: {n} {n:question is|questions are} open ({keys}). Answer above and press the button, or "
            "write the answers into the call.",
            n=len(self._open),
            keys="; ".join(keys),
        )


def gather(
    files: Mapping[str, Source | Sequence[Source]],
    mapping: Mapping[str, str] | None = None,
    *,
    answers: Mapping[str, str] | None = None,
    **options: object,
) -> Tables:
    """Read tables as `collect.gather` does, and ask what is open with a button a reading.

    Parameters
    ----------
    files : {kind: its file or files}
    mapping, answers, options : as for `collect.gather`.

    Raises
    ------
    DataError : as for `collect.gather`; a notebook shows its sentence without the traceback.
    """
    listed = {kind: [items] if isinstance(items, Source) else list(items) for kind, items in files.items()}
    language.use_preferred()
    tables = Tables()

    def read(given: Mapping[str, str]) -> None:
        try:
            tables._tables, tables._open = collect.gather(listed, mapping, answers=given, **options), ()
        except Asked as asked:
            tables._open = asked.questions
            raise

    try:
        read(answers or {})
    except Asked as asked:
        _ask(asked, dict(answers or {}), read)
    except DataError as error:
        raise _quiet(error) from None
    return tables


def _quiet(error: DataError) -> DataError:
    """The same error, of which a notebook shows the sentence alone."""
    error._render_traceback_ = lambda: [str(error)]
    return error


def _ask(asked: Asked, given: Mapping[str, str], read: Callable[[Mapping[str, str]], None]) -> None:
    """Buttons below the cell; where no widgets are installed, the questions in words with what answers them."""
    try:
        _show(_form(asked.questions, given, read))
    except ImportError:
        for line in asked.lines():
            print(line.say())


def _show(box: object) -> None:
    from IPython.display import display

    display(box)


def _form(
    questions: Sequence[Question],
    given: Mapping[str, str],
    read: Callable[[Mapping[str, str]], None],
    told: Callable[[Mapping[str, str]], str] | None = None,
) -> object:
    """Each question with a button a reading, and the one that calls `read` with the answers; `told` says the end.

    What the answers bring up is asked below in the same way; what they make impossible is said, to be answered anew.
    """
    import ipywidgets

    choices = {q.key: _choice(ipywidgets, q) for q in questions}
    go = ipywidgets.Button(description=text("Go on with these answers"), disabled=True, layout={"width": "max-content"})
    said = ipywidgets.HTML()
    asked = [ipywidgets.VBox([ipywidgets.HTML(f"<b>{_safe(q.asks)}</b>"), choices[q.key]]) for q in questions]
    box = ipywidgets.VBox([*asked, go, said])

    def chosen(change: Mapping) -> None:
        go.disabled = any(choice.value is None for choice in choices.values())

    def answered(button: object) -> None:
        answers = dict(given) | {key: choice.value for key, choice in choices.items()}
        try:
            read(answers)
        except Asked as more:
            box.children = (*asked, _form(more.questions, answers, read, told))
        except DataError as error:
            said.value = _note(error.sentence)
            return
        else:
            said.value = (told or _call)(answers)
        for widget in (go, *choices.values()):
            widget.disabled = True

    for choice in choices.values():
        choice.observe(chosen, names="value")
    go.on_click(answered)
    return box


def _call(answers: Mapping[str, str]) -> str:
    """What to write into the call so that it asks no more."""
    return _note(
        Sentence("Read with these answers; run the cells below. Written into the call, they need no button:"),
        f"answers={json.dumps(answers, ensure_ascii=False)}",
    )


def _choice(widgets: object, question: Question) -> object:
    """The readings, the likelier first, none of them chosen."""
    options = [(reading.says.say(), reading.answer) for reading in question.readings]
    return widgets.RadioButtons(options=options, index=None, layout={"width": "max-content"})


def _note(said: Sentence, code: str = "") -> str:
    """What a page tells of its own accord, with the code that is to be written."""
    return f'<div role="status">{_safe(said)}' + (f"<br><code>{_safe(code)}</code>" if code else "") + "</div>"


def _safe(said: object) -> str:
    return escape(str(said), quote=False)
