"""Segmentation: RFM and its eight classes, clusters and whether there are any, what a segment is worth knowing for."""

from course.segment.clusters import Clusters, cluster
from course.segment.factors import LOW_ALPHA, Factors, cronbach_alpha, factors
from course.segment.money import AT_STAKE, at_stake, class_money, money_share
from course.segment.rfm import (
    CLASSES,
    DIMENSIONS,
    class_sizes,
    classes,
    cuts,
    rfm,
    scores,
    thresholds,
)
from course.segment.validity import describe, dimensions, foretells, smallest_change

__all__ = [
    "AT_STAKE",
    "CLASSES",
    "DIMENSIONS",
    "LOW_ALPHA",
    "Clusters",
    "Factors",
    "at_stake",
    "class_money",
    "class_sizes",
    "classes",
    "cluster",
    "cronbach_alpha",
    "cuts",
    "describe",
    "dimensions",
    "factors",
    "foretells",
    "money_share",
    "rfm",
    "scores",
    "smallest_change",
    "thresholds",
]
