"""What was found in files, in sentences."""

from collections.abc import Iterable
from functools import reduce
from typing import TYPE_CHECKING

import pandas as pd

from course import schema
from course.clean import Cleaned
from course.collect import Raw, Table
from course.collect.questions import Asked
from course.errors import first_few
from course.language import Label, Sentence
from course.workflow.look.columns import Use, label, option, uses
from course.workflow.look.gains import gains
from course.workflow.look.kinds import Guess
from course.workflow.look.overlap import Overlap, overlaps
from course.workflow.remarks import reach

if TYPE_CHECKING:
    from course.workflow.look import Look

#: How many columns speak for a kind before the rest are counted.
_SHOWN = 6
#: Of how many files of one table the control totals are shown.
_FILES = 12


def lines(look: "Look", opened: dict[str, Raw]) -> list[Sentence]:
    """Everything, file by file, then what a run makes of all of them together."""
    said: list[Sentence] = []
    sheaves = _alike(look, opened)
    for names in sheaves:
        said += _file(names, opened[names[0]], look.guesses[names[0]])
    said += _mixed(look, sheaves)
    if look.refusal is not None:
        said.append(Sentence("A run would refuse this: {why}", why=look.refusal.sentence))
    if look.questions:
        said += Asked(look.questions).lines()
        said.append(Sentence("A run asks this before it counts. The figures below are those of the first readings."))
    for table in look.tables.values():
        said += _totals(table) + table.notes
    if look.result is not None:
        for kind, one in look.result.cleaned.items():
            said += _counted(kind, one)
        said += _met(overlaps(look.result.cleaned), "identity" in look.result.found)
    if look.tables:
        said += _within_reach(look)
    return said


def _mixed(look: "Look", sheaves: list[list[str]]) -> list[Sentence]:
    """Files of different columns that are one table: in a folder they may be there for different reasons."""
    first: dict[str, list[str]] = {}
    for names in sheaves:
        if (guess := look.guesses[names[0]][0]).fits:
            first.setdefault(guess.kind, []).append(names[0])
    return [
        Sentence(
            "{files} are one table of {kind} here, as in a run with all of them after --{option}. Where they do not "
            "belong together, name those alone that do.",
            files=", ".join(names),
            kind=label(kind),
            option=option(kind),
        )
        for kind, names in first.items()
        if len(names) > 1
    ]


def _alike(look: "Look", opened: dict[str, Raw]) -> list[list[str]]:
    """The files, those of one kind and with the same columns together."""
    sheaves: dict[tuple, list[str]] = {}
    for name, raw in opened.items():
        guess = look.guesses[name][0]
        form = guess.form.name if guess.form is not None else None
        refusal = name if guess.refusal is not None else None
        sheaves.setdefault((guess.kind, form, refusal, tuple(raw.frame.columns)), []).append(name)
    return list(sheaves.values())


# --- one file --------------------------------------------------------------------------------------------------------


def _file(names: list[str], raw: Raw, guesses: list[Guess]) -> list[Sentence]:
    facts = [str(v) for k, v in raw.facts.items() if k in ("format", "encoding", "sheet", "table")]
    said = [
        Sentence(
            "{file}: {rows:,} {rows:row|rows}, {columns:,} {columns:column|columns}, {facts}.",
            file=names[0],
            rows=len(raw.frame),
            columns=len(raw.frame.columns),
            facts=", ".join(facts),
        )
    ]
    if len(names) > 1:
        rest = first_few(names[1:])
        said.append(
            Sentence("  {n:,} more {n:file has|files have} these columns: {names}", n=len(names) - 1, names=rest)
        )
    said += _judged(guesses, raw)
    told, empty = uses(raw, guesses[0])
    said.append(Sentence("Columns:"))
    said += [_column(use, guesses[0]) for use in told]
    if empty:
        said.append(Sentence("Without any value: {columns}.", columns=", ".join(empty)))
    return said


