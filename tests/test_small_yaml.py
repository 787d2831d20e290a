"""The kit's own YAML files hold the same by the fast parser as by the strict one, which every reader's file goes by."""

from pathlib import Path

import pytest
import yaml

from course import small_yaml
from course.errors import DataError

_PACKAGE = Path(small_yaml.__file__).parent


def test_the_kits_own_files_are_read_as_strictly():
    # Those of the lessons are read by no run.
    files = [f for f in sorted(_PACKAGE.rglob("*.yaml")) if not {"classroom", "authoring"} & set(f.parts)]
    assert len(files) > 20
    for file in files:
        strict = yaml.load(file.read_text(encoding="utf-8"), small_yaml._Loader)
        assert repr(small_yaml.read(file)) == repr(strict), file.name


def test_a_readers_own_file_keeps_the_bounds(tmp_path):
    twice = tmp_path / "twice.yaml"
    twice.write_text("a: 1\na: 2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"line 2.*twice"):
        small_yaml.read(twice)
