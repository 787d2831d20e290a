"""Fellegi–Sunter: how much each agreement and disagreement says, by hand for one pair and by Splink for a table.

The weight of a pair is log2(λ/(1−λ)) + Σ log2(m/u) over what agrees + Σ log2((1−m)/(1−u)) over what disagrees, with λ
the share of pairs that are one person, m the chance that a field agrees among these, u among all others (Fellegi &
Sunter 1969). Splink gives a field several levels of agreement, learns u from random pairs and m by expectation
maximisation, and makes a common name weigh less than a rare one. The same settings run on Spark by its SparkAPI.

The u come from all random pairs, those of one person included: a key's weight then about cancels the prior, so that no
single key makes a person of two records. DuckDB measures distances in bytes: a Chinese character is three.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import duckdb
import numpy as np
import pandas as pd
from scipy.special import expit

from course.errors import DataError

#: A value held by more records than this brings no pairs by itself, only together with a second field.
BLOCK = 50
#: Below so many records the u are not learned: most pairs that agree would be the duplicates themselves.
RECORDS_TO_LEARN_U = 200
#: Below so many certain pairs there is nothing to learn the m from.
PAIRS_TO_LEARN_M = 30
#: The share of pairs that are one person where it cannot be told from the table.
PRIOR = 0.001
#: What share of the pairs of one person agree on a key or on name and birth date to the letter.
_CERTAIN_SHARE = 0.7
_PAIRS_FOR_U = 5e5
_PAIRS_FOR_M = 5e5
_SESSIONS = 3
_LEAST_M = 0.001


class Judgement(NamedTuple):
    """What a pair's evidence says: `weight` in bits, `probability` that both records are one person."""

    weight: float
    probability: float


def fellegi_sunter(
    prior: float, m: Sequence[float], u: Sequence[float], agrees: Sequence[bool | None] | None = None
) -> Judgement:
    """Weight and probability of one pair.

    Parameters
    ----------
    prior : λ, share of all pairs that are one person, between 0 and 1.
    m, u : one figure a field, between 0 and 1: how often it agrees in pairs of one person and in other pairs.
    agrees : one a field: True, False, or None where it cannot be compared. Default: everything agrees.

    Raises
    ------
    DataError : lengths differ, or a figure is not between 0 and 1.
    """
    agrees = [True] * len(m) if agrees is None else agrees
    if not len(m) == len(u) == len(agrees):
        raise DataError(
            "m, u and agrees need one value a field: they have {m}, {u} and {agrees}.",
            m=len(m),
            u=len(u),
            agrees=len(agrees),
        )
    if not all(0 < p < 1 for p in (prior, *m, *u)):
        raise DataError("The prior, m and u are probabilities: each lies between 0 and 1.")
    weight = np.log2(prior / (1 - prior))
    for m_i, u_i, agree in zip(m, u, agrees, strict=True):
        if agree is not None:
            weight += np.log2(m_i / u_i) if agree else np.log2((1 - m_i) / (1 - u_i))
    return Judgement(float(weight), float(expit(weight * np.log(2))))


# --- the model -------------------------------------------------------------------------------------------------------


def within(column: str, edits: int) -> str:
    """SQL: whether the values of a pair are at most so many edits apart.

    Of edits + 1 pieces of the left value one then stands in the right one as it is: at its start, its end, or between.
    Looking for them costs a tenth of the distance, and random pairs hardly ever have one.
    """
    left, right, size = f"{column}_l", f"{column}_r", f"(length({column}_l) // {edits + 1})"
    pieces = [
        f"starts_with({right}, left({left}, {size}))",
        *(f"contains({right}, substr({left}, {i} * {size} + 1, {size}))" for i in range(1, edits)),
        f"ends_with({right}, substr({left}, {edits} * {size} + 1))",
    ]
    return f"({' OR '.join(pieces)}) AND levenshtein({left}, {right}) <= {edits}"


def alike(column: str, least: float) -> str:
    """SQL: whether the values of a pair have at least this Jaro–Winkler similarity."""
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {least}"


#: Levels of agreement a role, from the best, as ("exact", m, u) or (condition, its bound, m, u); what remains is "all
#: else". The figures are assumptions of a usual size (most of a person's records agree, few other pairs do): EM starts
#: from them, and they stand where a table is too small to learn from.
_LEVELS = {
    "name": [("exact", 0.85, 0.002), (alike, 0.92, 0.07, 0.002), (alike, 0.8, 0.04, 0.02)],
    "surname": [("exact", 0.85, 0.01), (alike, 0.92, 0.08, 0.002), (alike, 0.8, 0.03, 0.02)],
    "phone": [("exact", 0.8, 1e-5), (within, 1, 0.05, 1e-5)],
    "email": [("exact", 0.8, 1e-5), (within, 2, 0.05, 1e-5)],
    "key": [("exact", 0.9, 1e-5), (within, 2, 0.07, 1e-5)],
    "date": [("exact", 0.9, 1e-4), (within, 1, 0.06, 0.003), (within, 2, 0.01, 0.03)],
    "address": [("exact", 0.6, 1e-4), (alike, 0.95, 0.2, 1e-4), (alike, 0.88, 0.05, 0.005)],
    "place": [("exact", 0.75, 0.01), (alike, 0.95, 0.1, 0.005), (alike, 0.88, 0.05, 0.01)],
    "code": [("exact", 0.85, 0.01), (within, 1, 0.08, 0.02)],
    "gender": [("exact", 0.97, 0.5)],
    "category": [("exact", 0.95, 0.3)],
}
#: Roles whose frequent values say less than their rare ones.
_BY_FREQUENCY = ("name", "surname")
#: Roles that may bring a pair together: the others have too few values.
_BLOCKING = ("name", "surname", "phone", "email", "key", "date", "address", "place")


