"""What the tests of a lesson's checks share: a seat in the lesson of the module's TOPIC, on each of three companies."""

import pytest

pytest.register_assert_rewrite("tests.checks.sitting", "tests.checks.written")

from tests.checks import sitting  # noqa: E402  (after it is to be rewritten)


@pytest.fixture(scope="module", params=sitting.SEEDS)
def seat(request, tmp_path_factory):
    """The lesson open on another company than the shipped one; gives its folder."""
    with sitting.seated(request.module.TOPIC, request.param, tmp_path_factory.mktemp("work")) as folder:
        yield folder


@pytest.fixture(scope="module")
def given(request, seat):
    """What the notebook holds before each exercise."""
    return sitting.given(request.module.TOPIC)


def pytest_generate_tests(metafunc):
    """`exercise` stands for each exercise of the lesson that a check looks at."""
    if "exercise" in metafunc.fixturenames:
        metafunc.parametrize("exercise", sitting.exercises(metafunc.module.TOPIC))
