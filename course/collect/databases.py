"""PostgreSQL, MySQL and MariaDB as sources: one SELECT in a transaction that cannot write, streamed to a Parquet file.

A table is named in the source (`postgresql://user@host/db::schema.table`); a query comes beside it and stands in the
statement as a subquery, where nothing but a SELECT can stand. What has no plain type in Arrow is written as text by the
server itself: numerics with every digit, enums, uuids, arrays, dates that no calendar has. Passwords come from the
environment or .pgpass, are handed to the driver, and stand in no sentence.
"""

import difflib
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from course import extras
from course.errors import DataError, first_few
from course.language import Sentence

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

#: In the metadata of an Arrow field: text that holds exact decimals, or times as the server wrote them.
DECIMAL, TIME = {b"course": b"decimal"}, {b"course": b"time"}
_SYSTEMS = {
    "postgresql": "PostgreSQL",
    "postgres": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MySQL",
}
_SECONDS = 10  # to be reached


@dataclass(frozen=True)
class Address:
    """Where a database is and which table is meant; `url` has no password."""

    system: str
    url: str
    host: str
    database: str
    table: str | None


def is_url(source: str) -> bool:
    """True for a source that names a scheme (`scheme://…`): no file."""
    return bool(re.match(r"^[A-Za-z][A-Za-z0-9+.-]+://", source))


def address(source: str) -> Address:
    """What a URL says.

    Raises
    ------
    DataError : no database that is read here; a password in it; no database's name.
    """
    scheme = source.partition("://")[0].lower()
    if scheme not in _SYSTEMS:
        raise _elsewhere(scheme)
    _, slash, path = source.partition("://")[2].partition("/")
    at = source.index(path) if slash and path else len(source)
    path, _, table = source[at:].partition("::")
    url = source[:at] + path
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _unreadable(scheme) from None
    settings = [name.lower() for name, _ in parse_qsl(parts.query, keep_blank_values=True)]
    if parts.password is not None or any("pass" in name for name in settings) or (parts.netloc.count("@") > 1):
        raise DataError(
            "The address of the database holds a password. Take it out, and put it where no history and no recipe "
            "keeps it: in {variable} of the environment{file}.",
            variable="PGPASSWORD" if _SYSTEMS[scheme] == "PostgreSQL" else "MYSQL_PWD",
            file=Sentence(" or in the file .pgpass") if _SYSTEMS[scheme] == "PostgreSQL" else "",
        )
    database = unquote(parts.path.lstrip("/"))
    if not parts.hostname or not database:
        raise _unreadable(scheme)
    host = parts.hostname + (f":{port}" if port else "")
    return Address(_SYSTEMS[scheme], url, host, database, table or None)


def _unreadable(scheme: str) -> DataError:
    return DataError(
        "The address of the database is not complete. Write it as {scheme}://USER@HOST/DATABASE::TABLE.", scheme=scheme
    )


def _elsewhere(scheme: str) -> DataError:
    if scheme in ("http", "https", "ftp", "sftp"):
        return DataError(
            "{scheme}:// is not read from here: files only, so that the same run tomorrow reads the same. "
            "Download the file and name it.",
            scheme=scheme,
        )
    if scheme in ("s3", "gs", "gcs", "abfs", "abfss", "az", "oss", "cos", "hdfs", "s3a"):
        return DataError(
            "{scheme}:// is not read from here. Copy the files with the store's own tool{tool} and name the folder.",
            scheme=scheme,
            tool=" (aws s3 cp --recursive)" if scheme in ("s3", "s3a") else "",
        )
    if scheme == "file":
        return DataError("Name the file by its path, without file://.")
    return DataError(
        "{scheme}:// is not read from here. Databases that are: postgresql:// and mysql:// (MariaDB too); of others, "
        "export the table as CSV or Parquet.",
        scheme=scheme,
    )


@dataclass(frozen=True)
class Answer:
    """What a database gave: the Parquet file's name, how the source is called, facts for the ledger, and notes."""

    path: Path
    name: str
    facts: dict
    notes: list[Sentence]


