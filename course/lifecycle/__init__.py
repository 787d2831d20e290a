"""Where customers stand and where they go: states of a period, stages on any day, moves, alerts.

`rhythm` says how long a silence is normal, `standing` gives states and stages, `movement` the moves between stages and
what they are worth, `warning` foresees silence, `chance` says how likely an order is, `story` which measure is believed
where two differ, `complaints` compares who complained with who did not.
"""

from course.lifecycle.chance import DAYS, Chance, chance
from course.lifecycle.complaints import ComplaintRisk, complaint_risk
from course.lifecycle.movement import (
    Transitions,
    come_back,
    links_by_a_tenth,
    returns_between,
    transitions,
    weakest_link,
)
from course.lifecycle.overview import silent_money_share, stage_table
from course.lifecycle.rhythm import AT_RISK, BANDS, LOST, Survival, explain, survival, thresholds
from course.lifecycle.standing import LOYAL_FROM, STAGES, STATES, States, stages, states
from course.lifecycle.story import Barred, barred, differences, settle
from course.lifecycle.warning import EarlyWarning, Seen, Warnings, early_warning, features

__all__ = [
    "AT_RISK",
    "BANDS",
    "DAYS",
    "LOST",
    "LOYAL_FROM",
    "STAGES",
    "STATES",
    "Barred",
    "Chance",
    "ComplaintRisk",
    "EarlyWarning",
    "Seen",
    "States",
    "Survival",
    "Transitions",
    "Warnings",
    "barred",
    "chance",
    "come_back",
    "complaint_risk",
    "differences",
    "early_warning",
    "explain",
    "features",
    "links_by_a_tenth",
    "returns_between",
    "settle",
    "silent_money_share",
    "stage_table",
    "stages",
    "states",
    "survival",
    "thresholds",
    "transitions",
    "weakest_link",
]
