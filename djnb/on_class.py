"""The mark of methods that a table class hands on to an instance of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

if TYPE_CHECKING:

    class on_class(Generic[P, R]):  # noqa: N801 -- a decorator
        """Marks a method that a table class hands on to an instance of itself, for type checkers."""

        def __init__(self, method: Callable[Concatenate[Any, P], R]) -> None: ...

        def __get__(self, instance: Any, owner: Any) -> Callable[P, R]: ...

else:
    # At run time the metaclass of tables does it, for whatever a subclass makes of the method.
    def on_class(method):
        """Return the method as it is."""
        return method
