"""The class board and the manager's page: a class of twelve, half of its seats stuck in planted ways."""

import base64
import json
import random
import sys
import zlib

import pytest

from course import classroom as kit
from course import cli, syllabus
from course.classroom import board, room
from course.classroom.lessons.capstone.assessment import items
from course.language import LANGUAGES

progress = sys.modules["course.classroom.progress"]  # the package has a function of this name
CORE = [name for lesson in syllabus.lessons("en") for name in lesson.core]
AT = CORE.index("segment-1")
EARLIER = "frequency counts days with an order. Two orders on one day are two orders."
LACKS = "{name} lacks the column {column}."


def code(folder, monkeypatch, right=(), mistakes=(), other=()):
    """The code of a learner who got these right, then made these mistakes: (exercise, sentence, times)."""
    monkeypatch.setenv("COURSE_WORK", str(folder))
    for name in right:
        progress.note(name, "right")
    for name, said, times in mistakes:
        for _ in range(times):
            progress.note(name, "not_yet", said)
    for section, key, value in other:
        progress.record(section, key, value)
    return progress.save()


def coded(content):
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(content).encode(), 9)).decode().rstrip("=")


@pytest.fixture
def twelve(tmp_path, monkeypatch):
    """Seats 1 to 6 get on. 7, 8, 9 share a mistake, 10 has another, 11 skipped a cell, 12 stopped early, in silence."""

    def of(seat, **what):
        return code(tmp_path / str(seat), monkeypatch, **what)

    before = CORE[:AT]
    codes = {n: of(n, right=CORE[: AT + n]) for n in range(1, 6)}
    codes[6] = of(6, right=before, mistakes=[("segment-1", EARLIER, 2)])
    codes |= {n: of(n, right=before, mistakes=[("segment-1", EARLIER, n - 4)]) for n in (7, 8)}
    codes[9] = of(9, right=before, mistakes=[("segment-1", LACKS, 1), ("segment-1", EARLIER, 4)])
    codes[10] = of(10, right=before[:-1], mistakes=[(before[-1], LACKS, 6)])
    codes[11] = of(11, right=before, other=[("done", "segment-1", "set_up")])
    codes[12] = of(12, right=before[:3])
    folder = tmp_path / "codes"
    folder.mkdir()
    (folder / "class.txt").write_text("".join(f"seat {n}: {c}\n" for n, c in codes.items()), encoding="utf-8")
    return folder


def page(source, tmp_path, *options):
    out = tmp_path / "board.html"
    assert cli.main(["board", str(source), "--out", str(out), *options]) == 0
    return out.read_text(encoding="utf-8")


def test_who_is_stuck_where_and_on_which_mistake(twelve, tmp_path):
    told = page(twelve, tmp_path, "--lang", "en")
    assert "Class board: 12 seats" in told and "<h2>5 seats are stuck</h2>" in told
    shared, *others = told.split("<li>")[1:]
    assert "<strong>segment-1</strong> · Seats: 7, 8, 9 · up to 5 checks<br>" + EARLIER in shared
    assert any("tag-2</strong> · Seats: 10 · up to 6 checks<br>… lacks the column …" in one for one in others)
    assert any("segment-1</strong> · Seats: 11<br>A cell before the exercise was not run" in one for one in others)
    assert "Far behind without a mistake to show: 12 (3 right). The middle seat has 13 right." in told
    assert "About the codes" not in told and "http" not in told.replace("http-equiv", "")


def test_what_the_board_misses_it_says(twelve, tmp_path):
    """Seat 6 has checked twice: not stuck yet. A seat that is level with the class and never checks is not seen."""
    told = page(twelve, tmp_path, "--lang", "en")
    assert "Seats: 6" not in told and "who never checks" in told


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_is_in_one_language(twelve, tmp_path, lang):
    told = page(twelve, tmp_path, "--lang", lang)
    shown = told.partition("</style>")[2]
    assert ("个座位卡住了" in shown) == (lang == "zh") and ("frequency counts days" in shown) == (lang == "en")


def test_names_are_never_shown_and_seats_that_are_none_are_numbered(tmp_path, monkeypatch):
    a = code(tmp_path / "a", monkeypatch, right=CORE[:2])
    b = code(tmp_path / "b", monkeypatch, right=CORE[:3])
    file = tmp_path / "Wang Li.txt"
    file.write_text(f"Wang Li 3 {a}\nZhang Wei 3 {b}\n座位 4号：{b}\n'{a}'\n", encoding="utf-8")
    told = page(file, tmp_path, "--lang", "en")
    assert "Wang" not in told and "Zhang" not in told and "Class board: 4 seats" in told
    assert "#1, #2, #3: no seat number" in told and "4, #2 sent one and the same code" in told


def test_files_of_a_folder_are_seats_and_the_last_code_counts(tmp_path, monkeypatch):
    more = code(tmp_path / "a", monkeypatch, right=CORE[:5])
    less = code(tmp_path / "b", monkeypatch, right=CORE[:2])
    folder = tmp_path / "codes"
    for name, text in {"07.txt": f"{more}\n{less}\n", "8/code.txt": less, "9/code.txt": more}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "5.txt").write_bytes(b"\xff\xfe\xff")
    found = board.gather(folder)
    assert [seat.name for seat in found.seats] == ["7", "8", "9"] and found.older == ["7"]
    assert len(found.seats[0].content["done"]) == 2 and found.unread == ["5.txt"]


