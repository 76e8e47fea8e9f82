"""Who deletes is shown what would go, and asked."""

from __future__ import annotations

import pytest

import djnb as dj
from djnb.errors import ConsentError
from djnb.tables import consent


class TestConsent:
    @pytest.fixture
    def asked(self, monkeypatch):
        """Be asked, and answer as the list's first item says."""
        answers, plans = [False], []

        def ask(plan):
            plans.append(plan)
            return answers[0]

        monkeypatch.setattr(consent, "_ask", ask)
        return answers, plans

    def test_shows_what_would_go(self, Subject, Session, Trial, asked):
        """Whoever is asked sees how many rows of which tables would go; a no leaves everything."""
        _, plans = asked

        assert 0 == (Subject & {"subject": 1}).delete(prompt=True)
        assert (3, 3, 6) == (len(Subject), len(Session), len(Trial))
        (question,) = plans
        shown = [" ".join(line.split()) for line in question.text.splitlines()]
        assert ["Delete Subject: 7 rows of 3 tables", "Subject 1", "Session 2", "Trial 4", "in all 7"] == (
            shown[:1] + shown[3:]
        )
        assert ("Delete 7 rows", "Keep all 7 rows") == (question.do, question.leave)

    def test_yes_deletes(self, Subject, Session, Trial, asked):
        """A yes does what was shown."""
        asked[0][0] = True

        assert 1 == (Subject & {"subject": 1}).delete(prompt=True)
        assert (2, 1, 2) == (len(Subject), len(Session), len(Trial))

    def test_is_asked_for_by_default(self, Subject, asked):
        """`safemode` is on unless it is switched off."""
        Subject.delete()
        with dj.config.override(safemode=False):
            (Subject & {"subject": 1}).delete()

        assert (1, 2) == (len(asked[1]), len(Subject))

    def test_where_nobody_can_be_asked(self, Subject, Session, Trial, monkeypatch):
        """Without a terminal and without a notebook nothing goes, and the message says what to write."""
        monkeypatch.setattr("sys.stdin", None)

        with pytest.raises(ConsentError, match=r"Subject +3\n(.|\n)*`prompt=False`"):
            Subject.delete()
        assert (3, 3, 6) == (len(Subject), len(Session), len(Trial))
