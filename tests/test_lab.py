"""lab.py: set-up, the learner's copies, JupyterLab in two languages, and what it says when something is in the way."""

import ast
import errno
import importlib.util
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parent.parent
BASE_PYTHON = getattr(sys, "_base_executable", None) or sys.executable
FOLDER = Path("张 三") / "my kit"
#: What lab.py needs before anything is installed: itself, the requirements, and who knows the reader's language.
ASKED = ["lab.py", "pyproject.toml", "constraints.txt"]
ASKED += [f"course/{name}.py" for name in ("__init__", "errors", "language", "places", "hub/__init__", "hub/settings")]


@pytest.fixture(autouse=True)
def same_folder(monkeypatch):
    """`lab.py test` goes to the kit's folder: the tests that come after this one stay where they were."""
    monkeypatch.chdir(Path.cwd())


@pytest.fixture
def kit(tmp_path):
    """A kit that is not installed, in a folder with a space and Chinese characters."""
    folder = tmp_path / FOLDER
    folder.mkdir(parents=True)
    for name in ASKED:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    return folder


@pytest.fixture
def lab(kit, monkeypatch):
    """The kit's lab.py as a module, speaking English."""
    spec = importlib.util.spec_from_file_location("kit_lab", kit / "lab.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(sys, "argv", ["lab.py"])
    monkeypatch.setenv("COURSE_LANG", "en")
    for name in ("COURSE_LANG", "JUPYTER_CONFIG_DIR", "JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"):
        monkeypatch.setenv(name, "en")  # so that what lab.py sets is undone afterwards
    return module


@pytest.fixture
def started(lab, monkeypatch):
    """What lab.py would become: the list fills with commands instead."""
    commands = []
    monkeypatch.setattr(lab, "prepare", lambda more="": None)
    monkeypatch.setattr(lab, "run", lambda *command: commands.append([str(word) for word in command]))
    return commands


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# --- an old Python -----------------------------------------------------------------------------------------------


def test_an_old_python_can_read_the_script():
    tree = ast.parse((ROOT / "lab.py").read_text(encoding="utf-8"), feature_version=(3, 5))
    newer = (ast.JoinedStr, ast.NamedExpr, ast.AnnAssign, ast.Match, ast.TryStar)
    assert not [node for node in ast.walk(tree) if isinstance(node, newer)]


def test_an_old_python_is_told_so(kit):
    code = "import sys; sys.version_info = (3, 10, 9, 'final', 0); exec(open('lab.py', encoding='utf-8').read())"
    done = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code], cwd=kit, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.splitlines() == [
        "This kit needs Python 3.11 or newer; this is Python 3.10.",
        "本课程需要 Python 3.11 或更新的版本，当前版本是 Python 3.10。",
    ]


