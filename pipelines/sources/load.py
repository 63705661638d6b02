"""Mapping files from disk, shipped or the shop's own."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from pipelines.sources.model import Mapping
from pipelines.sources.refusals import MappingBroken

SHIPPED: Final = Path(__file__).parent / "mappings"
_SUFFIXES: Final = (".yml", ".yaml")


@cache
def mappings() -> dict[str, Mapping]:
    """Shipped mappings by key, sorted by key. Raises: MappingBroken."""
    return {path.stem: read_mapping(path) for path in sorted(SHIPPED.glob("*.yml"))}


def load_mapping(name: str, folder: Path) -> Mapping:
    """The shipped mapping of that key, or the file of that path relative to `folder`.

    Raises: MappingBroken when there is neither, or the file breaks the grammar.
    """
    if name.endswith(_SUFFIXES):
        return read_mapping(folder / name)
    shipped = mappings()
    if name not in shipped:
        raise MappingBroken(
            f"there is no mapping {name}; shipped are {', '.join(shipped)}; "
            "an own one is named by its path, ending in .yml"
        )
    return shipped[name]


def read_mapping(path: Path) -> Mapping:
    """The validated mapping.

    Raises: MappingBroken naming file, line, place and what may stand there.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = yaml.safe_load(text)
    except OSError as error:
        raise MappingBroken(f"{path}: it cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MappingBroken(f"{path}: it is not YAML in UTF-8: {error}") from error
    try:
        mapping = Mapping.model_validate(content)
    except ValidationError as error:
        document = yaml.compose(text, Loader=yaml.SafeLoader)
        lines = [f"{path}: {_told(item, content, document)}" for item in error.errors()]
        raise MappingBroken("\n".join(lines)) from error
    if mapping.key != path.stem:
        raise MappingBroken(f"{path}: key: `{mapping.key}` is not the file's name, {path.stem}")
    return mapping


def _told(item: ErrorDetails, content: object, document: yaml.Node | None) -> str:
    """One error with its line, its place in the file and the reason."""
    place = item["loc"]
    if item["type"] == "unknown_key":
        place = (*place, item["ctx"]["key"])
    return f"line {_line(document, place)}: {_named(content, place)}: {item['msg']}"


def _line(node: yaml.Node | None, place: Sequence[int | str]) -> int:
    """Units: lines from 1, of the deepest part of the place that the file has."""
    line = 0
    for part in place:
        below: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            keys = {key.value: (key, value) for key, value in node.value}
            if str(part) in keys:
                line, below = keys[str(part)][0].start_mark.line, keys[str(part)][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            below = node.value[part]
            line = below.start_mark.line
        if below is None:
            break
        node = below
    return line + 1


def _named(content: object, place: Sequence[int | str]) -> str:
    """The place with the table's name for its number; `orders#2` is its second entry."""
    parts = [str(part) for part in place]
    if len(place) > 1 and place[0] == "tables" and isinstance(content, dict):
        names = [t.get("table") if isinstance(t, dict) else None for t in content["tables"]]
        name, number = names[int(place[1])], int(place[1])
        if name is not None:
            turn = names[: number + 1].count(name)
            parts[1] = f"{name}#{turn}" if turn > 1 else str(name)
    return ".".join(parts) or "top"
