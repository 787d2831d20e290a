"""Every command of README and docs, in both languages, is one that the kit knows; those of README are run in order."""

import re
import shlex
import tomllib
import webbrowser
from datetime import date, timedelta

import pytest
import yaml

from course import classroom, cli, language
from tests.conftest import ROOT

#: The customer that README looks up in the demo.
CUSTOMER = "8800018439"
PAGES = sorted([*ROOT.glob("README*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "CONTRIBUTING.md"])
#: Of lab.py itself: tests/test_lab.py runs them.
OF_THE_LAB = ("test", "lab", "add")
#: Of a class: tests/test_pack.py and tests/test_doctor.py run them, without fetching 500 MB.
OF_A_CLASS = ("pack", "doctor")


def commands(path):
    """The commands that stand in a page on lines of their own, without `python3 lab.py` or `course`, and comments."""
    lines = re.findall(r"^ {4,}(?:python3 lab\.py|course)\b(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    bare = [re.split(r"\s{2,}|\s#", line.strip())[0] for line in lines]
    return [shlex.split(line) or ["lab"] for line in bare]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_command_of_a_page_is_one_that_the_kit_knows(path):
    for words in commands(path):
        if words[0] not in OF_THE_LAB:
            words = [word for word in words if word != "…"]
            options, further = cli._parser().parse_known_args(words)
            assert not further and callable(options.command), words


def test_both_readmes_have_the_same_commands():
    english, chinese = (commands(ROOT / name) for name in ("README.md", "README.zh.md"))
    assert len(english) > 10
    assert [[w.replace("your_export", "导出文件") for w in words] for words in english] == chinese


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
    given = iter(range(100))
    done = 0
    for words in commands(ROOT / ("README.md" if lang == "en" else "README.zh.md")):
        if words[0] in OF_THE_LAB + OF_A_CLASS:
            continue
        if words == ["run", "--demo"]:
            words = ["run", "--orders", file, "--out", "demo"]
        if "…" in words:
            at = words.index("…")
            words[at : at + 1] = ["--orders", file, "--out", f"more-{next(given)}"]
        assert cli.main(words) == 0, words
        done += 1
    assert done >= 9 and len(opened) == 1 and "explorer.html" in opened[0]
    assert CUSTOMER not in (tmp_path / "demo/portraits.csv").read_text(encoding="utf-8-sig")  # forgotten at the end
    assert CUSTOMER in (tmp_path / "result/portraits.csv").read_text(encoding="utf-8-sig")


def _orders():
    """Thirty customers, with an order a fortnight and one a month in turn."""
    rows = ["order_id,customer_id,ordered_at,amount"]
    for n in range(30):
        customer = CUSTOMER if n == 0 else f"C{n:03}"
        days = range(n, 360, 14 + 14 * (n % 2))
        rows += [f"{n}-{d},{customer},{date(2024, 1, 1) + timedelta(d)},{20 + n}" for d in days]
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
