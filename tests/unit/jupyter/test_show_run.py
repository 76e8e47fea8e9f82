"""Runs in the background as a front end is told of them: the messages of a real kernel."""

from __future__ import annotations

import pytest

from tests.unit.jupyter.kernels import PIPELINE, kernel, kinds
from tests.unit.jupyter.test_stop_protocol import wait_for_button, wait_for_keys


@pytest.fixture
def conversation(tmp_path):
    """Give a kernel with a slow pipeline: 50 keys of a twentieth of a second, which print."""
    with kernel(str(tmp_path)) as (manager, conversation):
        conversation.manager = manager
        said = "print('looked at', key['session']); time.sleep(pause)"
        assert "error" not in kinds(conversation.run(PIPELINE.replace("time.sleep(pause)", said)))
        conversation.run("Session.insert([(n,) for n in range(10, 60)]); pause = 0.05")
        yield conversation


def updates(heard):
    """Return what has taken the place of displays, as text."""
    return [each["content"]["data"].get("text/plain") for each in heard if each["msg_type"] == "update_display_data"]


class TestRunInTheBackground:
    def test_is_shown_until_it_ends_and_then_by_what_came_of_it(self, conversation):
        """The cell returns, its panel moves on, and at the end a summary takes the panel's place."""
        heard = conversation.run("%populate Analysis --background -o run")
        wait_for_keys(conversation, 20)
        ended = conversation.hear(lambda message: message["msg_type"] == "update_display_data")

        assert ["display_data"] == [
            each["msg_type"]
            for each in heard
            if "data" in each["content"] and each["msg_type"] in ("display_data", "execute_result")
        ]
        assert "<Run, ended: Analysis: 50 made>" == ended["content"]["data"]["text/plain"].splitlines()[0]
        assert "looked at 10" in ended["content"]["data"]["text/html"]
        assert "stream" not in kinds(conversation.heard)

    def test_is_found_again_and_stopped_in_another_cell(self, conversation):
        """dj.runs() shows the panel of a run that goes on; its button ends it."""
        conversation.run("pause = 0.2; run = Analysis.populate(background=True)")
        request = conversation.start("dj.runs()")
        button = wait_for_button(conversation)
        conversation.finish(request)

        conversation.click(button, subshell=None)
        conversation.hear(lambda message: message["msg_type"] == "update_display_data")
        (text,) = updates(conversation.heard[-1:])

        assert "stopped" in text
        assert "True" == conversation.printed("print(run.result(20).is_stopped)").strip()

    def test_stop_now_of_a_thread_undoes_its_key(self, conversation):
        """The other button interrupts the run's thread between two of its steps."""
        # A sleep as long as a key's would hear the interruption at its end only.
        slow = "class time:\n    def sleep(seconds):\n        for _ in range(6000): __import__('time').sleep(0.01)"
        conversation.run(slow)
        request = conversation.start("run = Analysis.populate(background=True)\nrun")
        button = wait_for_button(conversation, "Stop now")
        conversation.finish(request)

        conversation.click(button, subshell=None)
        ended = conversation.hear(lambda message: message["msg_type"] == "update_display_data")

        assert (
            "<Run, ended: Analysis: 0 made, 50 left, interrupted>"
            == ended["content"]["data"]["text/plain"].splitlines()[0]
        )
        assert "0" == conversation.printed("print(len(Analysis()))").strip()

    def test_that_has_ended_shows_no_widget(self, conversation):
        """The handle of a run that is over, and the list of such runs, are text and HTML."""
        conversation.run("pause = 0; run = Analysis.populate(background=True); run.wait()")

        heard = conversation.run("run") + conversation.run("dj.runs()")

        bundles = [each["content"]["data"] for each in heard if each["msg_type"] == "execute_result"]
        assert [{"text/plain", "text/html"}] * 2 == [set(bundle) for bundle in bundles]
        assert not kinds(heard) & {"comm_open", "display_data"}
