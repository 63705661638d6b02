"""One opened page: its words, the file it reads, who looks, and how old its sources are."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from dashboards.access import Viewer
from dashboards.snapshot import Snapshot
from dashboards.text import Words
from pipelines.actors import Role
from pipelines.settings import Home
from pipelines.shop import Shop

# A source this much older than the snapshot is named as late.
LATE_AFTER: Final = dt.timedelta(days=2)
# `rpt_source_freshness` entity → the word of the status line, in its order.
SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "orders": ("orders",),
    "carts": ("carts", "events", "cart_observations"),
    "mail": ("mail_events", "mail_results_summary"),
}
FRESHNESS: Final = "rpt_source_freshness"


@dataclass(frozen=True)
class Page:
    """What every part of a page is given."""

    key: str
    words: Words
    snapshot: Snapshot
    viewer: Viewer
    home: Home
    shop: Shop

    @cached_property
    def latest(self) -> dict[str, dt.datetime]:
        """Newest instant of each kind of source that reports one. Units: aware UTC."""
        if FRESHNESS not in self.snapshot.columns:
            return {}
        found: dict[str, dt.datetime] = {}
        for kind, entities in SOURCES.items():
            rows = self.snapshot.read(
                FRESHNESS, {"entity": entities}, order_by=("-latest_data_at",)
            )
            instants = [at for at in rows["latest_data_at"].to_list() if at is not None]
            if instants:
                found[kind] = max(instants).replace(tzinfo=dt.UTC)
        return found

    def is_late(self, latest: dt.datetime) -> bool:
        """Whether data that reach so far are behind the file."""
        return self.snapshot.facts.as_of_at - latest > LATE_AFTER

    def hides(self, row: Mapping[str, Any]) -> bool:
        """Whether a cell of few, or one that would tell it by subtraction, is none of theirs."""
        return bool(row["is_hidden"]) and not self.viewer.may(Role.EXPORTER)

    @property
    def has_requests(self) -> bool:
        """Whether anything can have been asked for: reading must not make the database."""
        url = self.home.requests_url
        file = url.removeprefix("sqlite:///")
        return file == url or Path(file).exists()

    def address(self, page: str, *, anchor: str = "", **chosen: str) -> str:
        """Link to a page of this dashboard in the reader's language; `""` is the first page."""
        query = urlencode({**chosen, "lang": self.words.language})
        return f"./{page}?{query}" + (f"#{anchor}" if anchor else "")
