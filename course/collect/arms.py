"""Which arm of a campaign was left out at random: known by its name, by a column that says it, or asked."""

import re
from functools import cache
from pathlib import Path

import pandas as pd

from course import small_yaml
from course.collect import values
from course.collect.questions import Answers, Question, Reading
from course.errors import DataError
from course.forms import normal
from course.language import Sentence

#: Arms that a question shows; more are no trial but a list of segments.
_MOST = 6


@cache
def words(name: str) -> tuple[frozenset[str], ...] | frozenset[str]:
    """Words of catalogue/trials.yaml as `normal` has them; of outcomes a set for each."""
    path = Path(__file__).parents[1] / "catalogue" / "trials.yaml"
    found = small_yaml.read(path)[name]
    if found and isinstance(found[0], list):
        return tuple(frozenset(map(normal, tier)) for tier in found)
    return frozenset(map(normal, found))


def named_control(arm: object) -> bool:
    """Whether an arm is called a control: by its whole name, or by a part of it ("SMS – holdout 10%")."""
    known = words("control")
    if normal(arm) not in known and re.search(r"\bnon\b|\bnot\b|非", str(arm), re.IGNORECASE):
        return False
    parts = re.split(r"[\s_\-–—:：/|,，()（）]+", str(arm))
    return normal(arm) in known or any(normal(p) in known for p in parts if p)


def settle(frame: pd.DataFrame, shown: dict[str, str], file: str, answers: Answers, notes: list[Sentence]) -> None:
    """Write `is_control` (bool) into a table of campaigns, and `planned_share` where the file or the reader says it.

    Parameters
    ----------
    frame : the canonical table, changed in place; shown : the export's names of its columns.
    answers, notes : asked where no arm is called a control, and what was decided.

    Raises
    ------
    DataError : an answer that is no share.
    """
    _redeemed(frame)
    if "arm" not in frame:
        _flagged_column(frame, shown)
    if "arm" not in frame:  # of a file without arms, columns that are called like what is written here are the file's
        for name in {"is_control", "planned_share"} & set(frame):
            del frame[name]
        return
    flag = _flag(frame["arm"], shown.get("arm", "arm"))
    frame["is_control"] = frame["arm"].map(named_control, na_action="ignore").eq(True) if flag is None else flag
    campaign = frame["campaign_id"].fillna("–") if "campaign_id" in frame else pd.Series("–", index=frame.index)
    if flag is None:
        _ask(frame, campaign, file, answers)
    names = sorted(frame.loc[frame["is_control"], "arm"].dropna().unique())
    if names:
        notes.append(
            Sentence(
                "{file}: left out as the control: {arms} ({n:,} of {all:,} rows). They were reached by nothing.",
                file=file,
                arms=", ".join(f"“{a}”" for a in names[:_MOST]),
                n=int(frame["is_control"].sum()),
                all=len(frame),
            )
        )
    _planned(frame, answers)


def _redeemed(frame: pd.DataFrame) -> None:
    """`redeemed` counts coupons where the file counts them; what else is called so is left out."""
    if "redeemed" in frame:
        counted = values.numbers(frame.pop("redeemed"))
        if not counted.bad.any():
            frame["redeemed"] = counted.values.to_numpy()


def _flagged_column(frame: pd.DataFrame, shown: dict[str, str]) -> None:
    """A column of yes and no that says who was left out, where no column names an arm."""
    for column in [c for c in frame.columns if c not in shown]:
        cells = frame[column].astype("str").str.strip()
        if _flag(cells, column) is not None:
            frame["arm"], shown["arm"] = cells.mask(values.is_blank(cells)), column
            return


def _flag(arm: pd.Series, header: str) -> pd.Series | None:
    """Who is the control where the column says yes or no; None where it does not."""
    said = arm.map(normal, na_action="ignore")
    if not said.notna().any() or not said.dropna().isin(words("affirmed") | words("denied")).all():
        return None
    if normal(header) in words("flag_of_control"):
        return said.isin(words("affirmed"))
    if normal(header) in words("flag_of_treatment"):
        return said.isin(words("denied"))
    return None


