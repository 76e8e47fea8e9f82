"""
Chaos: whatever becomes of the workers, each key is computed once, from the inputs as they are.

Processes are killed, stopped for longer than others wait for them, asked to end, and cut off from the server, at random
and at chosen points, while somebody changes the inputs. Then what is left is computed in peace, and counted.

The seed of all chance is printed; DJNB_TEST_CHAOS_SEED sets it, and DJNB_TEST_CHAOS_SECONDS the length.
"""

from __future__ import annotations

import os
import random
import secrets
import signal
import threading
import time
from collections import Counter
from contextlib import suppress
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pymysql
import pytest

import djnb as dj
from djnb.errors import LockError
from djnb.jobs import points
from djnb.sql.statement import Statement
from tests.conformance import faulty
from tests.conformance.crew import Crew, Member, wait_until

WORKERS = 4
SECONDS_PER_KEY = 0.03
WAITING = 150
"""So many keys wait at least over which no worker has died: others are not tried while there is chaos."""
STOPPED_SECONDS = 2.5
"""Longer than others wait for a worker, and than the server keeps the connection of one that says nothing."""

KINDS = {**dict.fromkeys(range(6), "flaky"), **dict.fromkeys(range(6, 10), "bad"), 10: "poison", 11: "poison"}
BLAME = {"bad": "BadError", "poison": "WorkerDied"}


