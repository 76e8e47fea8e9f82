"""What a populate returns: counts, errors, and how they are shown."""

from __future__ import annotations

import pytest

from djnb.populate.result import PopulateResult

ERRORS = [({"recording_id": n}, f"ValueError: <b>bad</b> spike {n}") for n in range(7)]


class TestResult:
    """The value that a populate returns."""

    def test_iterating_yields_the_errors(self):
        """It stands for the list of errors, and its length is theirs."""
        result = PopulateResult("Analysis", 3, ERRORS)

        assert (ERRORS, 7) == (list(result), len(result))

    def test_result_without_errors_is_false_as_a_list_of_errors_is(self):
        """`if errors:` means what it says."""
        assert (False, True) == (bool(PopulateResult("Analysis", 3)), bool(PopulateResult("Analysis", 3, ERRORS)))

    def test_items_are_those_of_datajoint(self):
        """`result["success_count"]` and `result["error_list"]` work; other names are no items."""
        result = PopulateResult("Analysis", 3, ERRORS)

        assert (3, ERRORS) == (result["success_count"], result["error_list"])
        with pytest.raises(KeyError):
            result["duration"]

    def test_repr_counts_and_shows_the_first_errors(self):
        """The plain view is honest: counts, five errors, and where the others are."""
        result = PopulateResult("Analysis", 3, ERRORS, skipped_count=2, remaining=4, is_stopped=True)

        assert [
            "Analysis: 3 made, 7 failed, 2 already there, 4 left, stopped",
            *(f"  recording_id={n}: ValueError: <b>bad</b> spike {n}" for n in range(5)),
            "  … and 2 more in .error_list",
            "Populate again to make what is missing.",
        ] == repr(result).splitlines()

    def test_nothing_more_is_to_be_done(self):
        """A populate that made everything says so in one line."""
        assert "Analysis: 3 made" == repr(PopulateResult("Analysis", 3))

    def test_html_is_escaped_and_bounded(self):
        """What a make raised cannot write into the notebook's page."""
        html = PopulateResult("Analysis", 3, ERRORS)._repr_html_()

        assert (True, False, 6) == (
            "ValueError: &lt;b&gt;bad&lt;/b&gt; spike 4" in html,
            "<b>bad" in html or "spike 5" in html,
            html.count("<li>"),
        )

    def test_exception_objects_are_shown_as_their_messages(self):
        """The views are the same for exceptions as for messages."""
        result = PopulateResult("Analysis", 0, [({"recording_id": 1}, ValueError("bad"))])

        assert "recording_id=1: ValueError: bad" in repr(result)
        assert "recording_id=1</code>: ValueError: bad" in result._repr_html_()
