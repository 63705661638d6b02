"""The street walked end to end by the command line, on a small demo shop written as files."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines import demo, exports, publish, requests, run_state, settings
from pipelines.actors import Actor
from pipelines.cli import app
from pipelines.settings import REPOSITORY, Home
from pipelines.shop import load_shop

# The whole street: a minute and a half.
pytestmark = pytest.mark.slow

PERSONS = 3000
# Every address of the demo's people ends so.
ADDRESS = r"[a-z0-9]@[a-z]+\.example"
# Of a person who stands in no file but one that is refused.
CANARY, CANARY_NAME = "zz-canary@cage.example", "金糸雀 美鳥"
OKAERI = str(Path(sys.executable).with_name("okaeri"))


class Okaeri:
    """The command line with a data folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "data"
        self.shop_file = folder / "shop" / "shop.yml"
        # What the last run printed.
        self.said = ""
        self.truth = demo.write(self.shop_file.parent, seed=1, persons=PERSONS)

    def __call__(self, *arguments: str, code: int = 0) -> str:
        """What the command prints, asked in this process: starting Python costs two seconds."""
        with settings.environment(self.environment):
            done = CliRunner().invoke(app, arguments)
        assert done.exit_code == code, f"{arguments}\n{done.output[-4000:]}"
        return done.stdout

    @property
    def environment(self) -> dict[str, str]:
        return {"OKAERI_HOME": str(self.home), "LANG": "en_US.UTF-8"}

    def run(self, *arguments: str, code: int = 0) -> dict:
        """A run is a process of its own, as a shop starts it."""
        command = [OKAERI, "run", "--shop", str(self.shop_file), "--json", *arguments]
        done = subprocess.run(
            command, cwd=REPOSITORY, env=os.environ | self.environment, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        self.said = done.stdout + done.stderr
        assert done.returncode == code, f"{arguments}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
        return json.loads(done.stdout)

    def rows(self, query: str) -> list[dict]:
        return json.loads(self("sql", query, "--format", "json"))

    def value(self, query: str) -> object:
        (row,) = self.rows(query)
        (value,) = row.values()
        return value

    def pointer(self) -> dict:
        return json.loads((self.home / "demo" / "published" / "CURRENT.json").read_text())


@pytest.fixture(scope="module")
def okaeri(tmp_path_factory) -> Okaeri:
    street = Okaeri(tmp_path_factory.mktemp("flow"))
    street.first = street.run()
    return street


def holding(folder: Path, pattern: str) -> list[Path]:
    """Files below the folder that hold bytes of this pattern.

    By a process of its own: to read a database's file here would drop the locks SQLite holds on it.
    """
    command = ["grep", "-rlaiP", "-e", pattern, str(folder)]
    bytewise = os.environ | {"LC_ALL": "C"}
    done = subprocess.run(command, capture_output=True, env=bytewise, check=False)
    assert done.returncode in (0, 1), done.stderr
    return [Path(os.fsdecode(line)) for line in done.stdout.splitlines()]


def test_the_first_run_publishes_and_every_row_is_accounted_for(okaeri):
    landed = {
        table.removeprefix("landing/"): counts
        for table, counts in okaeri.first["metadata"].items()
        if table.startswith("landing/")
    }

    assert okaeri.first["success"]
    for table, counts in landed.items():
        left = counts["rows_landed"] + counts["rows_rejected"] + counts["rows_duplicate"]
        assert counts["rows_read"] == left, table
    assert sum(counts["rows_rejected"] for counts in landed.values()) == sum(
        okaeri.truth.dirt.rejected.values()
    )


def test_the_screens_say_of_the_rows_taken_in_what_the_terminal_says(okaeri):
    landed = [m for t, m in okaeri.first["metadata"].items() if t.startswith("landing/")]

    for name in ("landed", "rejected"):
        in_terminal = sum(counts[f"rows_{name}"] for counts in landed)
        for report in ("rpt_source_freshness", "rpt_batches"):
            on_screen = okaeri.value(f"select sum({name}_row_count)::bigint from {report}")
            assert on_screen == in_terminal, (report, name)
    assert okaeri.value("select count(*) from rpt_rejected_rows") == in_terminal


def test_every_terminal_state_occurs_and_they_sum_to_all_abandoned_carts(okaeri):
    states = okaeri.rows(
        "select terminal_state, sum(episode_count) as carts from rpt_recovery_waterfall"
        " where period_key = 'all' and campaign_key = 'all' and dimension = 'all' group by all"
    )
    abandoned = okaeri.value("select count(*) from fct_cart_episodes where is_abandoned")

    assert len(states) == 15
    assert all(int(row["carts"]) > 0 for row in states), states
    assert sum(int(row["carts"]) for row in states) == abandoned


def test_a_segment_is_handed_over_once(okaeri):
    request = ("exports", "request", "cart_recovery", "--to", "mailer", "--send", "--json")
    first, second = (json.loads(okaeri(*request)) for _ in range(2))

    handed = [batch for batch in first["batches"] if batch["rows"]]
    assert handed, first
    for batch in handed:
        with Path(batch["file"]).open(encoding="utf-8-sig", newline="") as stream:
            assert len(list(csv.reader(stream))) == batch["rows"] + 1
        assert json.loads(Path(batch["manifest"]).read_text())["sha256"] == batch["sha256"]
    assert not any(batch["rows"] for batch in second["batches"])


def test_where_an_address_lies_only_its_owner_reads(okaeri):
    """Of everything a run and a hand-over write, whatever it is called."""

    def is_closed(path: Path) -> bool:
        above = [path, *path.parents]
        return any(not one.stat().st_mode & 0o077 for one in above[: above.index(okaeri.home)])

    found = holding(okaeri.home, ADDRESS)

    places = {path.relative_to(okaeri.home / "demo").parts[0] for path in found}
    assert places - {"outbox"} == {"landing", "private", "raw", "warehouse"}
    assert [path for path in found if not is_closed(path)] == []


@pytest.mark.parametrize("asked", [
    {"all": []},
    {"column": "order_count", "operator": "at_least", "value": 2},
    {"any": [{"column": "prefecture", "operator": "in", "value": ["東京都", "大阪府"]},
             {"column": "last_ordered_on", "operator": "within_last_days", "value": 90}]},
])  # fmt: skip
def test_a_saved_segments_live_count_is_its_plan_with_every_reason(okaeri, asked):
    saved = json.loads(
        okaeri("segments", "save", "asked", json.dumps(asked), "--title", "条件", "--json")
    )
    plan = json.loads(okaeri("exports", "request", "asked", "--to", "mailer", "--json"))

    (counts,) = plan["counts"].values()
    assert counts["handed_over"] > 0
    assert counts["no_consent"] > 0
    assert sum(counts.values()) == saved["persons"]


def test_an_issue_goes_to_nobody_twice_whatever_saved_segment_they_are_in(okaeri):
    few = {"column": "order_count", "operator": "at_least", "value": 3}
    more = {"column": "order_count", "operator": "at_least", "value": 2}
    for key, asked in (("few", few), ("more", more)):
        okaeri("segments", "save", key, json.dumps(asked), "--title", key)
    first, second, again = (
        json.loads(
            okaeri("exports", "request", key, "--to", "mailer", "--issue", "a", "--send", "--json")
        )["counts"]["newsletter/1/email"]
        for key in ("few", "more", "more")
    )

    assert first["handed_over"] > 0
    assert second["handed_over"] > 0
    assert second["already_handed_over"] == first["handed_over"] + first.get("held_out", 0)
    assert "handed_over" not in again


def test_nobody_of_the_landed_ledger_is_handed_over_again(okaeri):
    with (okaeri.shop_file.parent / "ledger" / "claims.csv").open(encoding="utf-8") as stream:
        before = {row["dedupe_key"] for row in csv.DictReader(stream)}
    due = {row["dedupe_key"] for row in okaeri.rows("select dedupe_key from seg_cart_recovery")}

    okaeri("exports", "request", "cart_recovery", "--to", "mailer", "--send")

    manifests = (okaeri.home / "demo" / "outbox" / "mailer" / "manifests").glob("cart_recovery-*")
    claimed = [
        claim["dedupe_key"]
        for manifest in manifests
        for claim in json.loads(manifest.read_text())["claims"]
    ]
    assert due & before, "the dump has somebody who would be due"
    assert claimed
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= due - before


def test_a_second_run_changes_no_published_table(okaeri):
    before = okaeri.pointer()

    again = okaeri.run()

    assert again["success"]
    assert okaeri.pointer()["tables"] == before["tables"]
    assert okaeri.pointer()["snapshot_id"] == before["snapshot_id"]


def test_every_receipt_gives_its_column(okaeri):
    """Numerator ÷ denominator (less 1 for a change); empty where there is nothing to divide."""
    broken, filled = [], 0
    with closing(publish.open_published(Home(okaeri.home / "demo"))) as published:
        receipts = published.execute(
            "select model_name, column_name, kind, numerator, denominator from catalogue_metrics"
            " where kind in ('quotient', 'change')"
        ).fetchall()
        for table, column, kind, numerator, denominator in receipts:
            less = 1 if kind == "change" else 0
            # A change is told between comparable months alone.
            told = f"{column} is not null" if kind == "change" else "true"
            wrong, values = published.execute(
                f"select count(*) filter (where {told} and ("
                f"  ({column} is null) <> ({numerator} is null or coalesce({denominator}, 0) = 0)"
                f"  or abs({column} - ({numerator}::double / {denominator} - {less})) > 1e-9)),"
                f" count({column}) from {table}"
            ).fetchone()
            filled += values > 0
            broken += [(table, column)] * (wrong > 0)

    assert broken == []
    assert filled > 40


def test_a_refund_that_comes_in_later_is_logged_with_its_file(okaeri):
    (order,) = okaeri.rows(
        "select order_id, ordered_month, revenue_amount from fct_orders where is_sale"
        " and revenue_amount > 5000 and refunded_amount = 0 and ordered_month = date '2026-08-01'"
        " order by order_id limit 1"
    )
    number = order["order_id"].rpartition(":")[2]
    refunds = okaeri.shop_file.parent / "返金.csv"
    with refunds.open("a", encoding="cp932", newline="") as stream:
        stream.write(f"F999999,{number},2026/11/18 10:00:00,1000,1000,一部不良\r\n")

    okaeri.run()

    log = okaeri.rows("select * from rpt_restatements")
    revenue = [row for row in log if row["cell_key"] == "2026-08-01|revenue"]
    assert [float(row["change_value"]) for row in revenue] == [-1000]
    assert {row["reason_key"] for row in log} == {"batches"}
    assert all("返金.csv: refunds 1" in row["files"] for row in log)
    # Money of August moved, and nobody's number of orders.
    assert not [row for row in log if row["column_name"].endswith("_count")]
    assert not [row for row in log if row["cell_key"] == "2026-08-01|orders"]


def test_time_alone_turns_open_carts_into_abandoned_ones(okaeri):
    active = "select count(*) from fct_cart_episodes where not is_abandoned and closed_at is null"
    before = okaeri.value(active)

    okaeri.run("--as-of", "2026-11-20T08:05:00+09:00")

    assert before > okaeri.value(active)
    assert run_state.failure(Home(okaeri.home / "demo")) is None


def test_a_red_check_leaves_the_last_good_numbers_up(okaeri):
    before = okaeri.pointer()
    orders = sorted(okaeri.shop_file.parent.glob("受注*.csv"))[0]
    header = orders.read_bytes().split(b"\r\n")[0]
    cut = f'\r\n"{CANARY}","{CANARY_NAME}","cut in the midd'.encode("cp932")
    (orders.parent / "受注_壊れた.csv").write_bytes(header + cut)
    text = okaeri.shop_file.read_text()
    okaeri.shop_file.write_text(text.replace("key: orders,", "key: orders, on_bad_batch: stop,"))

    result = okaeri.run(code=1)

    assert not result["success"]
    assert any("受注_壊れた.csv" in failure for failure in result["failures"])
    assert okaeri.pointer() == before
    failed = run_state.failure(Home(okaeri.home / "demo"))
    assert failed is not None
    assert (failed.stage, failed.is_dead) == (run_state.Stage.LANDING, False)
    # Neither its history nor what it said holds a word of the rows it refused.
    for text in (CANARY, CANARY_NAME):
        assert text not in okaeri.said
        for encoding in ("utf-8", "cp932", "utf-16-le"):
            written = "".join(f"\\x{byte:02x}" for byte in text.encode(encoding))
            assert holding(okaeri.home, written) == [], encoding


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_text('/etc/passwd')",
        "copy (select 1) to '/tmp/okaeri_escape'",
        "attach ':memory:' as other",
        "set enable_external_access = true",
        "select email from dim_person_contacts",
    ],
)
def test_sql_reaches_nothing_but_the_published_tables(okaeri, query: Sequence[str]):
    okaeri("sql", query, code=2)


