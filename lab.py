# -*- coding: utf-8 -*-
"""One script for everything: sets the kit up, opens the lessons, runs the tests and the `course` command.

Standard library only. An old Python 3 must be able to read this file, or it could not say what is wrong: no f-strings.
"""

import sys

if sys.version_info < (3, 11):
    sys.exit(
        "This kit needs Python 3.11 or newer; this is Python %d.%d.\n"
        "本课程需要 Python 3.11 或更新的版本，当前版本是 Python %d.%d。" % (sys.version_info[:2] * 2)
    )

import errno
import hashlib
import json
import locale
import os
import re
import shutil
import socket
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
EXE = ".exe" if os.name == "nt" else ""
PYTHON = BIN / ("python" + EXE)
STAMP = VENV / "lab-stamp"
NOTEBOOKS = ROOT / "notebooks"
WORK = ROOT / "work"
JUPYTER = WORK / ".jupyter"  # JupyterLab's settings for this kit alone; the reader's own stay as they are
SETTINGS = JUPYTER / "settings/@jupyterlab"
MENUS = "translation-extension/plugin.jupyterlab-settings"
TRANSLATION = SETTINGS / MENUS
KIT = ["-e", ".[dev]", "-c", "constraints.txt"]

HELP_EN = """\
python3 lab.py             set up and open the lessons in JupyterLab
    --lang en|zh           in this language (remembered)
    --port N --no-browser  these and any other options go to JupyterLab
python3 lab.py test        the tests in five minutes; further words go to pytest
    --all                  every test, half an hour
python3 lab.py reset 07    a fresh copy of lesson 07; yours is kept as a backup
python3 lab.py run|check   the `course` command: see python3 lab.py run --help
On Windows write py instead of python3. Windows and macOS are provided for, but untested."""
HELP_ZH = """\
python3 lab.py             准备环境，并在 JupyterLab 中打开课程
    --lang en|zh           指定语言（下次沿用）
    --port N --no-browser  这两项及其他选项原样交给 JupyterLab
python3 lab.py test        五分钟测试一遍，后面的参数交给 pytest
    --all                  运行全部测试，约半小时
python3 lab.py reset 07    重新领取第 07 课，你写过的那份另存为备份
python3 lab.py run|check   即 course 命令，用法见 python3 lab.py run --help
在 Windows 上请用 py 代替 python3。Windows 和 macOS 已作考虑，但尚未实测。"""
MESSAGES = {  # in English and in Chinese
    "help": (HELP_EN, HELP_ZH),
    "setting up": (
        "Setting up .venv: only this once, a minute or two, about 1 GB of disk.",
        "正在准备运行环境 .venv：只需这一次，大约一两分钟，占用磁盘约 1 GB。",
    ),
    "uv failed": ("uv did not manage it; trying pip.", "用 uv 安装未成功，改用 pip。"),
    "disk": (
        "The disk is full. Free about 2 GB, then run the same command again.",
        "磁盘空间不足。请腾出约 2 GB 空间，再执行一次同样的命令。",
    ),
    "network": (
        "The packages could not be downloaded. Check the connection or the proxy, then run the same command again.",
        "软件包下载失败。请检查网络和代理（在国内可先为 pip 配置镜像源），再执行一次同样的命令。",
    ),
    "access": (
        "No permission to write to {path}. Move the kit to a folder of your own, or change the permissions.",
        "没有写入 {path} 的权限。请把整个课程文件夹移到自己的目录下，或修改权限。",
    ),
    "no venv": (
        "This Python cannot make virtual environments. On Debian or Ubuntu: sudo apt install python3-venv",
        "当前的 Python 无法创建虚拟环境。Debian 或 Ubuntu 请执行：sudo apt install python3-venv",
    ),
    "install": (
        "The installation failed; the lines above say why. Once that is mended, run the same command again.",
        "安装失败，原因见上面几行。处理好之后，再执行一次同样的命令。",
    ),
    "port": (
        "Port {port} is taken by another program. Choose another one, for instance: python3 lab.py --port {other}",
        "端口 {port} 已被其他程序占用。请换一个端口，例如：python3 lab.py --port {other}",
    ),
    "which lesson": (
        "notebooks/ has no lesson “{lesson}”. Give a lesson's number, for instance: python3 lab.py reset 07",
        "notebooks/ 中没有“{lesson}”这一课。请给出课号，例如：python3 lab.py reset 07",
    ),
    "fresh": ("{path} is as it was handed out.", "{path} 已是发放时的原样。"),
    "backup": ("Your copy is kept as {path}.", "你写过的那份已另存为 {path}。"),
    "set aside": (
        "{path} cannot be read as settings of JupyterLab. It is kept beside as {kept}; the kit's own take its place.",
        "{path} 不是 JupyterLab 能读的设置文件，已改名为 {kept} 留在原处，改用课程自带的设置。",
    ),
    "stopped": ("Stopped. Run the same command again whenever you like.", "已中断。随时可以再次执行同样的命令。"),
    "other": ("That did not work: {error}", "操作未能完成：{error}"),
}
SIGNS = {  # what installers print, and which of our sentences explains it
    "disk": r"No space left|Errno 28\]|os error (28|112)\)|Disk quota exceeded",
    "access": r"Permission denied|Access is denied|Read-only file system|os error (5|13|30)\)",
    "network": r"dns error|name resolution|establish a new connection|tcp connect|sending request|[Tt]imed out"
    r"|[Cc]onnection (refused|reset|aborted)|[Cc]annot connect|unreachable|network was disabled",
}


