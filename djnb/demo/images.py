"""The pictures of the demo: files that ship inside scikit-image, read without a network."""

from __future__ import annotations

import difflib
import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from djnb.errors import MissingPackageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Channel = Literal["grey", "hematoxylin"]


@dataclass(frozen=True)
class Picture:
    """
    A picture as it was read.

    Attributes
    ----------
    grey : ndarray of uint8, shape (height, width)
        One channel, from black to white.
    channels : int
        How many channels the file has.
    sha256 : str
        The checksum of the file, in hexadecimal.
    """

    grey: NDArray[np.uint8]
    channels: int
    sha256: str


def folder() -> Path:
    """
    Return the folder of the pictures inside the installed scikit-image.

    Raises
    ------
    MissingPackageError
        scikit-image is not installed.
    """
    if find_spec("skimage") is None:
        raise MissingPackageError(
            "The demo reads its pictures from scikit-image, which is not installed.",
            remedy="Install it with: pip install 'djnb[lab]'",
        )
    import skimage

    return Path(skimage.__file__).parent / "data"


def read(file: str, channel: Channel = "grey") -> Picture:
    """
    Read a picture that ships with scikit-image.

    Parameters
    ----------
    file : str
        The name of the file in ``folder()``.
    channel : {"grey", "hematoxylin"}
        The brightness, or the density of the hematoxylin stain.

    Raises
    ------
    FileNotFoundError
        There is no such file; the message offers the nearest name.
    MissingPackageError
        scikit-image is not installed.
    """
    path = folder() / file
    if not path.is_file():
        raise FileNotFoundError(_not_there(file))
    from skimage.io import imread

    pixels = imread(path)
    return Picture(
        grey=_stain(pixels) if channel == "hematoxylin" else _grey(pixels),
        channels=1 if pixels.ndim == 2 else pixels.shape[2],
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def _not_there(file: str) -> str:
    there = sorted(path.name for path in folder().iterdir() if path.suffix in {".png", ".jpg", ".tif", ".gif"})
    near = difflib.get_close_matches(file, there, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"There are: {', '.join(there)}."
    return f"scikit-image ships no picture '{file}'. {hint}"


def _grey(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import numpy as np

    if pixels.ndim == 2:
        return pixels
    # The weights of red, green and blue in the brightness that the eye sees (Rec. 709).
    return np.asarray(np.rint(pixels[..., :3] @ np.array([0.2126, 0.7152, 0.0722])), dtype=np.uint8)


def _stain(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    import numpy as np
    from skimage.color import rgb2hed

    density = rgb2hed(pixels[..., :3])[..., 0]
    low, high = np.percentile(density, [0.5, 99.5])
    return np.asarray(np.rint(np.clip((density - low) / (high - low), 0, 1) * 255), dtype=np.uint8)
