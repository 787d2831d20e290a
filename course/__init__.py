"""Customer-portrait analysis (客户画像): raw exports in, portraits and an honest report out.

The steps are modules (`course.collect`, `course.clean`, `course.segment`, …) and are imported when first used, so
that `course --help` does not wait for pandas.
"""

from importlib import import_module
from types import ModuleType

from course.errors import DataError

__version__ = "0.1.0"
__all__ = ["DataError"]

_STEPS = (
    "behaviour",
    "charts",
    "clean",
    "clv",
    "collect",
    "company",
    "effect",
    "identity",
    "language",
    "lifecycle",
    "nps",
    "portrait",
    "report",
    "schema",
    "segment",
    "tag",
    "workflow",
)


def __getattr__(name: str) -> ModuleType:
    if name in _STEPS:
        return import_module(f"course.{name}")
    raise AttributeError(f"module 'course' has no attribute {name!r}")
