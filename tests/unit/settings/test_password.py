"""A password is kept, and never shown."""

from __future__ import annotations

import pytest

from djnb import settings
from djnb.errors import SettingsError
from djnb.settings import Config

SECRET = "ho:rse@bat/tery"


class TestPassword:
    @pytest.fixture
    def config(self):
        config = Config()
        config.database.password = SECRET
        config.database.url = f"mysql://reader:{SECRET}@lab:3306"
        return config

    def test_is_kept(self, config):
        """The password can be had by asking for it."""
        assert SECRET == config.database.password.get_secret_value()

    def test_is_in_no_text(self, config):
        """No printout, display or dump of the settings shows the password, set by itself or within the address."""
        texts = [
            show(each)
            for each in (config, config.database)
            for show in (repr, str, lambda it: repr(it.model_dump()), lambda it: it.model_dump_json())
        ]

        assert [] == [text for text in texts if "tery" in text or "rse" in text]
        assert "database.url = 'mysql://reader:***@lab:3306'" in repr(config)

    def test_is_in_no_text_when_overridden(self, config):
        """An override is shown, its password is not."""
        with config.override(database__url="mysql://writer:other@lab", database__password="other"):
            texts = repr(config) + repr(config.database)

        assert ("other" in texts, "mysql://writer:***@lab" in texts) == (False, True)

    def test_is_in_no_refusal(self, config):
        """A refused password is not repeated by the message."""
        with pytest.raises(SettingsError) as refusal:
            config.database.password = [SECRET]

        assert SECRET not in str(refusal.value)

    @pytest.mark.parametrize(
        ("url", "shown"),
        [
            ("mysql://user:secret@host:3306", "mysql://user:***@host:3306"),
            ("mysql://user:se@cr:et@host", "mysql://user:***@host"),
            ("mysql://user:se/cret@host/path", "mysql://user:***@host/path"),
            ("mysql://user@lab:secret@host", "mysql://user@lab:***@host"),
            ("mysql://user@host:3306", "mysql://user@host:3306"),
            ("mysql://:secret@host", "mysql://:***@host"),
            ("sqlite:///lab@home:1.sqlite", "sqlite:///lab@home:1.sqlite"),
            (None, None),
        ],
    )
    def test_address_is_shown_without_it(self, url, shown):
        """However a password was written into an address, none of it is left when the address is shown."""
        assert shown == settings.hide_password(url)
