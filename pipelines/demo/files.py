"""Frames to bytes: the same bytes for the same frames, on every machine and every day."""

import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from pipelines.demo.catalogue import Catalogue
from pipelines.demo.dirt import quarter_of
from pipelines.demo.log import Log
from pipelines.demo.mail import Mail
from pipelines.demo.orders import Sales
from pipelines.demo.people import People
from pipelines.demo.rules import Rules

_DEVICES = {0: "smartphone", 1: "pc", 2: "tablet"}
# Instants of the ledger's own dumps.
_LEDGER_TIMES = (
    "created_at", "handed_over_at", "expires_at", "claimed_at", "due_at", "eligible_at",
    "recorded_at", "first_at", "last_at",
)  # fmt: skip


def csv_bytes(frame: pl.DataFrame, encoding: str) -> bytes:
    """A CSV with CRLF. Raises UnicodeEncodeError if a letter is not in the encoding."""
    return frame.write_csv(line_terminator="\r\n").encode(encoding)


def _pairs(frame: pl.DataFrame) -> pl.Series:
    """Each row as a JSON object of its columns that are not null. Text holds no quotes here."""
    parts = []
    for name, kind in frame.schema.items():
        quote = "" if kind.is_numeric() or kind == pl.Boolean() else '"'
        cell = pl.col(name).cast(pl.String)
        given = pl.concat_str(pl.lit(f',"{name}":{quote}'), cell, pl.lit(quote))
        parts.append(given.fill_null(""))
    return frame.select(
        pl.concat_str(pl.lit("{"), pl.concat_str(parts).str.slice(1), pl.lit("}")).alias("line")
    )["line"]


def _by_quarter(frame: pl.DataFrame, at: str) -> Iterator[tuple[str, bytes]]:
    """(quarter, NDJSON) of a frame sorted by `at`, the column itself left out."""
    marked = frame.with_columns(quarter=quarter_of(at))
    for (quarter,), part in marked.group_by("quarter", maintain_order=True):
        text = "\n".join(_pairs(part.drop("quarter", at)).to_list()) + "\n"
        yield str(quarter), text.encode()


def web_files(
    log: Log, people: People, rules: Rules, *, goods: Catalogue, sales: Sales
) -> Iterator[tuple[str, bytes]]:
    """The web log, one gzip file per local quarter, without a time in the archive's head."""
    events = log.events
    size = pl.lit(people.size)
    device = pl.Series(people.device).gather(events.select(pl.col("browser") % size)["browser"])
    in_cart = pl.col("event").is_in(["Product Added", "Product Removed"])
    member = pl.Series(people.customer_no).gather(events["customer"])
    numbers = pl.Series(goods.products["商品番号"])
    frame = events.select(
        "at",
        id=pl.format("e{}", pl.col("event_no").cast(pl.String).str.zfill(7)),
        time=pl.from_epoch("at").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        event="event",
        browser=pl.Series(log.browsers).gather(events["browser"]),
        member_no=member,
        product_no=numbers.gather(events["product"]),
        quantity=pl.when(in_cart).then("quantity"),
        price=pl.when(in_cart).then(pl.Series(goods.prices).gather(events["product"])),
        cart_id=pl.Series(sales.cart_ids).gather(events["basket"]),
        order_no=sales.orders["order_no"].gather(events["order_row"]),
        query="query",
        utm_source=pl.when(pl.col("token").is_not_null()).then(pl.lit("mail")),
        utm_campaign=pl.when(pl.col("token").is_not_null()).then(pl.lit(rules.campaign_key)),
        okt="token",
        experiment=pl.when(pl.col("event") == "Experiment Viewed").then("field"),
        arm=pl.when(pl.col("event") == "Experiment Viewed").then(
            pl.when(pl.col("browser") % 2 == 0).then(pl.lit("shown")).otherwise(pl.lit("hidden"))
        ),
        field=pl.when(pl.col("event") == "Form Error").then("field"),
        device=device.replace_strict(_DEVICES, return_dtype=pl.String),
        bot=pl.when("bot").then(pl.lit(True)),
    )
    for quarter, data in _by_quarter(frame, "at"):
        yield f"web/events_{quarter}.ndjson.gz", gzip.compress(data, compresslevel=3, mtime=0)


def mail_files(mail: Mail, rules: Rules) -> Iterator[tuple[str, bytes]]:
    """The mailer's events, one NDJSON file per local quarter."""
    frame = mail.events.select(
        "at", "email", timestamp="at", event="event", sg_event_id="sg_event_id",
        sg_message_id="sg_message_id", campaign_key=pl.lit(rules.campaign_key),
        step_number="step", recipient_token=pl.col("token"), type="type", reason="reason",
        url="url", useragent="useragent", sg_machine_open="sg_machine_open",
    )  # fmt: skip
    for quarter, data in _by_quarter(frame, "at"):
        yield f"mail/sendgrid_{quarter}.ndjson", data


def ledger_bytes(frame: pl.DataFrame) -> bytes:
    """A dump of the ledger: UTF-8, instants in UTC."""
    times = [
        pl.from_epoch(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        for name in _LEDGER_TIMES
        if name in frame.columns
    ]
    return csv_bytes(frame.with_columns(times), "utf-8")


def put(folder: Path, name: str, data: bytes) -> None:
    """Write one file of the shop, its folder made if it is the first."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)


def settings_files(folder: Path) -> Mapping[str, bytes]:
    """shop.yml and the mapping files that lie beside this module."""
    names = ["shop.yml", *sorted(f"mappings/{p.name}" for p in (folder / "mappings").glob("*.yml"))]
    return {name: (folder / name).read_bytes() for name in names}
