"""Words and parts the whole mapping grammar is made of."""

from typing import Annotated
from zoneinfo import available_timezones

import polars as pl
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def text_of(value: object) -> object:
    """Scalars YAML makes of bare words, back to the text that was meant."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def listed(value: object) -> object:
    """One word as a list of it; anything else as it is."""
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


Word = Annotated[str, BeforeValidator(text_of)]
Header = Annotated[str, Field(min_length=1)]
Headers = Annotated[list[Header], BeforeValidator(listed)]
Sql = Annotated[str, AfterValidator(_sql)]
Zone = Annotated[str, AfterValidator(_zone)]


class Part(BaseModel):
    """Any part of a mapping: nothing unknown, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
