"""Values in files, in one store: each library reads what the other wrote."""

from __future__ import annotations

from datetime import timedelta

import pytest

import djnb
from djnb.model.naming import TableName
from tests.conformance.stores import files_in

pytestmark = pytest.mark.mysql


def test_files_of_datajoint_2_are_found(datajoint_2, own, name, tmp_path):
    """Arrays, objects, hashed values and files of a store, and attachments, are read."""
    datajoint_2.run("files.fill", name=name, folder=str(tmp_path / "store"), packed=False)

    assert own.run("files.check_lazy", name=name, folder=str(tmp_path / "store")) == []
    assert own.run("files.check_attached", name=name) == []


def test_files_of_djnb_are_found_by_datajoint_2(datajoint_2, own, name, tmp_path):
    """DataJoint reads arrays, objects, hashed values and files from the store, and attachments."""
    own.run("files.fill", name=name, folder=str(tmp_path / "store"), packed=True)
    assert own.run("files.check_lazy", name=name, folder=str(tmp_path / "store")) == []
    assert own.run("files.check_packed", name=name, folder=str(tmp_path / "store")) == []

    assert datajoint_2.run("files.check_lazy", name=name, folder=str(tmp_path / "store")) == []
    assert datajoint_2.run("files.check_attached", name=name) == []


def test_packed_files_of_djnb_are_found_by_datajoint_2(datajoint_2, own, name, tmp_path):
    """DataJoint reads blobs and attachments from the store."""
    own.run("files.fill", name=name, folder=str(tmp_path / "store"), packed=True)

    assert datajoint_2.run("files.check_packed", name=name, folder=str(tmp_path / "store")) == []


def test_external_values_of_datajoint_0_14_are_found(datajoint_0_14, own, name, tmp_path):
    """Blobs, attachments and files of the external stores are read."""
    folder = str(tmp_path / "stores")
    datajoint_0_14.run("classic.fill", name=name, folder=folder)
    assert datajoint_0_14.run("classic.check_files", name=name, folder=folder) == []

    assert own.run("classic.check_files", name=name, folder=folder) == []


def test_files_of_datajoint_2_are_no_orphans(datajoint_2, own, name, tmp_path):
    """Every file that DataJoint has written is known to belong to a row; without the rows, all are orphans."""
    folder = tmp_path / "store"
    datajoint_2.run("files.fill", name=name, folder=str(folder), packed=False)
    own.run("files.check_lazy", name=name, folder=str(folder))
    schema = djnb.Schema(name)

    assert [] == orphans(schema, "cold").paths
    for table in reversed(list(schema)):
        table.delete(prompt=False)
    kept = [path for path in files_in(folder) if not path.startswith(("_hash/", "_schema/"))]
    assert orphans(schema, "cold").execute()
    assert kept == files_in(folder)


def test_orphans_of_datajoint_0_14(datajoint_0_14, own, name, tmp_path):
    """What `~external` lists and no row refers to is removed with its entry; files of `filepath` stay."""
    folder = tmp_path / "stores"
    datajoint_0_14.run("classic.fill", name=name, folder=str(folder))
    assert own.run("classic.check_files", name=name, folder=str(folder)) == []
    schema = djnb.Schema(name)
    assert [] == [path for store in ("blobs", "papers", "files") for path in orphans(schema, store).paths]

    schema["Filed"].delete(prompt=False)

    assert [1, 1, 0] == [orphans(schema, store).execute() for store in ("blobs", "papers", "files")]
    assert [] == files_in(folder / "blobs") + files_in(folder / "papers")
    assert ["day/data.txt"] == files_in(folder / "files")
    lists = [djnb.FreeTable(schema.connection, TableName(name, f"~external_{store}")) for store in ("blobs", "files")]
    assert [0, 1] == [len(table) for table in lists]


def orphans(schema, store):
    """Return the plan for files of whatever age."""
    return schema.orphans(store, older_than=timedelta(0))
