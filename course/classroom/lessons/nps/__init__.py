"""Lesson 10."""

TABLES = ("survey_raw", "coded")