def fetch(source: str, query: str | None, folder: Path) -> Answer:
    """Stream a table, or the answer to a query, into a Parquet file in `folder`.

    Raises
    ------
    DataError : the server cannot be reached or refuses; no such table; not a SELECT; the connection ended before the
        last row did.
    """
    where = address(source)
    if query is not None and where.table is not None:
        raise DataError("Name a table or give a --query, not both.")
    path = folder / "answer.parquet"
    name, notes = (_postgresql if where.system == "PostgreSQL" else _mysql)(where, query, path)
    facts = {"host": where.host, "database": where.database, "table" if query is None else "query": query or name}
    return Answer(path, f"{where.database}::{name}", facts, notes)


#: What no SELECT needs. A driver may send several statements at once, and try them before its transaction begins.
_WRITES = re.compile(r";|\b(?:out|dump)file\b", re.IGNORECASE)


def _inner(query: str) -> str:
    """A query as it can stand in brackets; its last line may be a comment."""
    query = query.strip().rstrip("; \n")
    if found := _WRITES.search(query):
        raise DataError("A source is only read, by one SELECT: the query must not hold “{word}”.", word=found[0])
    return f"(\n{query}\n)"


def _table(where: Address, tables: list[tuple[str, str, bool]]) -> tuple[str, str]:
    """The schema and name of the table that is meant, among (schema, name, found without its schema)."""
    called = {f"{schema}.{name}": (schema, name) for schema, name, _ in tables}
    called |= {name: (schema, name) for schema, name, near in tables if near}
    if where.table is None and len(tables) == 1:
        return tables[0][:2]
    if where.table in called:
        return called[where.table]
    names = [name if near else f"{schema}.{name}" for schema, name, near in tables]
    if where.table is None:
        raise DataError(
            "{file} holds the tables {tables}. Say which one: {file}::TABLE.",
            file=where.url,
            tables=first_few(names, 12) or "–",
        )
    nearest = difflib.get_close_matches(where.table, names, 3, 0.6)
    raise DataError(
        "There is no table {table} in {database} that this user may read. There are: {tables}.",
        table=where.table,
        database=where.database,
        tables=first_few([*nearest, *(n for n in names if n not in nearest)], 12) or "–",
    )


# --- PostgreSQL ------------------------------------------------------------------------------------------------------

_PG_TABLES = """
SELECT n.nspname, c.relname, pg_table_is_visible(c.oid)
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND n.nspname NOT LIKE 'pg\\_%' AND has_table_privilege(c.oid, 'SELECT')
    AND has_schema_privilege(n.oid, 'USAGE')
ORDER BY 3 DESC, 1, 2"""
#: Types that come as they are. All others are written by the server: ADBC gives money as whole cents, for one.
_PG_PLAIN = {"int2", "int4", "int8", "float8", "bool", "text", "varchar", "bpchar", "name"} | {
    "timestamp",
    "timestamptz",
    "date",
}
_PG_DECIMAL = {"numeric": "{}::text", "money": "{}::numeric::text", "float4": "{}::text"}


def _postgresql(where: Address, query: str | None, path: Path) -> tuple[str, list[Sentence]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        from adbc_driver_postgresql import dbapi
    except ImportError:
        raise _lacking("postgres", where) from None
    url = where.url
    if "connect_timeout" not in url:
        url += f"{'&' if '?' in url else '?'}connect_timeout={_SECONDS}"
    name = "query"
    try:
        with dbapi.connect(url) as connection, connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SET LOCAL client_encoding = 'UTF8'")
            origin = _inner(query) if query is not None else None
            if origin is None:
                cursor.execute(_PG_TABLES)
                table = _table(where, cursor.fetchall())
                name, origin = ".".join(table), ".".join(map(_quoted, table))
            cursor.execute(f"SELECT * FROM {origin} AS q LIMIT 0")
            fields = list(cursor.fetch_record_batch().schema)
            kinds = [(field.metadata or {}).get(b"POSTGRESQL:type", b"").decode() for field in fields]
            chosen = ", ".join(_pg_column(f.name, kind) for f, kind in zip(fields, kinds, strict=True))
            cursor.execute(f"SELECT {chosen} FROM {origin} AS q")
            answer = cursor.fetch_record_batch()
            decimal = [kind in _PG_DECIMAL for kind in kinds]
            with pq.ParquetWriter(path, schema := _marked(answer.schema, decimal)) as spool:
                for batch in answer:
                    spool.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))
            connection.rollback()
    except DataError:
        raise
    except (dbapi.Error, pa.ArrowException, OSError) as error:  # read on, the driver speaks as if it were a file
        if getattr(error, "errno", None):
            raise  # the spool's own: a disk that is full
        raise _failed(where, str(error)) from None
    zoned = [field.name for field, kind in zip(fields, kinds, strict=True) if kind == "timestamptz"]
    return name, [_zoned(zoned)] if zoned else []


