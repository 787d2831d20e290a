"""The same statements on Spark: rows go there as Parquet, answers come back as Arrow, of the types DuckDB gives them.

    with spark.session("spark://127.0.0.1:7077") as cluster, engine.answered_by(cluster):
        workflow.run(tables)

Spark is asked what is asked of relations, the rows of a run; what is asked of frames alone is small and stays DuckDB's.
Every statement goes through `dialect`. What type each column of an answer has DuckDB says, and an answer of other types
is not taken: there the engines calculate differently. Such a statement, and one that `dialect` refuses, DuckDB answers
from the same files.
"""

import contextlib
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from course import engine, extras
from course.engine import Relation, Table, dialect
from course.engine.spool import database, quoted
from course.errors import DataError
from course.language import Sentence

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from pyspark.sql import DataFrame, SparkSession

#: Spark on this machine alone.
LOCAL = "local[2]"
#: The view of a relation's file, while its statement is put together.
_ROWS = "rows_of_the_file"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
#: DuckDB's type of a column that holds nothing.
_BLANK = '"NULL"'
#: Whole numbers of any width hold the same.
_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}


class Spark:
    """A session of Spark that answers in DuckDB's place (`engine.answered_by`).

    Parameters
    ----------
    spark : the session, one of one's own too. What it reads and writes lies in the folder of the process's database,
        which a cluster of several machines must see under the same path (`course run --temp`).

    Attributes
    ----------
    answered, left : how many statements over relations Spark answered, and how many were left to DuckDB

    Raises
    ------
    DataError : the session's zone is not UTC, or it forgives errors (ANSI mode is off).
    """

    def __init__(self, spark: "SparkSession") -> None:
        zone = spark.conf.get("spark.sql.session.timeZone")
        if zone not in ("UTC", "Etc/UTC"):
            raise DataError("This session of Spark is in the zone {zone}. Days are those of UTC: set it.", zone=zone)
        if spark.conf.get("spark.sql.ansi.enabled") != "true":
            raise DataError("This session of Spark forgives errors. Set spark.sql.ansi.enabled to true.")
        self.spark = spark
        self.answered = self.left = 0

    def query(self, sql: str, tables: Mapping[str, Table], **values: object) -> pd.DataFrame:
        """The answer as a frame: Spark's, or DuckDB's where Spark would read something differently."""
        return self._either(self.ask, engine.here, sql, tables, values)

    def keep(self, sql: str, tables: Mapping[str, Table], **values: object) -> Relation:
        """The answer as a relation: Spark's, or DuckDB's where Spark would read something differently."""
        return self._either(self.ask_to_keep, engine.keep_here, sql, tables, values)

    def ask(self, sql: str, tables: Mapping[str, Table], **values: object) -> pd.DataFrame:
        """Spark's answer, equal to DuckDB's; without an ORDER BY in another order.

        Raises
        ------
        Unlike : Spark would read something differently, or calculate in other types.
        DataError : Spark cannot do it: a division by zero, a number beyond 63 bits, no worker left.
        """
        with self._answer(sql, tables, values) as (answer, types), _said():
            came = answer.toArrow().rename_columns(list(types))
        with engine.connect() as connection:
            connection.register("came", came)
            return connection.execute(_of_types(connection, "came", types)).df()

    def ask_to_keep(self, sql: str, tables: Mapping[str, Table], **values: object) -> Relation:
        """Spark's answer in its order, which the workers write and nobody holds in memory; errors as for `ask`.

        Raises
        ------
        Unlike : as for `ask`; the statement has no ORDER BY.
        """
        if not dialect.parse(sql).args.get("order"):
            raise dialect.Unlike(Sentence("rows are kept in an order, and it names none"))
        parts = database().new_file()
        try:
            with self._answer(sql, tables, values) as (answer, types), _said():
                answer.toDF(*types).write.parquet(parts.as_uri())
            written = f"read_parquet({quoted(parts / '*.parquet')})"  # in the order of their numbers
            with engine.connect() as connection:
                return engine.keep_here(_of_types(connection, written, types), {})
        finally:
            shutil.rmtree(parts, ignore_errors=True)

    def _either(self, there: Callable, here: Callable, sql: str, tables: Mapping, values: Mapping) -> object:
        if not any(isinstance(table, Relation) for table in tables.values()):
            return here(sql, tables, **values)
        try:
            answer = there(sql, tables, **values)
        except dialect.Unlike:
            self.left += 1
            return here(sql, tables, **values)
        self.answered += 1
        return answer

    @contextlib.contextmanager
    def _answer(
        self, sql: str, tables: Mapping[str, Table], values: Mapping[str, object]
    ) -> Iterator[tuple["DataFrame", dict[str, str]]]:
        """Spark's plan of the answer, with DuckDB's types of its columns; it can be carried out within the block."""
        bound = {name: engine._plain(value) for name, value in values.items()}
        text, types = dialect.spark(sql), _types(sql, tables, bound)
        with self._views(tables), _said():
            yield self.spark.sql(text, args=bound), types

    @contextlib.contextmanager
    def _views(self, tables: Mapping[str, Table]) -> Iterator[None]:
        made, files = [], []
        try:
            for name, table in tables.items():
                if isinstance(table, Relation):
                    rows = self.spark.read.parquet(table.file.path.as_uri())
                    rows.createOrReplaceTempView(_ROWS)
                    rows = self.spark.sql(_over_rows(table.sql))
                else:
                    files.append(database().new_file())
                    pq.write_table(_arrow(table), files[-1])
                    rows = self.spark.read.parquet(files[-1].as_uri())
                rows.createOrReplaceTempView(f"`{name}`")
                made.append(name)
            yield
        finally:
            for name in [*made, _ROWS]:
                self.spark.catalog.dropTempView(name)
            for file in files:
                file.unlink(missing_ok=True)


