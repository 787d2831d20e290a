"""`course doctor`: is this machine ready for the lessons? Each line OK, or a sentence on what to do."""

import re
import shutil
import socket
import subprocess
import sys
import tempfile
from importlib import metadata

from course import places
from course.language import Sentence

#: A lesson's kernel stays under 1 GB; the system wants its share.
_MEMORY_GB, _DISK_GB = 2.0, 0.5


def doctor() -> list[tuple[Sentence, bool, Sentence]]:
    """What was looked at: (what, whether it is well, what was found or what to do)."""
    return [_python(), _packages(), _kernel(), _fonts(), _memory(), _writing(), _port()]


def _python() -> tuple[Sentence, bool, Sentence]:
    version = ".".join(map(str, sys.version_info[:3]))
    well = sys.version_info >= (3, 11)
    return (
        Sentence("Python"),
        well,
        Sentence("{version}", version=version)
        if well
        else Sentence("{version} is too old. Install Python 3.11 or newer, then run lab.py again.", version=version),
    )


def _packages() -> tuple[Sentence, bool, Sentence]:
    missing = []
    asked = metadata.requires("customer-portrait-course") or []
    asked = [r for r in asked if "extra ==" not in r or "notebook" in r.partition("extra ==")[2]]
    for name in (re.match(r"[\w.-]+", requirement)[0] for requirement in asked):
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        return (
            Sentence("Packages"),
            False,
            Sentence("{names} is missing. Run python3 lab.py again.", names=", ".join(missing)),
        )
    return Sentence("Packages"), True, Sentence("all there")


def _kernel() -> tuple[Sentence, bool, Sentence]:
    from jupyter_client import KernelManager

    manager = KernelManager(kernel_name="python3")
    try:
        manager.start_kernel(stderr=subprocess.DEVNULL)
        client = manager.client()
        client.start_channels()
        client.wait_for_ready(timeout=30)
        client.stop_channels()
        return Sentence("Kernel"), True, Sentence("starts and answers")
    except Exception as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        return (
            Sentence("Kernel"),
            False,
            Sentence("does not start ({why}). Delete .venv and run python3 lab.py again.", why=why),
        )
    finally:
        manager.shutdown_kernel(now=True)


def _fonts() -> tuple[Sentence, bool, Sentence]:
    from course import charts

    name = charts.chinese_font()
    if name:
        return Sentence("Chinese font"), True, Sentence("{name}", name=name)
    return (
        Sentence("Chinese font"),
        False,
        Sentence(
            "none: Chinese in charts would be empty boxes. On Debian or Ubuntu: sudo apt install fonts-wqy-microhei."
        ),
    )


def _memory() -> tuple[Sentence, bool, Sentence]:
    import psutil

    free = psutil.virtual_memory().available / 2**30
    if free >= _MEMORY_GB:
        return Sentence("Memory"), True, Sentence("{free:.1f} GB free", free=free)
    return Sentence("Memory"), False, Sentence("{free:.1f} GB free: close other programs until 2 GB are.", free=free)


def _writing() -> tuple[Sentence, bool, Sentence]:
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


def _port() -> tuple[Sentence, bool, Sentence]:
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
