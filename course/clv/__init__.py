"""Customer lifetime value: how often somebody will come back, what they will spend, and whether the forecast held.

`summaries` makes the four numbers a customer the models read, `models` fits them, `worth` turns them into money,
`markov` values a chain of states, `validation` holds a forecast against what happened, `outlook` says what all
customers together will bring and by how much such a forecast missed on times past.
"""

from course.clv.forecast import DISCOUNT, HORIZON, MONTHLY_DISCOUNT, Forecast, forecast, weeks_checked
from course.clv.markov import StopPolicy, markov, recency_chain, stop_policy
from course.clv.models import BetaGeo, GammaGamma, ModifiedBetaGeo
from course.clv.outlook import LEVEL, MODELS, Backtest, Outlook, Total, outlook, without_model
from course.clv.summaries import UNITS, Holdout, check, holdout, summary
from course.clv.validation import Validation, validate
from course.clv.worth import cohort, historic, label, value

__all__ = [
    "DISCOUNT",
    "HORIZON",
    "LEVEL",
    "MODELS",
    "MONTHLY_DISCOUNT",
    "UNITS",
    "Backtest",
    "BetaGeo",
    "Forecast",
    "GammaGamma",
    "Holdout",
    "ModifiedBetaGeo",
    "Outlook",
    "StopPolicy",
    "Total",
    "Validation",
    "check",
    "cohort",
    "forecast",
    "historic",
    "holdout",
    "label",
    "markov",
    "outlook",
    "recency_chain",
    "stop_policy",
    "summary",
    "validate",
    "value",
    "weeks_checked",
    "without_model",
]
