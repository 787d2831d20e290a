"""What a learner is given: of an exercise the names to fill in and nothing of how, of a guess its key, of a cell with
blanks the cell without them."""

import ast


def stub(code: str) -> str:
    """The stub of a reference solution.

    `name = …` becomes `name = ...`; a function keeps its signature and its docstring; everything else goes. A name that
    is assigned twice stands once.
    """
    lines, seen = [], set()
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.FunctionDef):
            lines.append(_signature(statement))
            continue
        targets = statement.targets if isinstance(statement, ast.Assign) else []
        for name in (n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name) and _is_stored(n)):
            if name not in seen:
                lines.append(f"{name} = ...")
                seen.add(name)
    return "\n".join(lines)


#: Calls whose second argument is the learner's.
ASKING = ("guess", "pick")


def handed_out(code: str, blanks: tuple[str, ...] = ()) -> str:
    """A cell that is no exercise as the learner gets it: `____` for each blank, `...` for what the author guessed."""
    if blanks:
        for text in blanks:
            code = code.replace(text, "____", 1)
        return code
    statements = ast.parse(code).body
    call = statements[0].value if len(statements) == 1 and isinstance(statements[0], ast.Expr) else None
    if isinstance(call, ast.Call) and getattr(call.func, "id", "") in ASKING and len(call.args) == 2:
        return f'{call.func.id}("{call.args[0].value}", ...)'
    return code


def _is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


def _signature(function: ast.FunctionDef) -> str:
    keeps = [function.body[0]] if ast.get_docstring(function) else []
    bare = ast.FunctionDef(
        name=function.name,
        args=function.args,
        body=[*keeps, ast.Expr(ast.Constant(...))],
        decorator_list=[],
        returns=function.returns,
        type_params=[],
    )
    return ast.unparse(ast.fix_missing_locations(bare))
