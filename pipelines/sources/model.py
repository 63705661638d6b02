"""The grammar of mapping files as pydantic models; docs/mappings.md is its manual."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from pipelines.canonical import ORDER_STATES, TABLES, Table, fillable
from pipelines.sources.grammar import Header, Headers, Part, Sql, Word, Zone, listed, text_of
from pipelines.sources.steps import Step


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
    doubled: list[Header] = Field(default_factory=list)
    final_newline: Literal["required", "optional"] = "required"
    records: str | None = None
    sheet: str | None = None
    whitespace: bool = False
    fields: list[FixedField] = Field(default_factory=list)
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


class Booleans(Part):
    """More words for yes and no."""

    true: list[Word] = Field(default_factory=list)
    false: list[Word] = Field(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def _bare_yaml(cls, value: Any) -> Any:
        return {str(text_of(k)): v for k, v in value.items()} if isinstance(value, dict) else value


def _lookup(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {text_of(k): text_of(v) for k, v in value.items()}


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
    sequence: Annotated[list[Header], BeforeValidator(listed)] | None = None

    lookup: Annotated[dict[str, str], BeforeValidator(_lookup)] | None = None
    default: Word | None = None
    empty: list[Word] = Field(default_factory=list)
    on_error: None = None
    required: bool = False
    strip_apostrophe: bool = False
    extract: str | None = None
    zero_pad: Annotated[int, Field(ge=1)] | None = None
    prefix: str | None = None
    formats: Annotated[list[str], BeforeValidator(listed)] = Field(default_factory=list)
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
    numbers: list[Header] = Field(default_factory=list)
    where: Sql | None = None
    shape: list[Step] = Field(default_factory=list)
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
    aliases: dict[str, Headers] = Field(default_factory=dict)
    optional_headers: list[Header] = Field(default_factory=list)
    zone: Zone = "shop"
    empty: list[Word] = Field(default_factory=list)
    statuses: list[Status] = Field(default_factory=list)
    capabilities: dict[str, Capability] = Field(default_factory=dict)
    tables: Annotated[list[Entry], Field(min_length=1)]

    @field_validator("capabilities", mode="before")
    @classmethod
    def _short_form(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        return {k: {"support": v} if isinstance(v, str) else v for k, v in value.items()}
