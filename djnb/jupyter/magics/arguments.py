"""What the magics share: parsers of their arguments, and help made from these."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from IPython.core import magic_arguments

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.core.magic import Magics

F = TypeVar("F", bound=Callable[..., Any])


def make_parser(name: str, *, usage: str) -> ArgumentParser:
    """Return a parser for a magic; a wrong argument is a ``UsageError``."""
    parser_class: Any = magic_arguments.MagicArgumentParser
    parser: ArgumentParser = parser_class(name, usage=usage)
    return parser


def documented(parser: ArgumentParser) -> Callable[[F], F]:
    """Put the arguments into the help of a magic, ``%populate?``: a decorator."""

    def decorate(function: F) -> F:
        parser.description = function.__doc__
        function.__doc__ = parser.format_help()
        return function

    return decorate


def shell_of(magics: Magics) -> InteractiveShell:
    """Return the shell that magics are registered in."""
    assert magics.shell is not None
    return magics.shell
