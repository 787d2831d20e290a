"""Tables on servers, on a real PostgreSQL and a real MariaDB: the same figures as the file, or one sentence.

Expected values stand in the statements that made the tables.
"""

import importlib.util
import io
import os
import re
import shlex
import shutil
import threading
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from course import DataError, collect
from course.cli import main

_spec = importlib.util.spec_from_file_location("servers", Path(__file__).with_name("servers.py"))
servers = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(servers)

ROWS = 5000
NEVER = {"PGPASSWORD": None, "MYSQL_PWD": None, "PGPASSFILE": "/nowhere"}


@pytest.fixture(scope="module")
def orders(tmp_path_factory):
    """A file of orders: ids beyond 2⁵³, cents, Chinese words."""
    draw = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "order_id": 9007199254740993 + np.arange(ROWS),
            "customer_id": [f"C{n:05d}" for n in draw.integers(1, 600, ROWS)],
            "ordered_at": pd.Timestamp("2023-01-01") + pd.to_timedelta(draw.integers(0, 6 * 10**7, ROWS), unit="s"),
            "amount": [f"{c // 100}.{c % 100:02d}" for c in draw.integers(100, 200_000, ROWS)],
            "channel": draw.choice(["线上", "门店"], ROWS),
        }
    )
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    frame.to_csv(path, index=False)
    return path


def _values(path) -> str:
    rows = pd.read_csv(path, dtype="str").to_numpy().tolist()
    return ", ".join("(" + ", ".join(f"'{cell}'" for cell in row) + ")" for row in rows)


@pytest.fixture(scope="module")
def postgresql(orders):
    with servers.postgresql() as server:
        server.sql(
            "CREATE SCHEMA shop; CREATE TABLE shop.orders (order_id bigint, customer_id text, ordered_at timestamp, "
            f"amount numeric(12, 2), channel varchar(10)); INSERT INTO shop.orders VALUES {_values(orders)};"
        )
        yield server


@pytest.fixture(scope="module")
def mariadb(orders):
    with servers.mariadb() as server:
        server.sql(
            "CREATE TABLE orders (order_id bigint, customer_id varchar(20), ordered_at datetime, "
            f"amount decimal(12, 2), channel varchar(10)); INSERT INTO orders VALUES {_values(orders)};"
        )
        yield server


@pytest.fixture(params=["postgresql", "mariadb"])
def server(request, monkeypatch):
    """Either server, with the password in the environment."""
    found = request.getfixturevalue(request.param)
    for name, value in NEVER.items():
        monkeypatch.delenv(name, raising=False) if value is None else monkeypatch.setenv(name, value)
    monkeypatch.setenv("PGPASSWORD" if request.param == "postgresql" else "MYSQL_PWD", found.password)
    return found


def _orders(server) -> str:
    return server.url + ("::shop.orders" if server.url.startswith("postgresql") else "::orders")


def _refused(capfd, *arguments) -> str:
    """The one sentence of a refusal."""
    assert main(arguments) == 2
    out, err = capfd.readouterr()
    lines = [line for line in err.splitlines() if not line.endswith("…")]
    assert out == "" and len(lines) == 1 and lines[0].startswith("Refused: "), (out, err)
    assert servers.SECRET not in err and "hush" not in err
    return lines[0]


def test_a_table_is_what_its_file_is(server, orders):
    table, file = collect.read(_orders(server), "orders"), collect.read(orders, "orders")
    own = ["source", "source_row"]
    by = {"by": "order_id", "ignore_index": True}
    pd.testing.assert_frame_equal(
        table.frame.drop(columns=own).sort_values(**by), file.frame.drop(columns=own).sort_values(**by)
    )
    assert table.totals.drop(columns="source").equals(file.totals.drop(columns="source"))
    assert len(table.problems) == 0
    facts = table.sources[0]
    assert facts["format"] == {"p": "PostgreSQL", "m": "MySQL"}[server.url[0]] and facts["bytes"] > 0
    assert facts["table"] == "shop.orders" and facts["host"] == f"127.0.0.1:{server.port}"


