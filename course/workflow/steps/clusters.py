"""Whether there are natural groups in recency, frequency and money."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from course import segment
from course.evidence import seen
from course.few import told
from course.language import Sentence
from course.workflow.finding import Attempts, Finding, plain
from course.workflow.result import Result

NEEDS = ("orders",)
DOING = Sentence("Looking for natural groups")

FEATURES = ["recency_days", "frequency", "monetary_net"]


@dataclass
class Groups(Finding):
    """What clustering found.

    Attributes
    ----------
    clusters : segment.cluster, over customers
    described : segment.describe of them, blank where they are a few (course.few); None where there are none
    """

    clusters: segment.Clusters
    described: pd.DataFrame | None

    @property
    def best(self) -> pd.Series:
        """The evidence for the clusters found; where there are none, for the best partition."""
        evidence = self.clusters.evidence.set_index("k")
        return evidence.loc[evidence["excess"].idxmax() if self.clusters.k == 1 else self.clusters.k]

    @property
    def no_better_than_chance(self) -> bool:
        """True where there are none, and no partition stood out enough to be looked into."""
        return self.clusters.k == 1 and np.isnan(self.best["valley"])

    def columns(self) -> pd.DataFrame | None:
        """cluster, where there are any."""
        if self.clusters.k == 1:
            return None
        labels = (self.clusters.labels + 1).astype("Int64")
        return pd.DataFrame({"customer_id": labels.index.astype("str"), "cluster": labels.to_numpy()})

    def entry(self) -> dict:
        """{clusters: number, verdict, evidence, customers, how many of them were drawn, and the rule of each}."""
        found = {"k": self.clusters.k, "verdict": self.clusters.verdict, "evidence": plain(self.clusters.evidence)}
        found |= {"customers": len(self.clusters.labels)}
        found |= {"searched": self.clusters.searched, "learnt": self.clusters.learnt}
        return {"clusters": found | ({} if self.described is None else {"described": plain(self.described)})}


def find(run: Result) -> tuple[Groups | None, list[Sentence]]:
    """Clusters of the customers with orders."""
    attempt = Attempts()
    features = run.buyers.set_index("customer_id")[FEATURES].astype("float64")
    # What is the same for nearly everybody parts nobody: the few who differ are no group, but the exceptions.
    differ = 1 - features.apply(lambda values: values.value_counts().iloc[0]) / len(features)
    features = features.loc[:, [seen("differing", 100 * share) for share in differ]]
    if features.shape[1] < 2:
        why = Sentence(
            "natural groups: recency, frequency or money must differ between customers, two of them at least"
        )
        return None, [why]
    clusters = attempt(Sentence("natural groups"), segment.cluster, features)
    if clusters is None:
        return None, attempt.not_done
    described = told(segment.describe(features, clusters.labels + 1), ["segment"]) if clusters.k > 1 else None
    return Groups(clusters, described), attempt.not_done
