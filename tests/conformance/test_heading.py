"""Headings: what a table tells of its attributes, and how it shows them."""

from __future__ import annotations

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

        assert repr(A.heading) == str(A.heading) == bundle["text/plain"]
        assert "---" in repr(A.heading).splitlines()
        assert "&lt;b&gt;the key&lt;/b&gt;" in bundle["text/html"]
        assert f"{A.full_table_name.replace('`', '')}.a" in bundle["text/html"]


class TestAttribute:
    def test_tells_its_kind(self, A):
        """By the names that DataJoint gives the questions."""
        heading = A.heading

        assert ["a", "c"] == [a.name for a in heading if a.numeric]
        assert ["b"] == [a.name for a in heading if a.string]
        assert ["d"] == [a.name for a in heading if a.uuid]
        assert ["blob"] == [a.codec for a in heading if a.codec]
        assert not [a for a in heading if a.json or a.store is not None]
        assert "varchar(8)" == heading["b"].original_type
