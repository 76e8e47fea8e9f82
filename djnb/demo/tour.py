"""
The demo in a terminal: register, read, see a key fail, mend it, segment, look at the result.

Running it again goes on from what is there.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from djnb.demo import images
from djnb.demo.catalogue import CORRECTIONS, REGISTERED
from djnb.demo.pipeline import SCHEMA_NAME, Image, Method, Pixels, Segmentation, activate, schema, summary
from djnb.settings import get_config

if TYPE_CHECKING:
    from collections.abc import Callable

    from djnb.connection import Connection
    from djnb.populate.result import PopulateResult

    Write = Callable[[str], None]


def run(connection: Connection, write: Write, *, schema_name: str = SCHEMA_NAME, is_fresh: bool = False) -> bool:
    """
    Run the demo pipeline and tell what happens.

    Parameters
    ----------
    connection : Connection
        The database; the demo uses one schema of it.
    write : callable
        Takes one piece of text, of one or several lines without the last line break.
    schema_name : str
        The schema.
    is_fresh : bool
        Whether the schema of an earlier run is dropped first.

    Returns
    -------
    bool
        Whether every key was made in the end.

    Raises
    ------
    MissingPackageError
        scikit-image, which brings the pictures, is not installed.
    """
    images.folder()
    if is_fresh:
        _drop(connection, schema_name)
    activate(schema_name, connection=connection)

    write("Counting objects in pictures that ship with scikit-image")
    _register(write)
    read = _populate_pixels(write)
    segmented = _populate_segmentation(write)
    _show_result(write)
    return read and segmented


def _drop(connection: Connection, schema_name: str) -> None:
    activate(schema_name, connection=connection)
    schema.drop()


def _register(write: Write) -> None:
    _head(write, 1, "Image: what is counted, and in which file")
    there = len(Image())
    if there:
        write(f"{there} pictures are there from an earlier run; --fresh starts from nothing.")
        return
    Image.insert(REGISTERED)
    write(f"Image.insert(...) registered {len(REGISTERED)} pictures, each with the name of its file.")


def _populate_pixels(write: Write) -> bool:
    _head(write, 2, "Pixels.populate(): read the files")
    if not Pixels.progress(display=False).remaining:
        write(f"All {len(Pixels())} files are read already.")
        return True
    result = Pixels.populate(display_progress=True, suppress_errors=True)
    if not result.error_list:
        write(f"{result.success_count} files read.")
        return True
    _tell_errors(write, "Pixels", result)
    _head(write, 3, "Mend the cause, populate again")
    _mend(write)
    result = Pixels.populate(display_progress=True, suppress_errors=True)
    _tell_errors(write, "Pixels", result)
    return not result.error_list


def _mend(write: Write) -> None:
    for image, file in CORRECTIONS.items():
        row = (Image & {"image": image}).fetch1()
        Image.insert1(dict(row, file=file), replace=True)
        write(f"{image}: file is now '{file}', it was '{row['file']}'.")
    write("Keys that are there are not made again; the next populate makes what is missing.")


def _populate_segmentation(write: Write) -> bool:
    _head(write, 4, f"Segmentation.populate(): every picture by {len(Method())} methods")
    if not Segmentation.progress(display=False).remaining:
        write(f"All {len(Segmentation())} segmentations are there already.")
        return True
    result = Segmentation.populate(display_progress=True, suppress_errors=True)
    _tell_errors(write, "Segmentation", result)
    return not result.error_list


def _show_result(write: Write) -> None:
    _head(write, 5, "The result: Segmentation.aggr(Segmentation.Object, objects='count(*)', ...)")
    with get_config().override(display__limit=30):
        write(str(summary()))
    write(
        "There are 24 coins; a threshold alone takes the bright background for a coin, "
        "and 'flattened' subtracts it first."
    )


def _tell_errors(write: Write, table: str, result: PopulateResult) -> None:
    write(f"{table}: {result.success_count} made, {len(result.error_list)} failed.")
    for key, error in result.error_list:
        write(f"  failed key {dict(key)}")
        write(textwrap.indent(textwrap.fill(str(error), 110), "    "))


def _head(write: Write, number: int, text: str) -> None:
    write(f"\n{number}. {text}")
