"""What somebody asked for, checked against the published columns: a tree of typed conditions."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Tag, ValidationError

from pipelines.conditions.columns import TAKES, Column, Operator, Takes
from pipelines.conditions.values import NotThis, Scalar, plain, values_of

MAX_DEPTH: Final = 4
MAX_CONDITIONS: Final = 50
_SHAPES: Final = ("{column, operator, value, or_unknown}", "{all: […]}", "{any: […]}")


@dataclass(frozen=True)
class Problem:
    """One thing wrong. `place` names the condition, `allowed` what may stand there instead."""

    place: str
    said: str
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        rest = f"; allowed: {', '.join(self.allowed)}" if self.allowed else ""
        return f"{self.place}: {self.said}{rest}"


class BadConditions(ValueError):
    """Conditions that cannot be asked of the published persons; every problem by its place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Leaf(_Part):
    column: str
    operator: str
    value: Any = None
    or_unknown: bool = False


class _Every(_Part):
    all: "list[_Node]"


class _Some(_Part):
    any: "list[_Node]"


def _tag(part: object) -> str:
    if isinstance(part, dict):
        return next((key for key in ("all", "any") if key in part), "condition")
    return "condition"


_Node = Annotated[
    Annotated[_Every, Tag("all")]
    | Annotated[_Some, Tag("any")]
    | Annotated[_Leaf, Tag("condition")],
    Discriminator(_tag),
]


class _Root(_Part):
    root: _Node


for _model in (_Every, _Some, _Root):
    _model.model_rebuild()


@dataclass(frozen=True)
class Condition:
    """One column asked one thing. `values` are typed as the column is; `place` is for messages."""

    place: str
    column: Column
    operator: Operator
    values: tuple[Scalar, ...]
    or_unknown: bool = False


@dataclass(frozen=True)
class Group:
    """Conditions joined: all of them, or any."""

    joined_by: Literal["all", "any"]
    parts: "tuple[Condition | Group, ...]"


@dataclass(frozen=True)
class Checked:
    """Conditions that were checked, and the one JSON text that stands for them."""

    root: Group
    document: Mapping[str, object]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Every condition of the tree, in order."""
        return tuple(_leaves(self.root))

    @property
    def is_behavioural(self) -> bool:
        """Whether anything asked rests on what a person did."""
        return any(condition.column.is_behavioural for condition in self.conditions)

    @property
    def digest(self) -> str:
        """First 12 hex digits over the document: equal conditions, equal digest."""
        text = json.dumps(self.document, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def checked(document: object, columns: Mapping[str, Column]) -> Checked:
    """The conditions, typed and in one normal form; `{"all": []}` is everybody.

    Raises: BadConditions with every problem found, each with its place and what is allowed.
    """
    _refuse_size(document)
    if _tag(document) == "condition":
        document = {"all": [document]}
    try:
        root = _Root.model_validate({"root": document}).root
    except ValidationError as error:
        raise BadConditions([_structural(found) for found in error.errors()]) from None
    assert not isinstance(root, _Leaf)
    problems: list[Problem] = []
    group = _group(root, "", columns=columns, problems=problems)
    if problems:
        raise BadConditions(problems)
    return Checked(group, _document(group))


def _refuse_size(document: object) -> None:
    # Looked at before anything recurses over it: a hostile tree is deeper than a stack.
    waiting, found = [(document, 1)], 0
    while waiting:
        part, depth = waiting.pop()
        inside = _parts_of(part)
        found += not inside
        if inside and depth > MAX_DEPTH:
            raise BadConditions([Problem("conditions", f"more than {MAX_DEPTH} groups deep")])
        if found > MAX_CONDITIONS:
            raise BadConditions([Problem("conditions", f"more than {MAX_CONDITIONS} of them")])
        waiting += [(one, depth + 1) for one in inside]


def _parts_of(part: object) -> list[object]:
    if not isinstance(part, dict):
        return []
    return [
        one
        for key in ("all", "any")
        if isinstance(part.get(key), list | tuple)
        for one in part[key]
    ]


def _structural(error: Mapping[str, Any]) -> Problem:
    place = ""
    for step in error["loc"][1:]:
        if isinstance(step, int):
            place += f"[{step + 1}]"
        elif step != "condition" and not (step in ("all", "any") and place.endswith(step)):
            place += f".{step}" if place else str(step)
    if error["type"] == "model_type":
        return Problem(place, "is no condition", _SHAPES)
    allowed = _SHAPES if error["type"] in ("missing", "extra_forbidden") else ()
    return Problem(place, str(error["msg"]).lower(), allowed)


def _group(
    found: _Every | _Some, place: str, *, columns: Mapping[str, Column], problems: list[Problem]
) -> Group:
    joined_by: Literal["all", "any"] = "all" if isinstance(found, _Every) else "any"
    inside = found.all if isinstance(found, _Every) else found.any
    here = f"{place}.{joined_by}" if place else joined_by
    if not inside and here != "all":
        problems.append(Problem(here, "a group of nothing; put a condition in or take it out"))
    parts: list[Condition | Group] = []
    for number, part in enumerate(inside, start=1):
        at = f"{here}[{number}]"
        if isinstance(part, _Leaf):
            condition = _condition(part, at, columns=columns, problems=problems)
            parts += [] if condition is None else [condition]
        else:
            parts.append(_group(part, at, columns=columns, problems=problems))
    return Group(joined_by, tuple(parts))


def _condition(
    part: _Leaf, place: str, *, columns: Mapping[str, Column], problems: list[Problem]
) -> Condition | None:
    column = columns.get(part.column)
    if column is None:
        said = f"there is no column {part.column[:80]!r} to ask about"
        problems.append(Problem(place, said, tuple(sorted(columns))))
        return None
    here = f"{place} {column.name}"
    operators = {str(operator): operator for operator in column.operators}
    operator = operators.get(part.operator)
    if operator is None:
        said = f"{part.operator[:80]!r} cannot be asked of a {column.kind} column"
        problems.append(Problem(here, said, tuple(operators)))
        return None
    try:
        values = values_of(part.value, column, TAKES[operator])
    except NotThis as refusal:
        problems.append(Problem(f"{here} {operator}", str(refusal), refusal.allowed))
        return None
    if part.or_unknown and operator in (Operator.EMPTY, Operator.NOT_EMPTY):
        problems.append(Problem(here, "or_unknown says nothing beside empty and not_empty"))
        return None
    return Condition(here, column, operator, values, part.or_unknown)


def _leaves(group: Group) -> Iterator[Condition]:
    for part in group.parts:
        if isinstance(part, Condition):
            yield part
        else:
            yield from _leaves(part)


def _document(part: Condition | Group) -> dict[str, object]:
    if isinstance(part, Group):
        return {part.joined_by: [_document(one) for one in part.parts]}
    found: dict[str, object] = {"column": part.column.name, "operator": str(part.operator)}
    values = [plain(value) for value in part.values]
    takes = TAKES[part.operator]
    if takes is not Takes.NOTHING:
        found["value"] = values if takes in (Takes.MANY, Takes.TWO) else values[0]
    return found | ({"or_unknown": True} if part.or_unknown else {})
