"""The body of a cell: Python whose last expression is the restriction, and which may say how keys are made."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from djnb.errors import PopulateError
from djnb.populate import adoption

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


@dataclass(frozen=True)
class Body:
    """
    What a cell's body has said.

    Attributes
    ----------
    restriction : object
        The value of its last expression; None for none.
    functions : dict
        The functions by which keys are made, ``make`` or its three parts, as far as the body defines them.
    """

    restriction: Any = None
    functions: dict[str, Any] = field(default_factory=dict)


def run(shell: InteractiveShell, first_line: str, body: str) -> Body:
    """
    Run a cell's body in the user's namespace.

    Parameters
    ----------
    shell : InteractiveShell
        The user's.
    first_line : str
        The line of the cell above the body; tracebacks count it.
    body : str
        The rest of the cell.

    Returns
    -------
    Body
        Its restriction is that of the last expression; a body that ends with the definition of a ``make`` has none.

    Raises
    ------
    PopulateError
        The last statement is neither an expression nor the definition of a ``make``; nothing was run.
    Exception
        Whatever the body raises.
    """
    __tracebackhide__ = True  # read by IPython: the body's own lines are shown, not these
    transforming: Any = shell
    source: str = transforming.transform_cell(body)
    compiler: Any = shell.compile
    name = compiler.cache(f"# {first_line}\n{source}", _number(shell), raw_code=f"{first_line}\n{body}")
    tree = transforming.transform_ast(compiler.ast_parse(f"\n{source}", name))
    if not tree.body:
        return Body()
    names = [each.name for each in tree.body if isinstance(each, ast.FunctionDef) and each.name in adoption.NAMES]
    last = tree.body.pop()
    if isinstance(last, ast.FunctionDef) and last.name in adoption.NAMES:
        tree.body.append(last)
        last = ast.Expr(ast.Constant(None))
    if not isinstance(last, ast.Expr):
        raise PopulateError(
            f"The cell ends with `{ast.unparse(last).splitlines()[0]}`, which is no restriction.",
            remedy="End it with an expression: a condition, a list of conditions, or None for every key.",
        )
    exec(compiler(tree, name, "exec"), shell.user_global_ns, shell.user_ns)
    found = eval(
        compiler(ast.fix_missing_locations(ast.Expression(last.value)), name, "eval"),
        shell.user_global_ns,
        shell.user_ns,
    )
    return Body(found, {each: shell.user_ns[each] for each in names if each in shell.user_ns})


def _number(shell: InteractiveShell) -> int:
    """Return the number of the running cell; the shell's own count may be that of the next one already."""
    result = getattr(shell.displayhook, "exec_result", None)
    number = getattr(result, "execution_count", None)
    return shell.execution_count if number is None else number
