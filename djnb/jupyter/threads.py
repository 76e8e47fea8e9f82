"""Threads that may touch widgets."""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


def spawn(work: Callable[[], None]) -> threading.Thread | None:
    """
    Run ``work()`` in a thread that belongs to the cell which started it.

    The thread gets a copy of the context: without it, ipykernel 7.0 raises where a widget is touched,
    and later ones send the output to whatever cell came last.

    Returns
    -------
    Thread or None
        None where there are no threads, as in a browser's Python.
    """
    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,), name="djnb", daemon=True)
    try:
        thread.start()
    except RuntimeError:
        logger.debug("No thread can be started here")
        return None
    return thread


@contextmanager
def repeated(work: Callable[[], None], *, seconds: float) -> Iterator[None]:
    """Call ``work()`` every so many seconds, in a thread, as long as the block lasts."""
    ended = threading.Event()

    def loop() -> None:
        while not ended.wait(seconds):
            try:
                work()
            except Exception:
                logger.exception("What is repeated failed; it is not tried again")
                return

    thread = spawn(loop)
    try:
        yield
    finally:
        ended.set()
        if thread is not None:
            thread.join(timeout=5)
