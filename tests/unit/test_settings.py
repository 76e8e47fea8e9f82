"""Settings: where a value comes from, what is refused, and that a password is never shown."""

from __future__ import annotations

import copy
import threading
from pathlib import Path

import pytest

from djnb import settings
from djnb.errors import SettingsError
from djnb.settings import Config, get_config
from djnb.settings.group import meaning

SECRET = "ho:rse@bat/tery"


@pytest.fixture
def config():
    return Config()


@pytest.fixture
def write_file(tmp_path):
    def write(text, folder=tmp_path):
        (folder / "djnb.toml").write_text(text)

    return write


class TestDefaults:
    def test_every_setting_has_a_documented_default(self, config):
        """Nothing has to be set, and every setting says what it means."""
        described = [name for name in settings.SETTINGS if meaning(Config, name).endswith(".")]

        assert list(settings.SETTINGS) == described
        assert {
            "database.url": None,
            "database.host": None,
            "database.port": 3306,
            "database.user": None,
            "database.password": None,
            "database.use_tls": None,
            "database.reconnect": True,
            "database.create_tables": True,
            "database.use_connectorx": True,
            "display.limit": 12,
            "display.width": 40,
            "display.show_row_count": True,
            "display.diagram_direction": "LR",
            "display.diagram_engine": "auto",
            "jobs.auto_refresh": True,
            "jobs.keep_completed": False,
            "jobs.stale_timeout": 3600,
            "jobs.default_priority": 5,
            "jobs.add_job_metadata": False,
            "jobs.version_method": None,
            "jobs.allow_new_pk_fields_in_computed_tables": False,
            "jobs.heartbeat_interval": 5,
            "jobs.grace_period": 15,
            "jobs.lease_time": 600,
            "safemode": True,
            "stores": {},
            "download_path": Path(),
            "semantic_check": "warn",
            "fetch_format": "array",
            "custom": {},
        } == {name: config[name] for name in settings.SETTINGS}

    def test_settings_of_the_process_are_made_once(self):
        """What one module assigns, another one reads."""
        get_config().display.limit = 3

        assert 3 == get_config().display.limit


class TestPrecedence:
    def test_file_wins_over_default(self, write_file):
        """The file `djnb.toml` in the working directory is read."""
        write_file("safemode = false\n[display]\nlimit = 5\n")

        config = Config()

        assert (False, 5, 40) == (config.safemode, config.display.limit, config.display.width)

    def test_environment_wins_over_file(self, write_file, monkeypatch):
        """A variable counts more than the file, and leaves the group's other settings to it."""
        write_file("[display]\nlimit = 5\nwidth = 20\n")
        monkeypatch.setenv("DJNB_DISPLAY__LIMIT", "6")

        config = Config()

        assert (6, 20) == (config.display.limit, config.display.width)

    def test_assignment_wins_over_environment(self, monkeypatch):
        """What is assigned at run time counts more than the environment."""
        monkeypatch.setenv("DJNB_DISPLAY__LIMIT", "6")
        config = Config()

        config.display.limit = 7

        assert 7 == config.display.limit

    def test_override_wins_over_assignment(self, config):
        """Within a `with` block the override counts, and afterwards what was assigned, in the block or before."""
        config.display.limit = 7

        with config.override(display__limit=8):
            config.display.limit = 9
            within = config.display.limit

        assert (8, 9) == (within, config.display.limit)


class TestFile:
    def test_is_found_in_a_folder_above(self, write_file, tmp_path, monkeypatch):
        """A notebook in a subfolder of a project uses the project's file."""
        write_file("safemode = false\n")
        below = tmp_path / "notebooks" / "figures"
        below.mkdir(parents=True)
        monkeypatch.chdir(below)

        assert Config().safemode is False

    def test_is_not_looked_for_above_the_repository(self, write_file, tmp_path, monkeypatch):
        """Another project's file, further up, is left alone."""
        write_file("safemode = false\n")
        repository = tmp_path / "repository"
        (repository / ".git").mkdir(parents=True)
        monkeypatch.chdir(repository)

        assert Config().safemode is True

    def test_unknown_name_is_refused_with_the_nearest_one(self, write_file):
        """A misspelt setting in the file is told with the file's path, and not passed over."""
        write_file("[display]\nlimt = 5\n")

        with pytest.raises(SettingsError, match=r"`display\.limt` in .*djnb\.toml\. Did you mean 'display\.limit'\?"):
            Config()

    def test_bad_value_is_refused(self, write_file):
        """A value of the wrong type is told with its place and what is accepted."""
        write_file('semantic_check = "maybe"\n')

        with pytest.raises(
            SettingsError,
            match=r"`semantic_check` cannot be 'maybe' in .*djnb\.toml: input should be 'warn', 'error' or 'off'",
        ):
            Config()

    def test_text_that_is_not_toml_is_refused(self, write_file):
        """A file that cannot be read is named, with the line."""
        write_file("[display\n")

        with pytest.raises(SettingsError, match=r"djnb\.toml` cannot be read: .*line 1"):
            Config()


