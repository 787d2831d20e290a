"""The reader's language in code: where the source takes a sentence by its key, the notebook has the sentence itself.

`say("key", n=rows)` becomes `print(f"… {rows:,} …")`, `words("key")` the text, and a list or dictionary of
`words(name)` over names that the lesson writes out becomes the texts. What is known only when the cell runs stays.
"""

import ast
import re
import string
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import yaml

from course.authoring.fstring import Place, fstring, width
from course.authoring.source import Cell, Lesson

#: The sentences by key: those that serve all lessons, and before them those of the lesson's topic.
SENTENCES = ("classroom/words.yaml", "classroom/lessons/{topic}/words.yaml")
#: A statement is laid out anew where its sentences make a line wider than this, and refused beyond the second figure.
_COLUMNS, _MOST = 88, 120
#: Texts within a place of an f-string: Python 3.11 has its own quotes only once.
_INNER = "'"
#: What changes a list or a dictionary where it is.
_CHANGES = {"append", "extend", "insert", "pop", "remove", "clear", "update", "setdefault"}


def spoken(lesson: Lesson, lang: str) -> Lesson:
    """The lesson with its code cells in the language of the reader.

    Raises
    ------
    LessonError : a sentence that is not there, lacks a value or has no place for one; a value that fits into no
        f-string, or that a sentence takes twice although it has to be worked out.
    """
    known = _sentences(lesson.topic)
    lists: dict[str, list | None] = {}
    said = [_Writer(lesson, cell, lang, known, lists).parts() if cell.kind == "code" else [] for cell in lesson.cells]
    wide = tuple(part.code for parts in said for part in parts if part.is_wide)
    laid_out = iter(_laid_out(wide) if wide else ())
    cells = []
    for cell, parts in zip(lesson.cells, said, strict=True):
        codes = [next(laid_out) if part.is_wide else part.code for part in parts]
        for part, code in zip(parts, codes, strict=True):
            if part.is_new and (columns := width(code)) > _MOST:
                raise lesson.refusal(
                    replace(cell, line=part.line),
                    "With its sentences this statement has a line of {n} columns, at most {most}: give what is long in "
                    "it a name.",
                    n=columns,
                    most=_MOST,
                )
        cells.append(replace(cell, text="".join(codes)) if parts else cell)
    return replace(lesson, cells=cells)


@cache
def _sentences(topic: str) -> dict[str, dict[str, str]]:
    paths = [Path(__file__).parents[1] / path.format(topic=topic) for path in SENTENCES]
    known = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in paths if path.exists()]
    return {key: said for sentences in known for key, said in sentences.items()}


@dataclass(frozen=True)
class _Part:
    """A piece of a cell as the notebook has it, and its line in the source.

    `is_new` where a sentence stands in it; `is_wide` where it is a statement, with what its first line is set in by, to
    be laid out.
    """

    code: str
    line: int
    is_new: bool = False
    is_wide: bool = False


class _Text:
    """A code with the places of its nodes; the syntax tree counts columns in bytes."""

    def __init__(self, code: str) -> None:
        self.bytes = code.encode()
        lines = self.bytes.splitlines(keepends=True)
        self.starts = [sum(map(len, lines[:i])) for i in range(len(lines))]

    def span(self, node: ast.AST) -> tuple[int, int]:
        """Where the node begins and ends."""
        return (
            self.starts[node.lineno - 1] + node.col_offset,
            self.starts[node.end_lineno - 1] + node.end_col_offset,
        )

    def between(self, start: int, end: int | None = None) -> str:
        """The code from one place to another."""
        return self.bytes[start:end].decode()


