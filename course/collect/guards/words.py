"""The words of catalogue/guards.yaml, as they are compared."""

from functools import cache
from pathlib import Path

from course import small_yaml
from course.forms import normal, word

_PATH = Path(__file__).resolve().parents[2] / "catalogue" / "guards.yaml"


@cache
def _listed() -> dict:
    return small_yaml.read(_PATH)


@cache
def words(*path: str) -> frozenset[str]:
    """The words of cells under a key of the catalogue, as `course.forms.word` has them."""
    return frozenset(map(word, _under(path)))


@cache
def headers(*path: str) -> frozenset[str]:
    """The headers under a key of the catalogue, as `course.forms.normal` has them."""
    return frozenset(map(normal, _under(path)))


@cache
def directions() -> tuple[dict, ...]:
    """Pairs of words for money that comes in and that goes out: in, out, neither (frozensets), asked (bool)."""
    return tuple(
        {side: frozenset(map(word, pair[side])) for side in ("in", "out", "neither")}
        | {"asked": pair.get("asked", False)}
        for pair in _listed()["directions"]
    )


def _under(path: tuple[str, ...]) -> list[str]:
    found = _listed()
    for key in path:
        found = found[key]
    return found
