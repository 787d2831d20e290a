"""Recommendations from what is bought by the same customers, held against popularity on later purchases."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import t as student

from course import schema
from course.drawing import drawn
from course.engine import Table, query
from course.errors import DataError
from course.orders import UP_TO, goods_only, last_day, same_ids

#: The most similar products that a product keeps: the others add noise, and memory grows with them.
NEIGHBOURS = 1000
#: Cells of customers × products (or products × products) worked on at a time.
CELLS = 5_000_000
#: Customers on whom recommendations are judged; similarities are learnt from all, so that no product is lost.
_JUDGED = 50_000


_BOUGHT = f"""
    SELECT customer_id, product_id,
        max(CASE WHEN CAST(ordered_at AS DATE) <= CAST($split AS DATE) THEN 1 ELSE 0 END) AS before,
        max(CASE WHEN CAST(ordered_at AS DATE) > CAST($split AS DATE) THEN 1 ELSE 0 END) AS after
    FROM purchases WHERE product_id IS NOT NULL AND {UP_TO}
    GROUP BY customer_id, product_id ORDER BY customer_id, product_id
"""


_NUMBERED = f"""
    SELECT c.number AS customer_id, p.number AS product_id, before, after
    FROM ({_BOUGHT}) AS bought JOIN customers AS c USING (customer_id) JOIN products AS p USING (product_id)
    ORDER BY c.number, p.number