def _comparison(column: str, role: str, learned: bool) -> object:
    import splink.comparison_level_library as levels
    import splink.comparison_library as comparisons

    made = [levels.NullLevel(column)]
    left_m = left_u = 1.0
    for condition, *given, m, u in _LEVELS[role]:
        if condition == "exact":
            # In a small table every name looks frequent.
            level = levels.ExactMatchLevel(column, term_frequency_adjustments=learned and role in _BY_FREQUENCY)
        else:
            level = levels.CustomLevel(condition(column, *given))
        made.append(level.configure(m_probability=m, u_probability=u))
        left_m, left_u = left_m - m, left_u - u
    made.append(levels.ElseLevel().configure(m_probability=left_m, u_probability=left_u))
    return comparisons.CustomComparison(made, output_column_name=column)


def block(connection: duckdb.DuckDBPyConnection, roles: dict[str, str]) -> list[str]:
    """Add to table `people` the columns on which two records meet: a field each, and pairs of names and dates.

    A value held by more than BLOCK records is left out, so the pairs grow with the records and not with their square.

    Returns
    -------
    names of the columns added
    """
    if not any(role in _BLOCKING for role in roles.values()):
        return []
    alone = [c for c, role in roles.items() if role in _BLOCKING]
    personal = [c for c in alone if roles[c] in ("name", "surname", "date")]
    together = [(a, b) for i, a in enumerate(personal) for b in personal[i + 1 :]]
    made = {f"b_{c}": c for c in alone} | {f"b_{a}_{b}": f"{a} || '|' || {b}" for a, b in together}
    values = ", ".join(f"{sql} AS {name}" for name, sql in made.items())
    kept = ", ".join(
        f"CASE WHEN count({n}) OVER (PARTITION BY {n}) BETWEEN 2 AND {BLOCK} THEN {n} END AS {n}" for n in made
    )
    connection.execute(f"""
        CREATE OR REPLACE TABLE people AS
        WITH valued AS (SELECT *, {values} FROM people)
        SELECT * EXCLUDE ({", ".join(made)}), {kept} FROM valued ORDER BY record
    """)
    return list(made)


class Scored(NamedTuple):
    """Pairs at or above a threshold, and how they were scored.

    `pairs`: left, right (record numbers, left < right), weight (bits), probability; `compared`: how many pairs were
    looked at; `learned_u`, `learned_m`: from the table or fixed; `prior`: share of pairs that are one person; `exact`:
    {column: (m, u)} of exact agreement.
    """

    pairs: pd.DataFrame
    compared: int
    learned_u: bool
    learned_m: bool
    prior: float
    exact: dict[str, tuple[float, float]]


def score(
    connection: duckdb.DuckDBPyConnection,
    roles: dict[str, str],
    blocks: list[str],
    certain: int,
    threshold: float,
    random_state: int,
) -> Scored:
    """Score the pairs of table `people` that meet in a block.

    Parameters
    ----------
    connection : DuckDB with table `people`: record (int, 0 … n−1), the columns of `roles` and of `blocks` (texts).
    roles : column → role.
    blocks : what `block` gave.
    certain : pairs that agree on a key or on name and birth date to the letter.
    threshold : lowest probability to return.
    random_state : seed of the random pairs from which the u are learned.
    """
    if not blocks or not _meetings(connection, blocks):
        numbers = pd.Series(dtype="int64")
        none = pd.DataFrame({"left": numbers, "right": numbers, "weight": 0.0, "probability": 0.0})
        assumed = {c: _LEVELS[role][0][1:] for c, role in roles.items()}
        return Scored(none, 0, False, False, PRIOR, assumed)
    (records,) = connection.execute("SELECT count(*) FROM people").fetchall()[0]
    learn_u = records >= RECORDS_TO_LEARN_U
    sessions = _sessions(connection, roles) if learn_u and certain >= PAIRS_TO_LEARN_M else []
    total = records * (records - 1) / 2
    prior = min(max(certain, 1) / _CERTAIN_SHARE / total, 0.5) if learn_u else PRIOR
    with _quiet_splink():
        from splink import DuckDBAPI, Linker, SettingsCreator, block_on

        settings = SettingsCreator(
            link_type="dedupe_only",
            unique_id_column_name="record",
            probability_two_random_records_match=prior,
            comparisons=[_comparison(c, role, learn_u) for c, role in roles.items()],
            blocking_rules_to_generate_predictions=[block_on(b) for b in blocks],
            retain_matching_columns=False,
        )
        table = DuckDBAPI(connection=connection).register("people", dataset_display_name="people")
        linker = Linker(table, settings, log_level=None)
        if learn_u:
            # All pairs at once: with so few, ten chunks are ten times the queries.
            linker.training.estimate_u_using_random_sampling(
                max_pairs=_PAIRS_FOR_U, seed=random_state, min_count_per_level=None, num_chunks=1
            )
        learned_m = False
        for column in sessions:
            before = linker.misc.save_model_to_json()
            if _train(linker, column):
                learned_m = True
            else:  # a session that breaks off leaves its linker changed
                linker = Linker(table, before, log_level=None)
        model = tempered(linker.misc.save_model_to_json())
        linker = Linker(table, model, log_level=None)
        predicted = linker.inference.predict(warning_mode="never").physical_name
    compared, pairs = _above(connection, predicted, threshold)
    return Scored(pairs, compared, learn_u, learned_m, prior, _of_exact(model))


