"""
The forms in which a class says how a key is made.

- ``make(self, key)``: fetch, compute, insert.
- ``make_fetch(self, key)``, ``make_compute(self, key, *fetched)``, ``make_insert(self, key, *computed)``: the same in
  three parts, of which the second needs no database.
- ``make(self, key)`` as a generator, which yields what it has fetched and then what it has computed, and inserts.
- ``_make_tuples(self, key)``: what ``make`` was called before DataJoint 0.12.

Whatever the form, each part runs once, unless what was fetched has changed: then all of it runs again.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from inspect import isgenerator
from typing import Any

from djnb.errors import MakeFormError, PopulateError
from djnb.jobs import points

PARTS = ("make_fetch", "make_compute", "make_insert")


def check_form(table: Any, *, has_make: bool) -> None:
    """
    Refuse a class that does not say how a key is made.

    Raises
    ------
    PopulateError
        There is no ``make``, in none of its forms.
    MakeFormError
        Some of the three parts are missing.
    """
    if has_make or hasattr(table, "_make_tuples"):
        return
    name = type(table).__name__
    missing = [part for part in PARTS if not hasattr(table, part)]
    if len(missing) == len(PARTS):
        raise PopulateError(
            f"`{name}` has no `make`.",
            remedy="Define `def make(self, key)`: fetch by the key, compute, `self.insert1(dict(key, ...))`.",
        )
    if missing:
        there = " and ".join(f"`{part}`" for part in PARTS if part not in missing)
        raise MakeFormError(
            f"`{name}` has {there}, but not {' and '.join(f'`{part}`' for part in missing)}.",
            remedy="Define all three: `make_fetch(self, key)` returns what it fetches as a tuple, "
            "`make_compute(self, key, *fetched)` returns what it computes as a tuple, "
            "`make_insert(self, key, *computed)` inserts it.",
        )


def run_make(table: Any, key: Mapping[str, Any], make_kwargs: Mapping[str, Any]) -> None:
    """Make a key, in whatever form the class says it."""
    make = getattr(table, "_make_tuples", None) or table.make
    result = make(dict(key), **make_kwargs)
    if isgenerator(result):
        _run_generator(result)


def make_in_parts(table: Any, key: dict[str, Any], *args: Any, **make_kwargs: Any) -> None:
    """
    Fetch, compute and insert by the three parts of a class; further arguments are for the first one.

    Raises
    ------
    MakeFormError
        A part is missing, or returns neither a tuple nor a list.
    """
    check_form(table, has_make=False)
    points.reach("in_fetch")
    fetched = _several(table, "make_fetch", table.make_fetch(key, *args, **make_kwargs))
    points.reach("in_compute")
    computed = _several(table, "make_compute", table.make_compute(key, *fetched))
    table.make_insert(key, *computed)


def _several(table: Any, part: str, value: Any) -> tuple[Any, ...]:
    if isinstance(value, (tuple, list)):
        return tuple(value)
    what = "nothing" if value is None else f"a value of type `{type(value).__name__}`"
    raise MakeFormError(
        f"`{type(table).__name__}.{part}` returned {what}, where a tuple is expected.",
        remedy="Return all values as a tuple, also a single one: `return (data,)`, and `return ()` if there is none.",
    )


def _run_generator(steps: Generator[Any, Any, Any]) -> None:
    """
    Run a ``make`` that yields what it has fetched, then what it has computed, and may yield once more at its end.

    Where the computation stands behind ``if computed is None``, it runs: nothing has been computed before. What it
    yields is sent back to it.
    """
    try:
        points.reach("in_fetch")
        next(steps)
        points.reach("in_compute")
        computed = next(steps)
        steps.send(computed)
    except StopIteration:  # it may end at its last word, or with an early return
        return
    finally:
        steps.close()
