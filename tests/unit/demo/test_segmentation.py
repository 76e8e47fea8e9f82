"""Objects are found in real pictures: those that ship with scikit-image."""

from __future__ import annotations

import numpy as np
import pytest

from djnb.demo import images
from djnb.demo.segmentation import measure, outline, segment


@pytest.fixture(scope="module")
def coins():
    return images.read("coins.png").grey


@pytest.fixture(scope="module")
def found_coins(coins):
    return segment(coins, diameter=40, background=1.5)


class TestSegmentCoins:
    def test_all_coins_are_found_once_the_background_is_subtracted(self, found_coins):
        """The photograph shows 24 coins in four lines, on a ground that is brighter at the top."""
        assert 24 == found_coins.count

    def test_threshold_alone_takes_the_bright_ground_for_coins(self, coins, found_coins):
        """Without subtracting the background, more of the picture is taken for coins than the coins cover."""
        plain = segment(coins, diameter=40)

        assert plain.coverage > 1.2 * found_coins.coverage

    def test_numbers_run_from_one_without_gaps(self, found_coins):
        """Objects are numbered from 1 to their count, and 0 is the background."""
        assert list(range(25)) == np.unique(found_coins.labels).tolist()

    def test_upside_down_contrast_finds_the_same_coins(self, coins, found_coins):
        """Dark objects on a bright ground are found as bright ones on a dark ground are."""
        negative = segment(255 - coins, diameter=40, background=1.5, contrast="dark")

        assert (negative.labels == found_coins.labels).all()


class TestSegmentOthers:
    def test_one_cell_is_one_object(self):
        """The hologram shows one cell in saline, 12.6 um across at 0.107 um per pixel, to a few percent."""
        cell = images.read("cell.png").grey

        found = measure(segment(cell, diameter=130), cell)

        assert [pytest.approx(12.6, rel=0.05)] == [2 * (each["area"] / np.pi) ** 0.5 * 0.107 for each in found]

    @pytest.mark.parametrize("threshold", ["otsu", "li"])
    def test_bricks_are_parted_by_their_joints(self, threshold):
        """A wall gives the same bricks, whole or cut by the edge, whichever threshold is taken."""
        wall = images.read("brick.png").grey

        assert 88 == pytest.approx(segment(wall, diameter=44, contrast="dark", threshold=threshold).count, abs=3)


class TestSegmentTouchingDiscs:
    def test_discs_that_touch_are_two_objects(self):
        """Two discs that overlap a little are parted at the neck between them."""
        y, x = np.mgrid[:60, :100]
        discs = ((x - 34) ** 2 + (y - 30) ** 2 < 18**2) | ((x - 66) ** 2 + (y - 30) ** 2 < 18**2)

        found = segment(discs.astype(np.uint8) * 255, diameter=36)

        assert 2 == found.count

    def test_objects_smaller_than_asked_are_left_out(self):
        """What covers less than the least area is no object, and the picture may end up with none."""
        grey = np.zeros((50, 50), np.uint8)
        grey[20:24, 20:24] = 255

        found = segment(grey, diameter=20, min_area=0.5)

        assert (0, 0.0, []) == (found.count, found.coverage, measure(found, grey))


class TestSegmentBadInput:
    def test_uniform_picture_is_refused(self):
        """A picture of one grey level has no threshold, and the message says so."""
        with pytest.raises(ValueError, match="All pixels of the picture are 7"):
            segment(np.full((20, 20), 7, np.uint8), diameter=5)

    def test_colours_are_refused(self):
        """A picture with channels is refused with its shape."""
        with pytest.raises(ValueError, match=r"shape \(20, 20, 3\)"):
            segment(np.zeros((20, 20, 3), np.uint8), diameter=5)


class TestMeasure:
    def test_square_is_measured_in_pixels(self):
        """Centres are counted from the left and from the top, areas in pixels, brightness in grey levels."""
        grey = np.full((40, 60), 10, np.uint8)
        grey[10:21, 30:41] = 200
        found = segment(grey, diameter=11, smoothing=0.0)

        assert [
            {
                "object_id": 1,
                "center_x": 35.0,
                "center_y": 15.0,
                "area": 121,
                "eccentricity": 0.0,
                "brightness": 200.0,
            }
        ] == measure(found, grey)


class TestOutline:
    def test_outlines_are_red_and_the_rest_is_grey(self, coins, found_coins):
        """The picture stays as it is but for the rims of the objects."""
        drawn = outline(coins, found_coins.labels)

        is_red = (drawn == (230, 30, 30)).all(axis=-1)
        assert (drawn[~is_red] == coins[~is_red][:, None]).all()
        assert (found_coins.labels[is_red] > 0).all()


class TestReadPicture:
    def test_misspelt_file_is_refused_with_the_nearest_name(self):
        """A wrong suffix is told together with the file that is there."""
        with pytest.raises(FileNotFoundError, match=r"no picture 'hubble_deep_field.png'.*'hubble_deep_field.jpg'"):
            images.read("hubble_deep_field.png")

    def test_colours_become_grey(self):
        """A picture in colours is read as its brightness, and the number of its channels is kept."""
        picture = images.read("hubble_deep_field.jpg")

        assert ((872, 1000), np.uint8, 3) == (picture.grey.shape, picture.grey.dtype, picture.channels)
