"""
The demo's tables: pictures that ship with scikit-image, and the objects counted in them by three methods.

::

    Image ── Pixels ─┐
                     ├── Segmentation ── Segmentation.Object
    Method ──────────┘

Importing the module declares nothing; ``activate()`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import djnb as dj
from djnb.demo import images, segmentation

if TYPE_CHECKING:
    from djnb.connection import Connection
    from djnb.query import Query

SCHEMA_NAME = "djnb_demo"

schema = dj.Schema()


@schema
class Image(dj.Manual):
    """The pictures, and what is to be counted in each; registered by hand."""

    definition = """
    # a picture and what is counted in it
    image : varchar(24)                     # short name
    ---
    file : varchar(64)                      # name of the file among the pictures of scikit-image
    counted : varchar(64)                   # the objects
    channel : enum('grey', 'hematoxylin')   # brightness, or density of a stain
    contrast : enum('bright', 'dark')       # the objects against their background
    diameter : float64                      # typical diameter of an object (px)
    pixel_size = null : float64             # edge of a pixel (um), where it is known
    source : varchar(128)                   # who made the picture, and its licence
    """


@schema
class Pixels(dj.Imported):
    """The pictures' files, read."""

    definition = """
    # what the file of a picture holds
    -> Image
    ---
    height : int32         # (px)
    width : int32          # (px)
    channels : int32       # channels of the file
    sha256 : varchar(64)   # checksum of the file
    grey : <blob>          # ndarray of uint8, shape (height, width)
    """

    def make(self, key: dict[str, Any]) -> None:
        """Read the file of one picture."""
        file, channel = (Image & key).fetch1("file", "channel")
        picture = images.read(file, channel)
        height, width = picture.grey.shape
        self.insert1(
            dict(
                key,
                height=height,
                width=width,
                channels=picture.channels,
                sha256=picture.sha256,
                grey=picture.grey,
            )
        )


@schema
class Method(dj.Lookup):
    """Ways to find the objects; a diameter is that of ``Image``."""

    definition = """
    # a way to separate objects from their background
    method : varchar(16)               # short name
    ---
    threshold : enum('otsu', 'li')     # how the threshold is taken from the histogram
    background : float64               # sigma of the background that is subtracted first (diameters), 0 for none
    smoothing : float64                # sigma of the smoothing (diameters)
    min_area : float64                 # smallest object that is kept (discs of the typical diameter)
    """
    contents = (
        {"method": "otsu", "threshold": "otsu", "background": 0.0, "smoothing": 0.05, "min_area": 0.15},
        {"method": "li", "threshold": "li", "background": 0.0, "smoothing": 0.05, "min_area": 0.15},
        {"method": "flattened", "threshold": "otsu", "background": 1.5, "smoothing": 0.05, "min_area": 0.15},
    )


@schema
class Segmentation(dj.Computed):
    """The objects of every picture by every method."""

    definition = """
    # the objects found in a picture by a method
    -> Pixels
    -> Method
    ---
    n_objects : int32      # how many there are
    coverage : float64     # share of the pixels that belong to an object
    level : float64        # the threshold (grey levels, after the background is subtracted)
    labels : <blob>        # ndarray of uint16, shape (height, width): the object of each pixel, 0 for none
    """

    class Object(dj.Part):
        """One object each."""

        definition = """
        # an object of a picture
        -> master
        object_id : int32        # from 1
        ---
        center_x : float64       # from the left edge (px)
        center_y : float64       # from the top edge (px)
        area : int32             # (px)
        eccentricity : float64   # 0 for a circle, up to 1 for a line
        brightness : float64     # mean grey level, 0 to 255
        """

    def make(self, key: dict[str, Any]) -> None:
        """Segment one picture by one method and measure its objects."""
        grey = (Pixels & key).fetch1("grey")
        diameter, contrast = (Image & key).fetch1("diameter", "contrast")
        threshold, background, smoothing, min_area = (Method & key).fetch1(
            "threshold", "background", "smoothing", "min_area"
        )
        found = segmentation.segment(
            grey,
            diameter=diameter,
            contrast=contrast,
            threshold=threshold,
            background=background,
            smoothing=smoothing,
            min_area=min_area,
        )
        self.insert1(
            dict(
                key,
                n_objects=found.count,
                coverage=found.coverage,
                level=found.level,
                labels=found.labels.astype("uint16"),
            )
        )
        self.Object.insert([dict(key, **measured) for measured in segmentation.measure(found, grey)])


def activate(name: str = SCHEMA_NAME, *, connection: Connection | None = None) -> None:
    """
    Declare the demo's tables in a database, or find them there.

    Parameters
    ----------
    name : str
        The schema.
    connection : Connection, optional
        The database; without it, the one of the settings.
    """
    schema.activate(name, connection=connection)


def summary() -> Query:
    """
    Ask, for every picture and method, how many objects there are and what they are like.

    Returns
    -------
    Query
        One row per ``image`` and ``method``: ``objects``; ``mean_area``, pixels; ``mean_eccentricity``, 0 to 1.
    """
    return Segmentation.aggr(
        Segmentation.Object,
        objects="count(*)",
        mean_area="round(avg(area), 1)",
        mean_eccentricity="round(avg(eccentricity), 2)",
    )
