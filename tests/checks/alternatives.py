"""Other ways to be right, written from the tasks alone: right_NN.yaml beside this, code by exercise."""

import yaml

from tests.checks import sitting
from tests.conftest import ROOT


def of(topic: str) -> list[tuple[str, str]]:
    """(exercise, code) of every other right answer to the exercises of a lesson."""
    path = ROOT / "tests" / "checks" / f"right_{sitting.lesson(topic).name[:2]}.yaml"
    known = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [(name, code) for name, codes in known.items() for code in codes]
