"""A model tag from examples, and what its alarm is worth where few are what it looks for."""

from typing import Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted

from course.errors import DataError

_FOLDS = 5
_FEWEST = 20


def ppv(sensitivity: float, false_positive: float, prevalence: float) -> float:
    """The share of those who carry a tag who should: πs / (πs + (1 − π)f), by Bayes' rule. NaN where nobody carries it.

    Parameters
    ----------
    sensitivity : share s of those who should carry the tag who do.
    false_positive : share f of those who should not who do.
    prevalence : share π of all customers who should: the base rate.

    Raises
    ------
    DataError : a share outside 0–1.
    """
    for name, share in (("sensitivity", sensitivity), ("false_positive", false_positive), ("prevalence", prevalence)):
        if not 0 <= share <= 1:
            raise DataError("{name} is a share from 0 to 1, not {share}.", name=name, share=share)
    right, wrong = prevalence * sensitivity, (1 - prevalence) * false_positive
    return right / (right + wrong) if right + wrong else float("nan")


class Lookalike(BaseEstimator):
    """Customers who look like given examples: logistic regression over the feature table.

    Numbers go in as ±ln(1 + |x|), standardised, blanks as the median with a column that says so; texts as their values.
    Dates are not used: give ages in days.

    Parameters
    ----------
    share : of the customers fitted, how many shall carry the tag.
    random_state : deals the folds.

    Attributes
    ----------
    model_ : the pipeline
    columns_ : the features used
    threshold_ : likeness from which a customer carries the tag
    base_rate_ : share of examples in the customers fitted
    sensitivity_, false_positive_ : of the tag, each customer judged by a model that has not seen them (five folds)
    precision_ : ppv of these at `base_rate_`. Where the share of such customers is another, so is the precision
    """

    def __init__(self, share: float = 0.1, random_state: int = 0) -> None:
        self.share = share
        self.random_state = random_state

    def fit(self, features: pd.DataFrame, seeds: pd.Series) -> Self:
        """Learn from `seeds`, truth values aligned with `features` (customer_id and features): True for an example,
        False for a customer who is none, NA for one of whom it is not known.

        Raises
        ------
        DataError : fewer than 20 examples or others; no feature that differs; rows that do not match.
        """
        if not 0 < self.share < 1:
            raise DataError("{name} is a share from 0 to 1, not {share}.", name="share", share=self.share)
        if not seeds.index.equals(features.index):
            raise DataError("Members and features are not of the same rows.")
        known = features[seeds.notna()].sort_values("customer_id")
        truth = seeds[known.index].astype(bool).to_numpy()
        if min(truth.sum(), (~truth).sum()) < _FEWEST:
            raise DataError(
                "A model needs {n} examples and as many others; here are {yes} and {no}.",
                n=_FEWEST,
                yes=int(truth.sum()),
                no=int((~truth).sum()),
            )
        usable = known.drop(columns="customer_id").select_dtypes(["number", "bool", "boolean", "str", "object"])
        self.columns_ = [c for c in usable if usable[c].nunique() > 1]
        if not self.columns_:
            raise DataError("No feature differs between customers: there is nothing to learn from.")
        table = self._table(known)
        folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=self.random_state)
        model = _pipeline()
        unseen = cross_val_predict(model, table, truth, cv=folds, method="predict_proba")[:, 1]
        self.threshold_ = float(np.sort(unseen)[-max(1, round(self.share * len(unseen)))])
        tagged = unseen >= self.threshold_
        self.base_rate_ = float(truth.mean())
        self.sensitivity_ = float(tagged[truth].mean())
        self.false_positive_ = float(tagged[~truth].mean())
        self.precision_ = ppv(self.sensitivity_, self.false_positive_, self.base_rate_)
        self.model_ = model.fit(table, truth)
        return self

    def likeness(self, features: pd.DataFrame) -> pd.Series:
        """Probability of being one of them, 0–1, aligned with `features`: true as a probability only where such
        customers are as frequent as among those fitted."""
        check_is_fitted(self)
        if lacking := [c for c in self.columns_ if c not in features]:
            raise DataError("The features have no column {columns}.", columns=", ".join(map(str, lacking)))
        return pd.Series(self.model_.predict_proba(self._table(features))[:, 1], index=features.index)

    def predict(self, features: pd.DataFrame) -> pd.Series:
        """Who carries the tag: likeness of `threshold_` or more."""
        return self.likeness(features) >= self.threshold_

    def _table(self, features: pd.DataFrame) -> pd.DataFrame:
        table = features[self.columns_]
        numbers = table.select_dtypes(["number", "bool", "boolean"]).columns
        return table.astype(dict.fromkeys(numbers, "float64")).astype(
            {c: object for c in table.columns.difference(numbers)}
        )


def _pipeline():
    numbers = make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True),
        FunctionTransformer(_signed_log),
        StandardScaler(),
    )
    texts = make_pipeline(
        FunctionTransformer(_texts), OneHotEncoder(min_frequency=0.01, handle_unknown="infrequent_if_exist")
    )
    columns = ColumnTransformer(
        [
            ("numbers", numbers, make_column_selector(dtype_include="number")),
            ("texts", texts, make_column_selector(dtype_exclude="number")),
        ]
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000))


def _signed_log(values: np.ndarray) -> np.ndarray:
    return np.sign(values) * np.log1p(np.abs(values))


def _texts(frame: pd.DataFrame) -> np.ndarray:
    return frame.fillna("").astype("str").to_numpy(dtype=object)
