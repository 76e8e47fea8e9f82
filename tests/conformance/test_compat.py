"""Compat: `import datajoint` gives djnb, for packages that were written for DataJoint."""

from __future__ import annotations

import importlib
import importlib.metadata
import io
import sys
import uuid

import numpy as np
import pytest

import djnb
from djnb import compat
from djnb.errors import CompatError

MODULES = (
    *("admin", "attribute_adapter", "autopopulate", "blob", "codecs", "condition", "connection", "declare"),
    *("dependencies", "diagram", "errors", "expression", "external", "fetch", "hash", "heading", "jobs", "migrate"),
    *("preview", "schemas", "settings", "table", "user_tables", "utils"),
)


@pytest.fixture
def installed():
    """`datajoint` is djnb for the length of a test."""
    compat.install()
    yield importlib.import_module("datajoint")
    compat.uninstall()


@pytest.fixture
def not_installed():
    yield
    compat.uninstall()


class TestInstall:
    def test_migrations_are_found_or_explained(self, installed):
        """What there is to migrate comes from djnb, and what there is not is said."""
        from datajoint.migrate import add_job_metadata_columns

        assert add_job_metadata_columns is djnb.migrate.add_job_metadata_columns
        with pytest.raises(AttributeError, match="read as they are"):
            importlib.import_module("datajoint.migrate").migrate_columns

    def test_import_gives_djnb(self, installed):
        """The names of the top are djnb's own."""
        import datajoint as dj

        assert dj is installed
        assert djnb.Manual is dj.Manual
        assert djnb.schema is dj.schema
        assert djnb.config is dj.config
        assert djnb.DataJointError is dj.DataJointError

    def test_modules_give_the_names_that_packages_import(self, installed):
        """`from datajoint.table import Table` and its likes work, whatever the module."""
        from datajoint.autopopulate import AutoPopulate
        from datajoint.blob import MatCell, pack, unpack
        from datajoint.condition import AndList, Not
        from datajoint.connection import Connection
        from datajoint.errors import DataJointError, DuplicateError, QueryError, QuerySyntaxError
        from datajoint.expression import QueryExpression
        from datajoint.schemas import Schema
        from datajoint.settings import config
        from datajoint.table import Table
        from datajoint.user_tables import Computed, Part, UserTable

        assert unpack(pack([1, "a"])) == [1, "a"]
        assert (djnb.Query, djnb.Table, djnb.Table) == (QueryExpression, Table, UserTable)
        assert (djnb.AndList, djnb.Not, djnb.Schema) == (AndList, Not, Schema)
        assert (djnb.Connection, djnb.config, djnb.MatCell) == (Connection, config, MatCell)
        assert issubclass(Computed, AutoPopulate)
        assert issubclass(DuplicateError, QueryError)
        assert issubclass(QuerySyntaxError, DataJointError)
        assert djnb.Part is Part

    def test_modules_are_attributes_of_the_package(self, installed):
        """`dj.errors.DuplicateError` and `dj.blob.pack` work without a further import."""
        assert djnb.errors.DuplicateError is installed.errors.DuplicateError
        assert b"mYm\0" == installed.blob.pack(np.zeros(2))[:4]

    @pytest.mark.parametrize("module", MODULES)
    def test_every_module_can_be_imported(self, installed, module):
        """No import of a module fails for the module."""
        assert f"datajoint.{module}" == importlib.import_module(f"datajoint.{module}").__name__

    def test_every_name_that_is_promised_is_there(self, installed):
        """`from datajoint import *` gives everything that the package lists."""
        names = {}
        exec("from datajoint import *", names)

        assert set(installed.__all__) <= set(names)
        assert {"Manual", "Schema", "config", "conn", "Entry", "Compute", "key", "key_hash"} <= set(names)

    def test_version_is_the_last_classic_one(self, installed):
        """A package that asks for DataJoint 0.13 or newer, and older than 2, is content."""
        assert "0.14.9" == installed.__version__ == importlib.metadata.version("datajoint")

    def test_version_can_be_told(self, not_installed):
        """A package that was written for DataJoint 2 is told what it wants to hear."""
        compat.install(version="2.3.5")

        assert "2.3.5" == importlib.import_module("datajoint").__version__ == importlib.metadata.version("datajoint")

    def test_twice_is_as_once(self, installed):
        """A second call changes nothing but the version."""
        compat.install()

        assert installed is sys.modules["datajoint"]
        assert 1 == sum(isinstance(each, compat._Finder) for each in sys.meta_path)

    def test_real_datajoint_that_is_imported_already_is_not_replaced(self, monkeypatch):
        """Half of a program with one library and half with the other is refused, with what to do."""
        monkeypatch.setitem(sys.modules, "datajoint", type(sys)("datajoint"))

        with pytest.raises(CompatError, match=r"imported already.*restart the kernel"):
            compat.install()

        assert not any(isinstance(each, compat._Finder) for each in sys.meta_path)

    def test_uninstalled_leaves_nothing(self, installed):
        """Afterwards `datajoint` is what it was before: here, not installed."""
        importlib.import_module("datajoint.errors")

        compat.uninstall()

        assert [] == [name for name in sys.modules if name.partition(".")[0] == "datajoint"]
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("datajoint")

    def test_computed_tables_may_have_keys_of_their_own(self, not_installed):
        """Classic pipelines declare such tables; the setting comes back when compat is taken away."""
        before = djnb.config.jobs.allow_new_pk_fields_in_computed_tables
        compat.install()
        within = djnb.config.jobs.allow_new_pk_fields_in_computed_tables
        compat.uninstall()

        assert (False, True, False) == (before, within, djnb.config.jobs.allow_new_pk_fields_in_computed_tables)


