"""One record → the finished text cells of one line, under a profile's rules, with what was changed.

Invariant: in a machine file an e-mail, phone, number, date, code or URL is written as it is or the
row is left out; only free text is ever changed, and every change is counted.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

import idna

from pipelines.exports.encodable import encodable
from pipelines.exports.errors import ShopNotReady
from pipelines.exports.profile import EXACT, CellType, Profile, ProfileColumn
from pipelines.exports.refusals import has_stray_dot, missing

# OWASP ASVS 1.2.10, and the full-width forms a Japanese spreadsheet reads as the same signs.
DANGEROUS: Final = "=+-@\t\r\n\0＝＋－＠"
_SEVEN_DIGITS: Final = re.compile(r"^(\d{3})(\d{4})$")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]+")
# Strict on purpose: an address that starts with a formula's sign or carries a quote is not one.
# Loose about dots, where a profile's `address_rule` decides.
_EMAIL: Final = re.compile(
    r"[A-Za-z0-9_!#$%&'*/?^`{|}~.][A-Za-z0-9_!#$%&'*/?^`{|}~.+=-]{0,63}@"
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+[^\W\d_][\w-]{0,62}"
)


# Stand where batch and token will, as long as either can be.
NO_BATCH: Final = "y" * 60
NO_TOKEN: Final = "x" * 32


@dataclass(frozen=True, slots=True)
class Change:
    """One cell that could not leave as it was. The value itself is never kept."""

    label: str
    what: str


@dataclass(frozen=True, slots=True)
class Line:
    """Cells of one row. `refused` names why the row must stay out, else None."""

    cells: tuple[str, ...]
    changes: tuple[Change, ...]
    refused: str | None


def placed(line: Line, *, batch_id: str, token: str) -> Line:
    """A line that was tried without its place, with the batch and the token it leaves with."""
    cells = tuple(
        token if cell == NO_TOKEN
        else batch_id if cell == NO_BATCH
        else cell.replace(NO_TOKEN, token).replace(NO_BATCH, batch_id) if NO_TOKEN in cell
        else cell
        for cell in line.cells
    )  # fmt: skip
    return Line(cells, line.changes, line.refused)


def deliverable(address: object) -> str | None:
    """The address as it leaves (NFKC, trimmed), or None if no mailer could take it."""
    return _deliverable(address) if isinstance(address, str) else None


@lru_cache(maxsize=1 << 18)
def _deliverable(address: str) -> str | None:
    folded = unicodedata.normalize("NFKC", address).strip()
    return folded if len(folded) <= 254 and _EMAIL.fullmatch(folded) else None


def ascii_address(address: str) -> str:
    """The same address with its domain as IDNA writes it."""
    local, _, domain = address.rpartition("@")
    try:
        return f"{local}@{idna.encode(domain, uts46=True).decode()}"
    except idna.IDNAError:
        return address


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
    """The profile's columns with `rest` replaced by the segment's own content columns.

    Raises: ShopNotReady if that is more than the importer takes.
    """
    taken = {column.source for column in profile.columns}
    found: list[ProfileColumn] = []
    for column in profile.columns:
        if column.rest and column.type != "json":
            found += [
                ProfileColumn(
                    label=name.upper() if profile.rest_labels == "upper" else name,
                    source=name,
                    type=type_of(name),
                    empty=column.empty,
                )
                for name in content
                if name not in taken
            ]
        else:
            found.append(column)
    if profile.max_columns is not None and len(found) > profile.max_columns:
        raise ShopNotReady(
            f"{profile.profile} takes {profile.max_columns} columns, the segment makes "
            f"{len(found)}: name fewer under meta.segment.columns"
        )
    return tuple(found)


@dataclass(frozen=True)
class Scribe:
    """Writes one segment's lines under one profile. Made once: its columns are worked out then."""

    columns: tuple[ProfileColumn, ...]
    profile: Profile
    _writers: tuple[tuple[ProfileColumn, "_Writer"], ...]

    @classmethod
    def of(cls, profile: Profile, content: Sequence[str], zone: ZoneInfo) -> "Scribe":
        """A scribe for these content columns. Raises: ShopNotReady for more than fit."""
        columns = expand(profile, content)
        return cls(
            columns, profile, tuple((c, _writer(c, profile, zone, content)) for c in columns)
        )

    def line(self, record: Mapping[str, object]) -> Line:
        """One row's cells. Raises: Unencodable where the profile says to fail."""
        cells: list[str] = []
        changes: list[Change] = []
        refused: str | None = None
        for column, write in self._writers:
            text, problems, stop = write(record)
            cells.append(text)
            if problems:
                changes += [Change(column.label, what) for what in problems]
            if stop and refused is None:
                refused = f"{column.label}:{stop}"
        limit = self.profile.max_bytes_per_row
        if limit is not None and sum(len(c.encode()) for c in cells) + len(cells) + 1 > limit:
            refused = refused or "row:too_long"
        return Line(tuple(cells), tuple(changes), refused)