def test_up_serves_carries_out_requests_and_stops_whole(okaeri):
    ports = (8711, 3711)
    command = [OKAERI, "up", "--shop", str(okaeri.shop_file)]
    command += ["--port", str(ports[0]), "--dagster-port", str(ports[1])]
    child = subprocess.Popen(command, cwd=REPOSITORY, env=os.environ | okaeri.environment)
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{ports[0]}/_stcore/health"), seconds=120)
        wait_for(lambda: answers(f"http://127.0.0.1:{ports[1]}/server_info"), seconds=120)
        shop = load_shop(okaeri.shop_file)
        home = Home(okaeri.home / "demo")
        asked = exports.request(
            home,
            shop,
            "winback",
            "mailer",
            send=True,
            requested_by=Actor.at_terminal("screen"),
            clock=shop.clock,
        )
        wait_for(lambda: requests.read(home, asked).request_state == "done", seconds=120)
        # Whatever listens on every address of the machine listens here too: Dagster has no login.
        for port in ports:
            with socket.socket() as elsewhere:
                assert elsewhere.connect_ex(("127.0.0.2", port)) != 0
    finally:
        child.send_signal(signal.SIGINT)
        code = child.wait(timeout=60)

    assert code == 0
    for port in ports:
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", port)) != 0


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except OSError:
        return False


def wait_for(is_so, *, seconds: int) -> None:
    """Returns once `is_so()`; a process of its own is asked, so there is nothing to wait on."""
    ends = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends, "it did not happen in time"
        threading.Event().wait(0.5)
