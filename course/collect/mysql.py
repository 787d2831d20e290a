"""One SELECT on a MySQL or MariaDB server, into a Parquet file: a program of its own.

connectorx tries a refused password again for half a minute, writes its log to the error stream and panics where a
connection ends: none of that reaches the reader when another process, `course.collect.databases`, has the error stream
and may end this one.

On its input: one line of JSON with `url`, `sql`, `path` and `marks` (metadata for each column, or null). It imports
nothing of the course and starts at once.
"""

import json
import sys


def main() -> None:
    """Stream the answer of `sql` to the Parquet file at `path`, in a transaction that cannot write."""
    import connectorx
    import pyarrow as pa
    import pyarrow.parquet as pq

    asked = json.loads(sys.stdin.readline())
    answer = connectorx.read_sql(
        asked["url"],
        asked["sql"],
        return_type="arrow_stream",
        protocol="binary",  # prepared, where the text protocol would try the query before the transaction begins
        batch_size=20_000,
        pre_execution_query="START TRANSACTION READ ONLY",
    )
    marks = asked["marks"] or [None] * len(answer.schema)
    schema = pa.schema(field.with_metadata(mark) for field, mark in zip(answer.schema, marks, strict=True))
    with pq.ParquetWriter(asked["path"], schema) as spool:
        for batch in answer:
            spool.write_batch(pa.RecordBatch.from_arrays(batch.columns, schema=schema))


if __name__ == "__main__":
    main()
