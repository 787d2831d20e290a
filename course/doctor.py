"""`course doctor`: is this machine ready for the lessons? Each line OK, or a sentence on what to do.

With --class it looks at more, a day before a class: at what a room of machines fails for, and at a lesson's first
picture. Its last line is for the instructor to collect.
"""

import contextlib
import json
import os
import platform
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import webbrowser
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from course import extras, language, places
from course.language import Sentence

if TYPE_CHECKING:
    from jupyter_client import BlockingKernelClient

Line = tuple[Sentence, bool, Sentence]

#: A lesson's kernel stays under 1 GB; the system wants its share.
_MEMORY_GB, _DISK_GB = 2.0, 0.5
#: A lesson's first picture comes sooner, in seconds.
_PICTURE = 60
#: One cell that takes longer is given up, in seconds.
_CELL = 180
#: What a pip that asks the network is given, in seconds.
_PATIENCE = {"PIP_DEFAULT_TIMEOUT": "6", "PIP_RETRIES": "1"}


def doctor(of_class: bool = False) -> list[Line]:
    """What was looked at: (what, whether it is well, what was found or what to do).

    Parameters
    ----------
    of_class : look too at what a class needs: browser, network or wheels, a lesson's first picture, clock and console.
    """
    looks: list[Callable[[], Line]] = [_python, _packages, _kernel, _fonts, _memory, _writing, _port]
    if of_class:
        looks += [_browser, _network, _picture, _clock, _console]
    return [look() for look in looks]


def collected(lines: list[Line]) -> str:
    """One line on a machine, the same in every language, that names nobody: what it is, and what is not well."""
    ill = [what.say("en") for what, well, _ in lines if not well]
    memory = next((f"{found.values['free']:.0f} GB free" for what, _, found in lines if what.message == "Memory"), "")
    about = [f"{platform.system()} {platform.machine()}", f"Python {platform.python_version()}", memory]
    return " | ".join(["ready" if not ill else "NOT READY: " + ", ".join(ill), *filter(None, about)])


def _python() -> Line:
    version = ".".join(map(str, sys.version_info[:3]))
    well = sys.version_info >= (3, 11)
    return (
        Sentence("Python"),
        well,
        Sentence("{version}", version=version)
        if well
        else Sentence("{version} is too old. Install Python 3.11 or newer, then run lab.py again.", version=version),
    )


def _packages() -> Line:
    missing = []
    asked = metadata.requires("customer-portrait-course") or []
    asked = [r for r in asked if "extra ==" not in r or "notebook" in r.partition("extra ==")[2]]
    for name in (re.match(r"[\w.-]+", requirement)[0] for requirement in asked):
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        command = "python3 lab.py" if places.is_checkout() else extras.command("notebook")
        said = Sentence("{names} is missing. Run: {command}", names=", ".join(missing), command=command)
        return Sentence("Packages"), False, said
    return Sentence("Packages"), True, Sentence("all there")


def _kernel() -> Line:
    try:
        with _running():
            return Sentence("Kernel"), True, Sentence("starts and answers")
    except ImportError as error:
        return Sentence("Kernel"), False, extras.lacking(error)
    except Exception as error:
        said = Sentence("does not start ({why}). Delete .venv and run python3 lab.py again.", why=_why(error))
        return Sentence("Kernel"), False, said


def _why(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__


@contextlib.contextmanager
def _running(**variables: str) -> Iterator["BlockingKernelClient"]:
    """A kernel such as a lesson's, with further variables in its environment."""
    from jupyter_client import KernelManager

    manager = KernelManager(kernel_name="python3")
    try:
        manager.start_kernel(stderr=subprocess.DEVNULL, env=os.environ | variables)
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=30)
        yield client
        client.stop_channels()
    finally:
        manager.shutdown_kernel(now=True)


def _fonts() -> Line:
    from course import charts

    try:
        name = charts.chinese_font()
    except ImportError as error:
        return Sentence("Chinese font"), False, extras.lacking(error)
    if name:
        return Sentence("Chinese font"), True, Sentence("{name}", name=name)
    return (
        Sentence("Chinese font"),
        False,
        Sentence(
            "none: Chinese in charts would be empty boxes. On Debian or Ubuntu: sudo apt install fonts-wqy-microhei."
        ),
    )


def _memory() -> Line:
    try:
        import psutil
    except ImportError as error:
        return Sentence("Memory"), False, extras.lacking(error)
    free = psutil.virtual_memory().available / 2**30
    if free >= _MEMORY_GB:
        return Sentence("Memory"), True, Sentence("{free:.1f} GB free", free=free)
    return Sentence("Memory"), False, Sentence("{free:.1f} GB free: close other programs until 2 GB are.", free=free)


