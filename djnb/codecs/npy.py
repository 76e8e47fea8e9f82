"""``<npy@store>``: an array in a ``.npy`` file, fetched as a reference that reads it when it is needed."""

from __future__ import annotations

import io
import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np

from djnb.codecs.schema import SchemaCodec
from djnb.errors import BlobError
from djnb.stores.store import Store

MapMode = Literal["r", "r+", "w+", "c"]


class NpyRef:
    """
    An array in a store; fetched from ``<npy@store>``.

    Shape and dtype are known without reading. numpy reads it by itself: ``np.mean(ref)``, ``ref + 1``, ``ref[10:20]``.

    Attributes
    ----------
    path : str
        Within the store.
    store : str
        The store's name.

    Examples
    --------
    >>> ref = (Recording & key).fetch1("signal")
    >>> ref.shape, ref.dtype
    >>> ref.load(mmap_mode="r")[1000:2000]
    """

    __hash__ = None  # type: ignore[assignment]  # as an array, it compares element by element

    def __init__(self, metadata: Mapping[str, Any], backend: Store) -> None:
        self._metadata = metadata
        self._home = backend
        self._loaded: np.ndarray[Any, Any] | None = None

    @property
    def path(self) -> str:
        """The path within the store."""
        return str(self._metadata["path"])

    @property
    def store(self) -> str | None:
        """The store's name."""
        return self._metadata.get("store")

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape, as the row records it."""
        return tuple(self._metadata["shape"])

    @property
    def dtype(self) -> np.dtype[Any]:
        """The array's dtype, as the row records it."""
        recorded = self._metadata["dtype"]
        try:
            recorded_dtype: np.dtype[Any] = np.dtype(recorded)
        except TypeError:  # of a structured array, which is recorded as its text
            recorded_dtype = self.load().dtype
        return recorded_dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """The size of the elements in bytes."""
        return self.size * self.dtype.itemsize

    @property
    def is_loaded(self) -> bool:
        """Whether the array has been read."""
        return self._loaded is not None

    def load(self, mmap_mode: MapMode | None = None) -> Any:
        """
        Return the array.

        Parameters
        ----------
        mmap_mode : {"r", "r+", "w+", "c"}, optional
            Map the file into memory, as ``numpy.load`` does, rather than read it; from a server it is copied to a
            temporary file first. ``"r+"`` and ``"w+"`` would change the store's file and are refused.

        Raises
        ------
        MissingFileError
            The file is not there.
        BlobError
            The file is no array.
        """
        if mmap_mode is not None:
            return self._map(mmap_mode)
        if self._loaded is None:
            try:
                self._loaded = np.load(io.BytesIO(self._home.get_buffer(self.path)), allow_pickle=False)
            except (ValueError, EOFError) as error:
                raise BlobError(f"'{self.path}' in the store '{self.store}' is no array: {error}") from error
        return self._loaded

    def _map(self, mode: MapMode) -> Any:
        if mode not in ("r", "c"):
            raise ValueError(f"mmap_mode={mode!r} would change the file in the store; use 'r' or 'c'")
        if self._home.is_local:
            self._home.size(self.path)  # a file that is missing has an error of its own
            return np.load(self._home.full_path(self.path), mmap_mode=mode, allow_pickle=False)
        copy = Path(tempfile.mkdtemp(prefix="djnb-")) / "array.npy"
        self._home.get_file(self.path, copy)
        return np.load(copy, mmap_mode=mode, allow_pickle=False)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        array: np.ndarray[Any, Any] = np.asarray(self.load(), dtype=dtype)
        return array.copy() if copy and array is self._loaded else array

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        plain = [value.load() if isinstance(value, NpyRef) else value for value in inputs]
        return getattr(ufunc, method)(*plain, **options)

    def __getitem__(self, place: Any) -> Any:
        return self.load()[place]

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("an array without axes has no length")
        return self.shape[0]

    def __getattr__(self, name: str) -> Any:
        # `ref.mean()` and the operators below; not what asks whether it is something else.
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.load(), name)

    def __repr__(self) -> str:
        return f"NpyRef({self.path!r}, shape={self.shape}, dtype={self._metadata['dtype']})"


def _operator(name: str) -> Any:
    def operate(self: NpyRef, *others: Any) -> Any:
        plain = [other.load() if isinstance(other, NpyRef) else other for other in others]
        return getattr(self.load(), name)(*plain)

    operate.__name__ = name
    return operate


for _name in (
    "add", "radd", "sub", "rsub", "mul", "rmul", "truediv", "rtruediv", "floordiv", "rfloordiv", "mod", "pow", "rpow",
    "matmul", "rmatmul", "neg", "abs", "eq", "ne", "lt", "le", "gt", "ge",
):  # fmt: skip
    setattr(NpyRef, f"__{_name}__", _operator(f"__{_name}__"))


class NpyCodec(SchemaCodec):
    """An array in a ``.npy`` file of its own, which other programs read too; nothing in it is pickled."""

    name = "npy"

    def validate(self, value: Any) -> None:
        """Refuse what is no array, and arrays of Python objects."""
        if isinstance(value, NpyRef):
            return
        if not isinstance(value, np.ndarray):
            raise TypeError(f"<npy> takes an array, not {type(value).__name__}")
        if value.dtype.hasobject:
            raise TypeError("<npy> cannot keep an array of Python objects")

    def encode(
        self, value: Any, *, key: Any = None, context: Any = None, store_name: str | None = None
    ) -> dict[str, Any]:
        """Write the file and return where it is, with dtype and shape."""
        array = np.asarray(value)
        path, store = self.place(key, context, store_name=store_name, extension=".npy")
        buffer = io.BytesIO()
        np.save(buffer, array, allow_pickle=False)
        store.put_buffer(buffer.getvalue(), path)
        return {"path": path, "store": store.name, "dtype": str(array.dtype), "shape": list(array.shape)}

    def decode(self, stored: Any, *, key: Any = None, context: Any = None) -> NpyRef:
        """Return a reference."""
        return NpyRef(stored, self.store_of(stored))
