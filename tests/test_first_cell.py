"""The first cell of what is handed out, in a Python without the kit: one sentence, and no further cell runs."""

import json
import subprocess
import sys

import pytest

from course import extras
from course.hub import copies
from course.language import LANGUAGES
from tests.conftest import ROOT

#: A Python that has IPython and no kit: what the cell is told is printed by IPython itself.
PROGRAM = """
import sys
from importlib.machinery import PathFinder
find = PathFinder.find_spec
PathFinder.find_spec = lambda name, *rest: None if name.partition(".")[0] in {missing!r} else find(name, *rest)
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
from IPython.core.interactiveshell import InteractiveShell
result = InteractiveShell.instance(colors="NoColor", history_manager=None).run_cell(sys.stdin.read())
print(type(result.error_in_exec).__name__)
"""


def cell(book):
    return "".join(next(c["source"] for c in book["cells"] if c["cell_type"] == "code"))


def books():
    for lang in LANGUAGES:
        paths = sorted((ROOT / "notebooks" / lang).glob("*.ipynb"))
        yield from ((lang, path.stem, json.loads(path.read_text(encoding="utf-8"))) for path in paths)
        yield lang, "own_file", copies._own_file(lang)


def test_every_notebook_that_is_handed_out_begins_so():
    for lang, name, book in books():
        imports = "from course.hub import own_file" if name == "own_file" else "from course.classroom import *"
        assert cell(book).startswith(extras.guarded(imports, lang) + "\n\n"), (lang, name)


@pytest.mark.parametrize("name", ["00_start", "own_file"])
@pytest.mark.parametrize("lang", LANGUAGES)
def test_another_python_is_told_in_one_sentence(tmp_path, lang, name):
    (code,) = [cell(book) for language, stem, book in books() if (language, stem) == (lang, name)]
    program = PROGRAM.format(missing=["course"])
    done = subprocess.run(
        [sys.executable, "-c", program], input=code, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.stdout == "UsageError\n", done.stderr
    (told,) = done.stderr.splitlines()
    assert told.startswith("UsageError: No module named 'course'")
    assert ("Kernel → Change Kernel" in told) == (lang == "en") and ("内核 → 更改内核" in told) == (lang == "zh")
