"""A small YAML file of the reader's own (a recipe, forms, tags): read safely, or refused by file and line.

Plain values only, no key twice, no more of it than a person would write: an alias that unfolds without end is none.
"""

from pathlib import Path

import yaml

from course.errors import DataError

#: More than a person writes by hand: bytes of the file, and values once every alias is unfolded.
_BYTES, _VALUES = 1 << 20, 100_000


def read(path: Path) -> object:
    """The content of a YAML file; None where it is empty.

    Raises
    ------
    DataError : no such file; not YAML (with the line); a key twice; too large, too deep, or unfolding without end.
    """
    text = _text(path)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        _refuse_endless(node, path)
        return None if node is None else loader.construct_document(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else text[: getattr(error, "position", 0)].count("\n") + 1
        why = getattr(error, "problem", None) or getattr(error, "reason", None) or str(error).splitlines()[0]
        raise _no_yaml(path, line, why) from None
    except RecursionError:
        raise _too_much(path) from None


def _text(path: Path) -> str:
    try:
        if path.exists() and not path.is_file():
            raise DataError("{file} is no file. Name a YAML file.", file=path.name)
        with path.open("rb") as file:
            data = file.read(_BYTES + 1)
    except OSError:
        raise DataError("{file} does not exist. Check the path and the spelling.", file=path.name) from None
    if len(data) > _BYTES:
        raise _too_much(path)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _no_yaml(path, data.count(b"\n", 0, error.start) + 1, error.reason) from None


class _Loader(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error, and a value that cannot be (a month 13) has its line."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {name} stands twice", key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError) as error:
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from None


def _refuse_endless(root: yaml.Node | None, path: Path) -> None:
    """Count the values as they would stand without aliases, and stop at the first too many."""
    waiting, count = [root] if root is not None else [], 0
    while waiting:
        node = waiting.pop()
        count += 1
        if count > _VALUES:
            raise _too_much(path)
        if isinstance(node, yaml.MappingNode):
            waiting += (part for pair in node.value for part in pair)
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value


def _no_yaml(path: Path, line: int, why: object) -> DataError:
    return DataError(
        "{file}, line {line}: this is not YAML ({why}). Mend that line.", file=path.name, line=line, why=why
    )


def _too_much(path: Path) -> DataError:
    return DataError("{file} is larger, or nested deeper, than anybody writes by hand.", file=path.name)
