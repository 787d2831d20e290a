"""A standalone cluster of Spark on loopback: a master and workers, started here and ended by their own ids."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

#: Seconds that a process may take to start on a machine that is busy.
PATIENCE = 180


def needed() -> None:
    """Skip where there is no Spark, or no Java to run it."""
    if not find_spec("pyspark"):
        pytest.skip("Spark is not here (the extra `spark` is not installed)")
    if not shutil.which("java"):
        pytest.skip("Java is not installed: nothing of Spark was tested")


class Cluster:
    """A master and its workers.

    Attributes
    ----------
    master : its address
    workers : the processes, each the head of a group of its own that its executors belong to
    """

    def __init__(self, master: str, workers: list[subprocess.Popen]) -> None:
        self.master, self.workers = master, workers

    def kill_worker(self) -> None:
        """End one worker and its executors, without a word to anybody."""
        _end(self.workers.pop(), signal.SIGKILL)


@contextlib.contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A cluster for as long as the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    port, started = _free_port(), []
    master = f"spark://127.0.0.1:{port}"
    log = folder / "master.log"
    try:
        words = ["master.Master", "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"]
        started.append(_start(words, folder, log))
        _wait(log, "New state: ALIVE", 1)
        of = [_worker(master, folder / f"worker{i}") for i in range(workers)]
        started += of
        _wait(log, "Registering worker", workers)
        yield Cluster(master, of)
    finally:
        for process in reversed(started):
            _end(process, signal.SIGTERM)


def _worker(master: str, folder: Path) -> subprocess.Popen:
    words = ["worker.Worker", "--host", "127.0.0.1", "--webui-port", "0", "-c", "1", "-m", "1G"]
    folder.mkdir()
    return _start([*words, "-d", str(folder), master], folder, folder / "worker.log")


def _start(words: list[str], folder: Path, log: Path) -> subprocess.Popen:
    import pyspark

    home = Path(pyspark.__file__).parent
    env = os.environ | {"SPARK_HOME": str(home), "SPARK_LOCAL_IP": "127.0.0.1", "SPARK_DAEMON_MEMORY": "256m"}
    command = [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{words[0]}", *words[1:]]
    with log.open("w") as out:
        return subprocess.Popen(
            command, env=env, cwd=folder, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )


def _wait(log: Path, words: str, times: int) -> None:
    until = time.monotonic() + PATIENCE
    while log.read_text(errors="replace").count(words) < times:
        assert time.monotonic() < until, f"not within {PATIENCE} s: {words}\n{log.read_text(errors='replace')[-2000:]}"
        time.sleep(0.1)


def _end(process: subprocess.Popen, how: signal.Signals) -> None:
    """The process and what it started; it leads a group of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, how)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(30)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