def test_without_its_folder_it_says_what_it_needs(tmp_path):
    """Of a ZIP that is looked into and not unpacked, Windows takes this file alone."""
    shutil.copy(ROOT / "lab.py", tmp_path)
    command = [BASE_PYTHON, "-X", "utf8", "lab.py"]
    done = subprocess.run(
        command, cwd=tmp_path, env=clean(os.environ), capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 1 and "unpack the whole ZIP" in done.stderr and "Traceback" not in done.stderr


# --- language ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--lang", "zh"], ["run", "--lang=zh", "--out", "x"]])
def test_it_speaks_the_language_that_is_asked_for(lab, monkeypatch, words):
    assert lab.language() == "en"
    monkeypatch.setattr(sys, "argv", ["lab.py", *words])
    assert lab.language() == "zh"


def test_it_asks_the_kit_without_any_package(kit):
    """Only the standard library is there before the first installation."""
    code = "import sys; sys.path.insert(0, '.'); import lab; print(lab.language())"
    done = subprocess.run(
        [BASE_PYTHON, "-I", "-S", "-c", code], cwd=kit, env=clean(os.environ), capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("en\n", "")


def test_every_sentence_has_two_languages_and_the_same_facts(lab):
    for key, (english, chinese) in lab.MESSAGES.items():
        assert re.findall(r"\{\w+\}", english) == re.findall(r"\{\w+\}", chinese), key
        assert re.search(r"[\u4e00-\u9fff]", chinese) and not re.search(r"[\u4e00-\u9fff]", english), key


# --- words and options -------------------------------------------------------------------------------------------


def test_without_a_word_it_is_the_lab(lab, started):
    lab.main(["--lang", "en", "--no-browser", "--port", "8888"])
    lab.main([])
    assert [command[1:] for command in started] == [["lab", "--lang", "en", "--no-browser", "--port", "8888"], ["lab"]]
    assert Path(started[0][0]).stem == "course"


def test_other_words_go_to_course_as_they_are(lab, started):
    lab.main(["run", "--orders", "a b.csv", "--lang", "zh", "--port", "1"])
    assert Path(started[0][0]).stem == "course"
    assert started[0][1:] == ["run", "--orders", "a b.csv", "--lang", "zh", "--port", "1"]


def test_test_runs_pytest_in_the_kit(lab, started, kit, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    lab.main(["test", "-k", "nothing"])
    assert started[0][1:] == ["-m", "pytest", "-k", "nothing"] and Path.cwd() == kit


@pytest.mark.parametrize("word", ["help", "--help", "-h"])
def test_help_is_ours_and_needs_no_environment(lab, kit, capsys, word):
    assert not lab.main([word])
    assert "reset 07" in capsys.readouterr().out and not (kit / ".venv").exists()


# --- installing, without installing ------------------------------------------------------------------------------


@pytest.fixture
def installer(lab, monkeypatch):
    """Pretend to install. `fails` says which program fails and with which words; `ran` lists the programs."""

    fake = SimpleNamespace(fails={}, ran=[], extras=[], anew=[])

    def attempt(command, **variables):
        words = [str(word) for word in command]
        if "venv" in words:
            fake.anew.append(True)
        asked = [word[2:-1] for word in words if word.startswith(".[")]
        if not asked:
            return ""
        name = "uv" if Path(words[0]).stem == "uv" else "pip"
        fake.ran.append(name)
        fake.extras += asked
        if name not in fake.fails:
            lab.BIN.mkdir(parents=True, exist_ok=True)
            lab.PYTHON.touch()
        return fake.fails.get(name, "")

    monkeypatch.setattr(lab, "attempt", attempt)
    monkeypatch.setattr(lab, "mirrors", lambda base: {})
    monkeypatch.setattr(lab.shutil, "which", lambda name: f"/somewhere/{name}")
    monkeypatch.setattr(lab, "run", lambda *command: 0)
    return fake


def test_a_second_start_installs_nothing(lab, installer):
    assert lab.main(["test"]) == 0 and lab.main(["test"]) == 0
    assert installer.ran == ["uv"]


def test_the_tools_of_developers_are_installed_when_they_are_needed(lab, installer):
    assert lab.main(["run"]) == lab.main(["test"]) == lab.main(["run"]) == lab.main(["build"]) == 0
    assert installer.ran == ["uv", "uv"]
    assert installer.extras == ["stats", "dev,mysql,notebook,pack,paper,postgres,site,stats"]


def test_lessons_bring_their_packages_when_they_are_opened(lab, installer, capsys):
    """A report needs none of them; whoever begins with the lessons waits once."""
    assert lab.main(["run"]) == lab.main([]) == lab.main(["--no-browser"]) == lab.main(["reset", "07"]) == 0
    assert installer.extras == ["stats", "notebook,stats"] and len(installer.anew) == 1
    told = capsys.readouterr().out
    assert "about 0.7 GB" in told and "Adding notebook to .venv." in told
    shutil.rmtree(lab.VENV)
    assert lab.main(["doctor"]) == lab.main(["run"]) == 0
    assert installer.extras[2:] == ["notebook,stats"] and "about 0.9 GB" in capsys.readouterr().out


def test_what_is_added_stays(lab, installer, kit, capsys):
    """A driver is added to the environment that is there, and is there again when the kit is renewed."""
    assert lab.main(["run"]) == lab.main(["add", "postgres"]) == 0
    assert "Adding postgres to .venv." in capsys.readouterr().out
    assert lab.main(["add", "postgres"]) == lab.main(["run"]) == 0
    assert installer.extras == ["stats", "postgres,stats"] and len(installer.anew) == 1
    with (kit / "constraints.txt").open("a") as pins:
        pins.write("# another\n")
    assert lab.main(["run"]) == 0
    assert installer.extras[-1] == "postgres,stats" and len(installer.anew) == 2


def test_an_extra_that_cannot_be_added_leaves_the_rest_as_it_was(lab, installer, capsys):
    assert lab.main(["run"]) == 0
    installer.fails = {"uv": "dns error: failed to lookup address information"}
    assert lab.main(["add", "mysql"]) == 1 and lab.PYTHON.exists()
    assert lab.main(["run"]) == 0 and lab.stamped()[1] == {"stats"}


@pytest.mark.parametrize("words", [["add"], ["add", "postgress"]])
def test_an_extra_that_there_is_not_is_told_what_there_is(lab, installer, capsys, words):
    assert lab.main(words) == 1 and not installer.ran
    assert (
        "Say which: dev, mysql, notebook, pack, paper, postgres, real, site, spark, stats." in capsys.readouterr().out
    )


def test_other_pins_another_place_or_another_python_mean_a_new_environment(lab, installer, kit, monkeypatch):
    lab.main(["test"])
    with (kit / "constraints.txt").open("a") as pins:
        pins.write("# another\n")
    lab.main(["test"])
    assert len(installer.ran) == 2
    monkeypatch.setattr(lab, "ROOT", shutil.copytree(kit, kit.parent / "moved"))
    lab.main(["test"])
    assert len(installer.ran) == 3
    monkeypatch.setattr(lab.sys, "version_info", (3, 99))
    lab.main(["test"])
    assert len(installer.ran) == 4


def test_an_interrupted_installation_is_done_again(lab, installer, monkeypatch, capsys):
    whole = lab.attempt

    def interrupted(command, **variables):
        whole(command)
        if "-e" in command:
            raise KeyboardInterrupt
        return ""

    monkeypatch.setattr(lab, "attempt", interrupted)
    assert lab.main(["test"]) == 1
    assert "Stopped." in capsys.readouterr().out
    monkeypatch.setattr(lab, "attempt", whole)
    assert lab.main(["test"]) == 0
    assert installer.ran == ["uv", "uv"]


def test_a_second_start_waits_for_the_first_and_installs_nothing(lab, installer, monkeypatch, capsys):
    """The first holds the lock as another window would, and is done while the second waits."""
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 2:
            lab.BIN.mkdir(parents=True)
            lab.PYTHON.touch()
            lab.STAMP.write_text(lab.fingerprint() + " " + lab.EXTRAS)
            first.close()

    monkeypatch.setattr(lab.time, "sleep", sleep)
    first = lab.LOCK.open("a")
    assert not lab.taken(first)
    assert lab.main(["run"]) == 0 and not installer.ran and len(slept) == 2
    assert capsys.readouterr().out.count("Another start is setting up .venv") == 1


def test_pip_steps_in_when_uv_is_missing_or_fails(lab, installer, monkeypatch, capsys):
    installer.fails = {"uv": "error: unexpected argument '--python' found"}
    assert lab.main(["test"]) == 0
    assert installer.ran == ["uv", "pip"]
    assert "trying pip" in capsys.readouterr().out
    shutil.rmtree(lab.VENV)
    monkeypatch.setattr(lab.shutil, "which", lambda name: None)
    assert lab.main(["test"]) == 0
    assert installer.ran == ["uv", "pip", "pip"]


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("OSError: [Errno 28] No space left on device", "The disk is full."),
        ("error: failed to copy file: No space left on device (os error 28)", "The disk is full."),
        ("There is not enough space on the disk. (os error 112)", "The disk is full."),
        ("dns error: failed to lookup address information", "could not be downloaded"),
        ("Caused by: tcp connect error: Connection refused (os error 111)", "could not be downloaded"),
        ("Failed to establish a new connection: [Errno -3] Temporary failure in name resolution", "not be downloaded"),
        ("ReadTimeoutError: Read timed out.", "could not be downloaded"),
        ("PermissionError: [Errno 13] Permission denied: 'x'", "No permission to write"),
        ("ERROR: ResolutionImpossible: for help visit the documentation", "The installation failed"),
        ("No solution found when resolving dependencies", "The installation failed"),
        ("exit code 3", "The installation failed"),
    ],
)
def test_a_failure_is_one_sentence(lab, installer, capsys, said, sentence):
    installer.fails = {"uv": said, "pip": said}
    assert lab.main(["test"]) == 1
    out = capsys.readouterr().out
    assert sentence in out.splitlines()[-1]
    assert said in out and "Traceback" not in out
    assert not lab.STAMP.exists()


def test_what_the_network_refuses_uv_it_refuses_pip_too(lab, installer):
    installer.fails = {"uv": "dns error: failed to lookup address information"}
    assert lab.main(["run"]) == 1 and installer.ran == ["uv"]


def test_the_proxy_is_named_without_its_password_and_the_way_to_a_mirror(lab, installer, monkeypatch, capsys):
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@proxy.example:3128")
    installer.fails = {"uv": "tcp connect error"}
    lab.main(["run"])
    said = capsys.readouterr().out
    assert "(proxy.example:3128)" in said and "secret" not in said and "config set global.index-url ADDRESS" in said


@pytest.mark.skipif(os.name != "posix", reason="the installer is a shell script here")
def test_steps_are_told_and_patience_ends(lab, kit, monkeypatch, capsys):
    """A made-up installer prints what pip and uv do, and what it was given of patience and index."""
    monkeypatch.delenv("PIP_DEFAULT_TIMEOUT", raising=False)
    script = kit / "installer"
    lines = ["Resolved 130 packages in 2s", "Prepared 3 packages", *["Collecting scipy"] * 20]
    lines += ["Installing collected packages: scipy", "patience $PIP_DEFAULT_TIMEOUT $UV_HTTP_TIMEOUT index $UV_INDEX"]
    script.write_text("#!/bin/sh\n" + "".join(f"echo {line}\n" for line in lines) + "exit 1\n")
    script.chmod(0o755)
    monkeypatch.delenv("UV_INDEX", raising=False)
    said = lab.attempt([script], UV_INDEX="mine")
    assert said.splitlines()[-1] == "patience index mine"  # a slow line has its time
    told = capsys.readouterr().out.splitlines()
    assert told == [
        "130 packages are needed.",
        "3 of them were downloaded.",
        "20 packages so far: scipy",
        "Installing them.",
    ]
    assert lab.fill([script], []).splitlines()[-1] == "patience 6 6 index"  # but not before anything came
    assert lab.fill([script], ["--no-index"]).splitlines()[-1] == "patience index"
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "100")
    assert "patience 100 6" in lab.fill([script], [])


