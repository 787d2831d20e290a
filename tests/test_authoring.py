"""The lesson factory: four notebooks from one text, and a refusal for every way to spoil a lesson."""

import ast
import importlib
import json

import nbformat
import pytest

from course.authoring import LessonError, build, lessons, lint, read, stale, wording
from course.authoring.build import notebook
from course.authoring.execute import _where
from course.authoring.stub import stub
from course.language import LANGUAGES
from tests.conftest import ROOT

HINTS = "".join(
    f'+++ {{"lang": "en", "hint": "sum-1"}}\n\nNudge {i}.\n\n+++ {{"lang": "zh", "hint": "sum-1"}}\n\n提示{i}。\n\n'
    for i in (1, 2, 3)
)
LESSON = f"""---
jupytext: {{text_representation: {{extension: .md, format_name: myst}}}}
kernelspec: {{name: python3, display_name: Python 3}}
lesson: {{minutes: 5}}
---

<!-- For authors only. -->

+++ {{"lang": "en", "minutes": 2}}

# Sums

Two numbers.

+++ {{"lang": "zh", "minutes": 2}}

# 求和

两个数。

```{{code-cell}}
numbers = [1, 2]
len(numbers)
```

+++ {{"lang": "en", "minutes": 3}}

## Your turn

Add them as `total`.

+++ {{"lang": "zh", "minutes": 3}}

## 动手

求和，存入 `total`。

```{{code-cell}}
:exercise: sum-1
from math import fsum
total_of_all = fsum(numbers)
total = int(total_of_all)
```

```{{code-cell}}
check("sum-1")
```

{HINTS}+++ {{"lang": "en", "tags": ["solution"]}}

Fsum is exact.

+++ {{"lang": "zh", "tags": ["solution"]}}

fsum 没有误差。

+++ {{"lang": "en", "tags": ["stretch"]}}

## More

Further.

+++ {{"lang": "zh", "tags": ["stretch"]}}

## 选学

更多。
"""


@pytest.fixture
def house(tmp_path):
    """A folder with one lesson; `check` and `open_lesson` come from a classroom of its own."""
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "01_sum.md").write_text(LESSON, encoding="utf-8")
    return tmp_path


def rewritten(house, old, new):
    path = house / "lessons" / "01_sum.md"
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def unexecuted(house, lang, solutions, beyond=False):
    """The notebook before anything is run: what is kept and what is not does not depend on outputs."""
    return notebook(read(house / "lessons" / "01_sum.md"), lang, solutions, lessons(house / "lessons"), beyond)


def sources(book):
    return ["".join(c["source"]) for c in book["cells"]]


def test_a_notebook_holds_its_language_the_stub_and_the_hints(house):
    english = sources(unexecuted(house, "en", solutions=False))
    assert "# Sums\n\n*About 2 min*\n\nTwo numbers." in english
    assert "total_of_all = ...\ntotal = ..." in english
    assert "<details><summary>Hint 2</summary>\n\nNudge 2.\n\n</details>" in english
    assert not any("Further." in source for source in english)
    assert english[-1] == "[Beyond the core path of lesson 01](01_sum_more.ipynb)"
    everything = "\n".join(english)
    assert "fsum" not in everything and "求和" not in everything and "authors" not in everything
    chinese = "\n".join(sources(unexecuted(house, "zh", solutions=False)))
    assert "# 求和" in chinese and "提示 3" in chinese and "Nudge" not in chinese and "fsum" not in chinese


def test_what_is_beyond_the_core_path_is_a_notebook_of_its_own_that_makes_what_it_needs(house):
    cells = """```{code-cell}
:tags: ["stretch"]
sum(n for n in numbers if n > least)
```

"""
    rewritten(
        house, "numbers = [1, 2]\n", "least = 5\nnumbers = [1, 2]\nnumbers.append(3)\nfor n in numbers:\n    print(n)\n"
    )
    rewritten(house, "total = int(total_of_all)", "total = int(total_of_all)\nleast = 1")
    rewritten(house, '+++ {"lang": "en", "tags": ["stretch"]}', cells + '+++ {"lang": "en", "tags": ["stretch"]}')
    english = sources(unexecuted(house, "en", solutions=False, beyond=True))
    assert english[0] == "[中文](../zh/01_sum_more.ipynb) · [← Lesson 01](01_sum.ipynb)"
    assert english[1].endswith('open_lesson("01_sum_more", "en")')
    assert english[2] == "# Sums – beyond the core path"
    assert english[4] == "numbers = [1, 2]\nnumbers.append(3)\n\nleast = 1"  # the last that is bound, no loop, no print
    assert english[5:] == ["sum(n for n in numbers if n > least)", "## More\n\nFurther."]
    (folded,) = [c for c in unexecuted(house, "en", True, True)["cells"] if "jupyter" in c["metadata"]]
    assert folded["metadata"] == {"tags": ["hide-input"], "jupyter": {"source_hidden": True}}


