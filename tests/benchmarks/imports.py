"""How long a fresh interpreter waits for djnb."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.measure import Ways

PROJECT = Path(__file__).parents[2]

_TIMED = """
import time
{before}
started = time.perf_counter()
{timed}
print(time.perf_counter() - started)
"""
_SHELL = "from IPython.core.interactiveshell import InteractiveShell; shell = InteractiveShell.instance()"


def ways() -> Iterator[Ways]:
    """Give the imports and what they come on top of."""
    yield Ways(
        "import djnb",
        "import pandas",
        lambda: _seconds("import djnb"),
        lambda: _seconds("import pandas"),
    )
    yield Ways(
        "%load_ext djnb",
        "start of IPython",
        lambda: _seconds("shell.run_line_magic('load_ext', 'djnb')", before=_SHELL),
        lambda: _seconds(_SHELL),
    )


def _seconds(timed: str, *, before: str = "") -> float:
    """Return the seconds that code takes in a fresh interpreter."""
    code = _TIMED.format(before=before, timed=timed)
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])
