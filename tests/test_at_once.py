"""Two at once, stopped, out of room: a result is whole or absent, and whoever could not write says so in a sentence."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from course import cli, company, report, unforeseen, whole
from course.errors import DataError
from tests import at_once
from tests.conftest import ROOT

posix = pytest.mark.skipif(os.name != "posix", reason="this system has no such signals")


@pytest.fixture(autouse=True, scope="module")
def heard():
    """Runs that a test starts hear SIGINT, also where the tests themselves were started in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def wholes(tmp_path_factory):
    """What a run over the customers of A, and of B, writes when nobody disturbs it."""
    found = {}
    for mark in "AB":
        folder = tmp_path_factory.mktemp(mark)
        at_once.customers(folder, mark)
        assert run(folder, mark) == 0
        found[mark] = at_once.bytes_of(folder / "out")
    assert found["A"].keys() == found["B"].keys() and found["A"]["portraits.csv"] != found["B"]["portraits.csv"]
    return found


def run(folder, mark="A", out="out", kind="customers"):
    return cli.main(["run", f"--{kind}", str(folder / f"{mark}.csv"), "--out", str(folder / out), "--lang", "en"])


@pytest.fixture
def place(tmp_path):
    """A folder with the customers of A and of B."""
    for mark in "AB":
        at_once.customers(tmp_path, mark)
    return tmp_path


@pytest.fixture
def of_orders(tmp_path):
    """A folder with the orders of A."""
    at_once.orders(tmp_path, "A")
    return tmp_path


@pytest.fixture(scope="module")
def whole_of_orders(tmp_path_factory):
    """What a run over the orders of A writes when nobody disturbs it."""
    folder = tmp_path_factory.mktemp("orders")
    at_once.orders(folder, "A")
    undisturbed = at_once.started(folder, "run", "--orders", "A.csv", "--out", "out")
    assert undisturbed.wait() == 0
    return at_once.bytes_of(folder / "out")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# --- two at once -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nth", range(2))
def test_of_two_runs_into_one_folder_one_wins_whole_and_the_other_says_so(nth, place, wholes):
    """The benchmark has forty pairs, over orders."""
    assert at_once.pair(place, wholes, "customers").startswith("one whole")


def test_who_writes_keeps_run_and_erasure_out_and_is_named(place, capsys):
    assert run(place) == 0
    before = at_once.bytes_of(place / "out")
    with whole.alone(place / "out"), whole.alone(place / "new"):
        assert run(place, out="new") == 2
        assert cli.main(["forget", str(place / "out"), "A1", "--lang", "en"]) == 2
        said = capsys.readouterr().err.splitlines()
    refused = [line for line in said if line.startswith("Refused")]
    assert refused == [
        f"Refused: {out} is being written by another run or erasure (process {os.getpid()}). Wait for it, or name "
        "another folder."
        for out in ("new", "out")
    ]
    assert names(place) == ["A.csv", "B.csv", "out"] and at_once.bytes_of(place / "out") == before
    assert cli.main(["forget", str(place / "out"), "A1", "--lang", "en"]) == 0
    assert run(place, out="new") == 0 and names(place) == ["A.csv", "B.csv", "new", "out"]


def test_an_erasure_that_began_meanwhile_is_not_written_over(place, capsys, monkeypatch):
    """The folder steps aside for a moment in an erasure: a run that found it absent then must look again."""
    from course import workflow

    at_work = workflow.run

    def meanwhile(*arguments, **options):
        (place / "out").mkdir()
        (place / "out/mine.txt").write_text("mine")
        return at_work(*arguments, **options)

    monkeypatch.setattr(workflow, "run", meanwhile)
    assert run(place) == 2 and "out exists already" in capsys.readouterr().err
    assert names(place / "out") == ["mine.txt"] and names(place) == ["A.csv", "B.csv", "out"]


