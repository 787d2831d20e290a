"""Luming 鹿鸣, the glass company: generated customers, the exports of seven systems, and the truth behind them.

Imports no step of the workflow: truth must not be computed by the code that it judges.
"""

from course.company.exports import FILES, INPUTS
from course.company.luming import CUSTOMERS, MAPPING, SEED, Company, orders_parquet, write
from course.company.truth import STEPS, Unsealed, datasets, unseal

__all__ = [
    "CUSTOMERS",
    "FILES",
    "INPUTS",
    "MAPPING",
    "SEED",
    "STEPS",
    "Company",
    "Unsealed",
    "datasets",
    "orders_parquet",
    "unseal",
    "write",
]
