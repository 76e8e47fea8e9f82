"""Headings: attributes in order, found by name."""

from __future__ import annotations

import pytest

from djnb.errors import UnknownAttributeError
from djnb.model.attribute import NULL, Attribute, Default
from djnb.model.core_types import parse_type
from djnb.model.heading import Heading

SUBJECT = Attribute("subject_id", parse_type("int32"), in_key=True, comment="the id")
REC = Attribute("rec", parse_type("int16"), in_key=True)
X = Attribute("x", parse_type("float64"), default=Default("1.5"), comment="V")
NOTE = Attribute("note", parse_type("varchar(16)"), nullable=True, default=NULL)
DATA = Attribute("data", parse_type("<blob>"))
HIDDEN = Attribute("_job_version", parse_type("varchar(64)"), default=Default(""))


@pytest.fixture
def heading():
    return Heading.of([SUBJECT, REC, X, NOTE, DATA, HIDDEN])


class TestNames:
    def test_names_come_in_order_and_by_role(self, heading):
        """The key, the rest, and what may be large are told apart."""
        assert ["subject_id", "rec", "x", "note", "data"] == heading.names
        assert ["subject_id", "rec"] == heading.primary_key
        assert ["x", "note", "data"] == heading.secondary_attributes
        assert ["data"] == heading.blobs

    def test_hidden_attributes_are_kept_apart(self, heading):
        """A leading underscore keeps an attribute out of names, iteration and membership."""
        assert ((HIDDEN,), False, 5) == (heading.hidden, "_job_version" in heading, len(heading))

    def test_attribute_is_found_by_name(self, heading):
        """A heading is asked like a dict, and walked like one, by names."""
        assert (X, heading.names) == (heading["x"], list(heading))

    def test_name_that_is_not_there_gets_the_nearest_one_offered(self, heading):
        """The error carries the name and the names there are."""
        with pytest.raises(UnknownAttributeError, match="Did you mean 'note'") as caught:
            heading["notes"]

        assert ("notes", ("subject_id", "rec", "x", "note", "data")) == (caught.value.name, caught.value.available)

    def test_check_names_the_first_stranger_and_the_owner(self, heading):
        """A list of names is checked at once."""
        heading.check(["x", "rec"], owner="Recording")

        with pytest.raises(UnknownAttributeError, match="`Recording` has no attribute 'y'"):
            heading.check(["x", "y", "z"], owner="Recording")


class TestKeys:
    def test_another_key_moves_its_attributes_to_the_front(self, heading):
        """Within the key and behind it, the heading's own order stays."""
        changed = heading.keyed_by(["note", "rec"])

        assert (["rec", "note"], ["subject_id", "x", "data"]) == (changed.primary_key, changed.secondary_attributes)
        assert ["rec", "note", "subject_id", "x", "data"] == changed.names


class TestRequired:
    @pytest.mark.parametrize(
        ("attribute", "is_required"),
        [
            (SUBJECT, True),
            (DATA, True),
            (X, False),
            (NOTE, False),
            (Attribute("n", parse_type("int auto_increment"), in_key=True), False),
        ],
    )
    def test_row_must_give_what_has_no_default(self, attribute, is_required):
        """Defaults, null and the database's numbers fill in for a row."""
        assert is_required == attribute.is_required


class TestText:
    def test_heading_reads_like_a_definition(self, heading):
        """What is shown could be declared again."""
        assert str(heading) == (
            "subject_id : int32        # the id\n"
            "rec : int16\n"
            "---\n"
            'x = "1.5" : float64       # V\n'
            "note = null : varchar(16)\n"
            "data : <blob>"
        )

    def test_computed_attribute_says_so(self):
        """What an expression gives has no declared type."""
        assert "---\nn : computed" == str(Heading.of([Attribute("n")]))