@pytest.mark.skipif(os.name != "posix", reason="the configuration is a shell script here")
def test_uv_is_given_the_index_that_pip_is_configured_for(lab, kit, monkeypatch):
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    pip = kit / "python"
    lines = ["global.index-url='https://mirror.example/simple'", r"global.extra-index-url='\nhttps://a/s\nhttps://b/s'"]
    pip.write_text("#!/bin/sh\ncat <<'E'\n" + "\n".join([*lines, ":env:.timeout='3'"]) + "\nE\n")
    pip.chmod(0o755)
    both = "https://a/s https://b/s"
    assert lab.mirrors(pip) == {"UV_DEFAULT_INDEX": "https://mirror.example/simple", "UV_INDEX": both}
    monkeypatch.setenv("UV_INDEX", "mine")
    assert lab.mirrors(pip) == {"UV_DEFAULT_INDEX": "https://mirror.example/simple"}
    assert lab.mirrors(kit / "nothing") == {}


def test_a_folder_of_wheels_is_used_without_a_network(lab, installer, kit, monkeypatch):
    seen = []
    told = lab.attempt

    def attempt(command, **variables):
        seen.append([str(word) for word in command])
        return told(command)

    monkeypatch.setattr(lab, "attempt", attempt)
    wheel = kit / "wheels" / "numpy-2.4.6-cp{}{}-cp{}{}-{}_x86_64.whl".format(*sys.version_info[:2] * 2, platform())
    wheel.parent.mkdir()
    wheel.touch()
    assert lab.main(["run"]) == lab.main([]) == 0  # at once what the lessons will need: later there is no network
    assert installer.extras == ["notebook,stats"]
    assert seen[1][-3:] == ["--find-links", str(kit / "wheels"), "--no-index"]
    assert lab.main(["add", "postgres"]) == 0  # what the folder lacks comes over the network
    assert "--dry-run" in seen[2] and seen[3][-2:] == ["--find-links", str(kit / "wheels")]