class TestEnvironment:
    def test_one_underscore_joins_as_well_as_two(self, monkeypatch):
        """`DJNB_DATABASE_URL` is the same as `DJNB_DATABASE__URL`."""
        monkeypatch.setenv("DJNB_DATABASE_URL", "sqlite:///short.sqlite")

        assert "sqlite:///short.sqlite" == Config().database.url

    def test_two_underscores_win_over_one(self, monkeypatch):
        """Where both spellings are set, the one with two underscores counts."""
        monkeypatch.setenv("DJNB_DATABASE__URL", "sqlite:///long.sqlite")
        monkeypatch.setenv("DJNB_DATABASE_URL", "sqlite:///short.sqlite")

        assert "sqlite:///long.sqlite" == Config().database.url

    def test_empty_variable_is_not_set(self, monkeypatch):
        """A variable that is empty leaves the default."""
        monkeypatch.setenv("DJNB_DISPLAY_LIMIT", "")

        assert 12 == Config().display.limit

    def test_misspelt_variable_is_refused_with_the_nearest_one(self, monkeypatch):
        """A misspelt variable is told, and not passed over."""
        monkeypatch.setenv("DJNB_DATABSE_URL", "sqlite:///a.sqlite")

        with pytest.raises(
            SettingsError, match=r"DJNB_DATABSE_URL names no setting.* Did you mean DJNB_DATABASE_URL\?"
        ):
            Config()

    def test_other_variables_of_the_prefix_are_left_alone(self, monkeypatch):
        """A variable that resembles no setting may be another program's."""
        monkeypatch.setenv("DJNB_WORKERS_HOME", "somewhere")

        assert "Config(" in repr(Config())

    def test_bad_value_is_refused_with_its_variable(self, monkeypatch):
        """A value that is not accepted is told with the variable that has it."""
        monkeypatch.setenv("DJNB_DISPLAY_LIMIT", "many")

        with pytest.raises(
            SettingsError, match=r"`display\.limit` cannot be 'many' in the environment variable DJNB_DISPLAY_LIMIT"
        ):
            Config()

    def test_group_as_json_is_read(self, monkeypatch):
        """A whole group may be given as JSON."""
        monkeypatch.setenv("DJNB_DISPLAY", '{"limit": 3, "width": 9}')

        config = Config()

        assert (3, 9) == (config.display.limit, config.display.width)

    def test_group_that_is_not_json_is_refused(self, monkeypatch):
        """Text that is no JSON is refused, without repeating it."""
        monkeypatch.setenv("DJNB_DATABASE", SECRET)

        with pytest.raises(SettingsError, match="a variable of its own") as refusal:
            Config()

        assert SECRET not in str(refusal.value)


