"""Lesson 01."""

TABLES = ("film_people", "film_ratings", "film_titles", "film_population", "film_fans")