class TestNames:
    def test_name_that_djnb_lacks_says_what_to_use_instead(self, installed):
        """What cannot be given is an AttributeError with advice, and `hasattr` is False."""
        with pytest.raises(AttributeError, match=r"no `StorageAdapter`.* opened by fsspec"):
            installed.StorageAdapter
        with pytest.raises(AttributeError, match="Did you mean 'Manual'"):
            installed.Manuel

        assert not hasattr(installed, "Instance")

    def test_import_of_a_name_that_djnb_lacks_is_an_import_error(self, installed):
        """`from datajoint import …` fails as Python has it."""
        with pytest.raises(ImportError, match="StorageAdapter"):
            from datajoint import StorageAdapter  # noqa: F401 -- it is to fail

    def test_hashes_are_datajoints(self, installed):
        """Keys and files that are told by their hashes keep them. The values are those of 0.14.9."""
        from datajoint.hash import key_hash, uuid_from_buffer, uuid_from_stream

        assert "4456d0bcde17f2280b93877cff7b3c36" == key_hash({"b": "x", "a": 12})
        assert uuid.UUID("900150983cd24fb0d6963f7d28e17f72") == uuid_from_buffer(b"abc")
        assert uuid_from_buffer(b"bc", init_string="a") == uuid_from_stream(io.BytesIO(b"abc"))

    @pytest.mark.parametrize(
        ("full", "master"), [("`a`.`b__c`", "`a`.`b`"), ("`a`.`__b`", ""), ("`a`.`__b__c_d`", "`a`.`__b`")]
    )
    def test_master_of_a_table_is_told_by_its_name(self, installed, full, master):
        """`datajoint.utils.get_master` works."""
        from datajoint.utils import get_master

        assert master == get_master(full)

    def test_camel_case_and_back(self, installed):
        """The functions that turn class names into table names are there."""
        from datajoint.utils import from_camel_case, to_camel_case

        assert ("spike_sort", "SpikeSort") == (from_camel_case("SpikeSort"), to_camel_case("spike_sort"))


def test_classic_pipeline_runs(installed, connection, schema):
    """A pipeline as 0.14 has it is declared, filled and asked through `datajoint`."""
    import datajoint as dj

    lab = dj.schema(schema.name, connection=connection)

    @lab
    class Mouse(dj.Manual):
        definition = """
        mouse_id : int
        ---
        weight=null : float
        notes : longblob
        """

    @lab
    class Spike(dj.Imported):
        definition = """
        -> Mouse
        spike : smallint
        ---
        height : float
        """

        def make(self, key):
            for each in range(2):
                self.insert1(dict(key, spike=each, height=each / 2))

    Mouse.insert([(1, 20.5, [1, 2]), (2, None, "none")])
    Spike.populate()

    assert 4 == len(Spike())
    assert [1, 2] == list((Mouse & "mouse_id = 1").fetch1("notes"))
    assert [{"mouse_id": 1}, {"mouse_id": 2}] == list(Mouse.fetch("KEY"))
    with pytest.raises(dj.errors.DuplicateError):
        Mouse.insert1((1, 1.0, [3]))
