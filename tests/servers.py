"""A PostgreSQL and a MariaDB of the tests' own: on loopback, on a free port, in a temporary folder, gone afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SECRET = "s3cret-of-the-tests/+"  # with signs that an address would have to quote


@dataclass(frozen=True)
class Server:
    """`url` without a password; `sql` runs statements as the administrator."""

    url: str
    password: str
    port: int
    sql: object


def _port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _as(user: str) -> list[str]:
    """Before a command: neither server runs as root."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam(user)
    except KeyError:
        user = "nobody"
    group = str(pwd.getpwnam(user).pw_gid)
    return ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]


@contextmanager
def _folder(user: str):
    """A folder that the server's user owns; pytest's own folders are closed to other users."""
    with tempfile.TemporaryDirectory(prefix="server-", ignore_cleanup_errors=True) as name:
        if os.geteuid() == 0:
            shutil.chown(name, user if user in {u.pw_name for u in pwd.getpwall()} else "nobody")
        yield Path(name)


def _until(answers, process, log: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            break
        if answers():
            return
        time.sleep(0.1)
    pytest.fail(f"the server did not start: {log.read_text(errors='replace')[-500:]}")


def _said(command: list[str], statements: str, **environment: str) -> str:
    done = subprocess.run(
        command, input=statements, capture_output=True, text=True, env=os.environ | environment, timeout=120, cwd="/"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def postgresql():
    """A PostgreSQL whose only user has a password."""
    with _folder("postgres") as folder:
        yield from _postgresql(folder)


def _postgresql(folder: Path):
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    binaries = found[-1] if found else Path(shutil.which("initdb") or "/nowhere").parent
    if not (binaries / "initdb").exists() or not shutil.which("psql"):
        pytest.skip("PostgreSQL's server is not installed (.ci/run installs it)")
    (folder / "password").write_text(SECRET)
    (folder / "password").chmod(0o644)
    data, port, log = folder / "data", _port(), folder / "log"
    make = [binaries / "initdb", "-D", data, "-U", "kit", "--auth=scram-sha-256", f"--pwfile={folder / 'password'}"]
    subprocess.run(
        [*_as("postgres"), *make, "-E", "UTF8", "--locale=C", "--no-sync"], check=True, capture_output=True, cwd="/"
    )
    settings = ["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=", "-c", "fsync=off"]
    start = [*_as("postgres"), binaries / "postgres", "-D", data, "-p", str(port), *settings]
    with log.open("w") as output:
        process = subprocess.Popen(start, stdout=output, stderr=output, cwd="/")
    psql = ["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", str(port), "-U", "kit", "postgres"]
    try:
        ready = ["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
        _until(lambda: subprocess.run(ready).returncode == 0, process, log)
        yield Server(
            f"postgresql://kit@127.0.0.1:{port}/postgres", SECRET, port, lambda s: _said(psql, s, PGPASSWORD=SECRET)
        )
    finally:
        _end(process)


@contextmanager
def mariadb():
    """A MariaDB with a database `shop` and a user who may do anything in it."""
    with _folder("mysql") as folder:
        yield from _mariadb(folder)


def _mariadb(folder: Path):
    if not shutil.which("mariadbd") or not shutil.which("mariadb-install-db"):
        pytest.skip("MariaDB's server is not installed (.ci/run installs it)")
    data, port, log, door = folder / "data", _port(), folder / "log", folder / "s"
    make = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db"]
    make += ["--auth-root-authentication-method=normal", *(["--user=mysql"] if os.geteuid() == 0 else [])]
    subprocess.run(make, check=True, capture_output=True, cwd="/")
    start = ["mariadbd", "--no-defaults", f"--datadir={data}", f"--socket={door}", "--bind-address=127.0.0.1"]
    start += [f"--port={port}", f"--pid-file={folder / 'pid'}", "--character-set-server=utf8mb4"]
    with log.open("w") as output:
        process = subprocess.Popen([*_as("mysql"), *start], stdout=output, stderr=output, cwd="/")
    client = ["mariadb", "--no-defaults", "-uroot", f"--socket={door}", "--default-character-set=utf8mb4", "-N"]
    plain = {k: v for k, v in os.environ.items() if k != "MYSQL_PWD"}

    def sql(statements: str, database: str = "shop") -> str:
        done = subprocess.run(
            [*client, database], input=statements, capture_output=True, text=True, env=plain, timeout=120, cwd="/"
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    try:
        ready = [*client, "-e", "SELECT 1"]
        _until(lambda: subprocess.run(ready, capture_output=True, env=plain).returncode == 0, process, log)
        sql(
            f"CREATE DATABASE shop; CREATE USER kit@'%' IDENTIFIED BY '{SECRET}'; GRANT ALL ON shop.* TO kit@'%';"
            "CREATE USER kit@localhost IDENTIFIED BY '" + SECRET + "'; GRANT ALL ON shop.* TO kit@localhost;",
            "mysql",
        )
        yield Server(f"mysql://kit@127.0.0.1:{port}/shop", SECRET, port, sql)
    finally:
        _end(process)


def _end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
