"""The command ``djnb``: the demo in a terminal, and the quickstart in JupyterLab."""

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

from djnb.errors import DataJointError, MissingPackageError

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
        The exit code: 0, or 1 after an error, whose message goes to standard error.
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
        return _lab(options, for_jupyter)
    except DataJointError as error:
        print(f"djnb: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("djnb: interrupted; what was made is kept.", file=sys.stderr)
        return 130


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
    return parser


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