class TestAssignment:
    def test_item_is_the_attribute(self, config):
        """`config["display.limit"]` and `config.display.limit` are one setting."""
        config["display.limit"] = 4
        config["safemode"] = False

        assert (4, False) == (config.display.limit, config.safemode)
        assert (4, False) == (config["display.limit"], config["safemode"])

    def test_group_that_is_kept_sees_later_assignments(self, config):
        """A group held in a variable stays in step."""
        display = config.display

        config.display.limit = 4

        assert 4 == display.limit

    @pytest.mark.parametrize(
        ("name", "value", "reason"),
        [
            ("display.limit", "many", "input should be a valid integer"),
            ("display.limit", 0, "input should be greater than or equal to 1"),
            ("database.port", 70000, "input should be less than or equal to 65535"),
            ("safemode", "perhaps", "input should be a valid boolean"),
            ("semantic_check", "maybe", "input should be 'warn', 'error' or 'off'"),
        ],
    )
    def test_bad_value_is_refused_and_changes_nothing(self, config, name, value, reason):
        """A value of the wrong kind is told with what is accepted, and the old one stays."""
        before = config[name]

        with pytest.raises(SettingsError, match=f"`{name}` cannot be .*: {reason}"):
            config[name] = value

        assert before == config[name]

    @pytest.mark.parametrize("name", ["display.limt", "limit", "displai.limit", "safemode.limit", "database.url.host"])
    def test_unknown_item_is_refused(self, config, name):
        """A name that no setting has is refused, read or written."""
        with pytest.raises(SettingsError, match=f"There is no setting `{name}`"):
            config[name]
        with pytest.raises(SettingsError, match=f"There is no setting `{name}`"):
            config[name] = 1

    def test_unknown_attribute_is_refused_with_the_nearest_name(self, config):
        """A misspelt attribute is refused, read or written."""
        with pytest.raises(SettingsError, match=r"`display\.limt`\. Did you mean 'display\.limit'\?"):
            _ = config.display.limt
        with pytest.raises(SettingsError, match=r"`display\.limt`\. Did you mean 'display\.limit'\?"):
            config.display.limt = 3

    def test_asking_whether_there_is_an_attribute_is_answered(self, config):
        """`hasattr`, and so completion and displays, work as on any object."""
        assert (True, False) == (hasattr(config.display, "limit"), hasattr(config, "_repr_html_"))
        assert not hasattr(config.display, "limt")

    def test_group_cannot_be_replaced(self, config):
        """A group is changed by its settings, one by one."""
        with pytest.raises(SettingsError, match=r"`display` is a group .* `config\.display\.limit = …`"):
            config.display = {"limit": 3}


class TestOverride:
    def test_dotted_names_are_taken_from_a_mapping(self, config):
        """`override({"display.limit": 5})` is the same as `override(display__limit=5)`."""
        with config.override({"display.limit": 5}, safemode=False):
            within = (config.display.limit, config.safemode, config["display.limit"])

        assert (5, False, 5) == within
        assert (12, True) == (config.display.limit, config.safemode)

    def test_inner_override_wins_and_ends_first(self, config):
        """Blocks nest."""
        with config.override(display__limit=5, display__width=10):
            with config.override(display__limit=6):
                inner = (config.display.limit, config.display.width)
            outer = config.display.limit

        assert ((6, 10), 5) == (inner, outer)

    def test_other_settings_assigned_within_stay(self, config):
        """A block takes back what it overrides, nothing else."""
        with config.override(display__limit=5):
            config.display.width = 10

        assert (12, 10) == (config.display.limit, config.display.width)

    def test_error_within_ends_it(self, config):
        """A block that is left by an error is over, too."""
        with pytest.raises(ZeroDivisionError), config.override(display__limit=5):
            _ = 1 / 0

        assert 12 == config.display.limit

    def test_other_threads_do_not_see_it(self, config):
        """What one thread overrides does not disturb another one."""
        seen = []
        with config.override(display__limit=5):
            thread = threading.Thread(target=lambda: seen.append(config.display.limit))
            thread.start()
            thread.join()

        assert [12] == seen

    def test_other_configs_do_not_see_it(self, config):
        """An override belongs to the object on which it was called."""
        other = Config()

        with config.override(display__limit=5):
            assert (5, 12) == (config.display.limit, other.display.limit)

    def test_bad_value_is_refused_before_anything_changes(self, config):
        """Values are checked like assigned ones, all of them first."""
        with (
            pytest.raises(SettingsError, match=r"`display\.limit` cannot be 0"),
            config.override(safemode=False, display__limit=0),
        ):
            pytest.fail("the block was entered")

        assert config.safemode is True

    def test_unknown_name_is_refused(self, config):
        """A name that no setting has is told with the nearest one."""
        with (
            pytest.raises(SettingsError, match=r"`display\.limt`\. Did you mean 'display\.limit'\?"),
            config.override(display__limt=5),
        ):
            pytest.fail("the block was entered")


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