class _Writer:
    """Writes the statements of a cell with sentences in place of keys.

    `lists` has what the lesson has written out up to here, {name: what a loop over it gives}; the cell adds its own.
    """

    def __init__(self, lesson: Lesson, cell: Cell, lang: str, known: dict, lists: dict) -> None:
        self.lesson, self.base, self.lang, self.known, self.lists = lesson, cell, lang, known, lists
        self.text = _Text(cell.text)

    def parts(self) -> list[_Part]:
        """The whole cell."""
        parts, at = [], 0
        for statement in self.base.tree().body:
            start, end = self.text.span(statement)
            line = self.base.line + statement.lineno - 1
            parts.append(_Part(self.text.between(at, start), line))
            said = self._code(statement)
            parts += self._broken(said, line) if said != self.text.between(start, end) else [_Part(said, line)]
            at = end
            self.lists |= _written_out(statement)
        return [*parts, _Part(self.text.between(at), self.base.line)]

    def _broken(self, said: str, line: int) -> Iterator[_Part]:
        """A statement with sentences in pieces: those within it that became too wide on their own."""
        text, at = _Text(said), 0
        for inner in _simple(ast.parse(said).body[0]):
            start, end = text.span(inner)
            start -= inner.col_offset
            code = text.between(start, end)
            if width(code) > _COLUMNS and code not in self.base.text:
                yield _Part(text.between(at, start), line, is_new=True)
                yield _Part(code, line, is_new=True, is_wide=True)
                at = end
        yield _Part(text.between(at), line, is_new=True)

    def _at(self, node: ast.AST) -> Cell:
        """The cell as one that begins where the node does: a refusal names that line."""
        return replace(self.base, line=self.base.line + node.lineno - 1)

    def _code(self, node: ast.AST, quote: str = '"') -> str:
        """The source of a node with sentences; its texts in single quotes where it goes into an f-string."""
        at, end = self.text.span(node)
        parts = []
        for found, parent in self._found(node, None, quote):
            first, last = self.text.span(found)
            parts += [self.text.between(at, first), self._instead(found, parent, quote)]
            at = last
        return "".join([*parts, self.text.between(at, end)])

    def _found(self, node: ast.AST, parent: ast.AST | None, quote: str) -> Iterator[tuple[ast.AST, ast.AST | None]]:
        """What is written anew within a node, the outermost, in order.

        Python 3.11 cannot say where a node within an f-string begins: there nothing is looked for.
        """
        if _key(node) or self._items(node) or (quote == _INNER and _is_text(node)):
            yield node, parent
        elif not isinstance(node, ast.JoinedStr):
            inner = [pair for child in ast.iter_child_nodes(node) for pair in self._found(child, node, quote)]
            yield from sorted(inner, key=lambda pair: self.text.span(pair[0]))

    def _items(self, node: ast.AST) -> list | None:
        """What a list or dictionary of `words(name)` runs over, where the lesson writes it out."""
        match node:
            case ast.ListComp(elt=value, generators=[over]) | ast.DictComp(value=value, generators=[over]):
                pass
            case _:
                return None
        match value, over:
            case (
                ast.Call(func=ast.Name(id="words"), args=[key], keywords=[]),
                ast.comprehension(target=ast.Name(id=name), iter=items, ifs=[]),
            ) if {n.id for n in ast.walk(key) if isinstance(n, ast.Name)} <= {name}:
                return self.lists.get(items.id) if isinstance(items, ast.Name) else _literal_items(items)
        return None

    def _instead(self, node: ast.AST, parent: ast.AST | None, quote: str) -> str:
        if isinstance(node, ast.Constant):
            return fstring([node.value], quote)
        if not isinstance(node, ast.Call):
            return self._list(node, quote)
        self._refuse_spare(node)
        text = self._text(node, node.args[0], quote)
        alone = node.func.id == "say" or isinstance(parent, ast.Assign) or _is_only_argument(parent)
        text = text[1:-1] if alone and text.startswith("(") else text
        return f"print({text})" if node.func.id == "say" else text

    def _refuse_spare(self, call: ast.Call) -> None:
        key = call.args[0]
        keys = [key.body.value, key.orelse.value] if isinstance(key, ast.IfExp) else [key.value]
        templates = [template for key in keys for template in self._sentence(call, key).values()]
        taken = {name for template in templates for _, name, _, _ in string.Formatter().parse(template)}
        if spare := next((k.arg for k in call.keywords if k.arg and k.arg not in taken), None):
            raise self.lesson.refusal(
                self._at(call),
                "The sentence {key} has no place for {name}: leave it out.",
                key=" / ".join(keys),
                name=spare,
            )

    def _list(self, node: ast.ListComp | ast.DictComp, quote: str) -> str:
        (over,) = node.generators
        listed = []
        for item in self._items(node):
            names = {over.target.id: item}
            call = node.elt if isinstance(node, ast.ListComp) else node.value
            text = fstring(self._pieces(call, _worked_out(call.args[0], names)), quote)
            if isinstance(node, ast.DictComp):
                text = f"{fstring([_worked_out(node.key, names)], quote)}: {text}"
            listed.append(text)
        return ("[{}]" if isinstance(node, ast.ListComp) else "{{{}}}").format(", ".join(listed))

    def _text(self, call: ast.Call, key: ast.expr, quote: str) -> str:
        if isinstance(key, ast.Constant):
            return fstring(self._pieces(call, key.value), quote)
        one, other = self._text(call, key.body, quote), self._text(call, key.orelse, quote)
        return f"({one} if {self._code(key.test, quote)} else {other})"

    def _pieces(self, call: ast.Call, key: str) -> list[str | Place]:
        """The sentence called `key` as texts and places."""
        template = self._sentence(call, key)[self.lang]
        if not call.keywords:
            return [template]
        values = {k.arg: k.value for k in call.keywords if k.arg}
        parsed = list(string.Formatter().parse(template))
        taken = Counter(name for _, name, _, _ in parsed if name is not None)
        for name in (n for n, times in taken.items() if times > 1 and n in values and not _is_plain(values[n])):
            raise self.lesson.refusal(
                self._at(call),
                "The sentence {key} takes {name} more than once: give its value a name in a line before.",
                key=key,
                name=name,
            )
        pieces: list[str | Place] = []
        for text, name, spec, conversion in parsed:
            pieces += [text] if text else []
            if name is not None:
                pieces += self._place(call, key, name, values.get(name), spec, conversion)
        return pieces

    def _sentence(self, call: ast.Call, key: str) -> dict[str, str]:
        if key not in self.known:
            raise self.lesson.refusal(self._at(call), "There is no sentence called {key} for this lesson.", key=key)
        return self.known[key]

    def _place(self, call: ast.Call, key: str, name: str, value: ast.expr | None, spec: str, conversion: str) -> list:
        if isinstance(value, ast.Constant) and not conversion and "|" not in spec:
            return [format(value.value, spec)]
        inner = None if value is None or spec or conversion else _key(value)
        if isinstance(inner, ast.Constant):
            return self._pieces(value, inner.value)
        shown = self._entry(call, key, name) if value is None else self._code(value, _INNER)
        if "|" in spec:
            one, many = (fstring([text], _INNER) for text in spec.split("|"))
            number = shown if value is None or isinstance(value, ast.Call) or _is_plain(value) else f"({shown})"
            shown, spec = f"{one} if {number} == 1 else {many}", ""
        shown = re.sub(r"\s*\n\s*", " ", re.sub(r"([(\[{])\s*\n\s*", r"\1", shown))
        # In an f-string of Python 3.11 no value may have these; a lambda's colon would begin the format.
        if re.search(r'["\\#]', shown + spec) or set("{}") & set(spec) or isinstance(value, ast.Lambda | ast.NamedExpr):
            raise self.lesson.refusal(
                self._at(call),
                "The value of {name} cannot stand within the sentence {key}: give it a name in a line before.",
                name=name,
                key=key,
            )
        return [Place(shown + (f"!{conversion}" if conversion else "") + (f":{spec}" if spec else ""))]

    def _entry(self, call: ast.Call, key: str, name: str) -> str:
        """A value that no keyword gives: the entry of the one dictionary that the call spreads out."""
        match [k.value for k in call.keywords if k.arg is None]:
            case [spread] if _is_plain(spread) and name.isidentifier():
                return f"{self._code(spread, _INNER)}['{name}']"
        raise self.lesson.refusal(
            self._at(call), "The sentence {key} needs {name}: write {name}=… where it is called.", key=key, name=name
        )