def test_a_run_finds_what_it_finds_in_the_file_and_writes_no_password(server, orders, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", None)
    assert main(["run", "--orders", _orders(server), "--out", str(tmp_path / "server")]) == 0
    said = "".join(capfd.readouterr())
    assert list((tmp_path / "tmp").glob("course-*")) == []  # the spool is gone
    assert main(["run", "--orders", str(orders), "--out", str(tmp_path / "file")]) == 0
    ours, theirs = (pd.read_parquet(tmp_path / name / "portraits.parquet") for name in ("server", "file"))
    pd.testing.assert_frame_equal(ours, theirs)
    assert servers.SECRET not in said
    written = [p for p in (tmp_path / "server").rglob("*") if p.is_file()]
    assert len(written) > 3
    for path in written:
        assert not _holds(path.read_bytes(), servers.SECRET.encode()), path


def _holds(data: bytes, needle: bytes) -> bool:
    if needle in data or needle.replace(b"/", b"%2F").replace(b"+", b"%2B") in data:
        return True
    if data[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(_holds(archive.read(name), needle) for name in archive.namelist())
    return False


def test_check_describes_a_table(server, capfd):
    assert main(["check", _orders(server)]) == 0
    out = capfd.readouterr().out
    assert f"{ROWS:,} rows, 5 columns" in out and "amount (amount) ← amount" in out


def test_a_query_is_asked_in_the_place_of_a_table(server, capfd):
    origin = "shop.orders" if server.url.startswith("postgresql") else "orders"
    sql = f"SELECT * FROM {origin} WHERE order_id < 9007199254741003 -- ten orders"
    assert main(["check", server.url, "--query", sql]) == 0
    assert "10 rows, 5 columns" in capfd.readouterr().out


def test_the_commands_of_the_documentation_run(server, orders, tmp_path, monkeypatch, capfd):
    """Of docs/inputs.md, in both languages; the host, the user and the condition in … are the server's."""
    doc = (Path(collect.__file__).parents[2] / "docs" / "inputs.md").read_text(encoding="utf-8")
    told = re.findall(r"^    course run --orders (\w+)://reader@db.shop.example/shop(.*)$", doc, re.MULTILINE)
    assert len(told) == 4 and told[:2] == told[2:]
    for scheme, rest in told[:2]:
        if not server.url.startswith(scheme):
            continue
        rest = rest.replace("sales.orders", "shop.orders").replace("SELECT … ", "SELECT * ").replace("WHERE …", "")
        table, *query = shlex.split(server.url + rest)
        assert main(["check", table, *query]) == 0
        out = capfd.readouterr().out
        assert f"{ROWS:,} rows, 5 columns" in out and "orders (--orders)" in out
    monkeypatch.chdir(tmp_path)
    shutil.copy(orders, "2026-01.csv")
    assert main(["check", "2026-*.csv"]) == 0 and main(["check", "."]) == 0


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM {orders}",
        "UPDATE {orders} SET amount = 0",
        "DROP TABLE {orders}",
        "SELECT 1 AS a; DELETE FROM {orders}",
        "SELECT 1 AS a) AS q; DELETE FROM {orders}; --",
        "WITH gone AS (DELETE FROM {orders} RETURNING *) SELECT * FROM gone",
        "SELECT writes() AS a",
        "COPY (SELECT 1) TO '/tmp/never'",
        "SELECT 1 AS a INTO OUTFILE '/tmp/never'",
        "SELECT 1 AS a) AS q INTO OUTFILE '/tmp/never' -- ",
        "nonsense",
    ],
)
def test_nothing_is_written_by_a_query(server, sql, tmp_path, capfd):
    is_pg = server.url.startswith("postgresql")
    origin = "shop.orders" if is_pg else "orders"
    server.sql(
        "CREATE TABLE IF NOT EXISTS written (a int); CREATE OR REPLACE FUNCTION writes() RETURNS int LANGUAGE sql AS "
        "'INSERT INTO written VALUES (1) RETURNING a';"
        if is_pg
        else "CREATE TABLE IF NOT EXISTS written (a int);\nDELIMITER //\nCREATE OR REPLACE FUNCTION writes() "
        "RETURNS int MODIFIES SQL DATA BEGIN INSERT INTO written VALUES (1); RETURN 1; END//\n"
    )
    said = _refused(
        capfd, "run", "--orders", server.url, "--query", sql.format(orders=origin), "--out", str(tmp_path / "out")
    )
    assert "only read" in said
    assert not (tmp_path / "out").exists()
    assert server.sql(f"SELECT count(*) FROM {origin}").split() == [str(ROWS)]
    assert server.sql("SELECT count(*) FROM written").split() == ["0"]
    assert not Path("/tmp/never").exists()