_HOLDS = """
import sys, time
from pathlib import Path
from course import whole
with whole.alone(Path(sys.argv[1])), whole.whole_or_absent(Path(sys.argv[1])) as new:
    (new / "portraits.csv").write_text("half")
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_lock_of_a_killed_process_is_taken_over(place, wholes, capsys):
    holder = subprocess.Popen([sys.executable, "-c", _HOLDS, place / "out"], stdout=subprocess.PIPE, cwd=ROOT)
    holder.stdout.readline()
    assert run(place) == 2 and f"(process {holder.pid})" in capsys.readouterr().err
    holder.kill()
    holder.communicate()
    assert {".out.lock", ".out.partial"} <= set(names(place))
    assert run(place) == 0
    assert at_once.bytes_of(place / "out") == wholes["A"] and names(place) == ["A.csv", "B.csv", "out"]


@posix
def test_a_file_system_without_locks_is_written_to(place, wholes, monkeypatch):
    def lacks(*_arguments):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(whole.fcntl, "flock", lacks)
    assert run(place) == 0
    assert at_once.bytes_of(place / "out") == wholes["A"] and names(place) == ["A.csv", "B.csv", "out"]


@posix
def test_a_lock_removed_while_it_was_being_taken_is_none(tmp_path, monkeypatch):
    """Whoever had it goes between our opening the file and our taking it: what we hold then lies nowhere."""
    take, lock = whole._take, tmp_path / ".out.lock"

    def late(file):
        monkeypatch.setattr(whole, "_take", take)
        lock.unlink()
        return take(file)

    monkeypatch.setattr(whole, "_take", late)
    with whole.alone(tmp_path / "out"):
        assert lock.read_text() == str(os.getpid())
        with pytest.raises(DataError, match="being written"), whole.alone(tmp_path / "out"):
            pass
        assert lock.exists()
    assert names(tmp_path) == []


def test_the_result_that_stepped_aside_for_a_killed_erasure_is_no_free_place(place, capsys):
    assert run(place) == 0
    before = at_once.bytes_of(place / "out")
    os.rename(place / "out", place / ".out.before")
    assert run(place, "B") == 2 and "out exists already" in capsys.readouterr().err
    assert at_once.bytes_of(place / "out") == before and names(place) == ["A.csv", "B.csv", "out"]


@posix
def test_a_link_to_an_empty_folder_is_followed(place, wholes):
    (place / "there").mkdir()
    (place / "out").symlink_to("there")
    assert run(place) == 0
    assert (place / "out").is_symlink() and names(place) == ["A.csv", "B.csv", "out", "there"]
    assert at_once.bytes_of(place / "there").keys() == wholes["A"].keys()


def test_a_company_is_written_whole_by_one_at_a_time(tmp_path, monkeypatch):
    with whole.alone(tmp_path / "luming"), pytest.raises(DataError, match="being written"):
        company.write(1, 300, tmp_path / "luming")

    def full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("course.company.truth.seal", full)
    with pytest.raises(DataError, match="disk is full"):
        company.write(1, 300, tmp_path / "below/luming")
    assert names(tmp_path) == []


# --- stopped ---------------------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize("tenth", range(10))
def test_a_signal_ends_a_run_in_one_sentence_and_leaves_nothing_begun(tenth, of_orders, whole_of_orders):
    """The benchmark has a hundred."""
    number = (signal.SIGINT, signal.SIGTERM)[tenth % 2]
    end = at_once.stopped(of_orders, number, 0.1 + 0.4 * tenth, whole_of_orders)
    assert not end.startswith("BROKEN"), end


#: Forks a child for every point: the child runs, and is sent a signal at its n-th change of a file.
_AT = """
import os, pathlib, signal, sys
from course import clean, collect, company, report, score, unforeseen, workflow
from course.cli import main
CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "shutil.rmtree")
base, words, points = pathlib.Path(sys.argv[1]), sys.argv[3:], int(sys.argv[2])

def child(folder, point, number):
    os.chdir(folder)
    sys.argv = ["course", *words]
    os.environ["TMPDIR"] = str(folder / "tmp")
    with open(folder / "said", "wb") as said:
        os.dup2(said.fileno(), 2)
    seen = [0]
    def hook(event, arguments):
        if event in CHANGES or (event == "open" and isinstance(arguments[1], str) and set("wax+") & set(arguments[1])):
            seen[0] += 1
            if seen[0] == point:
                os.kill(os.getpid(), number)
    sys.addaudithook(hook)
    code = main()
    (folder / "count").write_text(str(seen[0]))
    os._exit(code)

