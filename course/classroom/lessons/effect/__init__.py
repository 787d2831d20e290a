"""Lesson 12."""

TABLES = ("class_of_25",)
