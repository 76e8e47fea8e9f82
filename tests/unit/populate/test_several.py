"""All tables of a schema, populated as one run."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import MakeError, PopulateError
from djnb.events import PopulateStarted
from djnb.populate.result import PopulateResult


class TestSchema:
    def test_tables_are_made_ancestors_first(self, lab):
        """What follows from a table comes after it, whatever the names and the order of the definitions."""
        told = []
        with lab.connection.bus.subscribed(told.append, PopulateStarted):
            results = lab.schema.populate()

        assert [("Trace", 3), ("Event", 3)] == [(event.table, event.total) for event in told]
        assert 1 == len({event.run for event in told})
        assert {"Trace": PopulateResult("Trace", 3), "Event": PopulateResult("Event", 3)} == results
        assert (6, 0, "Trace: 3 made\nEvent: 3 made") == (results.success_count, results.failed_count, repr(results))

    def test_restriction_and_bound_hold_for_all(self, lab):
        """A restriction restricts every table; max_calls counts the keys of all."""
        restricted = lab.schema.populate({"session": 1})
        bounded = lab.schema.populate(max_calls=3)

        assert (1, 1) == (restricted["Trace"].success_count, restricted["Event"].success_count)
        assert (2, 1) == (bounded["Trace"].success_count, bounded["Event"].success_count)

    def test_error_ends_all_and_tells_what_was_made(self, lab):
        """A failing key ends the run; the error has what was made of each table, and says which were not begun."""

        def fail(key):
            if key["session"] == 1:
                raise ValueError("bad spike")

        lab.say = fail

        with pytest.raises(MakeError, match="bad spike") as caught:
            lab.schema.populate()

        result = caught.value.result
        assert ({"Trace"}, ("Event",), 1) == (set(result), result.waiting, result.success_count)
        assert repr(result).endswith("Not begun: Event")

    def test_errors_can_be_gone_past(self, lab):
        """With suppress_errors the tables that follow make what they can."""

        def fail(key):
            if key["session"] == 1:
                raise ValueError("bad spike")

        lab.say = fail

        results = lab.schema.populate(suppress_errors=True)

        assert [(2, 1), (2, 0)] == [(each.success_count, len(each)) for each in results.values()]

    def test_in_the_background_it_is_one_run(self, lab):
        """The handle is that of all tables, and its picture has a line for each."""
        run = lab.schema.populate(background=True)

        results = run.result(60)

        assert ("lab", ("Trace", "Event")) == (run.table, run.tables)
        assert 6 == results.success_count
        assert [3, 3] == [stage.made for stage in run.view().stages]
        assert "<b>Event</b>: 3 made" in run._repr_mimebundle_()["text/html"]
        assert run in dj.runs()
        assert "lab: Event  ended" in repr(dj.runs())

    def test_stop_ends_all(self, lab):
        """Stopped amid one table, the run begins no other."""
        runs = []
        lab.say = lambda key: runs[0].stop()
        with lab.connection.bus.subscribed(lambda event: runs.append(event.run), PopulateStarted):
            results = lab.schema.populate()

        assert ({"Trace": PopulateResult("Trace", 1, remaining=2, is_stopped=True)}, ("Event",)) == (
            dict(results),
            results.waiting,
        )

    def test_terminal_has_a_bar_for_each_table(self, lab, capsys):
        """Off the notebook, every table leaves its bar."""
        lab.schema.populate(display_progress=True)

        bars = capsys.readouterr().err
        assert [True, True] == [f"{table}: 100%" in bars for table in ("Trace", "Event")]

    def test_schema_without_a_make_is_refused(self, lab):
        """There must be a class that says how its rows are made."""
        empty = dj.Schema("empty", connection=lab.connection)

        with pytest.raises(PopulateError, match="No table of the schema 'empty' has a `make`"):
            empty.populate()