class Writer(threading.Thread):
    """Somebody who changes the inputs of what is not computed yet, and sees to it that there always is something."""

    def __init__(self, pipeline: SimpleNamespace, seed: int) -> None:
        super().__init__(daemon=True)
        self.pipeline = pipeline
        self.chance = random.Random(seed)
        self.connection = pipeline.schema.connection
        self.is_over = threading.Event()
        self.kinds: dict[int, str] = {}
        self.changes = 0
        self.error: BaseException | None = None

    def add(self, kinds: dict[int, str]) -> None:
        """Insert samples."""
        faulty.add(self.pipeline, kinds)
        self.kinds.update(kinds)

    def run(self) -> None:
        try:
            while not self.is_over.wait(0.02):
                with suppress(LockError):  # then it is somebody else's turn
                    done, suspects = len(self.pipeline.Total), faulty.suspects(self.pipeline)
                    if len(self.kinds) - done - suspects < WAITING:
                        self.add(dict.fromkeys(range(len(self.kinds), len(self.kinds) + WAITING // 2), "good"))
                    at_work = faulty.reserved(self.pipeline)
                    for number in self.chance.sample(at_work, min(3, len(at_work))):
                        self.change(number)
        except BaseException as error:  # noqa: BLE001 -- told by the test
            self.error = error

    def change(self, number: int) -> None:
        """Change an input of a sample in one statement, unless its total is there."""
        tables = self.pipeline
        name = {table: self.connection.dialect.table(table().name) for table in (tables.Sample, tables.Gain)}
        reading, total = (self.connection.dialect.table(t().name) for t in (tables.Sample.Reading, tables.Total))
        is_open = f"NOT EXISTS (SELECT 1 FROM {total} AS t WHERE t.sample = {number})"
        new = self.chance.randrange(2, 2**30)
        sql = self.chance.choice(
            [
                f"UPDATE {name[tables.Sample]} SET value = value + 1 WHERE sample = {number} AND {is_open}",
                f"UPDATE {name[tables.Gain]} SET gain = gain + 1 WHERE sample = {number} AND {is_open}",
                f"DELETE FROM {reading} WHERE sample = {number} AND reading = 0 AND {is_open}",
                f"INSERT INTO {reading} (sample, reading, level) SELECT {number}, {new}, 5 WHERE {is_open}",
            ]
        )
        self.changes += self.connection.execute(Statement(sql)).affected

    def end(self) -> None:
        """Change nothing any more."""
        self.is_over.set()
        self.join()
        if self.error is not None:
            raise self.error


class Chaos:
    """What happens to the workers."""

    def __init__(self, crew: Crew, arguments: list[object], chance: random.Random, cut: Any) -> None:
        self.crew, self.arguments, self.chance = crew, arguments, chance
        self.end_connection = cut
        self.stopped: dict[Member, float] = {}
        self.deeds = Counter[str]()

    def staff(self, *, is_doomed: bool) -> None:
        """Start workers in the place of those that have ended; some are doomed to die at a point."""
        for _ in range(WORKERS - len(self.crew.alive)):
            doom = ""
            if is_doomed and self.chance.random() < 0.4:
                doom = f"{self.chance.choice(points.POINTS)}@{self.chance.randint(1, 15)}=kill"
                self.deeds["doomed"] += 1
            name = self.chance.choice(["work", "work", "work", "work_by_command"])
            self.crew.start(
                f"tests.conformance.faulty:{name}",
                *self.arguments,
                doom,
                SECONDS_PER_KEY,
                self.chance.random() < 0.5,
                environment=faulty.ENVIRONMENT,
            )

    def rage(self, seconds: float) -> None:
        """Do harm for some seconds."""
        end = time.monotonic() + seconds
        deeds = [self.kill, self.terminate, self.stop]
        if self.end_connection is not None:
            deeds += [self.cut]
        while time.monotonic() < end:
            self.staff(is_doomed=True)
            self.wake(time.monotonic())
            time.sleep(self.chance.uniform(0.1, 0.6))
            awake = [member for member in self.crew.alive if member not in self.stopped]
            if awake:
                deed = self.chance.choice(deeds)
                deed(self.chance.choice(awake))
                self.deeds[deed.__name__] += 1
        self.wake(float("inf"))

    def kill(self, member: Member) -> None:
        """End a process that cannot do anything about it."""
        member.send(signal.SIGKILL)

    def terminate(self, member: Member) -> None:
        """Ask a process to end."""
        member.send(signal.SIGTERM)

    def stop(self, member: Member) -> None:
        """Halt a process, for a while."""
        if len(self.stopped) == WORKERS // 2:
            return
        member.send(signal.SIGSTOP)
        self.stopped[member] = time.monotonic() + STOPPED_SECONDS

    def cut(self, member: Member) -> None:
        """End a connection of some worker's, at the server."""
        self.end_connection(self.chance)

    def calm(self, pipeline: SimpleNamespace, *, seconds: float) -> None:
        """Let workers do the rest, until there is none, and end."""

        def is_done() -> bool:
            self.staff(is_doomed=False)
            jobs = faulty.jobs(pipeline)
            failed = [n for n, job in jobs.items() if job.error_message.startswith("FlakyError")]
            if failed:  # somebody tries them again
                (pipeline.Total.jobs.errors & [{"sample": n} for n in failed]).delete()
                return False
            # All of it from one look at the jobs: one that fails between two looks would count as done.
            if any(faulty.is_unfinished(job) for job in jobs.values()):
                return False
            return len(pipeline.Total.key_source - pipeline.Total) == sum(
                job.status == "error" for job in jobs.values()
            )

        wait_until(is_done, "all keys are computed or failed", seconds=seconds)
        (self.crew.folder / "done").touch()
        for member in self.crew.alive:
            member.wait()

    def unexpected(self) -> list[str]:
        """Return what processes have said that ended by an error: none should."""
        return [member.said for member in self.crew.members if member.status == 1]

    def wake(self, now: float) -> None:
        """Let those go on that were halted for long enough."""
        for member in [member for member, until in self.stopped.items() if until <= now]:
            member.send(signal.SIGCONT)
            del self.stopped[member]


@pytest.fixture
def url_of_workers(database_url, schema, request):
    """The address that workers connect to: on a server, with an account of their own, to know their connections by."""
    if database_url.startswith("sqlite:"):
        yield database_url
        return
    admin = request.getfixturevalue("mysql_admin")
    name, password = f"djnb_test_{secrets.token_hex(4)}", secrets.token_urlsafe(12)
    admin(f"CREATE USER '{name}'@'%' IDENTIFIED BY '{password}'")
    admin(f"GRANT ALL PRIVILEGES ON `{schema.name}`.* TO '{name}'@'%'")
    parts = urlsplit(database_url)
    yield urlunsplit(parts._replace(netloc=f"{name}:{password}@{parts.hostname}:{parts.port}"))
    admin(f"DROP USER '{name}'@'%'")


@pytest.fixture
def cut(url_of_workers, request):
    """Give a function that ends one of the workers' connections; None where there are none to be ended."""
    user = urlsplit(url_of_workers).username
    if user is None:
        return None
    admin = request.getfixturevalue("mysql_admin")

    def cut(chance):
        found = admin("SELECT id FROM information_schema.processlist WHERE user = %s ORDER BY id", (user,))
        if found:
            with suppress(pymysql.err.OperationalError):  # it has ended by itself
                admin(f"KILL {chance.choice(found)[0]}")

    return cut


@pytest.fixture
def seed():
    """What all chance comes from."""
    seed = int(os.environ.get("DJNB_TEST_CHAOS_SEED") or secrets.randbelow(10**6))
    print(f"DJNB_TEST_CHAOS_SEED={seed}")
    return seed


class TestChaos:
    def test_each_key_is_computed_once_from_inputs_as_they_are(self, schema, crew, tmp_path, url_of_workers, cut, seed):
        """Nothing is lost, nothing is there twice, nobody waits for ever, and only who is to blame gets the blame."""
        seconds = float(os.environ.get("DJNB_TEST_CHAOS_SECONDS") or 20)
        pipeline = faulty.declare(schema, tmp_path)
        writer = Writer(pipeline, seed)
        writer.add({number: KINDS.get(number, "good") for number in range(WAITING)})
        with dj.config.override(faulty.PATIENCE):
            faulty.populate(pipeline.Total, max_calls=0)
            chaos = Chaos(crew, [url_of_workers, schema.name, str(tmp_path)], random.Random(seed), cut)
            writer.start()
            chaos.rage(seconds)
            writer.end()

            chaos.calm(pipeline, seconds=60)

            messages = {number: job.error_message for number, job in faulty.jobs(pipeline).items()}
            found, expected = faulty.totals(pipeline)
            zombies = sum("declared dead" in member.said for member in crew.members)
            ends = dict(Counter(member.status for member in crew.members))
            print(
                f"{len(found)} computed, {writer.changes} changes, {dict(chaos.deeds)}, {zombies} zombies, ends: {ends}"
            )
            innocent = {number: text for number, text in messages.items() if writer.kinds[number] not in BLAME}
            assert {} == innocent
            assert {n: BLAME[kind] for n, kind in writer.kinds.items() if kind in BLAME} == {
                number: text.partition(":")[0] for number, text in messages.items()
            }
            assert faulty.once(n for n, kind in writer.kinds.items() if kind not in BLAME) == faulty.counts(pipeline)
            assert expected == found
            assert [] == chaos.unexpected()