def _writing() -> Line:
    try:
        with tempfile.NamedTemporaryFile(dir=places.work()):
            pass
        free = shutil.disk_usage(places.work()).free / 2**30
    except OSError as error:
        why = error.strerror or str(error)
        return (
            Sentence("Write access"),
            False,
            Sentence("work/ cannot be written ({why}). Move the kit to a folder of your own.", why=why),
        )
    if free < _DISK_GB:
        return (
            Sentence("Write access"),
            False,
            Sentence("only {free:.1f} GB of disk are free. Make room for 0.5 GB.", free=free),
        )
    return Sentence("Write access"), True, Sentence("{free:.0f} GB of disk free", free=free)


def _port() -> Line:
    try:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
        return Sentence("Port"), True, Sentence("a local port can be opened")
    except OSError as error:
        why = error.strerror or str(error)
        return (
            Sentence("Port"),
            False,
            Sentence("no local port can be opened ({why}). Ask who looks after this machine.", why=why),
        )


def _browser() -> Line:
    with contextlib.suppress(webbrowser.Error):
        if type(webbrowser.get()) is not webbrowser.GenericBrowser:  # such as w3m, in the window of a terminal
            return Sentence("Browser"), True, Sentence("there is one")
    return (
        Sentence("Browser"),
        False,
        Sentence("none is found that shows pages. Install Firefox, Chrome or Edge; or type the address into one."),
    )


def _network() -> Line:
    """Packages that are there need no network; a folder with wheels neither."""
    if _packages()[1]:
        return Sentence("Network"), True, Sentence("not needed: every package is installed")
    if (places.ROOT / "wheels").is_dir():
        return Sentence("Network"), True, Sentence("not needed: this folder brings its packages")
    base = getattr(sys, "_base_executable", None) or sys.executable
    with tempfile.TemporaryDirectory() as folder:
        command = [base, "-m", "pip", "download", "--quiet", "--no-deps", "--no-cache-dir", "--dest", folder]
        done = subprocess.run([*command, "pathspec"], env=_PATIENCE | os.environ, capture_output=True)
    if done.returncode == 0:
        return Sentence("Network"), True, Sentence("packages can be fetched")
    return (
        Sentence("Network"),
        False,
        Sentence("no package can be fetched. Mend the connection or the proxy, or ask for a folder with its packages."),
    )


def _picture() -> Line:
    """The first lesson up to its first picture, in a folder that goes again: what a learner waits for."""
    lang = language.active()
    try:
        book = json.loads(sorted((places.notebooks() / lang).glob("*.ipynb"))[0].read_text(encoding="utf-8"))
        codes = ["".join(cell["source"]) for cell in book["cells"] if cell["cell_type"] == "code"]
        with tempfile.TemporaryDirectory() as folder, _running(COURSE_WORK=folder, COURSE_LANG=lang) as client:
            begun = time.perf_counter()
            why = _drawn(client, codes)
            seconds = time.perf_counter() - begun
    except Exception as error:
        why = _why(error)
    if why:
        said = Sentence("lesson 00 draws none ({why}). Delete .venv and run python3 lab.py again.", why=why)
    elif seconds > _PICTURE:
        said = Sentence("lesson 00 takes {seconds:.0f} s to draw it. Close other programs.", seconds=seconds)
    else:
        return Sentence("First picture"), True, Sentence("lesson 00 draws it after {seconds:.0f} s", seconds=seconds)
    return Sentence("First picture"), False, said


def _drawn(client: "BlockingKernelClient", codes: list[str]) -> str:
    """Run cells until one shows a picture; nothing where one does, else why none did."""
    shown: list[dict] = []
    for code in codes:
        client.execute_interactive(code, output_hook=shown.append, timeout=_CELL, allow_stdin=False)
        for message in shown:
            if message["msg_type"] == "error":
                return message["content"]["evalue"].splitlines()[0]
            if "image/png" in message["content"].get("data", {}):
                return ""
    return "–"


def _clock() -> Line:
    """A clock that is behind makes safe connections fail; nothing of the kit is younger than now."""
    written = max(path.stat().st_mtime for path in Path(__file__).parent.glob("*.py"))
    now = time.strftime("%Y-%m-%d %H:%M")
    if time.time() > written - 24 * 3600:
        return Sentence("Clock"), True, Sentence("{now}", now=now)
    return (
        Sentence("Clock"),
        False,
        Sentence("{now}, which is before the kit was written. Set the clock of this machine.", now=now),
    )


def _console() -> Line:
    """What is printed in Chinese must be readable; in English there is nothing to lose."""
    try:
        "客户画像 ✓".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        if language.active() == "zh":
            return (
                Sentence("Language"),
                False,
                Sentence("this window cannot show Chinese. On Windows type chcp 65001 first, or use Windows Terminal."),
            )
    return Sentence("Language"), True, Sentence("English; --lang zh for Chinese")
