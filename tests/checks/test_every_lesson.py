"""What holds for every lesson: checks that know what is untouched, quizzes with a reason an option, words in pairs."""

import ast
import string

import pytest

from course import authoring, language
from course.classroom import answers, folders
from course.classroom.quiz import questions
from course.classroom.words import sentences
from tests.checks import sitting
from tests.conftest import ROOT

TOPICS = [path.stem.partition("_")[2] for path in authoring.lessons(ROOT / "lessons")]
EXERCISES = [(topic, name) for topic in TOPICS for name in sitting.exercises(topic)]


@pytest.mark.parametrize(("topic", "name"), EXERCISES)
def test_untouched_is_not_attempted_and_a_skipped_cell_is_a_problem_of_the_setup(topic, name):
    one = answers.exercises(topic)[name]
    assert answers.check(name, {}).kind == answers.NOT_ATTEMPTED
    assert answers.check(name, dict.fromkeys(one.answers, ...)).kind == answers.NOT_ATTEMPTED
    if one.given:
        found = answers.check(name, dict.fromkeys(one.answers, 1))
        assert found.kind == answers.SET_UP
        assert all(given in found.sentence.say("en") for given in one.given)


def test_each_lesson_has_a_folder_and_each_folder_its_lesson():
    assert sorted(TOPICS) == folders.topics()
    assert all(folders.part(topic, "checks") and folders.part(topic, "seal") for topic in TOPICS)
    assert folders.part("nowhere", "checks") is None and folders.part("start", "material") is None


@pytest.mark.parametrize("topic", TOPICS)
def test_each_lesson_has_two_core_exercises_and_some_beyond(topic):
    cells = [c for n, c in sitting.lesson(topic).exercises().items() if not n.endswith("-bet")]
    core = sum(not cell.stretch for cell in cells)
    assert core >= 1 if topic == "identity" else core == 2
    assert topic == "start" or 1 <= len(cells) - core <= 4


@pytest.mark.parametrize("topic", TOPICS)
def test_every_option_of_the_quiz_has_a_reason_of_its_own_in_both_languages(topic):
    asked = questions(topic)
    assert 3 <= len(asked) <= 5
    for one in asked:
        options = one["options"].values()
        assert [bool(o.get("right")) for o in options].count(True) == 1
        for lang in language.LANGUAGES:
            assert one["question"][lang]
            assert (
                len({o["text"][lang] for o in options}) == len({o["feedback"][lang] for o in options}) == len(options)
            )


@pytest.mark.parametrize("topic", [*TOPICS, "common"])
def test_every_sentence_of_a_lesson_has_the_same_places_in_both_languages(topic):
    for key, said in sentences(topic).items():
        places = [
            {f"{n}:{s}" for _, n, s, _ in string.Formatter().parse(said[lang]) if n and "|" not in s}
            for lang in ("en", "zh")
        ]
        assert places[0] == places[1], key


@pytest.mark.parametrize("topic", TOPICS)
def test_every_word_that_a_lesson_calls_by_name_is_there(topic):
    cells = [cell.tree() for cell in sitting.lesson(topic).cells if cell.kind == "code"]
    game = ast.parse(folders.file(topic, "game.py").read_text(encoding="utf-8"))
    calls = [n for tree in [*cells, game] for n in ast.walk(tree) if isinstance(n, ast.Call)]
    spoken = [c for c in calls if isinstance(c.func, ast.Name) and c.func.id in ("say", "words")]
    called = {c.args[0].value for c in spoken if isinstance(c.args[0], ast.Constant)}
    assert called <= set(sentences(topic)) | set(sentences("common"))
    assert called
