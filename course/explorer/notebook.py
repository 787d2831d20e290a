"""The explorer below a cell of a notebook."""

from html import escape
from pathlib import Path

import pandas as pd

from course import language, result, schema
from course.errors import DataError
from course.explorer import page, timeline
from course.language import Sentence
from course.tag import Tags
from course.workflow.steps.tag import Tagged

_HEIGHT = 720


class Frame:
    """The page in a frame of its own: it sees nothing of the notebook, asks no server, and needs no kernel.

    Attributes
    ----------
    html : the page; customers : how many are in it
    """

    def __init__(self, html: str, customers: int) -> None:
        self.html, self.customers = html, customers

    def __repr__(self) -> str:
        return Sentence("Customer explorer: {n:,} customers", n=self.customers).say()

    def _repr_html_(self) -> str:
        title = escape(repr(self))
        return (
            f'<iframe sandbox="allow-scripts allow-downloads" title="{title}" srcdoc="{escape(self.html)}" '
            f'style="width: 100%; height: {_HEIGHT}px; border: 1px solid #888"></iframe>'
        )


def explore(customers: pd.DataFrame | str | Path, tags: Tags | None = None) -> Frame:
    """Look customers up in a notebook: filter, count, compare, list.

    Parameters
    ----------
    customers : portraits, one row a customer, with any of the columns of docs/portraits.md; or the folder of a result.
    tags : tag.evaluate of the same customers, to filter by.

    Raises
    ------
    DataError : no customer_id; a folder that no run wrote; tags of a result, which has its own.
    """
    language.use_preferred()
    if not isinstance(customers, pd.DataFrame):
        if tags is not None:
            raise DataError("The folder of a result has its own tags: give the portraits or the folder, not both.")
        ledger = result.ledger(customers)
        portraits, events = result.portraits(customers), result.timeline(customers)
        return Frame(page(portraits, events, ledger, language.active()), len(portraits))
    schema.require(customers, "customers", ("customer_id",))
    portraits, findings = customers.astype({"customer_id": "str"}), {}
    if tags is not None:
        own = tags.columns().astype({"customer_id": "str"})
        portraits = portraits[[c for c in portraits if c == "customer_id" or c not in own]]
        portraits, findings = portraits.merge(own, how="left", on="customer_id"), Tagged(tags).entry()
    ledger = {"customers": len(portraits), "as_of": None, "findings": findings}
    return Frame(page(portraits, timeline({}), ledger, language.active()), len(portraits))
