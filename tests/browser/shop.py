"""The pages' shop with what a hand-over reads besides: twelve people, four of whom bought thrice."""

import datetime as dt
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl

from pipelines import keys
from pipelines.publish import publish
from pipelines.settings import REPOSITORY, Home
from tests.dashboards.fixture import AS_OF, KINDS, models
from tests.publishing import ModelSpec, RunStub, ShopStub, manifest_of, write_build

PEPPER = "a-public-pepper-of-the-demo"
SHOP_FILE = f"""\
id: demo
name: テストショップ
timezone: Asia/Tokyo
currency: JPY
is_demo: true
clock: "{AS_OF.isoformat()}"
pepper: {PEPPER}
sender: {{name: 店, address: 東京都千代田区1-1, stop_url: "https://a.example/s", contact: a@a.example}}
campaigns:
- key: newsletter
  version: 1
  segment: newsletter
  purpose: marketing
  steps:
  - {{number: 1, delay_minutes: 0, measured_from: qualified, validity_hours: 72, cool_down_hours: 72}}
people:
- {{email: erika@a.example, role: exporter}}
- {{email: vera@a.example, role: viewer}}
destinations:
- {{key: mailer, profile: generic_utf8, country: JP, contract: 委託, basis: 購買者への案内}}
"""
PEOPLE = [f"p{n}" for n in range(12)]


def table(name: str, schema: str, *, meta: dict[str, object] | None = None, **columns: object):
    """One table of the shop from its columns; a single value stands in every row."""
    frame = pl.DataFrame({"shop_id": ["demo"] * len(PEOPLE), **columns})
    tags = ("pii",) if schema == "private" else ()
    return ModelSpec(
        name, "select * from given", schema=schema, frame=frame, tags=tags, meta=meta or {}
    )


def hand_over_tables() -> list[ModelSpec]:
    """The newsletter's people, their addresses and consents, and marts that are empty here."""
    now = AS_OF.replace(tzinfo=None)
    hashes = [keys.email_hash(f"{p}@example.jp", pepper=PEPPER.encode()) for p in PEOPLE]
    every = len(PEOPLE)
    newsletter = table(
        "seg_newsletter",
        "segments",
        meta={
            "segment": {
                "title": {"ja": "メルマガ", "en": "Newsletter"},
                "is_asked_for": True,
                "stops_on_order": False,
                "needs_content": False,
                "behavioural": False,
            }
        },
        person_id=PEOPLE,
        campaign_key=["newsletter"] * every,
        campaign_version=[1] * every,
        step_number=[1] * every,
        arm_key=["mail"] * every,
        channel=["email"] * every,
        occurrence_key=["2026-11-20"] * every,
        dedupe_key=["newsletter/1/email/2026-11-20"] * every,
        qualified_at=[now - dt.timedelta(hours=2)] * every,
        due_at=[now - dt.timedelta(hours=1)] * every,
        valid_until_at=[now + dt.timedelta(hours=60)] * every,
        reason_code=pl.Series([None] * every, dtype=pl.String),
        is_held_out=[False] * every,
        content_source=["newsletter"] * every,
    )
    contacts = table(
        "dim_person_contacts",
        "private",
        person_id=PEOPLE,
        email=[f"{p}@example.jp" for p in PEOPLE],
        email_hash=hashes,
        customer_id=[f"C{p}" for p in PEOPLE],
        name_full=["山田 花子"] * every,
        last_name=pl.Series([None] * every, dtype=pl.String),
        first_name=pl.Series([None] * every, dtype=pl.String),
    )
    named = table(
        "int_persons__keys",
        "intermediate",
        key_type=["email_hash"] * every,
        key_value=hashes,
        person_id=PEOPLE,
        valid_until_at=pl.Series([None] * every, dtype=pl.Datetime),
    )
    allowed = table(
        "int_persons__contactable",
        "intermediate",
        person_id=PEOPLE,
        channel=["email"] * every,
        purpose=["marketing"] * every,
        email_hash=hashes,
        is_contactable=[n != 8 for n in range(every)],
        block_reason=pl.Series([None] * 8 + ["no_consent"] + [None] * 3, dtype=pl.String),
        has_profiling_opt_out=[False] * every,
        explicit_grant_at=pl.Series([None] * every, dtype=pl.Datetime),
    )
    return [newsletter, contacts, named, allowed, *map(bare, BARE.items())]


# Marts every hand-over looks into, without a row in this shop.
BARE = {
    "fct_orders": "person_id varchar, ordered_at timestamp, is_sale boolean",
    "fct_cart_episodes": "episode_id varchar, close_reason varchar",
    "fct_arm_assignments": "campaign_key varchar, campaign_version bigint, occurrence_key varchar,"
    " person_id varchar, arm_key varchar, assignment_basis varchar, eligible_at timestamp",
    "rpt_deliverability": "destination varchar, sent_count bigint, complaint_count bigint,"
    " hard_bounce_count bigint",
    "int_recovery__shop_mails": "episode_id varchar, person_id varchar, mailed_on date",
}


def bare(entry: tuple[str, str]) -> ModelSpec:
    """A table of these columns without a row."""
    name, columns = entry
    casts = (column.strip().split(" ") for column in columns.split(","))
    listed = ", ".join(f"null::{kind} as {column}" for column, kind in casts)
    schema = "intermediate" if name.startswith("int_") else "marts"
    return ModelSpec(name, f"select 'demo' as shop_id, {listed} limit 0", schema=schema)


def publish_writable(folder: Path, *, as_of: dt.datetime = AS_OF) -> Home:
    """The shop under `folder`, published and made the active one; its home."""
    home = Home(folder / "demo")
    own = {spec.name: spec for spec in hand_over_tables()}
    found = {spec.name: spec for spec in models(KINDS["demo"])} | own
    people = found["dim_persons"].frame
    assert people is not None
    never = pl.lit(None, dtype=pl.Datetime).alias("coupon_blocked_until_at")
    people = people.with_columns(pl.lit(0).alias("open_inquiry_count"), never)
    found["dim_persons"] = ModelSpec(
        "dim_persons", "select * from given", frame=people, columns=found["dim_persons"].columns
    )
    write_build(home, list(found.values()))
    publish(home, shop=ShopStub(), run=RunStub(as_of_at=as_of), manifest=manifest_of(home))
    file = folder / "shop.yml"
    file.write_text(SHOP_FILE, encoding="utf-8")
    (folder / "active.json").write_text(json.dumps({"shop_file": str(file), "shop_id": "demo"}))
    return home


CARRY_OUT = """
import dagster as dg
from pipelines.definitions import defs
from pipelines.defs.automation import open_requests
instance = dg.DagsterInstance.ephemeral()
found = open_requests.evaluate_tick(dg.build_sensor_context(instance)).run_requests
job = defs.resolve_job_def("hand_off")
for asked in found:
    assert job.execute_in_process(run_config=asked.run_config, instance=instance).success
print(len(found))
"""


def carry_out_requests(folder: Path) -> int:
    """What the daemon does: asks the sensor what is open, and runs that. How many there were."""
    environment = os.environ | {"OKAERI_HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-c", CARRY_OUT],
        cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return int(done.stdout.split()[-1])
