"""The grammar of mapping files as pydantic models; docs/mappings.md is its manual."""

from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import polars as pl
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from pipelines.canonical import ORDER_STATES, TABLES, Column, Table


def _text(value: object) -> object:
    """Scalars YAML makes of bare words, back to the text that was meant."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _zone(name: str) -> str:
    if name != "shop" and name not in available_timezones():
        raise ValueError(f"{name} is no IANA time zone, nor `shop`")
    return name


def parse_sql(text: str) -> pl.Expr:
    """The expression. Raises: ValueError when polars cannot read it as SQL."""
    try:
        return pl.sql_expr(text)
    except (pl.exceptions.PolarsError, ValueError) as error:
        raise ValueError(f"`{text}` is no SQL expression: {error}") from error


def _sql(text: str) -> str:
    parse_sql(text)
    return text


Word = Annotated[str, BeforeValidator(_text)]
Header = Annotated[str, Field(min_length=1)]
Headers = Annotated[list[Header], BeforeValidator(_listed)]
Sql = Annotated[str, AfterValidator(_sql)]
Zone = Annotated[str, AfterValidator(_zone)]


class Part(BaseModel):
    """Any part of a mapping: nothing unknown, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FixedField(Part):
    """One field of a fixed-width line. Units: characters, `start` from 1."""

    name: Header
    start: Annotated[int, Field(ge=1)]
    width: Annotated[int, Field(ge=1)]


class Read(Part):
    """How bytes become text cells."""

    format: Literal["csv", "tsv", "excel", "json", "ndjson", "parquet", "fixed"]
    encoding: Literal["auto", "utf-8", "utf-8-sig", "cp932", "utf-16"] = "auto"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    header: Literal[True] | list[Header] = True
    skip_lines: Annotated[int, Field(ge=0)] = 0
    doubled: list[Header] = []
    final_newline: Literal["required", "optional"] = "required"
    records: str | None = None
    sheet: str | None = None
    whitespace: bool = False
    fields: list[FixedField] = []
    pattern: str | None = None

    @property
    def separator(self) -> str:
        """The delimiter in force."""
        return self.delimiter or ("\t" if self.format == "tsv" else ",")

    @field_validator("encoding", mode="after")
    @classmethod
    def _one_name(cls, value: str) -> str:
        return "utf-8" if value == "utf-8-sig" else value

    @model_validator(mode="after")
    def _fixed_says_how(self) -> "Read":
        ways = bool(self.whitespace) + bool(self.fields) + bool(self.pattern)
        if (self.format == "fixed") != (ways == 1):
            raise ValueError("`fixed` needs one of whitespace, fields, pattern; no other has them")
        return self


class Recognise(Part):
    """Headers that tell this kind of file from others."""

    all: Annotated[list[Header], Field(min_length=1)]


class Title(Part):
    """The mapping's name on screens."""

    ja: str
    en: str


class Status(Part):
    """What one order status means, unless the shop says otherwise."""

    status: Word
    state: str
    is_sale: bool

    @field_validator("state")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in ORDER_STATES:
            raise ValueError(f"{value} is none of {', '.join(ORDER_STATES)}")
        return value


class Capability(Part):
    """How far this kind of file knows an entity."""

    support: Literal["full", "snapshot", "partial", "none"]
    basis: str | None = None


class FillDown(Part):
    """Blank cells take the cell above."""

    by: Annotated[list[Header], BeforeValidator(_listed)] = []
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

    agg: dict[str, Aggregate] = {}

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


class Booleans(Part):
    """More words for yes and no."""

    true: list[Word] = []
    false: list[Word] = []

    @model_validator(mode="before")
    @classmethod
    def _bare_yaml(cls, value: Any) -> Any:
        return {str(_text(k)): v for k, v in value.items()} if isinstance(value, dict) else value


