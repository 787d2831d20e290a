"""How many people of the film case truly like romance best, and which effects were planted in it."""

import numpy as np
import pandas as pd

from course.classroom import room
from course.classroom.bets import Seal
from course.classroom.lessons.portrait.material import seed
from course.classroom.words import label, sentences
from course.company import film
from course.language import Label


def _truth_of_the_case() -> tuple[pd.DataFrame, pd.Series]:
    """The planted effects, and of which genre so many percent of the people think best."""
    effects, tastes = film.film_truth(seed(room.company()))
    best = tastes[list(film.GENRES)].idxmax(axis=1)
    return effects, 100 * best.value_counts(normalize=True).reindex(film.GENRES, fill_value=0.0)


def truth() -> float:
    """Percent of the people whose liking is largest for romance."""
    return float(_truth_of_the_case()[1]["romance"])


def _more() -> Label:
    effects, best = _truth_of_the_case()
    some, none = effects[effects["effect"] != 0], effects[effects["effect"] == 0]
    listed, zeros = {}, {}
    for lang in ("en", "zh"):
        lines = [_line(row, lang) for row in some.to_dict("records")]
        listed[lang], zeros[lang] = " · ".join(lines), " · ".join(none[lang])
    return label(
        "portrait",
        "seal_more",
        action=best["action"],
        animation=best["animation"],
        effects=Label(**listed),
        zeros=Label(**zeros),
    )


def _line(row: dict, lang: str) -> str:
    """A planted effect in words; what is planted on the log of yuan is said in percent."""
    known = sentences("portrait")
    if row["unit"] == _LOG:
        return known["planted_percent"][lang].format(what=row[lang], effect=np.expm1(row["effect"]))
    return known["planted"][lang].format(what=row[lang], effect=row["effect"], unit=_UNITS[row["unit"]][lang])


_LOG = "log yuan per point"
#: What the units of the other planted effects are called.
_UNITS = {
    "points": {"en": "points", "zh": "分"},
    "points per ten years": {"en": "points each ten years", "zh": "分（每大十岁）"},
}

SEAL = Seal(
    Label(
        "Of a hundred people in the survey, how many truly like romance best of the three genres?",
        "调查里每一百人，有多少人在三类电影中真正最喜欢爱情片？",
    ),
    ".1f",
    truth,
    _more,
)
