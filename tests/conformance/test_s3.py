"""
A store on a server of S3, as labs have it: a real server on this machine answers.

The files are the same whatever database has the rows, so these tests use SQLite only.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
import traceback
import urllib.request
from contextlib import contextmanager

import numpy as np
import pytest

import djnb as dj
from djnb.errors import DuplicateError, MissingFileError, StoreError
from djnb.stores.configured import get_store
from tests.conftest import absent
from tests.servers import ADDRESS, free_port

START_SECONDS = 60
ACCESS, SECRET = "the-access-key", "the-secret-key"


@contextmanager
def s3_server():
    """Run a server of S3 that keeps everything in memory; give its host and port, and how to end it."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", ADDRESS, "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:

        def stop():
            process.kill()
            process.wait(START_SECONDS)

        try:
            _await_answer(f"http://{ADDRESS}:{port}/", process)
            yield f"{ADDRESS}:{port}", stop
        finally:
            stop()


def _await_answer(url, process):
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            urllib.request.urlopen(url, timeout=START_SECONDS).close()
        except OSError:
            assert process.poll() is None, "The server of S3 has ended"
            assert time.monotonic() < end, "The server of S3 does not answer"
            time.sleep(0.05)  # until it listens
        else:
            return


def _need_packages():
    missing = [name for name in ("moto", "flask", "s3fs") if importlib.util.find_spec(name) is None]
    if missing:
        absent(f"No server of S3: {' and '.join(missing)} not installed", "DJNB_TEST_REQUIRE_S3")


@pytest.fixture(scope="module")
def endpoint():
    """Give host and port of a server with the bucket `lab`."""
    _need_packages()
    with s3_server() as (address, _):
        _put(address, "lab")
        yield address


def _put(address, path, content=b""):
    """Put a file on the server, or make a bucket, as any other program does."""
    kind = {"Content-Type": "application/octet-stream"}
    request = urllib.request.Request(f"http://{address}/{path}", content or None, kind, method="PUT")
    urllib.request.urlopen(request, timeout=START_SECONDS).close()


def settings(endpoint, **changed):
    """Return the settings of a store as DataJoint writes them."""
    return {
        "protocol": "s3",
        "endpoint": endpoint,
        "bucket": "lab",
        "location": "project",
        "access_key": ACCESS,
        "secret_key": SECRET,
        "secure": False,
        **changed,
    }


@pytest.fixture
def schema(tmp_path):
    """Give a schema in SQLite."""
    with dj.Connection(f"sqlite:///{tmp_path / 'rows.sqlite'}") as connection:
        yield dj.Schema("lab", connection=connection)


@pytest.fixture
def declare(schema):
    """Give a function that declares a table with a value of a codec in the store `cloud`."""

    def declare(codec):
        @schema
        class Scan(dj.Manual):
            definition = f"scan_id : int32\n---\ndata : <{codec}@cloud>"

        return Scan

    return declare


def told(error):
    """Return all that is shown of an error: the messages of all its causes, and the lines of code."""
    return "".join(traceback.format_exception(error))


GIVEN = {
    "blob": (lambda _: {"a": 1}, lambda got, _: {"a": 1} == got),
    "attach": (lambda file: file, lambda got, folder: "hi" == (folder / got).read_text()),
    "npy": (lambda _: np.arange(3), lambda got, _: [0, 1, 2] == np.asarray(got).tolist()),
    "object": (lambda file: file, lambda got, _: b"hi" == got.read()),
    "hash": (lambda _: b"abc", lambda got, _: b"abc" == got),
}


@pytest.mark.parametrize("codec", GIVEN)
def test_values_go_there_and_come_back(endpoint, declare, tmp_path, codec):
    """Every codec keeps its values on the server; a failed insert leaves no file there."""
    (tmp_path / "note.txt").write_text("hi")
    make, is_right = GIVEN[codec]
    dj.config.stores.cloud = settings(endpoint, location=codec)
    Scan = declare(codec)

    Scan.insert1({"scan_id": 1, "data": make(tmp_path / "note.txt")})

    store = get_store("cloud")
    before = [path for path, _, _ in store.walk("")]
    with pytest.raises(DuplicateError):
        Scan.insert([{"scan_id": 2, "data": b"x" if codec == "hash" else make(tmp_path / "note.txt")}, Scan.fetch1()])
    assert is_right(Scan.fetch1("data"), tmp_path)
    assert before == [path for path, _, _ in store.walk("")]
    assert 1 == len(before)


def test_file_of_the_server_is_referred_to(endpoint, declare):
    """`<filepath@store>` points at a file that is on the server already."""
    dj.config.stores.cloud = settings(endpoint, location="films")
    _put(endpoint, "lab/films/day/one.avi", b"film")
    Video = declare("filepath")

    Video.insert1({"scan_id": 1, "data": "day/one.avi"})

    assert b"film" == Video.fetch1("data").read()


def test_missing_file_names_the_row(endpoint, declare):
    """A file that is gone from a bucket that is there is told with its row."""
    dj.config.stores.cloud = settings(endpoint, location="gone")
    Scan = declare("blob")
    Scan.insert1({"scan_id": 1, "data": 1})
    dj.config.stores.cloud.location = "elsewhere"

    with pytest.raises(MissingFileError, match=r"'data' of `Scan` for the key \{'scan_id': 1\} is missing"):
        Scan.fetch1("data")


def test_missing_bucket_is_named(endpoint, declare):
    """A bucket that is not there is named, in an insert and in a fetch: it is no matter of one file."""
    dj.config.stores.cloud = settings(endpoint, location="bucket")
    Scan = declare("blob")
    Scan.insert1({"scan_id": 1, "data": 1})
    dj.config.stores.cloud.bucket = "lap"

    for act in (lambda: Scan.insert1({"scan_id": 2, "data": 2}), lambda: Scan.fetch1("data")):
        with pytest.raises(StoreError, match=r"no bucket 'lap' on its server.*\['bucket'\]") as refused:
            act()
        assert not isinstance(refused.value, MissingFileError)
        assert SECRET not in told(refused.value)
    assert 1 == len(Scan)


def test_server_that_is_gone(declare):
    """A server that does not answer is told, without the keys; no row is inserted."""
    _need_packages()
    with s3_server() as (address, stop):
        _put(address, "lab")
        once = {"config_kwargs": {"retries": {"max_attempts": 0}}}
        dj.config.stores.cloud = settings(address, options=once)
        Scan = declare("blob")
        Scan.insert1({"scan_id": 1, "data": 1})
        stop()

        for act in (lambda: Scan.insert1({"scan_id": 2, "data": 2}), lambda: Scan.fetch1("data")):
            with pytest.raises(StoreError, match=r"in the store 'cloud' \(lab/project\): .*onnect") as refused:
                act()
            assert not isinstance(refused.value, MissingFileError)
            assert not any(secret in told(refused.value) for secret in (SECRET, ACCESS))
        assert 1 == len(Scan)
