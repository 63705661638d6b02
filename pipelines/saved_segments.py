"""Saved segments: versions of conditions in `requests.db`, written by a screen or the terminal.

A version is never changed: editing makes the next one, and a hand-over names the one it was made
of. Saving the same again is the same version.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from pipelines import state
from pipelines.conditions import Basis, checked
from pipelines.requests import BadRequest, checked_id
from pipelines.settings import Home

_MAX_TITLE: Final = 100


class NewerVersion(BadRequest):
    """Somebody else has saved the segment since it was opened. Nothing was written."""


@dataclass(frozen=True)
class SavedSegment:
    """One version. `conditions` is the document `conditions.checked` reads.

    `campaign_key`: the newsletter campaign it leaves as, None for the only one there is.
    """

    shop_id: str
    segment_key: str
    version: int
    title_ja: str
    title_en: str
    conditions: Mapping[str, object]
    campaign_key: str | None
    digest: str
    saved_by: str
    saved_at: datetime

    def title(self, language: str) -> str:
        """Its name in the reader's language."""
        return self.title_ja if language == "ja" else self.title_en


def save(
    home: Home,
    basis: Basis,
    *,
    key: str,
    title_ja: str,
    title_en: str,
    conditions: object,
    saved_by: str,
    saved_at: datetime,
    campaign_key: str | None = None,
    after: int | None = None,
) -> SavedSegment:
    """The version in force afterwards: a new one, or the newest if it says just this.

    `after`: the version whoever saves has seen. Raises: BadConditions; BadRequest for a key that is
    none or is a published segment's, a title that is empty or too long, or where somebody else has
    saved a newer version than `after`.
    """
    checked_id(key, what="segment")
    if key in basis.segments:
        raise BadRequest(f"{key} is a segment that is built in; save it under another key")
    if campaign_key is not None:
        checked_id(campaign_key, what="campaign")
    found = checked(conditions, basis.columns)
    said: dict[str, object] = {
        "title_ja": _title(title_ja), "title_en": _title(title_en),
        "conditions": dict(found.document), "campaign_key": campaign_key,
    }  # fmt: skip
    digest = hashlib.sha256(
        json.dumps(said, sort_keys=True, ensure_ascii=False).encode()
    ).hexdigest()[:12]
    table = state.saved_segments
    with state.writing(state.requests_engine(home)) as connection:
        newest = _newest(connection, basis.shop_id, key)
        if newest is not None and newest.digest == digest:
            return newest
        if after is not None and (newest is None or newest.version != after):
            raise NewerVersion(
                f"somebody else has changed {key} since version {after}; open it again"
            )
        row = {
            "shop_id": basis.shop_id, "segment_key": key, **said, "digest": digest,
            "version": 1 if newest is None else newest.version + 1,
            "saved_by": saved_by, "saved_at": saved_at,
        }  # fmt: skip
        connection.execute(table.insert().values(row))
        written = _newest(connection, basis.shop_id, key)
    assert written is not None
    return written


def find(home: Home, shop_id: str, key: str, *, version: int | None = None) -> SavedSegment | None:
    """The newest version of a saved segment, or the one asked for; None if there is none."""
    table = state.saved_segments
    where = [] if version is None else [table.c.version == version]
    with state.reading(state.requests_engine(home)) as connection:
        return _newest(connection, shop_id, key, *where)


def read(home: Home, shop_id: str, key: str, *, version: int | None = None) -> SavedSegment:
    """The same. Raises: BadRequest if there is none."""
    found = find(home, shop_id, key, version=version)
    if found is None:
        known = ", ".join(one.segment_key for one in all_of(home, shop_id)) or "none yet"
        which = "" if version is None else f" version {version} of"
        raise BadRequest(f"there is no{which} saved segment {key[:80]!r}; saved: {known}")
    return found


def all_of(home: Home, shop_id: str) -> list[SavedSegment]:
    """The newest version of every saved segment of the shop, by key."""
    with state.reading(state.requests_engine(home)) as connection:
        rows = _rows(connection, state.saved_segments.c.shop_id == shop_id)
    return list({row.segment_key: row for row in rows}.values())


def versions_of(home: Home, shop_id: str, key: str) -> list[SavedSegment]:
    """Every version of one saved segment, oldest first."""
    table = state.saved_segments
    with state.reading(state.requests_engine(home)) as connection:
        return _rows(connection, table.c.shop_id == shop_id, table.c.segment_key == key)


def _title(given: str) -> str:
    title = " ".join(given.split())
    if not 1 <= len(title) <= _MAX_TITLE:
        raise BadRequest(f"a title has 1 to {_MAX_TITLE} characters")
    return title


def _newest(
    connection: sa.Connection, shop_id: str, key: str, *where: sa.ColumnElement[bool]
) -> SavedSegment | None:
    table = state.saved_segments
    found = _rows(connection, table.c.shop_id == shop_id, table.c.segment_key == key, *where)
    return found[-1] if found else None


def _rows(connection: sa.Connection, *where: sa.ColumnElement[bool]) -> list[SavedSegment]:
    table = state.saved_segments
    query = sa.select(table).where(*where).order_by(table.c.segment_key, table.c.version)
    return [SavedSegment(**row) for row in connection.execute(query).mappings()]
