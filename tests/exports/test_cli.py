"""The exports commands as somebody types them: what is printed, and how they end."""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from pipelines import exports, requests, settings, terminal
from pipelines.actors import Actor
from pipelines.cli import app
from pipelines.cli_exports import recover_at_start
from pipelines.exports.gates import ORDER
from pipelines.exports.profile import load_profile
from pipelines.report.export_words import REASONS
from pipelines.shop import load_shop
from pipelines.state import engine_of
from tests.exports.killing import Exporters
from tests.exports.shop_files import MACHINE, NOW, PEPPER, SmallShop, people, small_shop

MORE = """
  - {key: large, profile: generic_utf8, country: JP, contract: 委託, basis: 案内, approve_above: 2}
  - {key: odd, profile: carrier_pigeon, country: JP, contract: 委託, basis: 案内}
clock: 2026-11-10T12:00:00+09:00
"""


@dataclass
class Terminal:
    """A shop and a terminal of 100 columns beside it."""

    shop: SmallShop
    file: Path

    def __call__(self, *words: str, code: int = 0, lang: str = "en") -> Result:
        command = ["--lang", lang, "exports", *words, "--shop", str(self.file)]
        done = CliRunner().invoke(app, command)
        assert done.exit_code == code, f"{done.output}\n{done.exception!r}"
        return done

    def json(self, *words: str):
        return json.loads(self(*words, "--json").stdout)

    def refused(self, *words: str) -> str:
        """The one line of a refusal."""
        (line,) = self(*words, code=2).stderr.splitlines()
        return line


