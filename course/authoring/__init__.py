"""Lessons → notebooks and solutions: `lessons/*.md` is the only text anyone edits.

A lesson holds both languages and its answers; a notebook is a filter of its cells. Nothing here imports a step: lessons
are read as text, and what they run, a kernel of its own runs.
"""

from course.authoring.build import build, stale
from course.authoring.source import Lesson, LessonError, lessons, read

__all__ = ["Lesson", "LessonError", "build", "lessons", "read", "stale"]
