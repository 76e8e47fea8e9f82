"""The demo runs end to end on every backend, on the real pictures."""

from __future__ import annotations

import pytest

from djnb import demo
from djnb.demo import tour

# The prefix is that of the schemas which the fixtures remove from a server.
SCHEMA_NAME = "djnb_test_demo"


@pytest.fixture
def told():
    """What the tour writes."""
    return []


def run(connection, told):
    return tour.run(connection, told.append, schema_name=SCHEMA_NAME)


class TestFirstRun:
    def test_one_key_fails_is_mended_and_everything_is_counted(self, connection, told):
        """
        The galaxies' file has another suffix than was typed: one key fails, is mended, and the coins are 24 in the end.
        """
        is_complete = run(connection, told)

        text = "\n".join(told)
        assert is_complete
        assert "Pixels: 6 made, 1 failed." in text
        assert "failed key {'image': 'galaxies'}" in text
        assert "Did you mean 'hubble_deep_field.jpg'?" in " ".join(text.split())
        assert (7, 21) == (len(demo.Pixels()), len(demo.Segmentation()))
        coins = {"image": "coins", "method": "flattened"}
        assert 24 == (demo.Segmentation & coins).fetch1("n_objects")
        assert 24 == (demo.summary() & coins).fetch1("objects")

    def test_label_image_comes_back_as_it_was_written(self, connection):
        """The pixels and the label image are arrays of the same shape, and the labels are the objects' numbers."""
        demo.activate(SCHEMA_NAME, connection=connection)
        key = {"image": "cell", "method": "otsu"}
        demo.Image.insert(row for row in demo.REGISTERED if row["image"] == "cell")
        demo.Pixels.populate()

        demo.Segmentation.populate(key)

        grey = (demo.Pixels & key).fetch1("grey")
        labels = (demo.Segmentation & key).fetch1("labels")
        assert ((660, 550), "uint8", "uint16") == (grey.shape, grey.dtype, labels.dtype)
        assert (grey.shape, 1) == (labels.shape, labels.max())
        assert (labels == 1).sum() == (demo.Segmentation.Object & key).fetch1("area")


class TestRunAgain:
    def test_run_goes_on_from_what_is_there(self, connection, told):
        """A run that was left after registering is taken up: its pictures stay, and only they are made."""
        demo.activate(SCHEMA_NAME, connection=connection)
        demo.Image.insert(row for row in demo.REGISTERED if row["image"] in {"coins", "cell"})

        is_complete = run(connection, told)

        assert (True, 2, 6) == (is_complete, len(demo.Pixels()), len(demo.Segmentation()))
        assert "2 pictures are there from an earlier run; --fresh starts from nothing." in told

    def test_finished_run_makes_nothing_more(self, connection, told):
        """A second run finds everything, says so, and shows the result again."""
        demo.activate(SCHEMA_NAME, connection=connection)
        demo.Image.insert(row for row in demo.REGISTERED if row["image"] == "coins")
        run(connection, [])

        is_complete = run(connection, told)

        assert is_complete
        assert "All 1 files are read already." in told
        assert "All 3 segmentations are there already." in told