def test_damaged_broken_and_missing_codes_are_said(tmp_path, monkeypatch):
    whole = code(tmp_path / "a", monkeypatch, right=CORE[:9])
    file = tmp_path / "codes.csv"
    file.write_text(f"seat,code\n1,{whole[:-9]}\n2,{whole[:40]}\n{whole[40:]}\n3,\n4,{whole}\n", encoding="utf-8-sig")
    found = board.gather(file)
    assert [seat.name for seat in found.seats] == ["2", "4"] and found.damaged == ["1"]
    assert found.without == {"codes.csv": 1} and found.seats[0].content["done"] == dict.fromkeys(CORE[:9], "right")


def test_mixed_versions_are_said(tmp_path, monkeypatch):
    own = code(tmp_path / "a", monkeypatch, right=CORE[:2])
    old = coded({"done": {"start-1": "right", CORE[1]: "not_yet"}, "quiz": {}, "bets": {}})
    new = coded({"done": {"fame-1": "right"}, "quiz": {}, "bets": {}, "kit": "9.1"})
    bad = coded({"done": {}, "quiz": {}, "bets": {}, "kit": "<b>", "tries": {"start-1": "9" * 5000 + " x"}})
    file = tmp_path / "codes.txt"
    file.write_text(f"1 {own}\n2 {old}\n3 {new}\n4 {bad}\n", encoding="utf-8")
    told = page(file, tmp_path, "--lang", "en")
    assert "9.1: 1 seat (3); an earlier one: 2 seats (2, 4)" in told and "does not have: 3." in told
    assert "Seats: 2<br>Which mistake it is, the code does not tell." in told and "<b>" not in told


def test_the_code_of_a_check_is_known_to_the_board(tmp_path, monkeypatch):
    """Through the door: what `check` says in a notebook is what the board says."""
    monkeypatch.setenv("COURSE_WORK", str(tmp_path))
    monkeypatch.setattr(room, "_open", {"lesson": "07_segment", "company": None})
    monkeypatch.setattr(room, "namespace", lambda: {"mine": 3, "orders": 1, "as_of": 1})
    for _ in range(3):
        kit.check("segment-1")
    (tmp_path / "c.txt").write_text(kit.save())
    told = page(tmp_path / "c.txt", tmp_path, "--lang", "en")
    assert "… should be a table (DataFrame); it is of kind …" in told


def test_another_file_is_not_written_over(tmp_path, capsys):
    (tmp_path / "c.txt").write_text("")
    assert "No code has come yet." in page(tmp_path / "c.txt", tmp_path, "--lang", "en")
    page(tmp_path / "c.txt", tmp_path)  # its own page is
    (tmp_path / "mine.html").write_text("my own")
    assert cli.main(["board", str(tmp_path / "c.txt"), "--out", str(tmp_path / "mine.html")]) == 2
    assert cli.main(["board", str(tmp_path / "nowhere"), "--out", str(tmp_path / "b.html")]) == 2
    assert cli.main(["board", str(tmp_path), "--out", str(tmp_path / "b.html"), "--watch", "0"]) == 2
    assert (tmp_path / "mine.html").read_text() == "my own"


def test_it_is_written_again_while_it_is_watched(tmp_path, monkeypatch):
    (tmp_path / "c.txt").write_text("")
    slept = []

    def sleep(seconds):
        slept.append(seconds)
        if len(slept) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", sleep)
    out = tmp_path / "b.html"
    assert cli.main(["board", str(tmp_path / "c.txt"), "--out", str(out), "--watch", "30"]) == 130
    assert slept == [30, 30] and '<meta http-equiv="refresh" content="30">' in out.read_text()


# --- the manager's page ----------------------------------------------------------------------------------------------


def learners(n):
    """The codes of n learners: 4 of 13 right before, 10 of 13 after, in forms that alternate."""
    rng = random.Random(0)
    for seat in range(1, n + 1):
        quiz = {}
        for test, hits, form in (("pre_test", 4, "AB"[seat % 2]), ("post_test", 10, "BA"[seat % 2])):
            good = set(rng.sample(range(13), hits))
            quiz[test] = {
                "form": form,
                "answers": "".join(item.right if i in good else "-" for i, item in enumerate(items(form))),
            }
        done = dict.fromkeys(CORE[:2] if seat % 2 else CORE[:4], "right")
        yield f"{seat} " + coded({"done": done, "quiz": quiz, "bets": {}, "shown": {"start-1": "shown"}})


def test_the_manager_reads_of_the_class(tmp_path):
    folder = tmp_path / "codes"
    folder.mkdir()
    (folder / "class.txt").write_text("\n".join(learners(12)))
    for seat, score in enumerate([10] * 6 + [8] * 4 + [3] * 2):
        (folder / f"{seat}.json").write_text(json.dumps({"score": score}))
    told = page(folder, tmp_path, "--manager", "--lang", "en")
    assert "12 learners with both tests (0 with one alone): 31% right before, 77% after." in told
    assert "Normalised gain 0.67 (95% interval 0.67 to 0.67)" in told  # (10 − 4) / (13 − 4), everybody alike
    assert "comments" not in told  # of none nothing is said
    assert "NPS 33 points" in told  # (6 − 2) / 12
    assert "<td>12/12</td><td>12/12</td><td>2/2</td><td>12/12</td>" in told  # lesson 00
    assert "<td>6/12</td><td>6/12</td><td>1/2</td><td>0/12</td>" in told  # lesson 01: every second one
    assert "The task: thirty days after" in told and "12 codes are of another version" in told


def test_of_few_the_manager_reads_nothing(tmp_path):
    (tmp_path / "c.txt").write_text("\n".join(learners(9)))
    told = page(tmp_path / "c.txt", tmp_path, "--manager", "--lang", "en")
    assert told.count("9 people: of fewer than 10 nothing is told") == 2
    assert "Normalised" not in told and "<table>" not in told
