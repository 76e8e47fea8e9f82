"""What is timed in both worlds: a refresh, by its own seconds."""

from __future__ import annotations

import time


def refresh(dj, schema):
    """Add a job for every key; the tables are there, and there are no jobs."""
    home = dj.Schema(schema)

    class Source(dj.Manual):
        definition = """
        source_id : int32
        ---
        value : float64
        """

    class Doubled(dj.Computed):
        definition = """
        -> Source
        ---
        doubled : float64
        """

    home(Source, context=locals())
    home(Doubled, context=locals())
    jobs = Doubled().jobs
    len(jobs)  # declares it
    begun = time.perf_counter()
    added = jobs.refresh()["added"]
    elapsed = time.perf_counter() - begun
    assert added == len(Source()), added
    return elapsed
