"""``%progress``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand

from djnb.errors import PopulateError
from djnb.jupyter.magics import names
from djnb.jupyter.magics.arguments import documented, make_parser, shell_of
from djnb.populate.result import Progress

_STYLE = """<style scoped>
.djnb-progress { border-collapse: collapse; font-size: var(--jp-ui-font-size1, 13px); }
.djnb-progress th, .djnb-progress td { text-align: left; padding: 3px 10px 3px 0; font-weight: 400;
  color: var(--jp-content-font-color1, inherit); }
.djnb-progress td.djnb-number { text-align: right; font-variant-numeric: tabular-nums; }
.djnb-progress progress { accent-color: var(--jp-brand-color1, #1976d2); width: 14em; vertical-align: middle; }
</style>"""


class ProgressReport(Mapping[str, Progress]):
    """
    How far some tables are: ``report["Analysis"]`` is its ``Progress``.

    Parameters
    ----------
    of : mapping
        The progress of every table by the name of its class.
    """

    def __init__(self, of: Mapping[str, Progress]) -> None:
        self._of = dict(of)

    def __getitem__(self, table: str) -> Progress:
        return self._of[table]

    def __iter__(self) -> Iterator[str]:
        return iter(self._of)

    def __len__(self) -> int:
        return len(self._of)

    def __repr__(self) -> str:
        return "\n".join(progress.text(table) for table, progress in self._of.items()) or "Nothing to make here."

    def _repr_html_(self) -> str:
        rows = "".join(_row(table, progress) for table, progress in self._of.items())
        return f'{_STYLE}<table class="djnb-progress"><tbody>{rows}</tbody></table>' if rows else escape(repr(self))


def _row(table: str, progress: Progress) -> str:
    name = escape(table)
    # An element without text of its own shows nothing where a page is not trusted; the numbers stand beside it.
    return (
        f'<tr><th scope="row">{name}</th>'
        f'<td><progress max="{max(progress.total, 1)}" value="{progress.done if progress.total else 1}" '
        f'aria-label="{name}"></progress></td>'
        f'<td class="djnb-number">{progress.done}/{progress.total}</td>'
        f'<td class="djnb-number">({progress.percent:.1f}%)</td></tr>'
    )


_parser = make_parser("progress", usage="%(prog)s [TABLE ...]")
_parser.add_argument("what", metavar="TABLE", nargs="*", help="a table, or a schema for all of its tables")


@magics_class
class ProgressMagics(Magics):
    """Tell how far tables are."""

    @documented(_parser)
    @no_var_expand
    @needs_local_scope
    @line_magic
    def progress(self, line_text: str, local_ns: dict[str, Any] | None = None) -> ProgressReport:
        """
        Tell how many of their keys the auto-populated tables have.

        Without a name it tells it of all of them that the notebook has defined or imported::

            %progress
            %progress Segmentation Analysis
            %progress schema
        """
        namespace = {**shell_of(self).user_ns, **(local_ns or {})}
        words = line_text.replace(",", " ").split()
        if any(word.startswith("-") for word in words):
            raise UsageError("%progress takes names of tables and schemas, and no options.")
        found: list[Any] = []
        for word in words:
            found += _tables(word, namespace)
        if not words:
            found = names.declared(cls for _, cls in names.tables(namespace))
        report: dict[str, Progress] = {}
        for table in found:
            name = table.__name__ if table.__name__ not in report else table.full_table_name
            report[name] = table.progress(display=False)
        return ProgressReport(report)


def _tables(name: str, namespace: Mapping[str, Any]) -> list[Any]:
    """Return the tables that a word stands for."""
    from djnb.schemas import Schema

    value = names.find(name, namespace)
    if not isinstance(value, Schema):
        return [names.find_populated(name, namespace)]
    found: list[Any] = list(names.declared(value.tables))
    if not found:
        raise PopulateError(f"The schema `{name}` has no Imported or Computed tables.", remedy="Name a table.")
    return found
