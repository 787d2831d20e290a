"""The NPS of all customers in the second wave, and what stands behind the score."""

from course import company
from course.classroom import room
from course.classroom.bets import Seal
from course.classroom.words import label, sentences
from course.language import Label


def _opened() -> company.Unsealed:
    return company.unseal("nps", room.company())


def _truth() -> float:
    return float(_opened().frames["population"].sort_values("wave")["nps"].iloc[-1])


def _more() -> Label:
    """The change of all customers, how far those who answered stand from them, the planted effects, the slow queue."""
    opened, common = _opened(), sentences("common")
    first, last = opened.frames["population"].sort_values("wave").to_dict("records")
    effects = opened.frames["drivers"].sort_values("effect", ascending=False)
    listed = {
        lang: sign.join(f"{common[f'driver_{d}'][lang]} {e:.2f}" for d, e in zip(*effects.to_numpy().T, strict=True))
        for lang, sign in (("en", ", "), ("zh", "、"))
    }
    return label(
        "nps",
        "seal_more",
        change=last["nps"] - first["nps"],
        bias=last["bias"],
        effects=Label(**listed),
        topic=label("nps", f"topic_{opened.facts['slow_topic']}"),
    )


SEAL = Seal(
    Label(
        "What was the NPS of all customers in November 2024, those who did not answer included?",
        "2024 年 11 月，算上没答卷的人，全体客户的净推荐值是多少？",
    ),
    ".1f",
    _truth,
    _more,
)
