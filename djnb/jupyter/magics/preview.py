"""``%preview``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core import display_functions
from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand

from djnb.errors import OperandError, did_you_mean
from djnb.jupyter.beside import kept
from djnb.jupyter.live import Place, place
from djnb.jupyter.magics import line, names
from djnb.jupyter.magics.arguments import documented, make_parser, shell_of
from djnb.populate.options import parse_count
from djnb.tables.metaclass import TableMeta

if TYPE_CHECKING:
    from djnb.query import Query


_parser = make_parser("preview", usage="%(prog)s TABLE|QUERY [options]")
_parser.add_argument("query", metavar="QUERY", nargs="?", help="a table, or any query, in Python")
_parser.add_argument(
    "--limit", metavar="N", type=parse_count, help="rows of a page; by default as `display.limit` says"
)
_parser.add_argument(
    "--order-by",
    metavar="NAME [DESC]",
    type=line.expression,
    help="attributes, separated by commas, each maybe with DESC",
)
_parser.add_argument("--pictures", action="store_true", help="draw arrays of numbers, as lines and images")

OPTIONS: tuple[str, ...] = tuple(_parser._option_string_actions)
"""The names of the options."""


@magics_class
class PreviewMagics(Magics):
    """Look at the rows of a table or a query."""

    @documented(_parser)
    @no_var_expand
    @needs_local_scope
    @line_magic
    def preview(self, line_text: str, local_ns: dict[str, Any] | None = None) -> None:
        """
        Look at a table or a query, page by page, in any order, with pictures of its arrays.

        ::

            %preview Trial
            %preview Trial & "latency > 0.5" --order-by latency DESC --limit 25
            %preview Recording --pictures

        Where nobody can click, the first page is shown. What stays in a saved notebook is the page that was open last.
        """
        __tracebackhide__ = True  # read by IPython
        shell = shell_of(self)
        text, arguments = line.split(line_text, _parser)
        options = _parser.parse_args(arguments)
        if not text:
            raise UsageError("What is to be shown? Write `%preview TABLE`; `%preview?` tells more.")
        query = _query_of(text, {**shell.user_ns, **(local_ns or {})})
        order = (options.order_by or "").strip("'\" ") or None
        how = {"limit": options.limit, "order_by": order, "pictures": options.pictures}
        if place(shell) is Place.NOTEBOOK:
            # ipywidgets takes a while to import, and most cells need none.
            from djnb.jupyter.widgets.preview_panel import PreviewPanel

            PreviewPanel(query, text, **how).show()
            return
        display: Any = display_functions.display
        display(kept(query.preview(**how)._repr_mimebundle_()), raw=True)


def _query_of(text: str, namespace: dict[str, Any]) -> Query:
    """
    Return the query that Python gives.

    Raises
    ------
    OperandError
        The text is no Python, has names that are not defined, or gives something else than a query.
    """
    from djnb.query import Query

    __tracebackhide__ = True  # read by IPython
    try:
        value = eval(compile(text, f"<{text}>", "eval"), namespace)
    except SyntaxError as error:
        raise OperandError(
            f"`{text}` cannot be read as Python: {error.msg}.",
            remedy="Name a table, or write a query as in a cell of its own; options come last.",
        ) from None
    except NameError as error:
        known = [name for name, _ in names.tables(namespace)]
        there = f"The tables here are: {', '.join(known)}." if known else "No table class is defined or imported here."
        raise OperandError(
            f"`{text}` cannot be evaluated: {error}.", remedy=did_you_mean(str(error.name or text), known) + there
        ) from None
    if isinstance(value, TableMeta):
        value = value()
    if not isinstance(value, Query):
        raise OperandError(
            f"`{text}` is no table and no query, but of type {type(value).__name__}.",
            remedy="Name a table, or a query.",
        )
    return value
