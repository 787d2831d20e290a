"""How readers come to the lessons: the page of lessons, a door for each, their own copies, JupyterLab's settings.

`course lab` starts a JupyterLab with all of it (`starting`); a Jupyter server that somebody else starts, as Binder
does, loads it as an extension (`door`). Light to import: `lab.py` asks it for the reader's language before anything is
installed.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "course.hub"}]


def _load_jupyter_server_extension(server: "ServerApp") -> None:
    from course.hub import door

    door.add_to(server)