def _ask(frame: pd.DataFrame, campaign: pd.Series, file: str, answers: Answers) -> None:
    """Campaigns with several arms of which none is called a control: one question for each set of arms."""
    arms = frame["arm"].groupby(campaign.to_numpy()).agg(lambda a: tuple(sorted(a.dropna().unique())))
    told = frame["is_control"].groupby(campaign.to_numpy()).any()
    open_ = arms[~told & arms.map(len).between(2, _MOST)]
    for several in sorted(set(open_)):
        of = campaign.isin(open_.index[open_ == several])
        key = "control" if open_.nunique() == 1 else f"control.{open_.index[open_ == several][0]}"
        answer = answers.to(_question(key, frame[of], several, file))
        if answer != "none":
            frame.loc[of & (frame["arm"] == answer), "is_control"] = True


def _question(key: str, rows: pd.DataFrame, arms: tuple[str, ...], file: str) -> Question:
    sizes = rows["arm"].value_counts()
    # By custom the control is 0 or A; else it is the small part of the customers.
    likely = sorted(arms, key=lambda a: (normal(a) not in ("0", "a"), sizes[a], a))
    outcome = next(((c, v) for c, v in outcomes(rows) if v.notna().any()), None)
    readings = [Reading(a, Sentence("left out: {arm}", arm=_shown(rows, a, outcome))) for a in likely]
    readings.append(Reading("none", Sentence("nobody was left out: all arms got something")))
    asks = Sentence("{file}: which of {n} arms was left out as the control?", file=file, n=len(arms))
    return Question(key, asks, tuple(readings))


def _shown(rows: pd.DataFrame, arm: str, outcome: tuple[str, pd.Series] | None) -> Sentence:
    n = int((rows["arm"] == arm).sum())
    if outcome is None or not (its := outcome[1][rows["arm"] == arm]).notna().any():
        return Sentence("“{arm}”, {n:,} rows", arm=arm, n=n)
    return Sentence(
        "“{arm}”, {n:,} rows, {outcome} {mean:,.3f} on average",
        arm=arm,
        n=n,
        outcome=outcome[0],
        mean=float(its.mean()),
    )


def outcomes(frame: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    """What the file of a campaign says that customers did: column and figure of each row, yes and no as 1 and 0."""
    found = []
    for tier in words("outcomes"):
        for column in (c for c in frame.columns if normal(c) in tier):
            cells = frame[column]
            said = cells.astype("str").str.strip().map(normal, na_action="ignore")
            flags = pd.Series(float("nan"), index=cells.index)
            flags = flags.mask(said.isin(words("affirmed")), 1.0).mask(said.isin(words("denied")), 0.0)
            read = values.numbers(cells).values.fillna(flags)
            if read.notna().any():
                found.append((column, read))
    return found


def cost(frame: pd.DataFrame) -> pd.Series | None:
    """What the contact in each row cost, where the file says it."""
    column = next((c for c in frame.columns if normal(c) in words("cost")), None)
    return None if column is None else values.numbers(frame[column]).values


def _planned(frame: pd.DataFrame, answers: Answers) -> None:
    """The share of customers that was to be left out."""
    answers.used.add("share")
    column = next((c for c in frame.columns if normal(c) in words("planned_share")), None)
    if "share" in answers.given:
        frame["planned_share"] = _share(pd.Series([answers.given["share"]])).iloc[0]
        if not 0 < frame["planned_share"].iloc[0] < 1:
            raise DataError("--answer share={value} is no share: write 10% or 0.1.", value=answers.given["share"])
    elif column is not None:
        frame["planned_share"] = _share(frame[column])


def _share(cells: pd.Series) -> pd.Series:
    """Shares as numbers between 0 and 1: 10%, 0.1, 10."""
    texts = cells.astype("str").str.strip()
    bare = pd.to_numeric(texts.str.removesuffix("%"), errors="coerce")
    return bare.where(~(texts.str.endswith("%").fillna(False).astype(bool) | (bare > 1)), bare / 100)
