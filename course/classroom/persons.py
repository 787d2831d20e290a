"""From the persons of which the truth is kept to the customer numbers of which the lessons speak."""

from pathlib import Path

import pandas as pd

from course import company


def persons(folder: Path) -> pd.Series:
    """customer_id → person_id. Numbers that stand for several people are left out: no single truth is theirs."""
    ids = company.unseal("identity", folder).frames["ids"][["customer_id", "person_id"]].drop_duplicates()
    return ids[~ids["customer_id"].duplicated(keep=False)].set_index("customer_id")["person_id"]


def had_left(folder: Path, day: pd.Timestamp) -> pd.Series:
    """customer_id → 1.0 where the person had left for good by `day`, else 0.0."""
    process = company.unseal("lifecycle", folder).frames["process"].set_index("person_id")
    return (pd.to_datetime(persons(folder).map(process["left_on"])) <= day).astype("float64")
