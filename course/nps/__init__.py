"""Willingness to recommend: NPS with an interval that can be trusted, waves and segments, weights, and its drivers.

0–6 is a detractor, 7–8 a passive, 9–10 a promoter; NPS = 100 (promoters − detractors) / all who answered (Reichheld
2003), and one answer has the variance p + d − (p − d)². Intervals are adjusted Wald (Rocks 2016), 95 %. Drivers are
ranked by their share of R², averaged over all orders of entry (LMG: Lindeman, Merenda and Gold 1980; the same as the
Shapley value), because drivers correlate and coefficients then mislead. Such importance is prediction, not cause.

Beside the score stand what customers say (themes and sentiment of comments and posts), how far two or more people who
code the same texts agree, and how long service lets customers wait.
"""

from course.nps.agreement import Agreement, Judgement, fleiss, judge, kappa
from course.nps.comments import Heard, dedupe, heard, sentiment, statements, theme_labels, theme_table, themes
from course.nps.desk import is_open, service_satisfaction
from course.nps.importance import MOST_DRIVERS, Drivers, drivers, johnson, lmg
from course.nps.quadrants import quadrants
from course.nps.satisfaction import (
    LEAST_WAVES,
    Satisfaction,
    are_bad,
    are_good,
    chart,
    mean_chart,
    satisfaction,
    scale_of,
)
from course.nps.scoring import Difference, Score, by, difference, needed, needed_per_wave, score, waves
from course.nps.service import Queue, queue, slow_queues
from course.nps.survey import ENOUGH_FOR_SCALE, SCORES
from course.nps.weighting import poststratify, to_buyers

__all__ = [
    "ENOUGH_FOR_SCALE",
    "LEAST_WAVES",
    "MOST_DRIVERS",
    "SCORES",
    "Agreement",
    "Difference",
    "Drivers",
    "Heard",
    "Judgement",
    "Queue",
    "Satisfaction",
    "Score",
    "are_bad",
    "are_good",
    "by",
    "chart",
    "dedupe",
    "difference",
    "drivers",
    "fleiss",
    "heard",
    "is_open",
    "johnson",
    "judge",
    "kappa",
    "lmg",
    "mean_chart",
    "needed",
    "needed_per_wave",
    "poststratify",
    "quadrants",
    "queue",
    "satisfaction",
    "scale_of",
    "score",
    "sentiment",
    "service_satisfaction",
    "slow_queues",
    "statements",
    "theme_labels",
    "theme_table",
    "themes",
    "to_buyers",
    "waves",
]
