"""Into other programs and back: the tidy table, a CRM's tags, SPSS; a portrait in one's own layout.

What docs/bi.md says was tried is tried here.
"""

import json
import math
import re
import subprocess
from pathlib import Path

import pandas as pd
import pyreadstat
import pytest
import yaml

from course import DataError, cli, extras, language, portrait, report
from course.report import cards, filling
from course.result import cells
from tests.conftest import ROOT

AS_OF = "2024-12-31"
TAGS = {
    "high_value": {"en": "High value", "zh": "高价值", "definition": {"en": "Much money.", "zh": "花得多。"}},
    "mood": {
        "en": "Mood",
        "zh": "心情",
        "definition": {"en": "As asked.", "zh": "问来的。"},
        "values": {"good": {"en": "good", "zh": "好"}, "bad": {"en": "bad", "zh": "坏"}},
    },
}
CLASSES = ("important_value", "general_keep", None)
STAGES = ("loyal", "lost", "prospect")


def portraits(n=90):
    """A row a customer, by rules that can be followed by hand: every third has no order."""
    bought = [i % 3 != 2 for i in range(n)]
    days = pd.Series(pd.date_range("2024-01-01", periods=n)).astype("datetime64[us]")
    return pd.DataFrame(
        {
            "customer_id": pd.Series([f"{i:05d}" for i in range(n - 1)] + ["=cmd"], dtype="str"),
            "first_order": days.where(bought),
            "last_order": days.where(bought),
            "recency_days": pd.array([i + 1 if b else pd.NA for i, b in enumerate(bought)], dtype="Int64"),
            "frequency": pd.array([i % 4 + 1 if b else pd.NA for i, b in enumerate(bought)], dtype="Int64"),
            "monetary_net": [10.25 * i if b else math.nan for i, b in enumerate(bought)],
            "average_order_value": [10.25 * i / (i % 4 + 1) if b else math.nan for i, b in enumerate(bought)],
            "rfm_class": pd.Series([CLASSES[i % 3] for i in range(n)], dtype="str"),
            "expected_value": [5.5 * i if b else math.nan for i, b in enumerate(bought)],
            "stage": pd.Series([STAGES[i % 3] for i in range(n)], dtype="str"),
            "alert": pd.array([i == 1 if b else pd.NA for i, b in enumerate(bought)], dtype="boolean"),
            "city": pd.Series(["杭州", "@home", "<b>"] * (n // 3), dtype="str"),
            "tag_high_value": pd.array([i % 2 == 0 for i in range(n)], dtype="boolean"),
            "tag_mood": pd.Series([("good", "bad", None)[i % 3] for i in range(n)], dtype="str"),
        }
    )


def folder(at, frame, lang="en"):
    """What of a result these doors read."""
    at.mkdir()
    ledger = {"as_of": AS_OF, "currency": "CNY", "lang": lang, "tables": {}, "findings": {"tags": TAGS}}
    (at / "ledger.json").write_text(json.dumps(ledger), encoding="utf-8")
    frame.to_parquet(at / "portraits.parquet", index=False)
    report.writing.portraits(frame, at)
    events = {"customer_id": [], "day": [], "kind": [], "value": [], "what": []}
    pd.DataFrame(events).astype(
        {"customer_id": "str", "day": "datetime64[us]", "kind": "str", "what": "str"}
    ).to_parquet(at / "timeline.parquet")
    return at


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    out = folder(tmp_path_factory.mktemp("handover") / "result", portraits())
    for to in report.EXPORTS:
        assert cli.main(["export", str(out), "--to", to, "--lang", "en"]) == 0
    return out


def table(path):
    return pd.read_csv(path, dtype="str", encoding="utf-8-sig", keep_default_na=False)


def ids_of(out: Path) -> set[str]:
    """Whom the exported files name, read by other readers than the kit's own."""
    ids = set(pd.read_parquet(out / "portraits_long.parquet")["customer_id"])
    ids |= set(table(out / "portraits_long.csv")["customer_id"]) | set(table(out / "tags.csv")["customer_id"])
    return ids | set(pyreadstat.read_sav(str(out / "portraits.sav"))[0]["customer_id"])


# --- tidy ------------------------------------------------------------------------------------------------------------


def test_the_long_table_has_every_cell_of_the_portraits_and_no_other(exported):
    frame = portraits()
    expected = {}
    for row in frame.to_dict("records"):
        for measure, value in row.items():
            if measure != "customer_id" and not pd.isna(value):
                day = isinstance(value, pd.Timestamp)
                expected[row["customer_id"], measure] = str(value.date()) if day else value
    got = pd.read_parquet(exported / "portraits_long.parquet")
    assert list(got) == ["customer_id", "measure", "value", "text", "unit"]
    assert (got["value"].notna() ^ got["text"].notna()).all()
    cells_of = {(r.customer_id, r.measure): r.value if pd.isna(r.text) else r.text for r in got.itertuples()}
    assert len(got) == len(cells_of) and cells_of == expected
    assert got["customer_id"].drop_duplicates().tolist() == frame["customer_id"].tolist()


def test_the_long_csv_is_the_parquet_with_its_formulas_made_harmless(exported):
    got, typed = table(exported / "portraits_long.csv"), pd.read_parquet(exported / "portraits_long.parquet")
    assert got["customer_id"].str.removeprefix("'").tolist() == typed["customer_id"].tolist()
    assert pd.to_numeric(got["value"]).fillna(-1).tolist() == typed["value"].fillna(-1).tolist()
    assert got["text"].str.removeprefix("'").tolist() == typed["text"].fillna("").tolist()
    assert not got.stack().str.match(r"^[=+\-@\t\r]").any() and "'@home" in set(got["text"])


def test_the_dictionary_tells_every_measure_in_both_languages(exported):
    rows = table(exported / "dictionary.csv").set_index("measure")
    assert list(rows.index) == [c for c in portraits() if c != "customer_id"]
    assert set(pd.read_parquet(exported / "portraits_long.parquet")["measure"]) == set(rows.index)
    assert rows.loc["monetary_net", "unit_zh"] == "金额（CNY）" and rows.loc["tag_mood", "label_zh"] == "心情"
    assert (
        rows.loc["tag_mood", "values_zh"] == "good = 好; bad = 坏" and "lost = lost" in rows.loc["stage", "values_en"]
    )
    assert (rows.drop(columns=["values_en", "values_zh"]) != "").all(axis=None)
    catalogue = yaml.safe_load((ROOT / "course/catalogue/portraits.yaml").read_text(encoding="utf-8"))["columns"]
    known = {c["name"]: c for c in catalogue}
    for name in [n for n in rows.index if n in known]:
        assert (rows.loc[name, "label_en"], rows.loc[name, "definition_zh"]) == (
            known[name]["en"][0],
            known[name]["zh"][1],
        )


def test_many_customers_are_written_in_parts_as_in_one(exported, tmp_path, monkeypatch):
    from course.report import handover

    monkeypatch.setattr(handover, "_AT_A_TIME", 7)
    out = folder(tmp_path / "result", portraits())
    report.export(out, "long")
    assert (out / "portraits_long.csv").read_bytes() == (exported / "portraits_long.csv").read_bytes()
    pd.testing.assert_frame_equal(*(pd.read_parquet(f / "portraits_long.parquet") for f in (out, exported)))


def test_the_same_bytes_twice(exported, tmp_path):
    out = folder(tmp_path / "result", portraits())
    for to in report.EXPORTS:
        for name in report.export(out, to):
            assert (out / name).read_bytes() == (exported / name).read_bytes(), name


# --- tags ------------------------------------------------------------------------------------------------------------


def test_the_first_time_everybody_gets_what_they_carry(exported):
    got, frame = table(exported / "tags.csv"), portraits()
    assert set(got["move"]) == {"gets"} and set(got["tag"]) == {"rfm_class", "stage", "tag_high_value", "tag_mood"}
    assert (got["tag"] == "tag_high_value").sum() == frame["tag_high_value"].sum()
    assert (got["tag"] == "stage").sum() == 90 and (got["tag"] == "rfm_class").sum() == 60
    assert set(got.loc[got["value"] == "bad", "name"]) == {"Mood: bad"}
    assert set(got.loc[got["tag"] == "tag_high_value", "name"]) == {"High value"}


def test_what_changed_since_an_earlier_result(tmp_path):
    """One of each way that a tag can come and go; what stayed is not listed."""
    ids = pd.Series(["came", "gone", "lost", "new", "same", "unknown", "changed"], dtype="str")
    now = pd.DataFrame(
        {
            "customer_id": ids.drop(1),
            "tag_high_value": pd.array([True, False, True, True, pd.NA, False], dtype="boolean"),
            "tag_mood": pd.Series([None, None, None, "good", None, "bad"], dtype="str", index=ids.drop(1).index),
        }
    )
    before = pd.DataFrame(
        {
            "customer_id": ids.drop(3),
            "tag_high_value": pd.array([pd.NA, True, True, True, True, False], dtype="boolean"),
            "tag_mood": pd.Series([None, None, None, "good", None, "good"], dtype="str", index=ids.drop(3).index),
        }
    )
    out, earlier = folder(tmp_path / "now", now, "zh"), folder(tmp_path / "before", before)
    assert cli.main(["export", str(out), "--to", "tags", "--previous", str(earlier), "--lang", "en"]) == 0
    got = {(r.customer_id, r.move, r.tag, r.value, r.name) for r in table(out / "tags.csv").itertuples(index=False)}
    high = "tag_high_value", "", "高价值"
    assert got == {
        ("came", "gets", *high),  # could not be told before
        ("new", "gets", *high),
        ("gone", "loses", *high),
        ("lost", "loses", *high),
        ("unknown", "loses", *high),  # nothing supports it any more
        ("changed", "gets", "tag_mood", "bad", "心情：坏"),
        ("changed", "loses", "tag_mood", "good", "心情：好"),
    }


def test_results_that_have_nobody_in_common_are_not_compared(exported, tmp_path):
    other = portraits().assign(customer_id=lambda p: "p_" + p["customer_id"])
    with pytest.raises(DataError, match="no customer in common"):
        report.export(exported, "tags", folder(tmp_path / "other", other))
    assert set(table(exported / "tags.csv")["move"]) == {"gets"}  # as it was


def test_the_crm_s_own_numbers_are_found_by_the_key(tmp_path, monkeypatch):
    """The lines of docs/bi.md, over a result with pseudonyms."""
    from course.identity import key_file, pseudonyms

    monkeypatch.chdir(tmp_path)
    key, own = key_file.read_or_make(tmp_path / "my.key"), portraits()["customer_id"]
    report.export(folder(tmp_path / "result", portraits().assign(customer_id=pseudonyms(own, key))), "tags")
    pd.DataFrame({"customer_id": own}).to_csv("crm.csv", index=False)
    exec(blocks("python")[0], {})
    got = table(tmp_path / "tags_for_crm.csv")
    assert len(got) == len(table(tmp_path / "result/tags.csv")) and set(got["customer_id_y"]) == set(own)


# --- SPSS and R ------------------------------------------------------------------------------------------------------


def blocks(kind):
    """The code of that kind in docs/bi.md, in its order."""
    return re.findall(
        rf"^```{kind}\n(.*?)^```", (ROOT / "docs/bi.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )


def test_the_sav_file_comes_back_with_its_labels(exported):
    frame, meta = pyreadstat.read_sav(str(exported / "portraits.sav"), apply_value_formats=True)
    own = portraits()
    assert meta.column_names_to_labels["expected_value"] == "Expected value"
    assert frame["monetary_net"].fillna(-1).tolist() == own["monetary_net"].fillna(-1).tolist()
    assert frame["stage"].astype("str").tolist() == [("loyal", "lost", "prospect")[i % 3] for i in range(90)]
    assert frame["tag_mood"].astype("str").fillna("nan").tolist() == [("good", "bad", "nan")[i % 3] for i in range(90)]
    assert frame["alert"].value_counts().to_dict() == {"no": 59, "yes": 1}
    first = [str(d) if isinstance(d, str) or not pd.isna(d) else None for d in frame["first_order"]]
    assert first == [f"{d:%Y-%m-%d}" if not pd.isna(d) else None for d in own["first_order"]]
    assert frame["city"].tolist() == own["city"].tolist()
    assert "杭州" in {text for name, text in cells(exported) if name == "portraits.sav"}


def test_pspp_counts_what_the_portraits_hold(exported, pspp, tmp_path):
    """30 loyal, 30 lost, 30 prospects; 10.25 × (0 + 1 + 3 + 4 + … + 87 + 88) = 10.25 × 2,640."""
    (tmp_path / "t.sps").write_text(blocks("spss")[0], encoding="utf-8")
    run = [pspp, "-o", str(tmp_path / "out.csv"), str(tmp_path / "t.sps")]
    done = subprocess.run(run, cwd=exported.parent, capture_output=True, text=True)
    out = (tmp_path / "out.csv").read_text(encoding="utf-8")
    assert done.returncode == 0 and "error" not in out.lower(), done.stdout + out
    assert {"Important – value,30", "General – keep,30", "loyal,30", "lost,30", "prospect,30"} <= {
        re.sub(r"^(Valid)?,", "", line)[: len(label)]
        for line in out.splitlines()
        for label in ("Important – value,30", "General – keep,30", "loyal,30", "lost,30", "prospect,30")
    }
    assert re.search(r"Money \(net\),60,.*27060", out)


def test_r_adds_up_what_the_portraits_hold(exported, rscript, tmp_path):
    (tmp_path / "t.R").write_text(blocks("r")[0], encoding="utf-8")
    done = subprocess.run(
        [rscript, "--vanilla", str(tmp_path / "t.R")], cwd=exported.parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    of_class = {k: 10.25 * sum(i for i in range(90) if CLASSES[i % 3] == k) for k in CLASSES[:2]}
    found = dict(re.findall(r"^\d\s+(\w+)\s+([\d.]+)$", done.stdout, re.MULTILINE))
    assert {k: float(v) for k, v in found.items()} == pytest.approx(of_class)
    assert float(re.search(r"\[1\] ([\d.]+)", done.stdout)[1]) == pytest.approx(27_060)


def test_without_the_package_the_sav_file_is_refused_in_a_sentence(exported, monkeypatch, capsys):
    monkeypatch.setitem(__import__("sys").modules, "pyreadstat", None)
    before = sorted(p.name for p in exported.iterdir())
    assert cli.main(["export", str(exported), "--to", "sav", "--lang", "en"]) == 2
    assert extras.command("stats") in capsys.readouterr().err
    assert sorted(p.name for p in exported.iterdir()) == before and not list(exported.parent.glob(".*"))


@pytest.mark.parametrize("options", [["--to", "long", "--previous", "x"], ["--to", "tags", "--previous", "nowhere"]])
def test_what_cannot_be_exported_is_refused(exported, options, capsys):
    assert cli.main(["export", str(exported), *options, "--lang", "en"]) == 2
    assert capsys.readouterr().err.startswith("Refused: ")


# --- a portrait in one's own layout ----------------------------------------------------------------------------------


def test_a_card_is_the_same_printed_drawn_and_in_the_report(exported, tmp_path, capsys):
    card = portrait.card(portraits(), "00001")
    assert cli.main(["card", str(exported), "00001", "--lang", "zh"]) == 0
    assert capsys.readouterr().out.rstrip("\n") == card.text("zh")
    page = tmp_path / "card.html"
    assert cli.main(["card", str(exported), "00001", "--html", str(page), "--lang", "zh"]) == 0
    drawn = page.read_text(encoding="utf-8")
    assert all(line["text"] in drawn for part in card.to_dict("zh")["sections"] for line in part["lines"])
    assert 'lang="zh"' in drawn and "2024 年 12 月 31 日" in drawn and not re.search("<script|<link|https?:", drawn)
    assert cli.main(["card", str(exported), "00001", "--html", str(page), "--lang", "zh"]) == 2  # not written over


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("of", [["00001"], ["--segment", "重要价值"], ["--segment", "important_value"]])
def test_the_documents_templates_are_filled(exported, tmp_path, lang, of, capsys):
    template = tmp_path / "own.html"
    template.write_text(blocks("html")[lang == "zh"], encoding="utf-8")
    assert cli.main(["card", str(exported), *of, "--template", str(template), "--lang", lang]) == 0
    out = capsys.readouterr().out
    sheet = cards.segment(exported, of[1]) if len(of) == 2 else cards.customer(exported, of[0])
    with cards.named(exported):
        lines = [line["text"] for part in sheet.to_dict(lang)["sections"] for line in part["lines"]]
    assert len(lines) > 4 and all(line.replace("'", "&#39;").replace('"', "&#34;") in out for line in lines)


def test_a_value_is_escaped_and_a_blank_is_a_dash(exported, tmp_path):
    template = tmp_path / "own.html"
    template.write_text("{{ customer.city }}|{{ shown.monetary_net }}|{{ customer.monetary_net }}|{{ shown.alert }}")
    assert cards.filled(cards.customer(exported, "00002"), exported, template, "en") == "&lt;b&gt;|–|–|–"
    assert cards.filled(cards.customer(exported, "00001"), exported, template, "zh") == "@home|10.25 元|10.25|是"


@pytest.mark.parametrize(
    ("hostile", "said"),
    [
        ("{{ ''.__class__ }}", "line 1: a template may not do this"),
        ("\n{{ ''['__cla' ~ 'ss__'] }}", "line 2: a template may not do this"),
        ("{{ customer | attr('__init__') }}", "a template may not do this"),
        ("{{ '{0.__class__}'.format(1) }}", "a template may not do this"),
        ("{{ cycler.__init__.__globals__.os.popen('id').read() }}", "a template may not do this"),
        ("{{ customer.update(x=1) }}", "a template may not do this"),
        ("{% include '/etc/passwd' %}", "no loader"),
        ("{% import 'report.html.j2' as r %}", "no loader"),
        ("{% extends '../../etc/passwd' %}", "no loader"),
        ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "was stopped"),
        ("{% macro a() %}{{ a() }}{% endmacro %}{{ a() }}", "was stopped"),
        ("{{ range(10 ** 9) }}", "was stopped"),
        ("{% for a in range(99999) %}{{ title * 99 }}{% endfor %}", "was stopped"),
        ("ok\n{{ customer.citi }}", "line 2: 'dict object' has no attribute 'citi'"),
        ("\n\n{% if %}", "line 3: "),
        ("{{ 1 / 0 }}", "line 1: division by zero"),
    ],
)
def test_a_hostile_or_broken_template_is_refused_with_its_line(exported, tmp_path, hostile, said, monkeypatch):
    template = tmp_path / "own.html"
    template.write_text(hostile)
    with pytest.raises(DataError) as refused:
        cards.filled(cards.customer(exported, "00001"), exported, template, "en")
    assert said in refused.value.sentence.say("en") and "own.html" in refused.value.sentence.say("zh")


@pytest.mark.parametrize(
    "hostile", ["{{ 'x' * 10 ** 10 }}", "{{ ('%09999999999d' % 1) | length }}", "{{ 'x' | center(10 ** 10) }}"]
)
def test_a_template_takes_no_more_memory_than_its_share(exported, tmp_path, hostile):
    pytest.importorskip("resource")
    template = tmp_path / "own.html"
    template.write_text(hostile)
    with pytest.raises(DataError, match="was stopped"):
        cards.filled(cards.customer(exported, "00001"), exported, template, "en")


def test_the_process_of_a_template_opens_no_file(tmp_path):
    """Whatever got out of the sandbox would stand before this."""
    pytest.importorskip("resource")
    code = f"import runpy; m = runpy.run_path({filling.__file__!r}); m['_limit'](); open({str(tmp_path / 'x')!r}, 'w')"
    done = subprocess.run([__import__("sys").executable, "-c", code], capture_output=True, text=True)
    assert "Too many open files" in done.stderr and not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "of one customer, or with --segment of one class"),
        (["00001", "--segment", "important_value"], "of one customer, or with --segment of one class"),
        (["--segment", "nobody"], "There is no portrait of nobody: it is none of General – keep, Important – value"),
        (["99999"], "99999 has 0"),
        (["00001", "--template", "nowhere.html"], "The template nowhere.html cannot be read"),
        (["00001", "--html", "no/such/folder.html"], "folder.html cannot be written"),
    ],
)
def test_what_no_card_can_be_made_of_is_refused(exported, words, said, capsys):
    assert cli.main(["card", str(exported), *words, "--lang", "en"]) == 2
    assert said in capsys.readouterr().err


def test_a_class_too_small_to_be_told_has_no_portrait(tmp_path, capsys):
    frame = portraits()
    frame.loc[frame.index[0::3][:22], "rfm_class"] = "general_keep"  # eight are left
    with pytest.raises(DataError, match="There is no portrait of important_value"):
        cards.segment(folder(tmp_path / "result", frame), "important_value")


def test_the_document_says_the_same_in_both_languages():
    english, chinese = (ROOT / "docs/bi.md").read_text(encoding="utf-8").split("\n# 到其他程序里去")
    rows = [[line.split("|")[1].split("（")[0].split(",")[0].strip() for line in part.splitlines() if line[:2] == "| "]
            for part in (english, chinese)]  # fmt: skip
    assert rows[0][6:] == rows[1][6:] and len(rows[0]) == len(rows[1])
    assert (
        english.count("| yes") == chinese.count("| 是") == 3
        and english.count("**no**") == chinese.count("**没有**") == 6
    )
    language.use("en")
