"""The reader's language in built code: the f-string prints what `say` would show, in lines that stay in sight."""

import contextlib
import io
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from course.authoring import LessonError, lint, wording
from course.authoring.fstring import Place, fstring, width
from course.authoring.source import Cell, Lesson
from course.language import Label

WORDS = {
    "count": {"en": "{n:,} rows, {share:.0%} of them “good”", "zh": "{share:.0%} 好，共 {n:,} 行"},
    "rows": {"en": "{n:,} {n:row|rows} left", "zh": "还剩 {n:,} 行"},
    "range": {"en": "{low:.1f} to {high:.1f}", "zh": "{low:.1f} 到 {high:.1f}"},
    "where": {"en": "{what}: {n}", "zh": "{what}：{n}"},
    "raw": {"en": 'a "{brace}" stays', "zh": "“{brace}”保留"},
    "tea": {"en": "tea", "zh": "茶叶"},
    "home": {"en": "home's", "zh": "家居"},
    "of_sum": {"en": "of the sum", "zh": "占合计"},
    "passes": {"en": "it {n:passes|pass}", "zh": "通过"},
    "drifted": {"en": "{n} of {m}", "zh": "{n}"},
    "respecified": {"en": "{n:.1f}", "zh": "{n:.2f}"},
    "quoted": {"en": "{n:one's|many}", "zh": "{n}"},
    "long": {"en": "The {n:,} customers of the year, " * 5, "zh": "这一年的 {n:,} 位客户，" * 5},
}


@pytest.fixture(autouse=True)
def catalogue(monkeypatch):
    monkeypatch.setattr(wording, "_sentences", {"sum": WORDS}.get)


def lesson(*codes):
    return Lesson(Path("01_sum.md"), [Cell("code", code, 10) for code in codes], 5)


def spoken(code, lang="en"):
    return wording.spoken(lesson(code), lang).cells[0].text


@pytest.mark.parametrize(
    ("code", "english", "chinese"),
    [
        ('say("tea")', 'print("tea")', 'print("茶叶")'),
        ('words("raw")', '"a \\"{brace}\\" stays"', '"“{brace}”保留"'),
        (
            'ax.set(ylabel="", xlabel=words("tea"))',
            'ax.set(ylabel="", xlabel="tea")',
            'ax.set(ylabel="", xlabel="茶叶")',
        ),
        (
            'say("count", n=len(rows), share=rows["ok"].mean())',
            "print(f\"{len(rows):,} rows, {rows['ok'].mean():.0%} of them “good”\")",
            "print(f\"{rows['ok'].mean():.0%} 好，共 {len(rows):,} 行\")",
        ),
        (
            'for n in (1, 2):\n    say("rows", n=n)',
            "for n in (1, 2):\n    print(f\"{n:,} {'row' if n == 1 else 'rows'} left\")",
            'for n in (1, 2):\n    print(f"还剩 {n:,} 行")',
        ),
        (
            'title = words("range", **found)',
            "title = f\"{found['low']:.1f} to {found['high']:.1f}\"",
            "title = f\"{found['low']:.1f} 到 {found['high']:.1f}\"",
        ),
        (
            'say("passes", n=a or b)',
            "print(f\"it {'passes' if (a or b) == 1 else 'pass'}\")",
            'print("通过")',
        ),
        ('say("where", what=words("tea"), n=12)', 'print("tea: 12")', 'print("茶叶：12")'),
        (
            'say("tea" if n == 0 else "where", what=what, n=n)',
            'print("tea" if n == 0 else f"{what}: {n}")',
            'print("茶叶" if n == 0 else f"{what}：{n}")',
        ),
        (
            'kinds = {k: words(k) for k in ["tea", "home"]}',
            'kinds = {"tea": "tea", "home": "home\'s"}',
            'kinds = {"tea": "茶叶", "home": "家居"}',
        ),
        (
            'keys = ("tea", "home")\n[words(k) for k in keys]',
            'keys = ("tea", "home")\n["tea", "home\'s"]',
            'keys = ("tea", "home")\n["茶叶", "家居"]',
        ),
        ('{f"{c}s": words(f"of_{c}") for c in ["sum"]}', '{"sums": "of the sum"}', '{"sums": "占合计"}'),
        (
            'say("where", what={1: 2}, n=(\n    1\n    + 2\n))',
            'print(f"{ {1: 2}}: {1 + 2}")',
            'print(f"{ {1: 2}}：{1 + 2}")',
        ),
    ],
)
def test_a_key_becomes_the_sentence_of_the_readers_language(code, english, chinese):
    assert (spoken(code), spoken(code, "zh")) == (english, chinese)
    lint._languages(lesson(code))


@pytest.mark.parametrize(
    "code",
    ["shown = kinds.map(words)", "words(kind)", "[words(k) for k in found]", 'f"{words(kind)}"', "plain = 1  + 2"],
)
def test_what_is_known_only_when_the_cell_runs_stays(code):
    assert spoken(code) == code