# A finished cell, what was changed in it, and why its row must stay out.
_Cell = tuple[str, tuple[str, ...], str | None]
_Writer = Callable[[Mapping[str, object]], _Cell]
# Values of one column that are remembered: goods repeat, addresses do not.
_REMEMBERED: Final = 4096


def _writer(
    column: ProfileColumn, profile: Profile, zone: ZoneInfo, content: Sequence[str]
) -> _Writer:
    said = profile.empty if column.empty is None else column.empty

    def finished(given: str) -> _Cell:
        text, changes, stop = _guarded(given, column, profile=profile) if given else ("", (), None)
        if not text:
            stop = stop or (missing(column) if column.required else None)
        return text or said, changes, stop

    if column.constant is not None:
        constant = finished(column.constant)
        return lambda _record: constant
    if column.type == "json":
        return lambda record: finished(
            _json_of(record, column, content, profile=profile, zone=zone)
        )
    known: dict[object, _Cell] = {}

    def write(record: Mapping[str, object]) -> _Cell:
        value = record.get(column.source)
        # 1 and True are one key and two texts; a list is no key at all.
        key = value if value.__class__ in _PLAIN else (value.__class__, repr(value))
        found = known.get(key)
        if found is None:
            found = finished("" if value is None else _text(value, profile=profile, zone=zone))
            if len(known) < _REMEMBERED:
                known[key] = found
        return found

    return write


_PLAIN: Final = frozenset({str, Decimal, type(None), datetime, date})


def _text(value: object, *, profile: Profile, zone: ZoneInfo) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return profile.booleans[0] if value else profile.booleans[1]
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        target = zone if profile.zone == "shop" else UTC
        local = aware.astimezone(target)
        if profile.instant_format == "iso":
            return local.isoformat(timespec="seconds")
        return local.strftime(profile.instant_format)
    if isinstance(value, date):
        return value.strftime(profile.date_format)
    if isinstance(value, Decimal):
        # 15800.0000 is ¥15,800: no importer wants the four places money is stored with.
        return format(value.normalize(), "f")
    return str(value)


def _json_of(
    record: Mapping[str, object],
    column: ProfileColumn,
    content: Sequence[str],
    *,
    profile: Profile,
    zone: ZoneInfo,
) -> str:
    names = [*content, "cart_url", "campaign_key", "step_number", "recipient_token", "batch_id"]
    found: dict[str, object] = dict(column.words)
    for name in dict.fromkeys(names):
        value = record.get(name)
        if value is None:
            continue
        plain = isinstance(value, bool | int) and not isinstance(value, Decimal)
        text = value if plain else _text(value, profile=profile, zone=zone)
        found[name] = _CONTROL.sub(" ", text) if isinstance(text, str) else text
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _guarded(text: str, column: ProfileColumn, *, profile: Profile) -> _Cell:
    changes: list[str] = []
    exact = column.type in EXACT
    if column.type == "email" and profile.ascii_addresses and not text.isascii():
        text = ascii_address(text)
        if not text.isascii():
            return "", (), "not_ascii"
    if column.type == "email" and profile.address_rule == "rfc" and has_stray_dot(text):
        return "", (), "stray_dot"
    if column.type == "postal_code" and profile.kind == "people":
        # A spreadsheet reads seven digits as a number, and the zeros in front are gone.
        text = _SEVEN_DIGITS.sub(r"\1-\2", text)
    if profile.stand_ins and not exact and column.type != "json":
        text = "".join(profile.stand_ins.get(c, c) for c in text)
    if _CONTROL.search(text):
        if exact:
            return "", tuple(changes), "control_character"
        text = _CONTROL.sub(" ", text)
        changes.append("control_character")
    if profile.kind == "people":
        if text[:1] and text[0] in DANGEROUS and column.type not in {"number", "date", "instant"}:
            text = f"'{text}"
            changes.append("guarded")
    elif column.type == "text" and text.lstrip()[:1] and text.lstrip()[0] in DANGEROUS:
        if profile.dangerous_text == "reject":
            return "", tuple(changes), "dangerous_text"
        text = text.lstrip().lstrip(DANGEROUS).lstrip()
        changes.append("dangerous_text")
    text, lost = encodable(text, profile=profile, label=column.label, exact=exact)
    if lost == "refused":
        return "", tuple(changes), "unencodable"
    changes += [lost] if lost else []
    if profile.quoting == "none":
        bare = text.replace(profile.delimiter, " ").replace('"', " ")
        if bare != text and exact:
            return "", tuple(changes), "delimiter"
        text = bare
    return _cut(text, column, profile=profile, changes=tuple(changes))


def _cut(text: str, column: ProfileColumn, *, profile: Profile, changes: tuple[str, ...]) -> _Cell:
    limit = profile.max_bytes_per_cell
    codec = "cp932" if profile.encoding == "cp932" else "utf-8"
    if limit is None or len(text.encode(codec)) <= limit:
        return text, changes, None
    if column.type != "text":
        # Half a link is a wrong link, half a JSON is dropped by the importer without a word.
        return "", changes, "too_long"
    return text.encode(codec)[:limit].decode(codec, "ignore"), (*changes, "cut"), None
