"""Users' own kinds of values: codecs for DataJoint 2 and its predecessors, adapters of 0.14."""

from __future__ import annotations

import sys

import pytest

import djnb as dj
from djnb.codecs import registry
from djnb.errors import DataJointError, InvalidValueError, UnknownTypeError
from tests.conformance.stores import files_in, stored_values


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    """Forget the codecs of a test after it; the built-in ones, whose modules are imported once, stay."""
    for name in registry._BUILT_IN:
        dj.get_codec(name)
    monkeypatch.setattr(registry, "_classes", dict(registry._classes))
    monkeypatch.setattr(registry, "_instances", dict(registry._instances))


@pytest.fixture
def declare(schema):
    """Give a function that declares a table with one attribute of a type."""

    def declare(kind):
        body = {"definition": f"row_id : int32\n---\nvalue = null : {kind}"}
        return schema(type("Held", (dj.Manual,), body), context={})

    return declare


class TestCodec:
    @pytest.mark.parametrize(
        ("dtype", "kept"), [("float64", 293.15), ("varchar(16)", "293.15"), ("json", "293.15"), ("<blob>", None)]
    )
    def test_is_kept_as_the_type_it_names(self, declare, dtype, kept):
        """`get_dtype` may be any core type, or another codec; the column has that type."""

        class Celsius(dj.Codec):
            name = "celsius"

            def get_dtype(self, is_store):
                return dtype

            def encode(self, value, *, key=None, store_name=None):
                return str(value + 273.15) if dtype.startswith("varchar") else value + 273.15

            def decode(self, stored, *, key=None):
                return float(stored) - 273.15

        Held = declare("<celsius>")
        Held.insert([{"row_id": 1, "value": 20.0}, {"row_id": 2, "value": None}])

        assert [20.0, None] == [row["value"] for row in Held.to_dicts(order_by="row_id")]
        if kept is not None:
            assert [kept, None] == stored_values(Held, "value")

    def test_passes_its_store_inward(self, declare, store):
        """A codec upon `<blob>` keeps its values in a store where the definition names one."""

        class Doubled(dj.Codec):
            name = "doubled"

            def get_dtype(self, is_store):
                return "<blob>"

            def encode(self, value, *, key=None, context=None, store_name=None):
                return {"value": value, "store": store_name, "key": key, "field": context["field"]}

            def decode(self, stored, *, key=None, context=None):
                return stored

        Held = declare("<doubled@main>")
        Held.insert1({"row_id": 7, "value": 1})

        assert {"value": 1, "store": "main", "key": {"row_id": 7}, "field": "value"} == Held.fetch1("value")
        assert 1 == len(files_in(store))

    def test_written_before_contexts_reads_them_from_the_key(self, schema, declare):
        """A codec that declares no `context` finds it in the key, as before DataJoint 2.3.4."""

        class Old(dj.Codec):
            name = "oldcodec"

            def get_dtype(self, is_store):
                return "json"

            def encode(self, value, *, key=None, store_name=None):
                return [key["_schema"], key["_table"], key["_field"], key["row_id"]]

            def decode(self, stored, *, key=None):
                return stored

        Held = declare("<oldcodec>")
        Held.insert1({"row_id": 3, "value": 0})

        assert [schema.name, "held", "value", 3] == Held.fetch1("value")

    def test_checks_its_values(self, declare):
        """What `validate` refuses is not inserted; the message names attribute, row and codec."""

        class Even(dj.Codec):
            name = "even"

            def get_dtype(self, is_store):
                return "int32"

            def validate(self, value):
                if value % 2:
                    raise ValueError(f"{value} is odd")

            def encode(self, value, *, key=None, store_name=None):
                return value

            def decode(self, stored, *, key=None):
                return stored

        Held = declare("<even>")
        with pytest.raises(
            InvalidValueError, match="The value 3 for 'value' in row 1 is refused by `<even>`: 3 is odd"
        ):
            Held.insert([{"row_id": 1, "value": 2}, {"row_id": 2, "value": 3}])

        assert 0 == len(Held)

    def test_with_files_of_its_own(self, declare, store):
        """A codec written for DataJoint 2 places its files by its base's methods."""

        class Text(dj.SchemaCodec):
            name = "textfile"

            def encode(self, value, *, key=None, context=None, store_name=None):
                schema, table, field, primary_key = self._extract_context(key, context)
                path, _ = self._build_path(
                    schema, table, field, primary_key, ext=".txt", store_name=store_name, config=None
                )
                self._get_backend(store_name).put_buffer(value.encode(), path)
                return {"path": path, "store": store_name}

            def decode(self, stored, *, key=None, context=None):
                return self._get_backend(stored["store"]).get_buffer(stored["path"]).decode()

        Held = declare("<textfile@main>")
        Held.insert1({"row_id": 1, "value": "hello"})

        assert "hello" == Held.fetch1("value")
        assert files_in(store)[0].endswith(".txt")

    def test_that_leads_back_to_itself_is_refused(self, declare):
        """A circle of codecs is refused when it is declared."""

        class Circle(dj.Codec):
            name = "circle"

            def get_dtype(self, is_store):
                return "<circle>"

            def encode(self, value, *, key=None, store_name=None):
                return value

            def decode(self, stored, *, key=None):
                return stored

        with pytest.raises(UnknownTypeError, match="leads back to itself: <circle> → <circle>"):
            declare("<circle>")


