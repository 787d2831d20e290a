"""Which records are one person, how sure that is, and how to take it back.

`resolve` finds persons in customer records; `judge` measures a resolution against a known truth; `fellegi_sunter` is
its formula for one pair; `stitch` gives anonymous visits to their customer; `pseudonyms` hides who somebody is;
`spelling` reads a column of phones or the like in one spelling; `anonymity` says how far a table tells who is who.
"""

from course.identity.anonymity import Anonymity, anonymity
from course.identity.ids import pseudonyms, stitch
from course.identity.judging import judge
from course.identity.model import Judgement, fellegi_sunter
from course.identity.persons import CANONICAL, Identity, resolve, with_one_name
from course.identity.spelling import spelling

__all__ = [
    "CANONICAL",
    "Anonymity",
    "Identity",
    "Judgement",
    "anonymity",
    "fellegi_sunter",
    "judge",
    "pseudonyms",
    "resolve",
    "spelling",
    "stitch",
    "with_one_name",
]
