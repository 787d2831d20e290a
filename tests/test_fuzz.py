"""Files of hostile pieces: each run over one ends in a result or in a sentence. The benchmark has 100,000 of them."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import hostile_files

ends = Counter()


@pytest.mark.slow
@settings(max_examples=400, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_run_over_hostile_pieces_ends_in_a_result_or_a_sentence(data):
    ends[hostile_files.end_of_a_run(data.draw)] += 1


@pytest.mark.slow
def test_the_pieces_are_neither_all_refused_nor_all_taken():
    assert not ends or min(ends["result"], ends["sentence"]) > sum(ends.values()) / 20