def _judged(guesses: list[Guess], raw: Raw) -> list[Sentence]:
    """What the file was taken for, on what evidence, and what came next."""
    best = guesses[0]
    if not best.found and best.form is None:
        return [Sentence("It looks like none of the tables: no column has a header of theirs.")]
    said = [_form(best) if best.form is not None else _kind(best)]
    if best.refusal is not None:
        said.append(Sentence("A run would refuse this: {why}", why=best.refusal.sentence))
    elif best.lacking:
        said.append(
            Sentence(
                "A run needs {missing} too: if a column holds it under another name, say --map {first}=COLUMN.",
                missing=", ".join(best.lacking),
                first=best.lacking[0],
            )
        )
    elif not best.fits:
        said.append(Sentence("Too little speaks for it: it is left out of what follows."))
    if len(guesses) > 1:
        said.append(_next(guesses[1]))
    return said


def _form(guess: Guess) -> Sentence:
    form = guess.form
    telling = ", ".join(form.all)
    if form.kind == "refuse":
        return Sentence("Recognised as {system} by its headers {columns}.", system=form.system, columns=telling)
    return Sentence(
        "Recognised as {system}, a table of {kind} (--{option}), by its headers {columns}.",
        system=form.system,
        kind=label(guess.kind),
        option=option(guess.kind),
        columns=telling,
    )


def _kind(guess: Guess) -> Sentence:
    return Sentence(
        "It looks like: {kind} (--{option}). {evidence}",
        kind=label(guess.kind),
        option=option(guess.kind),
        evidence=_evidence(guess),
    )


def _evidence(guess: Guess) -> Sentence:
    if not guess.found:
        return Sentence("No column speaks for it.")
    return Sentence(
        "{n} {n:column speaks|columns speak} for it: {columns}.",
        n=len(guess.found),
        columns=first_few(guess.found.values(), _SHOWN),
    )


def _next(guess: Guess) -> Sentence:
    if not guess.found:
        return Sentence("No column speaks for any other table.")
    return Sentence(
        "Next likeliest: {kind} (--{option}). {evidence}{lacking}",
        kind=label(guess.kind),
        option=option(guess.kind),
        evidence=_evidence(guess),
        lacking=Sentence(" It would lack {missing}.", missing=", ".join(guess.lacking)) if guess.lacking else "",
    )


def _column(use: Use, guess: Guess) -> Sentence:
    places = {"column": use.column, "values": " · ".join(use.examples), "why": use.why}
    if use.names:
        known = schema.canonical(guess.kind).columns
        role = _joined(Sentence("{name} ({label})", name=n, label=known[n].label) for n in use.names)
        return Sentence("  {role} ← {column}: {values}", role=role, **places)
    if use.why is None:
        return Sentence("  {column}: {values}", **places)
    if use.used:
        return Sentence("  {why} ← {column}: {values}", **places)
    return Sentence("  not used: {column} ({why}): {values}", **places)


# --- all of them together --------------------------------------------------------------------------------------------


def _totals(table: Table) -> list[Sentence]:
    """The control totals of each file of a table, and of all of them where they are several."""
    said = []
    for row in table.totals.head(_FILES).to_dict("records"):
        counts = {k: int(v) for k, v in row.items() if k in ("orders", "customers") and not pd.isna(v)}
        told = {k: v for k, v in row.items() if not pd.isna(v)} | counts
        said.append(
            Sentence(
                "Control totals of {source} ({kind}): {totals}.",
                source=row["source"],
                kind=label(table.kind),
                totals=_joined(_amounts(told)),
            )
        )
    if len(table.totals) > _FILES:
        said.append(Sentence("And {n:,} more files of this table.", n=len(table.totals) - _FILES))
    if len(table.problems):
        counts = table.problems["column"].value_counts().sort_index()
        said.append(
            Sentence(
                "Cells that cannot be read: {counts}.",
                counts=", ".join(f"{table.mapping.get(c, c)} {n:,}" for c, n in counts.items()),
            )
        )
    return said