def test_a_wrong_password_is_one_sentence_at_once(server, monkeypatch, tmp_path, capfd):
    variable = "PGPASSWORD" if server.url.startswith("postgresql") else "MYSQL_PWD"
    started = time.monotonic()
    for secret in ("hush-wrong", None):
        monkeypatch.setenv(variable, secret) if secret else monkeypatch.delenv(variable)
        said = _refused(capfd, "run", "--orders", _orders(server), "--out", str(tmp_path / "out"))
        assert variable in said and "refuses" in said
        assert not (tmp_path / "out").exists()
    assert time.monotonic() - started < 20


def test_what_cannot_be_found_is_one_sentence(server, capfd):
    kept = server.url.rpartition("/")[0]
    scheme = server.url.partition("://")[0]
    assert "cannot be reached at 127.0.0.1:1." in _refused(capfd, "check", f"{scheme}://kit@127.0.0.1:1/shop::orders")
    assert "cannot be reached" in _refused(capfd, "check", f"{scheme}://kit@nowhere.invalid/shop::orders")
    assert "no database nix" in _refused(capfd, "check", f"{kept}/nix::orders")
    assert "There is no table ordres" in (said := _refused(capfd, "check", f"{server.url}::ordres"))
    assert "orders" in said.partition("There are: ")[2]


def test_a_connection_that_ends_in_the_middle_is_one_sentence(server, tmp_path, capfd):
    is_pg = server.url.startswith("postgresql")
    slow = (
        "SELECT g AS order_id, 'C1' AS customer_id, now()::timestamp AS ordered_at, 1 AS amount, repeat('x', 2000) AS "
        "note, pg_sleep(CASE WHEN g % 1000 = 0 THEN 0.02 ELSE 0 END) FROM generate_series(1, 300000) AS g"
        if is_pg
        else "SELECT seq AS order_id, 'C1' AS customer_id, now() AS ordered_at, 1 AS amount, repeat('x', 2000) AS "
        "note, IF(seq % 1000 = 0, sleep(0.02), 0) AS s FROM seq_1_to_300000"
    )
    threading.Thread(target=_cut, args=(server, is_pg), daemon=True).start()
    said = _refused(capfd, "run", "--orders", server.url, "--query", slow, "--out", str(tmp_path / "out"))
    assert "the connection ended before the last row did" in said
    assert not (tmp_path / "out").exists()


def _cut(server, is_pg: bool) -> None:
    """End the connection that reads, a while after its query has begun."""
    running = (
        "SELECT pid FROM pg_stat_activity WHERE query LIKE '%FROM (%generate_series(%' AND query NOT LIKE '%LIMIT 0' "
        "AND pid <> pg_backend_pid() AND now() - query_start > interval '0.7 s' AND state = 'active'"
        if is_pg
        else "SELECT id FROM information_schema.processlist WHERE info LIKE '%FROM (%seq_1_to_%' AND user = 'kit' "
        "AND info NOT LIKE '%LIMIT 0' AND time_ms > 700"
    )
    for _ in range(300):
        for number in server.sql(running).split():
            server.sql(f"SELECT pg_terminate_backend({number})" if is_pg else f"KILL {number}")
            return
        time.sleep(0.05)


