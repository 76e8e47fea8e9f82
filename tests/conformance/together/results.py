"""What a populate has made, and what it should have made."""

from __future__ import annotations


def made(table):
    return dict(zip(*table.to_arrays("recording_id", "value"), strict=True))


def doubles(numbers):
    return {n: 2.0 * n for n in numbers}


def commits(statements):
    return sum("COMMIT" in sql for sql in statements)
