"""Records → the finished text cells of their lines, under a profile's rules, with what was changed.

Invariant: in a machine file an e-mail, phone, number, date, code or URL is written as it is or the
row is left out; only free text is ever changed, and every change is counted.

Long: all that may happen to a cell stands in one file, so that its order can be read.
"""

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import idna
import polars as pl

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
_PLAIN_EMAIL: Final = (
    r"^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+"
    r"[A-Za-z]{1,63}$"
)

# Stand where batch and token will, as long as either can be.
NO_BATCH: Final = "y" * 60
NO_TOKEN: Final = "x" * 32


@dataclass(frozen=True)
class Lines:
    """Finished cells of many rows: a column of texts per column of the file, named `0`, `1`, ….

    `refused`: per row why it must stay out, else null. `changes`: `label:what` → cells that could
    not leave as they were; the values themselves are never kept.
    """

    cells: pl.DataFrame
    refused: pl.Series
    changes: Mapping[str, int]


def deliverable(address: str | None) -> str | None:
    """The address as it leaves (NFKC, trimmed), or None if no mailer could take it."""
    if address is None:
        return None
    folded = address if address.isascii() else unicodedata.normalize("NFKC", address)
    folded = folded.strip()
    return folded if len(folded) <= 254 and _EMAIL.fullmatch(folded) else None


def deliverables(addresses: pl.Series) -> pl.Series:
    """The same of many, named as they were. Most are plain, and leave as they are."""
    fits = (addresses.str.len_bytes() <= 254) & addresses.str.contains(_PLAIN_EMAIL)
    if fits.all():
        return addresses
    found = addresses.to_list()
    for number in (~fits.fill_null(value=False)).arg_true():
        found[number] = deliverable(found[number])
    return pl.Series(addresses.name, found, pl.String)


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
    content: tuple[str, ...]
    zone: ZoneInfo

    @classmethod
    def of(cls, profile: Profile, content: Sequence[str], zone: ZoneInfo) -> "Scribe":
        """A scribe for these content columns. Raises: ShopNotReady for more than fit."""
        return cls(expand(profile, content), profile, tuple(content), zone)

    def lines(self, records: pl.DataFrame) -> Lines:
        """Every row's cells. Raises: Unencodable where the profile says to fail."""
        changes: Counter[str] = Counter()
        cells: list[pl.Series] = []
        stops: list[pl.Series] = []
        for number, column in enumerate(self.columns):
            written = self._column(column, records)
            cells.append(written.texts.alias(str(number)))
            changes.update({f"{column.label}:{what}": n for what, n in written.changes.items()})
            if written.stops is not None:
                named = pl.concat_str(pl.lit(f"{column.label}:"), written.stops.name)
                stops.append(written.stops.to_frame().select(named).to_series())
        found = pl.DataFrame(cells)
        limit = self.profile.max_bytes_per_row
        if limit is not None:
            size = pl.sum_horizontal(pl.all().str.len_bytes()) + len(self.columns) + 1
            long = found.select(pl.when(size > limit).then(pl.lit("row:too_long")))
            stops.append(long.to_series())
        nothing = pl.repeat(None, records.height, dtype=pl.String, eager=True)
        refused = pl.select(pl.coalesce(nothing, *stops)).to_series()
        return Lines(found, refused, dict(sorted(changes.items())))

    def _column(self, column: ProfileColumn, records: pl.DataFrame) -> "_Written":
        finish = partial(_finished, column=column, profile=self.profile)
        count = records.height
        if column.constant is not None:
            text, changes, stop = finish(column.constant)
            stops = None if stop is None else pl.repeat(stop, count, eager=True)
            texts = pl.repeat(text, count, dtype=pl.String, eager=True)
            return _Written(texts, dict.fromkeys(changes, count), stops)
        if column.type == "json":
            made = (self._json(column, record) for record in records.iter_rows(named=True))
            given = pl.Series(made, dtype=pl.String)
        elif column.source not in records.columns:
            given = pl.repeat("", count, dtype=pl.String, eager=True)
        else:
            given = _texts(records[column.source], profile=self.profile, zone=self.zone)
        return _written(given, finish, plain=_plain(column, self.profile))

    def _json(self, column: ProfileColumn, record: Mapping[str, object]) -> str:
        return _json_of(record, column, self.content, profile=self.profile, zone=self.zone)


