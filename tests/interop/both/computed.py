"""Computed tables with the hidden metadata of jobs."""

from __future__ import annotations


def declare(dj, name, *, add_job_metadata):
    """Declare a table and what is imported and computed from it; return the classes."""
    schema = dj.Schema(name)

    class Subject(dj.Lookup):
        definition = """
        subject_id : int32
        """
        contents = ((1,), (2,), (3,))

    class Trace(dj.Imported):
        definition = """
        -> Subject
        ---
        length : int32
        """

        def make(self, key):
            self.insert1(dict(key, length=10))

    class Score(dj.Computed):
        definition = """
        -> Trace
        """

        class Step(dj.Part):
            definition = """
            -> master
            step : int8
            """

        def make(self, key):
            self.insert1(key)
            self.Step.insert1(dict(key, step=1))

    with dj.config.override(jobs__add_job_metadata=add_job_metadata):
        local = {"Subject": Subject, "Trace": Trace, "Score": Score}
        return [schema(cls, context=local) for cls in local.values()]


def populate(dj, name, *, max_calls, add_job_metadata=True):
    """Populate some keys of both tables, by a version that no git gives."""
    _, trace, score = declare(dj, name, add_job_metadata=add_job_metadata)
    trace.populate(max_calls=max_calls)
    score.populate(max_calls=max_calls)


def add_columns(dj, name):
    """Give the tables the hidden attributes, and return what was done, without the statements."""
    _, trace, _ = declare(dj, name, add_job_metadata=False)
    add = dj.migrate.add_job_metadata_columns
    first = add(trace, dry_run=False)
    whole = add(dj.Schema(name), dry_run=False)
    counts = [[each[key] for key in ("tables_analyzed", "tables_modified", "columns_added")] for each in (first, whole)]
    return [counts, sorted([d["table"].split(".")[1], d["status"], d["columns_added"]] for d in whole["details"])]
