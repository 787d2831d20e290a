"""What a learner is given of an exercise: the names to fill in, nothing of how."""

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