def _lookup(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {_text(k): _text(v) for k, v in value.items()}


def fillable(table: Table) -> tuple[Column, ...]:
    """Columns a mapping may fill: hashes too, where the table has nothing to compute them from."""
    names = set(table.names)
    origin = {"email_hash": "email", "person_key": "customer_id"}
    given = {name for name, source in origin.items() if source not in names}
    computed = {c.name for c in table.columns} - {c.name for c in table.mapped} - given
    return tuple(c for c in table.columns if c.name not in computed)


FORMS = ("from_", "coalesce", "const", "sql", "id", "hash", "sequence")


class Cell(Part):
    """Where a canonical column comes from; exactly one form, any options."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    from_: Headers | None = Field(default=None, alias="from")
    join: str | None = None
    coalesce: Headers | None = None
    const: Word | None = None
    sql: Sql | None = None
    id: Headers | None = None
    hash: Headers | None = None
    sequence: Annotated[list[Header], BeforeValidator(_listed)] | None = None

    lookup: Annotated[dict[str, str], BeforeValidator(_lookup)] | None = None
    default: Word | None = None
    empty: list[Word] = []
    on_error: None = None
    required: bool = False
    strip_apostrophe: bool = False
    extract: str | None = None
    zero_pad: Annotated[int, Field(ge=1)] | None = None
    prefix: str | None = None
    formats: Annotated[list[str], BeforeValidator(_listed)] = []
    zone: Zone | None = None
    ambiguous: Literal["reject", "earliest", "latest"] = "reject"
    non_existent: Literal["reject", "forward"] = "reject"
    part: Literal["year", "month", "day"] | None = None
    percent: bool = False
    decimal: Literal[".", ","] = "."
    scale: float | int | None = None
    booleans: Booleans = Booleans()

    @property
    def nulls_errors(self) -> bool:
        """Whether `on_error: null` was written: a bad cell is then null and counted."""
        return "on_error" in self.model_fields_set

    @property
    def form(self) -> str:
        """Which of FORMS it is."""
        return next(name for name in FORMS if name in self.model_fields_set)

    @model_validator(mode="after")
    def _one_form(self) -> "Cell":
        chosen = [name for name in FORMS if name in self.model_fields_set]
        if len(chosen) != 1:
            raise ValueError("exactly one of from, coalesce, const, sql, id, hash, sequence")
        if self.from_ is not None and len(self.from_) > 1 and self.join is None:
            raise ValueError("several headers under `from` need `join`")
        return self


def _cell(value: object) -> object:
    return {"from": value} if isinstance(value, str) else value


class Entry(Part):
    """How one canonical table is filled from the file."""

    table: str
    optional: bool = False
    numbers: list[Header] = []
    where: Sql | None = None
    shape: list[Step] = []
    columns: dict[str, Annotated[Cell, BeforeValidator(_cell)]]

    @property
    def target(self) -> Table:
        """The canonical table."""
        return TABLES[self.table]

    @property
    def derives(self) -> bool:
        """Whether the rows are made from another entity's."""
        return any(step.derive is not None for step in self.shape)

    @model_validator(mode="after")
    def _columns_are_canonical(self) -> "Entry":
        if self.table not in TABLES or TABLES[self.table].internal:
            known = ", ".join(t.name for t in TABLES.values() if not t.internal)
            raise ValueError(f"{self.table} is no table a mapping may fill; there are {known}")
        mapped = {column.name: column for column in fillable(self.target)}
        extra = {"source_record_id", "source_updated_at"}
        unknown = sorted(set(self.columns) - set(mapped) - extra)
        if unknown:
            raise ValueError(
                f"{self.table} has no column {', '.join(unknown)}; it has {', '.join(mapped)}"
            )
        given = set(self.columns) | ({"is_derived"} if self.derives else set())
        missing = [c.name for c in mapped.values() if c.required and c.name not in given]
        if missing:
            raise ValueError(f"{self.table} needs {', '.join(missing)}")
        for name, cell in self.columns.items():
            if cell.nulls_errors and name in mapped and mapped[name].required:
                raise ValueError(f"{name} is required: `on_error: null` cannot stand there")
        return self


class Mapping(Part):
    """One kind of file and the canonical tables it fills."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    system: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: Title
    read: Read
    recognise: Recognise | None = None
    aliases: dict[str, Headers] = {}
    optional_headers: list[Header] = []
    zone: Zone = "shop"
    empty: list[Word] = []
    statuses: list[Status] = []
    capabilities: dict[str, Capability] = {}
    tables: Annotated[list[Entry], Field(min_length=1)]

    @field_validator("capabilities", mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {k: {"support": v} if isinstance(v, str) else v for k, v in value.items()}
