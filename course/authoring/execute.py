"""Running a solution: a kernel of its own, nothing in the result that depends on the clock or the machine."""

import json
import os
import re
import tempfile

from course.authoring.source import Lesson, LessonError

#: No cell of a lesson takes longer than this many seconds.
_PATIENCE = 120


def execute(lesson: Lesson, book: dict, lang: str) -> dict:
    """The notebook with its outputs.

    Raises
    ------
    LessonError : a cell raised; the message has the error's last line.
    """
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError

    node = nbformat.reads(json.dumps(book), as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            node,
            timeout=_PATIENCE,
            kernel_name="python3",
            record_timing=False,
            coalesce_streams=True,
            resources={"metadata": {"path": folder}},
        )
        try:
            client.execute(env=dict(os.environ, COURSE_LANG=lang, COURSE_WORK=folder))
        except (CellExecutionError, CellTimeoutError) as error:
            raise _where(lesson, node, str(error)) from None
    return _settled(json.loads(nbformat.writes(node, version=4)))


def _where(lesson: Lesson, node: object, said: str) -> LessonError:
    """The error at the lesson's own line: the cell that has outputs of type error, or that was cut off."""
    own = [c for c in lesson.cells if c.kind == "code"]
    cells = [c for c in node.cells if c.cell_type == "code"][-len(own) :]  # others open the lesson
    failed = (o.line for c, o in zip(cells, own, strict=True) if any(x.output_type == "error" for x in c.outputs))
    why = re.sub(r"\x1b\[[0-9;]*m", "", said).strip().splitlines()[-1]
    return LessonError(lesson.path.name, next(failed, 1), "The solution stops here: {why}", why=why)


def _settled(book: dict) -> dict:
    """Without what differs from run to run: the interpreter's version, ids that widgets and pandas' Styler make up."""
    book["metadata"]["language_info"] = {"name": "python"}
    book["metadata"].pop("widgets", None)
    styles: dict[str, str] = {}

    def renumbered(match: re.Match) -> str:
        return f"T_{styles.setdefault(match[1], f'{len(styles):05d}')}"

    for cell in book["cells"]:
        for output in cell.get("outputs", []):
            if "metadata" in output:
                told = output["metadata"].items()
                output["metadata"] = {kind: {"alt": one["alt"]} for kind, one in told if "alt" in one}
            data = output.get("data", {})
            data.pop("application/vnd.jupyter.widget-view+json", None)  # a number of its own at every run
            if "".join(data.get("text/html", "")).startswith("<iframe "):  # a whole page, which its words stand for
                del data["text/html"]
            if "text/html" in data:
                joined = "".join(data["text/html"])
                data["text/html"] = re.sub(r"T_([0-9a-f]{5})(?=[_\s\"{#])", renumbered, joined).splitlines(
                    keepends=True
                )
        cell["metadata"].pop("execution", None)
    return book
