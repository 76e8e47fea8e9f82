"""
Every error that djnb raises.

An error says what was asked, what is true, and what to do next.
Its parts are attributes too, so that a widget can offer the remedy.

::

    DataJointError
    ├── DefinitionError             a table's definition cannot be read or declared
    │   ├── UnknownTypeError        an attribute's type is not one that djnb knows
    │   └── UnknownParentError      a foreign key names a table that cannot be found
    ├── NotDeclaredError            a class is used before a schema has declared it
    ├── ActivationError             a schema is activated already, by another name
    ├── UnknownAttributeError       a name is not in the heading
    ├── QuerySyntaxError            a restriction or an expression cannot be read
    │   └── UnknownFunctionError    a function is not among those of SQL
    ├── OperandError                an operator was given something it cannot combine
    ├── RowCountError               fetch1() found no row, or several
    ├── InsertError                 rows cannot be written
    │   ├── InvalidValueError       a value does not fit its attribute's type
    │   ├── MissingAttributeError   a row lacks an attribute that has no default
    │   └── DirectInsertError       an insert into a computed table outside make()
    ├── BlobError                   bytes are not a blob, or a value cannot become one
    ├── CodecError                  a codec cannot be registered
    │   └── UnknownCodecError       a codec is not registered
    ├── StoreError                  files cannot be written to a store, or read from it
    │   ├── UnknownStoreError       a store is not configured
    │   ├── MissingFileError        a file that a row refers to is not in its store
    │   └── CorruptFileError        a file in a store is not what was put there
    ├── KeyFailedError              a key was not made
    │   ├── MakeError               make() raised
    │   │   └── EmptyMakeError      make() inserted no row for its key
    │   ├── LostReservationError    a job was taken from its worker while that computed
    │   └── WorkerDiedError         the process that made a key has died
    ├── InputsChangedError          what make() had read was changed while it computed
    ├── PopulateError               populate() cannot run as asked
    │   └── MakeFormError           a part of a three-part make() is missing, or returns no tuple
    ├── ConsentError                a deletion needs consent and nobody can be asked
    ├── PlanChangedError            a deletion was planned, and other rows would go now
    ├── MissingProgramError         a program, such as graphviz's `dot`, is not installed
    ├── MissingPackageError         an optional package is not installed
    ├── CompatError                 djnb cannot take the place of DataJoint in this process
    ├── SettingsError               a setting has a name or a value that is not accepted
    └── DatabaseError               the database refused
        ├── UnreachableError        no server answers, or a file cannot be opened
        ├── AuthenticationError     the server does not accept user and password
        ├── LostConnectionError     the connection broke while it was in use
        ├── AccessError             a privilege is missing
        ├── MissingTableError       a table is not in the database
        ├── MissingSchemaError      a schema is not in the database
        ├── TransactionError        a transaction was opened inside another
        ├── LockError               a lock was not had in time, or a deadlock was broken
        └── IntegrityError          a constraint would be violated
            ├── DuplicateError      a row with this key is there already
            ├── MissingParentError  a foreign key points at no row
            └── ReferencedError     rows of other tables refer to this row
    PopulateInterrupted             Ctrl-C during populate(); a KeyboardInterrupt
    └── PopulateTerminated          SIGTERM during populate(); a SystemExit too

The base class is for catching; djnb raises the specific ones.
"""

from __future__ import annotations

from djnb.errors.asking import (
    OperandError,
    QuerySyntaxError,
    RowCountError,
    UnknownAttributeError,
    UnknownFunctionError,
)
from djnb.errors.base import DataJointError, describe, did_you_mean
from djnb.errors.database import (
    AccessError,
    AuthenticationError,
    DatabaseError,
    DuplicateError,
    IntegrityError,
    LockError,
    LostConnectionError,
    MissingParentError,
    MissingSchemaError,
    MissingTableError,
    ReferencedError,
    TransactionError,
    UnreachableError,
)
from djnb.errors.declaring import (
    ActivationError,
    DefinitionError,
    NotDeclaredError,
    UnknownParentError,
    UnknownTypeError,
)
from djnb.errors.populating import (
    EmptyMakeError,
    InputsChangedError,
    KeyFailedError,
    LostReservationError,
    MakeError,
    MakeFormError,
    PopulateError,
    PopulateInterrupted,
    PopulateTerminated,
    WorkerDiedError,
)
from djnb.errors.rows import (
    ConsentError,
    DirectInsertError,
    InsertError,
    InvalidValueError,
    MissingAttributeError,
    PlanChangedError,
)
from djnb.errors.surroundings import CompatError, MissingPackageError, MissingProgramError, SettingsError
from djnb.errors.values import (
    BlobError,
    CodecError,
    CorruptFileError,
    MissingFileError,
    StoreError,
    UnknownCodecError,
    UnknownStoreError,
)
from djnb.errors.warned import LongTransactionWarning, SettingWithoutEffectWarning, SharedJobsWarning, warn_user

__all__ = [
    "DataJointError",
    "describe",
    "did_you_mean",
    "DefinitionError",
    "UnknownTypeError",
    "UnknownParentError",
    "NotDeclaredError",
    "ActivationError",
    "UnknownAttributeError",
    "QuerySyntaxError",
    "UnknownFunctionError",
    "OperandError",
    "RowCountError",
    "InsertError",
    "InvalidValueError",
    "MissingAttributeError",
    "DirectInsertError",
    "ConsentError",
    "PlanChangedError",
    "BlobError",
    "CodecError",
    "UnknownCodecError",
    "StoreError",
    "UnknownStoreError",
    "MissingFileError",
    "CorruptFileError",
    "KeyFailedError",
    "MakeError",
    "EmptyMakeError",
    "LostReservationError",
    "WorkerDiedError",
    "InputsChangedError",
    "PopulateError",
    "MakeFormError",
    "PopulateInterrupted",
    "PopulateTerminated",
    "SettingsError",
    "MissingPackageError",
    "MissingProgramError",
    "CompatError",
    "DatabaseError",
    "UnreachableError",
    "AuthenticationError",
    "LostConnectionError",
    "AccessError",
    "MissingTableError",
    "MissingSchemaError",
    "TransactionError",
    "LockError",
    "IntegrityError",
    "DuplicateError",
    "MissingParentError",
    "ReferencedError",
    "SharedJobsWarning",
    "LongTransactionWarning",
    "SettingWithoutEffectWarning",
    "warn_user",
]
