"""Within the image: the server below a base address, the door of both languages, a lesson up to its first picture.

Prints the seconds and megabytes; ends in an error where a page is not what it should be, where the first picture takes
longer than ten seconds from the first key, or the kernel more than a gigabyte.
"""

import os
import subprocess
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
from nbclient import NotebookClient

BASE, TOKEN = "http://127.0.0.1:8899/user/x", "drive"
LESSON, SECONDS, MEGABYTES = "07", 10, 1024


def get(path):
    """(address, text) of a page behind the token."""
    with urlopen(f"{BASE}/{path}{'&' if '?' in path else '?'}token={TOKEN}") as answer:
        return answer.url, answer.read().decode("utf-8")


def started():
    """The server as Binder starts it, once it answers."""
    command = ["jupyter", "notebook", "--ip=127.0.0.1", "--port=8899", "--no-browser"]
    command += ["--ServerApp.base_url=/user/x/", f"--IdentityProvider.token={TOKEN}"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(120):
        try:
            get("api/status")
            return server
        except URLError:
            time.sleep(0.5)
    server.kill()
    raise SystemExit("The server does not answer within a minute.")


def first_picture(path):
    """(seconds from the first key to the first picture, MB of the kernel) of a lesson's notebook."""
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=60, resources={"metadata": {"path": str(path.parent)}})
    begun = time.monotonic()
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            client.execute_cell(cell, index)
            if any("image/png" in output.get("data", {}) for output in cell.get("outputs", ())):
                status = Path(f"/proc/{client.km.provisioner.pid}/status").read_text()
                peak = next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM"))
                return time.monotonic() - begun, int(peak) / 1024
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
        seconds, megabytes = first_picture(path)
        print(f"{path.name} ({lang}): first picture after {seconds:.1f} s, the kernel has {megabytes:.0f} MB")
        assert seconds < SECONDS and megabytes < MEGABYTES
finally:
    server.terminate()
