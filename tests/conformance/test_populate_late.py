"""Processes make keys of classes whose schema is activated after they were defined."""

from __future__ import annotations

import pytest

from tests.conformance.programs import start_python

_MODULE = """
import os
import djnb as dj

schema = dj.Schema()


@schema
class Session(dj.Lookup):
    definition = "session : int32"
    contents = [(number,) for number in range(6)]


@schema
class Result(dj.Computed):
    definition = '''
    -> Session
    ---
    pid : int64
    '''

    class Step(dj.Part):
        definition = '''
        -> master
        step : int32
        '''

    def make(self, key):
        self.insert1(dict(key, pid=os.getpid()))
        self.Step.insert1(dict((Session & key).fetch1(), step=1))


def activate(name):
    schema.activate(name)
"""

_SCRIPT = """
import os, sys
import djnb as dj
import late

schema = dj.Schema()


@schema
class Own(dj.Computed):
    definition = '''
    -> late.Session
    ---
    pid : int64
    '''

    def make(self, key):
        self.insert1(dict((late.Session & key).fetch1(), pid=os.getpid()))


def main():
    late.activate(sys.argv[1])
    schema.activate(sys.argv[1])
    for table in (late.Result, Own):
        print(table.populate(processes=2, reserve_jobs=sys.argv[2] == "reserved"))
        print(os.getpid() in table.to_arrays("pid"), len(table()))
    print(len(late.Result.Step()))


main()
"""


@pytest.mark.parametrize("how", ["direct", "reserved"])
def test_by_a_function_of_a_module_and_in_main(database_url, schema, tmp_path, how):
    """
    Nobody calls that function in the processes; they know the tables all the same.

    So it is for what `make` reads, for parts, and for classes of `__main__`, as a notebook's are.
    """
    (tmp_path / "late.py").write_text(_MODULE)
    (tmp_path / "script.py").write_text(_SCRIPT)
    environment = {"DJNB_DATABASE_URL": database_url}
    child = start_python("script.py", schema.name, how, environment=environment, cwd=tmp_path)

    told, complained = child.communicate(timeout=120)

    assert ("Result: 6 made\nFalse 6\nOwn: 6 made\nFalse 6\n6\n", "", 0) == (told, complained, child.returncode)
