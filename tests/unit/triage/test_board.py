"""The board of a table's jobs: what is seen, what is chosen, what is done, without any widget."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import MissingTableError, OperandError, RowCountError
from djnb.tables.jobs import JobTable
from djnb.triage import Board
from djnb.triage.downstream import Dependent


@pytest.fixture
def board(Spikes):
    """A board with two jobs a page, looked at once."""
    board = Board(Spikes.jobs, size=2)
    board.look()
    return board


def recordings(view):
    return [row["recording"] for row in view.rows]


def run(code, Spikes):
    """Run the Python of a deed as a user would who has copied it, and return the names that it has made."""
    names = {"Spikes": Spikes, "dj": dj}
    *before, last = code.split("\n") if "\n" not in code else [code, "None"]
    exec("\n".join(before), names)
    names["value"] = eval(last, names)
    return names


class TestLook:
    """What there is to see."""

    def test_counts_kinds_and_a_page(self, board):
        """Of all jobs, before anything is chosen."""
        view = board.view

        assert {state: count for state, count in view.counts.items() if count} == {"pending": 2, "error": 4, "total": 6}
        assert [(kind.count, kind.message) for kind in view.kinds] == [
            (3, "ValueError: bad spike at 9"),
            (1, "OSError: no file"),
        ]
        assert (recordings(view), view.first, view.last, view.matching) == ([3, 6], 1, 2, 6)

    def test_pages_are_turned(self, board):
        """On and back, and not over the ends."""
        assert recordings(board.turn_on()) == [7, 9]
        assert recordings(board.turn_on()) == [11, 12]
        assert recordings(board.turn_on()) == [11, 12]
        assert (board.view.first, board.view.last) == (5, 6)
        assert recordings(board.turn_back()) == [7, 9]
        assert recordings(board.turn_back()) == [3, 6]
        assert recordings(board.turn_back()) == [3, 6]

    def test_looking_again_keeps_the_page(self, board, Spikes):
        """Also where its first job has gone since."""
        board.turn_on()
        (Spikes.jobs & "recording = 7").delete()

        view = board.look()

        assert (recordings(view), view.matching) == ([9, 11], 5)

    @pytest.mark.parametrize(
        ("choice", "found"),
        [
            ({"state": "error"}, [3, 6, 7, 9]),
            ({"state": "pending"}, [11, 12]),
            ({"text": "no file"}, [7]),
            ({"state": "error", "text": "6"}, [6]),
            ({"state": "error", "sort": "message"}, [7, 3, 6, 9]),
        ],
    )
    def test_what_is_chosen_is_seen(self, board, choice, found):
        """The number that match is exact, and the Python for it says the same jobs."""
        board.choose(**choice)
        board.size = 10

        view = board.look()

        assert recordings(view) == found
        assert view.matching == len(found)
        assert len(eval(board.chosen_code, {"Spikes": type(board.jobs.owner)})) == len(found)

    def test_a_kind_of_error_is_chosen(self, board):
        """Its jobs are those that it counts."""
        board.choose(kind=board.view.kinds[0].signature)

        assert (recordings(board.look()), board.view.matching) == ([3, 6], 3)

    def test_an_unknown_choice_is_refused(self, board):
        """The message says what there is."""
        with pytest.raises(OperandError, match=r"state 'failed'.*pending, reserved"):
            board.choose(state="failed")
        with pytest.raises(OperandError, match=r"sorted 'size'.*by turn"):
            board.choose(sort="size")


class TestDetail:
    """One job, in full."""

    def test_it_has_the_traceback_and_where_it_ran(self, board):
        """As it is now."""
        detail = board.detail(board.view.rows[0])

        assert (detail.key, detail.status, detail.message) == ({"recording": 3}, "error", "ValueError: bad spike at 3")
        assert 'raise ValueError(f"bad spike at {number}")' in detail.stack
        assert {"host", "pid", "duration", "completed_time"} <= set(detail.facts)

    def test_a_job_that_has_vanished_is_told(self, board, Spikes):
        """Rather than shown as it was."""
        row = board.view.rows[0]
        Spikes.jobs.delete()

        with pytest.raises(RowCountError, match=r"not there any more.*A worker has completed it"):
            board.detail(row)


class TestDo:
    """What is done is planned first."""

    def test_nothing_is_done_to_nothing(self, board):
        """The message says what to do."""
        with pytest.raises(OperandError, match=r"No job is selected. Select some"):
            board.plan("retry")

    @pytest.mark.parametrize(
        ("verb", "options", "count", "question"),
        [
            ("retry", {}, 3, "Retry: 3 jobs of Spikes?"),
            ("ignore", {}, 3, "Ignore 3 jobs of Spikes?"),
            ("prioritize", {"priority": 1}, 3, "Give 3 jobs of Spikes the priority 1?"),
            ("delete", {}, 3, "Delete 3 jobs of Spikes?"),
        ],
    )
    @pytest.mark.parametrize("takes_all", [True, False])
    def test_python_does_the_same(self, board, Spikes, verb, options, count, question, takes_all):
        """The question names the exact number; what is done can be undone; the copied code does it again."""
        board.choose(kind=board.view.kinds[0].signature)
        board.size = 10
        board.look()
        if takes_all:
            board.select_all()
        else:
            board.select(board.view.rows)
        before = Spikes.jobs.to_dicts()
        ignoring = ("scheduled_time",)

        deed = board.plan(verb, **options)
        assert (deed.count, deed.question) == (count, question)
        assert Spikes.jobs.to_dicts() == before
        outcome = board.do(deed)
        after = Spikes.jobs.to_dicts()
        said = board.undo()

        assert outcome.count == count
        assert said.endswith(f"{count} jobs are as before.")
        assert Spikes.jobs.to_dicts() == before != after
        assert run(deed.code, Spikes)["value"] == count
        assert [_without(job, ignoring) for job in Spikes.jobs.to_dicts()] == [_without(job, ignoring) for job in after]

    def test_ignored_jobs_are_retried(self, board, Spikes):
        """Where those are what is looked at."""
        Spikes.jobs.errors.ignore()
        board.choose(state="ignore")
        board.look()
        board.select_all()

        deed = board.plan("retry")

        assert (deed.count, deed.code) == (4, "Spikes.jobs.ignored.retry(ignored=True)")
        assert board.do(deed).count == 4

    @pytest.mark.parametrize("copied", [False, True])
    def test_jobs_are_retried_and_run_here(self, board, Spikes, copied):
        """In the background; those that succeed leave the table of jobs."""
        board.choose(state="error")
        board.look()
        board.select(board.view.rows)
        Spikes.is_mended = True

        deed = board.plan("run")
        assert deed.dependents == (Dependent("Summary", "Computed", 0),)
        begun = run(deed.code, Spikes)["run"] if copied else board.do(deed).run
        begun.wait()

        assert begun.result().success_count == 2
        assert len(Spikes & "recording IN (3, 6)") == 2
        assert len(Spikes.jobs) == 4

    def test_without_the_class_nothing_runs_here(self, Spikes):
        """The message says what is needed."""
        jobs = Spikes().jobs
        board = Board(JobTable(jobs.connection, jobs.name, jobs.target))
        board.choose(state="error")
        board.look()
        board.select_all()

        with pytest.raises(OperandError, match="No class is known that makes Spikes"):
            board.plan("run")
        assert board.plan("retry").code == "dj.Schema('lab').jobs['Spikes'].errors.retry()"

    def test_jobs_that_nobody_is_at_are_given_back(self, board, Spikes):
        """Of all the table, where none is selected."""
        Spikes.jobs.reserve({"recording": 11})
        Spikes.jobs.update1({"recording": 11, "reserved_time": "2024-01-01"})

        deed = board.plan("release", older_than=60)

        assert (deed.count, deed.code) == (1, "Spikes.jobs.release_stale(older_than=60)")
        assert board.do(deed).text == "1 job waits again."
        assert board.view.counts["reserved"] == 0

    def test_what_changed_meanwhile_is_told(self, board, Spikes):
        """A colleague was faster with one of them."""
        board.choose(state="error")
        board.look()
        board.select_all()
        deed = board.plan("retry")
        (Spikes.jobs & "recording = 3").retry()

        assert board.do(deed).text == "3 jobs wait again. 1 job had gone or changed meanwhile."

    def test_there_is_one_undo(self, board, Spikes):
        """And none of what workers have begun since."""
        board.choose(state="error")
        board.look()
        board.select_all()
        board.do(board.plan("retry"))
        assert Spikes.jobs.reserve({"recording": 3})

        assert board.undo() == (
            "Undone: retry: 4 jobs of Spikes. 3 jobs are as before; 1 job had been begun or changed meanwhile."
        )
        with pytest.raises(OperandError, match="nothing to undo"):
            board.undo()


class TestFaults:
    """What goes wrong is said."""

    def test_a_dropped_table_is_told(self, board, Spikes):
        """By the error of the database."""
        dj.Schema("lab", connection=Spikes.connection).drop(force=True)

        with pytest.raises(MissingTableError):
            board.look()


class TestPlainViews:
    """A job table alone in a cell."""

    def test_it_shows_counts_kinds_and_failed_jobs(self, Spikes):
        """Nothing that changes from one time to the next."""
        shown = Spikes.jobs._repr_mimebundle_()

        assert shown["text/plain"] == (
            "Spikes.jobs: 2 pending, 4 error\n\n"
            "Errors: 2 kinds\n"
            "jobs  error                       one of them\n"
            "----  --------------------------  -----------\n"
            "   3  ValueError: bad spike at 9  recording=9\n"
            "   1  OSError: no file            recording=7\n\n"
            "Jobs: 1 to 4 of 4 (error)\n"
            "*recording  status  priority  message\n"
            "----------  ------  --------  --------------------------\n"
            "         3  error          5  ValueError: bad spike at 3\n"
            "         6  error          5  ValueError: bad spike at 6\n"
            "         7  error          5  OSError: no file\n"
            "         9  error          5  ValueError: bad spike at 9"
        )
        assert "<caption><b>Errors</b> · 2 kinds</caption>" in shown["text/html"]

    def test_messages_cannot_break_out_of_the_html(self, Spikes):
        """They are text."""
        Spikes.jobs.error({"recording": 11}, "<script>alert(1)</script>")

        assert "<script" not in Spikes.jobs._repr_mimebundle_()["text/html"]

    def test_the_jobs_of_a_schema_show_a_line_for_each_table(self, Spikes):
        """With the counts of its states."""
        jobs = dj.Schema("lab", connection=Spikes.connection).jobs

        assert "Spikes        2         0        0      4       0      6" in jobs._repr_mimebundle_()["text/plain"]
        assert len(jobs["Spikes"]) == 6
        with pytest.raises(OperandError, match=r"no jobs of 'Spike'.*Did you mean 'Spikes'"):
            jobs["Spike"]


def _without(job, names):
    return {name: value for name, value in job.items() if name not in names}
