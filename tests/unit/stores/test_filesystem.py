"""A store is opened by fsspec's own driver."""

from __future__ import annotations

import pytest

from djnb.errors import MissingPackageError, SettingsError
from djnb.stores import filesystem
from djnb.stores.settings import read_settings
from djnb.stores.store import Store


class TestOpening:
    def test_protocol_that_nobody_knows_is_refused(self):
        """The message says what may be written instead."""
        settings = read_settings("main", {"protocol": "pigeon", "location": "loft"})

        with pytest.raises(SettingsError, match="the protocol `pigeon`, which fsspec does not know"):
            _ = Store("main", settings).fs

    def test_package_that_is_missing_is_named(self, monkeypatch):
        """The message has the command that installs it."""
        import fsspec

        def missing(protocol):
            raise ImportError(protocol)

        monkeypatch.setattr(fsspec, "get_filesystem_class", missing)
        settings = read_settings("main", {"protocol": "s3", "bucket": "b"})

        with pytest.raises(MissingPackageError, match="`pip install s3fs`"):
            _ = Store("main", settings).fs


class TestSettings:
    @pytest.mark.parametrize(
        ("given", "message"),
        [
            ({"location": "/data"}, "has no `protocol`"),
            ({"protocol": "file"}, "has no `location`, which the protocol `file` needs"),
            ({"protocol": "s3", "bucket": "b", "access_key": "k"}, "one of `access_key` and `secret_key`"),
            ({"protocol": "file", "loction": "/"}, "Did you mean 'location'"),
            ({"protocol": "file", "location": "/", "filepath_prefix": "_hash/x"}, "lies within `hash_prefix`"),
        ],
    )
    def test_what_cannot_be_is_refused(self, given, message):
        """A setting that is missing, misspelt or in contradiction is named."""
        with pytest.raises(SettingsError, match=message.replace("(", r"\(")):
            read_settings("main", given)

    def test_secrets_are_not_shown(self):
        """No text of a store has its keys."""
        settings = read_settings(
            "main",
            {"protocol": "s3", "bucket": "b", "access_key": "KEY1", "secret_key": "SECRET2", "options": {"t": "T3"}},
        )

        shown = f"{settings!r} {settings} {Store('main', settings)!r} {dict(Store('main', settings).spec)}"

        assert not any(secret in shown for secret in ("KEY1", "SECRET2", "T3"))

    def test_arguments_of_s3(self):
        """Endpoint and keys reach the driver; https is the default."""
        settings = read_settings(
            "main", {"protocol": "s3", "endpoint": "host:9000", "bucket": "b", "location": "lab/", "access_key": "k",
                     "secret_key": "s"},
        )  # fmt: skip

        arguments = filesystem._arguments("s3", settings)

        assert {"endpoint_url": "https://host:9000"} == arguments["client_kwargs"]
        assert ("k", "s") == (arguments["key"], arguments["secret"])
        assert "b/lab" == filesystem.root_of(settings)
