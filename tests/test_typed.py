"""What was typed for the exercises goes to another machine, and progress survives an exercise's new name."""

import importlib
import json

import pytest

from course import DataError, syllabus
from course import classroom as kit
from course.classroom import board, room, typed
from course.classroom.progress import WITH_ANSWERS
from course.hub import index

notes = importlib.import_module("course.classroom.progress")
#: An exercise of lesson 00. What it is given is not made here: its check says so, and remembers what was typed.
NAME = "start-1"


@pytest.fixture(autouse=True)
def machine(tmp_path, monkeypatch):
    """machine(name): the learner sits at this machine; nothing is open, nothing was run yet."""

    def at(name):
        monkeypatch.setenv("COURSE_WORK", str(tmp_path / name))
        monkeypatch.setattr(room, "_open", {"lesson": "00_start", "company": None})
        return tmp_path / name

    at("first")
    return at


@pytest.fixture
def run(monkeypatch):
    """run(cell): the learner's notebook runs a cell."""
    names, cells = {}, []
    monkeypatch.setattr(room, "namespace", lambda: names)
    monkeypatch.setattr(room, "cells", lambda: cells)

    def one(cell):
        cells.append(cell)
        exec(cell, names)

    one.names, one.cells = names, cells
    return one


def asked():
    """The names that NAME asks for."""
    from course.classroom import answers

    return answers.exercises("start")[NAME].answers


def test_what_was_typed_is_shown_at_the_exercise_on_another_machine(machine, run, tmp_path):
    typed_cell = "\n".join(f"{name} = 7  # 我的答案 <b>" for name in asked())
    run(typed_cell)
    assert kit.check(NAME).before == ""
    code = kit.save()
    said = kit.save(answers=True).say()
    assert WITH_ANSWERS in said and "1 exercise " in said and kit.save() == code
    written = (tmp_path / "first" / WITH_ANSWERS).read_text(encoding="utf-8")
    assert "我的答案 <b>" in written and json.loads(written)["code"] == code  # readable, and the short code within
    machine("second")
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / WITH_ANSWERS).write_text(written, encoding="utf-8")
    assert kit.restore(WITH_ANSWERS).say().startswith("Exercises right: 0; tried: 0.")
    for name in asked():
        run(f"{name} = ...")
    outcome = kit.check(NAME)
    assert outcome.kind == "not_attempted" and outcome.before == typed_cell
    assert "我的答案 &lt;b&gt;" in outcome._repr_html_() and typed_cell in repr(outcome)
    assert run.names[asked()[0]] is ...  # shown, never run


def test_the_cells_that_gave_the_names_last_are_kept_in_their_order():
    cells = ["a = 1", "b = 2", "print(a)", "%%time\na = 3", "table['a'] = 4", "def f():\n    return 1", "a = ("]
    assert typed.code_of(("a", "b"), cells) == "b = 2\n\n%%time\na = 3"
    assert typed.code_of(("table", "f"), cells) == "table['a'] = 4\n\ndef f():\n    return 1"
    assert typed.code_of(("nobody",), cells) == ""


def test_an_answer_too_long_to_keep_is_left_out_and_the_check_goes_on(run):
    run(f"{asked()[0]} = 1  # {'x' * typed.LONGEST}")
    assert kit.check(NAME).kind == "set_up" and typed.read() == {}


def test_half_a_character_costs_the_memory_only(run):
    run(f"{asked()[0]} = 1")
    run.cells[-1] += "  # \ud800"
    assert kit.check(NAME).kind == "set_up" and typed.read() == {}


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"code": 7, "answers": {}}', '{"code": "x"}', '{"code": "x", "answers": {"a": "b"}}',
     '{"code": "x", "answers": {"a": [1]}}', "[" * 5000, '{"code": "damaged", "answers": {}}'],
)  # fmt: skip
def test_a_file_that_save_never_wrote_is_refused_and_changes_nothing(tmp_path, content):
    room.folder().joinpath(WITH_ANSWERS).write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match="damaged"):
        kit.restore(WITH_ANSWERS)
    assert kit.progress().values["tried"] == 0 and typed.read() == {}


def test_a_file_that_is_not_there_is_named():
    with pytest.raises(DataError, match=r"no file nobody\.json"):
        kit.restore("nobody.json")


# --- renamed exercises -----------------------------------------------------------------------------------------------


def test_the_table_leads_from_names_that_are_gone_to_names_that_are_there():
    there = {name for lesson in syllabus.lessons("en") for name in lesson.every}
    table = syllabus.renames()
    assert not table.keys() & there and set(table.values()) <= there | table.keys()


@pytest.fixture
def table(monkeypatch):
    """start-1 was called start-first, and start-zero before that."""
    monkeypatch.setattr(syllabus, "renames", lambda: {"start-zero": "start-first", "start-first": NAME})


@pytest.mark.parametrize("old", ["start-first", "start-zero"])
def test_progress_survives_a_new_name_in_a_file_a_code_the_index_and_the_board(machine, monkeypatch, tmp_path, old):
    """As a learner's folder and code of today, read by a kit in which the exercise is called otherwise."""
    content = {"done": {old: "right", "start-2": "not_yet"}, "tries": {old: "2 0a1b2c"}, "shown": {old: "shown"},
               "quiz": {"start-first": "right"}, "bets": {}, "hands": {}}  # fmt: skip
    room.keep("progress.json", content)
    room.keep("answers.json", {old: ["x = 1"]})
    code = kit.save()
    monkeypatch.setattr(syllabus, "renames", lambda: {"start-zero": "start-first", "start-first": NAME})
    now = notes.read()
    assert now["done"] == {NAME: "right", "start-2": "not_yet"} == notes.unpack(code)["done"]
    assert notes.tries(NAME) == 2 and now["shown"] == {NAME: "shown"} and typed.before(NAME) == "x = 1"
    assert now["quiz"] == {"start-first": "right"}  # a question of the quiz is no exercise
    (start,) = [entry for entry in index.entries("en") if entry.number == "00"]
    assert start.right == 1
    (tmp_path / "codes.txt").write_text(f"7 {code}\n", encoding="utf-8")
    (seat,) = board.gather(tmp_path / "codes.txt").seats
    assert seat.content["done"][NAME] == "right"
    machine("second")
    kit.restore(code)
    assert notes.read()["done"][NAME] == "right"


@pytest.mark.usefixtures("table")
def test_what_was_right_under_either_name_is_right():
    done = {"start-first": "right", NAME: "not_yet"}
    assert syllabus.renamed(done) == {NAME: "right"} == syllabus.renamed(dict(reversed(done.items())))
    assert syllabus.renamed({"start-first": "not_yet", NAME: "right"}) == {NAME: "right"}
    assert syllabus.renamed({"start-first": "not_yet", NAME: "set_up"}) == {NAME: "set_up"}