def platform():
    """How the names of wheels for this system begin."""
    return {"win32": "win", "darwin": "macosx_11_0"}.get(sys.platform, "manylinux_2_28")


def test_wheels_of_another_python_or_system_are_said_before_anything_is_made(lab, installer, kit, capsys):
    (kit / "wheels").mkdir()
    (kit / "wheels" / "numpy-2.4.6-cp310-cp310-win_amd64.whl").touch()
    assert lab.main(["run"]) == 1 and not installer.ran
    said = capsys.readouterr().out
    assert "are for Python 3.10 (win_amd64); this is Python 3." in said


def test_debian_without_ensurepip_is_told_what_to_install(lab, installer, monkeypatch, capsys):
    monkeypatch.setattr(lab.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    assert lab.main(["test"]) == 1
    assert "sudo apt install python3-venv" in capsys.readouterr().out
    assert not installer.ran


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (errno.EACCES, "No permission to write to /a/b."),
        (errno.EROFS, "No permission to write to /a/b."),
        (errno.ENOSPC, "The disk is full."),
        (errno.EIO, "That did not work: "),
    ],
)
def test_a_folder_that_cannot_be_written_is_one_sentence(lab, monkeypatch, capsys, number, sentence):
    def clear():
        raise OSError(number, os.strerror(number), os.path.abspath("/a/b"))

    monkeypatch.setattr(lab, "clear", clear)
    assert lab.main(["test"]) == 1
    assert sentence in capsys.readouterr().out.splitlines()[-1]


