"""What the command line of `course run` says, as data: pairs, and the choices of a run over those of its recipe."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from course import language
from course.errors import DataError

if TYPE_CHECKING:
    from course.recipe import Recipe

TABLES = ("orders", "lines", "customers", "events", "surveys", "tickets", "posts", "campaigns")


def _pairs(items: list[str], option: str) -> list[tuple[str, str]]:
    pairs = [tuple(part.strip() for part in item.split("=", 1)) for item in items]
    for item, pair in zip(items, pairs, strict=True):
        if len(pair) != 2 or not all(pair):
            raise DataError("{option} {item}: write it as {option} KEY=VALUE.", option=option, item=item)
    return pairs


def answers(items: list[str]) -> dict[str, str]:
    """{key: answer}; a key may hold a word of the file, and with it any sign."""
    pairs = [tuple(part.strip() for part in item.rpartition("=")[::2]) for item in items]
    for item, pair in zip(items, pairs, strict=True):
        if not all(pair):
            raise DataError("{option} {item}: write it as {option} KEY=VALUE.", option="--answer", item=item)
    return dict(pairs)


def blanks(items: list[str]) -> dict[str, list[str]]:
    """{column: values that mean "not filled in"}."""
    found: dict[str, list[str]] = {}
    for column, value in _pairs(items, "--blank"):
        found.setdefault(column, []).append(value)
    return found


def mapping(items: list[str]) -> dict[str, str]:
    """{column, or table.column: column of the file}.

    Raises
    ------
    DataError : two columns for one.
    """
    found: dict[str, str] = {}
    for key, column in _pairs(items, "--map"):
        if found.get(key, column) != column:
            raise DataError(
                "--map gives {key} two columns: {first} and {second}.", key=key, first=found[key], second=column
            )
        found[key] = column
    return found


def choices(options: argparse.Namespace) -> "Recipe":
    """The recipe named, if one is, with what this command line says instead. Speaks its language from here on."""
    from course import recipe as recipes
    from course import whole

    if options.recipe:
        whole.back_in_place(Path(options.recipe).absolute().parent)
    recipe = recipes.load(options.recipe) if options.recipe else recipes.Recipe()
    if options.lang is None and recipe.lang:
        language.use(recipe.lang)
    kinds = {("order_lines" if n == "lines" else n): getattr(options, n) for n in TABLES if getattr(options, n)}
    recipe.inputs |= kinds
    recipe.blanks |= blanks(options.blank)
    for name in ("currency", "tags", "form", "encoding", "date_order", "key", "source", "horizon", "query", "explorer"):
        chosen = getattr(options, name)  # 0 weeks are asked for, and refused later
        setattr(recipe, name, getattr(recipe, name) if chosen in (None, "") else chosen)
    if not options.currency:  # the answer of this run comes before the recipe's
        recipe.currency = answers(options.answer).get("currency", recipe.currency)
    if options.demo:
        recipe.source = "demo"
    recipe.provisional = recipe.provisional or options.provisional
    return recipe


def folder(options: argparse.Namespace, recipe: "Recipe") -> Path:
    """Where the result goes: the folder named; of a recipe that of its result."""
    if options.out:
        return Path(options.out)
    if options.recipe:
        return of_recipe(Path(options.recipe))
    if recipe.source == "demo":
        return _unused(Path("demo"))
    raise DataError("Name the folder to write: --out DIR.")


def _unused(folder: Path) -> Path:
    """The folder, or the next of its name (demo-2, demo-3, …) that holds nothing: a second demo is not refused."""
    names = (folder, *(folder.with_name(f"{folder.name}-{n}") for n in range(2, 1000)))
    return next(name for name in names if not name.exists() or (name.is_dir() and not any(name.iterdir())))


def of_recipe(recipe: Path) -> Path:
    """The result of a recipe: the one that it lies in, or the folder `result` beside a recipe that lies alone."""
    folder = recipe.resolve().parent
    return folder if (folder / "ledger.json").exists() else folder / "result"


def takes_place(options: argparse.Namespace, recipe: "Recipe", out: Path) -> bool:
    """Whether the run takes the place of the result in `out`: it is the one that the recipe lies in, or another recipe
    of the same tables made it."""
    from course import recipe as recipes

    if not options.recipe or not all((out / name).is_file() for name in ("ledger.json", "recipe.yaml")):
        return False
    if Path(options.recipe).resolve().parent == out.resolve():
        return True
    made_by = recipes.load(out / "recipe.yaml")
    return (made_by.inputs, made_by.source, made_by.query) == (recipe.inputs, recipe.source, recipe.query)