def test_the_cell_that_papermill_writes_behind_keeps_its_tag(house):
    rewritten(house, "```{code-cell}\nnumbers", '```{code-cell}\n:tags: ["parameters"]\nnumbers')
    for solutions in (False, True):
        tagged = [
            c for c in unexecuted(house, "en", solutions)["cells"] if "parameters" in c["metadata"].get("tags", ())
        ]
        assert ["".join(c["source"]) for c in tagged] == ["numbers = [1, 2]\nlen(numbers)"]


def test_chinese_has_no_blank_where_its_source_has_a_line_break(house):
    rewritten(
        house,
        "\n\n两个数。\n",
        "\n两个数，\n都是**整数**\n“一”和\n`b`。\n\n- 甲\n- 乙，\n  丙\n\n| 丁 |\n|---|\n| 戊 |\n",
    )
    (cell,) = [s for s in sources(unexecuted(house, "zh", solutions=False)) if s.startswith("# 求和")]
    assert (
        cell
        == "# 求和\n\n*约 2 分钟*\n两个数，都是**整数**“一”和\n`b`。\n\n- 甲\n- 乙，\n  丙\n\n| 丁 |\n|---|\n| 戊 |"
    )


def test_a_solution_holds_the_answer_and_why_but_no_hints(house):
    english = "\n".join(sources(unexecuted(house, "en", solutions=True)))
    assert "total_of_all = fsum(numbers)" in english and "Fsum is exact." in english and "Nudge" not in english


def test_a_notebook_and_its_solution_speak_the_readers_language(house, monkeypatch):
    known = {"sum": {"n": {"en": "{n} numbers", "zh": "{n} 个数"}}}
    monkeypatch.setattr(wording, "_sentences", known.get)
    rewritten(house, "len(numbers)", 'say("n", n=len(numbers))')
    for solutions in (False, True):
        assert 'numbers = [1, 2]\nprint(f"{len(numbers)} numbers")' in sources(unexecuted(house, "en", solutions))
        assert 'numbers = [1, 2]\nprint(f"{len(numbers)} 个数")' in sources(unexecuted(house, "zh", solutions))
    assert all("not what this lesson says" in str(e) for e in stale(house))


def test_an_error_is_told_at_the_lessons_own_line(house):
    lesson = read(house / "lessons" / "01_sum.md")
    node = nbformat.reads(json.dumps(unexecuted(house, "zh", solutions=True)), as_version=4)
    failed = [c for c in node.cells if c.cell_type == "code"][2]
    failed.outputs = [nbformat.v4.new_output("error", ename="NameError", evalue="fsum", traceback=[])]
    error = _where(lesson, node, "In [3]\n\x1b[31mNameError: fsum\x1b[0m")
    assert str(error).endswith("The solution stops here: NameError: fsum")
    assert LESSON.splitlines()[error.line - 1] == "from math import fsum"


def test_cells_are_called_after_what_they_say(house):
    first, again = unexecuted(house, "en", False), unexecuted(house, "en", False)
    assert json.dumps(first) == json.dumps(again)
    ids = [c["id"] for c in first["cells"]]
    assert len(set(ids)) == len(ids) and all(i.startswith("01_sum-") for i in ids)
    rewritten(house, "Two numbers.", "Two or three numbers.")
    changed = [c["id"] for c in unexecuted(house, "en", False)["cells"]]
    assert len(set(ids) - set(changed)) == 1


