"""What a populate is asked for, checked before anything is done."""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from djnb.errors import PopulateError, warn_user

Order = Literal["original", "reverse", "random"]
"""Orders of keys: of the primary key, the other way round, or any."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    The options of ``Table.populate``, which documents them.

    Attributes
    ----------
    is_restricted : bool
        Whether restrictions are given, so that jobs outside of them are to be left alone.

    Raises
    ------
    PopulateError
        A value makes no sense, or two of them together.
    """

    suppress_errors: bool = False
    return_exception_objects: bool = False
    display_progress: bool = False
    max_calls: int | None = None
    limit: int | None = None
    order: Order | None = None
    capture_output: bool = False
    make_kwargs: Mapping[str, Any] = field(default_factory=dict)
    reserve_jobs: bool = False
    priority: int | None = None
    refresh: bool | None = None
    processes: int | None = 1
    executor: Executor | None = None
    is_restricted: bool = False

    def __post_init__(self) -> None:
        for name, meaning in (("max_calls", "make"), ("limit", "look at")):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise PopulateError(
                    f"{name}={value} is negative.", remedy=f"Give the greatest number of keys to {meaning}."
                )
        if self.order is not None and self.order not in get_args(Order):
            raise PopulateError(
                f"There is no order {self.order!r} of keys.", remedy=f"There are: {', '.join(get_args(Order))}."
            )
        if self.processes is not None and self.processes < 1:
            raise PopulateError(
                f"processes={self.processes} are none.",
                remedy="Give how many keys to make at once, or None for all cores.",
            )
        if self.executor is not None and not hasattr(self.executor, "submit"):
            raise PopulateError(
                f"executor={self.executor!r} has no `submit`.",
                remedy="Give a `concurrent.futures.Executor`, such as Dask's `client.get_executor()`.",
            )
        if not self.reserve_jobs:
            for name in ("priority", "refresh"):
                if getattr(self, name):
                    raise PopulateError(
                        f"{name}={getattr(self, name)!r} is about job queues.", remedy="Add `reserve_jobs=True`."
                    )
        self._tell_deprecated()

    def _tell_deprecated(self) -> None:
        if self.limit is not None:
            warn_user(
                "`populate(limit=)` is deprecated: say how many keys to make at most by `max_calls`.",
                DeprecationWarning,
            )
        if self.order not in (None, "original"):
            warn_user(
                "`populate(order=)` is deprecated: jobs have a `priority`, and workers that share them by "
                "`reserve_jobs=True` do not get into each other's way whatever the order.",
                DeprecationWarning,
            )

    @property
    def most(self) -> int | None:
        """How many keys are made at most; None for all."""
        bounds = [bound for bound in (self.max_calls, self.limit) if bound is not None]
        return min(bounds, default=None)

    def bounded(self, keys: int) -> int:
        """Return how many of so many keys are made at most."""
        return keys if self.most is None else min(keys, self.most)

    @property
    def at_once(self) -> int:
        """How many keys are made at the same time."""
        if self.executor is not None:
            return self.processes if self.processes not in (None, 1) else capacity(self.executor)
        return self.processes or cores()

    @property
    def is_serial(self) -> bool:
        """Whether the calling thread itself makes the keys."""
        return self.executor is None and self.at_once == 1

    @property
    def is_elsewhere(self) -> bool:
        """Whether keys may be made on other machines, or where nobody hears of what became of a task."""
        return self.executor is not None and not isinstance(self.executor, ThreadPoolExecutor)


def parse_count(text: str) -> int:
    """
    Return a number of keys or processes as it is written on a command line or behind a magic.

    Raises
    ------
    ArgumentTypeError
        It is no whole number.
    """
    if not text.isdecimal():
        raise ArgumentTypeError(f"a whole number is needed, not '{text}'")
    return int(text)


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def capacity(executor: Any) -> int:
    """Return how many tasks an executor runs at once, as far as it tells; the cores of this machine otherwise."""
    workers = getattr(executor, "_max_workers", None)
    if workers is None and hasattr(executor, "_client"):  # Dask's
        workers = sum(executor._client.nthreads().values())
    return workers or cores()
