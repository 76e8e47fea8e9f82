"""Which pictures the demo registers: the rows of ``Image``."""

from __future__ import annotations

from typing import Any

# What the tables are given. One file name is wrong, as it happens where seven names are typed and six end in .png:
# the demo shows what a failed key looks like and how it is mended.
REGISTERED: tuple[dict[str, Any], ...] = (
    {
        "image": "bricks",
        "file": "brick.png",
        "counted": "bricks of a wall",
        "channel": "grey",
        "contrast": "dark",
        "diameter": 44.0,
        "pixel_size": None,
        "source": "CC0Textures, CC0",
    },
    {
        "image": "cell",
        "file": "cell.png",
        "counted": "a cell floating in saline, quantitative phase",
        "channel": "grey",
        "contrast": "bright",
        "diameter": 120.0,
        "pixel_size": 0.107,
        "source": "Müller et al. 2018, doi:10.1364/OE.26.010729, CC0",
    },
    {
        "image": "coins",
        "file": "coins.png",
        "counted": "Greek coins from Pompeii",
        "channel": "grey",
        "contrast": "bright",
        "diameter": 40.0,
        "pixel_size": None,
        "source": "Brooklyn Museum, no known copyright restrictions",
    },
    {
        "image": "galaxies",
        "file": "hubble_deep_field.png",
        "counted": "galaxies of the Hubble eXtreme Deep Field",
        "channel": "grey",
        "contrast": "bright",
        "diameter": 9.0,
        "pixel_size": None,
        "source": "NASA, public domain",
    },
    {
        "image": "glyphs",
        "file": "page.png",
        "counted": "letters of a page in uneven light",
        "channel": "grey",
        "contrast": "dark",
        "diameter": 9.0,
        "pixel_size": None,
        "source": "scikit-image",
    },
    {
        "image": "gravel",
        "file": "gravel.png",
        "counted": "stones",
        "channel": "grey",
        "contrast": "bright",
        "diameter": 22.0,
        "pixel_size": None,
        "source": "CC0Textures, CC0",
    },
    {
        "image": "nuclei",
        "file": "ihc.png",
        "counted": "nuclei of colonic glands, stained with hematoxylin",
        "channel": "hematoxylin",
        "contrast": "bright",
        "diameter": 11.0,
        "pixel_size": None,
        "source": "Center for Microscopy and Molecular Imaging, no known copyright restrictions",
    },
)

# The file names that are wrong above, put right.
CORRECTIONS: dict[str, str] = {"galaxies": "hubble_deep_field.jpg"}
