"""A notebook on files of one's own: what is open is asked with buttons, nothing is chosen in silence."""

import subprocess
import sys

import pytest

from course import cli, language, own, workflow
from course.errors import DataError

#: Money on each row of an order, which may be the order's (40 + 30 + 20) or the line's (80 + 60 + 20).
LEVEL = """order_id,customer_id,ordered_at,amount,sku
1,a,2024-01-13,40,x
1,a,2024-01-13,40,y
2,b,2024-01-14,30,x
2,b,2024-01-14,30,z
3,a,2024-02-14,20,z
"""
#: The same, and days that may be months.
BOTH = LEVEL.replace("2024-01-13", "01/03/2024").replace("2024-01-14", "04/05/2024").replace("2024-02-14", "06/07/2024")


@pytest.fixture
def shown(monkeypatch):
    """What is displayed below the cell."""
    boxes = []
    monkeypatch.setattr(own, "_show", boxes.append)
    return boxes


def write(tmp_path, text):
    path = tmp_path / "shop.csv"
    path.write_text(text, encoding="utf-8")
    return str(path)


def parts(box):
    """The choices of a form by their questions, its button, and what it says."""
    *asked, go, said = box.children
    return {question.children[0].value: question.children[1] for question in asked}, go, said


def test_where_nothing_is_open_the_tables_are_there_at_once(tmp_path, shown):
    tables = own.gather({"orders": write(tmp_path, LEVEL)}, answers={"money": "line"})
    assert shown == [] and list(tables) == ["orders"]
    assert tables["orders"].frame["amount"].sum() == 160


def test_a_question_is_buttons_none_of_them_chosen_and_the_answer_reads_the_files(tmp_path, shown):
    tables = own.gather({"orders": [write(tmp_path, LEVEL)]})
    (choice,), go, said = (list(p.values()) if isinstance(p, dict) else p for p in parts(shown[0]))
    assert [label for label, _ in choice.options] == [
        "the order's, counted once: 90.00 in all",
        "the line's, added up: 160.00 in all",
    ]
    assert choice.value is None and go.disabled and said.value == ""
    choice.value = "order"
    assert not go.disabled
    go.click()
    assert tables["orders"].frame["amount"].sum() == 90
    assert 'answers={"money": "order"}' in said.value and go.disabled and choice.disabled
    assert (
        own.gather({"orders": [write(tmp_path, LEVEL)]}, answers={"money": "order"})["orders"].totals.at[0, "money"]
        == 90
    )


def test_until_it_is_answered_every_use_of_the_tables_is_one_sentence(tmp_path, shown):
    tables = own.gather({"orders": write(tmp_path, LEVEL)})
    for use in (lambda: tables["orders"], lambda: list(tables), lambda: len(tables), lambda: workflow.run(tables)):
        with pytest.raises(DataError, match=r"1 question is open \(money=order \| line\)") as caught:
            use()
        assert caught.value._render_traceback_() == [str(caught.value)]


def test_all_questions_stand_together_and_the_button_waits_for_all(tmp_path, shown):
    tables = own.gather({"orders": write(tmp_path, BOTH)})
    choices, go, said = parts(shown[0])
    assert len(choices) == 2
    for question, choice in choices.items():
        assert go.disabled
        choice.value = "dmy" if "day or month" in question else "line"
    go.click()
    assert str(tables["orders"].frame["ordered_at"].min().date()) == "2024-03-01"
    assert tables["orders"].frame["amount"].sum() == 160
    assert '"dates": "dmy"' in said.value and '"money": "line"' in said.value


SURVEY = """Respondent ID,Collector ID,Start Date,End Date,Email Address,How likely is it that you would recommend us?
,,,,,Open-Ended Response
1,7,04/04/2026,04/04/2026,p@shop.example,9
2,7,05/03/2026,05/03/2026,q@shop.example,2
3,7,05/04/2026,05/04/2026,q@shop.example,9
4,7,06/04/2026,06/04/2026,r@shop.example,9
"""


def test_what_an_answer_brings_up_is_asked_below(tmp_path, shown):
    """Day first q's answers are 31 days apart; month first it is the next day, and one of the two counts too many."""
    tables = own.gather({"surveys": write(tmp_path, SURVEY)})
    (choice,), go, _ = (list(p.values()) if isinstance(p, dict) else p for p in parts(shown[0]))
    assert choice.options[0][1] == "dmy"
    choice.value = "mdy"
    go.click()
    (again,), go, said = (list(p.values()) if isinstance(p, dict) else p for p in parts(shown[0].children[-1]))
    assert again.value is None and choice.disabled and tables._open
    again.value = "first"
    go.click()
    assert 'answers={"dates": "mdy", "repeats": "first"}' in said.value
    assert len(tables["surveys"].frame) == 4


def test_an_answer_with_which_nothing_can_be_read_is_said_and_can_be_given_anew(tmp_path, shown):
    rows = "".join(f"{i},c{i % 9},2024-01-{i % 27 + 1:02d},{'n/k' if i % 4 == 0 else 10}\n" for i in range(40))
    tables = own.gather({"orders": write(tmp_path, "order_id,customer_id,ordered_at,amount\n" + rows)})
    (choice,), go, said = (list(p.values()) if isinstance(p, dict) else p for p in parts(shown[0]))
    choice.value = "mend"
    go.click()
    assert "mend the cells of amount that cannot be read" in said.value and not go.disabled
    choice.value = "blank"
    go.click()
    assert go.disabled and tables["orders"].frame["amount"].sum() == 300


def test_the_buttons_speak_the_readers_language(tmp_path, shown):
    language.use("zh")
    own.gather({"orders": write(tmp_path, LEVEL)})
    choices, go, _ = parts(shown[0])
    assert go.description == "按这些回答继续" and "整单" in next(iter(choices))


def test_a_refusal_is_a_sentence_without_a_traceback(tmp_path):
    with pytest.raises(DataError) as caught:
        own.gather({"orders": write(tmp_path, "a,b\n1,2\n")})
    assert caught.value._render_traceback_() == [str(caught.value)]


def test_what_a_file_holds_is_text_on_the_page(tmp_path, shown):
    text = LEVEL.replace("amount", "<script>amount", 1)
    own.gather({"orders": write(tmp_path, text)}, {"amount": "<script>amount"})
    assert "&lt;script&gt;amount" in next(iter(parts(shown[0])[0]))


def test_in_a_kernel_a_learner_sees_no_traceback(tmp_path):
    """As IPython itself shows it: the sentence, and no line of code of the kit."""
    path = write(tmp_path, LEVEL)
    code = f"from course import own\ntables = own.gather({{'orders': {path!r}}})\ntables['orders']\n"
    script = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        f"shell.run_cell({code!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=cli.__file__.rpartition("/course/")[0]
    )
    assert "1 question is open" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr and "own.py" not in done.stdout
