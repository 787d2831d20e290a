"""The SQL of the kit on Spark: what DuckDB and Spark read differently is written out, and what cannot be is refused.

The statements are written for DuckDB. sqlglot puts them into Spark's words, which is not enough: it writes an exact
quantile as an approximate one without a word, and some words mean something else. So there are two tables: `MENDS` says
for DuckDB's meaning what Spark must be told; `RULES` says what a statement must not hold. A function that stands in
neither and is not in `_SAME` is refused: nobody has compared it. tests/hazards.yaml compares expressions on both.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from course.errors import DataError
from course.language import Sentence


class Unlike(DataError):
    """What Spark would read differently."""

    def __init__(self, why: Sentence | str) -> None:
        super().__init__("Spark cannot be asked this: {why}.", why=why)


#: Functions that both engines read alike, by sqlglot's keys.
_SAME = frozenset(
    [
        "and",
        "or",
        "xor",
        "case",
        "if",
        "coalesce",
        "nullif",
        "cast",
        "trycast",
        "abs",
        "sign",
        "exp",
        "sqrt",
        "floor",
        "ceil",
        "greatest",
        "least",
        "round",
        "count",
        "sum",
        "min",
        "max",
        "avg",
        "median",
        "percentilecont",
        "logicaland",
        "logicalor",
        "rownumber",
        "rank",
        "denserank",
        "percentrank",
        "lag",
        "lead",
        "year",
        "month",
        "day",
        "hour",
        "minute",
        "datediff",
        "timestamptrunc",
        "length",
        "substring",
        "trim",
        "replace",
        "lower",
        "startswith",
        "regexplike",
        "regexpfullmatch",
        "regexpreplace",
        "regexpextract",
        "exists",
    ]
)
_WHOLE_NUMBERS = ("tinyint", "smallint", "int", "bigint")
#: What RE2 (DuckDB) and Java (Spark) read differently: any sign, classes and borders of words, flags, back references.
_OTHER_PATTERN = re.compile(r"(?<!\\)(\\\\)*(\.|\\[^\d.\\+*?()\[\]{}|^$\-/dD]|\\[1-9]|\(\?(?!:))")
_DOUBLE = exp.DataType.build("double")
_DATE = exp.DataType.build("date")
_TIME = exp.DataType.build("timestamp", dialect="duckdb")


@dataclass(frozen=True)
class Rule:
    """What a statement must not hold.

    Attributes
    ----------
    broken : true of a part of the tree that breaks the rule
    why : half a sentence, whose {part} is that part
    """

    broken: Callable[[exp.Expression], bool]
    why: Sentence


def _word(part: exp.Expression, argument: str) -> str:
    return part.text(argument)


def _unknown(part: exp.Expression) -> bool:
    if isinstance(part, exp.Anonymous):
        return True
    is_function = isinstance(part, exp.Func) and not isinstance(part, exp.Star)
    return is_function and part.key not in _SAME


def _rounds_unknown(part: exp.Expression) -> bool:
    """Digits that are no number as written."""
    return isinstance(part, exp.Round) and not part.args.get("decimals", exp.Literal.number(0)).is_int


def _guesses(part: exp.Expression) -> bool:
    """TRY_CAST of a text that only one engine takes for a number ("1.5d") or for a date ("2024")."""
    return isinstance(part, exp.TryCast) and not isinstance(part.this, exp.RegexpExtract)


def _counts_other_units(part: exp.Expression) -> bool:
    return isinstance(part, exp.DateDiff) and _word(part, "unit").lower() not in ("day", "microsecond")


def _replaces_first_only(part: exp.Expression) -> bool:
    return isinstance(part, exp.RegexpReplace) and "g" not in _word(part, "modifiers")


def _is_other_pattern(part: exp.Expression) -> bool:
    if not isinstance(part, exp.RegexpLike | exp.RegexpFullMatch | exp.RegexpReplace | exp.RegexpExtract):
        return False
    pattern = part.expression
    return not (isinstance(pattern, exp.Literal) and pattern.is_string) or bool(_OTHER_PATTERN.search(pattern.this))


def _changes_case(part: exp.Expression) -> bool:
    """lower() but to compare it with words: the two engines know different small letters of a few scripts."""
    compared = part.parent
    if not isinstance(part, exp.Lower):
        return False
    words = compared.expressions if isinstance(compared, exp.In) else [compared.args.get("expression")]
    return not (isinstance(compared, exp.In | exp.EQ | exp.NEQ) and all(isinstance(w, exp.Literal) for w in words))


def _escapes(part: exp.Expression) -> bool:
    return isinstance(part, exp.Like | exp.ILike) and "\\" in _word(part, "expression")


def _has_no_place(part: exp.Expression) -> bool:
    return isinstance(part, exp.Join) and _word(part, "method").upper() in ("POSITIONAL", "ASOF", "NATURAL")


def _limits_by_an_answer(part: exp.Expression) -> bool:
    return isinstance(part, exp.Limit) and not isinstance(
        part.expression, exp.Literal | exp.Parameter | exp.Placeholder
    )


def _is_approximate(part: exp.Expression) -> bool:
    return isinstance(part, exp.WithinGroup)


#: Each with the difference that it keeps out.
RULES = (
    Rule(_unknown, Sentence("nobody has compared {part} on both engines")),
    Rule(_has_no_place, Sentence("{part}: rows have no place on a cluster; join by a number of their own")),
    Rule(_limits_by_an_answer, Sentence("{part}: so many rows as another answer says; write the number")),
    Rule(_is_approximate, Sentence("{part} would become approximate; write quantile_cont(x, q)")),
    Rule(_rounds_unknown, Sentence("{part}: write the number of digits")),
    Rule(
        _guesses,
        Sentence("{part}: the engines take other texts for numbers and dates; cut out the digits by regexp_extract"),
    ),
    Rule(_counts_other_units, Sentence("{part}: one engine counts borders, the other whole units; count days")),
    Rule(_replaces_first_only, Sentence("{part} replaces the first on one engine and all on the other; write 'g'")),
    Rule(_is_other_pattern, Sentence("{part}: the two engines may read this pattern differently")),
    Rule(_changes_case, Sentence("{part}: compare lower(…) with words, and only that")),
    Rule(_escapes, Sentence("{part}: a backslash is a sign on one engine and an escape on the other")),
)


def lint(tree: exp.Expression) -> list[Sentence]:
    """What in a statement Spark would read differently: a sentence for each part; empty where nothing does."""
    return [
        Sentence(rule.why.message, part=part.sql(dialect="duckdb")[:80])
        for part in tree.walk()
        for rule in RULES
        if rule.broken(part)
    ]


# --- what is written out ---------------------------------------------------------------------------------------------


def _as_double(part: exp.Literal) -> exp.Expression | None:
    """0.5 is a DECIMAL to both; Spark's quotients and means of those keep five digits."""
    is_fraction = not part.is_string and re.search("[.e]", part.this, re.IGNORECASE)
    return exp.cast(part.copy(), _DOUBLE) if is_fraction and not isinstance(part.parent, exp.Cast) else None


