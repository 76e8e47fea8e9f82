"""Programs that a test starts as a user would: Python in a process of its own, which imports this djnb."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import djnb

_ROOT = str(Path(djnb.__file__).parents[1])


def start_python(*arguments: str, environment: dict[str, str] | None = None, **options: Any) -> subprocess.Popen[str]:
    """Start Python with arguments, variables on top of those here, and pipes; `options` are those of Popen."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": _ROOT, **(environment or {})},
        text=True,
        **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )
