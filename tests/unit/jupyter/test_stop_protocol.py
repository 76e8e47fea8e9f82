"""Stopping a populate while its cell runs: the messages between a front end and a real kernel."""

from __future__ import annotations

import json

import pytest

from tests.unit.jupyter.kernels import PIPELINE, kernel, kinds, results

REPORT = "print(json.dumps([int(key['session']) for key in Analysis.keys()]))"


@pytest.fixture
def conversation(tmp_path):
    """Give a kernel with a slow pipeline: 200 keys of a twentieth of a second."""
    with kernel(str(tmp_path)) as (manager, conversation):
        conversation.manager = manager
        assert "error" not in kinds(conversation.run(PIPELINE))
        conversation.run("Session.insert([(n,) for n in range(10, 210)]); pause = 0.05")
        yield conversation


def wait_for_button(conversation, words="Stop"):
    """Return the comm of a button, once the panel is shown."""
    opened = conversation.hear(
        lambda message: (
            message["msg_type"] == "comm_open"
            and message["content"]["data"]["state"].get("_model_name") == "ButtonModel"
            and message["content"]["data"]["state"].get("description") == words
        )
    )
    conversation.hear(lambda message: message["msg_type"] == "display_data")
    return opened["content"]["comm_id"]


def wait_for_keys(conversation, count):
    """Listen until the bar stands at a count, or beyond."""

    def is_there(message):
        if message["msg_type"] != "comm_msg":
            return False
        value = str(message["content"]["data"].get("state", {}).get("value", ""))
        return 'aria-valuenow="' in value and int(value.split('aria-valuenow="')[1].split('"')[0]) >= count

    conversation.hear(is_there)


class TestStopButton:
    def test_ends_the_run_while_the_cell_blocks(self, conversation):
        """A click that arrives on a subshell ends the populate after the key in hand; all that was begun is kept."""
        if not conversation.has_subshells():
            pytest.skip("This kernel has no subshells: ipykernel before 7")
        request = conversation.start("%%populate Analysis")
        button = wait_for_button(conversation)
        subshell = conversation.open_subshell()
        wait_for_keys(conversation, 2)

        conversation.click(button, subshell=subshell)
        (result,) = results(conversation.finish(request))

        made = json.loads(conversation.printed(REPORT))
        assert f"Analysis: {len(made)} made, {200 - len(made)} left, stopped" == result
        assert list(range(10, 10 + len(made))) == made
        assert 2 <= len(made) < 100

    def test_stop_now_ends_it_amid_a_key(self, conversation):
        """A click on the other button does not wait for the key in hand, however long that takes, and undoes it."""
        if not conversation.has_subshells():
            pytest.skip("This kernel has no subshells: ipykernel before 7")
        conversation.run("pause = 60")
        request = conversation.start("%%populate Analysis")
        button = wait_for_button(conversation, "Stop now")
        subshell = conversation.open_subshell()

        conversation.click(button, subshell=subshell)
        heard = conversation.finish(request)

        assert ["Analysis: 0 made, 200 left, interrupted"] == results(heard)
        assert "[]" == conversation.printed(REPORT).strip()
        assert not kinds(heard) & {"error", "stream"}


class TestKernelWithoutSubshells:
    def test_tells_how_to_interrupt(self, conversation):
        """Where no click can arrive, there is a hint in the button's place."""
        conversation.run("import os; os.environ['VSCODE_PID'] = '1'; pause = 0.0")

        heard = conversation.run("%%populate Analysis --max-calls 1")

        assert "To stop, interrupt the kernel" in str([message["content"] for message in heard])


class TestInterrupt:
    def test_ends_the_run_at_once_without_a_traceback(self, conversation):
        """The kernel's interrupt ends the populate in any front end: the result says so, and the key is undone."""
        request = conversation.start("%%populate Analysis")
        wait_for_keys(conversation, 2)

        conversation.manager.interrupt_kernel()
        heard = conversation.finish(request)

        made = json.loads(conversation.printed(REPORT))
        assert [f"Analysis: {len(made)} made, {200 - len(made)} left, interrupted"] == results(heard)
        assert not kinds(heard) & {"error", "stream"}

    def test_outside_a_magic_is_one_line(self, conversation):
        """`Analysis.populate()` that is interrupted is an error, told without frames."""
        request = conversation.start("Analysis.populate(display_progress=True)")
        wait_for_keys(conversation, 2)

        conversation.manager.interrupt_kernel()
        heard = conversation.finish(request)

        (error,) = [message["content"] for message in heard if message["msg_type"] == "error"]
        assert "PopulateInterrupted" == error["ename"]
        assert "populate was interrupted: Analysis: " in error["evalue"]
        assert "run.py" not in "".join(error["traceback"])


class TestPaints:
    def test_come_ten_times_a_second_at_most(self, conversation):
        """However fast the keys are, the front end is not flooded; a server would drop messages of other cells."""
        conversation.run("Session.insert([(n,) for n in range(1000, 2000)]); pause = 0.001; begun = time.monotonic()")

        heard = conversation.run("%%populate Analysis")

        seconds = float(conversation.printed("print(time.monotonic() - begun)"))
        paints = [
            message
            for message in heard
            if message["msg_type"] == "comm_msg" and "value" in message["content"]["data"].get("state", {})
        ]
        assert 0 < len(paints) <= 10 * seconds + 2

    def test_panel_gives_way_to_an_empty_output(self, conversation):
        """At the end the panel is replaced by nothing, and its widgets are closed."""
        conversation.run("pause = 0.0")

        heard = conversation.run("%%populate Analysis --max-calls 3")

        (shown,) = [message["content"] for message in heard if message["msg_type"] == "display_data"]
        (frozen,) = [message["content"] for message in heard if message["msg_type"] == "update_display_data"]
        assert ({}, shown["transient"]) == (frozen["data"], frozen["transient"])
        opened = {m["content"]["comm_id"] for m in heard if m["msg_type"] == "comm_open"}
        closed = {m["content"]["comm_id"] for m in heard if m["msg_type"] == "comm_close"}
        assert opened == closed

    def test_nothing_to_make_shows_no_panel(self, conversation):
        """A table that is complete has only its result."""
        conversation.run("pause = 0.0; Analysis.populate()")

        heard = conversation.run("%%populate Analysis")

        assert {"status", "execute_input", "execute_result"} == kinds(heard)
        assert ["Analysis: 0 made"] == results(heard)
