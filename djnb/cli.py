"""The command ``djnb``: the demo in a terminal, the quickstart in JupyterLab, and a worker for servers and clusters."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from djnb.errors import DataJointError, MissingPackageError
from djnb.populate.options import parse_count

DEMO_DATABASE = "sqlite:///djnb-demo.sqlite"
NOTEBOOK = "01-quickstart.ipynb"
DATABASE_VARIABLE = "DJNB_DATABASE_URL"


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        What follows ``djnb`` on the command line; without it, that of the process.

    Returns
    -------
    int
        The exit code: 0, or 1 after an error, whose message goes to standard error; 128 and the signal's number after
        an interrupt. `djnb work` has 3 where some keys have failed.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    given, for_jupyter = _divide(given)
    parser = _parser()
    options = parser.parse_args(given)
    if for_jupyter and options.command != "lab":
        parser.error("only `djnb lab` passes arguments after -- on, to JupyterLab")
    try:
        if options.command == "demo":
            return _demo(options)
        if options.command == "work":
            return _work(options)
        return _lab(options, for_jupyter)
    except DataJointError as error:
        print(f"djnb: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as interrupt:
        print("djnb: interrupted; what was made is kept.", file=sys.stderr)
        return getattr(interrupt, "code", 130)


def _divide(arguments: list[str]) -> tuple[list[str], list[str]]:
    """Return what stands before ``--`` and what stands after it."""
    if "--" not in arguments:
        return arguments, []
    at = arguments.index("--")
    return arguments[:at], arguments[at + 1 :]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="djnb", description="DataJoint pipelines, native to the notebook.")
    parser.add_argument("--version", action="version", version=f"djnb {version('djnb')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    demo = commands.add_parser("demo", help="run the demo pipeline here, in the terminal")
    demo.add_argument(
        "--database", metavar="URL", default=DEMO_DATABASE, help="where its schema is kept (default: %(default)s)"
    )
    demo.add_argument("--fresh", action="store_true", help="drop the schema of an earlier run first")

    lab = commands.add_parser(
        "lab",
        help="open the quickstart notebook in JupyterLab",
        usage="djnb lab [-h] [--database URL] [-- ARGUMENT ...]",
        epilog="Arguments after -- go to JupyterLab, as in: djnb lab -- --no-browser",
    )
    lab.add_argument(
        "--database", metavar="URL", help=f"the database of the notebook (default: {DEMO_DATABASE}, as `djnb demo`)"
    )
    _add_work(commands)
    return parser


_WORKING = """
Every worker takes part in the work by the job tables: start as many as you like, on as many machines as reach the
database. One that dies gives its job to the next. The first SIGTERM or Ctrl-C lets it end after the key in hand, the
second one at once, the job being given back. Keys that fail stay in the job tables with their errors, as
`Table.jobs.errors`.

Exit codes: 0 ended as asked; 1 could not work; 3 ended as asked, some keys have failed; 130, 143 interrupted by a
second SIGINT, SIGTERM.

As a service of systemd, which looks for new keys for ever (KillMode=mixed: only the worker itself is told to end):

    [Service]
    Environment=DJNB_DATABASE_URL=mysql://worker@server.lab
    EnvironmentFile=/etc/djnb/password   # DJNB_DATABASE_PASSWORD=...
    WorkingDirectory=/srv/pipeline
    ExecStart=/srv/pipeline/.venv/bin/djnb work pipeline.ephys --processes 4
    KillMode=mixed
    TimeoutStopSec=1h
    Restart=on-failure
    SuccessExitStatus=3

As an array of jobs of SLURM, 20 workers which end when there has been nothing to do for five minutes, and which are
told ten minutes before their time is up (`exec`: the signal reaches the worker):

    #!/bin/bash
    #SBATCH --array=1-20
    #SBATCH --time=12:00:00
    #SBATCH --signal=B:TERM@600
    exec djnb work pipeline.ephys SpikeSorting --idle-exit 300 --json
"""


def _add_work(commands: Any) -> None:
    work = commands.add_parser(
        "work",
        help="make the jobs of a pipeline's tables, until it is told to end",
        description="Make the jobs of Imported and Computed tables, parents first, and look for more.",
        epilog=_WORKING,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    work.add_argument("module", metavar="PACKAGE.MODULE", help="where the tables are declared; it is imported")
    work.add_argument("tables", metavar="TABLE", nargs="*", help="classes in it (default: all that have a `make`)")
    work.add_argument("--database", metavar="URL", help="where it connects to, unless it says so itself")
    work.add_argument("--max-calls", metavar="N", type=parse_count, help="end after so many keys")
    work.add_argument("--idle-exit", metavar="SECONDS", type=_seconds, help="end after so long without work")
    work.add_argument(
        "--processes", metavar="N", type=parse_count, default=1, help="how many processes make keys; 0 for all cores"
    )
    work.add_argument("--json", action="store_true", help="tell what happens in JSON, one object a line")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"a number of seconds is needed, not '{text}'")
    return seconds


def _work(options: argparse.Namespace) -> int:
    if options.database:
        os.environ[DATABASE_VARIABLE] = options.database
    from djnb.rounds import Log, Work, find_tables

    return Work(
        find_tables(options.module, options.tables),
        Log(lambda line: print(line, flush=True), as_json=options.json),
        max_calls=options.max_calls,
        idle_exit=options.idle_exit,
        processes=options.processes or None,
    ).go()


def _demo(options: argparse.Namespace) -> int:
    # Imported here, so that `djnb --version` and `djnb lab` do not wait for it.
    from djnb.connection import Connection
    from djnb.demo import tour

    connection = Connection(options.database)
    try:
        print(f"Database: {connection.address}")
        is_complete = tour.run(connection, print, is_fresh=options.fresh)
    finally:
        connection.close()
    if not is_complete:
        return 1
    option = "" if options.database == DEMO_DATABASE else f" --database {connection.address}"
    print(f"\nThe same pipeline in a notebook: djnb lab{option}")
    return 0


def _lab(options: argparse.Namespace, for_jupyter: Sequence[str]) -> int:
    if find_spec("jupyterlab") is None:
        raise MissingPackageError("JupyterLab is not installed.", remedy="Install it with: pip install 'djnb[lab]'")
    notebook = _own_copy(Path.cwd())
    environment = dict(os.environ)
    if options.database:
        environment[DATABASE_VARIABLE] = options.database
    return subprocess.call([sys.executable, "-m", "jupyterlab", str(notebook), *for_jupyter], env=environment)


def _own_copy(folder: Path) -> Path:
    """Put the quickstart into a folder, unless the user's own copy is there."""
    copy = folder / NOTEBOOK
    if copy.exists():
        print(f"{NOTEBOOK} is here already; it is opened as it is.", flush=True)
    else:
        shutil.copyfile(_packaged(), copy)
        print(f"{NOTEBOOK} is copied here.", flush=True)
    return copy


def _packaged() -> Path:
    """Return the quickstart: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    for notebook in (package / "notebooks" / NOTEBOOK, package.parent / "notebooks" / NOTEBOOK):
        if notebook.is_file():
            return notebook
    raise DataJointError(f"This installation of djnb has no {NOTEBOOK}.", remedy="Install djnb again with pip.")


if __name__ == "__main__":
    sys.exit(main())
