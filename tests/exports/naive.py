"""An exporter as anybody would write it first. The harness must see it hand people over twice."""

import os
from datetime import datetime

from pipelines.exports.snapshot import open_snapshot
from tests.exports.shop_files import PEPPER, SmallShop


def export(shop: SmallShop, *, now: datetime) -> None:
    """Write who is due and not marked into the outbox, then mark them."""
    snapshot = open_snapshot(shop.home, shop.shop.id)
    contacts = snapshot.facts(PEPPER.encode()).contacts
    outbox = shop.outbox()
    outbox.mkdir(parents=True, exist_ok=True)
    marks = shop.home.path / "marked"
    marked = set(marks.read_text().split("\n")) if marks.exists() else set()
    due = [
        email
        for member in snapshot.segment(shop.campaign).members
        if member.due_at <= now
        and (email := str(contacts[member.person_id]["email"])) not in marked
    ]
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