def _key(node: ast.AST) -> ast.expr | None:
    """The key of `say(…)` or `words(…)`, where the source tells it: a text, or one of two by a condition."""
    match node:
        case ast.Call(func=ast.Name(id="say" | "words"), args=[ast.Constant(value=str()) as key]):
            return key
        case ast.Call(
            func=ast.Name(id="say" | "words"),
            args=[ast.IfExp(body=ast.Constant(value=str()), orelse=ast.Constant(value=str())) as key],
        ):
            return key
    return None


def _simple(statement: ast.stmt) -> Iterator[ast.stmt]:
    """The statements within one that have none within them."""
    inner = [n for child in ast.iter_child_nodes(statement) for n in _within(child)]
    yield from inner or [statement]


def _within(node: ast.AST) -> Iterator[ast.stmt]:
    if isinstance(node, ast.stmt):
        yield from _simple(node)
    elif isinstance(node, ast.ExceptHandler):
        yield from (n for child in node.body for n in _simple(child))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_only_argument(parent: ast.AST | None) -> bool:
    return isinstance(parent, ast.Call) and len(parent.args) == 1 and not parent.keywords


def _is_plain(node: ast.expr) -> bool:
    """True for what costs nothing to say twice: a name, an attribute or entry of one, the length of one."""
    match node:
        case ast.Name() | ast.Constant():
            return True
        case ast.Attribute(value=inner) | ast.Subscript(value=inner, slice=ast.Constant()):
            return _is_plain(inner)
        case ast.Call(func=ast.Name(id="len"), args=[inner], keywords=[]):
            return _is_plain(inner)
    return False


