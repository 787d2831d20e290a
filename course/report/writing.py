"""Files of a result: harmless in a spreadsheet, the same bytes for the same inputs."""

from pathlib import Path

import pandas as pd

from course import explorer as explorers
from course import labels


def portraits(frame: pd.DataFrame, folder: Path) -> None:
    """portraits.parquet, and portraits.csv with its texts made harmless."""
    frame.to_parquet(folder / "portraits.parquet", index=False)
    dates = frame.select_dtypes("datetime").columns
    texts = frame.assign(**{c: harmless(frame[c]) for c in frame.select_dtypes("str")})
    table(texts.assign(**{c: frame[c].dt.strftime("%Y-%m-%d") for c in dates}), folder / "portraits.csv")


def explorer(portraits: pd.DataFrame, timeline: pd.DataFrame, ledger: dict, folder: Path) -> None:
    """explorer.html in the ledger's language, to hand on where its parameters say so."""
    shared = ledger["parameters"].get("explorer") == "shared"
    with labels.names(ledger["parameters"].get("labels")):
        html = explorers.page(portraits, timeline, ledger, ledger["lang"], shared=shared)
    (folder / "explorer.html").write_text(html, encoding="utf-8", newline="\n")


def moves(frame: pd.DataFrame, folder: Path) -> None:
    """moves.parquet and moves.csv: who entered and left what since the earlier run."""
    frame.to_parquet(folder / "moves.parquet", index=False)
    table(frame.apply(harmless), folder / "moves.csv")


def actions(frame: pd.DataFrame, folder: Path) -> None:
    """actions.csv: whom each action is for, in their order."""
    table(frame.assign(**{c: harmless(frame[c]) for c in frame.select_dtypes("str")}), folder / "actions.csv")


def table(frame: pd.DataFrame, path: Path) -> None:
    """A CSV file that Excel opens as UTF-8."""
    frame.to_csv(path, index=False, encoding="utf-8-sig", lineterminator="\n")


def harmless(texts: pd.Series) -> pd.Series:
    """Texts that no spreadsheet takes for a formula: one that begins with = + - @ (full-width too) or a tab or line end
    gets an apostrophe."""
    return texts.mask(texts.str.match(r"^[=+\-@＝＋－＠\t\r\n]").fillna(False).astype(bool), "'" + texts)