def test_a_bare_name_within_the_environment_is_told_as_the_kits_folder(lab, kit, monkeypatch, capsys):
    def clear():
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), "pyvenv.cfg")

    monkeypatch.setattr(lab, "clear", clear)
    assert lab.main(["test"]) == 1
    assert f"No permission to write to {kit}." in capsys.readouterr().out


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_really_cannot_be_written(lab, kit, capsys):
    kit.chmod(0o555)
    assert lab.main(["test"]) == 1
    kit.chmod(0o755)
    assert "No permission to write" in capsys.readouterr().out


def clean(environment, **more):
    """The environment of someone who has nothing of ours activated and chose nothing."""
    ours = re.compile(r"JUPYTER|COURSE_LANG|LC_|VIRTUAL_ENV|PYTHONPATH|PYTHONHOME|PYTEST_")
    return {name: value for name, value in environment.items() if not ours.match(name)} | {"LANG": "C.UTF-8"} | more


@pytest.fixture
def silent():
    """A server that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(50)
        server.setblocking(False)
        yield server


def asked(server):
    """How often a silent server was asked."""
    count = 0
    while True:
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1


@pytest.mark.parametrize("trouble", ["dead proxy", "silent index"])
def test_no_network_is_said_after_two_tries(kit, silent, trouble):
    """By pip: two tries of six seconds (`lab.PATIENCE`), twenty with all else on a machine that does nothing beside."""
    env = clean(os.environ, PIP_CONFIG_FILE=os.devnull, PATH="/usr/bin:/bin", PIP_INDEX_URL="")
    for name in [name for name in env if name.startswith(("PIP_", "UV_")) or name.lower().endswith("_proxy")]:
        env.pop(name)
    if trouble == "dead proxy":
        env["HTTPS_PROXY"] = f"http://me:secret@127.0.0.1:{free_port()}"
    else:
        env["PIP_INDEX_URL"] = f"http://127.0.0.1:{silent.getsockname()[1]}/simple"
    done = lab_py(kit, "test", env=env)
    assert done.returncode == 1, done.stdout
    told = done.stdout.splitlines()[-1]
    assert told.startswith("The packages could not be downloaded.") and "secret" not in told
    assert ("127.0.0.1:" in told) == (trouble == "dead proxy")
    assert "Traceback" not in done.stdout + done.stderr and not (kit / ".venv/lab-stamp").exists()
    assert asked(silent) == (2 if trouble == "silent index" else 0)


def lab_py(kit, *arguments, env=None):
    """Run lab.py with the Python that a newcomer has: outside any environment."""
    command = [BASE_PYTHON, str(kit / "lab.py"), *arguments]
    return subprocess.run(
        command,
        env=env or clean(os.environ),
        capture_output=True,
        text=True,
        encoding="utf-8",
        stdin=subprocess.DEVNULL,
    )


# --- the real thing ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(tmp_path_factory, tracked):
    """A copy of the project in a folder with a space and Chinese characters, really installed by its lab.py."""
    folder = tmp_path_factory.mktemp("installed") / FOLDER
    for path in tracked:
        target = folder / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    begun = time.perf_counter()
    done = lab_py(folder, "test", "--version")
    if "could not be downloaded" in done.stdout:
        pytest.skip("the package index cannot be reached")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pytest" in done.stdout + done.stderr
    print(f"\nfirst start {time.perf_counter() - begun:.1f} s", end="")
    return folder


def test_the_second_start_goes_straight_to_the_command(installed):
    begun = time.perf_counter()
    done = lab_py(installed, "test", "--version")
    print(f"second start, pytest included, {time.perf_counter() - begun:.2f} s", end=" ")
    assert done.returncode == 0 and "Setting up" not in done.stdout


def test_the_exit_code_of_course_comes_through(installed):
    assert "--orders" in lab_py(installed, "run", "--help").stdout
    refused = lab_py(installed, "run", "--orders", "no-such-file.csv", "--out", "reports")
    assert refused.returncode == 2 and "no-such-file.csv" in refused.stdout + refused.stderr


@pytest.fixture
def server(installed, tmp_path):
    """Starts JupyterLab through lab.py; a call gives (port, token)."""
    running = []

    def begin(*arguments, **variables):
        port = free_port()
        env = clean(os.environ, HOME=str(tmp_path / "home"), JUPYTER_RUNTIME_DIR=str(tmp_path / "runtime"), **variables)
        log = (tmp_path / "log.txt").open("w+", encoding="utf-8")
        command = [BASE_PYTHON, str(installed / "lab.py"), "--no-browser", "--port", str(port), *arguments]
        child = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        running.append((child, log))
        limit = time.monotonic() + 60
        while time.monotonic() < limit and child.poll() is None:
            for note in (tmp_path / "runtime").glob(f"jpserver-{child.pid}.json"):
                try:
                    token = json.loads(note.read_text())["token"]
                    ask(port, "/api/status", token)
                    return port, token
                except (OSError, ValueError):
                    pass  # it is being written, or nobody answers yet
            time.sleep(0.1)
        pytest.fail((tmp_path / "log.txt").read_text(encoding="utf-8"))

    yield begin
    for child, log in running:
        child.terminate()
        try:
            child.wait(timeout=10)
        except subprocess.TimeoutExpired:  # Jupyter can hang when it is stopped while it answers
            child.kill()
            child.wait()
        log.close()


def ask(port, path, token=""):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"token {token}"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=30) as answer:
        return answer.read().decode()


@pytest.mark.parametrize(
    ("arguments", "variables", "locale"),
    [(["--lang", "zh"], {}, "zh_CN"), ([], {"COURSE_LANG": "en"}, "en"), ([], {"COURSE_LANG": "zh"}, "zh_CN")],
    ids=["asked", "English", "environment"],
)
def test_jupyterlab_speaks_the_readers_language(server, tmp_path, arguments, variables, locale):
    port, token = server(*arguments, **variables)
    setting = json.loads(ask(port, "/lab/api/settings/@jupyterlab/translation-extension:plugin", token))
    assert setting["settings"]["locale"] == locale
    menus = json.loads(ask(port, f"/lab/api/translations/{locale}", token))["data"].get("jupyterlab", {})
    assert ("文件" in str(menus)) == (locale == "zh_CN")
    assert not (tmp_path / "home/.jupyter").exists()  # the reader's own JupyterLab stays as it is


def test_jupyterlab_asks_for_its_token(server):
    port, _ = server()
    with pytest.raises(urllib.error.HTTPError, match="403"):
        ask(port, "/api/contents")


def test_a_newcomer_sees_chinese_menus_and_the_first_lesson(server, chromium, tmp_path):
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    port, token = server("--lang", "zh")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"])
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{port}/?token={token}")
        page.locator(".step").click()
        page.wait_for_selector(".lm-MenuBar-itemLabel", timeout=60_000)
        page.wait_for_selector(".jp-NotebookPanel", timeout=60_000)
        page.wait_for_selector(".lm-MenuBar-itemLabel >> text=文件", timeout=60_000)
        limit = time.monotonic() + 60
        while '"idle"' not in (kernels := ask(port, "/api/kernels", token)) and time.monotonic() < limit:
            page.wait_for_timeout(200)
        menus = page.locator(".lm-MenuBar-itemLabel").all_inner_texts()
        tabs = page.locator("#jp-main-dock-panel .lm-TabBar-tabLabel").all_inner_texts()
        page.screenshot(path=tmp_path / "chinese.png")
        browser.close()
    assert '"idle"' in kernels
    assert {"文件", "编辑", "运行", "帮助"} <= set(menus)
    assert tabs == ["00_start.ipynb"]
