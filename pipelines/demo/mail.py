"""What the mailer reports: every message's fate, machines included, and older totals."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.demo.carts import BOUNCES
from pipelines.demo.catalogue import SITE
from pipelines.demo.draw import DAY, NEVER, between, stream, tokens
from pipelines.demo.people import People
from pipelines.demo.rules import Rules

# A mail's three links; a scanner follows them all.
LINKS = (f"{SITE}/cart", f"{SITE}/guide", f"{SITE}/stop")
PERSON_UA = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15"
PREFETCH_UA = "Mozilla/5.0"
SCANNER_UA = "Mozilla/5.0 (compatible; MailScanner/3.1)"
_BOUNCES: Mapping[str, tuple[str, str, str]] = {
    "hard_bounce": ("bounce", "bounce", "550 5.1.1 user unknown"),
    "soft_bounce": ("bounce", "soft", "452 4.2.2 mailbox full"),
    "block": ("bounce", "blocked", "550 5.7.1 blocked by policy"),
    "dropped": ("dropped", "", "Bounced Address"),
}


@dataclass(frozen=True)
class Mail:
    """`events`: one row per mail event by time. `machine`: how many of them no human made."""

    events: pl.DataFrame
    machine: int


def _block(frame: pl.DataFrame, event: str, at: pl.Expr, **values: str | bool) -> pl.DataFrame:
    return frame.select(
        "episode", "person", "step", "token", at=at, event=pl.lit(event),
        **{
            name: pl.lit(values.get(name), dtype=kind)
            for name, kind in (
                ("type", pl.String()), ("reason", pl.String()), ("url", pl.String()),
                ("useragent", pl.String()), ("sg_machine_open", pl.Boolean()),
            )
        },
    )  # fmt: skip


def _bounced(frame: pl.DataFrame) -> list[pl.DataFrame]:
    blocks = []
    for number, name in enumerate(BOUNCES):
        if name:
            event, kind, reason = _BOUNCES[name]
            some = frame.filter(pl.col("bounce") == number)
            at = pl.col("slot") + (31 if event == "dropped" else 55)
            blocks.append(_block(some, event, at, type=kind, reason=reason))
    return blocks


def _human(rng: np.random.Generator, frame: pl.DataFrame) -> list[pl.DataFrame]:
    """Opens and clicks of people; now and then the provider does not say what an open was."""
    opened = frame.filter(pl.col("opened") < NEVER)
    told = pl.Series(rng.random(opened.height) < 0.93)
    again = opened.filter(pl.Series(rng.random(opened.height) < 0.3))
    later = pl.col("opened") + pl.Series(between(rng, 600, 2 * DAY, again.height))
    clicked = frame.filter(pl.col("clicked") < NEVER)
    return [
        _block(opened.filter(told), "open", pl.col("opened"), useragent=PERSON_UA,
               sg_machine_open=False),
        _block(opened.filter(~told), "open", pl.col("opened")),
        _block(again, "open", later, useragent=PERSON_UA, sg_machine_open=False),
        _block(clicked, "click", pl.col("clicked"), useragent=PERSON_UA, url=LINKS[0]),
    ]  # fmt: skip


def _machine(rng: np.random.Generator, frame: pl.DataFrame) -> list[pl.DataFrame]:
    """Prefetches of private mail and scanners that follow every link within seconds."""
    draw = rng.random(frame.height)
    prefetched, scanned = frame.filter(pl.Series(draw < 0.38)), frame.filter(pl.Series(draw > 0.99))
    lag = pl.Series(between(rng, 2, 9, prefetched.height))
    return [
        _block(prefetched, "open", pl.col("delivered") + lag, useragent=PREFETCH_UA,
               sg_machine_open=True),
        *(
            _block(scanned, "click", pl.col("delivered") + 3 + n, useragent=SCANNER_UA, url=link)
            for n, link in enumerate(LINKS)
        ),
    ]  # fmt: skip


def _stops(frame: pl.DataFrame) -> list[pl.DataFrame]:
    last = frame.filter((pl.col("step") == pl.col("last_step")) & (pl.col("stopped") < NEVER))
    return [
        _block(last.filter(pl.col("complained") == 1), "spamreport", pl.col("stopped")),
        _block(last.filter(pl.col("complained") == 0), "unsubscribe", pl.col("stopped")),
    ]


def mail(sent: pl.DataFrame, people: People, rules: Rules, *, seed: int) -> Mail:
    """Events of all messages handed over, until the clock. Shape: `sendgrid` fields, by time."""
    rng = stream(seed, "mail")
    frame = sent.filter(~pl.col("is_held"))
    kept = frame.filter(pl.col("bounce") != BOUNCES.index("dropped"))
    arrived = frame.filter(pl.col("delivered") < NEVER)
    machine = _machine(rng, arrived)
    blocks = [
        _block(kept, "processed", pl.col("slot") + 12),
        _block(arrived, "delivered", pl.col("delivered")),
        *_bounced(frame),
        *_human(rng, arrived),
        *_stops(arrived),
    ]
    before = pl.col("at") < rules.span.clock - 60
    events = pl.concat([*blocks, *machine]).filter(before).sort("at", maintain_order=True)
    who = events["person"].to_list()
    return Mail(
        events=events.with_columns(
            email=pl.Series([people.email[p] for p in who], dtype=pl.String),
            sg_event_id=pl.Series(tokens(rng, events.height, "sg")),
            sg_message_id=pl.format("{}.recv.okaeri", pl.col("token").str.head(16)),
        ),
        machine=sum(block.filter(before).height for block in machine),
    )


def report(rng: np.random.Generator) -> pl.DataFrame:
    """Totals of the mailer the shop used before: three months of two steps, one figure misprinted.

    Shape: one row per month and step. Shares are printed as the mailer prints them: opens of sent,
    clicks of opens, orderers of clicks; the first row's open rate is of delivered.
    """
    rows = []
    for index, month in enumerate(("2024-11", "2024-12", "2025-01")):
        for step in (1, 2):
            sent = int(between(rng, 120, 190, 1)[0]) // step
            opened, clicked = round(sent * (0.58 - 0.08 * step)), round(sent * 0.1 / step)
            persons = max(1, round(clicked * 0.25))
            amount = persons * int(between(rng, 9_000, 16_000, 1)[0])
            base = sent - 4 if index == 0 and step == 1 else sent
            rows.append({
                "レポート番号": f"{month}-{step}", "配信名": f"カゴ落ちメール {step}通目 {month}",
                "集計日": f"{month}-28", "配信数": sent, "開封数": opened,
                "開封率": f"{opened / base:.2%}", "クリック数": clicked,
                "クリック率": f"{clicked / opened:.2%}", "受注人数": persons,
                "受注商品金額": f"{amount:,}", "受注率": f"{persons / clicked:.2%}",
                "客単価": f"{round(amount / persons):,}", "配信停止数": int(sent * 0.01),
            })  # fmt: skip
    return pl.DataFrame(rows)
