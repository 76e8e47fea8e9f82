"""The groups of settings, one documented attribute each."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_serializer

from djnb.settings.group import Group
from djnb.settings.secrets import hide_password


class Database(Group):
    """Where the database is and how to reach it."""

    prefix: ClassVar[str] = "database."

    url: str | None = Field(
        default=None,
        description="Address of the database: `sqlite:///pipeline.sqlite` or `mysql://user@host:3306`. "
        "Without it, `database.host` counts, and without that the file `djnb.sqlite` in the working directory.",
    )
    host: str | None = Field(default=None, description="Name or address of a MySQL or MariaDB server.")
    port: int = Field(default=3306, ge=1, le=65535, description="TCP port of the server.")
    user: str | None = Field(default=None, description="Account on the server.")
    password: SecretStr | None = Field(default=None, description="Password of the account; never shown.")
    use_tls: bool | None = Field(
        default=None,
        description="True requires encryption, False forbids it, None encrypts where the server offers it. "
        "The server's certificate is not checked.",
    )
    reconnect: bool = Field(
        default=True, description="Connect again by itself after a lost connection, unless a transaction was open."
    )
    create_tables: bool = Field(
        default=True,
        description="Create tables that are not there, where `Schema(create_tables=…)` does not say whether.",
    )
    use_connectorx: bool = Field(
        default=True,
        description="Fetch whole frames from a server by the package connectorx where it is installed, "
        "unless the connection is encrypted.",
    )

    @field_serializer("url")
    def _without_password(self, url: str | None) -> str | None:
        return hide_password(url)


class Display(Group):
    """How a table or a query is shown."""

    prefix: ClassVar[str] = "display."

    limit: int = Field(default=12, ge=1, description="Most rows in a preview.")
    width: int = Field(default=40, ge=4, description="Most characters in a cell of a preview.")
    show_row_count: bool = Field(
        default=True, description="Show under a preview how many rows there are in all; costs one more statement."
    )
    diagram_direction: Literal["LR", "TB"] = Field(
        default="LR", description="Whether a diagram draws children to the right of their parents, or below them."
    )
    diagram_engine: Literal["auto", "dot", "layered"] = Field(
        default="auto",
        description="What draws a diagram as SVG: `dot` is graphviz's program, `layered` is djnb's own and the same "
        "on every computer; `auto` takes `dot` where it is installed.",
    )


class Jobs(Group):
    """How computed tables are declared and filled, and how their jobs are kept."""

    prefix: ClassVar[str] = "jobs."

    auto_refresh: bool = Field(
        default=True,
        description="Look for new keys whenever `populate(reserve_jobs=True)` begins; "
        "False leaves it to `jobs.refresh()`.",
    )
    keep_completed: bool = Field(
        default=False, description="Keep the jobs that are done, as `success`; False deletes them."
    )
    keep_interval: float = Field(
        default=0.1,
        ge=0,
        description="Seconds for which what is computed of a short key may wait, to be kept together with others; "
        "0 keeps each key by itself.",
    )
    stale_timeout: float = Field(
        default=3600,
        ge=0,
        description="Seconds after which a refresh asks of a waiting job whether its key is still wanted.",
    )
    # The column is a signed byte in DataJoint's layout.
    default_priority: int = Field(
        default=5, ge=0, le=127, description="Priority of new jobs; the lower, the sooner they are made."
    )
    add_job_metadata: bool = Field(
        default=False,
        description="Declare Imported and Computed tables with hidden attributes that tell when each row was computed, "
        "how long it took, and by which version of the code.",
    )
    version_method: Literal["git", "none"] | None = Field(
        default=None,
        description="Which version of the code is noted: `git` the commit of the working directory; none by default.",
    )
    allow_new_pk_fields_in_computed_tables: bool = Field(
        default=False,
        description="Let Imported and Computed tables have primary key attributes that no foreign key brings.",
    )
    heartbeat_interval: float = Field(
        default=5, gt=0, description="Seconds between the signs of life that a worker gives to the server."
    )
    grace_period: float = Field(
        default=15,
        gt=0,
        description="Seconds without a sign of life after which a worker may be dead; "
        "its lock on the server decides whether it is.",
    )
    lease_time: float = Field(
        default=600,
        gt=0,
        description="Seconds after which the server itself ends the connection of a worker that is out of reach, "
        "so that its jobs become free.",
    )