@contextlib.contextmanager
def session(master: str | None = None, **settings: str) -> Iterator[Spark]:
    """Spark for as long as the block lasts; it ends with it.

    Parameters
    ----------
    master : spark://HOST:PORT of a cluster; default: this machine alone. Where it is on this machine, Spark listens on
        loopback only; elsewhere the workers must reach this machine, and Spark's own settings say how.
    settings : further ones of Spark, dots written as two underscores.

    Raises
    ------
    DataError : there is no Spark or no Java, or the master does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="course-spark-", ignore_cleanup_errors=True) as spill:
        own = {"spark.local.dir": spill} | {name.replace("__", "."): value for name, value in settings.items()}
        spark = _started(master or LOCAL, own)
        try:
            yield Spark(spark)
        finally:
            spark.stop()


def _started(master: str, settings: Mapping[str, str]) -> "SparkSession":
    extras.bring("pyspark")
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise DataError("Spark needs Java 17 or newer. On Debian or Ubuntu: apt install openjdk-17-jre-headless.")
    wanted = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
        "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    }
    if _is_here(master):
        wanted |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    builder = SparkSession.builder.master(master).appName("course")
    for name, value in (wanted | dict(settings)).items():
        builder = builder.config(name, value)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return builder.getOrCreate()
    except (PySparkException, RuntimeError, OSError) as error:
        raise DataError("Spark does not start: {why}", why=(str(error).splitlines() or [""])[0]) from error


def _is_here(master: str) -> bool:
    host = master.removeprefix("spark://").rpartition(":")[0]
    return master.startswith("local") or host in _LOOPBACK


@contextlib.contextmanager
def _said() -> Iterator[None]:
    """Spark's errors in a sentence, and no warning of pandas, which is not asked for anything."""
    from pyspark.errors import PySparkException

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            yield
    except PySparkException as error:
        raise DataError("Spark says: {why}", why=(str(error).splitlines() or [""])[0]) from error


def _arrow(frame: pd.DataFrame) -> pa.Table:
    """A frame as DuckDB reads it: both engines are asked of the same cells."""
    with engine.connect() as connection:
        connection.register("frame", engine._readable(frame))
        table = connection.sql("SELECT * FROM frame").to_arrow_table()
    known = [f.with_type(pa.string()) if pa.types.is_null(f.type) else f for f in table.schema]
    return table.cast(pa.schema(known))  # a column of blanks alone has a type, too


def _over_rows(sql: str) -> str:
    """A relation's own statement in Spark's words, over the view of its file."""
    tree = dialect.parse(sql)
    for read in list(tree.find_all(exp.ReadParquet)):
        read.parent.replace(exp.to_table(_ROWS))
    return dialect.spark(tree.sql(dialect="duckdb"))


def _types(sql: str, tables: Mapping[str, Table], bound: Mapping[str, object]) -> dict[str, str]:
    """{column: DuckDB's type} of an answer; duckdb.Error where DuckDB would not answer at all."""
    with engine._over(tables) as connection:
        described = connection.execute(f"DESCRIBE ({sql}\n)", dict(bound)).fetchall()
    return {row[0]: row[1] for row in described}


def _of_types(connection: "DuckDBPyConnection", came: str, types: Mapping[str, str]) -> str:
    """The statement that gives what came from Spark in DuckDB's types.

    Raises
    ------
    Unlike : Spark calculated in types that do not hold the same.
    """
    found = {row[0]: row[1] for row in connection.execute(f"DESCRIBE (FROM {came})").fetchall()}
    for column, type_ in types.items():
        if not _holds(type_, found[column]):
            kinds = {"came": found[column], "type": type_}
            raise dialect.Unlike(Sentence("it calculates {column} as {came}, DuckDB as {type}", column=column, **kinds))
    names = {column: '"' + column.replace('"', '""') + '"' for column in types}
    cells = {c: "NULL" if type_ == _BLANK else f"CAST({names[c]} AS {type_})" for c, type_ in types.items()}
    listed = ", ".join(f"{cell} AS {names[column]}" for column, cell in cells.items())
    return f"SELECT {listed} FROM {came}"


def _holds(type_: str, came: str) -> bool:
    """True where a column of one type has the same figures as one of the other."""
    whole = type_ in _WHOLE and (came in _WHOLE or came.endswith(",0)"))
    decimals = type_.startswith("DECIMAL") and came.startswith("DECIMAL")
    same_scale = decimals and type_.rpartition(",")[2] == came.rpartition(",")[2]
    return type_ in (came, _BLANK) or whole or same_scale
