"""Who came back in the time that was kept back: a year of the other Luming, or the last third of one's own file."""

from course.classroom.bets import Seal
from course.classroom.lessons.capstone import capstone
from course.classroom.words import label
from course.language import Label


def _more() -> Label:
    return label("capstone", "seal_own" if capstone.own() else "seal_luming", naive=capstone.same_again())


SEAL = Seal(
    Label(
        "Of a hundred customers known on the last day shown, how many order again in the time kept back?",
        "到最后一天为止已有的客户，每一百位里有多少位会在没给看的那段时间里再下单？",
    ),
    ".1f",
    capstone.truth,
    _more,
)