"""


class ItemItem:
    """Who bought this also bought: item-to-item similarity over customers (Linden, Smith and York 2003).

    Similarity is the cosine of two products' customers with a shrinkage in the denominator,
    c_ij / (√(c_i c_j) + shrinkage): two customers in common say little. A product's score for a customer is the sum of
    its similarities to what the customer has bought, of which each product lends to its NEIGHBOURS most similar ones
    only; equal scores go by popularity, then by name.

    Parameters
    ----------
    shrinkage : customers.

    Attributes
    ----------
    products_ : Index, most customers first
    popularity_ : customers of each product
    similarity_ : sparse matrix, a row a product: similarity to its neighbours; 0 on the diagonal
    """

    def __init__(self, shrinkage: float = 10.0) -> None:
        self.shrinkage = shrinkage

    def fit(self, purchases: Table, as_of: object = None) -> "ItemItem":
        """Learn from purchases (customer_id, order_id, ordered_at, amount, product_id) up to `as_of`.

        Raises
        ------
        DataError : a column missing or with blanks; no product up to `as_of`.
        """
        as_of = last_day(purchases, as_of)
        return self._fit(_bought(purchases, as_of, as_of))

    def _fit(self, bought: pd.DataFrame) -> "ItemItem":
        counts = bought["product_id"].value_counts()
        counts = counts.sort_index().sort_values(ascending=False, kind="stable")
        self.products_, self.popularity_ = counts.index, counts.to_numpy()
        history, _ = self._history(bought)
        buyers = history.T.tocsr()
        rows = [self._neighbours((buyers[at] @ history).tocsr(), at.start) for at in _blocks(len(counts), len(counts))]
        self.similarity_ = sparse.vstack(rows).tocsr()
        return self

    def _neighbours(self, block: sparse.csr_matrix, start: int) -> sparse.csr_matrix:
        """From customers in common to similarity, for the rows from `start` on; the NEIGHBOURS highest of each."""
        root, row = np.sqrt(self.popularity_), np.repeat(np.arange(block.shape[0]), np.diff(block.indptr)) + start
        block.data /= root[row] * root[block.indices] + self.shrinkage
        block.data[row == block.indices] = 0
        key = _key(block.data, block.indices, block.shape[1])
        for first, last in pairwise(block.indptr):
            if last - first > NEIGHBOURS:
                cut = last - first - NEIGHBOURS
                block.data[first + np.argpartition(key[first:last], cut)[:cut]] = 0
        block.eliminate_zeros()
        return block

    def recommend(self, purchases: Table, k: int = 10) -> pd.DataFrame:
        """The k products new to a customer that each is most likely to take up, given what they have bought.

        Parameters
        ----------
        purchases : of the customers to advise: customer_id, order_id, ordered_at, amount, product_id. Who has bought
            nothing that was learnt from gets the most popular products.
        k : products a customer.

        Returns
        -------
        frame sorted by customer_id and place: customer_id, place (1–k), product_id, score (0: by popularity alone)

        Raises
        ------
        DataError : the recommender is not fitted; a column missing or with blanks.
        """
        if not hasattr(self, "similarity_"):
            raise DataError("The recommender has learnt nothing yet. Call fit first.")
        last = last_day(purchases)
        history, customers = self._history(_bought(purchases, last, last))
        parts = []
        for at, scores in self._scores(history):
            best = top(scores, k, history[at])
            row, place = np.nonzero(best >= 0)
            parts.append((at.start + row, place + 1, best[row, place], scores[row, best[row, place]]))
        row, place, product, score = (np.concatenate(c) for c in zip(*parts, strict=True))
        out = pd.DataFrame(
            {
                "customer_id": customers.to_numpy()[row],
                "place": place,
                "product_id": self.products_.to_numpy()[product],
                "score": score,
            }
        )
        return same_ids(out, purchases)

    def _history(self, bought: pd.DataFrame) -> tuple[sparse.csr_matrix, pd.Index]:
        """Customers × products, 1 where bought; products that were not learnt from are left out."""
        column = self.products_.get_indexer(bought["product_id"])
        row, customers = pd.factorize(bought["customer_id"], sort=True)
        known = column >= 0
        cells = (np.ones(known.sum()), (row[known], column[known]))
        return sparse.csr_matrix(cells, shape=(len(customers), len(self.products_))), customers

    def _scores(self, history: sparse.csr_matrix) -> Iterator[tuple[slice, np.ndarray]]:
        """Blocks of customers with the scores of all products, in the order of `products_`."""
        for at in _blocks(*history.shape):
            yield at, (history[at] @ self.similarity_).toarray()


def _blocks(rows: int, columns: int) -> list[slice]:
    step = max(1, CELLS // columns)
    return [slice(start, min(start + step, rows)) for start in range(0, rows, step)]


def _key(scores: np.ndarray, column: np.ndarray, columns: int) -> np.ndarray:
    """A whole number a score, all different in a row: rounding makes no difference, and ties are settled."""
    return np.rint(scores * 1e9).astype("int64") * columns + (columns - 1 - column)


def top(scores: np.ndarray, k: int, owned: sparse.csr_matrix | None) -> np.ndarray:
    """The columns of the k highest scores of each row, best first; equal scores by column; −1 where none is left."""
    columns = scores.shape[1]
    key = _key(scores, np.arange(columns), columns)
    if owned is not None:
        key[owned.nonzero()] = -1
    k = min(k, columns)
    best = np.argpartition(key, columns - k, axis=1)[:, columns - k :]
    best = np.take_along_axis(best, np.argsort(-np.take_along_axis(key, best, axis=1), axis=1), axis=1)
    return np.where(np.take_along_axis(key, best, axis=1) >= 0, best, -1)


@dataclass(frozen=True)
class RecommendHoldout:
    """What a recommender that knew the purchases up to `split` was worth after it.

    Attributes
    ----------
    results : frame, two rows each for `goods` "new" (only products new to the customer are recommended and counted) and
        "all": goods, measure (hit: any of the k was bought later; recall: share of the products bought later that were
        among the k), item_item, popularity (means over customers), difference, low, high (95 %, t, paired over
        customers), better (low > 0), customers (with such a purchase after the split)
    k : products recommended
    split, as_of : last day learnt from, last day judged on
    cold_customers : share of the customers of the holdout who had bought nothing before: nothing is recommended to them
    cold_products : share of what was bought after the split (customer × product) that nobody had bought before it: no
        recommender of this kind can find it; it counts as missed
    drawn_of : customers who bought on both sides of the split, where only some of them, drawn, are judged; else None
    """

    results: pd.DataFrame = field(repr=False)
    k: int
    split: pd.Timestamp
    as_of: pd.Timestamp
    cold_customers: float
    cold_products: float
    drawn_of: int | None


def recommend_holdout(
    purchases: Table, split: object, k: int = 10, as_of: object = None, shrinkage: float = 10.0
) -> RecommendHoldout:
    """Recommend from the purchases up to `split`, count what was bought after it, and do the same by popularity.


    Parameters
    ----------
    purchases : customer_id, order_id, ordered_at, amount, product_id (see `purchases`).
    split : last day learnt from.
    k : products recommended to each customer.
    as_of : last day judged on. Default: the day of the last order.
    shrinkage : of ItemItem.

    Raises
    ------
    DataError : a column missing or with blanks; nobody who bought on both sides of the split.
    """
    as_of, split = last_day(purchases, as_of), pd.Timestamp(split).normalize()
    bought, customer_ids = _numbered(purchases, split, as_of)
    known, later = bought[bought["before"] == 1], bought[bought["after"] == 1]
    returned = pd.Index(known["customer_id"].unique()).intersection(later["customer_id"].unique())
    some = drawn(customer_ids[returned], _JUDGED)
    chosen = returned if some is None else returned[some[0]]
    judged = known["customer_id"].isin(chosen)
    if not judged.any():
        raise DataError(
            "Nobody bought both up to {split} and after it: nothing can be judged.",
            split=split.date(),
        )
    model = ItemItem(shrinkage)._fit(known)
    history, customers = model._history(known[judged])
    row = customers.get_indexer(later["customer_id"])
    column = model.products_.get_indexer(later["product_id"])
    counted = {"new": (row >= 0) & (later["before"] == 0).to_numpy(), "all": row >= 0}
    cells = (row >= 0) & (column >= 0)
    truth = sparse.csr_matrix((np.ones(cells.sum()), (row[cells], column[cells])), shape=history.shape)
    found = _found(model, history, truth, k)
    rows = []
    for goods, ours in counted.items():
        size = np.bincount(row[ours], minlength=len(customers))
        hits = found[goods][size > 0]
        for measure, values in (("hit", (hits > 0).astype("float64")), ("recall", hits / size[size > 0, None])):
            rows.append((goods, measure, *_paired(values)))
    names = ["goods", "measure", "item_item", "popularity", "difference", "low", "high", "better", "customers"]
    return RecommendHoldout(
        pd.DataFrame(rows, columns=names),
        k,
        split,
        as_of,
        1 - len(returned) / later["customer_id"].nunique(),
        float((column < 0).mean()),
        None if some is None else len(returned),
    )


def _found(model: ItemItem, history: sparse.csr_matrix, truth: sparse.csr_matrix, k: int) -> dict[str, np.ndarray]:
    """Products found among the k, customers × (item-item, popularity), with new products only and with all."""
    found = {goods: np.zeros((history.shape[0], 2)) for goods in ("new", "all")}
    for at, scores in model._scores(history):
        bought, own = truth[at].toarray(), history[at]
        # Columns are in order of popularity, and so are equal scores; k of these are new to everybody.
        few = min(scores.shape[1], k + int(np.diff(own.indptr).max()))
        for way, by in enumerate((scores, np.zeros((len(scores), few)))):
            for goods, owned in (("new", own[:, : by.shape[1]]), ("all", None)):
                best = top(by, k, owned)
                found[goods][at, way] = (np.take_along_axis(bought, best, axis=1) * (best >= 0)).sum(axis=1)
    return found


def _paired(values: np.ndarray) -> tuple:
    n = len(values)
    if not n:
        return (*[np.nan] * 5, False, 0)
    gain = values[:, 0] - values[:, 1]
    half = student.ppf(0.975, n - 1) * gain.std(ddof=1) / np.sqrt(n) if n > 1 else np.nan
    low, high = gain.mean() - half, gain.mean() + half
    return (*values.mean(axis=0), gain.mean(), low, high, bool(low > 0), n)


def _goods(purchases: Table) -> Table:
    if "product_id" not in purchases:
        schema.require(purchases, "orders", ("product_id",))
    return goods_only(purchases)


def _numbered(purchases: Table, split: pd.Timestamp, as_of: pd.Timestamp) -> tuple[pd.DataFrame, pd.Index]:
    """`_bought` with numbers in the order of the ids in their place, and the customers' ids: there are as many rows as
    customers have products, and a text takes ten times the room of a number."""
    tables, ids = {"purchases": _goods(purchases)}, {}
    for name, column in (("customers", "customer_id"), ("products", "product_id")):
        sql = f"SELECT DISTINCT {column} FROM purchases WHERE product_id IS NOT NULL ORDER BY {column}"
        found = query(sql, {"purchases": tables["purchases"]})
        ids[name] = pd.Index(found[column])
        tables[name] = found.assign(number=np.arange(len(found), dtype="int32"))
    bought = query(_NUMBERED, tables, split=split, as_of=as_of)
    if bought.empty:
        raise _no_product()
    return bought, ids["customers"]


def _no_product() -> DataError:
    return DataError("No purchase names a product: product_id is blank in every row.")


def _bought(purchases: Table, split: pd.Timestamp, as_of: pd.Timestamp) -> pd.DataFrame:
    """A row a customer and product: whether bought up to the split, and after it."""
    bought = query(_BOUGHT, {"purchases": _goods(purchases)}, split=split, as_of=as_of)
    if bought.empty:
        raise _no_product()
    return bought
