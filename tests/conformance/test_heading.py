"""Headings: what a table tells of its attributes, and how it shows them."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

import djnb as dj


@pytest.fixture
def A(schema):
    @schema
    class A(dj.Manual):
        definition = """
        a : int32           # <b>the key</b>
        ---
        b = "x" : varchar(8)
        c = null : float64
        d : uuid
        e : longblob
        """

    return A


class TestHeading:
    def test_sorts_its_names(self, A):
        """Key and others, large values and small ones."""
        heading = A.heading

        assert ["a", "b", "c", "d", "e"] == heading.names
        assert (["e"], ["a", "b", "c", "d"]) == (heading.blobs, heading.non_blobs)
        assert not heading.has_autoincrement

    def test_shows_itself_as_a_definition(self, A):
        """Comments in HTML are escaped, and the origin of the key is told."""
        bundle = A.heading._repr_mimebundle_()

        assert str(A.heading) == bundle["text/plain"]
        assert "---" in str(A.heading).splitlines()
        assert "&lt;b&gt;the key&lt;/b&gt;" in bundle["text/html"]
        assert f"{A.full_table_name.replace('`', '')}.a" in bundle["text/html"]

    def test_is_one_line_in_a_list(self, A):
        """Lists and tracebacks show its names, those of the key with a star."""
        assert "[<Heading *a, b, c, d, e>]" == repr([A.heading])

    def test_is_a_mapping_of_names_to_attributes(self, A):
        """`heading.attributes` as in DataJoint; the heading itself is walked by names."""
        attributes = A.heading.attributes

        assert ["a", "b", "c", "d", "e"] == list(attributes) == list(A.heading)
        assert A.heading["b"] is attributes["b"]
        assert ["the key".join(("<b>", "</b>"))] == [a.comment for a in attributes.values() if a.in_key]
        with pytest.raises(TypeError):
            attributes["b"] = None

    def test_leaves_hidden_attributes_out(self, schema):
        """They are in `hidden`, and known as such."""

        @schema
        class Setting(dj.Manual):
            definition = "---\nvalue : int32"

        hidden = Setting().node.stored.hidden

        assert ["value"] == list(Setting.heading.attributes)
        assert hidden
        assert all(attribute.is_hidden for attribute in hidden)

    def test_is_a_type_of_structured_arrays(self, A):
        """Numbers have their own types, everything else is an object; an array of it holds rows."""
        A.insert1({"a": 1, "d": uuid.UUID(int=1), "e": [1]})
        rows = np.array(
            [tuple(row.values()) for row in A.to_dicts(*A.heading.names[:4])], A.proj(..., "-e").heading.as_dtype
        )

        assert {"a": "int32", "b": "object", "c": "float64", "d": "object", "e": "object"} == {
            name: str(dtype) for name, (dtype, *_) in A.heading.as_dtype.fields.items()
        }
        assert (1, "x", True) == (rows["a"][0], rows["b"][0], np.isnan(rows["c"][0]))

    def test_tells_what_to_ask_instead(self, A):
        """What DataJoint's headings know of the table is known by the table."""
        with pytest.raises(AttributeError, match=r"table\.spec\.indexes"):
            A.heading.indexes
        with pytest.raises(AttributeError, match="has no `nothing`"):
            A.heading.nothing


class TestAttribute:
    def test_tells_its_kind(self, A):
        """By the names that DataJoint gives the questions."""
        heading = A.heading

        assert ["a", "c"] == [a.name for a in heading.visible if a.numeric]
        assert ["b"] == [a.name for a in heading.visible if a.string]
        assert ["d"] == [a.name for a in heading.visible if a.uuid]
        assert ["blob"] == [a.codec for a in heading.visible if a.codec]
        assert not [a for a in heading.visible if a.json or a.store is not None]
        assert "varchar(8)" == heading["b"].original_type

    def test_tells_the_type_of_arrays(self, schema):
        """An integer that may be None is an object; native types have their own sizes."""

        @schema
        class B(dj.Manual):
            definition = """
            a : tinyint unsigned
            ---
            b = null : int16
            c = null : float32
            """

        assert ["uint8", "object", "float32"] == [str(a.dtype) for a in B.heading.attributes.values()]
        assert not any(a.unsupported for a in B.heading.attributes.values())

    def test_tells_the_expression_of_a_query(self, A):
        """A computed attribute tells its text, a renamed one its former name, one of the table nothing."""
        heading = (A.proj("b", key="a", twice="a * 2", copy="(c)") & "twice > 0").heading

        assert {"key": "`a`", "b": None, "twice": "a * 2", "copy": "`c`"} == {
            name: attribute.attribute_expression for name, attribute in heading.attributes.items()
        }
