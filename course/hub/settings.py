"""JupyterLab's settings as the kit wants them at the first start; whatever the reader changes in the menus stays.

Standard library only: `lab.py` reads the reader's language here before anything is installed.
"""

import json
import locale
import os
import re
from pathlib import Path

from course import places
from course.language import Sentence

#: What the kit calls a language and what JupyterLab does.
LOCALES = {"en": "en", "zh": "zh_CN"}
_MENUS = "@jupyterlab/translation-extension/plugin.jupyterlab-settings"
# JupyterLab writes JSON5: comments, ' for ", names without either, a comma before a bracket.
_TEXT = r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
_COMMENT = re.compile(_TEXT + r"|//[^\n]*|/\*.*?\*/", re.DOTALL)
_LOOSE = re.compile(_TEXT + r"|([A-Za-z_$][\w$]*)(?=\s*:)|,(?=\s*[}\]])", re.DOTALL)


def own() -> Path:
    """The folder of the settings, workspaces and configuration of the kit alone; the reader's own stay as they are."""
    return places.home() / ".jupyter"


def settings(lang: str) -> dict[str, dict]:
    """How JupyterLab is at the first start: {file below the folder of settings: values}."""
    return {
        _MENUS: {"locale": LOCALES[lang]},
        # No question about news.
        "@jupyterlab/apputils-extension/notification.jupyterlab-settings": {
            "fetchNews": "false",
            "checkForUpdates": False,
        },
        # On a small screen a long line of code goes on below instead of leaving the page.
        "@jupyterlab/notebook-extension/tracker.jupyterlab-settings": {
            "codeCellConfig": {"lineNumbers": False, "lineWrap": True}
        },
    }


def settle(folder: Path, lang: str, *, asked: bool = False) -> list[Sentence]:
    """Write the settings that are missing into `folder`, and the language too where it is asked for now.

    Returns
    -------
    what was set aside because it could not be read: somebody wrote it.
    """
    said = []
    for name, values in settings(lang).items():
        path = folder / name
        if os.path.lexists(path) and _written(path) is None:
            said.append(_set_aside(path))
        if not path.exists() or (name == _MENUS and asked and _locale(path) != LOCALES[lang]):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values), encoding="utf-8")
    return said


def preferred(asked: str | None = None) -> str:
    """The reader's language: what is asked for now, else what JupyterLab was left in, else what the computer speaks."""
    found = asked or os.environ.get("COURSE_LANG") or _locale(own() / "settings" / _MENUS)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        found = found or os.environ.get(name)
    return "zh" if (found or locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"


def _written(path: Path) -> dict | None:
    """The settings in a file of JupyterLab's; None where it holds none."""
    try:
        if not path.is_file():  # a pipe would be waited for
            return None
        text = _COMMENT.sub(lambda found: found[1] or " ", path.read_text(encoding="utf-8-sig"))
        found = json.loads(_LOOSE.sub(_strict, text), strict=False)
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _strict(found: re.Match) -> str:
    """A text or a name of JSON5 as JSON has it; a comma before a bracket goes."""
    text, name = found.groups()
    if text and text[0] == "'":
        return '"' + re.sub(r"""\\?(["'])""", lambda sign: sign[1].replace('"', '\\"'), text[1:-1]) + '"'
    return text or (json.dumps(name) if name else "")


def _locale(path: Path) -> str | None:
    found = (_written(path) or {}).get("locale")
    return found if isinstance(found, str) else None


def _set_aside(path: Path) -> Sentence:
    names = (path.with_name(f"{path.name}.set-aside-{n}") for n in range(1, 10**6))
    kept = next(name for name in names if not os.path.lexists(name))
    path.rename(kept)
    return Sentence(
        "{file} cannot be read as settings of JupyterLab. It is kept beside as {kept}; the kit's own take its place.",
        file=path.name,
        kept=kept.name,
    )
