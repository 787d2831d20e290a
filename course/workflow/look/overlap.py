"""How far two tables speak of the same customers and the same orders."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from course.clean import Cleaned
from course.engine import query

#: Less than this of either side in the other: the numbers may be those of two systems.
_FEW = 0.5
_COUNTS = """
SELECT (SELECT count(*) FROM a) AS one, (SELECT count(*) FROM b) AS other,
    (SELECT count(*) FROM a SEMI JOIN b USING (id)) AS both
"""


@dataclass(frozen=True)
class Overlap:
    """`both` of the `one` distinct `column` values of the table `first` are also among the `other` ones of `second`."""

    first: str
    second: str
    column: str
    one: int
    other: int
    both: int

    @property
    def few(self) -> bool:
        """True where neither table has half of its own in the other."""
        return self.both < _FEW * min(self.one, self.other)


def overlaps(cleaned: Mapping[str, Cleaned]) -> list[Overlap]:
    """Customers that the valid rows of two tables share, one of them orders or customers; orders shared with lines."""
    found = []
    for first, second in combinations(cleaned, 2):
        pair = {first, second}
        column = "order_id" if pair == {"orders", "order_lines"} else "customer_id"
        if column == "customer_id" and not pair & {"orders", "customers"}:
            continue
        ids = [_ids(cleaned[kind].valid, column) for kind in (first, second)]
        if all(i is not None for i in ids):
            counts = query(_COUNTS, dict(zip("ab", ids, strict=True))).iloc[0]
            found.append(Overlap(first, second, column, *(int(counts[c]) for c in ("one", "other", "both"))))
    return found


def _ids(valid: pd.DataFrame, column: str) -> pd.DataFrame | None:
    if column not in valid or not valid[column].notna().any():
        return None
    return pd.DataFrame({"id": valid[column].dropna().drop_duplicates().astype("str")})