class Stop(Exception):
    """What keeps us from going on: a key of MESSAGES and the facts that its sentence needs."""

    def __init__(self, key, **facts):
        super().__init__(key)
        self.key, self.facts = key, facts


def take(args, name):
    """The value of an option (or None) and the arguments without it."""
    for i, arg in enumerate(args):
        if arg.startswith(name + "="):
            return arg[len(name) + 1 :], args[:i] + args[i + 1 :]
        if arg == name and i + 1 < len(args):
            return args[i + 1], args[:i] + args[i + 2 :]
    return None, args


def asked_language():
    """What the reader asks for now, or None."""
    return take(sys.argv, "--lang")[0] or os.environ.get("COURSE_LANG")


# JupyterLab's settings are JSON5: comments, ' for ", names without either, a comma before a bracket.
TEXT = r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')"""
COMMENT = re.compile(TEXT + r"|//[^\n]*|/\*.*?\*/", re.DOTALL)
LOOSE = re.compile(TEXT + r"|([A-Za-z_$][\w$]*)(?=\s*:)|,(?=\s*[}\]])", re.DOTALL)


def strict(found):
    """A text or a name of JSON5 as JSON has it; a comma before a bracket goes."""
    text, name = found.groups()
    if text and text[0] == "'":
        return '"' + re.sub(r"""\\?(["'])""", lambda sign: sign.group(1).replace('"', '\\"'), text[1:-1]) + '"'
    return text or (json.dumps(name) if name else "")


def written(path):
    """The settings in a file of JupyterLab's; None where it holds none."""
    try:
        if not path.is_file():  # a pipe would be waited for
            return None
        text = COMMENT.sub(lambda found: found.group(1) or " ", path.read_text(encoding="utf-8-sig"))
        found = json.loads(LOOSE.sub(strict, text), strict=False)
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def chosen(path):
    """The language that JupyterLab was left in, or None."""
    found = (written(path) or {}).get("locale")
    return found if isinstance(found, str) else None