def _amounts(told: dict) -> list[Sentence]:
    """Rows, orders, customers, money and days, as far as they are there."""
    parts = {
        "rows": Sentence("{n:,} {n:row|rows}", n=told.get("rows")),
        "orders": Sentence("{n:,} {n:order|orders}", n=told.get("orders")),
        "customers": Sentence("{n:,} {n:customer|customers}", n=told.get("customers")),
        "money": Sentence("money {money:,.2f}", money=told.get("money")),
        "first": Sentence("{first} to {last}", first=told.get("first"), last=told.get("last")),
    }
    return [sentence for name, sentence in parts.items() if told.get(name) is not None]


def _counted(kind: str, one: Cleaned) -> list[Sentence]:
    """The accounts of a table: what came in, what counts, and under which rule the rest stands."""
    names = {rule["name"]: rule for rule in one.rules}
    outcomes = {"set_aside": Sentence("set aside"), "quarantine": Sentence("quarantined")}
    said = [Sentence("What a run counts of {kind}:", kind=label(kind))]
    for account, totals in one.accounts.items():
        what = _joined(_amounts(totals))
        if account in ("received", "valid"):
            name = Sentence("received") if account == "received" else Sentence("valid")
            said.append(Sentence("  {name}: {totals}", name=name, totals=what))
        elif totals["rows"]:
            rule = names[account]
            said.append(
                Sentence(
                    "  {outcome}, {rule}: {totals}",
                    outcome=outcomes[rule["outcome"]],
                    rule=Label(rule["en"], rule["zh"]) if "en" in rule else account,
                    totals=what,
                )
            )
    if kind == "orders" and one.valid["refunded"].gt(0).any():
        back = float(one.valid["refunded"].sum())
        money = float(one.valid["amount"].sum())
        said.append(
            Sentence("  given back of that: {back:,.2f}; {net:,.2f} is left", back=back, net=round(money - back, 6))
        )
    return said


def _met(found: list[Overlap], persons: bool) -> list[Sentence]:
    if not found:
        return []
    said = [
        Sentence("How far the valid rows of the tables meet; several numbers of one person are one customer:")
        if persons
        else Sentence("How far the valid rows of the tables meet:")
    ]
    for one in found:
        said.append(
            Sentence(
                "  “{first}” and “{second}”: {what} in both, {share:.1%} of the {one:,} in “{first}” and "
                "{back:.1%} of the {other:,} in “{second}”",
                what=_what(one),
                first=label(one.first),
                second=label(one.second),
                share=one.both / one.one,
                one=one.one,
                back=one.both / one.other,
                other=one.other,
            )
        )
        if one.few:
            said.append(Sentence("  That is few: are the numbers those of one and the same system?"))
    return said


def _what(one: Overlap) -> Sentence:
    if one.column == "order_id":
        return Sentence("{n:,} {n:order|orders}", n=one.both)
    return Sentence("{n:,} {n:customer|customers}", n=one.both)


def _within_reach(look: "Look") -> list[Sentence]:
    done, not_done = reach(look.tables) if look.result is None else (look.result.done, look.result.not_done)
    said = [Sentence("Can be computed:"), *(Sentence("  {what}", what=what) for what in done)]
    orders = look.result.cleaned.get("orders") if look.result is not None else None
    more = gains(look.tables, orders is not None and bool(orders.valid["refunded"].gt(0).any()))
    if more:
        said.append(Sentence("One column more would give:"))
    for kind, columns, what in more:
        known = schema.canonical(kind).columns
        named = reduce(
            lambda one, other: Sentence("{one} or {other}", one=one, other=other),
            [Sentence("{name} ({label})", name=c, label=known[c].label) for c in columns],
        )
        said.append(Sentence("  {columns} in “{kind}”: {what}", columns=named, kind=label(kind), what=what))
    if not_done:
        said.append(Sentence("Missing for the rest:"))
    return said + [Sentence("  {what}", what=what) for what in not_done]


def _joined(sentences: Iterable[Sentence]) -> Sentence:
    return reduce(lambda before, after: Sentence("{before}, {after}", before=before, after=after), sentences)
