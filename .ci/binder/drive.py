"""The server below a base address, the door of both languages, a lesson up to its first picture and its first check.

python drive.py [COMMAND …]: the command that starts the server, as README has it; else as Binder starts it.
Prints seconds and megabytes; ends in an error where a page is not what it should be, where the first picture takes the
kernel more than ten seconds of processor, or the kernel more than a gigabyte. Seconds by the clock depend on who else
is there, so they are told only.
"""

import re
import subprocess
import sys
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import nbformat
import psutil
from nbclient import NotebookClient

from course import places

BASE, TOKEN = "http://127.0.0.1:8899/user/x", "drive"
LESSON, SECONDS, MEGABYTES = "07", 10, 1024


def get(path):
    """(address, text) of a page behind the token, which goes along where one is sent on."""
    with urlopen(Request(f"{BASE}/{path}", headers={"Authorization": f"token {TOKEN}"})) as answer:
        return answer.url, answer.read().decode("utf-8")


def started():
    """The server, once it answers."""
    command = sys.argv[1:] or ["jupyter", "notebook", "--ip=127.0.0.1"]
    command += ["--port=8899", "--no-browser", "--ServerApp.base_url=/user/x/", f"--IdentityProvider.token={TOKEN}"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        try:
            get("api/status")
            return server
        except URLError:
            time.sleep(0.5)
    server.kill()
    raise SystemExit("The server does not answer within five minutes.")


def peak(pid):
    """The most memory that a process held, in MB; where the system does not keep it, what it holds."""
    if sys.platform == "linux":
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line.split()[1] for line in lines if line.startswith("VmHWM"))) / 1024
    return psutil.Process(pid).memory_info().rss / 2**20


def reached(path):
    """A lesson's first picture and first check: (which, seconds by the clock, of processor, MB of its kernel)."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}})
    start, wanted = time.monotonic(), ["picture", "check"]
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
            shown = [kind for output in cell.get("outputs", ()) for kind in output.get("data", {})]
            if "image/png" in shown and "picture" in wanted:
                what = "picture"
            elif cell.source.startswith("check(") and shown and "check" in wanted:
                what = "check"
            else:
                continue
            wanted.remove(what)
            pid = client.km.provisioner.pid
            yield what, time.monotonic() - start, sum(psutil.Process(pid).cpu_times()[:2]), peak(pid)
            if not wanted:
                return
    raise SystemExit(f"{path.name} has no {' and no '.join(wanted)}.")


server = started()
try:
    for lang, word in (("en", "Customer portraits"), ("zh", "客户画像")):
        begun = time.monotonic()
        address, page = get(f"course/{lang}")
        assert word in page, page[:500]
        print(f"course/{lang}: {time.monotonic() - begun:.2f} s")
        address = get(f"course/{lang}/{LESSON}")[0].partition("?")[0]
        assert re.search(f"/user/x/lab/tree/(work/)?{lang}/{LESSON}_", address), address
        path = places.work() / lang / address.rpartition("/")[2]
        for what, clock, seconds, megabytes in reached(path):
            print(f"{path.name} ({lang}): first {what} after {clock:.1f} s, {seconds:.1f} s of processor, "
                  f"{megabytes:.0f} MB")  # fmt: skip
            assert (what != "picture" or seconds < SECONDS) and megabytes < MEGABYTES
finally:
    server.terminate()
