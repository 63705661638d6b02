"""`shop.yml` → `Shop`, or every problem with its line and what is allowed."""

import json
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipelines.shop.base import ID_PATTERN
from pipelines.shop.document import Document, Problem, ShopFileError, dotted, nearest, read
from pipelines.shop.model import Shop
from pipelines.shop.rules import RULES_ERROR, Broken, Loc

_PATTERNS: Final = {
    ID_PATTERN: "1 to 63 of a-z 0-9 _ -, first a letter or digit, for example main-shop",
    r"^https?://[^\s]+$": "an address that begins with https://",
    r"^[A-Z]{3}$": "three capital letters, for example JPY",
    r"^[A-Z]{2}$": "two capital letters, for example JP",
}

_BY_TYPE: Final = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "decimal_parsing": "a number, for example 5500 or 49.90",
    "decimal_type": "a number, for example 5500 or 49.90",
    "string_type": 'text; put it in "quotes"',
    "tuple_type": "a list: lines that begin with a dash",
    "dict_type": "a block of key: value lines",
    "model_type": "a block of key: value lines",
    "date_parsing": "a date such as 2026-11-01",
    "date_from_datetime_parsing": "a date such as 2026-11-01",
    "date_type": "a date such as 2026-11-01",
    "datetime_parsing": "date, time and offset, such as 2026-11-01T09:00:00+09:00",
    "datetime_from_date_parsing": "date, time and offset, such as 2026-11-01T09:00:00+09:00",
    "timezone_aware": "date, time and offset, such as 2026-11-01T09:00:00+09:00",
    "time_parsing": "a time such as 21:00",
    "time_type": "a time such as 21:00",
    "too_short": "at least one",
}


def load_shop(path: Path) -> Shop:
    """The shop of one settings file. Raises ShopFileError with every problem found."""
    document = read(path)
    if not isinstance(document.content, dict):
        said = "not a block of key: value lines"
        raise ShopFileError([Problem(path, 1, "", said, "id: …, name: …, sources: …")])
    try:
        shop = Shop.model_validate(document.content)
    except ValidationError as error:
        details = error.errors(include_url=False)
        raise ShopFileError(p for d in details for p in _problems(d, document)) from error
    shop._folder = path.resolve().parent
    return shop


def json_schema() -> str:
    """The JSON schema editors complete and check `shop.yml` with (docs/shop.schema.json)."""
    schema = Shop.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def _problems(detail: ErrorDetails, document: Document) -> Iterator[Problem]:
    if detail["type"] == RULES_ERROR:
        findings: tuple[Broken, ...] = detail["ctx"]["broken"]
        for b in findings:
            yield Problem(document.file, document.line(b.loc), dotted(b.loc), b.message, b.allowed)
        return
    loc: Loc = tuple(part for part in detail["loc"] if part != "[key]")
    message, allowed = _said(detail, loc)
    yield Problem(document.file, document.line(loc), dotted(loc), message, allowed)


def _said(detail: ErrorDetails, loc: Loc) -> tuple[str, str]:
    """What is wrong and what would be right, in the words of somebody who edits the file."""
    kind, context = detail["type"], detail.get("ctx", {})
    given = _shown(detail["input"])
    if kind == "extra_forbidden":
        known = _keys_at(loc[:-1])
        meant = nearest(str(loc[-1]), known)
        said = "unknown key" + (f"; did you mean {meant}?" if meant else "")
        return said, ", ".join(known)
    if kind == "missing":
        return "is missing and must be given", ""
    if kind == "literal_error":
        options = str(context["expected"]).replace("'", "").replace(" or ", ", ")
        meant = nearest(str(detail["input"]), options.split(", "))
        return f"{given} is not allowed" + (f"; did you mean {meant}?" if meant else ""), options
    if kind == "string_pattern_mismatch":
        pattern = str(context["pattern"])
        return f"{given} is not allowed", _PATTERNS.get(pattern, pattern)
    if kind == "value_error":
        said, _, allowed = str(context["error"]).partition("; ")
        return f"{given} is {said}", allowed.removeprefix("allowed: ")
    bounds = {"greater_than_equal": "ge", "less_than_equal": "le", "greater_than": "gt"}
    if kind in bounds:
        words = {"ge": "or more", "le": "or less", "gt": "exclusive, or more"}
        bound = bounds[kind]
        return f"{given} is out of range", f"{context[bound]} {words[bound]}"
    return f"{given}: {detail['msg'].lower()}", _BY_TYPE.get(kind, "")


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """Models an annotation may hold, through optionals, tuples and annotations."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (tuple, Union, types.UnionType, Annotated):
        for part in get_args(annotation):
            yield from _models(part)


def _keys_at(loc: Loc) -> tuple[str, ...]:
    """Keys allowed in the block at `loc`."""
    model: type[BaseModel] = Shop
    for part in loc:
        if isinstance(part, int):
            continue
        fields = {f.alias or name: f for name, f in model.model_fields.items()}
        model = next(_models(fields[part].annotation))
    return tuple(field.alias or name for name, field in model.model_fields.items())