@pytest.mark.parametrize(
    ("code", "given"),
    [
        ("a = 1\nb = a + 1", "a = ...\nb = ..."),
        ("x, y = 1, 2\nx = 3", "x = ...\ny = ..."),
        ("import math\nprint(1)\nfor i in range(3):\n    z = i", ""),
        (
            'def f(a: int, *, b=2) -> int:\n    """What f gives."""\n    return a + b',
            'def f(a: int, *, b=2) -> int:\n    """What f gives."""\n    ...',
        ),
        ("frame['new'] = 1\nrest = frame", "rest = ..."),
    ],
)
def test_a_stub_keeps_what_is_to_be_filled_in_and_nothing_of_how(code, given):
    assert stub(code) == given


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('+++ {"lang": "zh", "minutes": 3}\n\n## 动手\n\n求和，存入 `total`。\n\n', "", "no Chinese twin"),
        ('+++ {"lang": "en", "minutes": 3}\n\n## Your turn\n\nAdd them as `total`.\n\n', "", "no English twin"),
        ('+++ {"lang": "en", "minutes": 3}\n\n## Your', '+++ {"note": 1}\n\n## Your', "which nobody reads"),
        ('+++ {"lang": "en", "minutes": 3}\n\n## Your', "+++\n\n## Your", "needs its language"),
        ("numbers = [1, 2]\n", "numbers = [1, 2]\ntotal_of_all = fsum(numbers)\n", "a line of the answer to sum-1"),
        ("Nudge 3.", "Write `total_of_all = fsum(numbers)`.", "a line of the answer to sum-1"),
        ('check("sum-1")', 'check("sum-1")\nfsum([1])', "needs fsum, which only the answer to sum-1 brings"),
        ('check("sum-1")', 'check("sum-1")\ntotal + 1', "needs total, which only the answer to sum-1 brings"),
        ('check("sum-1")', "numbers", "No cell runs check"),
        (
            '+++ {"lang": "en", "hint": "sum-1"}\n\nNudge 3.\n\n+++ {"lang": "zh", "hint": "sum-1"}\n\n提示3。\n\n',
            "",
            "2 of 3",
        ),
        ('+++ {"lang": "en", "hint": "sum-1"}', '+++ {"lang": "en", "hint": "sum-2"}', "different metadata"),
        (":exercise: sum-1", ":exercise: add-1", "here it must be sum-1"),
        (
            "```{code-cell}\ncheck",
            "```{code-cell}\n:exercise: sum-1\nq = 1\n```\n\n```{code-cell}\ncheck",
            "stands twice",
        ),
        ("Two numbers.", "![](picture.png)", "A picture without a text"),
        ("Two numbers.", '<img src="picture.png">', "A picture without a text"),
        ("## Your turn", "### Your turn", "jumps from level 1 to 3"),
        ("## Your turn", "# Your turn", "a lesson has one title"),
        ("len(numbers)", "len(numbers)\nframe.explode()", "explode is not on the published list"),
        ("len(numbers)", "import pandas as pd\npd.melt(frame)", "melt is not on the published list"),
        ("len(numbers)", "len(numbers)  # how many", "A comment in code"),
        ("len(numbers)", 'print(f"There are {len(numbers)}")', "take the sentence from the catalogue"),
        ("len(numbers)", "len(numbers)\n" * 13, "one idea a cell"),
        ("len(numbers)", "len(numbers)" + " + len(numbers)" * 8, "at most 120, break it"),
        ("len(numbers)", "len(numbers", "This is not Python"),
        ("lesson: {minutes: 5}", "lesson: {}", "minutes of the core path"),
        (
            "```{code-cell}\ncheck",
            '```{code-cell}\n:tags: ["stretch"]\nmore = 1\n```\n\n```{code-cell}\nmore\n```\n\n```{code-cell}\ncheck',
            "needs more, which only a cell beyond the core path brings",
        ),
        ("lesson: {minutes: 5}", "lesson: {minutes: 6}", "take 5 minutes, the header says 6"),
        ('{"lang": "zh", "minutes": 3}', '{"lang": "zh", "minutes": 4}', "different metadata"),
        (
            '{"lang": "en", "tags": ["solution"]}',
            '{"lang": "en", "tags": ["solution"], "minutes": 1}',
            "different metadata",
        ),
    ],
)
def test_what_spoils_a_lesson_is_refused_with_file_and_line(house, old, new, said):
    rewritten(house, old, new)
    (error,) = [e for e in stale(house) if said in str(e)]
    assert str(error).startswith("01_sum.md:") and error.line >= 1
    with pytest.raises(LessonError, match=said.replace("(", r"\(")):
        build(house)
    assert not (house / "notebooks").exists() and not (house / "solutions").exists()


def test_the_line_is_the_one_of_the_cell(house):
    rewritten(house, "len(numbers)", "len(numbers)\nframe.explode()")
    (error,) = stale(house)
    text = (house / "lessons" / "01_sum.md").read_text(encoding="utf-8").splitlines()
    assert text[error.line - 1] == "numbers = [1, 2]"


def test_new_prose_keeps_the_outputs_and_new_code_runs_again(house, monkeypatch):
    ran = []

    def execute(lesson, book, lang):
        ran.extend([] if lesson.beyond else [lang])
        for cell in (c for c in book["cells"] if c["cell_type"] == "code"):
            cell |= {"outputs": [{"output_type": "stream", "name": "stdout", "text": [str(len(ran))]}]}
        return book

    monkeypatch.setattr(importlib.import_module("course.authoring.build"), "execute", execute)
    build(house)
    assert ran == ["en", "zh"]
    rewritten(house, "Fsum is exact.", "Fsum does not round.")
    written = [f"{path.parts[-3]}/{path.parts[-2]}" for path in build(house)]
    assert ran == ["en", "zh"] and written == ["solutions/en"] and stale(house) == []
    book = json.loads((house / "solutions" / "en" / "01_sum.ipynb").read_text(encoding="utf-8"))
    assert [c["outputs"][0]["text"] for c in book["cells"] if c["cell_type"] == "code"] == [["1"]] * 4
    rewritten(house, "numbers = [1, 2]", "numbers = [1, 3]")
    build(house)
    assert ran == ["en", "zh", "en", "zh"]


