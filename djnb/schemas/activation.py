"""The name and the place of a schema, and the decorator that declares table classes there."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from djnb.connection import Connection, conn
from djnb.errors import ActivationError, DefinitionError, MissingSchemaError, NotDeclaredError
from djnb.model.naming import check_schema_name
from djnb.schemas.binding import Decorated, Place, caller_namespace, is_table_class, parts_of
from djnb.schemas.objects import names_of
from djnb.settings import get_config
from djnb.tables.table import Table
from djnb.tables.tiers import Part

if TYPE_CHECKING:
    from types import ModuleType

T = TypeVar("T", bound=type[Table])


class Activation:
    """
    What makes a schema of classes one of the database: at once, or when it gets its name.

    The parameters are those of `Schema`.
    """

    def __init__(
        self,
        schema_name: str | None = None,
        context: Mapping[str, Any] | None = None,
        *,
        connection: Connection | None = None,
        create_schema: bool = True,
        create_tables: bool | None = None,
        add_objects: Mapping[str, Any] | ModuleType | str | None = None,
    ) -> None:
        self._name: str | None = None
        self._connection = connection
        self.context = context
        self._creates_schema = create_schema
        self._creates_tables = create_tables
        self._objects: ChainMap[str, Any] = ChainMap(names_of(add_objects))
        self._decorated: list[Decorated] = []
        if schema_name is not None:
            self.activate(schema_name, connection=connection, create_schema=create_schema)

    @property
    def name(self) -> str:
        """The schema's name in the database."""
        if self._name is None:
            raise NotDeclaredError(
                "The schema is not activated: it has no name yet.", remedy="Call `schema.activate('name')`."
            )
        return self._name

    @property
    def database(self) -> str | None:
        """The schema's name in the database, as DataJoint calls it; None before it is activated."""
        return self._name

    @property
    def connection(self) -> Connection:
        """The database."""
        return self._connection or conn()

    def is_activated(self) -> bool:
        """Tell whether the schema has a name and a place."""
        return self._name is not None

    @property
    def exists(self) -> bool:
        """Whether the schema is in the database; False before it is activated."""
        return self._name is not None and self._name in self.connection.list_schemas()

    def activate(
        self,
        schema_name: str | None = None,
        *,
        connection: Connection | None = None,
        create_schema: bool | None = None,
        create_tables: bool | None = None,
        add_objects: Mapping[str, Any] | ModuleType | str | None = None,
    ) -> None:
        """
        Give the schema a name and a place, and declare there the classes that it has decorated.

        Once activated, activating it by the same name does nothing; on another connection, it moves there.

        Parameters
        ----------
        schema_name : str
            The schema.
        connection, create_schema, create_tables, add_objects
            As for the class, which has said what holds where nothing is said here.

        Raises
        ------
        ActivationError
            It is activated by another name, or no name is given.
        DefinitionError
            It cannot be the name of a schema, or a class cannot be declared.
        MissingSchemaError
            It is not there and is not to be created.
        AccessError
            The user may not create it.
        """
        if schema_name is None and self._name is None:
            raise ActivationError("No name is given for the schema.", remedy="Call `schema.activate('name')`.")
        if schema_name is None or (schema_name == self._name and self._is_at(connection)):
            return
        if self._name is not None and schema_name != self._name:
            raise ActivationError(
                f"The schema is activated as '{self._name}' and cannot become '{schema_name}'.",
                remedy="Activate it once; for two schemas with the same tables, make two `dj.Schema` objects.",
            )
        check_schema_name(schema_name)
        self._connection = self._reached(connection)
        if add_objects is not None:
            self._objects = self._objects.new_child(names_of(add_objects))
        if create_tables is not None:
            self._creates_tables = create_tables
        if self._connection.catalogue.schema(schema_name) is None:
            if not (self._creates_schema if create_schema is None else create_schema):
                raise MissingSchemaError.for_name(
                    schema_name,
                    self._connection.address,
                    remedy="Check the name, or let it be created: `create_schema=True`.",
                )
            self._connection.create_schema(schema_name)
        self._name = schema_name
        try:
            for decorated in self._decorated:
                self._bind(decorated)
        except BaseException:
            self._name = None  # what was declared stays, and activating it again goes on from there
            raise

    def _is_at(self, connection: Connection | None) -> bool:
        own = self._connection
        if own is None or own.is_closed or (connection is not None and connection is not own):
            return False
        return own.catalogue.schema(self.name) is not None

    def _reached(self, connection: Connection | None) -> Connection:
        own = self._connection if self._connection is not None and not self._connection.is_closed else None
        return connection or own or conn()

    def __call__(self, cls: T, /, *, context: Mapping[str, Any] | None = None) -> T:
        """
        Declare a table class and its parts.

        Raises
        ------
        DefinitionError
            The class is no table class, or its definition cannot be declared.
        """
        if not is_table_class(cls):
            raise DefinitionError(
                f"`{getattr(cls, '__name__', type(cls).__name__ + '()')}` is no table class.",
                remedy="Subclass dj.Manual, dj.Lookup, dj.Imported or dj.Computed.",
            )
        if issubclass(cls, Part):
            raise DefinitionError(
                f"The part `{cls.__name__}` is decorated by itself.",
                remedy="Put the class inside its master's class; it is declared with the master.",
            )
        given = context or self.context
        decorated = Decorated(cls, given if given is not None else caller_namespace(cls))
        declared: list[type[Table]] = [cls, *parts_of(cls)]
        for table in declared:
            table._is_decorated = True
        if self.is_activated():
            self._bind(decorated)
        self._decorated = [d for d in self._decorated if d.table.__qualname__ != cls.__qualname__] + [decorated]
        return cls

    def _bind(self, decorated: Decorated) -> None:
        siblings = {d.table.__name__: d.table for d in self._decorated}
        creates = get_config().database.create_tables if self._creates_tables is None else self._creates_tables
        Place(self.connection, self.name, self._objects, siblings, creates).bind(decorated)

    @property
    def tables(self) -> list[type[Table]]:
        """The classes that the schema has decorated, in this order."""
        return [decorated.table for decorated in self._decorated]
