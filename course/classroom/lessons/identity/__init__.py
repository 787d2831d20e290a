"""Lesson 04."""

TABLES = ("records", "receipts", "labelled", "candidates")
