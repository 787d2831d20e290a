"""Every command of README and docs, in both languages, is one that the kit knows; those of README are run in order."""

import re
import shlex
import sqlite3
import tomllib
import webbrowser
from datetime import date, timedelta

import pandas as pd
import pytest
import yaml

from course import classroom, cli, language
from tests.conftest import ROOT

#: The customer that README looks up in the demo.
CUSTOMER = "8800018439"
PAGES = sorted(
    [*ROOT.glob("README*.md"), *ROOT.glob("docs/**/*.md"), *(ROOT / f"{n}.md" for n in ("CONTRIBUTING", "SECURITY"))]
)
#: How a command begins that stands on a line of its own or between backquotes. Whatever else stands there is a name.
KIT = r"(?:python3 lab\.py|py lab\.py|course(?= [a-z]))"
FOREIGN = r"(?:!git|apt|git|pip|pytest|ruff|sudo|uv|\.ci/|\.venv/|benchmarks/)(?=[ \w])"
#: Who runs what is not run here: the command as a pattern, and the test or the script of .ci that runs it.
ELSEWHERE = {
    "run --demo": "tests/test_luming_run.py",
    "lab": "tests/test_lab.py::test_a_newcomer_sees_chinese_menus_and_the_first_lesson",
    "test( --all)?": "tests/test_lab.py::test_test_runs_pytest_in_the_kit",
    "add postgres": "tests/test_lab.py::test_what_is_added_stays",
    "reset 07": "tests/test_hub.py::test_reset_keeps_every_earlier_copy",
    "build( NN| --check)?": "tests/test_authoring.py::"
    "test_the_template_of_a_lesson_breaks_no_rule_and_becomes_a_notebook",
    "pack .*": ".ci/pack",
    "doctor --class": "tests/test_doctor.py::test_doctor_class_is_a_command",
    "site --out site": "tests/test_site.py::test_a_reader_finds_the_way",
    "alert result": "tests/test_actions.py::test_alert_prints_the_list_of_calls_without_those_left_out",
    "score": "tests/test_luming_run.py::test_the_score_holds_every_step_against_the_truth",
    "run --orders (postgresql|mysql)://.*": "tests/test_databases.py::test_the_commands_of_the_documentation_run",
    "run .*--engine spark.*": "tests/test_spark.py::test_the_door_runs_on_a_cluster_and_says_how_much_of_it",
    "forget result 13800138000 --key \\w+": "tests/test_forget.py::"
    "test_who_was_given_a_pseudonym_is_found_by_the_number_it_replaced",
    "sudo apt install python3-venv": ".ci/bare",
    "pip config set global.index-url \\w+": "tests/test_lab.py::test_uv_is_given_the_index_that_pip_is_configured_for",
    "pip install": ".ci/wheel",
    r"pip install 'customer-portrait-course\[spark\]'": "tests/test_extras.py::test_elsewhere_it_is_that_of_pip_or_uv",
    r'pip install -e "\.\[notebook\]" -c constraints.txt': ".ci/first_minutes",
    "pytest solutions/(en|zh)/(07_segment|NN_topic).ipynb": ".ci/run",
    "ruff (check|format)": ".ci/run",
    "uv pip compile pyproject.toml .*": "tests/test_environment.py",
    r"\.ci/\w+": "tests/test_ci.py::test_a_script_ends_well",
}
#: What no test runs: a measurement takes minutes and files that are not here, the rest another's machine.
NEVER = r"(\.venv/bin/python )?benchmarks/\w+\.py( \w+)?|!git clone .* ADDRESS && pip install .*|uv tool install WHEEL"


def told(path):
    """The commands that stand in a page, of the kit and others, without comments; a line that goes on is one."""
    text = path.read_text(encoding="utf-8")
    begins = f"(?:{KIT}|{FOREIGN})"
    found = re.findall(rf"^ {{3,}}({begins}.*|{KIT}.*)$|(?<!`)`({begins}[^`]*|{KIT})`(?!`)", text, re.MULTILINE)
    return [re.split(r"\s{2,}|\s#", " ".join((line or inline).split("\n")).strip())[0] for line, inline in found]


def words(command):
    """The words after `python3 lab.py` or `course`; None of a command that is not the kit's."""
    found = re.match(KIT, command)
    return (shlex.split(command[found.end() :]) or ["lab"]) if found else None


def somewhere(command):
    """Who runs a command, or that nobody does; None of one that is to be run here."""
    plain = " ".join(words(command) or [command])
    return next((who for form, who in ELSEWHERE.items() if re.fullmatch(form, plain)), None) or (
        "nobody" if re.fullmatch(NEVER, plain) else None
    )


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_of_a_page_is_one_that_the_kit_knows(path):
    for command in told(path):
        asked = words(command)
        if asked is None:
            assert somewhere(command), command
        elif len(asked) > 1 and asked[0] not in ("test", "add"):
            options, further = cli._parser().parse_known_args([word for word in asked if word != "…"])
            assert not further and callable(options.command), command


def test_whoever_is_said_to_run_a_command_is_there():
    for form, who in ELSEWHERE.items():
        file, _, test = who.partition("::")
        assert (ROOT / file).exists() and (not test or f"def {test}(" in (ROOT / file).read_text(encoding="utf-8")), who
        assert any(re.fullmatch(form, " ".join(words(c) or [c])) for p in PAGES for c in told(p)), form
    for file in {
        file for path in PAGES for file in re.findall(r"benchmarks/\w+\.py", path.read_text(encoding="utf-8"))
    }:
        compile((ROOT / file).read_text(encoding="utf-8"), file, "exec")


