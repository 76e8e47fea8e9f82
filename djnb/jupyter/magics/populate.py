"""``%populate`` and ``%%populate``."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from typing import Any

from IPython.core import display_functions
from IPython.core.error import UsageError
from IPython.core.magic import (
    Magics,
    line_cell_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
    output_can_be_silenced,
)

from djnb.errors import MakeError, PopulateInterrupted
from djnb.jupyter.live import Place, place
from djnb.jupyter.magics import body, line, names, restriction
from djnb.jupyter.magics.arguments import documented, make_parser, shell_of
from djnb.populate.options import parse_count

_BODILESS = re.compile(r"%%populate(?=\s)(?P<line>.*)", re.DOTALL)


def identifier(text: str) -> str:
    """Return a name to assign to."""
    if not text.isidentifier():
        raise ArgumentTypeError(f"the name of a variable is needed, not '{text}'")
    return text


_parser = make_parser("populate", usage="%(prog)s TABLE [& restriction] [options]")
_parser.add_argument(
    "table",
    metavar="TABLE",
    nargs="?",
    help="an Imported or Computed table, also `module.Table`; or a schema, for all of its tables, ancestors first",
)
_parser.add_argument(
    "--restrict",
    metavar="EXPR",
    type=line.expression,
    action="append",
    default=[],
    help="a further restriction, in Python; may be given several times, and all must hold",
)
_parser.add_argument("--max-calls", metavar="N", type=parse_count, help="make N keys at most")
_parser.add_argument("--suppress-errors", action="store_true", help="go on past keys that fail; the result lists them")
_parser.add_argument("--reserve-jobs", action="store_true", help="share the work with others, by the job table")
_parser.add_argument(
    "--processes",
    metavar="N",
    type=parse_count,
    default=1,
    help="make keys in N processes of this machine; 0 for all cores",
)
_parser.add_argument(
    "--return-exception-objects", action="store_true", help="list the exceptions themselves, not their messages"
)
_parser.add_argument(
    "--executor",
    metavar="EXPR",
    type=line.expression,
    help="make keys on an executor, such as that of Dask",
)
_parser.add_argument(
    "--make-kwargs", metavar="EXPR", type=line.expression, help="further arguments for make, as a dict in Python"
)
_parser.add_argument(
    "--priority",
    metavar="N",
    type=parse_count,
    help="with --reserve-jobs: only jobs of this priority or a lower one",
)
_parser.add_argument(
    "--refresh", action="store_true", default=None, help="with --reserve-jobs: look for new keys first"
)
_parser.add_argument("--no-refresh", dest="refresh", action="store_false", help="take the jobs that are there")
_parser.add_argument("--no-progress", action="store_true", help="show no panel and no bar")
_parser.add_argument(
    "--no-capture", action="store_true", help="write what make prints to the cell, rather than keep it key by key"
)
_parser.add_argument(
    "--background", action="store_true", help="go on with the next cell; the result is a handle, which dj.runs() lists"
)
_parser.add_argument("-o", metavar="NAME", dest="output", type=identifier, help="also assign the result to a variable")

OPTIONS: tuple[str, ...] = tuple(_parser._option_string_actions)
"""The names of the options."""


@magics_class
class PopulateMagics(Magics):
    """Make the missing keys of a table, and watch."""

    @documented(_parser)
    @no_var_expand
    @needs_local_scope
    @output_can_be_silenced
    @line_cell_magic
    def populate(self, line_text: str, cell: str | None = None, local_ns: dict[str, Any] | None = None) -> Any:
        """
        Make every key that a table lacks, and watch it; the result stays in the notebook.

        The line names the table and may restrict it::

            %populate Analysis
            %populate Analysis & {'subject_id': 3} --max-calls 5

        The body of a cell is Python, and its last expression the restriction: a condition, or a list of conditions of
        which one must hold. Without a body, or where it is None, every missing key is made::

            %%populate Analysis --suppress-errors
            recent = Session & "session_date > '2024-01-01'"
            recent - Excluded

        A body that defines `make(self, key)`, or its three parts, gives it to a table that was declared without one::

            %%populate Analysis
            def make(self, key):
                self.insert1(dict(key, value=1))

        Several workers share a table by its job table::

            %%populate Analysis --reserve-jobs --processes 4

        Stop ends the run after the key in hand. Stop now and the kernel's interrupt end it at once: the key in hand is
        undone, and what was made before is kept. What make prints, displays and draws with pyplot is kept key by key,
        to be opened in the panel and in the result.

        With --background the cell returns at once; `dj.runs()` shows the run again. Where nobody watches, as when
        a program executes the notebook, the cell waits for its end all the same.
        """
        __tracebackhide__ = True  # read by IPython
        shell = shell_of(self)
        head, arguments = line.split(line_text, _parser)
        options = _parser.parse_args(arguments)
        if not head:
            raise UsageError("Which table? Write `%populate TABLE`; `%populate?` tells more.")
        namespace = {**shell.user_ns, **(local_ns or {})}
        name, operands = restriction.divide(head)
        table: Any = names.find_to_populate(name, namespace)
        operands += [restriction.parse(text) for text in options.restrict]
        restrictions: list[Any] = []
        for operand in operands:  # no comprehension: it would be a frame of its own in a user's traceback
            restrictions.append(restriction.value(operand, namespace))  # noqa: PERF401
        values: dict[str, Any] = {}
        for option in ("executor", "make_kwargs"):
            text = getattr(options, option)
            if text is not None:
                values[option] = restriction.value(restriction.parse(text), namespace)
        if cell is not None:
            said = body.run(shell, f"%%populate {line_text}", cell)
            restrictions.append(said.restriction)
            if said.functions:
                names.adopt(name, table, said.functions)
        where = place(shell)
        restrictions = [each for each in restrictions if each is not None]
        how = dict(
            suppress_errors=options.suppress_errors,
            return_exception_objects=options.return_exception_objects,
            # The handle of a run in the background, which is the cell's value, shows its panel.
            display_progress=not (options.no_progress or (options.background and where is Place.NOTEBOOK)),
            capture_output=not options.no_capture and where is not Place.TERMINAL,
            max_calls=options.max_calls,
            reserve_jobs=options.reserve_jobs,
            priority=options.priority,
            refresh=options.refresh,
            processes=options.processes or None,
            **values,
        )
        result = _begin(table, restrictions, how) if options.background else _populate(table, restrictions, how)
        if options.output:
            shell.user_ns[options.output] = result
        if options.background and where is Place.NOBODY:
            result.wait()  # whoever executes a notebook takes its cells to be over when they return
        return result


def _begin(table: Any, restrictions: list[Any], how: dict[str, Any]) -> Any:
    """Begin a run in the background and return its handle."""
    __tracebackhide__ = True  # read by IPython
    return table.populate(*restrictions, background=True, **how)


def _populate(table: Any, restrictions: list[Any], how: dict[str, Any]) -> Any:
    """Populate, and return what came of it, also where it was interrupted."""
    __tracebackhide__ = True  # read by IPython
    try:
        return table.populate(*restrictions, **how)
    except PopulateInterrupted as interrupt:
        return interrupt.result
    except MakeError as error:
        # What was made before stays in the notebook, above the error.
        if error.result is not None:
            display: Any = display_functions.display
            display(error.result)
        raise


def without_body(lines: list[str]) -> list[str]:
    """
    Make a line magic of ``%%populate`` without a body, which IPython would refuse.

    An input transformer: it takes and returns the lines of a cell, each with its line break.
    """
    text = "".join(lines).strip()
    found = _BODILESS.fullmatch(text)
    if found is None or "\n" in found["line"].strip("\n"):
        return lines
    return [f"%populate{found['line']}\n"]
