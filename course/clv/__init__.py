"""Customer lifetime value: how often somebody will come back, what they will spend, and whether the forecast held.

`summaries` makes the four numbers a customer the models read, `models` fits them, `worth` turns them into money,
`markov` values a chain of states, `validation` holds a forecast against what happened.
"""

from course.clv.forecast import DISCOUNT, HORIZON, MONTHLY_DISCOUNT, Forecast, forecast
from course.clv.markov import StopPolicy, markov, recency_chain, stop_policy
from course.clv.models import BetaGeo, GammaGamma, ModifiedBetaGeo
from course.clv.outlook import MODELS, Backtest, Band, Outlook, outlook
from course.clv.portfolio import Total, total
from course.clv.summaries import UNITS, Holdout, check, holdout, summary
from course.clv.validation import Validation, validate
from course.clv.worth import cohort, historic, label, value

__all__ = [
    "DISCOUNT",
    "HORIZON",
    "MODELS",
    "MONTHLY_DISCOUNT",
    "UNITS",
    "Backtest",
    "Band",
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
    "total",
    "validate",
    "value",
]