# A finished cell, what was changed in it, and why its row must stay out.
_Cell = tuple[str, tuple[str, ...], str | None]


@dataclass(frozen=True)
class _Written:
    """One column, finished. `stops`: None where no row has one."""

    texts: pl.Series
    changes: Mapping[str, int]
    stops: pl.Series | None


def _written(given: pl.Series, finish: Callable[[str], _Cell], *, plain: str | None) -> _Written:
    """Each different text is finished once; of what is plainly fine nothing has to be asked."""
    is_fine = pl.lit(value=False) if plain is None else pl.col("given").str.contains(plain)
    column = given.alias("given").to_frame()
    asked = column.filter(~is_fine)["given"].value_counts(name="count")
    if asked.is_empty():
        return _Written(given, {}, None)
    found = [finish(text) for text in asked["given"]]
    changes: Counter[str] = Counter()
    for (_, what, _), count in zip(found, asked["count"], strict=True):
        changes.update(dict.fromkeys(what, count))
    table = asked.select("given").with_columns(
        pl.Series("text", [text for text, _, _ in found], pl.String),
        pl.Series("stop", [stop for _, _, stop in found], pl.String),
    )
    # Where nothing was altered nothing has to be looked up.
    if table.select(
        (pl.col("given") == pl.col("text")).all() & pl.col("stop").is_null().all()
    ).item():
        return _Written(given, changes, None)
    whole = column.join(table, on="given", how="left", maintain_order="left")
    texts = whole.select(pl.coalesce("text", "given")).to_series()
    return _Written(texts, changes, whole["stop"] if table["stop"].count() else None)


def _plain(column: ProfileColumn, profile: Profile) -> str | None:
    """Pattern of texts that leave as they are whatever the profile does to others, if it has one.

    ASCII alone, begun by a letter or digit: no encoding, guard or stand-in touches it.
    """
    if profile.stand_ins or column.type in ("postal_code", "json"):
        return None
    if column.type == "email" and profile.address_rule == "rfc":
        return None
    limit = profile.max_bytes_per_cell
    rest = "*" if limit is None else f"{{0,{min(limit, 500) - 1}}}"
    # Without quotes neither the delimiter nor a quote is a plain sign.
    signs = " -~" if profile.quoting != "none" else "0-9A-Za-z./_-"
    if profile.quoting == "none" and profile.delimiter in "./_-":
        return None
    return rf"^[0-9A-Za-z][{signs}]{rest}$"


def _finished(given: str, *, column: ProfileColumn, profile: Profile) -> _Cell:
    said = profile.empty if column.empty is None else column.empty
    text, changes, stop = _guarded(given, column, profile=profile) if given else ("", (), None)
    if not text:
        stop = stop or (missing(column) if column.required else None)
    return text or said, changes, stop


def _texts(values: pl.Series, *, profile: Profile, zone: ZoneInfo) -> pl.Series:
    """Any column as texts, empty where there is no value."""
    if values.dtype == pl.String:
        return values.fill_null("")
    # Most values repeat; of lists no table can be made.
    is_list = values.dtype.is_nested() or values.dtype == pl.Object
    known = values if is_list else values.unique()
    made = pl.Series(
        "text",
        ["" if v is None else _text(v, profile=profile, zone=zone) for v in known.to_list()],
        pl.String,
    )
    if is_list:
        return made
    table = pl.DataFrame([known.alias("value"), made])
    asked = values.alias("value").to_frame()
    return asked.join(table, on="value", how="left", nulls_equal=True, maintain_order="left")[
        "text"
    ]


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
