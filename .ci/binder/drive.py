"""Within the image: the server below a base address, the door of both languages, a lesson up to its first picture.

Prints seconds and megabytes; ends in an error where a page is not what it should be, where the first picture takes the
kernel more than ten seconds of processor, or the kernel more than a gigabyte. Seconds by the clock depend on who else
is there, so they are told only.
"""

import os
import subprocess
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import nbformat
from nbclient import NotebookClient

BASE, TOKEN = "http://127.0.0.1:8899/user/x", "drive"
LESSON, SECONDS, MEGABYTES = "07", 10, 1024


def get(path):
    """(address, text) of a page behind the token, which goes along where one is sent on."""
    with urlopen(Request(f"{BASE}/{path}", headers={"Authorization": f"token {TOKEN}"})) as answer:
        return answer.url, answer.read().decode("utf-8")


def started():
    """The server as Binder starts it, once it answers."""
    command = ["jupyter", "notebook", "--ip=127.0.0.1", "--port=8899", "--no-browser"]
    command += ["--ServerApp.base_url=/user/x/", f"--IdentityProvider.token={TOKEN}"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(600):
        try:
            get("api/status")
            return server
        except URLError:
            time.sleep(0.5)
    server.kill()
    raise SystemExit("The server does not answer within five minutes.")


def first_picture(path):
    """(seconds by the clock, seconds of processor, MB) of a kernel from the first key to a lesson's first picture."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(path.parent)}})
    begun = time.monotonic()
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
            if any("image/png" in output.get("data", {}) for output in cell.get("outputs", ())):
                process = Path(f"/proc/{client.km.provisioner.pid}")
                lines = (process / "status").read_text().splitlines()
                peak = next(line.split()[1] for line in lines if line.startswith("VmHWM"))
                ticks = sum(map(int, (process / "stat").read_text().rpartition(")")[2].split()[11:13]))  # proc(5)
                return time.monotonic() - begun, ticks / os.sysconf("SC_CLK_TCK"), int(peak) / 1024
    raise SystemExit(f"{path.name} has no picture.")


server = started()
try:
    for lang, word in (("en", "Customer portraits"), ("zh", "客户画像")):
        begun = time.monotonic()
        address, page = get(f"course/{lang}")
        assert word in page, page[:500]
        print(f"course/{lang}: {time.monotonic() - begun:.2f} s")
        address, _ = get(f"course/{lang}/{LESSON}")
        assert f"/user/x/lab/tree/work/{lang}/{LESSON}" in address, address
        (path,) = Path(os.environ["REPO_DIR"], "work", lang).glob(f"{LESSON}_*.ipynb")
        clock, seconds, megabytes = first_picture(path)
        print(
            f"{path.name} ({lang}): first picture after {clock:.1f} s, {seconds:.1f} s of processor, {megabytes:.0f} MB"
        )
        assert seconds < SECONDS and megabytes < MEGABYTES
finally:
    server.terminate()
