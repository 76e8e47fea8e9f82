"""The body of a cell: Python whose last expression is the restriction."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from djnb.errors import PopulateError

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def run(shell: InteractiveShell, first_line: str, body: str) -> Any:
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
    object
        The value of its last expression; None where there is no statement at all.

    Raises
    ------
    PopulateError
        The last statement is no expression; nothing was run.
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
        return None
    last = tree.body.pop()
    if not isinstance(last, ast.Expr):
        raise PopulateError(
            f"The cell ends with `{ast.unparse(last).splitlines()[0]}`, which is no restriction.",
            remedy="End it with an expression: a condition, a list of conditions, or None for every key.",
        )
    exec(compiler(tree, name, "exec"), shell.user_global_ns, shell.user_ns)
    return eval(compiler(ast.Expression(last.value), name, "eval"), shell.user_global_ns, shell.user_ns)


def _number(shell: InteractiveShell) -> int:
    """Return the number of the running cell; the shell's own count may be that of the next one already."""
    result = getattr(shell.displayhook, "exec_result", None)
    number = getattr(result, "execution_count", None)
    return shell.execution_count if number is None else number