def _pg_column(name: str, kind: str) -> str:
    column = f"q.{_quoted(name)}"
    if kind in _PG_PLAIN:
        return column
    return f"{_PG_DECIMAL.get(kind, '{}::text').format(column)} AS {_quoted(name)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _marked(schema: "pa.Schema", decimal: list[bool]) -> "pa.Schema":
    """The schema without the driver's own types: text that holds decimals says so."""
    import pyarrow as pa

    return pa.schema(
        pa.field(f.name, f.type, metadata=DECIMAL if exact else None) for f, exact in zip(schema, decimal, strict=True)
    )


def _zoned(columns: list[str]) -> Sentence:
    return Sentence(
        "The times of {columns} are kept with their zone; they were read as UTC. For the shop's own clock: --query, "
        "with AT TIME ZONE.",
        columns=first_few(columns),
    )


# --- MySQL and MariaDB -----------------------------------------------------------------------------------------------

_MY_TABLES = """
SELECT table_schema AS s, table_name AS t, IFNULL(table_schema = DATABASE(), 0) AS near FROM information_schema.tables
WHERE table_schema NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys') ORDER BY 3 DESC, 1, 2"""
_MY_BITS = """
SELECT column_name AS c FROM information_schema.columns
WHERE data_type = 'bit' AND table_schema = {} AND table_name = {}"""


def _mysql(where: Address, query: str | None, path: Path) -> tuple[str, list[Sentence]]:
    name, bits = "query", set()
    origin = _inner(query) if query is not None else None
    if origin is None:
        tables = _select(where, _MY_TABLES, path)
        table = _table(where, [(row["s"], row["t"], bool(row["near"])) for row in tables.read().to_pylist()])
        name, origin = ".".join(table), ".".join(map(_ticked, table))
        found = _select(where, _MY_BITS.format(*map(_literal, table)), path)
        bits = set(found.read()["c"].to_pylist())
    fields = list(_select(where, f"SELECT q.* FROM {origin} AS q LIMIT 0", path).schema_arrow)
    chosen = ", ".join(_my_column(field, field.name in bits) for field in fields)
    _select(where, f"SELECT {chosen} FROM {origin} AS q", path, [_my_mark(f.type) for f in fields])
    return name, []


def _my_column(field: "pa.Field", is_bits: bool) -> str:
    import pyarrow as pa

    column = f"q.{_ticked(field.name)}"
    if is_bits:
        return f"{column} + 0 AS {_ticked(field.name)}"
    type_ = field.type
    plain = pa.types.is_integer(type_) or pa.types.is_float64(type_) or pa.types.is_string(type_)
    plain = plain or pa.types.is_large_binary(type_) or pa.types.is_large_string(type_)
    return column if plain else f"CAST({column} AS CHAR) AS {_ticked(field.name)}"


def _my_mark(type_: "pa.DataType") -> dict[str, str] | None:
    import pyarrow as pa

    if pa.types.is_decimal(type_) or pa.types.is_float32(type_):
        return {k.decode(): v.decode() for k, v in DECIMAL.items()}
    if pa.types.is_timestamp(type_) or pa.types.is_date(type_):
        return {k.decode(): v.decode() for k, v in TIME.items()}
    return None


def _ticked(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _literal(text: str) -> str:
    return "CONVERT(0x" + text.encode().hex() + " USING utf8mb4)"


def _select(where: Address, sql: str, path: Path, marks: list[dict | None] | None = None) -> "pq.ParquetFile":
    """The answer to one statement as a Parquet file, by a process of its own (see `course.collect.mysql`)."""
    import pyarrow.parquet as pq

    asked = {"url": _my_url(where), "sql": sql, "path": str(path), "marks": marks}
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("mysql.py"))],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        env=os.environ | {"RUST_BACKTRACE": "0", "RUST_LOG": "error"},
    )
    try:
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        process.stdin.close()
        said = b""
        for line in process.stderr:
            said += line
            if b"r2d2" in line:  # it would try again for half a minute; a refused password stays refused
                break
        else:
            process.wait()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stderr.close()
    if process.returncode:
        raise _failed(where, said.decode("utf-8", "replace"))
    return pq.ParquetFile(path)