def _as_percentile(part: exp.PercentileCont) -> exp.Expression:
    """`percentile` is the exact one; sqlglot has only one that needs another syntax, and one that is approximate."""
    return exp.Anonymous(this="percentile", expressions=[part.this, part.expression])


def _as_doubles(part: exp.Div) -> exp.Expression:
    """DuckDB divides doubles, whatever stands above and below the line; Spark divides decimals to six digits."""
    return exp.Div(this=exp.cast(part.this, _DOUBLE), expression=exp.cast(part.expression, _DOUBLE))


def _of_doubles(part: exp.Avg) -> exp.Expression | None:
    return exp.Avg(this=exp.cast(part.this, _DOUBLE))


def _as_days(part: exp.DateDiff) -> exp.Expression | None:
    """DuckDB counts the midnights between two times, Spark whole days: between dates it is the same."""
    if _word(part, "unit").lower() != "day":
        return None
    later, earlier = exp.cast(part.this, _DATE), exp.cast(part.expression, _DATE)
    return exp.DateDiff(this=later, expression=earlier, unit=part.args["unit"])


def _as_powers_of_ten(part: exp.Round) -> exp.Expression | None:
    """DuckDB rounds x · 10ⁿ, Spark the shortest decimal that x is written as: 0.285 becomes 0.28 and 0.29."""
    digits = part.args.get("decimals")
    if digits is None:
        return None
    power = exp.cast(exp.Literal.number(10 ** int(digits.name)), _DOUBLE)
    scaled = exp.Mul(this=exp.cast(part.this, _DOUBLE), expression=power)
    return exp.Paren(this=exp.Div(this=exp.Round(this=scaled), expression=power.copy()))


