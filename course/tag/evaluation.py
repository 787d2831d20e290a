"""Who carries which tag on a date, how far that can be trusted, and who came and went since."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from course import engine
from course.errors import DataError, first_few, nearest
from course.intervals import wilson
from course.language import Sentence
from course.tag.registry import Tag, Version, compute

#: What the columns of tags are called in `portraits`: tag_high_value.
PREFIX = "tag_"


@dataclass(frozen=True)
class Tags:
    """The tags of every customer on one date.

    Attributes
    ----------
    table : customer_id and a column a tag that could be evaluated, with the rows and the index of the features: True,
        False or NA (boolean), or the value or NA (text). NA is unknown, never a no
    catalogue : a row a tag of the dictionary: tag, kind, family, version, since (first day of that version), needs
        (columns), cuts ({name: value on this date}), customers, known (customers), coverage (known / customers), size
        (customers who carry it), share (size / known; both NA where a tag has several values: see `sizes`), newest (day
        of the newest data it rests on), freshness_days (as_of − newest; NA where the dictionary names no date column),
        not_evaluated (a Sentence that says why; None where it was)
    dictionary : {name: Tag} that was evaluated
    as_of : the date
    """

    table: pd.DataFrame
    catalogue: pd.DataFrame
    dictionary: dict[str, Tag]
    as_of: pd.Timestamp

    @property
    def names(self) -> list[str]:
        """The tags that could be evaluated."""
        return [c for c in self.table if c != "customer_id"]

    @property
    def fingerprints(self) -> dict[str, str]:
        """{tag: fingerprint of the rule that was in force}: what tells a changed rule from changed customers."""
        return {n: self.version(n).fingerprint for n in self.names}

    def version(self, name: str) -> Version:
        """The version of tag `name` that was in force."""
        return self.dictionary[name].in_force(self.as_of.date())

    def columns(self) -> pd.DataFrame:
        """The table with its columns called tag_…, for `portraits`. `.attrs["tags"]` holds the fingerprints; pandas
        writes attrs to Parquet and reads them back, where `changes` finds them."""
        out = self.table.rename(columns={n: PREFIX + n for n in self.names})
        out.attrs = {"tags": self.fingerprints}
        return out

    def sizes(self) -> pd.DataFrame:
        """How many customers carry each tag, and each value of a tag that has several.

        Returns
        -------
        frame: tag, value (empty for yes-or-no tags), size, share (of the customers known); declared values in their
        order, even if nobody has them, others by the alphabet
        """
        rows = []
        for name in self.names:
            column = self.table[name]
            known = int(column.notna().sum())
            if self.version(name).is_boolean:
                counts = {"": int(column.sum())}
            else:
                found = column.value_counts()
                values = list(self.version(name).values) or sorted(found.index)
                counts = {v: int(found.get(v, 0)) for v in values}
            rows += [(name, value, n, n / known if known else np.nan) for value, n in counts.items()]
        return pd.DataFrame(rows, columns=["tag", "value", "size", "share"])


def evaluate(dictionary: Mapping[str, Tag], features: pd.DataFrame, as_of: object) -> Tags:
    """Evaluate the versions of the tags that are in force on `as_of`.

    Parameters
    ----------
    dictionary : what `load` gave.
    features : one row a customer as of that date: customer_id and the columns the tags need (any others are ignored).
    as_of : the date. It chooses the versions, and is `as_of` in the rules.

    Notes
    -----
    A tag whose columns are missing, whose rule does not fit their types, or that had no version yet is not evaluated;
    the catalogue says why. Percentiles are those of the customers given: of a part of them they are others.

    Raises
    ------
    DataError : no customer_id, or one blank or twice; features that know days after `as_of`.
    """
    as_of = pd.Timestamp(as_of).normalize()
    _check_ids(features)
    columns = {str(c).lower(): c for c in reversed(list(features))}
    columns |= {str(c): c for c in features}
    table, rows = {"customer_id": features["customer_id"]}, []
    with engine.connect() as sql:
        order = _register(sql, dictionary, features, columns)
        for name, tag in dictionary.items():
            version = tag.in_force(as_of.date())
            why, cuts, newest = None, {}, _newest(tag, features, as_of)
            missing = [n for n in version.needs if _found(columns, n) is None] if version else []
            if version is None:
                why = Sentence("its first version holds from {since} on", since=tag.versions[0].since)
            elif missing:
                why = Sentence("the features have no column {columns}", columns=", ".join(missing))
            else:
                try:
                    cuts, values = compute(sql, version, as_of.date())
                    table[name] = _aligned(values["value"], order, features.index, version)
                except duckdb.OutOfMemoryException:
                    raise
                except duckdb.Error as error:
                    why = Sentence("its rule does not fit the features: {why}", why=str(error).splitlines()[0])
            rows.append(_entry(tag, version, cuts, newest, table.get(name), as_of, why, len(features)))
    catalogue = pd.DataFrame(rows)
    whole = {c: "Int64" for c in ("version", "size", "freshness_days")}
    return Tags(pd.DataFrame(table), catalogue.astype(whole), dict(dictionary), as_of)


def _check_ids(table: pd.DataFrame) -> None:
    if not isinstance(table, pd.DataFrame) or "customer_id" not in table:
        raise DataError("The table needs the column customer_id: one row a customer.")
    ids = table["customer_id"]
    wrong = ids[ids.isna() | ids.duplicated()]
    if len(wrong):
        raise DataError(
            "{n:,} {n:row has|rows have} a customer_id that is blank or stands in an earlier row (first: {first}). "
            "Keep one row a customer.",
            n=len(wrong),
            first=first_few(wrong),
        )


def _found(columns: Mapping[str, object], name: str) -> object:
    """The column a rule means: SQL does not tell Amount from amount."""
    return columns.get(name, columns.get(name.lower()))


def _register(sql, dictionary: Mapping[str, Tag], features: pd.DataFrame, columns: Mapping[str, object]) -> np.ndarray:
    """Give DuckDB the columns that any tag needs, in the order of customers: sums then do not depend on the order of
    rows. Returns that order."""
    order = np.argsort(features["customer_id"].astype("str").to_numpy(dtype=object), kind="stable")
    needed = {n.lower(): n for t in dictionary.values() for v in t.versions for n in v.needs}
    given = {}
    for name in needed.values():
        if (column := _found(columns, name)) is not None:
            cells = features[column].iloc[order].reset_index(drop=True)
            plain = pd.api.types.is_object_dtype(cells) or isinstance(cells.dtype, pd.CategoricalDtype)
            given[name] = cells.astype("str") if plain else cells
    sql.register("given", pd.DataFrame(given | {"__row": np.arange(len(order))}))
    sql.execute("CREATE TEMP TABLE features AS SELECT * FROM given")
    return order


def _aligned(values: pd.Series, order: np.ndarray, index: pd.Index, version: Version) -> pd.Series:
    back = np.empty(len(order), dtype="int64")
    back[order] = np.arange(len(order))
    return values.astype("boolean" if version.is_boolean else "str").iloc[back].set_axis(index)


def _newest(tag: Tag, features: pd.DataFrame, as_of: pd.Timestamp) -> pd.Timestamp:
    if tag.dated_by not in features or not pd.api.types.is_datetime64_any_dtype(features[tag.dated_by]):
        return pd.NaT
    newest = features[tag.dated_by].max()
    if newest >= as_of + pd.Timedelta(days=1):
        raise DataError(
            "The features know {newest} ({column}), which is after the as-of date {as_of}. Compute them as of that "
            "date.",
            newest=newest.date(),
            column=tag.dated_by,
            as_of=as_of.date(),
        )
    return newest


def _entry(tag, version, cuts, newest, column, as_of, why, customers) -> dict:
    known = 0 if column is None else int(column.notna().sum())
    size = int(column.sum()) if column is not None and version.is_boolean else None
    return {
        "tag": tag.name,
        "kind": tag.kind,
        "family": tag.family,
        "version": version.version if version else None,
        "since": version.since if version else None,
        "needs": version.needs if version else (),
        "cuts": cuts,
        "customers": customers,
        "known": known,
        "coverage": known / customers if customers else np.nan,
        "size": size,
        "share": size / known if size is not None and known else np.nan,
        "newest": pd.NaT if why else newest,
        "freshness_days": None if why or pd.isna(newest) else (as_of - newest.normalize()).days,
        "not_evaluated": why,
    }


# --- against the truth -----------------------------------------------------------------------------------------------


def judge(tags: Tags | pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """How right tags are where the truth is known: declared against verified, rule or model against outcome.

    Precision is the share of those who carry the tag who should; recall the share of those who should who do. Both with
    Wilson's 95 % interval (Wilson 1927).

    Parameters
    ----------
    tags : what `evaluate` gave, or a table like its `.table`.
    truth : customer_id and columns called like tags (true/false, or the value); blank where the truth is not known.

    Returns
    -------
    frame, a row a tag and value: tag, value (empty for yes-or-no tags), customers (known in tag and truth), base_rate
    (share of them who should carry it), tagged, right, precision, precision_low, precision_high, should, recall,
    recall_low, recall_high, coverage (of the customers whose truth is known, those whose tag is)

    Raises
    ------
    DataError : no customer_id; a customer twice; a column that is no tag of the table, or a text on one side only.
    """
    table = tags.table if isinstance(tags, Tags) else tags
    _check_ids(table)
    _check_ids(truth)
    if unknown := [c for c in truth if c not in table]:
        raise DataError("There is no tag {tag}; perhaps {near}?", tag=unknown[0], near=nearest(str(unknown[0]), table))
    sides = [frame.astype({"customer_id": "str"}) for frame in (truth, table)]
    both = sides[0].merge(sides[1], on="customer_id", suffixes=("_true", "_tag"))
    rows = []
    for name in (c for c in truth if c != "customer_id"):
        true, given = _states(both[f"{name}_true"]), _states(both[f"{name}_tag"])
        known = true.notna() & given.notna()
        values = _shown(pd.concat([true, given]))
        if _mixed(values):
            raise DataError(
                "The tag {tag} is true or false on one side and a text on the other. Give both alike.", tag=name
            )
        for value in values:
            tagged, should = (given == value) & known, (true == value) & known
            rows.append(
                {
                    "tag": name,
                    "value": "" if value == _YES else value,
                    "customers": int(known.sum()),
                    "base_rate": should.sum() / known.sum() if known.any() else np.nan,
                    "tagged": int(tagged.sum()),
                    "right": int((tagged & should).sum()),
                    **_share("precision", (tagged & should).sum(), tagged.sum()),
                    "should": int(should.sum()),
                    **_share("recall", (tagged & should).sum(), should.sum()),
                    "coverage": known.sum() / true.notna().sum() if true.notna().any() else np.nan,
                }
            )
    return pd.DataFrame(rows)


def _share(name: str, count: int, n: int) -> dict[str, float]:
    low, high = wilson(count, n)
    return {name: count / n if n else np.nan, f"{name}_low": low, f"{name}_high": high}


#: Yes-or-no tags as values, so that all tags are counted alike. No text value can be one: they are trimmed.
_YES, _NO = " yes", " no"


def _states(column: pd.Series) -> pd.Series:
    """The column as texts; true and false as _YES and _NO, unknown as None."""
    present = column.dropna()
    if pd.api.types.is_bool_dtype(column.dtype) or (len(present) and present.map(lambda v: isinstance(v, bool)).all()):
        texts = present.map({True: _YES, False: _NO})
    else:
        texts = present.astype("str")
    return texts.astype(object).reindex(column.index).where(column.notna(), None)


def _shown(states: pd.Series) -> list[str]:
    found = set(states.dropna())
    return [_YES] if found <= {_YES, _NO} else sorted(found)


def _mixed(values: list[str]) -> bool:
    return len(values) > 1 and bool({_YES, _NO} & set(values))


# --- against an earlier run ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Changes:
    """Who came and went between two dates.

    Attributes
    ----------
    tags : a row a tag and value: tag, value (empty for yes-or-no tags), before, after (customers who carried it),
        entered, left, stayed, unknown_before (carry it now, could not be told before), unknown_after (carried it,
        cannot be told now), redefined (True where the rule is not the same: then the movement is not the customers';
        NA where the earlier run does not say). before = stayed + left + unknown_after and after = stayed + entered +
        unknown_before. A customer who is in one run only did not carry the tag in the other
    customers : a row a customer and move, sorted: customer_id, tag, value, move (entered or left)
    not_compared : tags that are in one run only, or yes-or-no in one and not in the other
    """

    tags: pd.DataFrame
    customers: pd.DataFrame
    not_compared: list[str]


def changes(before: Tags | pd.DataFrame, after: Tags | pd.DataFrame, columns: Sequence[str] | None = None) -> Changes:
    """Compare the tags of two dates.

    Parameters
    ----------
    before, after : what `evaluate` gave, or the portraits of a run with its tag_… columns, as read from Parquet.
    columns : columns of the portraits to compare in place of the tags, such as stage; one that neither has is left out.

    Raises
    ------
    DataError : no customer_id; a customer twice; no tag at all.
    """
    old, old_rules = _of_run(before, columns)
    new, new_rules = _of_run(after, columns)
    ids = pd.Index(sorted(set(old.index) | set(new.index)), dtype="str")
    in_old, in_new = ids.isin(old.index), ids.isin(new.index)
    rows, moves, apart = [], [], sorted(set(old) ^ set(new))
    for name in (c for c in new if c in old):
        was, now = _states(old[name]).reindex(ids), _states(new[name]).reindex(ids)
        values = _shown(pd.concat([was, now]))
        if _mixed(values):
            apart.append(name)
            continue
        was_known, now_known = was.notna() | ~in_old, now.notna() | ~in_new
        same = (was == now) & was.notna() & now.notna()
        entered, left = now.notna() & ~same & was_known, was.notna() & ~same & now_known
        counted = {
            "before": was,
            "after": now,
            "entered": now[entered],
            "left": was[left],
            "stayed": now[same],
            "unknown_before": now[~was_known],
            "unknown_after": was[~now_known],
        }
        counts = {k: states.value_counts() for k, states in counted.items()}
        rules = old_rules.get(name), new_rules.get(name)
        for value in values:
            shown = "" if value == _YES else value
            row = {"tag": name, "value": shown, **{k: int(c.get(value, 0)) for k, c in counts.items()}}
            rows.append(row | {"redefined": pd.NA if None in rules else rules[0] != rules[1]})
        for move, states in (("entered", counted["entered"]), ("left", counted["left"])):
            states = states[states != _NO]
            moves.append(
                pd.DataFrame(
                    {"customer_id": states.index, "tag": name, "value": states.replace(_YES, "").array, "move": move}
                )
            )
    numbers = ["before", "after", "entered", "left", "stayed", "unknown_before", "unknown_after"]
    table = pd.DataFrame(rows, columns=["tag", "value", *numbers, "redefined"]).astype({"redefined": "boolean"})
    heads = ["customer_id", "tag", "value", "move"]
    listed = pd.concat(moves) if moves else pd.DataFrame(columns=heads)
    listed = listed.astype("str").sort_values(heads, ignore_index=True)
    return Changes(table, listed, sorted(apart))


def _of_run(run: Tags | pd.DataFrame, columns: Sequence[str] | None) -> tuple[pd.DataFrame, dict[str, str]]:
    """The tags of a run by customer (or its `columns`), and the fingerprints of their rules as far as it tells them."""
    frame = run.columns() if isinstance(run, Tags) else run
    _check_ids(frame)
    if columns is not None:
        return frame[[c for c in columns if c in frame]].set_axis(frame["customer_id"].astype("str")), {}
    names = [c for c in frame if str(c).startswith(PREFIX)]
    if not names:
        raise DataError(
            "The earlier portraits have no column of tags ({prefix}…). Compare with a run that has them.", prefix=PREFIX
        )
    table = frame[names].rename(columns=lambda c: c.removeprefix(PREFIX))
    return table.set_axis(frame["customer_id"].astype("str")), frame.attrs.get("tags", {})
