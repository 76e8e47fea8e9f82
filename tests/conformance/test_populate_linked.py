"""Processes make keys of published modules, whose activation sets what their `make` asks for."""

from __future__ import annotations

import pytest

from tests.conformance.programs import start_python

_ELEMENT = """
import os, importlib, inspect
import djnb as dj

schema = dj.Schema()
_linking_module = None
_probe = None
_scale = 1


def activate(name, *, linking_module, probe=None, scale=1):
    global _linking_module, _probe, _scale
    if isinstance(linking_module, str):
        linking_module = importlib.import_module(linking_module)
    _linking_module, _probe, _scale = linking_module, probe, scale
    schema.activate(name, add_objects=vars(linking_module))


def get_root():
    return _linking_module.get_root()


@schema
class Result(dj.Computed):
    definition = '''
    -> Session
    ---
    pid : int64
    root : varchar(64)
    '''

    def make(self, key):
        session = (_linking_module.Session & key).fetch1("session")
        probes = len(_probe.Session()) if _probe else 0
        self.insert1(dict(key, pid=os.getpid(), root=f"{get_root()} {session * _scale} {probes}"))
"""

_WORKFLOW = """
import sys, threading
import djnb as dj

schema = dj.Schema(sys.argv[1])
lock = threading.Lock()
unused = lock
root = "/data"


@schema
class Session(dj.Lookup):
    definition = "session : int32"
    contents = [(number,) for number in range(4)]


def get_root():
    return root
"""

_ACTIVATION = """
def main():
    element.activate(sys.argv[1], linking_module={module}, probe=dj.VirtualModule("probe", sys.argv[1]), scale=3)
    print(element.Result.populate(processes=2, reserve_jobs=sys.argv[2] == "reserved"))
    pids, roots = element.Result.to_arrays("pid", "root")
    print(os.getpid() in pids, [*roots])


if __name__ == "__main__":
    main()
"""

_HEAD = "import os\nimport element\n"

SCRIPTS = {
    "main": _HEAD + _WORKFLOW + _ACTIVATION.format(module="__name__"),
    "a module": _HEAD + "import sys\nimport djnb as dj\n" + _ACTIVATION.format(module="'workflow'"),
    "a module made by hand": (
        _HEAD
        + _WORKFLOW
        + "from types import ModuleType\nlink = ModuleType('link')\n"
        + "vars(link).update(Session=Session, get_root=get_root, lock=lock)\n"
        + _ACTIVATION.format(module="link")
    ),
}


@pytest.mark.parametrize(
    ("linking", "how"), [("main", "direct"), ("a module", "reserved"), ("a module made by hand", "direct")]
)
def test_what_activating_has_set_is_there(database_url, schema, tmp_path, linking, how):
    """
    `activate(linking_module=...)` of a published module is called once, by whoever links it.

    The functions and tables of the linking module are there in the processes too, be it a notebook or a script; so are
    virtual modules and plain values. What cannot be sent of a notebook, and is not asked for, does no harm.
    """
    (tmp_path / "element.py").write_text(_ELEMENT)
    (tmp_path / "workflow.py").write_text(_WORKFLOW.replace("sys.argv[1]", repr(schema.name)))
    (tmp_path / "script.py").write_text(SCRIPTS[linking])
    environment = {"DJNB_DATABASE_URL": database_url}
    child = start_python("script.py", schema.name, how, environment=environment, cwd=tmp_path)

    told, complained = child.communicate(timeout=120)

    roots = [f"/data {3 * number} 4" for number in range(4)]
    assert (f"Result: 4 made\nFalse {roots}\n", "", 0) == (told, complained, child.returncode)


def test_what_cannot_be_sent_is_told(database_url, schema, tmp_path):
    """It is told which global is not there, by the log; nothing else is lost with it."""
    (tmp_path / "element.py").write_text(_ELEMENT)
    script = SCRIPTS["main"].replace("scale=3", "scale=lock")
    (tmp_path / "script.py").write_text(script.replace("processes=2", "processes=2, suppress_errors=True"))
    environment = {"DJNB_DATABASE_URL": database_url}
    child = start_python("script.py", schema.name, "direct", environment=environment, cwd=tmp_path)

    told, complained = child.communicate(timeout=120)

    # `session * 1` instead of `session * lock`.
    roots = [f"/data {number} 4" for number in range(4)]
    assert (f"Result: 4 made\nFalse {roots}\n", 0) == (told, child.returncode)
    assert (
        "`element._scale` is not sent to other processes: TypeError: cannot pickle '_thread.lock' object" in complained
    )
