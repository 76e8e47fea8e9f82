"""``%jobs``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, line_magic, magics_class, needs_local_scope, no_var_expand

from djnb.jupyter.magics import names
from djnb.jupyter.magics.arguments import documented, make_parser, shell_of

if TYPE_CHECKING:
    from djnb.tables.jobs import JobTable
    from djnb.tables.schema_jobs import JobTables

_parser = make_parser("jobs", usage="%(prog)s [TABLE|SCHEMA]")
_parser.add_argument("what", metavar="TABLE", nargs="?", help="a table, or a schema for all of its tables")


@magics_class
class JobMagics(Magics):
    """Look through jobs, and mend them."""

    @documented(_parser)
    @no_var_expand
    @needs_local_scope
    @line_magic
    def jobs(self, line_text: str, local_ns: dict[str, Any] | None = None) -> JobTable | JobTables:
        """
        Show the jobs of a table or of a schema: what failed, why, and what may be done about it.

        Without a name it shows those of all tables that the notebook has defined or imported::

            %jobs Segmentation
            %jobs schema
        """
        from djnb.schemas import Schema  # which takes a while to import
        from djnb.tables.schema_jobs import JobTables

        namespace = {**shell_of(self).user_ns, **(local_ns or {})}
        words = line_text.split()
        if len(words) > 1 or line_text.strip().startswith("-"):
            raise UsageError("%jobs takes the name of one table or schema, and no options.")
        if not words:
            found: list[Any] = names.declared(cls for _, cls in names.tables(namespace))
            return JobTables([table().jobs for table in found])
        value = names.find(words[0], namespace)
        if isinstance(value, Schema):
            return value.jobs
        table: Any = names.find_populated(words[0], namespace)
        jobs: JobTable = table().jobs
        return jobs
