"""Consent in a notebook."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from djnb.errors import ConsentError
from djnb.jupyter.confirm import asker
from djnb.jupyter.widgets.consent_panel import ConsentPanel
from djnb.tables.consent import Question

PLAN = Question("Delete Session: 5 rows of 1 table", "<b>Delete</b>", "Delete 5 rows", "Keep all 5 rows")


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
        assert [f"{PLAN.text}\nDelete 5 rows? [yes, No]: "] == asked

    def test_program_cannot_be_asked(self):
        """A notebook that a program executes is told how to say it in the call."""
        with pytest.raises(ConsentError, match=r"nobody can be asked.*prompt=False"):
            asker(notebook(takes_input=False))(PLAN)

    def test_terminal_is_left_to_the_core(self):
        """IPython in a terminal asks as Python does."""
        assert asker(SimpleNamespace()) is None


class TestPanel:
    def test_buttons_say_how_many_rows(self):
        """Both answers tell the number of rows, and the one that keeps them comes first."""
        panel = ConsentPanel(PLAN)

        buttons = panel.widget.children[1].children
        assert ["Keep all 5 rows", "Delete 5 rows"] == [button.description for button in buttons]
        assert not panel.wait(0)
        panel.close()

    @pytest.mark.parametrize(("button", "answer"), [("keep", False), ("do", True)])
    def test_first_click_counts(self, button, answer):
        """Whoever clicks twice, or both, has said the first."""
        panel = ConsentPanel(PLAN)

        getattr(panel, button).click()
        panel.keep.click()
        panel.do.click()

        assert (True, answer) == (panel.wait(0), panel.answer)
        panel.close()
