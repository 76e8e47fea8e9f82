"""Adapters of DataJoint 0.14: a pair of functions around an attribute type, found by name where a table is declared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from djnb.codecs.registry import Codec, put_codec


class AttributeAdapter:
    """
    How one kind of value is kept in a database, as up to DataJoint 0.14; `Codec` is its successor.

    Derive from it, and make an instance under the name that definitions use, beside the tables.

    Attributes
    ----------
    attribute_type : str
        The type that holds what `put` returns, for example ``"longblob"`` or ``"blob@main"``.

    Examples
    --------
    >>> class GraphAdapter(AttributeAdapter):
    ...     attribute_type = "longblob"
    ...
    ...     def put(self, graph):
    ...         return list(graph.edges)
    ...
    ...     def get(self, edges):
    ...         return networkx.Graph(edges)
    >>> graph = GraphAdapter()  # a definition may say `connectivity : <graph>`
    """

    attribute_type: str = ""

    def put(self, obj: Any) -> Any:
        """Return a value as the attribute type keeps it."""
        raise NotImplementedError(f"`{type(self).__name__}` has no method `put`")  # it may only read

    def get(self, value: Any) -> Any:
        """Return the value that `put` was given."""
        raise NotImplementedError(f"`{type(self).__name__}` has no method `get`")  # it may only write


class AdapterCodec(Codec, register=False):
    """An adapter as a codec."""

    needs_row = False

    def __init__(self, name: str, adapter: AttributeAdapter) -> None:
        self.name = name  # type: ignore[misc]  # of this adapter, where other codecs have one for the class
        self.adapter = adapter

    def get_dtype(self, is_store: bool) -> str:
        """Return the adapter's attribute type."""
        return str(self.adapter.attribute_type)

    def encode(self, value: Any, *, key: Any = None, context: Any = None, store_name: str | None = None) -> Any:
        """Return what `put` makes of the value."""
        return self.adapter.put(value)

    def decode(self, stored: Any, *, key: Any = None, context: Any = None) -> Any:
        """Return what `get` makes of it."""
        return self.adapter.get(stored)


def register_adapters(definition: str, namespace: Mapping[str, Any]) -> None:
    """
    Make the adapters known that a definition names, and that the namespace of its table holds.

    The last one of a name counts, as the notebook's cells run again.

    Raises
    ------
    CodecError
        A codec has the name.
    """
    for name in re.findall(r"<\s*([a-zA-Z_]\w*)", definition):
        adapter = namespace.get(name)
        if isinstance(adapter, AttributeAdapter):
            put_codec(name, AdapterCodec(name, adapter))