def test_what_is_called_on_a_module_or_an_axes_is_not_pandas(house):
    rewritten(house, "len(numbers)", "import numpy as np\nnp.where(True, 1, 2)\nax.hist(numbers)")
    assert all("published list" not in str(e) for e in stale(house))


def test_a_stretch_cell_may_go_further(house):
    rewritten(
        house,
        "```{code-cell}\nnumbers",
        '```{code-cell}\n:tags: ["stretch"]\nframe.explode()\n```\n\n```{code-cell}\nnumbers',
    )
    assert all("published list" not in str(e) for e in stale(house))


def test_a_bet_is_an_exercise_without_check_or_hints_and_the_next_cell_takes_it_open(house):
    cells = (
        "```{code-cell}\n:exercise: sum-bet\nlow, high = 10, 30\n```\n\n```{code-cell}\nbet('sum', low, high)\n```\n\n"
    )
    rewritten(house, '+++ {"lang": "en", "tags": ["stretch"]}', cells + '+++ {"lang": "en", "tags": ["stretch"]}')
    assert all("not what this lesson says" in str(e) for e in stale(house))
    assert "low = ...\nhigh = ..." in sources(unexecuted(house, "en", solutions=False))


# --- the lessons of this kit -----------------------------------------------------------------------------------------


def test_the_lessons_keep_the_rules_and_what_is_built_is_what_they_say():
    assert [str(e) for e in stale(ROOT)] == []


def test_no_lesson_is_left_that_keeps_to_what_a_core_path_keeps_to():
    kept = {path.stem: read(path) for path in lessons(ROOT / "lessons")}
    broken = {
        name: {rule for rule, refusals in lint.CORE.items() if any(refusals(lesson))} for name, lesson in kept.items()
    }
    assert {name: rules for name, rules in broken.items() if rules} == lint.LEFT


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("numbers = [1, 2]\nlen(numbers)", f"numbers = [{', '.join('1' * 30)}]\nlen(numbers)", "at most 88"),
        ("len(numbers)\n```", "len(numbers)\n```\n\n```{code-cell}\nmax(numbers)\n```", "Two cells of code"),
        ("len(numbers)\n```", "len(numbers)\n```\n" + "\n+++ \n\n```{code-cell}\nguess('a', 1)\n```" * 60, "60"),
    ],
)
def test_a_core_path_is_short_narrow_and_explained(house, old, new, said):
    rewritten(house, old, new)
    (path,) = lessons(house / "lessons")
    with pytest.raises(LessonError, match=said):
        lint.check(read(path))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_a_learner_cannot_take_to_work_is_rare(lang):
    lines, keyed = 0, []
    for path in lessons(ROOT / "lessons"):
        for cell in wording.spoken(read(path), lang).cells:
            if cell.kind == "code" and not cell.stretch and not cell.exercise:
                lines += len(cell.text.splitlines())
                keyed += [n.id for n in ast.walk(cell.tree()) if getattr(n, "id", "") in ("say", "words")]
    assert "say" not in keyed and len(keyed) / lines < 0.005


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_template_of_a_lesson_breaks_no_rule_and_becomes_a_notebook(tmp_path, lang):
    (tmp_path / "lessons").mkdir()
    copied = tmp_path / "lessons/14_topic.md"
    copied.write_text((ROOT / "docs/template_lesson.md").read_text(encoding="utf-8"), encoding="utf-8")
    lesson = read(copied)
    lint.check(lesson)
    given, solved = ("\n".join(sources(notebook(lesson, lang, answers, [copied]))) for answers in (False, True))
    assert "nunique" not in given and "nunique" in solved and 'check("topic-1")' in given
    assert "<details>" in given and ("鹿鸣" in given) == (lang == "zh")


def test_the_badge_opens_the_lesson_by_its_door_at_the_address_that_pyproject_names(house):
    assert "mybinder" not in sources(unexecuted(house, "zh", solutions=False))[0]
    (house / "pyproject.toml").write_text('[project.urls]\nRepository = "https://code.example/owner/name.git"\n')
    first = sources(unexecuted(house, "zh", solutions=False))[0]
    assert "https://mybinder.org/v2/gh/owner/name/HEAD?urlpath=course/zh/01)" in first
