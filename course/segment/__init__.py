"""Segmentation: RFM and its eight classes, clusters and whether there are any, what a segment is worth knowing for."""

from course.orders import last_day
from course.segment.clusters import Clusters, cluster
from course.segment.factors import Factors, cronbach_alpha, factors
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
    "CLASSES",
    "DIMENSIONS",
    "Clusters",
    "Factors",
    "class_sizes",
    "classes",
    "cluster",
    "cronbach_alpha",
    "cuts",
    "describe",
    "dimensions",
    "factors",
    "foretells",
    "last_day",
    "rfm",
    "scores",
    "smallest_change",
    "thresholds",
]
