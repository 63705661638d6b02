"""What one mailer's importer takes, read from a profile's YAML file."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.exports.errors import ShopNotReady

_FOLDER: Final = Path(__file__).resolve().parent / "profiles"

CellType = Literal[
    "text", "email", "phone", "postal_code", "code", "number", "date", "instant", "url", "boolean",
    "json",
]  # fmt: skip
# Never altered: one changed character is another address, another amount, another link.
EXACT: Final = frozenset({
    "email", "phone", "postal_code", "code", "number", "date", "instant", "url", "boolean",
})  # fmt: skip


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ProfileColumn(_Part):
    """One column of the file. `rest` stands for every content column of the segment.

    `empty`: what stands where nothing is known, if not the profile's own token.
    `with`: of a JSON column, words that stand in every row's object.
    """

    label: str = ""
    source: str = Field(default="", alias="from")
    type: CellType = "text"
    constant: str | None = None
    rest: bool = False
    required: bool = False
    empty: str | None = None
    words: Mapping[str, str] = Field(default_factory=dict, alias="with")

    @model_validator(mode="after")
    def _one_origin(self) -> "ProfileColumn":
        if sum((bool(self.source), self.constant is not None, self.rest)) != 1:
            raise ValueError("a column has exactly one of: from, constant, rest")
        if not self.rest and not self.label:
            raise ValueError("a column needs a label")
        if self.rest and self.type != "json" and self.label:
            raise ValueError("rest takes the segment's own names as labels")
        if self.words and self.type != "json":
            raise ValueError("with belongs to a JSON column")
        return self


class Profile(_Part):
    """One importer's rules. Units: encoded bytes, except `max_bytes_per_row`: always UTF-8 ones."""

    profile: str
    version: int = Field(ge=1)
    title: str
    kind: Literal["machine", "people"]
    # `post`: for campaigns on paper alone. `onsite`: shown on pages, whoever objects to profiling
    # is left out whatever the segment.
    reach: Literal["message", "post", "onsite"] = "message"
    # Language → what a person does with the file in that mailer.
    import_hint: Mapping[str, str]
    # `json`: one array with an object per line; labels are its keys.
    format: Literal["csv", "json"] = "csv"
    extension: Annotated[str, Field(pattern=r"^[a-z]{2,5}$")] = "csv"
    encoding: Literal["utf-8", "utf-8-sig", "cp932"]
    unencodable: Literal["replace", "skip", "fail"] = "skip"
    replacement: Annotated[str, Field(max_length=1)] = "?"
    newline: Literal["\r\n", "\n"] = "\r\n"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    quoting: Literal["none", "minimal", "all"] = "all"
    header: bool = True
    # How the segment's own names are written as labels.
    rest_labels: Literal["as_named", "upper"] = "as_named"
    # The importer knows no address beyond ASCII: the domain is written as IDNA does (xn--…), which
    # is the same address. One whose first half is beyond it stays out.
    ascii_addresses: bool = False
    # Dots before the @, first, last or two in a row, as Japan's carriers gave out until 2009: `rfc`
    # = the importer refuses them and the row stays out, `loose` = it takes them.
    address_rule: Literal["rfc", "loose"] = "loose"
    # Sign → what free text says in its place, where the importer cannot read it.
    stand_ins: Mapping[Annotated[str, Field(min_length=1, max_length=1)], str] = Field(
        default_factory=dict
    )
    # A machine file: a leading `=` in a name is cut off or its row left out, always counted.
    dangerous_text: Literal["strip", "reject"] = "strip"
    date_format: str = "%Y-%m-%d"
    # As `strftime` has it; `iso`: 2026-11-10T12:00:00+09:00.
    instant_format: str = "iso"
    zone: Literal["shop", "utc"] = "shop"
    booleans: tuple[str, str] = ("1", "0")
    empty: str = ""
    max_bytes_per_cell: int | None = Field(default=None, ge=16)
    max_bytes_per_row: int | None = Field(default=None, ge=64)
    max_rows_per_file: int | None = Field(default=None, ge=1)
    max_bytes_per_file: int | None = Field(default=None, ge=4096)
    max_columns: int | None = Field(default=None, ge=1)
    columns: tuple[ProfileColumn, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _holds_together(self) -> "Profile":
        if set(self.import_hint) != {"ja", "en"}:
            raise ValueError("import_hint says it in ja and in en")
        if self.quoting == "none" and any(c.type == "json" for c in self.columns):
            raise ValueError("a JSON column is full of commas: it needs quotes")
        if self.format == "json" and any(c.type == "json" for c in self.columns):
            raise ValueError("a JSON file needs no JSON column")
        return self


@cache
def load_profile(key: str) -> Profile:
    """The profile that ships under this key. Raises: ShopNotReady if none does."""
    if key not in profiles():
        raise ShopNotReady(f"there is no profile {key!r}; one of: {', '.join(profiles())}")
    return read_profile(_FOLDER / f"{key}.yml")


def read_profile(path: Path) -> Profile:
    """The profile in a file, a shop's own among them. Raises: ShopNotReady naming what is wrong."""
    try:
        return Profile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise ShopNotReady(f"{path} is named by a destination's profile_file and missing") from None
    except ValidationError as error:
        said = "; ".join(
            f"{'.'.join(map(str, e['loc'])) or 'profile'}: {e['msg']}" for e in error.errors()
        )
        raise ShopNotReady(f"{path.name} is no profile: {said}") from None


def profiles() -> Sequence[str]:
    """Keys of the profiles that ship, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.yml"))
