"""What the next month's run has to know: the recipe of a run that was made."""

from collections.abc import Mapping
from dataclasses import replace

from course.collect import Table
from course.recipe import Recipe
from course.telling import holds


def recipe_of(tables: Mapping[str, Table], asked: Recipe, lang: str) -> Recipe:
    """The recipe of a run over `tables`, from what it was asked for; `lang` is the language of its report."""
    columns = {}
    for kind in asked.inputs if asked.source else tables:
        layouts = tables[kind].layouts
        columns[kind] = layouts + [one for one in asked.columns.get(kind, []) if one not in layouts]
    told = [t.states for t in tables.values() if t.states is not None]
    states = asked.states
    for one in told:
        states = (states or {}) | one
    if states is not None:
        states = {
            word: asked.answers.get(f"state.{word}", state) for word, state in states.items() if not _personal(word)
        }
    kept = {key: a for key, a in asked.answers.items() if not key.startswith("state.") and not _personal(key, a)}
    currency = next((t.currency for t in tables.values() if t.currency), asked.currency)
    named = currency if currency and currency.isalpha() else None  # ¥ and $ are no names
    return replace(asked, columns=columns, states=states, answers=kept, currency=named, lang=lang)


def _personal(*words: str) -> bool:
    """Whether a word tells who somebody is: such are asked again rather than written down."""
    parts = [part for word in words for part in (word, *word.split("."), *word.split())]
    return any(holds(part) for part in parts)