PG_TYPES = [  # (type, value as SQL, what is read)
    ("bigint", "9007199254740993", 9007199254740993),
    ("numeric(30, 3)", "1.250", 1.25),
    ("numeric", "1.10", 1.1),
    ("numeric(20, 0)", "9007199254740993", 9007199254740993),
    ("numeric(38, 0)", "99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
    ("money", "'12.50'", 12.5),
    ("real", "1.1", 1.1),
    ("double precision", "1.1", 1.1),
    ("timestamp", "'2024-01-02 03:04:05.123456'", pd.Timestamp("2024-01-02 03:04:05.123456")),
    ("timestamptz", "'2024-01-02 03:04:05+08'", pd.Timestamp("2024-01-01 19:04:05", tz="UTC")),
    ("date", "'2024-02-03'", pd.Timestamp("2024-02-03")),
    # Days beyond the calendar come as text, which no reader of dates takes; infinity as the driver counts it.
    ("date", "'infinity'", "-5877611-06-21T00:00:00.000"),
    ("timestamp", "'0044-03-15 BC'", "-043-03-15T00:00:00.000000"),
    ("uuid", "'11111111-2222-3333-4444-555555555555'", "11111111-2222-3333-4444-555555555555"),
    ("jsonb", """'{"a": 1.10}'""", '{"a": 1.10}'),
    ("int[]", "'{1,NULL,3}'", "{1,NULL,3}"),
    ("mood", "'paid'", "paid"),
    ("bit(4)", "B'0101'", "0101"),
    ("bytea", r"'\x00ff'", r"\x00ff"),
    ("boolean", "true", True),
    ("oid", "4294967295", "4294967295"),
    ("inet", "'10.0.0.1'", "10.0.0.1/32"),
]
MY_TYPES = [
    ("bigint unsigned", "18446744073709551615", 18446744073709551615),
    ("bigint", "9007199254740993", 9007199254740993),
    ("decimal(30, 3)", "1.250", 1.25),
    ("decimal(20, 0)", "9007199254740993", 9007199254740993),
    ("decimal(65, 0)", "1" * 40, "1" * 40),
    ("float", "1.1", 1.1),
    ("double", "1.1", 1.1),
    ("tinyint(1)", "5", 5),
    ("boolean", "true", 1),
    ("bit(8)", "b'101'", 5),
    ("enum('paid', 'open')", "'paid'", "paid"),
    ("set('a', 'b')", "'a,b'", "a,b"),
    ("json", """'{"a": 1.10}'""", '{"a": 1.10}'),
    ("datetime(6)", "'2024-01-02 03:04:05.123456'", pd.Timestamp("2024-01-02 03:04:05.123456")),
    ("date", "'2024-02-03'", pd.Timestamp("2024-02-03")),
    ("date", "'0000-00-00'", "0000-00-00"),
    ("datetime", "'2024-00-10'", "2024-00-10 00:00:00"),
    ("time", "'100:00:00'", "100:00:00"),
    ("year", "2024", 2024),
    ("varchar(9) CHARACTER SET gbk", "'中文'", "中文"),
    ("varchar(9) CHARACTER SET latin1", "'é'", "é"),
    ("varchar(9)", "'😀'", "😀"),
    ("uuid", "'11111111-2222-3333-4444-555555555555'", "11111111-2222-3333-4444-555555555555"),
]


def _made(server, types) -> pd.DataFrame:
    columns = ", ".join(f"c{i} {type_}" for i, (type_, _, _) in enumerate(types))
    values = ", ".join(value for _, value, _ in types)
    server.sql(
        f"DROP TABLE IF EXISTS typed; CREATE TABLE typed ({columns}); INSERT INTO typed VALUES ({values}); "
        f"INSERT INTO typed VALUES ({', '.join('NULL' for _ in types)});"
    )
    return collect.open_source(f"{server.url}::typed").frame


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_every_type_of_postgresql_keeps_its_value(server):
    server.sql("DROP TYPE IF EXISTS mood CASCADE; CREATE TYPE mood AS ENUM ('paid', 'open');")
    frame = _made(server, PG_TYPES)
    assert frame.iloc[0].tolist() == [value for _, _, value in PG_TYPES]
    assert frame.iloc[1].isna().all()


@pytest.mark.parametrize("server", ["mariadb"], indirect=True)
def test_every_type_of_mariadb_keeps_its_value(server):
    server.sql("SET GLOBAL sql_mode = 'NO_ENGINE_SUBSTITUTION';")
    frame = _made(server, MY_TYPES)
    assert frame.iloc[0].tolist() == [value for _, _, value in MY_TYPES]
    assert frame.iloc[1].isna().all()


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_a_database_in_another_encoding(server):
    server.sql("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;")
    url = server.url.replace("/postgres", "/latin")
    assert collect.open_source(url, query="SELECT chr(233) AS word").frame["word"].tolist() == ["é"]


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_a_password_file_is_read(server, monkeypatch, tmp_path):
    file = tmp_path / "pass"
    file.write_text(f"127.0.0.1:{server.port}:*:kit:{servers.SECRET}\n")
    file.chmod(0o600)
    monkeypatch.delenv("PGPASSWORD")
    monkeypatch.setenv("PGPASSFILE", str(file))
    assert len(collect.open_source(_orders(server)).frame) == ROWS


@pytest.mark.parametrize("server", ["mariadb"], indirect=True)
def test_a_column_that_nobody_can_read_is_named_as_such(server, capfd):
    server.sql("CREATE OR REPLACE TABLE places (id int, at geometry); INSERT INTO places VALUES (1, point(1, 2));")
    assert "--query" in _refused(capfd, "check", f"{server.url}::places")


def test_times_with_a_zone_say_so(postgresql, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", postgresql.password)
    raw = collect.open_source(postgresql.url, query="SELECT now() AS at")
    assert any("UTC" in note.say("en") and "at" in note.say("en") for note in raw.notes)


# --- addresses: no server is asked -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("postgresql://kit:hush@host/db::t", "PGPASSWORD"),
        ("mysql://kit:hush@host/db::t", "MYSQL_PWD"),
        ("postgresql://kit@host/db?password=hush::t", "PGPASSWORD"),
        ("postgresql://kit@host/db?sslpassword=hush::t", "PGPASSWORD"),
        ("postgresql://kit:hush@2@host/db::t", "PGPASSWORD"),
        ("postgresql://kit:hush/3@host/db::t", "not complete"),
        ("postgresql://host", "not complete"),
        ("mysql://kit@host/::t", "not complete"),
        ("https://example.org/orders.csv", "Download the file"),
        ("s3://bucket/orders/", "aws s3 cp"),
        ("snowflake://account/db::t", "postgresql://"),
        ("file:///tmp/orders.csv", "without file://"),
    ],
)
def test_an_address_that_is_not_read_says_what_to_do(source, says, capfd):
    assert says in _refused(capfd, "check", source)


def test_a_query_needs_one_database(tmp_path, capfd):
    assert "asks one database" in _refused(capfd, "check", "orders.csv", "--query", "SELECT 1")
    assert "asks one database" in _refused(capfd, "check", "mysql://kit@host/db::t", "--query", "SELECT 1")
    with pytest.raises(DataError, match="not both"):
        collect.open_source("mysql://kit@host/db::t", query="SELECT 1")
    assert os.listdir(tmp_path) == []
