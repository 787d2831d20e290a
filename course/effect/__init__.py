"""Whether it worked: claims translated, tests sized and read, uplift judged beside chance, portraits watched for drift.

`planning` is for before a test, `claims` for what others say, `trials` and `uplift` for after it, `policy` for what to
do then within a budget, `monitoring` for the months that follow.
"""

from course.effect.claims import CLAIMS, METRICS, Claim, Metric, Translation, audit, claim, translate
from course.effect.monitoring import Match, compare_portrait, control_chart, drift, kpi_tree
from course.effect.outcomes import by_outcome
from course.effect.planning import RATIO_LIMIT, detectable, needed, needed_mean, peeking, sample_ratio
from course.effect.policy import policy
from course.effect.trials import Campaigns, Effect, ab, by_arm
from course.effect.uplift import Qini, Uplift, qini

__all__ = [
    "CLAIMS",
    "METRICS",
    "RATIO_LIMIT",
    "Campaigns",
    "Claim",
    "Effect",
    "Match",
    "Metric",
    "Qini",
    "Translation",
    "Uplift",
    "ab",
    "audit",
    "by_arm",
    "by_outcome",
    "claim",
    "compare_portrait",
    "control_chart",
    "detectable",
    "drift",
    "kpi_tree",
    "needed",
    "needed_mean",
    "peeking",
    "policy",
    "qini",
    "sample_ratio",
    "translate",
]
