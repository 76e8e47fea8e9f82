"""What `make` prints and draws, kept key by key."""

from __future__ import annotations

import io
import sys
import threading

import pytest

from djnb.populate.output import Output, Outputs
from djnb.populate.recorder import Recorder

PNG = b"\x89PNG"


class TestText:
    def test_prints_are_kept_by_key(self, lab, capsys):
        """What a key prints is in the result, under the key, and nowhere else."""
        lab.say = lambda key: print(f"now {key['session']}") if key["session"] else None

        result = lab.Trace.populate(capture_output=True)

        assert [
            Output({"session": 1}, "now 1\n", table="Trace"),
            Output({"session": 2}, "now 2\n", table="Trace"),
        ] == result.outputs
        assert ("", "") == tuple(capsys.readouterr())
        assert "What make printed for 2 keys is in .outputs" in repr(result)

    def test_without_asking_prints_go_where_they_go(self, lab, capsys):
        """Nobody's programs lose what they print."""
        lab.say = lambda key: print("hello")

        result = lab.Trace.populate({"session": 0})

        assert ("hello\n", []) == (capsys.readouterr().out, result.outputs)

    def test_standard_error_is_kept_too(self, lab):
        """Warnings and messages of libraries belong to the key as well."""
        lab.say = lambda key: print("careful", file=sys.stderr)

        assert "careful\n" == lab.Trace.populate({"session": 0}, capture_output=True).outputs[0].text

    def test_output_of_a_failed_key_is_marked(self, lab):
        """What a key said before it failed helps to see why, and comes first."""

        def fail(key):
            print(f"at {key['session']}")
            if key["session"] == 2:
                raise ValueError("bad")

        lab.say = fail

        result = lab.Trace.populate(capture_output=True, suppress_errors=True)

        assert [False, False, True] == [output.is_failed for output in result.outputs]
        first = result._repr_html_().split("<details>")[1]
        assert "<summary><code>session=2</code>: 1 line, failed</summary><pre>at 2\n</pre>" in first

    def test_text_is_escaped(self):
        """What is printed cannot become markup."""
        assert "<pre>&lt;b&gt;</pre>" in Output({"a": 1}, "<b>")._repr_html_()

    def test_what_others_print_meanwhile_is_theirs(self, lab, capsys):
        """A run in the background takes nothing of what other cells print."""
        begun, go_on = threading.Event(), threading.Event()

        def say(key):
            print("mine")
            begun.set()
            go_on.wait(60)

        lab.say = say
        run = lab.Trace.populate({"session": 0}, capture_output=True, background=True)
        begun.wait(60)
        print("not mine")
        now = run.outputs.now()
        go_on.set()

        assert ["mine\n"] == [output.text for output in run.result(60).outputs]
        assert ["mine\n"] == [output.text for output in now]
        assert "not mine\n" == capsys.readouterr().out

    def test_streams_are_as_before(self, lab):
        """After the run, standard output is the one that was there."""
        before = sys.stdout, sys.stderr

        lab.Trace.populate(capture_output=True)

        assert before == (sys.stdout, sys.stderr)

    @pytest.mark.parametrize("reserve_jobs", [False, True])
    def test_other_processes_report_what_they_print(self, lab, reserve_jobs):
        """What is printed in another process comes back with the key."""
        lab.say = lambda key: print(f"now {key['session']}")

        result = lab.Trace.populate(capture_output=True, processes=2, reserve_jobs=reserve_jobs)

        assert {"now 0\n", "now 1\n", "now 2\n"} == {output.text for output in result.outputs}

    def test_with_jobs_it_is_the_same(self, lab):
        """A worker that shares the keys keeps what its own keys print."""
        lab.say = lambda key: print(f"now {key['session']}")

        result = lab.Trace.populate(capture_output=True, reserve_jobs=True)

        assert {"now 0\n", "now 1\n", "now 2\n"} == {output.text for output in result.outputs}


class TestBounds:
    def test_of_a_long_text_the_beginning_and_the_end_stay(self):
        """A loop that prints for hours does not fill the memory."""
        with Recorder(is_on=True) as recorder:
            recorder.begin({})
            for number in range(30_000):
                print(f"line {number}")
            output = recorder.end()

        assert output is not None
        assert output.text.startswith("line 0\n")
        assert output.text.endswith("line 29999\n")
        assert "characters left out" in output.text
        assert len(output.text) < 50_000

    def test_of_many_keys_the_last_ones_stay_and_those_that_failed(self):
        """A run of a million keys keeps a bounded number of outputs."""
        outputs = Outputs()
        outputs.add(Output({"n": -1}, "failed", is_failed=True))
        for number in range(300):
            outputs.add(Output({"n": number}, "text"))

        kept = outputs.ended()

        assert (200, 101) == (len(kept), outputs.lost)
        assert [-1, 101, 299] == [kept[place].key["n"] for place in (0, 1, -1)]

    def test_of_large_outputs_few_stay(self):
        """So does one of keys that draw much."""
        outputs = Outputs()
        for number in range(20):
            outputs.add(Output({"n": number}, figures=(b"x" * 2_000_000,)))

        assert 8 == len(outputs.ended())


class TestFigures:
    @pytest.fixture(autouse=True)
    def pyplot(self, monkeypatch):
        """Draw without a window."""
        matplotlib = pytest.importorskip(
            "matplotlib", reason="djnb draws without it; figures are kept where it is installed"
        )
        matplotlib.use("agg")
        from matplotlib import pyplot as plt

        yield plt
        plt.close("all")

    def test_are_kept_as_pictures_and_closed(self, lab, pyplot):
        """A figure that make draws can be looked at under its key, and takes no memory any more."""

        def say(key):
            _, axes = pyplot.subplots()
            axes.plot([1, 2, 3])

        lab.say = say

        (output,) = lab.Trace.populate({"session": 0}, capture_output=True).outputs

        assert ([True], "1 figure") == ([figure.startswith(PNG) for figure in output.figures], output.extent)
        assert [] == pyplot.get_fignums()

    def test_figure_of_another_cell_stays_where_it_is(self, lab, pyplot):
        """Figures that others draw during a key are not taken."""
        before = pyplot.figure()
        drawn = []

        def draw_elsewhere(key):
            other = threading.Thread(target=lambda: drawn.append(pyplot.figure()))
            other.start()
            other.join(60)

        lab.say = draw_elsewhere
        result = lab.Trace.populate({"session": 0}, capture_output=True)

        assert [] == result.outputs
        assert [before.number, drawn[0].number] == pyplot.get_fignums()

    def test_figure_that_cannot_be_drawn_fails_no_key(self, lab, pyplot):
        """The key is made, and its output says why there is no picture."""
        lab.say = lambda key: pyplot.figure().text(0.5, 0.5, r"$\frac{$")

        result = lab.Trace.populate({"session": 0}, capture_output=True)

        assert 1 == result.success_count
        assert "A figure could not be drawn" in result.outputs[0].text


class TestSwitch:
    def test_stream_answers_as_before(self, monkeypatch):
        """Whoever asks standard output for more than to print is answered by the stream itself."""
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stdout", stream)

        with Recorder(is_on=True):
            print("kept nowhere")
            sys.stdout.writelines(["a", "b"])
            sys.stdout.flush()
            seen = sys.stdout.getvalue()

        assert "kept nowhere\nab" == seen
        assert stream is sys.stdout