PACKAGE = """
import djnb as dj

class Upper(dj.Codec):
    name = "upper"

    def get_dtype(self, is_store):
        return "varchar(20)"

    def encode(self, value, *, key=None, store_name=None):
        return value.upper()

    def decode(self, stored, *, key=None):
        return stored
"""


class TestInstalledPackage:
    @pytest.fixture(autouse=True)
    def packages(self, tmp_path, monkeypatch):
        """Install a package whose codec works, and one with three that do not."""
        site = tmp_path / "site"
        points = {
            "lab_good": "upper = lab_good:Upper\n",
            "lab_broken": "unborn = lab_broken:Unborn\nnowhere = lab_nowhere:Codec\nloud = lab_broken:Loud\n",
        }
        for name, lines in points.items():
            info = site / f"{name}-1.0.dist-info"
            info.mkdir(parents=True)
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            (info / "entry_points.txt").write_text(f"[datajoint.codecs]\n{lines}")
        (site / "lab_good.py").write_text(PACKAGE)
        (site / "lab_broken.py").write_text(
            "class Loud:\n    def __init__(self):\n        raise OSError('no camera')\n"
        )
        monkeypatch.syspath_prepend(str(site))
        yield
        for name in points:
            sys.modules.pop(name, None)

    def test_brings_its_codec(self, declare):
        """A codec that an installed package announces is used without importing the package."""
        assert "upper" in dj.list_codecs()

        Held = declare("<upper>")
        Held.insert1({"row_id": 1, "value": "abc"})

        assert "ABC" == Held.fetch1("value")

    @pytest.mark.parametrize(
        ("name", "point", "reason"),
        [
            ("unborn", "lab_broken:Unborn", "AttributeError: .*Unborn"),
            ("nowhere", "lab_nowhere:Codec", "ModuleNotFoundError: No module named 'lab_nowhere'"),
            ("loud", "lab_broken:Loud", "OSError: no camera"),
        ],
    )
    def test_broken_one_is_told_and_concerns_no_other(self, schema, declare, name, point, reason):
        """A package that fails is named with its error where its codec is asked for; nothing else is refused."""
        with pytest.raises(
            DataJointError,
            match=rf"'{name}' cannot be used: `{point}` of the installed package 'lab_broken' fails with {reason}",
        ):
            declare(f"<{name}>")

        assert [] == schema.list_tables()
        assert {"upper", "blob", name} <= set(dj.list_codecs())
        Held = declare("<upper>")
        Held.insert1({"row_id": 1, "value": "abc"})
        assert "ABC" == Held.fetch1("value")


class TestAttributeAdapter:
    @pytest.mark.parametrize("attribute_type", ["longblob", "blob@main", "varchar(20)"])
    def test_is_found_by_name(self, schema, store, attribute_type):
        """An adapter of DataJoint 0.14 is found where the table is declared."""

        class Joined(dj.AttributeAdapter):
            def put(self, parts):
                return "-".join(parts)

            def get(self, text):
                return text.split("-")

        joined = Joined()
        joined.attribute_type = attribute_type

        @schema
        class Held(dj.Manual):
            definition = """
            row_id : int32
            ---
            value : <joined>
            """

        Held.insert1({"row_id": 1, "value": ["a", "b"]})

        assert ["a", "b"] == Held.fetch1("value")
        assert ("@" in attribute_type) == bool(files_in(store))
        assert "<joined>" == Held.heading["value"].type.text


def test_codecs_are_listed():
    """The built-in codecs are known by their names, and found."""
    assert {"attach", "blob", "filepath", "hash", "npy", "object"} <= set(dj.list_codecs())
    assert "npy" == dj.get_codec("<npy@main>").name
