"""What the notebook beyond the core path needs of the core: the statements that make it, and no others."""

import ast

from course.authoring.source import Cell, Lesson

#: Methods that change what they are called on.
_CHANGING = {"append", "add", "extend", "insert", "pop", "remove", "setdefault", "sort", "update", "write_text"}


def needed(lesson: Lesson) -> str:
    """The code of the core path, in its order, that the cells beyond it cannot do without; empty where there is none.

    Raises
    ------
    LessonError : a name means one thing in a cell beyond the core path and, after it, another that is needed too.
    """
    wanted, kept = set(), []
    cells = [cell for cell in lesson.cells if cell.kind == "code"]
    for place, cell in reversed(list(enumerate(cells))):
        lines, own = cell.text.splitlines(), []
        for statement in reversed(cell.tree().body):
            if not cell.stretch:
                if not _touches(statement, wanted):
                    continue
                own.insert(0, "\n".join(lines[_first(statement) - 1 : statement.end_lineno]))
                _refuse_two_meanings(lesson, cells[:place], _bound_whole(statement))
            wanted = (wanted - _bound_whole(statement)) | _loaded(statement)
        wanted |= cell.needs if cell.stretch else set()
        if own:
            kept.insert(0, "\n".join(own))
    return "\n\n".join(kept)


def _refuse_two_meanings(lesson: Lesson, before: list[Cell], names: set[str]) -> None:
    """Made at the beginning, a name has its last meaning in every cell: one that used it before would get another."""
    for cell in (c for c in before if c.stretch):
        used = set().union(*(_loaded(s) | _stored(s) for s in cell.tree().body)) & names
        imported = {n for s in cell.tree().body if isinstance(s, ast.Import | ast.ImportFrom) for n in _stored(s)}
        if both := sorted(used - imported):
            raise lesson.refusal(
                cell,
                "{name} means something else on the core path after this cell, which cells beyond it need. Call it "
                "otherwise here.",
                name=both[0],
            )


def _loaded(statement: ast.stmt) -> set[str]:
    """The names that a statement reads and does not bring itself, as loops and comprehensions do."""
    own = _targets(statement) | {n.arg for n in ast.walk(statement) if isinstance(n, ast.arg)}
    return _read(statement) - own - (_stored(statement) if hasattr(statement, "body") else set())


def _read(node: ast.AST) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def _targets(statement: ast.stmt) -> set[str]:
    """The names over which a statement's loops and comprehensions run."""
    loops = [n.target for n in ast.walk(statement) if isinstance(n, ast.For | ast.comprehension)]
    return {n.id for target in loops for n in ast.walk(target) if isinstance(n, ast.Name)}


def _stored(statement: ast.stmt) -> set[str]:
    """The names that a statement leaves behind for those after it."""
    names = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    names |= {n.name for n in ast.walk(statement) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    imports = [n for n in ast.walk(statement) if isinstance(n, ast.Import | ast.ImportFrom)]
    names |= {(a.asname or a.name).split(".")[0] for n in imports for a in n.names}
    return names - _targets(statement)


def _touches(statement: ast.stmt, names: set[str]) -> bool:
    """True where a statement brings one of the names, or changes what one stands for."""
    if _stored(statement) & names:
        return True
    for node in ast.walk(statement):
        match node:
            case ast.Subscript(ctx=ast.Store()) | ast.Attribute(ctx=ast.Store()) if _base(node) in names:
                return True
            case ast.Call(func=ast.Attribute(attr=method)) if method in _CHANGING and _base(node.func) in names:
                return True
            case ast.Call(func=ast.Name(id="use_company")):
                return True
            case ast.For() if _read(node.iter) & names and _touches_any(node.body, _targets(node)):
                return True  # for table in (one, other): table["new"] = …
    return False


def _touches_any(body: list[ast.stmt], names: set[str]) -> bool:
    return any(_touches(statement, names) for statement in body)


def _base(node: ast.expr) -> str | None:
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return getattr(node, "id", None)


def _bound_whole(statement: ast.stmt) -> set[str]:
    """Names that do not mean what they meant before: bound at the top of a cell, without being read in it."""
    whole = isinstance(statement, ast.Assign | ast.FunctionDef | ast.Import | ast.ImportFrom)
    return _stored(statement) - _loaded(statement) if whole else set()


def _first(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)])
