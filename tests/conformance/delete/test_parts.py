"""Parts go with their master, and not without it."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import IntegrityError
from tests.conformance.delete.left import rows


class TestDeleteOfParts:
    @pytest.fixture
    def Result(self, schema, Session):
        """Two results with two parts each."""

        @schema
        class Result(dj.Manual):
            definition = """
            -> Session
            """

            class Item(dj.Part):
                definition = """
                -> master
                item : int32
                ---
                -> [nullable] Session.proj(from_subject='subject', from_session='session')
                """

        Result.insert([(1, 1), (2, 1)])
        Result.Item.insert([(1, 1, 1, None, None), (1, 1, 2, 1, 2), (2, 1, 1, 2, 1), (2, 1, 2, None, None)])
        return Result

    def test_go_with_their_master(self, Result):
        """Deleting a master deletes its parts."""
        assert 1 == (Result & {"subject": 1}).delete(prompt=False)
        assert [(2, 1, 1), (2, 1, 2)] == rows(Result.Item)

    def test_go_with_what_is_above_their_master(self, Session, Result):
        """A cascade that takes the master takes the parts."""
        (Session & {"subject": 2}).delete(prompt=False)

        assert [(1, 1)] == rows(Result)
        assert [(1, 1, 1), (1, 1, 2)] == rows(Result.Item)

    def test_do_not_go_without_their_master(self, Result):
        """Deleting rows of a part alone would leave half a result; it is refused and nothing goes."""
        with pytest.raises(IntegrityError, match=r"1 row of the part `Result.Item` would go while.*master `Result`"):
            (Result.Item & {"subject": 1, "item": 1}).delete(prompt=False)

        assert 4 == len(Result.Item)

    def test_do_not_go_by_another_way_without_their_master(self, Session, Result):
        """A cascade that reaches a part by another foreign key, and not its master, is refused; nothing goes."""
        with pytest.raises(IntegrityError, match=r"1 row of the part `Result.Item` would go"):
            (Session & {"subject": 1, "session": 2}).delete(prompt=False)

        assert (3, 2, 4) == (len(Session), len(Result), len(Result.Item))

    def test_go_alone_if_that_is_wanted(self, Session, Result):
        """`part_integrity='ignore'` deletes rows of parts alone."""
        assert 1 == (Result.Item & {"subject": 1, "item": 1}).delete(prompt=False, part_integrity="ignore")
        (Session & {"subject": 1, "session": 2}).delete(prompt=False, part_integrity="ignore")

        assert [(2, 1, 1), (2, 1, 2)] == rows(Result.Item)
        assert [(1, 1), (2, 1)] == rows(Result)

    def test_of_no_rows_is_no_offence(self, Result):
        """Where no row of a part would go, nothing is refused."""
        assert 0 == (Result.Item & {"subject": 9}).delete(prompt=False)

    def test_with_the_master_under_another_name(self, schema, Subject):
        """A part may rename what it has of its master."""

        @schema
        class Group(dj.Manual):
            definition = """
            group : int32
            """

            class Member(dj.Part):
                definition = """
                -> master.proj(belongs='group')
                -> Subject
                """

        Group.insert([[1], [2]])
        Group.Member.insert([(1, 1), (2, 2)])

        with pytest.raises(IntegrityError, match="1 row of the part"):
            (Subject & {"subject": 2}).delete(prompt=False)
        assert 1 == (Group & {"group": 1}).delete(prompt=False)
        assert [(2, 2)] == rows(Group.Member)
