"""What a run leaves behind: portraits as Parquet, CSV and Excel, their events, the quarantine, ledger, recipe, report
and explorer."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from course import clean_stored, explorer, recipe, whole, workflow
from course.errors import DataError
from course.report import page, workbook, writing
from course.report.forget import foreign, forget
from course.report.handover import EXPORTS, export
from course.report.truths import Truth
from course.report.writing import harmless
from course.telling import tells
from course.whole import refuse_used
from course.workflow import Result, people, remarks

__all__ = ["EXPORTS", "FILES", "Truth", "export", "forget", "harmless", "refuse_used", "write"]

#: What every run writes; identity.csv comes with a customer table that tells persons, moves.parquet, moves.csv and
#: previous.parquet with an earlier run, actions.csv with actions for customers, history.json with dates.
FILES = (
    "portraits.parquet",
    "portraits.csv",
    "portraits.xlsx",
    "quarantine.csv",
    "ledger.json",
    "recipe.yaml",
    "report.html",
    "timeline.parquet",
    "explorer.html",
)


def write(
    result: Result,
    out: str | Path,
    lang: str = "en",
    truths: Sequence[Truth] = (),
    last: workflow.Last | None = None,
) -> list[str]:
    """Write everything into the folder `out`, which must not exist or be empty, or hold the `last` result.

    Parameters
    ----------
    lang : the language the report opens in and the workbook is in.
    truths : what is true of the headlines, of a company that was made; no other file holds it.
    last : the result whose place this one takes; files in it that no run wrote are kept.

    Returns
    -------
    the sentences the report begins with, in `lang`

    Raises
    ------
    DataError : the folder holds something, or no longer the last result, is being written by somebody else, cannot be
        made, or the disk is full; nothing is left behind, and the last result stays.
    """
    out = Path(out)
    with whole.alone(out):
        if last is None:
            refuse_used(out)
        elif workflow.last(out).mark != last.mark:
            raise DataError("{out} was written by another run or erasure meanwhile. Run again.", out=out.name)
        with whole.whole_or_absent(out) as folder:
            answers = _write(result, out, folder, lang, truths)
            for name in foreign(out) if last is not None else ():
                _keep(out / name, folder / name)
    return answers


def _keep(path: Path, to: Path) -> None:
    """A file or folder that no run wrote goes on lying in the result."""
    if path.is_dir() and not path.is_symlink():
        shutil.copytree(path, to, symlinks=True)
    else:
        shutil.copy2(path, to, follow_symlinks=False)


def _write(result: Result, out: Path, folder: Path, lang: str, truths: Sequence[Truth]) -> list[str]:
    """Every file into `folder`, which is to become `out`."""
    ledger = workflow.ledger(result) | {"lang": lang}
    events = explorer.timeline(result.cleaned, result.heads)
    html, answers = page.render(result, ledger, lang, events, truths)
    # The workbook says them too, and so do cards and exports, also long after the run.
    ledger |= {"answers": answers, "labels": result.recipe.labels}
    writing.portraits(result.portraits, folder)
    workbook.write(result.portraits, ledger, folder / "portraits.xlsx", lang)
    writing.table(_quarantine(result), folder / "quarantine.csv")
    if "identity" in result.found:
        writing.table(_identity(result), folder / "identity.csv")
    if "moves" in ledger["findings"]:
        writing.moves(result.found["changes"].moves, folder)
    if any(action["file"] for action in ledger["findings"]["actions"]):
        writing.actions(result.found["actions"].list(lang), folder)
    if (history := workflow.written(result.runs, ledger)) is not None:
        (folder / workflow.HISTORY).write_text(history, encoding="utf-8", newline="\n")
    if result.previous is not None:
        result.previous.to_parquet(folder / workflow.PREVIOUS, index=False)
    text = json.dumps(ledger, ensure_ascii=False, indent=2, allow_nan=False)
    (folder / "ledger.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    next_time = workflow.recipe_of(result.tables, result.recipe, lang)
    text = recipe.dump(next_time, out, result.parameters.get("as_of"))
    (folder / "recipe.yaml").write_text(text, encoding="utf-8", newline="\n")
    (folder / "report.html").write_text(html, encoding="utf-8", newline="\n")
    events.to_parquet(folder / "timeline.parquet", index=False)
    writing.explorer(result.portraits, events, ledger, folder)
    return answers


def _quarantine(result: Result) -> pd.DataFrame:
    """The rows that are not valid, the first remarks.LISTED of them: table, source, source_row, outcome, rule, column,
    value (masked), money, and whose they are: by that `forget` finds them."""
    parts, room = [], remarks.LISTED
    for kind, cleaned in result.cleaned.items():
        for outcome in ("quarantine", "set_aside"):
            rows = clean_stored.first_rows(cleaned, outcome, room)
            room -= len(rows)
            part = rows[["source", "source_row", "rule", "column", "value"]].astype({"source": "str"})
            part.insert(0, "table", kind)
            part.insert(3, "outcome", outcome)
            part["money"] = rows.get("amount")
            part["customer_id"] = next((rows[c] for c in people.IDS if c in rows), None)
            parts.append(part)
    table = pd.concat([part.astype({"customer_id": "str"}) for part in parts], ignore_index=True)
    figures = pd.to_numeric(table["value"], errors="coerce").notna()
    table["value"] = table["value"].mask(tells(table["value"]) & ~table["column"].isin(people.IDS), "***")
    table["value"] = table["value"].where(figures, harmless(table["value"]))
    return table.assign(source=harmless(table["source"]), customer_id=harmless(table["customer_id"]))


def _identity(result: Result) -> pd.DataFrame:
    """Every customer number with its person, and the merge that brought it there with what agreed: no value of it."""
    found, names = result.found["identity"].identity, result.pseudonyms
    merges = found.ledger.rename(columns={"merged": "customer_id"})
    columns = ["customer_id", "merge_id", "kept", "left", "right", "rule", "probability", "evidence"]
    table = found.persons.merge(merges[columns], how="left", on="customer_id")
    if names:
        for column in ("customer_id", "person_id", "kept", "left", "right"):
            table[column] = table[column].map(lambda i: names.get(i, i), na_action="ignore")
    texts = table.select_dtypes("str")
    return table.assign(**{c: harmless(table[c]) for c in texts}).astype({"merge_id": "Int64"})
