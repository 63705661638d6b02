"""Words and parts the whole mapping grammar is made of."""

import re
from difflib import get_close_matches
from typing import Annotated, Any, Final
from zoneinfo import available_timezones

import polars as pl
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

_QUOTED: Final = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*\"""")
_DOTTED: Final = re.compile(r"(?<![\w.])[^\W\d]\w*(?:\.\w+)+")
_COMPARED: Final = re.compile(r"[=<>]\s*([^\W\d]\w*)(?!\s*\()")
_LISTED: Final = re.compile(r"\bin\s*\(([^()]*)\)", re.IGNORECASE)


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


def sql_names(text: str | None) -> list[str]:
    """Headers the expression reads."""
    return list(parse_sql(text).meta.root_names()) if text is not None else []


def bare_values(text: str | None) -> set[str]:
    """Unquoted words something is compared with: headers by grammar, most likely meant as text."""
    unquoted = _QUOTED.sub(" ", text or "")
    words = set(_COMPARED.findall(unquoted))
    for inside in _LISTED.findall(unquoted):
        words |= {word.strip() for word in inside.split(",")}
    return words & set(sql_names(text))


def _sql(text: str) -> str:
    # To polars an unquoted a.b is the field b of a column a, and no cell here has fields.
    dotted = _DOTTED.search(_QUOTED.sub(" ", text))
    if dotted is not None:
        name = dotted.group()
        raise ValueError(f'`{name}` has a dot: in SQL such a header is written "{name}", in quotes')
    parse_sql(text)
    return text


def _counted(text: str) -> str:
    return text if text == "*" else _sql(text)


Word = Annotated[str, BeforeValidator(text_of)]
Header = Annotated[str, Field(min_length=1)]
Headers = Annotated[list[Header], BeforeValidator(listed)]
Sql = Annotated[str, AfterValidator(_sql)]
Counted = Annotated[str, AfterValidator(_counted)]
Zone = Annotated[str, AfterValidator(_zone)]


class Part(BaseModel):
    """Any part of a mapping: nothing unknown, nothing changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        fields = {info.alias or name: name for name, info in cls.model_fields.items()}
        known = {*fields, *(fields.values() if cls.model_config.get("populate_by_name") else ())}
        for key in value:
            if key not in known:
                near = get_close_matches(str(key), fields, n=1)
                meant = f"; did you mean {near[0]}?" if near else ""
                raise PydanticCustomError(
                    "unknown_key",
                    "{key} is no key here; there are {known}{meant}",
                    {"key": str(key), "known": ", ".join(fields), "meant": meant},
                )
        return value
