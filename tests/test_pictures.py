"""What a chart says without being seen: every figure that it draws, and another where it draws another."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import seaborn as sns
from matplotlib.figure import Figure

from course import language
from course.classroom.pictures import told


@pytest.fixture(autouse=True)
def english():
    language.use("en")
    yield
    language.use("en")
    plt.close("all")


@pytest.fixture
def axes():
    return Figure().subplots()


def test_bars_are_told_by_name_whichever_way_they_lie(axes):
    axes.barh(["tea", "home"], [26, 9.25])
    axes.set(title="Tea leads", xlabel="share (%)")
    assert told(axes.figure) == "Tea leads; share (%); tea: 26, home: 9.25"
    language.use("zh")
    assert told(axes.figure) == "Tea leads；share (%)；tea：26，home：9.25"


def test_bars_of_two_kinds_are_told_kind_by_kind():
    table = pd.DataFrame({"n": list("abab"), "x": [3.0, 4, 5, 6], "kind": list("ppqq")})
    assert told(sns.barplot(table, x="n", y="x", hue="kind").figure) == "n; x; p; q; a: 3, b: 4; a: 5, b: 6"


def test_points_with_intervals_are_told_by_the_labels_of_their_ticks(axes):
    axes.errorbar([1, 2], [0, 1], xerr=[0.5, 1], fmt="o", capsize=3)
    axes.set_yticks([0, 1], ["May", "November"])
    axes.axvline(2)
    assert told(axes.figure) == "May: 1, November: 2; a line at 2; 0.5 to 1.5, 1 to 3"


def test_of_many_values_their_ends_and_mean_are_told(axes):
    axes.plot(np.arange(101) * 20)
    assert told(axes.figure) == "101 values from 0 to 2,000, mean 1,000"


def test_a_grid_is_told_by_its_cells():
    assert told(sns.heatmap(np.arange(4).reshape(2, 2)).figure) == "4 values from 0 to 3, mean 1.5"


def test_what_shows_nothing_says_nothing(axes):
    axes.plot([], [])
    axes.scatter([], [])
    axes.plot([1], [np.nan])
    axes.errorbar([1], [np.nan], yerr=[np.nan])
    assert told(axes.figure) == ""


@pytest.mark.parametrize("drawn", ["plot", "scatter", "bar", "step"])
def test_another_figure_is_another_sentence(drawn):
    said = set()
    for last in (40, 41):
        axes = Figure().subplots()
        getattr(axes, drawn)([1, 2, 3], [10, 20, last])
        said.add(told(axes.figure))
    assert len(said) == 2
