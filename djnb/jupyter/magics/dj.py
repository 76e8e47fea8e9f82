"""``%dj``."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand

from djnb.jupyter.magics import names
from djnb.jupyter.magics.arguments import documented, make_parser, shell_of
from djnb.layout import Cell, Column, Preview, Viewable, lay_out

if TYPE_CHECKING:
    from djnb.connection import Connection

PARTS = ("connection", "schemas", "help")
"""What can be asked for."""

_parser = make_parser("dj", usage="%(prog)s [connection | schemas | help]")
_parser.add_argument("part", metavar="PART", nargs="?", help="only this: connection, schemas or help; without it, all")


class Overview(Viewable):
    """
    Where a notebook stands.

    Parameters
    ----------
    parts : sequence of Preview
        Tables, from the top.
    """

    def __init__(self, parts: list[Preview]) -> None:
        self._parts = parts

    def preview(self) -> Preview:
        """Return all of it as text and HTML."""
        return Preview("\n\n".join(part.text for part in self._parts), "".join(part.html for part in self._parts))


@magics_class
class DjMagics(Magics):
    """Tell where one is, and what there is."""

    @documented(_parser)
    @no_var_expand
    @needs_local_scope
    @line_magic
    def dj(self, line_text: str, local_ns: dict[str, Any] | None = None) -> Overview:
        """
        Tell to which database the notebook is connected, which schemas are there, and which magics.

        Nothing is connected to by it, and no password is shown::

            %dj
            %dj schemas
        """
        __tracebackhide__ = True  # read by IPython
        wanted = line_text.split()
        unknown = [word for word in wanted if word not in PARTS]
        if unknown or len(wanted) > 1:
            raise UsageError(f"%dj takes one of these words, or none: {', '.join(PARTS)}.")
        shell = shell_of(self)
        namespace = {**shell.user_ns, **(local_ns or {})}
        connections = _connections(namespace)
        parts: list[Preview] = []
        for part in wanted or PARTS:
            if part == "connection":
                parts.append(_connection(connections))
            elif part == "schemas":
                parts += [_schemas(connection, namespace) for connection in connections]
            else:
                parts.append(_help(shell.magics_manager.magics["line"]))
        return Overview(parts or [_note("Schemas", "no connection is open")])


def _connections(namespace: Mapping[str, Any]) -> dict[Connection, str]:
    """Return the connections that are open, and what each of them is to the notebook."""
    from djnb.connection.default import opened

    default = opened()
    found = {} if default is None else {default: "the default"}
    for name, schema in names.schemas(namespace):
        if schema.is_activated() and not schema.connection.is_closed:
            found.setdefault(schema.connection, f"of `{name}`")
    return found


def _connection(connections: Mapping[Connection, str]) -> Preview:
    if not connections:
        return _note("Connection", "none is open: dj.connect(url) opens one, and so does the first schema")
    cells = [[Cell(str(connection.address)), Cell(meaning)] for connection, meaning in connections.items()]
    return lay_out("Connection", f"{len(cells)} open", "", [Column("address", in_key=True), Column("which")], cells)


def _schemas(connection: Connection, namespace: Mapping[str, Any]) -> Preview:
    here: dict[str, list[str]] = {}
    for name, schema in names.schemas(namespace):
        if schema.is_activated() and schema.connection is connection:
            here.setdefault(schema.name, []).append(name)
    found = connection.list_schemas()
    cells = [[Cell(name), Cell(", ".join(here.get(name, [])))] for name in found]
    extent = f"{len(found)} schema{'' if len(found) == 1 else 's'}"
    return lay_out(
        f"Schemas of {connection.address}", extent, "", [Column("schema", in_key=True), Column("here")], cells
    )


def _help(magics: Mapping[str, Any]) -> Preview:
    ours = {name: magic for name, magic in magics.items() if getattr(magic, "__module__", "").startswith("djnb.")}
    cells = [[Cell(f"%{name}"), Cell(_first_line(magic))] for name, magic in sorted(ours.items())]
    columns = [Column("magic", in_key=True), Column("what it does")]
    return lay_out("Magics", f"{len(cells)}", "%populate? tells more of one", columns, cells)


def _first_line(magic: Any) -> str:
    # The help begins with how it is used, `::` and the line; what it does comes after that.
    paragraphs = [each.strip() for each in (magic.__doc__ or "").split("\n\n")]
    told = [each for each in paragraphs if each and not each.startswith(("::", "%", "usage"))]
    return " ".join(told[0].split()) if told else ""


def _note(title: str, text: str) -> Preview:
    return Preview(f"{title}: {text}", f"<p><b>{escape(title)}</b>: {escape(text)}</p>")
