"""The same statements on Spark: tables go there as Parquet, answers come back as Arrow, of the types DuckDB gives them.

    with spark.session("spark://127.0.0.1:7077") as engine:
        engine.query("SELECT count(*) AS n FROM orders", {"orders": orders})

What Spark is asked goes through `dialect`; what type each column of the answer has DuckDB says, asked the same of tables
without a row. An answer of other types is not taken: there the engines calculate differently. Such a statement, and one
that `dialect` refuses, is DuckDB's to answer.
"""

import contextlib
import itertools
import os
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from course import engine
from course.engine import dialect
from course.errors import DataError
from course.language import Sentence

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

#: Spark on this machine alone.
LOCAL = "local[2]"
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
#: By DuckDB's name of a type, what Spark may give in its place: whole numbers of any width hold the same.
_WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"}


class Spark:
    """A session of Spark that answers what `engine.query` is asked.

    Parameters
    ----------
    spark : the session, one of one's own too.
    folder : where tables are put for Spark to read; a cluster of several machines must see it under the same path.

    Attributes
    ----------
    answered, left : how many statements Spark answered, and how many were left to DuckDB

    Raises
    ------
    DataError : the session's zone is not UTC, or it forgives errors (ANSI mode is off).
    """

    def __init__(self, spark: "SparkSession", folder: str | Path) -> None:
        zone = spark.conf.get("spark.sql.session.timeZone")
        if zone not in ("UTC", "Etc/UTC"):
            raise DataError("This session of Spark is in the zone {zone}. Days are those of UTC: set it.", zone=zone)
        if spark.conf.get("spark.sql.ansi.enabled") != "true":
            raise DataError("This session of Spark forgives errors. Set spark.sql.ansi.enabled to true.")
        self.spark, self.folder = spark, Path(folder).resolve()
        self._numbers = itertools.count(1)
        self.answered = self.left = 0

    def query(self, sql: str, tables: Mapping[str, pd.DataFrame], **values: object) -> pd.DataFrame:
        """The answer to one SELECT over tables: Spark's, or DuckDB's where Spark would read something differently."""
        try:
            answer = self.ask(sql, tables, **values)
        except dialect.Unlike:
            self.left += 1
            return engine.here(sql, tables, **values)
        self.answered += 1
        return answer

    def ask(self, sql: str, tables: Mapping[str, pd.DataFrame], **values: object) -> pd.DataFrame:
        """Spark's answer, equal to DuckDB's; without an ORDER BY in another order.

        Raises
        ------
        Unlike : Spark would read something differently, or calculate in other types.
        DataError : Spark cannot do it: a division by zero, a number beyond 63 bits, no worker left.
        """
        bound = {name: engine._plain(value) for name, value in values.items()}
        given = {name: _arrow(frame) for name, frame in tables.items()}
        text, types = dialect.spark(sql), _types(sql, given, bound)
        with self._views(given):
            return _of_types(self._asked(text, bound), types)

    def _asked(self, sql: str, bound: Mapping[str, object]) -> pa.Table:
        from pyspark.errors import PySparkException

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # PySpark's, of pandas, which is not asked for
                return self.spark.sql(sql, args=dict(bound)).toArrow()
        except PySparkException as error:
            raise DataError("Spark says: {why}", why=(str(error).splitlines() or [""])[0]) from error

    @contextlib.contextmanager
    def _views(self, tables: Mapping[str, pa.Table]) -> Iterator[None]:
        files = {name: self.folder / f"{next(self._numbers)}.parquet" for name in tables}
        try:
            for name, file in files.items():
                pq.write_table(tables[name], file)
                self.spark.read.parquet(file.as_uri()).createOrReplaceTempView(f"`{name}`")
            yield
        finally:
            for name, file in files.items():
                self.spark.catalog.dropTempView(name)
                file.unlink(missing_ok=True)


@contextlib.contextmanager
def session(master: str | None = None, folder: str | Path | None = None, **settings: str) -> Iterator[Spark]:
    """Spark for as long as the block lasts; it ends with it.

    Parameters
    ----------
    master : spark://host:port of a cluster; default: this machine alone. Where it is on this machine, Spark listens on
        loopback only; elsewhere the workers must reach this machine, and Spark's own settings say how.
    folder : the folder in which tables are put for Spark; default: the system's for temporary files.
    settings : further ones of Spark, dots written as two underscores.

    Raises
    ------
    DataError : there is no Spark or no Java, or the master does not answer.
    """
    own = Path(tempfile.mkdtemp(prefix="course-spark-", dir=folder))
    own.chmod(0o755)  # workers may be another user
    try:
        spark = _started(master or LOCAL, own, {k.replace("__", "."): v for k, v in settings.items()})
        try:
            yield Spark(spark, own)
        finally:
            spark.stop()
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _started(master: str, folder: Path, settings: Mapping[str, str]) -> "SparkSession":
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError:
        raise DataError("There is no Spark here. Install it: pip install 'customer-portrait-course[spark]'.") from None
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise DataError("Spark needs Java 17 or newer. On Debian or Ubuntu: apt install openjdk-17-jre-headless.")
    wanted = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "true",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "OFF",
        "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
        "spark.local.dir": str(folder),
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


def _arrow(frame: pd.DataFrame) -> pa.Table:
    """A frame as DuckDB reads it: both engines are asked of the same cells."""
    with engine.connect() as connection:
        connection.register("frame", engine._readable(frame))
        return connection.sql("SELECT * FROM frame").to_arrow_table()


def _types(sql: str, tables: Mapping[str, pa.Table], bound: Mapping[str, object]) -> dict[str, str]:
    """{column: DuckDB's type} of an answer; duckdb.Error where DuckDB would not answer at all."""
    with engine.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table.slice(0, 0))
        described = connection.execute(f"DESCRIBE ({sql}\n)", dict(bound)).fetchall()
    return {row[0]: row[1] for row in described}


def _of_types(answer: pa.Table, types: Mapping[str, str]) -> pd.DataFrame:
    answer = answer.rename_columns(list(types))
    with engine.connect() as connection:
        connection.register("answer", answer)
        came = {row[0]: row[1] for row in connection.execute("DESCRIBE answer").fetchall()}
        for column, type_ in types.items():
            if not _holds(type_, came[column]):
                kinds = {"came": came[column], "type": type_}
                raise dialect.Unlike(
                    Sentence("it calculates {column} as {came}, DuckDB as {type}", column=column, **kinds)
                )
        names = {column: '"' + column.replace('"', '""') + '"' for column in types}
        listed = ", ".join(f"CAST({names[column]} AS {type_}) AS {names[column]}" for column, type_ in types.items())
        return connection.execute(f"SELECT {listed} FROM answer").df()


def _holds(type_: str, came: str) -> bool:
    whole = type_ in _WHOLE and (came in _WHOLE or came.endswith(",0)"))
    decimals = type_.startswith("DECIMAL") and came.startswith("DECIMAL")
    same_scale = decimals and type_.rpartition(",")[2] == came.rpartition(",")[2]
    return type_ == came or whole or same_scale or '"NULL"' in (type_, came)
