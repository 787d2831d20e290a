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
if sys.maxsize < 2**32:
    sys.exit(
        "This kit needs a Python of 64 bits; this one has 32. Install the 64-bit version beside it.\n"
        "本课程需要 64 位的 Python，当前是 32 位。请另外安装 64 位版本。"
    )

import contextlib
import errno
import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

try:
    from course.hub import settings
except ImportError:
    sys.exit(
        "lab.py needs the folder that it came in: unpack the whole ZIP, and run it there.\n"
        "lab.py 离不开它所在的文件夹。请把 ZIP 整个解压，再在里面运行。"
    )

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
EXE = ".exe" if os.name == "nt" else ""
PYTHON = BIN / ("python" + EXE)
STAMP = VENV / "lab-stamp"
LOCK = ROOT / ".venv-lock"
WHEELS = ROOT / "wheels"
EXTRAS = "stats"  # what every word has
LESSONS = "notebook"  # what no report needs: a quarter of the disk
MORE = {  # what a word needs beside; any other makes or reads a result, or says itself what it lacks
    "lab": LESSONS,
    "doctor": LESSONS,
    "reset": LESSONS,
    "test": LESSONS + ",postgres,mysql,pack,site,paper,dev",
    "build": LESSONS + ",dev",
    "site": LESSONS + ",site",
    "paper": LESSONS + ",paper",
    "pack": "pack",
}

