"""One record → the finished text cells of one line, under a profile's rules, with what was changed.

Invariant: in a machine file an e-mail, phone, number, date, code or URL is written as it is or the
row is left out; only free text is ever changed, and every change is counted.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from pipelines.exports.errors import Unencodable
from pipelines.exports.profile import EXACT, CellType, Profile, ProfileColumn

# OWASP ASVS 1.2.10, and the full-width forms a Japanese spreadsheet reads as the same signs.
DANGEROUS: Final = "=+-@\t\r\n\0＝＋－＠"
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
# Strict on purpose: an address that starts with a formula's sign or carries a quote is not one.
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9_!#$%&'*/?^`{|}~.][A-Za-z0-9_!#$%&'*/?^`{|}~.+=-]{0,63}@"
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,62}"
)
# What cp932 lacks or gives back as another character, and its usual stand-in.
_STAND_INS: Final = str.maketrans({
    "〜": "～", "−": "－", "‖": "∥", "¢": "￠", "£": "￡", "¬": "￢", "¥": "￥", "—": "―",
    "–": "－", "‾": "￣", "•": "・", "·": "・", "\u00a0": " ", "é": "e", "è": "e", "ñ": "n",
    "♥": "☆", "♡": "☆", "™": "TM", "®": "(R)", "©": "(C)", "€": "EUR",
})  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One cell that could not leave as it was. The value itself is never kept."""

    label: str
    what: str


@dataclass(frozen=True)
class Line:
    """Cells of one row. `refused` names why the row must stay out, else None."""

    cells: tuple[str, ...]
    changes: tuple[Change, ...]
    refused: str | None

    def size(self, encoding: str) -> int:
        """Bytes of the row at most: every cell quoted, every quote doubled."""
        codec = "utf-8" if encoding == "utf-8-sig" else encoding
        return sum(len(c.encode(codec, "replace")) + c.count('"') + 3 for c in self.cells) + 2


def deliverable(address: object) -> str | None:
    """The address as it leaves (NFKC, trimmed), or None if no mailer could take it."""
    return _deliverable(address) if isinstance(address, str) else None


@lru_cache(maxsize=1 << 18)
def _deliverable(address: str) -> str | None:
    folded = unicodedata.normalize("NFKC", address).strip()
    return folded if len(folded) <= 254 and _EMAIL.fullmatch(folded) else None


def type_of(name: str) -> CellType:
    """Type of a content column by the house's names, so that a segment needs no second list."""
    bare = name.rsplit("_", 1)[-1]
    by_suffix: dict[str, CellType] = {
        "at": "instant", "on": "date", "url": "url", "count": "number", "amount": "number",
        "price": "number", "quantity": "number", "hours": "number", "days": "number",
        "months": "number", "rate": "number", "more": "number", "code": "code", "key": "code",
        "id": "code", "source": "code", "band": "code", "month": "date",
    }  # fmt: skip
    return "boolean" if name.startswith(("is_", "has_", "was_")) else by_suffix.get(bare, "text")


def expand(profile: Profile, content: Sequence[str]) -> tuple[ProfileColumn, ...]:
    """The profile's columns with `rest` replaced by the segment's own content columns."""
    taken = {column.source for column in profile.columns}
    found: list[ProfileColumn] = []
    for column in profile.columns:
        if column.rest and column.type != "json":
            found += [
                ProfileColumn(label=name, source=name, type=type_of(name))
                for name in content
                if name not in taken
            ]
        else:
            found.append(column)
    return tuple(found)


def line_of(
    columns: Sequence[ProfileColumn],
    record: Mapping[str, object],
    *,
    profile: Profile,
    zone: ZoneInfo,
    content: Sequence[str],
) -> Line:
    """One row's cells. Raises: Unencodable where the profile says to fail."""
    cells: list[str] = []
    changes: list[Change] = []
    refused: str | None = None
    for column in columns:
        if column.type == "json":
            value: object = _json_of(record, content, profile=profile, zone=zone)
        else:
            value = column.constant if column.constant is not None else record.get(column.source)
        text = _text(value, profile=profile, zone=zone)
        text, problems, stop = _guarded(text, column, profile=profile)
        if column.required and not text:
            stop = "empty"
        cells.append(text)
        changes += [Change(column.label, what) for what in problems]
        refused = refused or (f"{column.label}:{stop}" if stop else None)
    return Line(tuple(cells), tuple(changes), refused)