def language():
    """What the reader asks for, else what JupyterLab was left in, else what the computer speaks."""
    found = asked_language()
    if not found:
        found = chosen(TRANSLATION)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        found = found or os.environ.get(name)
    return "zh" if (found or locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"


def tell(key, **facts):
    """Print a sentence in the reader's language."""
    print(MESSAGES[key][language() == "zh"].format(**facts), flush=True)


def reason(said):
    """Which of our sentences explains what an installer said."""
    return next((key for key, sign in SIGNS.items() if re.search(sign, said)), "install")


def attempt(*commands):
    """Run the commands one after the other; what the first one that fails said, or nothing."""
    for command in commands:
        said = ""
        words = [str(word) for word in command]
        try:
            child = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except OSError as error:
            return str(error)
        for line in child.stdout:
            said += line.decode("utf-8", "replace")
            if b"ollecting" in line or b"ownload" in line:
                print(".", end="", flush=True)  # a sign of life: pip takes its time
        if child.wait():
            return said or "exit code {}".format(child.returncode)
    return ""


def fingerprint():
    """What .venv is made from. The folder counts: the scripts inside carry its path, so .venv cannot be moved."""
    digest = hashlib.sha256(repr((str(ROOT), sys.version_info[:2])).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def clear():
    """An empty .venv."""
    if VENV.exists():
        shutil.rmtree(VENV)
    VENV.mkdir()


def install():
    """Fill .venv, with uv when there is one, else (or when uv fails) with pip."""
    base = getattr(sys, "_base_executable", None) or sys.executable  # we may run inside the .venv that is replaced
    uv = shutil.which("uv")
    said = "no uv"
    clear()
    if uv:
        said = attempt([uv, "venv", "--python", base, VENV], [uv, "pip", "install", "--python", PYTHON, *KIT])
        if said and reason(said) != "disk":
            tell("uv failed")
            clear()
    if said and reason(said) != "disk":
        try:
            import ensurepip  # noqa: F401  Debian's python3 comes without it
        except ImportError:
            raise Stop("no venv") from None
        said = attempt([base, "-m", "venv", VENV], [PYTHON, "-m", "pip", "install", *KIT])
    print(flush=True)
    if said:
        print("\n".join(line[:200] for line in said.splitlines()[-15:]))
        raise Stop(reason(said), path=ROOT)


def prepare():
    """Make sure that .venv is what the pins ask for. The stamp comes last: what was interrupted is done again."""
    if not (PYTHON.exists() and STAMP.is_file() and STAMP.read_bytes() == fingerprint().encode()):
        tell("setting up")
        install()
        STAMP.write_text(fingerprint())


def run(*command):
    """Become this command, inside the environment; on Windows, which cannot, run it as a child."""
    env = dict(os.environ, VIRTUAL_ENV=str(VENV), PATH=str(BIN) + os.pathsep + os.environ.get("PATH", ""))
    env.pop("PYTHONHOME", None)
    words = [str(word) for word in command]
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(words[0], words, env)
    child = subprocess.Popen(words, env=env)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            pass  # the child was told too, and decides


def place(source, target):
    """Copy a file so that it is there completely or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    try:
        shutil.copyfile(source, part)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def hand_out():
    """The learner's copies in work/; what is there already stays as it is."""
    WORK.mkdir(exist_ok=True)
    for source in sorted(NOTEBOOKS.rglob("*")):
        target = WORK / source.relative_to(NOTEBOOKS)
        if source.is_file() and ".ipynb_checkpoints" not in source.parts and not target.exists():
            place(source, target)


def reset(lesson):
    """Fresh copies of a lesson in every language; the learner's own become numbered backups."""
    start = lesson.zfill(2) + "_"
    sources = [p for p in sorted(NOTEBOOKS.glob("*/**/*.ipynb")) if (p.stem + "_").startswith(start)]
    if not lesson or not sources:
        raise Stop("which lesson", lesson=lesson)
    for source in sources:
        target = WORK / source.relative_to(NOTEBOOKS)
        if target.exists() and target.read_bytes() != source.read_bytes():
            names = (target.with_name("{}.backup-{}.ipynb".format(target.stem, n)) for n in range(1, 10**6))
            backup = next(name for name in names if not name.exists())
            target.rename(backup)
            tell("backup", path=backup.relative_to(ROOT))
        place(source, target)
        tell("fresh", path=target.relative_to(ROOT))


def check_port(args):
    """A port that is asked for must be free; when none is, JupyterLab looks for a free one itself."""
    port = take(args, "--port")[0] or take(args, "--ServerApp.port")[0] or ""
    if port.isdigit() and int(port) < 65536:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", int(port))) == 0:
                raise Stop("port", port=port, other=int(port) + 1)


def settings(lang):
    """How JupyterLab is at the first start: {file below SETTINGS: values}. Whatever is changed in the menus stays."""
    return {
        MENUS: {"locale": "zh_CN" if lang == "zh" else "en"},
        # No question about news.
        "apputils-extension/notification.jupyterlab-settings": {"fetchNews": "false", "checkForUpdates": False},
        # On a small screen a long line of code goes on below instead of leaving the page.
        "notebook-extension/tracker.jupyterlab-settings": {"codeCellConfig": {"lineNumbers": False, "lineWrap": True}},
    }


def settle(lang):
    """JupyterLab's settings, where the reader has not changed them; the language also where it is asked for now."""
    for name, values in settings(lang).items():
        path = SETTINGS / name
        if os.path.lexists(path) and written(path) is None:
            set_aside(path)
        if not path.exists() or (path == TRANSLATION and asked_language()):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values), encoding="utf-8")
    os.environ["COURSE_LANG"] = lang  # what a lesson prints follows the menus
    os.environ["JUPYTER_CONFIG_DIR"] = str(JUPYTER)
    os.environ["JUPYTERLAB_SETTINGS_DIR"] = str(JUPYTER / "settings")
    os.environ["JUPYTERLAB_WORKSPACES_DIR"] = str(JUPYTER / "workspaces")