def _written_out(statement: ast.stmt) -> dict[str, list | None]:
    """What a statement binds to a list, tuple or dictionary written out; None for a name that it binds otherwise."""
    bound = dict.fromkeys(name for node in ast.walk(statement) for name in _changed(node))
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            bound[name] = _literal_items(value)
    return bound


def _changed(node: ast.AST) -> list[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store()) | ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
            return [name]
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in _CHANGES:
            return [name]
    return []


def _literal_items(node: ast.expr) -> list | None:
    try:
        items = ast.literal_eval(node)
    except (ValueError, TypeError):
        return None
    return list(items) if isinstance(items, list | tuple | dict) and all(isinstance(i, str) for i in items) else None


def _worked_out(expression: ast.expr, names: dict[str, str]) -> str:
    return eval(compile(ast.Expression(expression), "<lesson>", "eval"), {"__builtins__": {}}, names)


@cache
def _laid_out(statements: tuple[str, ...]) -> list[str]:
    """Statements as ruff lays them out, set in as they are: a text in several parts has a line for each."""
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache", "--target-version", "py311"]
    between = "# next statement"  # code cells have no comments
    # What is set in stands in as many blocks, whose heads go again.
    depths = [(len(code) - len(code.lstrip(" "))) // 4 for code in statements]
    nested = ["".join(f"{4 * i * ' '}if 1:\n" for i in range(n)) + c for n, c in zip(depths, statements, strict=True)]
    done = subprocess.run(
        [*command, "--line-length", str(_COLUMNS), "-"],
        input=f"\n{between}\n".join(nested),
        capture_output=True,
        check=True,
        encoding="utf-8",
    )
    codes = done.stdout.split(between)
    return ["\n".join(c.strip("\n").split("\n")[n:]) for n, c in zip(depths, codes, strict=True)]
