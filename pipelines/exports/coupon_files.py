"""Codes of a file into a campaign's pool: all of them, or none."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from pipelines import state
from pipelines.actors import Actor, Role
from pipelines.exports.errors import BadCoupons
from pipelines.settings import Home
from pipelines.shop import Shop
from pipelines.state import coupon

# A code leaves as it is, in every encoding and every profile: nothing a spreadsheet would run.
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,63}", re.ASCII)
_HEADERS: Final = frozenset({"code", "coupon", "coupon_code", "クーポン", "クーポンコード"})
_CHUNK: Final = 900


@dataclass(frozen=True)
class Imported:
    """What an import of codes did. `known`: codes the pool had already."""

    pool: str
    new: int
    known: int


def import_codes(
    home: Home,
    shop: Shop,
    file: Path,
    *,
    campaign: str,
    pool: str | None = None,
    by: Actor,
    now: datetime,
) -> Imported:
    """Codes of a file added to a pool of the campaign: one per line, after a comma its last day.

    All or none. Raises: NotAllowed; BadCoupons for a pool no arm names, a line that is no code, one
    code twice, or a code of another pool.
    """
    by.must_be(Role.EXPORTER, to="import coupons")
    name = _pool_of(shop, campaign, pool)
    lines = _lines(file, ZoneInfo(shop.timezone))
    with state.writing(state.ledger_engine(home)) as connection:
        known = _known(connection, lines)
        elsewhere = sorted(code for code, other in known.items() if other != name)
        if elsewhere:
            raise BadCoupons(
                f"{len(elsewhere)} of these codes are another pool's or were given out before, the "
                f"first is {elsewhere[0]}: a code is one person's; take them out of {file.name}"
            )
        rows = [
            {"code": code, "pool": name, "expires_at": ends, "imported_by": by.name,
             "imported_at": now}
            for code, ends in lines.items() if code not in known
        ]  # fmt: skip
        if rows:
            connection.execute(coupon.insert(), rows)
    return Imported(name, len(rows), len(known))


def _pool_of(shop: Shop, campaign: str, pool: str | None) -> str:
    mine = {
        arm.coupon_pool
        for c in shop.campaigns if c.key == campaign
        for arm in c.arms if arm.coupon_pool is not None
    }  # fmt: skip
    if not mine:
        raise BadCoupons(
            f"no arm of a campaign {campaign!r} names a coupon_pool in shop.yml; add it there first"
        )
    if pool is None and len(mine) == 1:
        return next(iter(mine))
    if pool not in mine:
        raise BadCoupons(f"say which pool of {campaign}: --pool {' or --pool '.join(sorted(mine))}")
    return pool


def _lines(file: Path, zone: ZoneInfo) -> dict[str, datetime | None]:
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadCoupons(f"{file} cannot be read as UTF-8 text: {error}") from error
    found: dict[str, datetime | None] = {}
    for number, cells in enumerate(csv.reader(io.StringIO(text)), start=1):
        code = cells[0].strip() if cells else ""
        if not code or (not found and code.lower() in _HEADERS):
            continue
        if not _CODE.fullmatch(code):
            raise BadCoupons(
                f"{file.name} line {number} is no code: 3 to 64 letters, digits, - or _, a letter "
                "or digit first; nothing was imported"
            )
        if code in found:
            raise BadCoupons(f"{file.name} line {number}: {code} stands there twice")
        found[code] = _ends(cells, zone, where=f"{file.name} line {number}")
    return found


def _ends(cells: Sequence[str], zone: ZoneInfo, *, where: str) -> datetime | None:
    text = cells[1].strip() if len(cells) > 1 else ""
    if not text:
        return None
    try:
        last = date.fromisoformat(text)
    except ValueError:
        raise BadCoupons(f"{where}: {text[:40]!r} is no last day; write 2026-12-31") from None
    return datetime.combine(last + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)


def _known(connection: sa.Connection, codes: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    every = sorted(codes)
    for start in range(0, len(every), _CHUNK):
        query = sa.select(coupon.c.code, coupon.c.pool).where(
            coupon.c.code.in_(every[start : start + _CHUNK])
        )
        found |= {row.code: row.pool for row in connection.execute(query)}
    return found