def _my_url(where: Address) -> str:
    """The address with the password of the environment, for the driver alone."""
    parts = urlsplit(where.url)
    user, at, host = parts.netloc.rpartition("@")
    if secret := os.environ.get("MYSQL_PWD"):
        user, at = f"{user}:{quote(secret, safe='')}", "@"
    return parts._replace(scheme="mysql", netloc=user + at + host).geturl()


# --- what went wrong -------------------------------------------------------------------------------------------------


def _lacking(extra: str, where: Address) -> DataError:
    return DataError(
        "Reading {system} needs a package more. To install it: {command}",
        system=where.system,
        command=extras.command(extra),
    )


def _failed(where: Address, said: str) -> DataError:
    """One sentence for what a driver said; the password stands in none."""
    for why, pattern in _REASONS.items():
        if re.search(pattern, said, re.IGNORECASE):
            return _SENTENCES[why](where, said)
    return DataError("{system} on {host}: {why}", system=where.system, host=where.host, why=_reason(said))


_REASONS = {
    "lacking": r"No module named 'connectorx'",
    "password": r"password authentication failed|no password supplied|Access denied for user .*using password|1045 \(",
    "database": r"database \".*\" does not exist|Unknown database|1044 \(|1049 \(",
    "writes": r"read.only transaction",
    "syntax": r"syntax error|error in your SQL syntax|data-modifying statement",
    "ended": r"server closed the connection|terminating connection|connection to server was lost|bytes remaining|"
    r"SSL connection has been closed|IO error|Server disconnected|lost connection|reset by peer|no COPY in progress",
    "reach": r"Failed to connect|Could not connect|could not translate host|timed out waiting",
    "type": r"not implemented: MYSQL_TYPE|unimplemented",
}


def _reason(said: str) -> str:
    """The server's own words, one line of them."""
    found = re.search(r"(?:ERROR|FATAL):\s*([^\n]+)|ERROR \d+ \(\w+\): (.+?)\s*\}|Error: ([^\n]+)", said, re.DOTALL)
    words = next((g for g in found.groups() if g), said) if found else said
    secrets = [os.environ.get(name) for name in ("PGPASSWORD", "MYSQL_PWD")]
    line = " ".join(words.split()) or "–"
    for secret in (s for s in secrets if s):
        line = line.replace(secret, "…").replace(quote(secret, safe=""), "…")
    return line[:200]


def _reach(where: Address, said: str) -> DataError:
    return DataError(
        "{system} cannot be reached at {host}. Is the address right, is the server running, and does it take "
        "connections from this machine?",
        system=where.system,
        host=where.host,
    )


def _password(where: Address, said: str) -> DataError:
    return DataError(
        "{system} on {host} refuses the user or the password. The password is read from {variable} of the "
        "environment{file}.",
        system=where.system,
        host=where.host,
        variable="PGPASSWORD" if where.system == "PostgreSQL" else "MYSQL_PWD",
        file=Sentence(" or from the file .pgpass") if where.system == "PostgreSQL" else "",
    )


_SENTENCES: dict[str, Callable[[Address, str], DataError]] = {
    "lacking": lambda where, said: _lacking("mysql", where),
    "reach": _reach,
    "password": _password,
    "database": lambda where, said: DataError(
        "{system} on {host} has no database {database} that this user may open.",
        system=where.system,
        host=where.host,
        database=where.database,
    ),
    "writes": lambda where, said: DataError(
        "The query would write ({why}). A source is only read: give a SELECT.", why=_reason(said)
    ),
    "syntax": lambda where, said: DataError(
        "{system} does not take the query: {why}. A source is only read: give one SELECT.",
        system=where.system,
        why=_reason(said),
    ),
    "ended": lambda where, said: DataError(
        "{system} on {host}: the connection ended before the last row did. Nothing of it was used; run again.",
        system=where.system,
        host=where.host,
    ),
    "type": lambda where, said: DataError(
        "{system} on {host}: a column has a type that cannot be read (a geometry?). Name the columns you need by "
        "--query.",
        system=where.system,
        host=where.host,
    ),
}
