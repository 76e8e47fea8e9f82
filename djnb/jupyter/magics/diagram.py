"""``%diagram``."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand

from djnb.errors import OperandError
from djnb.jupyter.magics import line, names, restriction
from djnb.jupyter.magics.arguments import documented, make_parser, shell_of
from djnb.jupyter.magics.populate import identifier
from djnb.populate.options import parse_count

if TYPE_CHECKING:
    from djnb.diagram import Diagram

_NAMES = re.compile(r"[^\W\d][\w.]*(?:[\s,]+[^\W\d][\w.]*)+")

_parser = make_parser("diagram", usage="%(prog)s [TABLE|SCHEMA|expression ...] [options]")
_parser.add_argument(
    "what", metavar="TABLE", nargs="*", help="tables, schemas, modules, or an expression of them: `ephys - Params`"
)
_parser.add_argument("--up", metavar="N", type=parse_count, default=0, help="also what is N foreign keys above")
_parser.add_argument("--down", metavar="N", type=parse_count, default=0, help="also what is N foreign keys below")
_parser.add_argument("--progress", action="store_true", help="write into each table how far it is, and what has failed")
_parser.add_argument(
    "--cascade", action="store_true", help="how many rows a delete of these would take: `Session & 'session = 3'`"
)
_parser.add_argument("--trace", action="store_true", help="on how many rows of each table upstream these rows depend")
_parser.add_argument("--parts", action="store_true", help="draw parts as nodes of their own")
_parser.add_argument("--collapse", action="store_true", help="draw one node for each schema")
_parser.add_argument("--mermaid", action="store_true", help="in the language of Mermaid, which JupyterLab draws")
_parser.add_argument("--text", action="store_true", help="as a tree in plain text")
_parser.add_argument("--save", metavar="FILE", help="also write it to a file: .svg, .png, .pdf, .dot, .mmd or .txt")
_parser.add_argument("-o", metavar="NAME", dest="output", type=identifier, help="also assign the diagram to a variable")

OPTIONS: tuple[str, ...] = tuple(_parser._option_string_actions)
"""The names of the options."""


class Text(str):
    """A text that shows itself as it is, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


@magics_class
class DiagramMagics(Magics):
    """Draw tables and the foreign keys between them."""

    @documented(_parser)
    @no_var_expand
    @needs_local_scope
    @line_magic
    def diagram(self, line_text: str, local_ns: dict[str, Any] | None = None) -> Any:
        """
        Draw tables and the foreign keys between them.

        Without a name it draws the tables that the notebook has defined or imported, with those of its schemas.
        What is named may be combined as diagrams are, by + - and *::

            %diagram
            %diagram ephys --progress
            %diagram Analysis --up 2 --down 1
            %diagram lab + ephys - Params
            %diagram Session & {'session': 3} --cascade
            %diagram Analysis & key --trace --save inputs.svg
        """
        from djnb.diagram import Diagram  # which takes its time

        __tracebackhide__ = True  # read by IPython
        shell = shell_of(self)
        head, arguments = line.split(line_text, _parser)
        options = _parser.parse_args(arguments)
        if options.cascade and options.trace:
            raise UsageError("--cascade goes down and --trace goes up: give one of them.")
        namespace = {**shell.user_ns, **(local_ns or {})}
        if options.cascade or options.trace:
            if not head:
                raise UsageError("Which rows? Write `%diagram TABLE & restriction --cascade`.")
            rows = restriction.value(restriction.parse(head), namespace)
            drawn = Diagram.cascade(rows) if options.cascade else Diagram.trace(rows)
        else:
            drawn = _drawn(head, namespace)
        drawn = drawn - options.up + options.down
        if options.parts:
            drawn = drawn.unfold()
        if options.collapse:
            drawn = drawn.collapse()
        if options.progress:
            drawn = drawn.progress()
        if options.save:
            drawn.save(options.save)
        if options.output:
            shell.user_ns[options.output] = drawn
        if options.mermaid:
            return drawn.mermaid()
        return Text(drawn) if options.text else drawn


def _drawn(head: str, namespace: Mapping[str, Any]) -> Diagram:
    """Return the diagram that the words before the options stand for."""
    from djnb.diagram import Diagram

    if not head:
        return Diagram.from_sequence(_everything(namespace))
    if _NAMES.fullmatch(head):
        return Diagram.from_sequence(names.find(name, namespace) for name in re.split(r"[\s,]+", head))
    found = _combined(restriction.parse(head), namespace)
    if isinstance(found, int):
        raise OperandError(f"`{head}` is no table.", remedy="Name a table or a schema.")
    return found


def _everything(namespace: Mapping[str, Any]) -> list[Any]:
    """Return the schemas that a notebook has, and the tables that it can name."""
    schemas = [value for _, value in schemas_of(namespace)]
    tables = [cls for _, cls in names.tables(namespace) if getattr(cls, "_table", None) is not None]
    found = [*schemas, *tables]
    if not found:
        raise OperandError(
            "No table class or schema is defined or imported here.",
            remedy="Name one: `%diagram TABLE`, or make a schema: `schema = dj.Schema('lab')`.",
        )
    return found


def schemas_of(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the activated schemas that names stand for."""
    from djnb.schemas import Schema

    for name, value in list(namespace.items()):
        if isinstance(value, Schema) and value.is_activated() and not name.startswith("_"):
            yield name, value


def _combined(node: ast.expr, namespace: Mapping[str, Any]) -> Diagram | int:
    """Return the value of an expression in which tables and schemas stand for diagrams of themselves."""
    from djnb.diagram import Diagram

    match node:
        case ast.Constant(int(value)):
            return value
        case ast.BinOp(left, ast.Add() | ast.Sub() | ast.Mult() as operator, right):
            one, other = _combined(left, namespace), _combined(right, namespace)
            if isinstance(one, int):
                raise OperandError(
                    f"`{ast.unparse(node)}` does not begin with a table.", remedy="Put the number last: `Session + 1`."
                )
            return _operate(one, operator, other, ast.unparse(node))
        case ast.Name() | ast.Attribute() if _is_dotted(node):
            return Diagram(names.find(ast.unparse(node), namespace))
    found = restriction.value(node, dict(namespace))
    return found if isinstance(found, Diagram) else Diagram(found)


def _operate(one: Diagram, operator: ast.operator, other: Diagram | int, text: str) -> Diagram:
    match operator:
        case ast.Add():
            return one + other
        case ast.Sub():
            return one - other
    if isinstance(other, int):
        raise OperandError(f"`{text}`: a diagram is not multiplied.", remedy="`a * b` has the tables that both have.")
    return one * other


def _is_dotted(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _is_dotted(node.value))


def offers(namespace: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of what can be drawn."""
    yield from (name for name, _ in schemas_of(namespace))
    yield from (name for name, _ in names.tables(namespace))
