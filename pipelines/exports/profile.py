"""What one mailer's importer takes, read from a profile's YAML file."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipelines.exports.errors import ShopNotReady

_FOLDER: Final = Path(__file__).resolve().parent / "profiles"

CellType = Literal[
    "text", "email", "phone", "code", "number", "date", "instant", "url", "boolean", "json"
]  # fmt: skip
# Never altered: one changed character is another address, another amount, another link.
EXACT: Final = frozenset({"email", "phone", "code", "number", "date", "instant", "url", "boolean"})


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ProfileColumn(_Part):
    """One column of the file. `rest` stands for every content column of the segment."""

    label: str = ""
    source: str = Field(default="", alias="from")
    type: CellType = "text"
    constant: str | None = None
    rest: bool = False
    required: bool = False

    @model_validator(mode="after")
    def _one_origin(self) -> "ProfileColumn":
        if sum((bool(self.source), self.constant is not None, self.rest)) != 1:
            raise ValueError("a column has exactly one of: from, constant, rest")
        if not self.rest and not self.label:
            raise ValueError("a column needs a label")
        if self.rest and self.type != "json" and self.label:
            raise ValueError("rest takes the segment's own names as labels")
        return self


class Profile(_Part):
    """One importer's rules. Units: `max_bytes_per_cell` and `max_bytes_per_file` encoded bytes."""

    profile: str
    version: int = Field(ge=1)
    title: str
    kind: Literal["machine", "people"]
    # Language → what a person does with the file in that mailer.
    import_hint: Mapping[str, str] = Field(default_factory=dict)
    encoding: Literal["utf-8", "utf-8-sig", "cp932"]
    unencodable: Literal["replace", "skip", "fail"] = "skip"
    replacement: Annotated[str, Field(max_length=1)] = "?"
    newline: Literal["\r\n", "\n"] = "\r\n"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quoting: Literal["none", "minimal", "all"] = "all"
    header: bool = True
    # A machine file: a leading `=` in a name is cut off or its row left out, always counted.
    dangerous_text: Literal["strip", "reject"] = "strip"
    date_format: str = "%Y-%m-%d"
    instant_format: str = "%Y-%m-%dT%H:%M:%S%z"
    zone: Literal["shop", "utc"] = "shop"
    booleans: tuple[str, str] = ("1", "0")
    empty: str = ""
    max_bytes_per_cell: int | None = Field(default=None, ge=16)
    max_rows_per_file: int | None = Field(default=None, ge=1)
    max_bytes_per_file: int | None = Field(default=None, ge=4096)
    columns: tuple[ProfileColumn, ...] = Field(min_length=1)


@cache
def load_profile(key: str) -> Profile:
    """The profile that ships under this key. Raises: ShopNotReady if none does."""
    path = _FOLDER / f"{key}.yml"
    if key not in profiles():
        raise ShopNotReady(f"there is no profile {key!r}; one of: {', '.join(profiles())}")
    return Profile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def profiles() -> Sequence[str]:
    """Keys of the profiles that ship, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.yml"))
