"""
How much memory a million rows take on their way in and out.

    python -m tests.benchmarks.memory sqlite:////tmp/rows.sqlite
"""

from __future__ import annotations

import argparse
import resource

import djnb as dj

SCHEMA = "djnb_test_memory"


class Sample(dj.Manual):
    definition = """
    sample : int32
    ---
    value : float64
    label : varchar(16)
    """


def peak() -> float:
    """Return the most memory that the process has held, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Insert rows from a generator, iterate over them, and print by how much the process has grown."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.memory")
    parser.add_argument("url")
    parser.add_argument("--rows", type=int, default=1_000_000)
    asked = parser.parse_args()
    with dj.Connection(asked.url) as connection:
        dj.Schema(SCHEMA, connection=connection)(Sample)
        try:
            before = peak()
            Sample.insert({"sample": n, "value": n / 7, "label": f"row {n}"} for n in range(asked.rows))
            print(f"{asked.rows:,} rows in: {peak() - before:.0f} MB more than {before:.0f} MB")
            found = sum(1 for _ in Sample)
            print(f"{found:,} rows out: {peak() - before:.0f} MB more")
        finally:
            connection.drop_schema(SCHEMA)


if __name__ == "__main__":
    main()
