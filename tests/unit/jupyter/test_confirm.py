"""Consent in a notebook."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from djnb.errors import ConsentError
from djnb.jupyter.confirm import asker

PLAN = "Delete:\n  Session  5 rows"


def notebook(*, takes_input):
    """Return a shell whose kernel's client takes input, or does not."""
    return SimpleNamespace(kernel=SimpleNamespace(_allow_stdin=takes_input))


class TestAsk:
    @pytest.mark.parametrize(("answer", "consent"), [("yes", True), (" Yes ", True), ("y", False), ("", False)])
    def test_only_yes_is_consent(self, answer, consent, monkeypatch):
        """The plan is shown with the question, and nothing but a yes lets it be done."""
        asked = []
        monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or answer)

        assert consent is asker(notebook(takes_input=True))(PLAN)
        assert [f"{PLAN}\nDo it? [yes, No]: "] == asked

    def test_program_cannot_be_asked(self):
        """A notebook that a program executes is told how to say it in the call."""
        with pytest.raises(ConsentError, match=r"nobody can be asked.*prompt=False"):
            asker(notebook(takes_input=False))(PLAN)

    def test_terminal_is_left_to_the_core(self):
        """IPython in a terminal asks as Python does."""
        assert asker(SimpleNamespace()) is None
