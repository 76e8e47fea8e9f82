"""
A worker: makes the jobs of some tables, parents first, and looks again for as long as it is wanted.

It is told to end by SIGTERM or Ctrl-C: after the key in hand at the first, at once at the second.
"""

from __future__ import annotations

from djnb.rounds.finding import find_tables
from djnb.rounds.log import Log
from djnb.rounds.work import Work

__all__ = ["find_tables", "Log", "Work"]
