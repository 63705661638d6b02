"""The shapes of the mapping grammar: how raw rows become rows of a table."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from pipelines.sources.grammar import Counted, Header, Headers, Part, Sql, listed, sql_names


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
    count: Counted | None = None
    count_distinct: Sql | None = None
    join: Sql | None = None
    where: Sql | None = None

    @property
    def function(self) -> tuple[str, str]:
        """Name of the function and the SQL it runs over."""
        found = self.model_dump(exclude={"where"}, exclude_none=True)
        return next(iter(found.items()))

    @property
    def reads(self) -> list[str]:
        """Headers it reads."""
        function, text = self.function
        counts_rows = function == "count" and text == "*"
        return [*([] if counts_rows else sql_names(text)), *sql_names(self.where)]

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
    where: Sql | None = None

    @property
    def conditions(self) -> list[str]:
        """Its SQL that keeps or leaves out rows."""
        aggregates = self.group.agg.values() if self.group is not None else ()
        return [text for text in (self.where, *(a.where for a in aggregates)) if text is not None]

    @property
    def needs(self) -> list[str]:
        """Headers it cannot do without."""
        if self.explode is not None:
            return [self.explode.path]
        if self.where is not None:
            return sql_names(self.where)
        keyed = (self.first_of, self.distinct, self.derive, self.group, self.count_up)
        names = [name for part in (*keyed, self.fill_down) if part is not None for name in part.by]
        if self.group is not None:
            names += [name for one in self.group.agg.values() for name in one.reads]
        return names

    @property
    def reads(self) -> list[str]:
        """Headers it reads."""
        filled = self.fill_down.columns if self.fill_down is not None else []
        return [*self.needs, *filled]

    def makes(self, name: str) -> bool:
        """Whether the header only exists after this step."""
        if self.explode is not None:
            return name.startswith((f"{self.explode.path}.", f"{self.explode.path}["))
        if self.group is not None:
            return name in self.group.agg
        return self.count_up is not None and name == self.count_up.as_

    @model_validator(mode="after")
    def _one_kind(self) -> "Step":
        if len(self.model_fields_set) != 1:
            raise ValueError(f"a shape step is exactly one of {', '.join(type(self).model_fields)}")
        return self
