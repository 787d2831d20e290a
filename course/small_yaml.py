"""A small YAML file of the reader's own (a recipe, forms, tags, rules): read whole, or refused with the line.

A text of a few hundred characters can stand for a billion values (an alias of an alias), be nested deeper than Python
follows, or mean a date that is none; a path can be a pipe that never ends.
"""

from pathlib import Path

import yaml

from course.errors import DataError

_PACKAGE = Path(__file__).resolve().parent
#: The same values as the parser in Python makes, ten times as fast; libyaml is not on every machine.
_FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_LARGEST = 1 << 20  # bytes
_MOST = 100_000  # values, each as often as it is named
_DEEPEST = 50


def read(path: str | Path) -> object:
    """What a YAML file holds; of the kit's own, which its tests read as strictly, by the parser in C.

    Raises
    ------
    DataError : no such file; not YAML (with the line); more than a person writes.
    """
    path = Path(path)
    data = _bytes(path)
    if _PACKAGE in path.resolve().parents:
        return yaml.load(data, _FAST)
    try:
        return yaml.load(data.decode("utf-8-sig"), _Loader)
    except UnicodeDecodeError as error:
        line, why = data[: error.start].count(b"\n") + 1, error.reason
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else data.decode("utf-8-sig")[: getattr(error, "position", 0)].count("\n") + 1
        why = getattr(error, "problem", None) or getattr(error, "reason", "") or str(error).splitlines()[0]
    raise DataError(
        "{file}, line {line}: this is not YAML ({why}). Mend that line.", file=path.name, line=line, why=why
    )


def _bytes(path: Path) -> bytes:
    try:
        if path.exists() and not path.is_file():
            raise DataError("{file} is not a file of text. Name the file itself.", file=path.name)
        if path.stat().st_size > _LARGEST:
            raise DataError("{file} is larger than 1 MB: that is not what somebody wrote.", file=path.name)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError("{file} does not exist. Check the path and the spelling.", file=path.name) from None


class _Loader(yaml.SafeLoader):
    """YAML in which a key that stands twice is an error, not the loss of the first, and whose size is bounded."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.deep, self.sizes = 0, {}

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node:
        """A node; its size is that of all it names, aliases as often as they stand."""
        mark = self.peek_event().start_mark
        is_alias = self.check_event(yaml.AliasEvent)
        self.deep += 1
        if self.deep > _DEEPEST:
            raise yaml.constructor.ConstructorError(None, None, "it is nested too deeply", mark)
        node = super().compose_node(parent, index)
        self.deep -= 1
        if not is_alias:
            inner = [] if isinstance(node, yaml.ScalarNode) else node.value
            inner = [part for one in inner for part in (one if isinstance(one, tuple) else (one,))]
            self.sizes[id(node)] = 1 + sum(self.sizes.get(id(part), _MOST) for part in inner)
        if self.sizes.get(id(node), _MOST + 1) > _MOST:  # one that is not complete yet names itself
            raise yaml.constructor.ConstructorError(None, None, "its aliases stand for too many values", mark)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        """A value; a date or a number that looks like one and is none is an error of its line."""
        try:
            return super().construct_object(node, deep)
        except yaml.YAMLError:
            raise
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise yaml.constructor.ConstructorError(None, None, str(error)[:100], node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        """A mapping without a key that stands twice."""
        seen = set()
        for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            if name and name in seen:
                raise yaml.constructor.ConstructorError(None, None, f"the key {name} stands twice", key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)
