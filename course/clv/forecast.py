"""The one call: what each customer is expected to bring next year, and how far to believe it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from course.clv.models import BetaGeo, GammaGamma, ModifiedBetaGeo
from course.clv.summaries import NEEDS, holdout, summary
from course.clv.validation import Validation, validate
from course.clv.worth import label, value
from course.errors import DataError
from course.language import Sentence
from course.orders import last_day

#: A year of weeks, and ten per cent a year: what a report assumes unless somebody says otherwise.
HORIZON, DISCOUNT = 52, 0.10
#: Nobody can say what comes in more than ten years.
_LONGEST = 520
#: The same ten per cent by the month, for chains that move monthly: 0.8 % twelve times over.
MONTHLY_DISCOUNT = (1 + DISCOUNT) ** (1 / 12) - 1
#: Share of the time that calibrates a holdout; shorter histories (in weeks) are not split.
_CALIBRATION, _SHORTEST = 2 / 3, 26


@dataclass
class Forecast:
    """What customers are expected to bring.

    Attributes
    ----------
    customers : frame sorted by customer_id: p_alive (NaN where the data do not tell), expected_purchases (purchase
        days), expected_spend (money per purchase day), value (money within the horizon, discounted)
    model, spend_model : as fitted on all the time there is; BG/NBD where MBG/NBD does not converge
    validation : the same models fitted on the first two thirds and held against the last; None where time is short
    label : what `value` is, with horizon and discount
    notes : what a reader should know
    weeks : the horizon
    """

    customers: pd.DataFrame
    model: BetaGeo
    spend_model: GammaGamma
    validation: Validation | None
    label: Sentence
    notes: list[Sentence]
    weeks: int


def forecast(orders: pd.DataFrame, as_of: object = None, weeks: int = HORIZON) -> Forecast:
    """Expected value of every customer over the next weeks, discounted at 10 % a year.

    MBG/NBD (Batislam, Denizel & Filiztekin 2007) rather than BG/NBD: it lets a customer leave after the first purchase,
    so that the P(alive) of those who bought once says something. Spend by Gamma-Gamma.

    Parameters
    ----------
    orders : customer_id, ordered_at, amount; `refunded` if known.
    as_of : the day the forecast starts from. Default: the day of the last order.
    weeks : the horizon, 1 or more whole weeks.

    Raises
    ------
    DataError : data that no model can be fitted to, such as too few customers who came back; a horizon that is none.
    """
    weeks = weeks_checked(weeks)
    weekly = summary(orders, as_of, "W")
    model, instead = _fitted(weekly)
    spend = GammaGamma().fit(weekly)
    worth = value(model, spend, weekly, weeks, DISCOUNT, "Y")
    customers = worth.drop(columns="p_alive_known")
    customers["p_alive"] = worth["p_alive"].where(worth["p_alive_known"])
    held = _held_out(orders, as_of)
    caveat = model.caveat(weekly)
    notes = [*instead, *model.report(), *spend.report(), *([caveat] if caveat else [])]
    notes += held.report() if held else []
    return Forecast(customers, model, spend, held, label(worth), notes, weeks)


def weeks_checked(weeks: float) -> int:
    """The horizon as a whole number of weeks, refused where it is none, below 1 or beyond ten years."""
    if not (np.isfinite(weeks) and weeks == int(weeks) and 1 <= weeks <= _LONGEST):
        raise DataError("The horizon is a whole number of weeks, 1 to {most}, not {weeks}.", most=_LONGEST, weeks=weeks)
    return int(weeks)


def _fitted(customers: pd.DataFrame) -> tuple[BetaGeo, list[Sentence]]:
    """MBG/NBD; where the data leave its parameters open BG/NBD, and the sentence that says so."""
    model = ModifiedBetaGeo(allow_edge=True).fit(customers)
    try:
        model.informed(customers)
        return model, []
    except DataError as refusal:
        simpler = BetaGeo(allow_edge=True).fit(customers)
        try:
            simpler.informed(customers)
        except DataError:
            raise refusal from None
        return simpler, [Sentence("MBG/NBD did not converge on these customers; BG/NBD stands in for it.")]


def _held_out(orders: pd.DataFrame, as_of: object) -> Validation | None:
    last, first = last_day(orders, as_of, NEEDS), orders["ordered_at"].min().normalize()
    if (last - first).days < 7 * _SHORTEST:
        return None
    split = first + pd.Timedelta(days=round((last - first).days * _CALIBRATION))
    try:
        held = holdout(orders, split, last)
        model, _ = _fitted(held.customers)
        return validate(model, held, GammaGamma().fit(held.customers))
    except DataError:  # two thirds can be too little where the whole is enough
        return None
