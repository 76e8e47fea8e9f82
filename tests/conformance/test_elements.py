"""
Published pipelines: the elements of DataJoint for neuroscience, written for 0.14, run unchanged with djnb.

They are installed from PyPI into a folder of the machine's cache, once, without what they depend on.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import importlib
import os
import subprocess
import sys
import tempfile
import types
from pathlib import Path

import numpy as np
import pytest

import djnb
from djnb import compat
from tests.conftest import SCHEMA_PREFIX, absent

ELEMENTS = ("element-lab==0.3.0", "element-animal==0.1.8", "element-session==0.1.6", "element-event==0.2.3",
            "element-interface==0.6.1", "element-optogenetics==0.1.3", "element-calcium-imaging==0.7.8")  # fmt: skip


@pytest.fixture(scope="module")
def elements():
    """The folder that has the packages."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or tempfile.gettempdir())
    chosen = hashlib.md5(" ".join(ELEMENTS).encode()).hexdigest()[:6]
    folder = base / f"djnb-tests-elements-{sys.version_info[0]}.{sys.version_info[1]}-{chosen}"
    if not (folder / "complete").exists():
        install = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--upgrade", "--target", str(folder)]
        done = subprocess.run([*install, *ELEMENTS], capture_output=True, text=True, check=False)
        if done.returncode:
            said = f"The elements cannot be installed from PyPI: {done.stderr.strip()[-300:]}"
            absent(said, "DJNB_TEST_REQUIRE_PEERS")
        (folder / "complete").touch()
    return folder


@pytest.fixture
def pipeline(elements, connection, monkeypatch):
    """All elements activated, as a workflow's `pipeline.py` does it."""
    compat.install()
    monkeypatch.syspath_prepend(str(elements))
    monkeypatch.setattr("djnb.connection.default._connection", connection)
    prefix = SCHEMA_PREFIX + os.urandom(3).hex() + "_"

    def load(name):
        return importlib.import_module(name)

    link = types.ModuleType("workflow")
    link.lab, link.subject = load("element_lab.lab"), load("element_animal.subject")
    link.project, link.session = load("element_lab.project"), load("element_session.session_with_datetime")
    link.surgery, link.genotyping = load("element_animal.surgery"), load("element_animal.genotyping")
    link.event, link.trial = load("element_event.event"), load("element_event.trial")
    link.lab.activate(prefix + "lab")
    link.Source, link.Lab, link.Protocol = link.lab.Source, link.lab.Lab, link.lab.Protocol
    link.User = link.Experimenter = link.lab.User
    link.project.activate(prefix + "project", linking_module=link)
    link.Project = link.project.Project
    link.subject.activate(prefix + "subject", linking_module=link)
    link.Subject = link.subject.Subject
    link.surgery.activate(prefix + "surgery", linking_module=link)
    link.genotyping.activate(prefix + "genotyping", linking_module=link)
    link.session.activate(prefix + "session", linking_module=link)
    link.Session = link.session.Session
    link.trial.activate(prefix + "trial", prefix + "event", linking_module=link)
    yield link
    compat.uninstall()
    for name in [name for name in sys.modules if name.partition(".")[0].startswith("element_")]:
        del sys.modules[name]


@pytest.fixture
def filled(pipeline):
    """One animal, one session, one recording with trials."""
    pipeline.lab.Lab.insert1(("gold", "The Gold Lab", "221B Baker St", "UTC+0"))
    pipeline.lab.User.insert1({"user": "ann"})
    pipeline.subject.Subject.insert(
        [
            {"subject": "m1", "sex": "F", "subject_birth_date": "2024-01-02"},
            {"subject": "m2", "sex": "U", "subject_birth_date": dt.date(2024, 2, 3)},
        ]
    )
    pipeline.subject.Subject.Lab.insert1({"subject": "m1", "lab": "gold"})
    key = {"subject": "m1", "session_datetime": dt.datetime(2024, 5, 6, 7, 8, 9)}
    pipeline.session.Session.insert1(key)
    pipeline.session.SessionDirectory.insert1({**key, "session_dir": "m1/s1"})
    pipeline.session.Session.Attribute.insert1(
        {**key, "attribute_name": "gains", "attribute_blob": np.arange(3.0)}, skip_duplicates=True
    )
    pipeline.event.BehaviorRecording.insert1({**key, "recording_duration": 12.5})
    pipeline.trial.TrialType.insert([("stim", "with light"), ("ctrl", "without")])
    pipeline.trial.Trial.insert(
        [
            {**key, "trial_id": n, "trial_type": kind, "trial_start_time": n, "trial_stop_time": n + 0.5}
            for n, kind in enumerate(["stim", "ctrl", None])
        ],
        allow_direct_insert=True,
    )
    return pipeline


def test_elements_are_activated_with_linking_modules(pipeline):
    """Eight modules of five packages declare their tables, through linking modules, in eight schemas."""
    modules = ("lab", "project", "subject", "surgery", "genotyping", "session", "event", "trial")

    for name in modules:
        schema = getattr(pipeline, name).schema
        assert isinstance(schema, djnb.Schema)
        assert all(table.is_declared for table in schema.tables)
    assert {"lab", "organization"} == set(pipeline.lab.Lab.Organization.primary_key)