@pytest.fixture
def okaeri(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("OKAERI_HOME", str(tmp_path))
    monkeypatch.setenv("OKAERI_LANG", "en")
    monkeypatch.setattr(terminal.console, "width", 100)
    shop = small_shop(tmp_path, more=MORE)
    assert settings.home_of("tea") == shop.home
    shop.publish(people(3))
    return Terminal(shop, tmp_path / "shop.yml")


def held(okaeri: Terminal, exporters: Exporters) -> str:
    """Id of a batch that a restart of the machine put on HOLD."""
    wish = okaeri.shop.ask(), NOW
    exporters.killed_at(okaeri.shop, wish, point="the intent is committed")
    after_restart = exports.Machine(MACHINE.machine_id, "boot-2")
    exports.recover(okaeri.shop.home, okaeri.shop.shop, clock=NOW, machine=after_restart)
    (row,) = exports.batches(okaeri.shop.home)
    assert row.state == "HOLD"
    return row.batch_id


def test_every_segment_is_planned_in_one_table(okaeri: Terminal) -> None:
    (row, _) = okaeri.json("plan")
    shown = okaeri("plan").stdout
    japanese = okaeri("plan", lang="ja").stdout

    assert (row["segment"], row["members"], row["contactable"]) == ("cart_recovery", 3, 3)
    assert "cart_recovery/1/email" in shown
    assert "Contactable" in shown
    assert "to hand over 3" in shown
    assert "there is no such segment" in shown
    assert "配信可能" in japanese
    assert "書き出し予定 3" in japanese


def test_a_dry_run_says_that_nothing_was_written(okaeri):
    english = okaeri("request", "cart_recovery", "--to", "mailer").stdout
    japanese = okaeri("request", "cart_recovery", "--to", "mailer", lang="ja").stdout

    assert "cart_recovery/1/email: to hand over 3" in english
    assert "no file and no ledger row was written" in english
    assert "書き出し予定 3" in japanese
    assert "ファイルも台帳も書いていません" in japanese
    assert "Next:" not in english
    assert "okaeri exports release req-" in english
    assert exports.batches(okaeri.shop.home) == []


def test_a_hand_off_prints_its_file_and_what_to_do_with_it(okaeri):
    printed = okaeri("request", "cart_recovery", "--to", "listmonk", "--send").stdout

    (file,) = okaeri.shop.outbox("listmonk").glob("*.csv")
    assert str(file) in printed.split()
    assert "Next: in listmonk, Subscribers → Import" in printed
    assert "dry run" not in printed


@pytest.mark.parametrize("profile", ["generic_utf8", "generic_cp932", "listmonk", "people_excel"])
def test_every_profile_says_what_to_do_with_its_file(profile):
    hint = load_profile(profile).import_hint

    assert set(hint) == {"ja", "en"}


def test_every_gate_has_its_words():
    assert set(ORDER) <= set(REASONS)


@pytest.mark.parametrize(("words", "said"), [
    (("nope", "--to", "mailer"), "segments: cart_recovery; campaigns: cart_recovery, winback"),
    (("cart_recovery", "--to", "mars"), "it has: mailer, sjis, listmonk"),
    (("cart_recovery", "--to", "odd"), "generic_cp932, generic_utf8, "),
    (("cart_recovery", "--to", "mailer", "--send", "--max-rows", "2"), "3 people, 2 are allowed"),
])  # fmt: skip
def test_a_wish_that_cannot_be_met_says_what_can(okaeri, words, said):
    assert said in okaeri.refused("request", *words)


def test_a_campaign_may_be_named_in_place_of_its_segment(tmp_path):
    shop = small_shop(tmp_path)
    shop.publish(people(1))
    carts = shop.shop.campaigns[0].model_copy(update={"key": "carts_2027"})
    renamed = shop.shop.model_copy(update={"campaigns": (carts,)})
    both = shop.shop.model_copy(update={"campaigns": (carts, shop.shop.campaigns[0])})

    asked = exports.request(
        shop.home, renamed, "carts_2027", "mailer", requested_by=Actor.at_terminal("t"), clock=NOW
    )

    assert requests.read(shop.home, asked).segment == "cart_recovery"
    with pytest.raises(exports.ExportRefused, match="leave together"):
        exports.request(
            shop.home, both, "carts_2027", "mailer", requested_by=Actor.at_terminal("t"), clock=NOW
        )


def test_a_large_request_needs_a_second_person(okaeri):
    refusal = okaeri.refused("request", "cart_recovery", "--to", "large", "--send")
    mine = refusal.split()[-1]
    theirs = okaeri.shop.ask(destination="large")
    with pytest.raises(exports.ExportRefused, match="second person"):
        okaeri.shop.run(theirs, machine=exports.Machine.this())

    assert "above 2 a second person has to" in refusal
    assert "a second one has to" in okaeri.refused("release", mine)
    assert f"okaeri exports release {theirs}" in okaeri("show", theirs).stdout
    assert okaeri.json("release", theirs)["state"] == "done"
    assert "nothing waits for a release" in okaeri.refused("release", theirs)
    assert len(list(okaeri.shop.outbox("large").glob("*.csv"))) == 1


@pytest.mark.parametrize(("verdict", "state", "again"), [
    ("delivered", "DELIVERED", {"already_handed_over": 3}), ("not-delivered", "VOID", {"handed_over": 3}),
])  # fmt: skip
def test_a_held_batch_is_decided_once(okaeri, exporters, verdict, state, again):
    batch = held(okaeri, exporters)
    (row,) = okaeri.json("list")
    shown = okaeri("show", row["request_id"]).stdout

    (on_hold,) = okaeri.json("hold")
    (decided,) = okaeri.json("hold", batch, verdict)

    assert on_hold["batch_id"] == batch
    assert f"okaeri exports hold {batch} delivered" in shown
    assert decided["state"] == state
    assert "only a batch on HOLD is decided" in okaeri.refused("hold", batch, verdict)
    assert "no batch 'nope'" in okaeri.refused("hold", "nope", verdict)
    assert okaeri.shop.send().counts == {"cart_recovery/1/email": again}


def test_a_ledger_of_another_machine_waits_until_it_is_adopted(okaeri, capsys):
    okaeri.shop.send()  # made on the machine of the test

    recover_at_start(okaeri.shop.shop)
    assert "all exports are paused" in capsys.readouterr().err
    assert "okaeri exports adopt" in okaeri.refused("recover")
    assert okaeri.json("adopt") == {"batches": []}
    assert okaeri.json("recover") == []
    assert "Nothing yet" in okaeri("recover").stdout


def test_a_lost_ledger_is_adopted_from_a_day_on(okaeri, database):
    okaeri("request", "cart_recovery", "--to", "mailer", "--send")
    database.lose(okaeri.shop)
    shutil.rmtree(okaeri.shop.outbox() / "manifests")

    assert "--not-before DATE" in okaeri.refused(
        "request", "cart_recovery", "--to", "mailer", "--send"
    )
    assert "--not-before DATE" in okaeri.refused("adopt")
    assert "is no date" in okaeri.refused("adopt", "--not-before", "tomorrow")
    assert okaeri.json("adopt", "--not-before", "2026-11-11") == {"batches": []}
    again = okaeri.json("request", "cart_recovery", "--to", "mailer", "--send")
    assert again["counts"] == {"cart_recovery/1/email": {"already_handed_over": 3}}


def test_the_start_of_the_program_finishes_what_a_dead_one_left(okaeri, exporters):
    wish = okaeri.shop.ask(), NOW
    here = exports.Machine.this()
    exporters.killed_at(okaeri.shop, wish, point="the seal is committed", machine=here)

    recover_at_start(load_shop(okaeri.file))

    assert [row.state for row in exports.batches(okaeri.shop.home)] == ["DELIVERED"]


def test_a_file_is_written_once_more_but_never_into_the_outbox(okaeri, tmp_path):
    okaeri("request", "cart_recovery", "--to", "mailer", "--send")
    (row,) = exports.batches(okaeri.shop.home)
    (file,) = okaeri.shop.outbox().glob("*.csv")

    copy = Path(okaeri.json("rerender", row.batch_id, str(tmp_path / "copy"))["file"])

    assert copy.read_bytes() == file.read_bytes()
    assert "never goes into the outbox" in okaeri.refused(
        "rerender", row.batch_id, str(okaeri.shop.outbox())
    )


def test_an_address_stopped_by_hand_is_not_written_to(okaeri):
    stopped = okaeri.json("suppress", "U1@Example.jp", "--reason", "unsubscribe")
    again = okaeri.json("suppress", "u1@example.jp", "--reason", "unsubscribe")

    assert (stopped["channels"], again["channels"]) == (5, 0)
    assert "no e-mail address" in okaeri.refused("suppress", "u2", "--reason", "manual")
    counts = okaeri.json("request", "cart_recovery", "--to", "mailer")["counts"]
    assert counts["cart_recovery/1/email"]["unsubscribed"] == 1


@pytest.mark.parametrize("lang", ["ja", "en"])
def test_the_list_fits_a_hundred_columns(okaeri, lang):
    for state in ("open", "waiting_for_approval"):
        made = requests.create(
            okaeri.shop.home, "tea", segment="a_segment_of_quite_some_length",
            destination="a_mailer_of_a_long_name", requested_by=Actor.at_terminal("t"), requested_at=NOW,
        )  # fmt: skip
        if state != "open":
            for to in ("running", state):
                requests.move(okaeri.shop.home, made, to=to, at=NOW)

    lines = okaeri("list", lang=lang).stdout.splitlines()

    ids = [row["request_id"] for row in okaeri.json("list")]
    assert [line.split()[0] for line in lines if line.startswith("req-")] == ids
    assert max(cell_len(line) for line in lines) <= 100


def test_a_request_is_shown_without_an_address(okaeri):
    okaeri("request", "cart_recovery", "--to", "mailer")
    (row,) = okaeri.json("list")

    printed = okaeri("show", row["request_id"]).stdout
    record = okaeri.json("show", row["request_id"])

    assert "u***@e***.jp" in printed
    assert "3 added" in printed
    assert "@example.jp" not in printed + json.dumps(record)
    assert "no request 'req-none'" in okaeri.refused("show", "req-none")


def test_a_plan_is_released_at_the_terminal_and_its_steps_are_shown(okaeri):
    planned = okaeri.json("request", "cart_recovery", "--to", "mailer")["request_id"]

    released = okaeri.json("release", planned)
    shown = okaeri("show", released["request_id"]).stdout

    assert (released["state"], released["request_id"] != planned) == ("done", True)
    assert "(exporter, terminal): asked" in shown
    assert "(exporter, run): done" in shown
    assert f"okaeri exports release {planned}" in okaeri("show", planned).stdout


def test_a_request_is_cancelled_at_the_terminal(okaeri):
    waiting = okaeri.shop.ask()

    assert okaeri.json("cancel", waiting) == {"batches": []}
    assert "cannot become cancelled" in okaeri.refused("cancel", waiting)
    (row,) = okaeri.json("list")
    assert row["request_state"] == "cancelled"


def test_a_file_is_judged_again_at_the_terminal(okaeri, tmp_path):
    okaeri("request", "cart_recovery", "--to", "mailer", "--send")
    (file,) = okaeri.shop.outbox().glob("*.csv")
    okaeri("suppress", "u1@example.jp", "--reason", "complaint")

    english = okaeri("recheck", str(file), "--out", str(tmp_path / "drop.csv")).stdout
    record = okaeri.json("recheck", str(file))

    assert "Of 3 persons 1 must not be written to" in english
    assert "u***@e***.jp" in english
    assert record["counts"] == {"complaint": 1}
    assert "u1@example.jp" in (tmp_path / "drop.csv").read_text()
    assert "no file of this ledger" in okaeri.refused("recheck", str(okaeri.file))


def test_totals_and_the_log_of_what_left_at_the_terminal(okaeri):
    okaeri("request", "cart_recovery", "--to", "mailer", "--send")
    (row,) = exports.batches(okaeri.shop.home)

    typed = okaeri.json("totals", row.batch_id, "--sent", "3", "--opened", "2")
    (left,) = okaeri.json("log")
    shown = okaeri("log").stdout

    assert typed == {"batch": row.batch_id, "counts": {"sent": 3, "opened": 2}}
    assert "no total was typed" in okaeri.refused("totals", row.batch_id)
    assert (left["country"], left["contract"], left["persons"]) == ("JP", "entrustment", 3)
    assert "JP · entrustment · 購買者への案内 · cart_reminder" in shown


def test_what_is_on_hold_is_not_decided_without_a_verdict(okaeri, exporters):
    batch = held(okaeri, exporters)

    assert f"okaeri exports hold {batch} delivered|not-delivered" in okaeri.refused("hold", batch)
    assert batch in okaeri("hold").stdout


@pytest.mark.slow
def test_reports_nobody_could_read_are_listed_and_set_aside(okaeri, tmp_path):
    file = tmp_path / "shop.yml"
    line = "profile: carrier_pigeon, country: JP, contract: 委託, basis: 案内"
    text = file.read_text("utf-8")
    file.write_text(text.replace(line, f"{line}, results: {{mapping: sendgrid_events}}"), "utf-8")
    assert okaeri.json("reports") == []
    assert "Every report could be read" in okaeri("reports").stdout
    folder = tmp_path / "results" / "odd"
    folder.mkdir(parents=True)
    (folder / "cut.json").write_text('[{"event": "unsub')

    (found,) = okaeri.json("reports")
    shown = okaeri("reports").stdout

    assert (found["destination"], Path(found["file"]).name) == ("odd", "cut.json")
    assert "okaeri exports reports --set-aside cut.json" in shown
    assert "no report 'other.json'" in okaeri("reports", "--set-aside", "other.json", code=2).stderr
    assert okaeri.json("reports", "--set-aside", "cut.json") == []


# The words of the work's own list, and what else a person needs.
COMMANDS = ("request", "plan", "release", "list", "show", "recheck", "hold", "adopt", "cancel")


def test_every_command_of_exports_speaks_to_programs_too():
    found = typer.main.get_command(app).commands["exports"].commands

    assert set(COMMANDS) <= set(found)
    without = [
        name
        for name, command in found.items()
        if "--json" not in {o for p in command.params for o in p.opts}
    ]
    assert without == []
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    untested = [name for name in found if not re.search(rf'json\(\s*"{name}"', tests)]
    assert untested == []


@pytest.mark.parametrize("content", [b"SQLite format 3\x00" + b"\xff" * 8192, b"no database"])
@pytest.mark.parametrize("file", ["ledger.db", "requests.db"])
def test_a_damaged_database_is_named_with_what_to_do(
    okaeri: Terminal, file: str, content: bytes
) -> None:
    okaeri("request", "cart_recovery", "--to", "mailer", "--send")
    for engine in (okaeri.shop.home.ledger_url, okaeri.shop.home.requests_url):
        engine_of(engine).dispose()
    for path in okaeri.shop.home.path.glob(f"{file}*"):
        path.unlink()
    (okaeri.shop.home.path / file).write_bytes(content)

    said = okaeri.refused("request", "cart_recovery", "--to", "mailer", "--send")

    assert "put the newest copy back" in said
    assert "okaeri exports adopt" in said


@pytest.mark.parametrize("content", ["{", "[]", "{}"])
def test_a_damaged_pointer_is_named_with_what_to_do(okaeri: Terminal, content: str) -> None:
    pointer = okaeri.shop.home.published / "CURRENT.json"
    pointer.write_text(content)

    said = okaeri.refused("request", "cart_recovery", "--to", "mailer")

    assert said == f"{pointer} is damaged; `okaeri run` publishes the build again"


def test_another_secret_key_hands_nobody_over(
    okaeri: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a shop of one's own; the demo alone has its key in the file."""
    text = okaeri.file.read_text("utf-8")
    okaeri.file.write_text(re.sub(r"(?m)^(is_demo|pepper): .*\n", "", text), "utf-8")
    monkeypatch.setenv("OKAERI_PEPPER", PEPPER)
    okaeri("request", "cart_recovery", "--to", "mailer", "--send")
    monkeypatch.setenv("OKAERI_PEPPER", "mistyped")

    said = okaeri.refused("request", "cart_recovery", "--to", "mailer", "--send")

    assert "OKAERI_PEPPER is not the secret key" in said
