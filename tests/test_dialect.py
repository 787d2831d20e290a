"""The dialect without Spark: what is refused, what is written out, and that the package's SQL breaks no rule."""

import pytest

from course.engine import dialect
from tests import statements

#: Statements that Spark is not asked: they stay DuckDB's, wherever the run is.
LEFT = {
    "clean.py": "rows joined by their place",
    "clean_stored.py": "rows joined by their place, while cleaning",
    "clv/scoring.py": "the power of a discount: a row a forecast, from a row a day",
    "clv/worth.py": "the months of a cohort, of a lesson",
    "collect/databases.py": "other databases' SQL",
    "collect/plain.py": "whether anything would be asked, while reading",
    "collect/events.py": "a text made of a time, while reading",
    "collect/guards/level.py": "the first amount of an order, while reading",
    "engine/__init__.py": "the files of relations, which Spark reads itself",
    "engine/expressions.py": "DuckDB's own lists",
    "identity/persons.py": "Splink's tables, a database of its own",
    "report/cells.py": "the workbook's cells",
}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT mode(x) FROM t",
        "SELECT list(x) FROM t",
        "SELECT string_agg(x, ',' ORDER BY x) FROM t",
        "SELECT arg_max(x, y) FROM t",
        "SELECT hash(x) FROM t",
        "SELECT isodow(x) FROM t",
        "SELECT upper(x) FROM t",
        "SELECT approx_count_distinct(x) FROM t",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY x) FROM t",
        "SELECT date_diff('month', a, b) FROM t",
        "SELECT date_diff('hour', a, b) FROM t",
        "SELECT regexp_replace(x, '[0-9]', '-') FROM t",
        r"SELECT regexp_matches(x, '\s') FROM t",
        "SELECT regexp_matches(x, '(?i)vip') FROM t",
        "SELECT regexp_matches(x, 'a.c') FROM t",
        "SELECT regexp_matches(x, y) FROM t",
        "SELECT lower(x) FROM t",
        "SELECT lower(x) = y FROM t",
        r"SELECT x LIKE 'a\_b' FROM t",
        "SELECT * FROM a POSITIONAL JOIN b",
        "SELECT * FROM a ASOF JOIN b ON a.t >= b.t",
        "SELECT TRY_CAST(x AS DATE) FROM t",
        "SELECT round(x, y) FROM t",
        "SELECT x FROM t WHERE",
    ],
)
def test_what_spark_would_read_differently_is_refused(sql):
    with pytest.raises(dialect.Unlike):
        dialect.spark(sql)


@pytest.mark.parametrize(
    ("duckdb", "spark"),
    [
        ("quantile_cont(x, 1)", "PERCENTILE(x, 1)"),
        ("0.5", "CAST(0.5 AS DOUBLE)"),
        ("CAST(0.5 AS DECIMAL(9, 2))", "CAST(0.5 AS DECIMAL(9, 2))"),
        ("a / b", "CAST(a AS DOUBLE) / CAST(b AS DOUBLE)"),
        ("avg(a)", "AVG(CAST(a AS DOUBLE))"),
        ("date_diff('day', a, b)", "DATEDIFF(DAY, CAST(a AS DATE), CAST(b AS DATE))"),
        ("regexp_full_match(x, '[0-9]{7,}')", r"x RLIKE '^(?:[0-9]{7,})\\z'"),
        ("regexp_matches(x, '^C')", "x RLIKE '^C'"),
        ("round(a)", "ROUND(a)"),
        ("round(a, 2)", "(ROUND(CAST(a AS DOUBLE) * CAST(100 AS DOUBLE)) / CAST(100 AS DOUBLE))"),
        ("d + INTERVAL 1 DAY", "CAST(d AS TIMESTAMP_NTZ) + INTERVAL '1' DAY"),
        ("$as_of", ":as_of"),
    ],
)
def test_what_differs_is_written_out(duckdb, spark):
    assert dialect.spark(f"SELECT {duckdb} AS v FROM t") == f"SELECT {spark} AS v FROM t"


def test_what_stands_inside_is_mended_too():
    inside = dialect.spark("SELECT round(round(a / 0.5, 2), 6) FROM t")
    assert inside.count("ROUND(") == 2
    assert "CAST(a AS DOUBLE) / CAST(0.5 AS DOUBLE)" in inside
    assert "* CAST(100 AS DOUBLE)" in inside and "* CAST(1000000 AS DOUBLE)" in inside


def test_a_sentence_says_which_part_and_why():
    (said,) = dialect.lint(dialect.parse("SELECT mode(stage) FROM t"))
    assert said.say() == "nobody has compared MODE(stage) on both engines"


def test_no_statement_of_the_package_breaks_a_rule_but_those_named():
    broken = set()
    for place, text in statements.written():
        if (tree := _tree(text)) is not None and dialect.lint(tree):
            broken.add(place.partition(":")[0])
    assert broken == set(LEFT)


def test_no_rule_tag_or_action_breaks_a_rule():
    found = list(statements.conditions())
    assert len(found) > 60
    broken = {place: why for place, sql in found if (why := dialect.lint(dialect.parse(f"SELECT ({sql}\n) FROM t")))}
    assert broken == {}


def _tree(text):
    for sql in statements.filled(text):
        try:
            return dialect.parse(sql)
        except dialect.Unlike:
            continue
    return None
