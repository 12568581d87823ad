"""Which indexes the database is to have: `database.indexes` in delivery.yml as models."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from orchestrator.delivery.shapes import Section, Shape, mistake
from orchestrator.languages import _

# Names become SQL in quotes; what is longer than 63 bytes PostgreSQL would cut.
_NAME = r"[A-Za-z_][A-Za-z0-9_$]{0,62}"
SqlName = Annotated[
    str, Shape(_NAME, _("a name of at most 63 letters, digits, _ and $, written as the database has it"))
]
TableName = Annotated[
    str, Shape(rf"{_NAME}(?:\.{_NAME})?", _("the name of a table, with its schema before a dot if need be"))
]
DatabaseName = Annotated[str, Shape(r"[A-Za-z_][A-Za-z0-9_$-]{0,62}", _("the name of a database"))]
Condition = Annotated[str, Shape(r"[^;\n]*[^;\s][^;\n]*", _("an SQL condition in one line, without ';'"))]


class WantedIndex(Section):
    """An index that is built where it is missing."""

    table: TableName = Field(description="Table, with its schema before a dot where it is not `public`.")
    columns: Annotated[tuple[SqlName, ...], Field(strict=False, min_length=1)] = Field(
        description="Its columns, in the order of the index."
    )
    database: DatabaseName | None = Field(
        default=None, description="Database of the table; the application's when not said."
    )
    name: SqlName | None = Field(
        default=None, description="Name of the index; made of table and columns when not said."
    )
    unique: bool = Field(default=False, description="Whether no two rows may have the same values.")
    where: Condition | None = Field(
        default=None, description="Only rows for which this SQL condition holds; PostgreSQL only."
    )

    @field_validator("columns")
    @classmethod
    def each_once(cls, columns: tuple[str, ...]) -> tuple[str, ...]:
        twice = next((column for column in columns if columns.count(column) > 1), None)
        if twice:
            raise mistake("column_twice", _("%(column)s stands there twice") % {"column": twice})
        return columns


class DatabasePolicy(Section):
    """What is asked of the database."""

    indexes: Annotated[tuple[WantedIndex, ...], Field(strict=False)] = Field(
        default=(), description="Indexes that `lifecycle tune indexes --apply-indexes` builds where they are missing."
    )

    @model_validator(mode="after")
    def each_name_once(self) -> DatabasePolicy:
        seen = set[tuple[str | None, str, str]]()
        for index in self.indexes:
            named = (index.database, index.table.rpartition(".")[0], index.name or "")
            if index.name and named in seen:
                raise mistake("index_twice", _("two indexes are called %(name)s") % {"name": index.name})
            seen.add(named)
        return self