def _text(value: object, *, profile: Profile, zone: ZoneInfo) -> str:
    if value is None:
        return profile.empty
    if isinstance(value, bool):
        return profile.booleans[0] if value else profile.booleans[1]
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        target = zone if profile.zone == "shop" else UTC
        return aware.astimezone(target).strftime(profile.instant_format)
    if isinstance(value, date):
        return value.strftime(profile.date_format)
    if isinstance(value, Decimal):
        # 15800.0000 is ¥15,800: no importer wants the four places money is stored with.
        return format(value.quantize(Decimal(1)) if value == value.to_integral() else value, "f")
    return str(value)


def _json_of(
    record: Mapping[str, object], content: Sequence[str], *, profile: Profile, zone: ZoneInfo
) -> str:
    names = [*content, "cart_url", "campaign_key", "step_number", "recipient_token", "batch_id"]
    found: dict[str, object] = {}
    for name in dict.fromkeys(names):
        value = record.get(name)
        if value is None:
            continue
        plain = isinstance(value, bool | int) and not isinstance(value, Decimal)
        text = value if plain else _text(value, profile=profile, zone=zone)
        found[name] = _CONTROL.sub(" ", text) if isinstance(text, str) else text
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _guarded(
    text: str, column: ProfileColumn, *, profile: Profile
) -> tuple[str, list[str], str | None]:
    """The cell after every rule, what was changed, and why the row must stay out."""
    changes: list[str] = []
    exact = column.type in EXACT
    if _CONTROL.search(text):
        if exact:
            return "", changes, "control_character"
        text = _CONTROL.sub(" ", text)
        changes.append("control_character")
    if profile.kind == "people":
        if text[:1] and text[0] in DANGEROUS and column.type not in {"number", "date", "instant"}:
            text = f"'{text}"
            changes.append("guarded")
    elif column.type == "text" and text.lstrip()[:1] and text.lstrip()[0] in DANGEROUS:
        if profile.dangerous_text == "reject":
            return "", changes, "dangerous_text"
        text = text.lstrip().lstrip(DANGEROUS).lstrip()
        changes.append("dangerous_text")
    text, lost = _encodable(text, profile=profile, label=column.label, exact=exact)
    if lost == "refused":
        return "", changes, "unencodable"
    changes += [lost] if lost else []
    if profile.quoting == "none":
        bare = text.replace(profile.delimiter, " ").replace('"', " ")
        if bare != text and exact:
            return "", changes, "delimiter"
        text = bare
    return _cut(text, column, profile=profile, changes=changes)


def _encodable(text: str, *, profile: Profile, label: str, exact: bool) -> tuple[str, str | None]:
    codec = "cp932" if profile.encoding == "cp932" else "utf-8"
    if not exact and codec == "cp932":
        text = "".join(c if _round_trips(c) else _stand_in(c) for c in text)
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        if profile.unencodable == "fail":
            raise Unencodable(
                f"column {label}: a character {profile.encoding} does not have; change it at its "
                "source, or let the profile replace or skip"
            ) from None
        if exact or profile.unencodable == "skip":
            return text, "refused"
        kept = "".join(c if _fits(c, codec) else profile.replacement for c in text)
        return kept, "unencodable"
    if exact and text.encode(codec).decode(codec) != text:
        return text, "refused"
    return text, None


def _stand_in(character: str) -> str:
    other = character.translate(_STAND_INS)
    # Some signs are taken by the encoder and given back as their twin: the twin is written.
    return other.encode("cp932").decode("cp932") if _fits(other, "cp932") else other


def _round_trips(character: str) -> bool:
    return character.isascii() or (
        _fits(character, "cp932") and character.encode("cp932").decode("cp932") == character
    )


def _fits(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _cut(
    text: str, column: ProfileColumn, *, profile: Profile, changes: list[str]
) -> tuple[str, list[str], str | None]:
    limit = profile.max_bytes_per_cell
    codec = "cp932" if profile.encoding == "cp932" else "utf-8"
    if limit is None or len(text.encode(codec)) <= limit:
        return text, changes, None
    if column.type != "text":
        # Half a link is a wrong link, half a JSON is dropped by the importer without a word.
        return "", changes, "too_long"
    return text.encode(codec)[:limit].decode(codec, "ignore"), [*changes, "cut"], None
