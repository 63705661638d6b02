"""An exporter as anybody would write it first. The harness must see it hand people over twice."""

import os
from datetime import UTC, datetime

import polars as pl

from pipelines.exports.snapshot import open_snapshot
from tests.exports.shop_files import PEPPER, SmallShop


def export(shop: SmallShop, *, now: datetime) -> None:
    """Write who is due and not marked into the outbox, then mark them."""
    snapshot = open_snapshot(shop.home, shop.shop.id)
    outbox = shop.outbox()
    outbox.mkdir(parents=True, exist_ok=True)
    marks = shop.home.path / "marked"
    marked = set(marks.read_text().split("\n")) if marks.exists() else set()
    members = snapshot.segment(shop.campaign).members
    members = members.filter(pl.col("due_at") <= now.astimezone(UTC).replace(tzinfo=None))
    facts = snapshot.facts(PEPPER.encode())
    (contacts,) = facts.contacts_of(members, wanted=(), size=members.height)
    due = [str(email) for email in contacts["email"] if email not in marked]
    with (outbox / f"{now:%H%M}.csv").open("w") as file:
        for number, email in enumerate(due):
            file.write(f"{email}\n")
            if number == len(due) // 2:
                file.flush()
                os.fsync(file.fileno())
    with marks.open("a") as file:
        file.write("".join(f"{email}\n" for email in due))
        file.flush()
        os.fsync(file.fileno())
