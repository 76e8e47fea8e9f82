"""Which version of the code computes: what is noted of it beside jobs and results."""

from __future__ import annotations

import subprocess
from functools import cache

from djnb.settings import get_config

_LONGEST = 64
"""How many characters the columns hold."""

_TIMEOUT = 5.0
"""Seconds for git to answer; a file server that hangs must not hold up a run."""


def code_version() -> str:
    """
    Return the version of the code by ``jobs.version_method``; empty where none is asked for, or none is found.

    ``git`` is the commit of the working directory, ``3f2c1ab``, with ``-dirty`` where files were changed since. It is
    asked once in a process: the modules that are loaded do not change with a later commit.
    """
    return _of_git() if get_config().jobs.version_method == "git" else ""


@cache
def _of_git() -> str:
    # `--exclude *` leaves tags out, so that it is the commit always.
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    except (OSError, subprocess.SubprocessError):
        return ""  # without git there is no commit
    return said.stdout.strip()[:_LONGEST] if said.returncode == 0 else ""