def set_aside(path):
    """Keep what cannot be read under another name, and say so: somebody wrote it."""
    names = (path.with_name("{}.set-aside-{}".format(path.name, n)) for n in range(1, 10**6))
    kept = next(name for name in names if not os.path.lexists(name))
    path.rename(kept)
    tell("set aside", path=path.relative_to(ROOT), kept=kept.name)


def start(args):
    """JupyterLab in work/, for this computer only and with Jupyter's own token."""
    check_port(args)
    prepare()
    hand_out()
    lang = language()
    settle(lang)
    first = lang + "/00_start.ipynb"
    page = "/lab/tree/" + first if (WORK / first).exists() else "/lab"
    rest = take(args, "--lang")[1]
    # In a container the reader is root; the server listens to this computer alone, and asks for its token.
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 and "--allow-root" not in rest else []
    folder = "--ServerApp.root_dir=" + str(WORK)
    return run(PYTHON, "-m", "jupyterlab", folder, "--LabApp.default_url=" + page, *root, *rest)


def dispatch(args):
    """Do what the first word asks for."""
    word = args[0] if args else ""
    if word in ("help", "-h", "--help"):
        return tell("help")
    if not word or word.startswith("-"):
        return start(args)
    if word == "reset":
        return reset(" ".join(args[1:]))
    prepare()
    if word == "test":
        os.chdir(ROOT)
        return run(PYTHON, "-m", "pytest", *args[1:])
    return run(BIN / ("course" + EXE), *args)


def main(args):
    """The exit code; whatever goes wrong is a sentence, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a console without Chinese must not be what fails
    try:
        return dispatch(args)
    except Stop as stop:
        tell(stop.key, **stop.facts)
    except KeyboardInterrupt:
        tell("stopped")
    except OSError as error:
        kinds = {errno.ENOSPC: "disk", errno.EACCES: "access", errno.EPERM: "access", errno.EROFS: "access"}
        tell(kinds.get(error.errno, "other"), path=error.filename or ROOT, error=error)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