def test_activated_elements_can_be_activated_again(pipeline, statements):
    """A second activation by the same name is silent and free."""
    name = pipeline.subject.schema.name
    statements.clear()

    pipeline.subject.activate(name, linking_module=pipeline)

    assert [] == [sent for sent in statements if sent.lstrip().upper().startswith(("CREATE", "INSERT"))]


def test_elements_are_filled_and_queried(filled):
    """Rows go in and come out with the classic words."""
    session, subject, trial = filled.session, filled.subject, filled.trial

    assert ["m1", "m2"] == list(subject.Subject.fetch("subject"))
    row = (subject.Subject * session.Session & {"sex": "F"}).fetch1()
    assert (dt.date(2024, 1, 2), "m1") == (row["subject_birth_date"], row["subject"])
    assert [0.0, 1.0, 2.0] == list((session.Session.Attribute & 'attribute_name="gains"').fetch1("attribute_blob"))
    assert [{"subject": "m2"}] == (subject.Subject - session.Session).fetch("KEY")
    assert [{"trial_type": "stim", "n": 1}, {"trial_type": "ctrl", "n": 1}] == sorted(
        ({"trial_type": r["trial_type"], "n": r["n"]} for r in trial.TrialType.aggr(trial.Trial, n="count(*)").fetch(
            as_dict=True)),
        key=lambda r: r["trial_type"], reverse=True,
    )  # fmt: skip
    assert "m1/s1" == (session.SessionDirectory & (session.Session & "session_datetime > '2024-01-01'")).fetch1(
        "session_dir"
    )


def test_left_join_of_the_export_works(filled):
    """The export to NWB joins what may be missing: `join(…, left=True)`."""
    subject = filled.subject
    query = (subject.Subject & {"subject": "m2"}).join(subject.Subject.Line, left=True)

    assert (None, "m2") == (query.fetch1("line"), query.fetch1("subject"))


def test_csv_is_ingested(pipeline, elements, tmp_path):
    """`element_interface.utils.ingest_csv_to_table` works, with its reports."""
    (tmp_path / "users.csv").write_text("user,user_email,other\nann,a@b.c,1\nbob,,2\n")
    utils = importlib.import_module("element_interface.utils")

    utils.ingest_csv_to_table([tmp_path / "users.csv"], [pipeline.lab.User()])

    assert [("ann", "a@b.c"), ("bob", "")] == [
        (r["user"], r["user_email"]) for r in pipeline.lab.User.fetch(as_dict=True, order_by="user")
    ]


def test_elements_are_drawn(pipeline):
    """The diagram spans all schemas, names every table, and is drawn by graphviz where it is installed."""
    import datajoint as dj

    diagram = dj.Diagram(pipeline.subject) + dj.Diagram(pipeline.session) + dj.Diagram(pipeline.trial.schema)
    dot, mermaid = diagram.make_dot(), diagram.unfold().make_mermaid()

    assert all(f">{name}<" in dot for name in ("Subject", "Session", "Trial"))
    assert all(name in mermaid for name in ("Subject.Strain", "SessionDirectory", "BlockTrial"))
    assert 3 == dot.count("subgraph cluster_")
    assert "Subject" in str(dj.ERD(pipeline.session.Session) - 1)
    if djnb.diagram.render.can_draw():
        assert "</svg>" in diagram.svg_string()


def test_rows_of_elements_are_deleted(filled):
    """A delete goes down through the schemas of four packages."""
    (filled.subject.Subject & {"subject": "m1"}).delete(prompt=False)

    assert (1, 0, 0, 2) == tuple(
        len(each()) for each in (
            filled.subject.Subject, filled.session.Session, filled.trial.Trial, filled.trial.TrialType
        )
    )  # fmt: skip


def test_elements_of_recordings_are_activated_and_drawn(pipeline):
    """Optogenetics and two-photon imaging refer to tables of a workflow, and hang below its sessions in a diagram."""
    name = SCHEMA_PREFIX + os.urandom(3).hex()
    optogenetics = importlib.import_module("element_optogenetics.optogenetics")
    scan = importlib.import_module("element_calcium_imaging.scan")
    pipeline.Device = pipeline.Equipment = pipeline.lab.Device
    pipeline.Implantation, pipeline.Location = pipeline.surgery.Implantation, pipeline.lab.Location
    pipeline.get_imaging_root_data_dir = pipeline.get_processed_root_data_dir = list

    optogenetics.activate(name + "_opto", linking_module=pipeline)
    scan.activate(name + "_scan", linking_module=pipeline)

    drawn = str(djnb.Diagram(pipeline.session.Session) + 1)
    assert all(table.is_declared for module in (optogenetics, scan) for table in module.schema.tables)
    assert "Scan" in drawn
    assert "OptoProtocol" in drawn
