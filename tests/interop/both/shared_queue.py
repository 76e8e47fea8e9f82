"""A table whose jobs workers of DataJoint and of djnb share; what each of them may do with a job."""

from __future__ import annotations


def tables(dj, name, bad=()):
    """Declare recordings and what is computed of each; some of them fail. Returns the two classes."""
    schema = dj.Schema(name)
    world = dj.__name__

    class Recording(dj.Manual):
        definition = """
        recording_id : int32
        channel : varchar(8)
        """

    class Result(dj.Computed):
        definition = """
        -> Recording
        ---
        maker : varchar(16)
        """

        def make(self, key):
            if key["recording_id"] in bad:
                raise ValueError(f"recording {key['recording_id']} is bad")
            self.insert1(dict(key, maker=world))

    schema(Recording, context=locals())
    schema(Result, context=locals())
    return Recording, Result


def record(dj, name, count):
    """Insert recordings."""
    Recording, _ = tables(dj, name)
    Recording.insert([{"recording_id": n, "channel": "a%b"} for n in range(count)])


def refresh(dj, name, **options):
    """Bring the jobs up to date."""
    return tables(dj, name)[1]().jobs.refresh(**options)


def work(dj, name, bad=(), **options):
    """Populate by the queue, as DataJoint does; return how many keys were made."""
    _, Result = tables(dj, name, bad)
    return Result.populate(reserve_jobs=True, suppress_errors=True, **options)["success_count"]


def reserve(dj, name, number):
    """Reserve a job."""
    return tables(dj, name)[1]().jobs.reserve({"recording_id": number, "channel": "a%b"})


def fail(dj, name, number, message, stack):
    """Reserve a job and note that it failed."""
    jobs, key = tables(dj, name)[1]().jobs, {"recording_id": number, "channel": "a%b"}
    jobs.reserve(key)
    jobs.error(key, message, stack)


def complete(dj, name, number, keep):
    """Reserve a job and complete it."""
    jobs, key = tables(dj, name)[1]().jobs, {"recording_id": number, "channel": "a%b"}
    jobs.reserve(key)
    with dj.config.override(jobs__keep_completed=keep):
        jobs.complete(key, duration=1.5)


def ignore(dj, name, number):
    """Have a job passed over."""
    tables(dj, name)[1]().jobs.ignore({"recording_id": number, "channel": "a%b"})


def states(dj, name):
    """Return the number, state, message and traceback of every job."""
    jobs = tables(dj, name)[1]().jobs
    rows = jobs.to_dicts()
    return sorted([r["recording_id"], r["status"], r["error_message"], r["error_stack"] or ""] for r in rows)


def progress(dj, name):
    """Return how many jobs are in which state."""
    return tables(dj, name)[1]().jobs.progress()


def results(dj, name):
    """Return how many results each world has made."""
    _, Result = tables(dj, name)
    makers = [row["maker"] for row in Result().to_dicts()]
    return {maker: makers.count(maker) for maker in set(makers)}