HELP_EN = """\
python3 lab.py             set up and open the lessons in JupyterLab
    --lang en|zh           in this language (remembered)
    --port N --no-browser  these and any other options go to JupyterLab
python3 lab.py test        the tests in five minutes; further words go to pytest
    --all                  every test, half an hour
python3 lab.py reset 07    a fresh copy of lesson 07; yours is kept as a backup
python3 lab.py add NAME    packages that not everybody needs: {extras}
python3 lab.py pack        a folder to hand to a class, see --help; --offline: with all packages
python3 lab.py run|check   the `course` command: see python3 lab.py run --help
On Windows write py instead of python3. Windows and macOS are provided for, but untested."""
HELP_ZH = """\
python3 lab.py             准备环境，并在 JupyterLab 中打开课程
    --lang en|zh           指定语言（下次沿用）
    --port N --no-browser  这两项及其他选项原样交给 JupyterLab
python3 lab.py test        五分钟测试一遍，后面的参数交给 pytest
    --all                  运行全部测试，约半小时
python3 lab.py reset 07    重新领取第 07 课，你写过的那份另存为备份
python3 lab.py add 名称    不是人人都用得到的软件包：{extras}
python3 lab.py pack        做一个发给全班的文件夹，用法见 --help；--offline 连同全部软件包
python3 lab.py run|check   即 course 命令，用法见 python3 lab.py run --help
在 Windows 上请用 py 代替 python3。Windows 和 macOS 已作考虑，但尚未实测。"""
MESSAGES = {  # in English and in Chinese
    "help": (HELP_EN, HELP_ZH),
    "setting up": (
        "Setting up .venv: only this once, a minute or two, about {size} GB of disk.",
        "正在准备运行环境 .venv：只需这一次，大约一两分钟，占用磁盘约 {size} GB。",
    ),
    "waiting": (
        "Another start is setting up .venv just now; this one goes on when that is done.",
        "另一个窗口正在准备运行环境 .venv，等它完成后，这里会接着执行。",
    ),
    "adding": ("Adding {extras} to .venv.", "正在往 .venv 里添加 {extras}。"),
    "found": ("{n} packages are needed.", "共需要 {n} 个软件包。"),
    "downloaded": ("{n} of them were downloaded.", "已下载其中 {n} 个。"),
    "collected": ("{n} packages so far: {name}", "已找到 {n} 个软件包：{name}"),
    "installing": ("Installing them.", "正在安装。"),
    "uv failed": ("uv did not manage it; trying pip.", "用 uv 安装未成功，改用 pip。"),
    "disk": (
        "The disk is full. Free about 2 GB, then run the same command again.",
        "磁盘空间不足。请腾出约 2 GB 空间，再执行一次同样的命令。",
    ),
    "network": (
        "The packages could not be downloaded. Check the connection and the proxy ({proxy}); where the package index "
        "is slow, name a mirror: {pip} config set global.index-url ADDRESS. Then run the same command again.",
        "软件包下载失败。请检查网络和代理（{proxy}）；如果是软件源太慢，可以配置镜像源："
        "{pip} config set global.index-url 镜像地址。然后再执行一次同样的命令。",
    ),
    "access": (
        "No permission to write to {path}. Move the kit to a folder of your own, or change the permissions.",
        "没有写入 {path} 的权限。请把整个课程文件夹移到自己的目录下，或修改权限。",
    ),
    "pack": (
        "The packages in the folder wheels are for {made}; this is {here}. Use the Python that they are for: its "
        "installer may lie in the folder python.",
        "wheels 文件夹里的软件包适用于 {made}，当前是 {here}。请换用对应的 Python，安装程序可能就在 python 文件夹里。",
    ),
    "extras": (
        "Say which: {extras}. For instance: python3 lab.py add postgres",
        "请写明要哪一个：{extras}。例如：python3 lab.py add postgres",
    ),
    "no venv": (
        "This Python cannot make virtual environments. On Debian or Ubuntu: sudo apt install python3-venv",
        "当前的 Python 无法创建虚拟环境。Debian 或 Ubuntu 请执行：sudo apt install python3-venv",
    ),
    "install": (
        "The installation failed; the lines above say why. Once that is mended, run the same command again.",
        "安装失败，原因见上面几行。处理好之后，再执行一次同样的命令。",
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


STEPS = {  # what installers print, and what we say of it
    "found": r"^Resolved (?P<n>\d+) packages",
    "downloaded": r"^Prepared (?P<n>\d+) packages",
    "installing": r"^Installing collected packages",
}
PATIENCE = {"PIP_DEFAULT_TIMEOUT": "6", "PIP_RETRIES": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
PATIENCE.update({"UV_HTTP_TIMEOUT": "6", "UV_HTTP_RETRIES": "1"})


class Stop(Exception):
    """What keeps us from going on: a key of MESSAGES and the facts that its sentence needs."""

    def __init__(self, key, **facts):
        super().__init__(key)
        self.key, self.facts = key, facts


def language():
    """What the reader asks for, else what JupyterLab was left in, else what the computer speaks."""
    words = iter(sys.argv)
    asked = [next(words, "") if word == "--lang" else word[7:] for word in words if word.startswith("--lang")]
    return settings.preferred(asked[0] if asked else None)


def tell(key, **facts):
    """Print a sentence in the reader's language."""
    print(MESSAGES[key][language() == "zh"].format(**facts), flush=True)


def reason(said):
    """Which of our sentences explains what an installer said."""
    return next((key for key, sign in SIGNS.items() if re.search(sign, said)), "install")


def attempt(command, **variables):
    """Run a command; what it said where it fails, else nothing. The reader's own variables go before these."""
    said, collected = "", 0
    words = [str(word) for word in command]
    env = dict(variables, **os.environ)
    try:
        child = subprocess.Popen(words, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        return str(error)
    for line in child.stdout:
        line = line.decode("utf-8", "replace")
        said += line
        if line.startswith("Collecting "):
            collected += 1
            progress(collected, line.split()[1])
        for key, sign in STEPS.items():
            found = re.search(sign, line)
            if found:
                tell(key, **found.groupdict())
    if child.wait():
        return said or "exit code {}".format(child.returncode)
    return ""


def fill(tool, kit, **variables):
    """Install the kit with pip or uv; what went wrong, or nothing.

    Whether packages can be reached is tried before, with little patience: a dead line is told within twenty seconds,
    and a slow one has its time.
    """
    said = ""
    if "--no-index" not in kit:
        probe = [*tool, "--quiet", "--dry-run", "hatchling"]
        said = attempt(probe, **dict(variables, **PATIENCE))
    return said or attempt([*tool, *kit], **variables)


def progress(n, name):
    """A sign of life: pip takes its time. A terminal shows every package, a file every twentieth."""
    if sys.stdout.isatty():
        line = MESSAGES["collected"][language() == "zh"].format(n=n, name=name)
        print("\r" + line[:78].ljust(78), end="", flush=True)
    elif n % 20 == 0:
        tell("collected", n=n, name=name)


def mirrors(base):
    """The package index that pip is configured for, as uv's variables: uv does not read pip's configuration."""
    names = {"index-url": "UV_DEFAULT_INDEX", "extra-index-url": "UV_INDEX", "find-links": "UV_FIND_LINKS"}
    try:
        listed = subprocess.run(
            [base, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return {}
    found = re.findall(r"(?m)^[\w:-]+\.([\w-]+)='(.*)'\s*$", listed.stdout.decode("utf-8", "replace"))
    configured = {names[key]: " ".join(value.replace("\\n", " ").split()) for key, value in found if key in names}
    return {name: value for name, value in configured.items() if name not in os.environ}


def fingerprint():
    """What .venv is made from. The folder counts: the scripts inside carry its path, so .venv cannot be moved."""
    digest = hashlib.sha256(repr((str(ROOT), sys.version_info[:2])).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def stamped():
    """What .venv was made from, and with which extras; nothing where it is not there."""
    try:
        made, extras = STAMP.read_text().split()
    except (OSError, ValueError):
        return "", set()
    return made if PYTHON.exists() else "", set(extras.split(","))


def clear():
    """An empty .venv."""
    if VENV.exists():
        shutil.rmtree(VENV)
    VENV.mkdir()


def suit():
    """A workshop's folder has the wheels of one Python and of some systems: numpy's names say which."""
    system = {"win32": "win", "darwin": "macosx"}.get(sys.platform, "linux")
    tags = [path.stem.split("-")[2:] for path in WHEELS.glob("numpy-*.whl")]  # cp312, cp312, win_amd64
    if not [tag for tag in tags if tag[0] == "cp{}{}".format(*sys.version_info[:2]) and system in tag[2]]:
        made = sorted("Python 3.{} ({})".format(python[3:], platform) for python, abi, platform in tags)
        here = "Python {}.{} ({})".format(sys.version_info[0], sys.version_info[1], system)
        raise Stop("pack", made=", ".join(made) or "-", here=here)


def install(extras, anew):
    """Fill .venv anew or add to it, with uv when there is one, else (or when uv fails) with pip."""
    kit = ["-e", ".[" + ",".join(sorted(extras)) + "]", "-c", "constraints.txt"]
    if WHEELS.is_dir():  # a workshop's folder brings its packages with it; what is added to them needs the network
        kit += ["--find-links", WHEELS]
        kit += ["--no-index"] * anew
    base = getattr(sys, "_base_executable", None) or sys.executable  # we may run inside the .venv that is replaced
    uv = shutil.which("uv")
    said = "no uv"
    if anew:
        clear()
    if uv:
        said = attempt([uv, "venv", "--python", base, VENV]) if anew else ""
        said = said or fill([uv, "pip", "install", "--python", PYTHON], kit, **mirrors(base))
        if said and reason(said) not in ("disk", "network"):
            tell("uv failed")
    if said and reason(said) not in ("disk", "network"):
        try:
            import ensurepip  # noqa: F401  Debian's python3 comes without it
        except ImportError:
            raise Stop("no venv") from None
        if anew:
            clear()
        # uv makes a .venv without pip; of what is installed only what is used will be compiled
        said = attempt([base, "-m", "venv", VENV] if anew else [PYTHON, "-m", "ensurepip"])
        said = said or fill([PYTHON, "-m", "pip", "install", "--no-compile"], kit)
    print(flush=True)
    if said:
        print("\n".join(line[:200] for line in said.splitlines()[-15:]))
        proxy = os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy") or "-"
        raise Stop(reason(said), path=ROOT, proxy=proxy.rpartition("@")[2], pip=Path(base).name + " -m pip")


def prepare(more=""):
    """Make sure that .venv is what the pins ask for, with its extras, these and those that were added before.

    The stamp comes last: what was interrupted is done again.
    """
    wanted = {EXTRAS, *filter(None, more.split(","))}
    if WHEELS.is_dir():  # what a workshop will open later is installed while its wheels are the only index
        wanted.add(LESSONS)
    if there(wanted):
        return
    with alone():
        if there(wanted):  # another start has just done it
            return
        made, have = stamped()
        have &= set(extras())
        anew = made != fingerprint()
        size = "0.9" if LESSONS in wanted | have else "0.7"
        tell("setting up" if anew else "adding", extras=", ".join(sorted(wanted - have)), size=size)
        if WHEELS.is_dir():
            suit()
        install(wanted | have, anew)
        STAMP.write_text(fingerprint() + " " + ",".join(sorted(wanted | have)))


def there(wanted):
    """Whether .venv is what the pins ask for and has these extras."""
    made, have = stamped()
    return made == fingerprint() and wanted <= have


@contextlib.contextmanager
def alone():
    """One at a time: a second start waits for the first. The system opens the lock again, whatever ends its holder."""
    with LOCK.open("a") as file:
        told = False
        while taken(file):
            if not told:
                tell("waiting")
            told = True
            time.sleep(0.5)
        yield


def taken(file):
    """Lock a file; True where another has it. A disk without locks is taken as it is."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return error.errno in (errno.EAGAIN, errno.EACCES, errno.EDEADLK)
    return False


def extras():
    """The names of the extras, as pyproject.toml has them."""
    import tomllib

    return sorted(tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"])


def add(names):
    """Add extras to .venv."""
    if not names or not set(names) <= set(extras()):
        raise Stop("extras", extras=", ".join(extras()))
    prepare(",".join(names))
    return 0


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


def dispatch(args):
    """Do what the first word asks for."""
    word = args[0] if args else ""
    if word in ("help", "-h", "--help"):
        return tell("help", extras=", ".join(extras()))
    if word == "add":
        return add(args[1:])
    if not word or word.startswith("-"):
        args = ["lab", *args]
    prepare(MORE.get(args[0], ""))
    if word == "pack":  # resolves for other systems with uv, which does not read pip's configuration
        os.environ.update(mirrors(PYTHON))
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
        path = error.filename if os.path.isabs(error.filename or "") else ROOT  # within .venv a name may be a bare one
        tell(kinds.get(error.errno, "other"), path=path, error=error)
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
