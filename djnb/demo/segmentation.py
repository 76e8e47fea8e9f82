"""
Find the objects of a picture: pure functions from arrays to arrays, no tables.

Lengths are given in diameters of the objects that are looked for, so one method serves coins and galaxies.
scikit-image and SciPy are imported when the first picture is segmented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    GreyImage = NDArray[np.uint8]
    Labels = NDArray[np.int64]

Contrast = Literal["bright", "dark"]
Threshold = Literal["otsu", "li"]

# A dip between two summits of the distance map counts as a neck between two objects if it is this deep:
# in diameters, and never less than the second figure in pixels, below which it is the raster that speaks.
NECK_IN_DIAMETERS = 0.06
NECK_IN_PIXELS = 0.75

# Holes up to this share of a typical object are filled: reliefs of a coin, but not the ground between four stones.
LARGEST_HOLE = 0.5


@dataclass(frozen=True)
class Segments:
    """
    The objects found in one picture.

    Attributes
    ----------
    labels : ndarray of int64, shape (height, width)
        The number of the object that each pixel belongs to, from 1; 0 is the background.
    level : float
        The threshold, in grey levels of the smoothed picture less its background.
    """

    labels: Labels
    level: float

    @property
    def count(self) -> int:
        """The number of objects."""
        return int(self.labels.max())

    @property
    def coverage(self) -> float:
        """The share of the pixels that belong to an object, 0 to 1."""
        return float((self.labels > 0).mean())


def segment(
    grey: GreyImage,
    *,
    diameter: float,
    contrast: Contrast = "bright",
    threshold: Threshold = "otsu",
    background: float = 0.0,
    smoothing: float = 0.05,
    min_area: float = 0.15,
) -> Segments:
    """
    Separate the objects of a picture from its background and from one another.

    The picture is smoothed, its slowly varying background is subtracted if that is asked for, one threshold is taken
    from its histogram, and objects that touch are parted at their necks.

    Parameters
    ----------
    grey : ndarray of uint8, shape (height, width)
        The picture.
    diameter : float
        The typical diameter of an object, in pixels.
    contrast : {"bright", "dark"}
        Whether the objects are brighter or darker than what surrounds them.
    threshold : {"otsu", "li"}
        How the threshold is taken from the histogram: greatest variance between the classes, or least cross entropy.
    background : float
        The standard deviation of the Gaussian that is taken for the background, in diameters; 0 subtracts none.
    smoothing : float
        The standard deviation of the Gaussian that smooths the picture, in diameters.
    min_area : float
        The smallest object that is kept, as a share of a disc of the typical diameter.

    Returns
    -------
    Segments

    Raises
    ------
    ValueError
        The picture is not a plane of pixels, or it is uniform, so that no threshold divides it.
    """
    import numpy as np
    from scipy import ndimage

    if grey.ndim != 2:
        raise ValueError(f"A picture of shape (height, width) is needed; this one has the shape {grey.shape}.")
    if grey.min() == grey.max():
        raise ValueError(f"All pixels of the picture are {grey.flat[0]}; no threshold divides them.")

    disc = np.pi * diameter**2 / 4  # px
    light = grey.astype(np.float64)
    if contrast == "dark":
        light = 255.0 - light
    light = ndimage.gaussian_filter(light, smoothing * diameter)
    if background > 0:
        light -= ndimage.gaussian_filter(light, background * diameter)

    level = _level(light, threshold)
    mask = _without_small(light > level, min_area * disc)
    mask = ~_without_small(~mask, LARGEST_HOLE * disc)
    labels = _without_small(_part_at_necks(mask, diameter), min_area * disc)
    _, numbers = np.unique(labels, return_inverse=True)
    # The background is 0 among the numbers only if there is any.
    return Segments(numbers.reshape(labels.shape) + int(labels.min() > 0), level)


def measure(segments: Segments, grey: GreyImage) -> list[dict[str, Any]]:
    """
    Measure the objects of a picture.

    Parameters
    ----------
    segments : Segments
        The objects.
    grey : ndarray of uint8, shape (height, width)
        The picture that they were found in.

    Returns
    -------
    list of dict
        One per object, in the order of their numbers: ``object_id``; ``center_x`` and ``center_y``, pixels from the
        left and from the top; ``area``, pixels; ``eccentricity``, 0 for a circle to 1 for a line; ``brightness``, mean
        grey level.
    """
    from skimage.measure import regionprops_table

    found = regionprops_table(
        segments.labels, grey, properties=("label", "centroid", "area", "eccentricity", "intensity_mean")
    )
    names = {
        "object_id": ("label", int),
        "center_x": ("centroid-1", float),
        "center_y": ("centroid-0", float),
        "area": ("area", int),
        "eccentricity": ("eccentricity", float),
        "brightness": ("intensity_mean", float),
    }
    return [
        {name: kind(found[source][i]) for name, (source, kind) in names.items()} for i in range(len(found["label"]))
    ]


def outline(grey: GreyImage, labels: NDArray[Any]) -> NDArray[np.uint8]:
    """
    Draw the objects' outlines in red into a picture.

    Parameters
    ----------
    grey : ndarray of uint8, shape (height, width)
        The picture.
    labels : ndarray of int, shape (height, width)
        The objects, as ``segment`` numbers them.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)
        Red, green, blue; ``PIL.Image.fromarray`` shows it in a notebook.
    """
    import numpy as np
    from skimage.segmentation import find_boundaries

    drawn = np.stack([grey] * 3, axis=-1)
    drawn[find_boundaries(labels, mode="inner")] = (230, 30, 30)
    return drawn


def _level(light: NDArray[np.float64], threshold: Threshold) -> float:
    from skimage import filters

    thresholds = {"otsu": filters.threshold_otsu, "li": filters.threshold_li}
    return float(thresholds[threshold](light))


def _without_small(regions: NDArray[Any], min_area: float) -> NDArray[Any]:
    """Blank the regions under ``min_area`` pixels; of a mask, its connected regions."""
    import numpy as np
    from scipy import ndimage

    labels = ndimage.label(regions)[0] if regions.dtype == np.bool_ else regions
    is_small = np.bincount(labels.ravel()) < min_area
    return np.where(is_small[labels], regions.dtype.type(0), regions)


def _part_at_necks(mask: NDArray[np.bool_], diameter: float) -> NDArray[Any]:
    """
    Give every object of a mask its number, also where objects touch.

    An object is a summit of the distance to the background, and a neck divides it from the next.
    """
    import numpy as np
    from scipy import ndimage
    from skimage.measure import label
    from skimage.morphology import local_maxima, reconstruction
    from skimage.segmentation import watershed

    depth = max(NECK_IN_PIXELS, NECK_IN_DIAMETERS * diameter)
    distance = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), min(1.0, 0.04 * diameter)) * mask
    # Summits that rise less than `depth` over their neck are levelled into one plateau, which is one marker.
    levelled = reconstruction(np.maximum(distance - depth, 0.0), distance)
    summits = label(local_maxima(levelled) & mask)
    return np.asarray(watershed(-distance, summits, mask=mask))