def own(path):
    """The words of the commands of a page that are run here, in their order; a word alone is a name."""
    asked = [words(command) for command in told(path) if words(command) and not somewhere(command)]
    return [one for one in asked if len(one) > 1 or one == ["columns"]]  # which needs no more words


def test_both_languages_have_the_same_commands():
    for english, chinese in (("README.md", "README.zh.md"), ("docs/privacy.md", "docs/zh/privacy.md")):
        both = [[re.sub("your_export|导出文件|FILE|文件|ADDRESS|镜像地址|/(en|zh)/", "…", c) for c in told(ROOT / name)]
                for name in (english, chinese)]  # fmt: skip
        assert both[0] == both[1] and len(both[0]) >= 4
    for name in ("bi", "class", "inputs", "portraits", "scale", "where"):
        text = [re.sub("FILE|文件|URL|地址|host|主机", "…", c) for c in told(ROOT / f"docs/{name}.md")]
        assert text[: len(text) // 2] == text[len(text) // 2 :], name


@pytest.mark.slow
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_the_commands_of_readme_do_what_they_say_one_after_the_other(tmp_path, monkeypatch, lang):
    """`run --demo` stands aside for a small file here: tests/test_luming_run.py runs it."""
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setenv("COURSE_LANG", lang)
    monkeypatch.setenv("COURSE_WORK", str(tmp_path / "work"))
    monkeypatch.chdir(tmp_path)
    file = "your_export.csv" if lang == "en" else "导出文件.csv"
    (tmp_path / file).write_text(_orders(), encoding="utf-8")
    (tmp_path / "codes.txt").write_text(f"7 {classroom.save()}\n", encoding="utf-8")
    assert cli.main(["run", "--orders", file, "--out", "demo"]) == 0
    given = iter(range(100))
    asked = own(ROOT / ("README.md" if lang == "en" else "README.zh.md"))
    for words in asked:
        if "…" in words:
            at = words.index("…")
            words[at : at + 1] = ["--orders", file, "--out", f"more-{next(given)}"]
        assert cli.main(words) == 0, words
    assert len(asked) >= 10 and len(opened) == 1 and "explorer.html" in opened[0]
    assert CUSTOMER not in (tmp_path / "demo/portraits.csv").read_text(encoding="utf-8-sig")  # forgotten at the end
    assert CUSTOMER in (tmp_path / "result/portraits.csv").read_text(encoding="utf-8-sig")


@pytest.mark.slow
def test_the_commands_of_the_other_pages_do_what_they_say(tmp_path, monkeypatch):
    """Of both languages, where they are not the same; what stands for a name of the reader's has one here."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_LANG", "en")
    (tmp_path / "exports").mkdir()
    for n in (1, 2):
        (tmp_path / f"exports/2026-0{n}.csv").write_text(_orders(f"{n}-"), encoding="utf-8")
    pd.read_csv("exports/2026-01.csv").to_sql("orders", base := sqlite3.connect("shop.sqlite"), index=False)
    base.close()
    for out in ("earlier", "result"):
        assert cli.main(["run", "--orders", "exports/2026-01.csv", "--out", out]) == 0
    names = {"RESULT": "result", "EARLIER": "earlier", "CUSTOMER": "C002", "C000123": "C001"}
    names |= dict.fromkeys(("FILE", "FILE…", "文件", "文件…"), "exports/2026-02.csv")
    pages = [path for path in PAGES if not path.name.startswith("README")]
    asked = dict.fromkeys(tuple(names.get(word, word) for word in words) for page in pages for words in own(page))
    for n, words in enumerate(asked):
        out = ["--out", f"out-{n}"] if words[0] == "run" and "result/recipe.yaml" not in words else []
        assert cli.main([*words, *out]) == 0, words
    assert len(asked) >= 11


def _orders(prefix=""):
    """Thirty customers, with an order a fortnight and one a month in turn."""
    rows = ["order_id,customer_id,ordered_at,amount"]
    for n in range(30):
        customer = CUSTOMER if n == 0 else f"C{n:03}"
        days = range(n, 360, 14 + 14 * (n % 2))
        rows += [f"{prefix}{n}-{d},{customer},{date(2024, 1, 1) + timedelta(d)},{20 + n}" for d in days]
    return "\n".join(rows) + "\n"


def test_the_first_sentence_has_fifteen_words_and_a_picture_follows():
    for name in ("README.md", "README.zh.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        picture = re.search(r"!\[.+\]\((.+)\)", text)
        assert (ROOT / picture[1]).stat().st_size < 300_000
        said = text[: picture.start()].strip().splitlines()[-1]
        assert name.endswith("zh.md") or len(said.split()) <= 15


def test_what_other_places_read_is_well_formed():
    """Forms of issues, the citation and the container say what they must; versions are one."""
    import json

    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))["version"] == version
    for path in sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml")):
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        assert path.name == "config.yml" or {"name", "description", "body"} <= set(form)
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    extras = re.search(r"pip install -e '\.\[([\w,]+)\]' -c constraints\.txt", container["postCreateCommand"])
    import lab

    assert extras[1] == f"{lab.LESSONS},{lab.EXTRAS}"
