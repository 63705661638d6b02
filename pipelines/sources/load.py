"""Mapping files from disk, shipped or the shop's own."""

from functools import cache
from pathlib import Path
from typing import Final

import yaml
from pydantic import ValidationError

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
    """The validated mapping. Raises: MappingBroken naming file, place and what may stand there."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MappingBroken(f"{path}: it cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise MappingBroken(f"{path}: it is not YAML in UTF-8: {error}") from error
    try:
        mapping = Mapping.model_validate(content)
    except ValidationError as error:
        lines = [
            f"{path}: {'.'.join(str(part) for part in item['loc']) or 'top'}: {item['msg']}"
            for item in error.errors()
        ]
        raise MappingBroken("\n".join(lines)) from error
    if mapping.key != path.stem:
        raise MappingBroken(f"{path}: key: `{mapping.key}` is not the file's name, {path.stem}")
    return mapping