def _as_time(part: exp.Add | exp.Sub) -> exp.Expression | None:
    """A date and an interval make a time in DuckDB, a date in Spark."""
    if not isinstance(part.expression, exp.Interval):
        return None
    return type(part)(this=exp.cast(part.this, _TIME), expression=part.expression)


def _as_plain_time(part: exp.TimestampTrunc) -> exp.Expression:
    """Spark's date_trunc gives a time of a zone."""
    return exp.cast(part.copy(), _TIME)


def _as_full_match(part: exp.RegexpFullMatch) -> exp.Expression:
    return exp.RegexpLike(this=part.this, expression=exp.Literal.string(f"^(?:{part.expression.this})$"))


def _to_the_very_end(part: exp.RegexpLike) -> exp.Expression | None:
    """Java's $ holds before a last line feed too."""
    ended = re.sub(r"(?<!\\)\$", r"\\z", part.expression.this)
    return exp.RegexpLike(this=part.this, expression=exp.Literal.string(ended))


def _by_type(part: exp.Cast) -> exp.Expression | None:
    """To whole numbers DuckDB rounds (a double to even) and Spark cuts off. A double becomes another text ("1.0E7"): it
    is refused when one is met. What type a cell has only Spark knows, when it is asked."""
    given, kind = part.this, part.to.this.value.lower()
    if isinstance(given, exp.Null | exp.Literal | exp.Boolean):
        return None
    is_double = "typeof({x}) IN ('double', 'float')"
    if kind in _WHOLE_NUMBERS:
        form = (
            f"CASE WHEN {is_double} THEN CAST(rint(CAST({{x}} AS DOUBLE)) AS {{to}}) "
            "WHEN typeof({x}) LIKE 'decimal%' THEN CAST(round({x}, 0) AS {to}) ELSE CAST({x} AS {to}) END"
        )
    elif part.to.is_type(*exp.DataType.TEXT_TYPES):
        form = (
            f"CASE WHEN {{x}} IS NOT NULL AND ({is_double} OR typeof({{x}}) LIKE 'decimal%') "
            "THEN raise_error('a number with a fraction was to become text') ELSE CAST({x} AS STRING) END"
        )
    else:
        return None
    x, to = given.sql(dialect="spark"), part.to.sql(dialect="spark")
    return sqlglot.parse_one(form.format(x=x, to=to), read="spark")


#: What is said to Spark in place of a part, so that it does what DuckDB does: one kind after the other, in this order.
MENDS: tuple[tuple[type[exp.Expression], Callable[[exp.Expression], exp.Expression | None]], ...] = (
    (exp.PercentileCont, _as_percentile),
    (exp.DateDiff, _as_days),
    (exp.Add, _as_time),
    (exp.Sub, _as_time),
    (exp.TimestampTrunc, _as_plain_time),
    (exp.Div, _as_doubles),
    (exp.Avg, _of_doubles),
    (exp.Round, _as_powers_of_ten),
    (exp.RegexpFullMatch, _as_full_match),
    (exp.RegexpLike, _to_the_very_end),
    (exp.Literal, _as_double),
    (exp.Cast, _by_type),
)


def mend(tree: exp.Expression) -> exp.Expression:
    """The statement as Spark must be told it; the tree itself is changed."""
    for kind, how in MENDS:
        for part in reversed(list(tree.bfs())):  # what stands inside comes first
            if type(part) is kind and (other := how(part)) is not None:
                part.replace(other)
    return tree


def parse(sql: str) -> exp.Expression:
    """The tree of one statement of DuckDB.

    Raises
    ------
    Unlike : sqlglot cannot read it.
    """
    try:
        return sqlglot.parse_one(sql, read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise Unlike(str(error).splitlines()[0].rstrip(".")) from None


def spark(sql: str) -> str:
    """A statement of DuckDB in Spark's words; $name becomes :name.

    Raises
    ------
    Unlike : it holds something that Spark would read differently.
    """
    tree = parse(sql)
    if found := lint(tree):
        raise Unlike(found[0])
    return mend(tree).sql(dialect="spark")
