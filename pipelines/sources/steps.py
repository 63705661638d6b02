"""The shapes of the mapping grammar: how raw rows become rows of a table."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from pipelines.sources.grammar import Header, Headers, Part, Sql, listed


class FillDown(Part):
    """Blank cells take the cell above."""

    by: Annotated[list[Header], BeforeValidator(listed)] = Field(default_factory=list)
    columns: Headers


class By(Part):
    """Keys of a group of rows."""

    by: Annotated[Headers, Field(min_length=1)]


class Distinct(By):
    """One row per key."""

    keep: Literal["first", "last"] = "first"


class Aggregate(Part):
    """One value over a group's rows; exactly one of the functions."""

    sum: Sql | None = None
    min: Sql | None = None
    max: Sql | None = None
    first: Sql | None = None
    last: Sql | None = None
    count: str | None = None
    count_distinct: Sql | None = None
    join: Sql | None = None
    where: Sql | None = None

    @property
    def function(self) -> tuple[str, str]:
        """Name of the function and the SQL it runs over."""
        found = self.model_dump(exclude={"where"}, exclude_none=True)
        return next(iter(found.items()))

    @model_validator(mode="after")
    def _one_function(self) -> "Aggregate":
        if len(self.model_dump(exclude={"where"}, exclude_none=True)) != 1:
            raise ValueError("exactly one of sum, min, max, first, last, count, … is needed")
        return self


class Group(By):
    """One row per key, with aggregates; other headers keep the first row's cell."""

    agg: dict[str, Aggregate] = Field(default_factory=dict)

    @field_validator("agg", mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {
            name: {how: _quoted(name)} if isinstance(how, str) else how
            for name, how in value.items()
        }


def _quoted(name: object) -> str:
    return '"' + str(name).replace('"', '""') + '"'


class Explode(Part):
    """One row per element of a JSON array, or of a text list when there is a separator."""

    path: Header
    separator: str | None = None


class CountUp(Part):
    """1, 2, 3 … within equal cells, in file order, under a name that ids may use."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    by: Headers
    as_: Header = Field(alias="as")


class Step(Part):
    """One reshaping step; exactly one of its kinds."""

    fill_down: FillDown | None = None
    count_up: CountUp | None = None
    first_of: By | None = None
    group: Group | None = None
    explode: Explode | None = None
    distinct: Distinct | None = None
    derive: By | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Step":
        if len(self.model_fields_set) != 1:
            raise ValueError(f"a shape step is exactly one of {', '.join(type(self).model_fields)}")
        return self
