"""How a table class alone in a cell is shown: IPython asks objects for their display, but not classes."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from djnb.errors import NotDeclaredError
from djnb.tables.metaclass import TableMeta

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def install(shell: InteractiveShell) -> Callable[[], None]:
    """Show table classes by their first rows; return what undoes it."""
    assert shell.display_formatter is not None
    display = _ClassDisplay()
    undoes = [
        _register(shell.display_formatter.mimebundle_formatter, display.bundle),
        _register(shell.display_formatter.formatters["text/plain"], display.plain),
    ]

    def undo() -> None:
        for each in undoes:
            each()

    return undo


def _register(formatter: Any, printer: Callable[..., Any]) -> Callable[[], None]:
    before = formatter.type_printers.get(TableMeta)
    formatter.for_type(TableMeta, printer)

    def undo() -> None:
        if before is None:
            formatter.pop(TableMeta, None)
        else:
            formatter.for_type(TableMeta, before)

    return undo


class _ClassDisplay:
    """
    The two printers of a class.

    IPython asks for the bundle first, but takes the text from the printer of all classes, unless there is one for
    this kind of class. So the text of the bundle waits here for the second question: rows are fetched once.
    """

    def __init__(self) -> None:
        self._waiting: tuple[TableMeta, str] | None = None

    def bundle(self, cls: TableMeta) -> dict[str, str] | None:
        shown = bundle(cls)
        self._waiting = None if shown is None else (cls, shown["text/plain"])
        return shown

    def plain(self, cls: TableMeta, printer: Any, cycle: bool) -> None:
        waiting, self._waiting = self._waiting, None
        # A class within a list, which is what a deeper stack tells, keeps its name.
        if waiting is not None and waiting[0] is cls and len(printer.stack) == 1:
            printer.text(waiting[1])
        else:
            printer.text(f"{cls.__module__}.{cls.__qualname__}")


def bundle(cls: TableMeta) -> dict[str, str] | None:
    """Return the first rows of a table as text and HTML; a note of an undeclared class, nothing of a tier."""
    if cls.__module__.startswith("djnb.tables."):
        return None
    instance: Any = cls()
    try:
        shown: dict[str, str] = instance._repr_mimebundle_()
    except NotDeclaredError as error:
        return {"text/plain": str(error), "text/html": f'<p class="djnb-note">{escape(str(error))}</p>'}
    return shown
