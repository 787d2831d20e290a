"""Lesson 06."""

TABLES = ("features", "features_before", "tag_dictionary", "asked", "edge_cases", "exposure", "declared")
