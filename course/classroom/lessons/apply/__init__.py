"""Lesson 11."""

TABLES = ("portraits", "coupon")
