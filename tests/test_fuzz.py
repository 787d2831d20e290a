"""`course check` over hostile files: each ends in a result or in a sentence. The benchmark draws any number."""

from collections import Counter

import pytest

from tests import hostile_files

found: Counter = Counter()


@pytest.mark.slow
@pytest.mark.parametrize("hundred", range(7))
def test_a_look_at_hostile_files_ends_in_a_result_or_a_sentence(hundred):
    found.update(hostile_files.ends("check", range(100 * hundred, 100 * (hundred + 1))))


@pytest.mark.slow
def test_the_files_are_neither_all_refused_nor_all_taken():
    assert not found or min(found["result"], found["sentence"]) > sum(found.values()) / 10
