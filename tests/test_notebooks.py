"""What trainees and instructors open: untouched notebooks run to their end, solutions hold what they print."""

import ast
import json
import os
import re

import nbformat
import pytest
from nbclient import NotebookClient

from course.language import LANGUAGES
from tests.conftest import ROOT


def notebooks(kind):
    return [pytest.param(p, id=p.relative_to(ROOT).as_posix()) for p in sorted((ROOT / kind).glob("*/*.ipynb"))]


def beyond(path):
    """True for what is beyond a lesson's core path: it may have neither chart nor exercise."""
    return path.stem.endswith("_more")


def shows(source):
    """True for a cell that speaks, or that ends in an expression (use_company gives none back)."""
    tree = ast.parse(source)
    called = {_name(n) for n in ast.walk(tree) if isinstance(n, ast.Call)}
    last = tree.body[-1]
    return "print" in called or (isinstance(last, ast.Expr) and _name(last.value) != "use_company")


def _name(node):
    function = getattr(node, "func", node)
    return getattr(function, "attr", getattr(function, "id", ""))


def test_there_are_as_many_of_each_kind_in_each_language():
    names = {
        (k, lang): {p.name for p in (ROOT / k / lang).glob("*.ipynb")}
        for k in ("notebooks", "solutions")
        for lang in LANGUAGES
    }
    assert len({frozenset(n) for n in names.values()}) == 1 and all(names.values())


@pytest.mark.parametrize("path", notebooks("solutions"))
def test_a_solution_holds_what_every_cell_shows(path):
    cells = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
    for cell in cells:
        source = "".join(cell["source"])
        assert all(o["output_type"] != "error" for o in cell["outputs"]), source
        if shows(source):
            assert cell["outputs"], f"stored without what it shows: {source}"
        if source.startswith("check("):
            assert "".join(cell["outputs"][0]["data"]["text/plain"]).startswith("✓"), source
    assert beyond(path) or any("image/png" in o.get("data", {}) for c in cells for o in c["outputs"])


#: The trap of lesson 00: what is to be seen there is that the second run is another.
ON_PURPOSE = 'before_tax["yuan"] ='


def in_turn(path):
    """True for a notebook that is run: by turns English and Chinese, whose code is one; by night both."""
    return os.environ.get("COURSE_NIGHTLY") or LANGUAGES.index(path.parent.name) == int(path.stem[:2]) % len(LANGUAGES)


@pytest.mark.parametrize("path", [p for p in notebooks("notebooks") if in_turn(p.values[0])])
def test_an_untouched_notebook_runs_to_its_end_each_cell_twice(path, tmp_path):
    book = nbformat.read(path, as_version=4)
    assert not any(c.get("outputs") or c.get("execution_count") for c in book.cells)
    environment = os.environ | {"COURSE_WORK": str(tmp_path), "COURSE_LANG": path.parent.name}
    client = NotebookClient(book, timeout=120, resources={"metadata": {"path": str(tmp_path)}})
    checks = []
    with client.setup_kernel(env=environment):
        for index, cell in enumerate(book.cells):
            if cell.cell_type == "code":
                first = said(client.execute_cell(cell, index))
                if not cell.source.startswith(ON_PURPOSE):
                    assert said(client.execute_cell(cell, index)) == first, cell.source
                checks += [cell] * cell.source.startswith("check(")
    assert checks or beyond(path)
    for cell in checks:
        assert cell.outputs[0]["data"]["text/plain"].startswith("○"), cell.source


def said(cell):
    """What a cell shows in words: neither pictures nor widgets, whose names are drawn anew."""
    words = (o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs)
    return "".join(w for w in words if not re.search(r"<Figure|HBox|VBox|interactive|Output\(|<IPython|at 0x", w))
