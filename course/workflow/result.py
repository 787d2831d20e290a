"""What a run found, as the steps read it and the report shows it."""

from dataclasses import dataclass, field

import pandas as pd

from course import schema, tag
from course.clean import Cleaned
from course.clv import HORIZON
from course.collect import Table
from course.engine import Relation, stored
from course.language import Sentence
from course.orders import daily, heads
from course.recipe import Recipe
from course.workflow.finding import Finding


@dataclass
class Result:
    """What a run found.

    Attributes
    ----------
    as_of : the day the portraits are of
    tables, cleaned : every input as collected and as cleaned (with the persons' ids), by kind
    portraits : one row a customer; the columns of docs/portraits.md
    found : what each step found, by its name in workflow/steps ("identity" too); a step without a finding is absent
    done, not_done : what could be computed, and what could not for want of which table
    notes : what a reader should know, by kind of table; misleading : those of them that stand beside a headline
    pseudonyms : {customer number: pseudonym} where numbers were replaced; kept in memory, never written
    parameters, recipe : how the run was asked for: for the ledger, and for the next month's run
    horizon : weeks that forecasts look ahead
    previous, dictionary : portraits of an earlier run, and the dictionary of tags, that steps are to use
    since, runs : the day of those portraits, and what the runs before this day left (workflow/history.py)
    """

    as_of: pd.Timestamp | None
    tables: dict[str, Table]
    cleaned: dict[str, Cleaned]
    portraits: pd.DataFrame
    done: list[Sentence]
    not_done: list[Sentence]
    found: dict[str, Finding] = field(default_factory=dict)
    notes: list[Sentence] = field(default_factory=list)
    misleading: list[Sentence] = field(default_factory=list)
    pseudonyms: dict[str, str] = field(default_factory=dict, repr=False)
    parameters: dict = field(default_factory=dict)
    recipe: Recipe = field(default_factory=Recipe)
    horizon: int = HORIZON
    previous: pd.DataFrame | None = field(default=None, repr=False)
    since: pd.Timestamp | None = None
    runs: list[dict] = field(default_factory=list, repr=False)
    dictionary: dict[str, tag.Tag] = field(default_factory=dict, repr=False)
    _kept: dict[str, tuple[pd.DataFrame, Relation]] = field(default_factory=dict, repr=False)

    def rows(self, kind: str) -> Relation | None:
        """The valid rows of a table where the statements of the steps read them; None without the table."""
        if kind not in self.cleaned:
            return None
        valid = self.cleaned[kind].valid
        if self._kept.get(kind, (None,))[0] is not valid:
            read = {*schema.canonical(kind).columns, *self.cleaned[kind].flags, "refunded", "source_row"}
            known = [c for c in valid.columns if c in read]
            self._kept[kind] = valid, valid[known] if isinstance(valid, Relation) else stored(valid[known])
        return self._kept[kind][1]

    @property
    def heads(self) -> Relation | None:
        """The valid orders, a row an order: for who does not ask about lines; None without orders."""
        orders = self.rows("orders")
        return None if orders is None else heads(orders)

    @property
    def days(self) -> Relation:
        """The valid orders up to the day of the portraits, a row a customer and day, `amount` net."""
        return daily(self.heads, self.as_of)

    @property
    def main(self) -> str:
        """The table the ledger's first accounts are of: orders, or the first one given."""
        return "orders" if "orders" in self.tables else next(iter(self.tables))

    @property
    def currency(self) -> str | None:
        """What money is in: a code, the sign as found where it names none, None where nothing is known."""
        return next((t.currency for t in self.tables.values() if t.currency), None)

    @property
    def buyers(self) -> pd.DataFrame:
        """The portraits of customers with orders."""
        return self.portraits.dropna(subset="frequency")
