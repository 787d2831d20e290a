"""`course lab`: JupyterLab at the page of lessons, for this computer only and with Jupyter's own token."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec

from course import extras, places
from course.errors import DataError
from course.hub import copies, settings
from course.language import Sentence


def start(words: Sequence[str], lang: str | None, tell: Callable[[Sentence], None]) -> int:
    """Hand out the copies and become JupyterLab; on Windows, which cannot, run it as a child and give its exit code.

    Parameters
    ----------
    words : further options of JupyterLab's, such as --no-browser.
    lang : the language that is asked for now; None: what JupyterLab was left in, else the computer's.

    Raises
    ------
    DataError : JupyterLab is not installed; the port that is asked for is taken.
    """
    if not find_spec("jupyterlab"):
        raise DataError(
            "JupyterLab is not installed here, and the lessons need it. To install it: {command}",
            command=extras.command("notebook"),
        )
    _check_port(words)
    asked = lang or os.environ.get("COURSE_LANG")
    lang = settings.preferred(asked)
    copies.hand_out()
    own, work = settings.own(), places.work()
    for said in settings.settle(own / "settings", lang, asked=bool(asked)):
        tell(said)
    variables = {
        "COURSE_LANG": lang,  # what a lesson prints follows the menus
        "JUPYTER_CONFIG_DIR": str(own),
        "JUPYTERLAB_SETTINGS_DIR": str(own / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
    }
    options = [
        f"--ServerApp.root_dir={work}",
        "--ServerApp.jpserver_extensions=course.hub=True",
        f"--LabApp.default_url=/course/{lang}",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "--allow-root" not in words:
        options.append("--allow-root")  # in a container the reader is root; the server asks for its token all the same
    # -P: what lies in the folder that the command was typed in is nobody's package.
    return _become([sys.executable, "-P", "-m", "jupyterlab", *options, *words], os.environ | variables)


def _check_port(words: Sequence[str]) -> None:
    """A port that is asked for must be free; when none is, JupyterLab looks for a free one itself."""
    port = _option(words, "--port") or _option(words, "--ServerApp.port") or ""
    if not port.isdigit() or int(port) > 65535:
        return
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", int(port))) == 0:
            raise DataError(
                "Port {port} is taken by another program. Choose another one, for instance: --port {other}",
                port=port,
                other=int(port) + 1,
            )


def _option(words: Sequence[str], name: str) -> str | None:
    for word, following in zip(words, [*words[1:], None], strict=False):
        if word == name:
            return following
        if word.startswith(name + "="):
            return word.removeprefix(name + "=")
    return None


def _become(command: list[str], variables: dict[str, str]) -> int:
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(command[0], command, variables)
    child = subprocess.Popen(command, env=variables)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            pass  # the child was told too, and decides
