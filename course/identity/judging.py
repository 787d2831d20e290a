"""How good a resolution is, on all pairs and on clusters, when the truth is known."""

import numpy as np
import pandas as pd

from course.engine import query
from course.errors import DataError
from course.identity.persons import Identity

_COUNTS = """
    WITH cells AS (SELECT found, truth, count(*) AS n FROM judged GROUP BY found, truth),
    sized AS (
        SELECT n, sum(n) OVER (PARTITION BY found) AS found_size, sum(n) OVER (PARTITION BY truth) AS truth_size
        FROM cells
    )
    SELECT (SELECT count(*) FROM judged) AS records,
        (SELECT count(DISTINCT found) FROM judged) AS persons,
        (SELECT count(DISTINCT truth) FROM judged) AS true_persons,
        sum(n * (n - 1) // 2) AS both,
        (SELECT sum(n * (n - 1) // 2) FROM (SELECT count(*) AS n FROM judged GROUP BY found)) AS claimed,
        (SELECT sum(n * (n - 1) // 2) FROM (SELECT count(*) AS n FROM judged GROUP BY truth)) AS actual,
        sum(n * n / found_size) AS b3_found, sum(n * n / truth_size) AS b3_truth
    FROM sized
"""


def judge(found: Identity | pd.Series, truth: pd.Series) -> dict[str, float]:
    """Judge who was found to be one person against who is.

    Parameters
    ----------
    found : what `resolve` gave, or person ids indexed by customer_id.
    truth : the true person of every record, indexed by customer_id.

    Returns
    -------
    dict: records, persons, true_persons; pair_precision and pair_recall over *all* pairs of records, those joined only
    through others included; b3_precision and b3_recall (Bagga & Baldwin 1998: the mean over records of the share of
    its found, or true, cluster that is right); consolidation_rate (1 − persons / records, which rewards merging too
    much). Of an Identity also link_precision (of the accepted links before they are chained) and blocking_recall (the
    share of true pairs that met in a block at all, or were linked: what no threshold can win back). A share of nothing
    is NaN.

    Raises
    ------
    DataError : the ids of both are not the same, or occur twice.
    """
    persons = found.persons.set_index("customer_id")["person_id"] if isinstance(found, Identity) else found
    if persons.index.has_duplicates or truth.index.has_duplicates or set(persons.index) != set(truth.index):
        raise DataError("To be judged, every record needs one found and one true person: the ids are not the same.")
    truth = truth.reindex(persons.index)
    judged = pd.DataFrame({"found": pd.factorize(persons)[0], "truth": pd.factorize(truth)[0]})
    counts = query(_COUNTS, {"judged": judged}).iloc[0]
    out = {
        "records": int(counts["records"]),
        "persons": int(counts["persons"]),
        "true_persons": int(counts["true_persons"]),
        "pair_precision": _share(counts["both"], counts["claimed"]),
        "pair_recall": _share(counts["both"], counts["actual"]),
        "b3_precision": _share(counts["b3_found"], counts["records"]),
        "b3_recall": _share(counts["b3_truth"], counts["records"]),
        "consolidation_rate": 1 - _share(counts["persons"], counts["records"]),
    }
    if isinstance(found, Identity):
        right = truth[found.links["left"]].to_numpy() == truth[found.links["right"]].to_numpy()
        out["link_precision"] = _share(right.sum(), len(right))
        out["blocking_recall"] = _blocking_recall(found, judged["truth"])
    return out


def _share(part: float, whole: float) -> float:
    return float(part / whole) if whole else np.nan


def _blocking_recall(found: Identity, truth: pd.Series) -> float:
    position = pd.Series(np.arange(len(truth)), index=found.persons["customer_id"])
    linked = pd.DataFrame({s: position[found.links[s]].to_numpy() for s in ("left", "right")})
    met = found.blocks.assign(record=np.arange(len(truth)), truth=truth)
    meet = " OR ".join(f"l.{b} = r.{b}" for b in found.blocks.columns if b != "record") or "false"
    sql = f"""
        SELECT count(*) AS pairs, count(*) FILTER (WHERE {meet} OR k."left" IS NOT NULL) AS reached
        FROM met AS l JOIN met AS r ON l.truth = r.truth AND l.record < r.record
        LEFT JOIN linked AS k ON k."left" = l.record AND k."right" = r.record
    """
    pairs, reached = query(sql, {"met": met, "linked": linked}).iloc[0]
    return _share(reached, pairs)