@pytest.mark.parametrize("change", ["keys = load(keys)", "keys.append(key)", 'keys["home"] = 1', "keys += ['home']"])
def test_a_list_that_was_changed_is_known_no_more(change):
    cells = wording.spoken(lesson('keys = ["tea"]', change, "[words(k) for k in keys]"), "en").cells
    assert cells[2].text == "[words(k) for k in keys]"


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    "code", ['say("long", n=rows)', 'if rows:\n    ax.set(title=words("long", n=rows), ylabel="")']
)
def test_a_long_sentence_is_broken_into_lines_that_stay_on_the_screen(code, lang):
    said = spoken(code, lang)
    assert said.count('"\n') > 1 and width(said) <= 100


def test_only_the_statement_that_became_too_wide_is_laid_out_anew():
    wide = (
        "    found = (rows.query('n > 1').sort_values('n').reset_index(), rows.query('n <= 1').sort_values('n').index)"
    )
    code = f'for rows in both:\n    if rows:\n        say("long", n=rows)\n{wide}\n    say("tea")'
    said = spoken(code).split("\n")
    assert said[:3] == ["for rows in both:", "    if rows:", "        print("] and width(wide) > 100
    assert said[-2:] == [wide, '    print("tea")'] and said[-3] == "        )"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ('n = 1\nsay("absent")', "no sentence called absent"),
        ('n = 1\nsay("range", low=1.5)', "needs high: write high=…"),
        ('n = 1\nsay("range", **one, **other)', "needs low: write low=…"),
        ('n = 1\nsay("range", **found())', "needs low: write low=…"),
        ('n = 1\nsay("where", what=a, n=b, m=c)', "has no place for m"),
        ('n = 1\nsay("rows", n=total.sum())', "takes n more than once"),
        ('n = 1\nsay("where", what=f"{a}", n=b)', "value of what cannot stand"),
        ('n = 1\nsay("where", what=a["it\'s"], n=b)', "value of what cannot stand"),
        ('n = 1\nsay("where", what=a.split("\\n"), n=b)', "value of what cannot stand"),
        ('n = 1\nsay("where", what=lambda: 0, n=b)', "value of what cannot stand"),
        ('n = 1\nsay("quoted", n=b)', "value of n cannot stand"),
        (f'n = 1\nsay("where", what={" + ".join(["value"] * 30)}, n=b)', "give what is long in it a name"),
    ],
)
def test_what_no_f_string_can_hold_is_refused_at_its_line(code, said):
    with pytest.raises(LessonError, match=said) as refused:
        spoken(code)
    assert refused.value.line == 11


@pytest.mark.parametrize("code", ['say("drifted", n=a, **rest)', 'say("respecified", n=a)'])
def test_languages_with_other_places_are_refused(code):
    with pytest.raises(LessonError, match="other places in English than in Chinese") as refused:
        lint._languages(lesson(f"a = 1\n{code}"))
    assert refused.value.line == 11


TEXT = st.text(st.sampled_from("ab .,'\"\\{}\n\t#：，。“”%客户数é\u3000"), max_size=40)
NUMBER = st.text(st.sampled_from("ab 客户"), min_size=1, max_size=6)
VALUES = {"a": 1, "b": 1234.5, "c": "it's “so” \\ {n}", "d": 0}
PLACE = st.one_of(
    st.sampled_from(["{a}", "{b}", "{c}", "{d!r}", "{a:,}", "{b:,.2f}", "{b:+.0f}", "{d:>5}", "{c:*^12}", "{b:.1%}"]),
    st.builds("{{{}:{}|{}}}".format, st.sampled_from("abd"), NUMBER, NUMBER),
)
TEMPLATE = st.lists(st.one_of(TEXT.map(lambda t: t.replace("{", "{{").replace("}", "}}")), PLACE), max_size=12)


@settings(max_examples=60, deadline=None)
@given(TEMPLATE.map("".join), st.booleans())
@example("{a} {a:row|rows}\n" * 9, False)
@example("{{{a}}}" + "很长的句子，" * 30, True)
def test_the_built_code_prints_what_say_would(template, spread):
    WORDS["any"] = {"en": template, "zh": template}
    taken = [name for name in VALUES if f"{{{name}" in template.replace("{{", "")]
    given_by_name = ", ".join(f"{name}={name}" for name in taken)
    # However wide a line gets: the texts are drawn without a thought for where they could be broken.
    code = 'say("any", **values)' if spread else f'say("any", {given_by_name})'
    out = io.StringIO()
    with contextlib.redirect_stdout(out), patch.object(wording, "_MOST", 10_000):
        exec(compile(spoken(code), "built", "exec"), VALUES | {"values": dict(VALUES)})
    assert out.getvalue() == Label(template, template, **(VALUES if spread or taken else {})).say("en") + "\n"


@given(st.lists(st.one_of(TEXT, st.sampled_from("abc").map(Place)), max_size=9))
def test_texts_come_back_from_a_literal_as_they_went_in(pieces):
    names = {"a": "甲", "b": "{}", "c": '"'}
    assert eval(fstring(pieces), names) == "".join(names[p.shown] if isinstance(p, Place) else p for p in pieces)
