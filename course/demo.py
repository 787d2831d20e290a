"""Luming's seven sources, read as a company's would be: the order API over HTTP, everything else from its files."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from course import collect
from course.collect import Table, api
from course.company import FILES, INPUTS, datasets, order_server
from course.language import Sentence

#: What the company is called, and what its money is in.
COMPANY, CURRENCY = "Luming · 鹿鸣", "CNY"
#: Codes that mean "not answered", as the company's data dictionary has them.
_BLANKS = {"surveys": {"score": ["11", "99"]}}


def tables(
    folder: str | Path | None = None,
    progress: Callable[[Sentence], None] | None = None,
    currency: str | None = None,
) -> dict[str, Table]:
    """Every table of the workflow from a company's folder.

    The app's orders come from its order API, which is started on this machine for as long as they are read; the other
    systems' exports are files.

    Parameters
    ----------
    folder : what `company.write` wrote; default: the shipped company.
    currency : what its money is in, as for `collect.read`.
    """
    folder = datasets() if folder is None else Path(folder)
    tell = progress or (lambda sentence: None)
    out = {}
    for kind, names in INPUTS.items():
        tell(Sentence("Reading {kind}", kind=", ".join(names)))
        sources = [_app_orders(folder) if name == "app_orders" else _source(folder, name) for name in names]
        out[kind] = collect.read(sources, kind, blanks=_BLANKS.get(kind), currency=currency)
    return out


def _source(folder: Path, name: str) -> str:
    return str(folder / FILES[name])


def _app_orders(folder: Path) -> collect.Raw:
    """The orders as the app's API gives them, one row an order; their lines are a table of their own."""
    records = json.loads(gzip.decompress((folder / FILES["app_orders"]).read_bytes()))
    with order_server.serve(records) as server:
        fetched = api.fetch(server.url, server.token, random_state=0)
    rows = [{k: v for k, v in record.items() if k != "lines"} for record in fetched.records]
    raw = collect.open_source(pd.DataFrame(rows))
    raw.name = "order API"
    return raw