def _of_exact(model: dict) -> dict[str, tuple[float, float]]:
    """{column: (m, u)} of its best level, which stands behind the one for blanks."""
    best = {c["output_column_name"]: c["comparison_levels"][1] for c in model["comparisons"]}
    return {c: (level["m_probability"], level["u_probability"]) for c, level in best.items()}


def of_a_copy(roles: dict[str, str], scored: Scored) -> tuple[str, str]:
    """Two SQL expressions over a row of `people`: the weight in bits of a pair of this record and a copy of it, and
    whether the two would meet in a block. A frequent name weighs less than a rare one, as in the model."""
    weight = [str(float(np.log2(scored.prior / (1 - scored.prior))))]
    for column, (m, u) in scored.exact.items():
        often = str(u)
        if scored.learned_u and roles[column] in _BY_FREQUENCY:
            often = f"((count({column}) OVER (PARTITION BY {column}) + 1) / (count({column}) OVER () + 1))"
        weight.append(f"CASE WHEN {column} IS NULL THEN 0 ELSE log2({m} / {often}) END")
    meets = [
        f"({c} IS NOT NULL AND count({c}) OVER (PARTITION BY {c}) < {BLOCK})"
        for c, role in roles.items()
        if role in _BLOCKING
    ]
    return " + ".join(weight), f"({' OR '.join(meets)})" if meets else "false"


def _train(linker: object, column: str) -> bool:
    """Learn the m from pairs that agree on `column`; False where EM breaks down and nothing is learned from them."""
    from splink import block_on
    from splink.internals.exceptions import EMTrainingException

    try:
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(column), estimate_without_term_frequencies=True, max_pairs=_PAIRS_FOR_M
        )
    except (ValueError, EMTrainingException):  # an m below what a float can hold; no pairs
        return False
    return True


def tempered(model: dict) -> dict:
    """The model with no m below _LEAST_M: that nobody erred in these pairs does not mean that nobody errs."""
    for comparison in model["comparisons"]:
        for level in comparison["comparison_levels"]:
            if "m_probability" in level:
                level["m_probability"] = max(level["m_probability"], _LEAST_M)
    return model


def _above(connection: duckdb.DuckDBPyConnection, predicted: str, threshold: float) -> tuple[int, pd.DataFrame]:
    (compared,) = connection.execute(f"SELECT count(*) FROM {predicted}").fetchall()[0]
    # Sums in another order differ in the last digits: to the millionth they are the same.
    pairs = connection.execute(
        f"""
        SELECT least(record_l, record_r) AS "left", greatest(record_l, record_r) AS "right",
            round(match_weight, 6) AS weight, round(match_probability, 9) AS probability
        FROM {predicted} WHERE round(match_probability, 9) >= $threshold ORDER BY 1, 2
        """,
        {"threshold": threshold},
    ).df()
    return compared, pairs


def _meetings(connection: duckdb.DuckDBPyConnection, blocks: list[str]) -> int:
    return sum(connection.execute(f"SELECT {', '.join(f'count({b})' for b in blocks)} FROM people").fetchall()[0])


def _sessions(connection: duckdb.DuckDBPyConnection, roles: dict[str, str]) -> list[str]:
    """Columns to hold equal while the m of the others are learned: those whose values are shared least often.

    Among pairs that share a birth date or a rare street many are one person and many are not: what EM needs.
    """
    pairs = {}
    for column in (c for c, role in roles.items() if role in _BLOCKING):
        (pairs[column],) = connection.execute(
            f"SELECT coalesce(sum(n * (n - 1) // 2), 0) FROM (SELECT count(*) AS n FROM people "
            f"WHERE {column} IS NOT NULL GROUP BY {column})"
        ).fetchall()[0]
    return sorted((c for c, n in pairs.items() if n >= PAIRS_TO_LEARN_M), key=lambda c: (pairs[c], c))[:_SESSIONS]


@contextmanager
def _quiet_splink() -> Iterator[None]:
    """Splink reports by logging; here its figures are in the result and its warnings are answered by fixed values."""
    logger = logging.getLogger("splink")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
