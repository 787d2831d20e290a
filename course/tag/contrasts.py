"""How each group of a table differs from everybody, of all groups at once: no group of a few people is told."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from course.engine import query
from course.few import HIDDEN_BELOW, told_crossed
from course.intervals import part_against_rest, q_values
from course.tag.audiences import tgi

#: Values of a column that are told apart, the most common ones of everybody; the others are one.
MOST_VALUES = 12
#: What is called more or less frequent is so by a fifth at least: a difference that is sure may still be useless.
MORE, LESS = 120, 80
#: False discoveries among what is called so.
_RATE = 0.05

_CELLS = """
    WITH long AS ({long}),
    ranked AS (
        SELECT "column", value, count(*) AS in_base, sum(count(*)) OVER of_column AS base,
            row_number() OVER by_size AS rank, sum(count(*)) OVER by_size AS so_far
        FROM long GROUP BY "column", value
        WINDOW of_column AS (PARTITION BY "column"), by_size AS (PARTITION BY "column" ORDER BY count(*) DESC, value)
    ), cut AS (
        -- What is left over is nobody, or enough people to be told.
        SELECT "column", max(rank) AS last FROM ranked
        WHERE rank <= $most AND in_base >= $few AND (so_far = base OR base - so_far >= $few) GROUP BY "column"
    ), named AS (
        SELECT long."column", long."group", least(rank, last + 1) AS rank,
            CASE WHEN rank <= last THEN value END AS value
        FROM long JOIN ranked USING ("column", value) JOIN cut USING ("column")
    ), values_ AS (
        SELECT "column", rank, value, count(*) AS in_base FROM named GROUP BY "column", rank, value
    ), groups AS (SELECT DISTINCT "column", "group" FROM named),
    counts AS (SELECT "column", "group", rank, count(*) AS in_group FROM named GROUP BY "column", "group", rank)
    SELECT "group", "column", value, rank, coalesce(in_group, 0) AS in_group, in_base,
        sum(coalesce(in_group, 0)) OVER (PARTITION BY "column", "group") AS "of",
        sum(coalesce(in_group, 0)) OVER (PARTITION BY "column") AS base
    FROM values_ JOIN groups USING ("column") LEFT JOIN counts USING ("column", "group", rank)
    ORDER BY "column", "group", rank
"""


def contrasts(features: pd.DataFrame, by: str, columns: Sequence[str]) -> pd.DataFrame:
    """How the groups differ from everybody, value by value; TGI and interval as `profile` has them.

    A cell of fewer than HIDDEN_BELOW customers is blank, and so are those from which it could be reckoned (course.few);
    nobody is 0. p is of the test of the group against all others (intervals.part_against_rest), q adjusts it for all
    cells of all groups together (Benjamini and Hochberg 1995).

    Parameters
    ----------
    features : one row a customer; `by` is the column of its group, blank where the group is not to be told.
    columns : texts; blanks count in no total. A column in which everybody is alike is left out.

    Returns
    -------
    frame by group, in the order of `columns` and from the most common value of everybody, the others last: group,
    column, value (None for the others), in_group, of (customers of the group of whom the column is known), in_base,
    base, share, base_share, tgi, low, high, q, stands_out ("more", "less" or None: beyond chance, q < 5 %, and by a
    fifth or more)
    """
    names = ["group", "column", "value", "in_group", "of", "in_base", "base", "share", "base_share"]
    names += ["tgi", "low", "high", "q", "stands_out"]
    columns = [c for c in columns if c in features and features[c].nunique() > 1]
    if not columns:
        return pd.DataFrame(columns=names)
    long = " UNION ALL ".join(
        f'SELECT coalesce(CAST("{by}" AS VARCHAR), \'\') AS "group", \'{c}\' AS "column", CAST("{c}" AS VARCHAR) '
        f'AS value FROM features WHERE "{c}" IS NOT NULL'
        for c in columns
    )
    cells = query(
        _CELLS.format(long=long), {"features": features[[by, *columns]]}, most=MOST_VALUES, few=HIDDEN_BELOW
    ).astype({"in_group": "float64", "of": "float64", "in_base": "float64", "base": "float64"})
    told = [told_crossed(part, "rank", "group", "in_group") for _, part in cells.groupby("column", sort=False)]
    if not told:  # of no column so many customers are known
        return pd.DataFrame(columns=names)
    cells = pd.concat(told).assign(count=cells["in_group"])
    cells = _judged(cells[(cells["group"] != "") & (cells["of"] >= HIDDEN_BELOW)])
    place = cells["column"].map({c: i for i, c in enumerate(columns)})
    return cells.assign(place=place).sort_values(["group", "place", "rank"], ignore_index=True)[names]


def _judged(cells: pd.DataFrame) -> pd.DataFrame:
    """The cells with shares, TGI and what stands out; `count` is what is not to be told where `in_group` is blank."""
    counts = [cells["count"], cells["of"], cells["in_base"], cells["base"]]
    p = part_against_rest(*counts)
    tested, q = ~np.isnan(p), np.full(len(cells), np.nan)
    q[tested] = q_values(p[tested])
    index = [tgi(*(int(x) for x in row)) for row in zip(*counts, strict=True)]
    cells = cells.assign(share=cells["count"] / cells["of"], base_share=cells["in_base"] / cells["base"], q=q)
    cells[["tgi", "low", "high"]] = np.array(index, dtype="float64").reshape(-1, 3)
    shown = ["share", "tgi", "low", "high", "q"]
    cells[shown] = cells[shown].mask(cells["in_group"].isna())
    sure = cells["q"] < _RATE
    more, less = sure & (cells["tgi"] >= MORE), sure & (cells["tgi"] <= LESS)
    return cells.assign(stands_out=np.select([more, less], ["more", "less"], None))
