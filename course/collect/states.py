"""What the words of state mean: as the recipe of an earlier run says, and what this run tells the next one."""

import pandas as pd

from course.collect import values
from course.collect.questions import Answers
from course.forms import Form
from course.language import Sentence
from course.recipe import ASSUMED

#: More words than that are no list of states.
_WORDS = 60
_STATE_OF = {status: state for state, status in values.STATUS_OF_STATE.items()}


def as_before(status: pd.Series, cells: pd.Series, answers: Answers, notes: list[Sentence]) -> pd.Series:
    """The states of a table, where the recipe gives a word that the kit knows another meaning.

    Parameters
    ----------
    status : states in canonical words; cells : the words as the file has them, of the same rows
    """
    words = cells.astype("str").str.strip()
    for word, state in (answers.recipe.states or {}).items():
        meant = values.STATUS_OF_STATE.get(state)
        other = (words == word).fillna(False).to_numpy(dtype=bool) & status.isin(_STATE_OF).to_numpy(dtype=bool)
        if meant is None or not other.any() or (status[other] == meant).all():
            continue
        status = status.mask(other, meant)
        notes.append(Sentence("As the recipe says, the state “{word}” is: {state}.", word=word, state=state))
    return status


def listed(cells: pd.Series, form: Form | None, answers: Answers) -> dict[str, str] | None:
    """{word: state} of a table of orders, of a form's words only those that it does not know; None where there are too
    many to be states."""
    words = pd.Series(sorted(cells.dropna().astype("str").str.strip().unique()), dtype="str")
    words = words[~values.is_blank(words)]
    meant = dict(zip(words, values.statuses(words).values, strict=True))
    strange = {w: s for w, s in meant.items() if s not in values.CANONICAL_STATUSES}
    known = {} if form else {w: _STATE_OF[s] for w, s in meant.items() if s in _STATE_OF}
    told = {w: s for w, s in (answers.recipe.states or {}).items() if w in known}
    found = known | told | {w: answers.decided.get(f"state.{w}", ASSUMED) for w in strange}
    return {w: found[w] for w in words if w in found} if len(found) <= _WORDS else None
