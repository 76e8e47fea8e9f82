"""Settings are changed for the process, or for a block."""

from __future__ import annotations

import threading

import pytest

from djnb.errors import SettingsError
from djnb.settings import Config


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