def forked(point, number=0):
    import shutil
    folder = base / f"at{point}"
    shutil.copytree(base / "as_it_was", folder)
    (folder / "tmp").mkdir()
    if (pid := os.fork()) == 0:
        child(folder, point, number)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    (folder / "code").write_text(str(code))
    return folder

changes = int((forked(0) / "count").read_text())
last = [changes - i for i in range(points // 2)]  # the rename is among them
for k, point in enumerate(sorted({*last, *(1 + i * (changes - 1) // points for i in range(points // 2))})):
    forked(point, (signal.SIGINT, signal.SIGTERM)[k % 2])
"""


def at_every_point(base, points, *words):
    done = subprocess.run(
        [sys.executable, "-c", _AT, base, str(points), *words, "--lang", "en"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    for folder in sorted(base.glob("at[1-9]*")):
        said = (folder / "said").read_text(encoding="utf-8").splitlines()
        assert "Traceback" not in " ".join(said), said
        own = {path.name for path in folder.iterdir()} - {"said", "code", "count", "tmp"}
        assert not any((folder / "tmp").iterdir())
        yield folder, own, int((folder / "code").read_text()), said[-1] if said else ""


@posix
def test_at_each_change_of_a_file_a_run_leaves_the_old_state_or_the_whole_new_one(tmp_path, wholes):
    (tmp_path / "as_it_was").mkdir()
    at_once.customers(tmp_path / "as_it_was", "A")
    ends = set()
    for folder, own, code, last in at_every_point(tmp_path, 12, "run", "--customers", "A.csv", "--out", "out"):
        if own == {"A.csv"}:
            assert (code, last) == (130, at_once.NOTHING)
        else:
            assert own == {"A.csv", "out"} and at_once.bytes_of(folder / "out") == wholes["A"]
            assert (code, last) == (130, at_once.SOMETHING)
        ends.add(last)
    assert len(ends) == 2


@posix
def test_at_each_change_of_a_file_an_erasure_leaves_the_old_result_or_the_whole_new_one(tmp_path):
    base = tmp_path / "as_it_was"
    base.mkdir()
    at_once.customers(base, "A")
    assert run(base) == 0
    ends = set()
    for folder, own, code, last in at_every_point(tmp_path, 12, "forget", "out", "A1"):
        assert own == {"A.csv", "out"} and code == 130
        erased = "A1," not in (folder / "out/portraits.csv").read_text(encoding="utf-8-sig")
        assert last == (at_once.SOMETHING if erased else at_once.NOTHING)
        assert erased or at_once.bytes_of(folder / "out") == at_once.bytes_of(base / "out")
        assert names(folder / "out") == names(base / "out")
        ends.add(last)
    assert len(ends) == 2


@posix
def test_a_signal_ends_a_query_that_would_take_hours(place):
    from course import stopping

    code = (
        "import os, signal, threading\n"
        "from course import cli, engine\n"
        "def long(options):\n"
        "    threading.Timer(1, os.kill, (os.getpid(), signal.SIGTERM)).start()\n"
        "    engine.query('SELECT sum(a.i * b.i) AS s FROM range(10000000) a(i), range(10000000) b(i)', {})\n"
        "cli._run = long\n"
        "import sys; sys.exit(cli.main())"
    )
    words = ["run", "--orders", "A.csv", "--out", "out", "--lang", "en"]
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=place,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr.splitlines()) == (stopping.CODE, "", [at_once.NOTHING])


def test_an_interrupt_that_the_database_quotes_is_no_fault_of_the_kit():
    """Where the signal ends no process: in a notebook, and on Windows."""
    import duckdb

    assert unforeseen.said(duckdb.Error("KeyboardInterrupt: \n\nAt: clean.py"))[0] == 130
    assert unforeseen.said(duckdb.Error("Binder Error"))[0] == 1


@posix
def test_a_signal_that_the_shell_has_it_ignore_is_ignored(of_orders, whole_of_orders):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        end = at_once.stopped(of_orders, signal.SIGINT, 1.0, whole_of_orders)
    finally:
        signal.signal(signal.SIGINT, before)
    assert end == "done before the signal came"


# --- out of room -----------------------------------------------------------------------------------------------------


@pytest.fixture
def tiny_disk(tmp_path):
    """Makes a real file system of a few kilobytes at a folder."""
    mounted = []

    def mount(folder: Path, kilobytes: int) -> Path:
        if not shutil.which("mount") or not hasattr(os, "geteuid") or os.geteuid() != 0:
            pytest.skip("mounting a tiny disk needs root")
        folder.mkdir(exist_ok=True)
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder]
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("this machine lets nobody mount a tiny disk")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", folder], capture_output=True)


def finished(folder, *words):
    process = at_once.started(folder, *words)
    out, err = process.communicate()
    return process.returncode, out, err.splitlines()


def test_a_result_on_another_file_system_than_the_temporary_folder(place, tiny_disk, wholes):
    disk = tiny_disk(place / "disk", 4_000)
    code, _, said = finished(place, "run", "--customers", "A.csv", "--out", "disk/out")
    assert code == 0, said
    assert at_once.bytes_of(disk / "out").keys() == wholes["A"].keys() and names(disk) == ["out"]


def test_a_folder_that_is_a_file_system_of_its_own_cannot_be_replaced_and_is_refused(place, tiny_disk):
    disk = tiny_disk(place / "out", 4_000)
    code, _, said = finished(place, "run", "--customers", "A.csv", "--out", "out")
    assert code == 2 and said[-1].startswith("Refused: out cannot be written"), said
    assert names(disk) == [] and names(place) == ["A.csv", "B.csv", "out", "tmp"]


@pytest.mark.parametrize("kilobytes", [4, 8, 24])
def test_a_full_temporary_folder_is_said_and_nothing_stays(kilobytes, place, tiny_disk):
    import sqlite3

    with sqlite3.connect(place / "shop.sqlite") as rows:
        rows.execute("PRAGMA journal_mode = wal")
        rows.execute("CREATE TABLE orders (order_id, customer_id, ordered_at, amount)")
        many = [(i, f"A{i % 7}", f"2024-03-{i % 28 + 1:02d}", 9.5) for i in range(3000)]
        rows.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", many)
        rows.commit()
        before = names(place)
        disk = tiny_disk(place / "tmp", kilobytes)
        code, out, said = finished(place, "run", "--orders", "shop.sqlite", "--out", "out")
    assert (code, out) == (2, "") and "The disk is full" in said[-1] and "Traceback" not in " ".join(said), said
    assert names(disk) == [] and set(names(place)) - {"tmp"} <= set(before)
    rows.close()


@pytest.mark.parametrize("kilobytes", [4, 40, 80])
def test_a_full_disk_leaves_the_old_result_of_an_erasure(kilobytes, of_orders, tiny_disk):
    place = of_orders
    disk = tiny_disk(place / "disk", 4_000)
    assert run(place, out="disk/out", kind="orders") == 0
    before = at_once.bytes_of(disk / "out")
    used = sum(-(-len(content) // 4096) * 4 for content in before.values())
    subprocess.run(["mount", "-o", f"remount,size={used + kilobytes}k", disk], check=True)
    code, _, said = finished(place, "forget", "disk/out", "A1")
    assert code == 2 and said[-1].startswith("Refused: The disk is full: out was not written"), said
    assert at_once.bytes_of(disk / "out") == before and names(disk) == ["out"]


def test_without_memory_a_file_is_not_called_damaged(place, capsys, monkeypatch):
    import duckdb

    duckdb.connect(str(place / "shop.duckdb")).execute(f"CREATE TABLE o AS FROM '{place / 'A.csv'}'").close()
    connect = duckdb.connect

    def lacking(*arguments, **options):
        if arguments:
            raise duckdb.OutOfMemoryException("Out of Memory Error")
        return connect(*arguments, **options)

    monkeypatch.setattr(duckdb, "connect", lacking)
    code = cli.main(["run", "--orders", str(place / "shop.duckdb"), "--out", str(place / "out"), "--lang", "en"])
    assert code == 2 and capsys.readouterr().err.splitlines()[-1] == "Not enough memory for these files."


def test_every_way_to_write_a_result_is_alone(place):
    """From Python too."""
    with whole.alone(place / "out"), pytest.raises(DataError, match="being written"):
        report.forget(place / "out", ["A1"])
