"""Creating the table of a class that a schema has tied to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from djnb.declaration.declare import declare
from djnb.errors import DefinitionError, NotDeclaredError
from djnb.jobs import metadata
from djnb.jobs.twins import warn_of_twin
from djnb.settings import get_config

if TYPE_CHECKING:
    from djnb.model.spec import TableSpec
    from djnb.tables.stored import StoredTable


def create(cls: type[StoredTable]) -> TableSpec | None:
    """
    Create the table of a class from its definition; None if somebody else was faster.

    Raises
    ------
    NotDeclaredError
        No schema has decorated the class.
    DefinitionError
        The class has no definition, or one that cannot be declared.
    """
    name, connection = cls._table, cls._home
    if name is None or connection is None:
        raise NotDeclaredError.for_class(cls.__name__, is_decorated=cls._is_decorated)
    definition = getattr(cls, "definition", None)
    if not isinstance(definition, str):
        raise DefinitionError(
            f"`{name.class_name}` has no definition.",
            remedy="Write a class attribute `definition` with its attributes.",
        )
    # Only tables that `make` fills have the attribute.
    allows_new = getattr(cls, "allow_new_pk_fields", True)
    spec = declare(
        connection,
        name,
        definition,
        cls._namespace,
        label=name.class_name,
        key_from_parents_only=not allows_new and not get_config().jobs.allow_new_pk_fields_in_computed_tables,
        hidden=metadata.attributes_for(name.tier),
    )
    if spec is not None:
        warn_of_twin(connection, name)
    return spec
