"""Values in files, in one store: each library reads what the other wrote."""

from __future__ import annotations

import pytest

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
