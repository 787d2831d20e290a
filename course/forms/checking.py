"""What is wrong with a form that somebody wrote, said with its key and what is allowed there."""

from collections.abc import Iterable, Mapping, Sequence

from course.errors import DataError, nearest
from course.language import Sentence

_LABELS = ("system", "why", "no_customer")
_HOW = ("is", "starts", "has")


def check(
    name: str,
    keys: object,
    file: str,
    *,
    known: Iterable[str],
    in_amount: Sequence[str],
    lists: Sequence[str],
    kinds: Sequence[str],
    states: Sequence[str],
) -> None:
    """Refuse a form whose keys or values cannot be understood.

    Parameters
    ----------
    keys : the form as YAML has it
    known, in_amount : keys of a form, and of its `amount`; lists : keys whose value is a text or a list of texts
    kinds, states : what `kind` and a state may be

    Raises
    ------
    DataError : names the file, the form, the key, and what may stand there.
    """
    form = _Form(name, file)
    form.mapping("form", keys, sorted(known))
    form.needs(keys, "kind", "all")
    form.one_of("kind", keys["kind"], kinds)
    for key in _LABELS:
        if key in keys:
            form.label(key, keys[key])
    for key in lists:
        if key in keys:
            form.texts(key, keys[key])
    amount = keys.get("amount") or {}
    form.mapping("amount", amount, in_amount)
    if "level" in amount:
        form.one_of("level", amount["level"], ("order", "line"))
    if keys.get("else") is not None:
        form.one_of("else", keys["else"], states)
    for key in ("columns", "test", "unfinished", "drop", "rows", "refunded_list", "position", "purchases"):
        form.mapping(key, keys.get(key) or {})
    for key in ("columns", "purchases", "test"):
        for column, texts in (keys.get(key) or {}).items():
            form.texts(f"{key}.{column}", texts)
    rules = keys.get("state") or []
    if not isinstance(rules, list):
        form.refuse(Sentence("“{key}” is a list", key="state"))
    for rule in rules:
        form.mapping("state", rule, ("in", *_HOW))
        form.needs(rule, "in")
        form.texts("in", rule["in"])
        for how in _HOW:
            form.mapping(how, rule.get(how) or {})
            for state, words in (rule.get(how) or {}).items():
                form.one_of("state", state, states)
                form.texts(str(state), words)


class _Form:
    """A form by its name and file, for the sentences about it."""

    def __init__(self, name: str, file: str) -> None:
        self.name, self.file = name, file

    def refuse(self, why: Sentence) -> None:
        raise DataError("{file}, form {name}: {why}.", file=self.file, name=self.name, why=why)

    def mapping(self, key: str, value: object, known: Sequence[str] | None = None) -> None:
        if not isinstance(value, Mapping):
            self.refuse(Sentence("“{key}” is a list of pairs: name: value", key=key))
        for one in value if known is not None else ():
            if one not in known:
                self.refuse(
                    Sentence("there is no key {key} here; perhaps {near}?", key=one, near=nearest(str(one), known))
                )

    def needs(self, keys: Mapping, *needed: str) -> None:
        if lacking := [k for k in needed if not keys.get(k)]:
            self.refuse(Sentence("{keys} is missing", keys=", ".join(lacking)))

    def one_of(self, key: str, value: object, choices: Sequence[str]) -> None:
        if value not in choices:
            listed = ", ".join(choices)
            self.refuse(Sentence("“{key}” is one of {choices}, not {value}", key=key, choices=listed, value=value))

    def texts(self, key: str, value: object) -> None:
        """A text or a list of texts; a plain number is one too."""
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, bool) or not isinstance(one, str | int | float):
                self.refuse(
                    Sentence("“{key}” is a text or a list of texts, not {value}: quotes help", key=key, value=one)
                )

    def label(self, key: str, value: object) -> None:
        if not isinstance(value, Mapping) or set(value) != {"en", "zh"}:
            self.refuse(Sentence("“{key}” needs a text under “en” and one under “zh”", key=key))
