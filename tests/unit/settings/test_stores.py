"""Stores are settings by name, whose secrets are never shown."""

from __future__ import annotations

import copy

import pytest

from djnb.errors import SettingsError
from djnb.settings import Config

SECRET = "ho:rse@bat/tery"

STORES = {
    "default": "main",
    "main": {"protocol": "file", "location": "/data", "token_length": 4},
    "cloud": {"protocol": "s3", "access_key": SECRET, "secret_key": SECRET, "options": {"password": SECRET}},
}


class TestStores:
    def test_are_settings_by_name(self, config):
        """A store is assigned as DataJoint writes it, all at once or one by one, and is read as a mapping."""
        config["stores"] = {"main": {"protocol": "file", "location": "/data"}}
        config.stores["other"] = {"protocol": "file", "location": "/other"}
        config.stores["default"] = "main"

        assert (["main", "other"], "main") == (config.stores.names, config.stores["default"])
        assert "/other" == config["stores"]["other"]["location"]

    def test_come_from_the_file_and_the_environment(self, write_file, monkeypatch):
        """The file has the place, a variable may have the secret."""
        write_file('[stores.cloud]\nprotocol = "s3"\nbucket = "lab"\n')
        monkeypatch.setenv("DJNB_STORES__CLOUD__SECRET_KEY", SECRET)

        assert {"cloud": {"protocol": "s3", "bucket": "lab", "secret_key": SECRET}} == Config().stores

    def test_show_no_secrets(self, config):
        """No printout and no dump has the keys of a store, and what is no secret is shown."""
        config.stores = STORES
        shown = [repr(config), repr(config.stores), str(config.stores["cloud"]), config.model_dump_json()]

        assert [] == [text for text in shown if SECRET in text]
        assert "'token_length': 4" in shown[0]
        assert SECRET == config.stores["cloud"]["secret_key"]

    def test_bad_shapes_are_refused_without_secrets(self, config):
        """What is no mapping is refused, and not repeated."""
        with pytest.raises(SettingsError, match=r"`stores` cannot be the value given: `stores\.main` is no mapping"):
            config.stores = {"main": SECRET}
        with pytest.raises(SettingsError, match=r"`stores\.main` is no mapping"):
            config.stores["main"] = SECRET
        with pytest.raises(SettingsError, match=r"`stores\.default` is not the name"):
            config.stores["default"] = {"protocol": "file"}

        assert {} == config.stores

    def test_reached_by_attributes_and_dotted_names(self, config):
        """`stores.main`, `["stores.main"]` and `["stores.main.location"]` are what `stores["main"]` is."""
        config.stores.main = {"protocol": "file", "location": "/data"}
        config["stores.cloud"] = {"protocol": "s3", "options": {"client_kwargs": {"region_name": "x"}}}

        config.stores.main.location = "/a"
        assert ("/a", "/a", "/a") == (
            config["stores.main.location"],
            config["stores.main"]["location"],
            config.get("stores.main").location,
        )
        config["stores.main.location"] = "/b"
        assert config.stores["main"] is config.stores.main is config["stores.main"]
        assert {"protocol": "file", "location": "/b"} == config.stores["main"]
        config["stores.cloud.options.client_kwargs.region_name"] = "y"
        assert {"client_kwargs": {"region_name": "y"}} == config.stores["cloud"]["options"]
        assert "stores.main" in config
        assert "stores.main.bucket" not in config
        assert None is config.get("stores.main.bucket")

    def test_overridden_by_dotted_names(self, config):
        """Settings of stores change for a block, several together, and are as before after it."""
        config.stores = STORES
        before = copy.deepcopy(config.stores)

        with config.override(
            {"stores.main.location": "/other"}, stores__default="cloud", stores__new={"protocol": "x"}
        ):
            assert ("/other", "cloud", "x") == (
                config.stores.main.location,
                config["stores.default"],
                config.stores.new.protocol,
            )
            assert "file" == config.stores["main"]["protocol"]

        assert before == config.stores

    @pytest.mark.parametrize(
        ("ask", "message"),
        [
            (lambda c: c.stores.mian, r"There is no `stores\.mian`\. Did you mean 'main'\? There are: "),
            (lambda c: c.stores["mian"], r"Did you mean 'main'\?"),
            (lambda c: c["stores.mian.location"], r"There is no `stores\.mian`\. Did you mean 'main'\?"),
            (lambda c: c.stores.main.locaton, r"There is no `stores\.main\.locaton`\. Did you mean 'location'\?"),
            (lambda c: c["stores.main.locaton"], r"Did you mean 'location'\? There are: protocol, location\."),
            (lambda c: c["stores.main.location.x"], r"There is no `stores\.main\.location\.x`"),
        ],
    )
    def test_misspelt_name_offers_the_nearest(self, config, ask, message):
        """A store or a setting of a store that is not there is an error that names the nearest."""
        config.stores.main = {"protocol": "file", "location": "/data"}

        with pytest.raises(SettingsError, match=message) as refused:
            ask(config)
        assert isinstance(refused.value, KeyError)
        assert isinstance(refused.value, AttributeError)
        assert not hasattr(config.stores, "mian")

    def test_method_is_no_place_for_a_store(self, config):
        """A store whose name a method has is assigned by brackets; the message says so."""
        with pytest.raises(SettingsError, match=r"is a method .*config\.stores\['keys'\] = "):
            config.stores.keys = {"protocol": "file"}

    def test_secrets_are_not_shown_by_any_name(self, config):
        """However a store is reached, what is displayed has no secret; the value itself is there."""
        options = {"client_kwargs": {"aws_secret_key": SECRET}}
        config.stores.cloud = {"protocol": "s3", "secret_key": SECRET, "options": options}
        names = ["stores", "stores.cloud", "stores.cloud.secret_key", "stores.cloud.options"]
        names += [f"stores.cloud.options.client_kwargs{rest}" for rest in ("", ".aws_secret_key")]

        assert SECRET not in "".join([repr(config.stores.cloud), *(repr(config[name]) for name in names)])
        assert SECRET == config["stores.cloud.secret_key"] == config[names[-1]]
