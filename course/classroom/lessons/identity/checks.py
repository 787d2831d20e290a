"""What is looked at in the answers of lesson 04."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from course.classroom.answers import Mistake, column, equals, exercise, same, share, side, table, told
from course.language import Sentence

#: A share may be rounded to three places, a weight to two; up to _NEAR bits away something was rounded before that.
_SHARE, _BITS, _NEAR = 0.0005 + 1e-9, 0.005 + 1e-9, 0.3


@exercise(
    "identity-1",
    answers=("family_phones",),
    given=("records",),
    right=Sentence(
        "Some are families, some one person written in two ways. “One phone, one customer” takes each for one customer."
    ),
)
def family_phones(answer: object, records: pd.DataFrame) -> None:
    """How many phones carry more than one name."""
    names = records.groupby("phone")["name"].nunique()
    sizes = records.groupby("phone").size()
    blank = int(records.loc[records["phone"].isna(), "name"].nunique() > 1)
    behind = records["phone"].map(names) > 1
    several = names > 1
    mistakes = {
        Sentence(
            "You counted phones with more than one record. The task asks for more than one name. Try nunique of the "
            "names."
        ): ((sizes > 1).sum()),
        Sentence(
            "You counted the blank as a phone. The task asks for phone numbers. Try groupby without dropna=False."
        ): several.sum() + blank,
        Sentence(
            "You computed a share. The task asks for a number of phones. Try sum instead of mean."
        ): several.mean(),
        Sentence(
            "You counted the records behind these phones. The task asks for the phones. Try one value per phone first."
        ): behind.sum(),
        Sentence(
            "You added up all names on these phones. The task asks for phones. Try counting where there is more than "
            "one name."
        ): names[several].sum(),
        Sentence(
            "You counted the different names on these phones. The task asks for the phones. Try grouping by phone."
        ): (records.loc[behind, "name"].nunique()),
        Sentence(
            "You have it turned round, as names with more than one phone. The task asks for phones. Try grouping by "
            "phone."
        ): ((records.groupby("name")["phone"].nunique() > 1).sum()),
        Sentence("You counted the phones with exactly one name. The task asks for the others. Try > 1."): (
            names == 1
        ).sum(),
        Sentence("You counted the phones with more than two names. The task asks for more than one. Try > 1."): (
            names > 2
        ).sum(),
        Sentence("You counted phones with exactly two names. The task asks for more than one. Try > 1."): (
            names == 2
        ).sum(),
        Sentence("You counted repeated rows. The task asks for phones. Try one value per phone first."): (
            records["phone"].duplicated().sum()
        ),
        Sentence("You counted each phone once per name. The task asks for phones. Try nunique per phone, then > 1."): (
            names.sum()
        ),
        Sentence(
            "You counted all phones, because each has at least one name. The task asks for more than one. Try > 1."
        ): len(names),
        Sentence(
            "You took the largest number of names on one phone. The task asks for a number of phones. Try counting "
            "where it is more than one."
        ): names.max(),
    }
    equals(answer, several.sum(), "family_phones", mistakes)


@exercise(
    "identity-2",
    answers=("agree", "disagree"),
    given=("shares",),
    right=Sentence(
        "In bits: how much each field speaks for one person, and how much against. The two are of different size."
    ),
)
def weights(agree: object, disagree: object, shares: pd.DataFrame) -> None:
    """log2(m/u) and log2((1 − m)/(1 − u)) of every field."""
    if not isinstance(shares, pd.DataFrame) or set(shares.index) != {True, False}:
        raise Mistake("shares is something else by now. Run the cell that makes it once more.")
    m, u = shares.loc[True].astype("float64"), shares.loc[False].astype("float64")
    fields = m.index.rename("field")
    got = {"agree": _weights(agree, "agree", fields), "disagree": _weights(disagree, "disagree", fields)}
    right = {"agree": np.log2(m / u), "disagree": np.log2((1 - m) / (1 - u))}
    if all(same(got[name], right[name], _BITS) for name in got):
        return
    if same(got["agree"], right["disagree"], _BITS) and same(got["disagree"], right["agree"], _BITS):
        raise Mistake("agree and disagree are exchanged.")
    against = got["disagree"]
    if same(got["agree"], right["agree"], _BITS) and same(against, -right["agree"], _BITS):
        raise Mistake(
            "A disagreement is not an agreement with its sign turned: it has chances of its own, 1 − m and 1 − u."
        )
    wrong = {"agree": _wrong(m, u), "disagree": _wrong(1 - m, 1 - u)}
    wrong["disagree"] |= {
        Sentence("disagree holds m beside 1 − u. Both chances are of a disagreement: 1 − m, and 1 − u."): (
            np.log2(m / (1 - u))
        ),
        Sentence("disagree holds 1 − m beside u. Both chances are of a disagreement: 1 − m, and 1 − u."): (
            np.log2((1 - m) / u)
        ),
        Sentence(
            "1 less the weight is not the weight of a disagreement. Take 1 less m and 1 less u, then the ratio."
        ): (1 - right["agree"]),
        Sentence("(1 − m) / (1 − u) needs both its brackets."): np.log2(np.maximum(1 - m - u, 1e-12)),
        Sentence("disagree holds the weights of an agreement. Put 1 − m and 1 − u in their place."): right["agree"],
    }
    for name, values in got.items():
        if values.isna().any():
            raise Mistake(
                "{name} is blank: that was the logarithm of a number below 0. Take 1 less m and 1 less u first, then "
                "divide.",
                name=name,
            )
        if told(values, right[name], wrong[name], _BITS):
            continue
        if same(values, right[name], _NEAR):
            raise Mistake("{name} is near, and rounded: take shares itself and keep two decimals.", name=name)
        raise Mistake(
            "{name} is not right yet for: {fields}.",
            name=name,
            fields=", ".join(f for f in fields if abs(values[f] - right[name][f]) > _BITS),
        )


def _wrong(m: pd.Series, u: pd.Series) -> dict[Sentence, pd.Series]:
    """Mistakes that the weight of an agreement and that of a disagreement have in common."""
    return {
        Sentence("The ratio is upside down: two records of one person stand above, two persons below."): np.log2(u / m),
        Sentence("That is the natural logarithm. For bits it takes np.log2."): np.log(m / u),
        Sentence("That is the logarithm to base 10. For bits it takes np.log2."): np.log10(m / u),
        Sentence("That is the ratio itself. Its logarithm is asked for, so that weights can be added."): m / u,
        Sentence("Chances were subtracted. Divide them, then take the logarithm."): m - u,
        Sentence("Only one of the two chances is in it. A weight compares both."): np.log2(m),
        Sentence("Each chance was set beside its own opposite. Compare one person with two, field by field."): np.log2(
            m / (1 - m)
        ),
    }


def _weights(answer: object, name: str, fields: pd.Index) -> pd.Series:
    if isinstance(answer, pd.DataFrame) and len(answer) == 1:
        answer = answer.iloc[0]
    if isinstance(answer, np.ndarray | list | tuple) and np.shape(answer) == (len(fields),):
        answer = pd.Series(list(answer), index=fields)
    if isinstance(answer, dict) and set(answer) == set(fields):
        answer = pd.Series(answer)
    try:
        return column(answer, name, fields).astype("float64")
    except (TypeError, ValueError):
        raise Mistake("{name} should hold one number a field.", name=name) from None


@exercise(
    "identity-3",
    answers=("pair_precision",),
    given=("loose", "some"),
    right=Sentence("Below the share of right links: every false link brings all pairs of the two groups it joins."),
)
def precision(answer: object, loose: pd.DataFrame, some: pd.DataFrame) -> None:
    """Of all pairs in one group, the share that is one person."""
    both = loose.groupby(["group", "person_id"]).size()
    groups, persons = loose.groupby("group").size(), loose.groupby("person_id").size()
    claimed, right, actual = _pairs(groups), _pairs(both), _pairs(persons)
    whole = both.groupby("group").size() == 1
    per_record = (both**2 / groups.reindex(both.index.get_level_values("group")).to_numpy()).sum() / len(loose)
    mistakes = {
        Sentence(
            "That is the recall: divided by the pairs that are one person. Divide by the pairs that are claimed."
        ): (right / actual),
        Sentence("Records were squared instead of paired. Nobody makes a pair with himself: use pairs(sizes)."): (
            (both**2).sum() / (groups**2).sum()
        ),
        Sentence("The pairs of all records of a person were counted, in one group or not. Group by both columns."): (
            actual / claimed
        ),
        Sentence("That is the share of groups that hold one person. Single records are among them; count pairs."): (
            whole.mean()
        ),
        Sentence("That is the share of links that are right. After chaining, all pairs in a group are claimed."): (
            some["same"].mean()
        ),
        Sentence("That is B³, a mean over records. The share of pairs is asked for."): per_record,
        Sentence("That is groups over persons within groups. Sizes go through pairs(…) before they are divided."): (
            len(groups) / len(both)
        ),
        Sentence(
            "You counted groups, not pairs. The task asks for a share of pairs. Try pairs(sizes) on both counts."
        ): (len(both) / len(groups)),
        Sentence("Upside down: what is right is divided by what is claimed."): claimed / right if right else np.nan,
        Sentence("That is how many pairs are right. Divide by all pairs that the groups claim."): right,
        Sentence("That is how many pairs the groups claim. It belongs below the line."): claimed,
        Sentence("That is the share of wrong pairs. Precision is the share of right ones."): 1 - right / claimed,
    }
    share(answer, right / claimed, "pair_precision", mistakes)


def _pairs(sizes: pd.Series) -> float:
    return float((sizes * (sizes - 1) / 2).sum())


@exercise(
    "identity-4",
    answers=("wide",),
    given=("people", "orders", "tickets", "survey"),
    right=Sentence("One row a person, and every yuan in it once. From such a table all portraits are made."),
)
def one_row_a_person(
    answer: object, people: pd.DataFrame, orders: pd.DataFrame, tickets: pd.DataFrame, survey: pd.DataFrame
) -> None:
    """people with orders, yuan, tickets and the latest score."""
    wide = table(answer, "wide", ("customer_id", "orders", "yuan", "tickets", "score"))
    if "customer_id" not in wide.columns:
        wide = wide.reset_index()
    ids = people["customer_id"]
    _rows(wide, ids, orders)
    wide = wide.set_index("customer_id").reindex(ids)
    net = (orders["amount"] - orders["refunded"]).groupby(orders["customer_id"]).sum().reindex(ids).fillna(0.0)
    gross = orders.groupby("customer_id")["amount"].sum().reindex(ids).fillna(0.0)
    placed = orders.groupby("customer_id")["order_id"].nunique().reindex(ids).fillna(0)
    opened = tickets.groupby("customer_id").size().reindex(ids).fillna(0)
    for name in ("orders", "yuan", "tickets"):
        wide[name] = pd.to_numeric(wide[name], errors="coerce").astype("float64")
        if wide[name].isna().any():
            raise Mistake("{name} is blank for some people. Who has none has 0.", name=name)
    _figures(wide["yuan"], net, "yuan", {Sentence("yuan still holds what was paid back: take refunded off."): gross})
    _figures(
        wide["orders"], placed, "orders", {Sentence("orders holds something else than the number of orders."): net}
    )
    _figures(
        wide["tickets"],
        opened,
        "tickets",
        {Sentence("tickets only says whether there was one. Count them."): opened > 0},
    )
    _scores(pd.to_numeric(wide["score"], errors="coerce").astype("float64"), survey, ids)


def _rows(wide: pd.DataFrame, ids: pd.Series, orders: pd.DataFrame) -> None:
    repeated = int(wide["customer_id"].duplicated().sum())
    if repeated:
        raise Mistake(
            "{n:,} rows are of a customer who has one already: a table with several rows a customer was merged as it "
            "is, and money with it. Bring it down to one row a customer first.",
            n=repeated,
        )
    if missing := int((~ids.isin(wide["customer_id"])).sum()):
        buyers = orders["customer_id"].nunique()
        why = (
            Sentence('Those without an order are gone: keep every row of people (how="left").')
            if len(wide) <= buyers
            else Sentence('Start from people and keep all its rows (how="left").')
        )
        raise Mistake("{n:,} people are missing. {why}", n=missing, why=why)
    if extra := int((~wide["customer_id"].isin(ids)).sum()):
        raise Mistake(
            "{n:,} rows are of nobody in people, such as phone numbers of the survey. Join to people, not the other "
            "way round.",
            n=extra,
        )


def _figures(values: pd.Series, truth: pd.Series, name: str, mistakes: Mapping[Sentence, pd.Series]) -> None:
    """The figures of everybody, to the cent."""
    if told(values, truth, mistakes, 0.005 + 1e-9):
        return
    if abs(values.sum() - truth.sum()) < 0.005:
        raise Mistake("{name} adds up, and stands in the wrong rows: join by customer_id, not by position.", name=name)
    raise Mistake(
        "{name} is wrong for some people; all together it is {side}.",
        name=name,
        side=side(values.sum(), truth.sum()),
    )


def _scores(values: pd.Series, survey: pd.DataFrame, ids: pd.Series) -> None:
    """The latest answer of everybody who gave one; of answers at one moment any will do."""
    ordered = survey.sort_values("answered_at", kind="stable")
    latest = ordered.drop_duplicates("customer_id", keep="last").set_index("customer_id")["score"].reindex(ids)
    given = survey.dropna(subset="score").sort_values("answered_at", kind="stable")
    also = given.drop_duplicates("customer_id", keep="last").set_index("customer_id")["score"].reindex(ids)
    first = ordered.drop_duplicates("customer_id", keep="first").set_index("customer_id")["score"].reindex(ids)
    by_customer = survey.groupby("customer_id")["score"]
    mistakes = {
        Sentence("score is that of the first answer. The latest is asked for."): first,
        Sentence("score is the mean of all answers. The latest is asked for."): by_customer.mean().reindex(ids),
        Sentence("score is the best of all answers. The latest is asked for."): by_customer.max().reindex(ids),
        Sentence("Who was not asked has the score 0 here, and would count as a detractor. Leave it blank."): (
            latest.fillna(0)
        ),
    }
    if not (told(values, also, {}) or told(values, latest, mistakes)):
        raise Mistake("score is not that of the latest answer (answered_at) for everybody.")
