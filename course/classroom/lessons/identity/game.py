"""Where to draw the line between one person and two: precision, recall and money at every threshold."""

from functools import cache
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from course import identity
from course.charts import BLUE, GREY, VERMILION
from course.classroom import room
from course.classroom.lessons.identity import material
from course.classroom.widgets import Slider, game
from course.classroom.words import words

#: No share of a sample is taken to be 0 or 1.
_LEAST = 1e-4


@game("identity", Slider("threshold", -16, 24, 1, 4))
def draw(threshold: float) -> None:
    """Precision and recall, and the money in wrong hands or scattered, with the line where it is drawn."""
    table = curve(room.company())
    here = at(table, threshold)
    _, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8))
    for ax, names, unit in (
        (left, ("pair_precision", "pair_recall"), 1),
        (right, ("wrong", "scattered"), 1000),
    ):
        for name, colour in zip(names, (BLUE, VERMILION), strict=True):
            # A threshold between two patterns has the links of the one above: the step comes before.
            ax.step(table["bits"], table[name] / unit, where="pre", color=colour, label=words(name))
            ax.plot(threshold, here[name] / unit, "o", color=colour)
        ax.axvline(threshold, color=GREY, linewidth=1, linestyle="--")
        ax.set_xlabel(words("threshold"))
        ax.legend(frameon=False)
    left.set_ylabel(words("share"))
    nothing = np.isnan(here["pair_precision"])
    left.set_title(words("pr_none") if nothing else words("pr_title", **here[["pair_precision", "pair_recall"]]))
    right.set_ylabel(words("thousands"))
    right.set_title(words("game_money", wrong=here["wrong"], scattered=here["scattered"]))
    plt.suptitle(words("game_title", persons=here["persons"], true=here["true_persons"], lost=here["lost"]))
    plt.show()


def at(table: pd.DataFrame, threshold: float) -> pd.Series:
    """The row of the curve for a threshold: that of the next pattern of evidence above it."""
    above = table[table["bits"] >= threshold - 1e-9]
    return above.iloc[0] if len(above) else table.iloc[-1]


@cache
def curve(folder: Path) -> pd.DataFrame:
    """What every threshold gives, one row a pattern of evidence and one above them all, sorted: bits, what
    `identity.judge` says, lost (customers in another's account), wrong and scattered (yuan)."""
    records, person = material.records(folder), material.truth(folder)
    records["person_id"] = records["customer_id"].map(person)
    links = material.candidates(folder)
    links["bits"] = weights(links, material.labelled(folder)).round(6)
    place = pd.Series(np.arange(len(records)), index=records["customer_id"])
    links["left"], links["right"] = links["left"].map(place), links["right"].map(place)
    rows = [_judged(records, links[links["bits"] >= bits]) | {"bits": bits} for bits in np.unique(links["bits"])]
    return pd.DataFrame([*rows, _judged(records, links.head(0)) | {"bits": max(25.0, links["bits"].max() + 1)}])


def weights(links: pd.DataFrame, labelled: pd.DataFrame) -> pd.Series:
    """The weight of every pair in bits, the prior of the labelled pairs included."""
    fields = list(material.FIELDS)
    shares = labelled.groupby("same")[fields].mean().clip(_LEAST, 1 - _LEAST)
    m, u, prior = shares.loc[True], shares.loc[False], labelled["same"].mean()
    agree, disagree = np.log2(m / u), np.log2((1 - m) / (1 - u))
    spoken = [links[f].map({1.0: agree[f], 0.0: disagree[f]}).fillna(0.0) for f in fields]
    return sum(spoken) + np.log2(prior / (1 - prior))


def _judged(records: pd.DataFrame, links: pd.DataFrame) -> dict[str, float]:
    graph = coo_array((np.ones(len(links)), (links["left"], links["right"])), shape=(len(records),) * 2)
    found = records.assign(found=connected_components(graph, directed=False)[1])
    judged = identity.judge(found.set_index("customer_id")["found"], found.set_index("customer_id")["person_id"])
    parts = found.groupby(["found", "person_id"])["yuan"].sum().reset_index()
    kept, alone = parts.groupby("found")["yuan"].max(), parts.groupby("person_id")["yuan"].max()
    total = parts["yuan"].sum()
    return judged | {"lost": len(parts) - len(kept), "wrong": total - kept.sum(), "scattered": total - alone.sum()}
