"""Places on other machines: handed over once, and in doubt never twice."""

import csv
import hashlib
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines import exports
from pipelines.exports.destinations import LocalFolder
from pipelines.exports.errors import OutboxUnusable
from pipelines.shop import ShopFileError
from tests.exports.places import PASSWORD, SftpServer, cut_line, s3_server
from tests.exports.shop_files import MACHINE, NOW, Person, SmallShop, people, small_shop

# Real servers.
pytestmark = pytest.mark.slow


class Dead(BaseException):
    """The process ends here, seen from inside it."""


def dying_at(place: str, *, times: int = 1):
    left = [times]

    def stop(reached: str) -> None:
        if reached == place:
            left[0] -= 1
            if left[0] == 0:
                raise Dead

    return stop


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SftpServer]:
    monkeypatch.setenv("OKAERI_DESTINATION_FAR_PASSWORD", PASSWORD)
    with SftpServer(tmp_path / "server").running() as running:
        yield running


def far_shop(folder: Path, destination: str, *, count: int = 3) -> SmallShop:
    shop = small_shop(folder / "shop", more=destination)
    shop.publish(people(count))
    return shop


def taken(root: Path) -> list[str]:
    """Addresses of every file there now, which are taken away as a mailer would."""
    found = []
    for path in sorted((root / "inbound").glob("[!.]*.csv")):
        rows = csv.DictReader(io.StringIO(path.read_bytes().decode(), newline=""))
        found += [row["email"] for row in rows]
        path.unlink()
    return found


def test_a_file_arrives_on_an_sftp_server_whole_and_once(
    tmp_path: Path, server: SftpServer
) -> None:
    shop = far_shop(tmp_path, server.destination)

    outcome = shop.send(destination="far")

    (batch,) = outcome.batches
    name = f"{batch.batch_id}-r0.csv"
    assert batch.state == "DELIVERED"
    assert batch.file is None
    assert batch.files == (f"sftp://okaeri@127.0.0.1/inbound/{name}",)
    (lying,) = (server.root / "inbound").iterdir()
    assert lying.name == name
    assert hashlib.sha256(lying.read_bytes()).hexdigest() == batch.sha256
    # Nothing is left behind: neither the staged copy nor a mark.
    staging = shop.outbox("far") / ".staging"
    assert sorted(path.name for path in staging.iterdir()) == ["lock", "owner.json"]
    assert len(taken(server.root)) == 3
    assert shop.send(destination="far").counts == {
        "cart_recovery/1/email": {"already_handed_over": 3}
    }


def test_a_server_without_posix_rename_is_served_as_well(
    tmp_path: Path, server: SftpServer
) -> None:
    server.failures.is_plain = True
    shop = far_shop(tmp_path, server.destination)

    assert shop.send(destination="far").batches[0].state == "DELIVERED"
    assert len(taken(server.root)) == 3


def test_a_line_cut_after_the_rename_counts_as_delivered_when_looked_at(
    tmp_path: Path, server: SftpServer
) -> None:
    server.failures.cut = "after"
    shop = far_shop(tmp_path, server.destination)

    (batch,) = shop.send(destination="far").batches

    assert batch.state == "DELIVERED"
    assert len(taken(server.root)) == 3
    assert len(server.failures.renamed) == 1


def test_a_line_cut_before_the_rename_is_tried_again_without_sending_again(
    tmp_path: Path, server: SftpServer
) -> None:
    server.failures.cut = "before"
    shop = far_shop(tmp_path, server.destination)
    request_id = shop.ask(destination="far")

    with pytest.raises(OutboxUnusable, match="unseen"):
        shop.run(request_id)
    (hidden,) = (server.root / "inbound").iterdir()
    written_at = hidden.stat().st_mtime_ns
    server.failures.cut = None
    outcome = shop.run(request_id)

    assert hidden.name.startswith(".")
    assert outcome.batches[0].state == "DELIVERED"
    (lying,) = (server.root / "inbound").iterdir()
    assert lying.stat().st_mtime_ns == written_at
    assert len(taken(server.root)) == 3


def test_a_file_that_was_asked_for_and_is_gone_waits_for_a_person(
    tmp_path: Path, server: SftpServer
) -> None:
    server.failures.cut = "before"
    shop = far_shop(tmp_path, server.destination)
    request_id = shop.ask(destination="far")
    with pytest.raises(OutboxUnusable):
        shop.run(request_id)
    # The rename was carried out late, and the mailer took the file.
    (hidden,) = (server.root / "inbound").iterdir()
    hidden.unlink()
    server.failures.cut = None

    outcome = shop.run(request_id)

    assert outcome.state == "hold"
    assert "look into the mailer" in str(outcome.reason)
    assert shop.send(destination="far").counts["cart_recovery/1/email"] == {
        "already_handed_over": 3
    }
    assert taken(server.root) == []


@pytest.mark.parametrize("place", ["seal:done", "intent:done", "rename:done", "rename:synced"])
def test_a_process_that_dies_on_the_way_to_a_server_hands_over_once(
    tmp_path: Path, server: SftpServer, place: str
) -> None:
    shop = far_shop(tmp_path, server.destination)
    request_id = shop.ask(destination="far")
    with pytest.raises(Dead):
        shop.run(request_id, checkpoint=dying_at(place))
    found = taken(server.root)

    # A restart of this machine undoes nothing over there: it is looked at, not asked about.
    restarted = exports.Machine(MACHINE.machine_id, "boot-2")
    outcome = shop.run(request_id, machine=restarted)
    found += taken(server.root)

    assert outcome.batches[0].state == "DELIVERED"
    assert sorted(found) == ["u0@example.jp", "u1@example.jp", "u2@example.jp"]


def test_who_stops_after_the_bytes_were_sent_is_in_no_file_there(
    tmp_path: Path, server: SftpServer
) -> None:
    shop = far_shop(tmp_path, server.destination)
    seen: list[list[str]] = []

    def stop_late(reached: str) -> None:
        if reached == "seal:done":
            exports.suppress(
                shop.home, shop.shop, email="u1@example.jp", reason="unsubscribe", by="t", now=NOW
            )
        if reached == "rename:done":
            seen.append(sorted(p.name for p in (server.root / "inbound").iterdir()))

    outcome = shop.run(shop.ask(destination="far"), checkpoint=stop_late)

    # The first revision's hidden bytes went with it.
    assert seen == [[f"{outcome.batches[0].batch_id}-r1.csv"]]
    assert taken(server.root) == ["u0@example.jp", "u2@example.jp"]


def test_a_wrong_host_key_gets_no_byte(tmp_path: Path, server: SftpServer) -> None:
    other = SftpServer(tmp_path / "other", port=server.port)
    shop = far_shop(tmp_path, other.destination)

    with pytest.raises(OutboxUnusable, match="host_keys"):
        shop.send(destination="far")

    assert list((server.root / "inbound").iterdir()) == []
    assert exports.batches(shop.home)[0].state == "SEALED"


def test_no_secret_stands_in_what_is_said_or_written(
    tmp_path: Path, server: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKAERI_DESTINATION_FAR_PASSWORD", "canary-password")
    shop = far_shop(tmp_path, server.destination)

    with pytest.raises(OutboxUnusable) as refused:
        shop.send(destination="far")

    kept = b"".join(path.read_bytes() for path in shop.home.path.rglob("*") if path.is_file())
    assert b"canary-password" not in kept
    assert "canary-password" not in repr(refused.value)
    with pytest.raises(ShopFileError, match="password"):
        small_shop(
            tmp_path / "again", more=server.destination.replace("user:", "password: x, user:")
        )


def test_lists_of_people_to_drop_reach_the_server_and_newer_ones_replace_older(
    tmp_path: Path, server: SftpServer
) -> None:
    shop = far_shop(tmp_path, server.destination)
    (batch,) = shop.send(destination="far").batches
    for sales in ({"s:1": NOW}, {"s:1": NOW, "s:2": NOW}):
        shop.publish(people(3), sales=sales)
        shop.send(destination="far")

    text = (server.root / "inbound" / f"{batch.batch_id}.suppress.csv").read_text()

    assert [line.split('"')[1] for line in text.splitlines()] == [
        "email", "u1@example.jp", "u2@example.jp",
    ]  # fmt: skip


def test_a_trigger_follows_when_all_parts_are_there(
    tmp_path: Path, server: SftpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.exports.profile import load_profile

    small = load_profile("generic_utf8").model_copy(update={"max_rows_per_file": 2})
    monkeypatch.setattr("pipelines.exports.rules.load_profile", lambda _key: small)
    line = server.destination.replace("place: sftp", "trigger: .done, place: sftp")
    shop = far_shop(tmp_path, line)

    (batch,) = shop.send(destination="far").batches

    stem = f"{batch.batch_id}-r0"
    names = [f"{stem}.csv", f"{stem}-p2.csv", f"{stem}.done"]
    assert server.failures.renamed == names
    said = (server.root / "inbound" / names[2]).read_text().splitlines()
    assert said == [
        f"{hashlib.sha256((server.root / 'inbound' / name).read_bytes()).hexdigest()}  {name}"
        for name in names[:2]
    ]


def test_a_death_between_two_parts_sends_neither_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.exports.profile import load_profile

    small = load_profile("generic_utf8").model_copy(update={"max_rows_per_file": 2})
    monkeypatch.setattr("pipelines.exports.rules.load_profile", lambda _key: small)
    more = (
        "  - {key: parts, profile: generic_utf8, country: JP, contract: 委託, basis: x,"
        " trigger: .trg}\n"
    )
    # Two parts of two rows, one of one, the trigger: a death after each of the four renames.
    for death in (1, 2, 3, 4):
        shop = small_shop(tmp_path / str(death), more=more)
        shop.publish(people(5))
        request_id = shop.ask(destination="parts")
        with pytest.raises(Dead):
            shop.run(request_id, checkpoint=dying_at("rename:done", times=death))
        first = {path.name: path.read_bytes() for path in shop.outbox("parts").glob("[!.]*.*")}
        for name in first:
            (shop.outbox("parts") / name).unlink()

        (batch,) = shop.run(request_id).batches
        second = {path.name: path.read_bytes() for path in shop.outbox("parts").glob("[!.]*.*")}

        assert batch.state == "DELIVERED"
        assert len(first) == death
        assert not set(first) & set(second)
        whole = {**first, **second}
        stem = f"{batch.batch_id}-r0"
        data = [f"{stem}.csv", f"{stem}-p2.csv", f"{stem}-p3.csv"]
        assert set(whole) == {*data, f"{stem}.trg"}
        assert hashlib.sha256(b"".join(whole[n] for n in data)).hexdigest() == batch.sha256


def test_a_part_that_is_gone_before_the_rename_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.exports.profile import load_profile

    small = load_profile("generic_utf8").model_copy(update={"max_rows_per_file": 2})
    monkeypatch.setattr("pipelines.exports.rules.load_profile", lambda _key: small)
    shop = small_shop(tmp_path)
    shop.publish(people(5))

    def take(reached: str) -> None:
        if reached == "seal:done":
            (second,) = (shop.outbox() / ".staging").glob("*-p2.csv")
            second.unlink()

    outcome = shop.run(shop.ask(), checkpoint=take)

    assert outcome.state == "hold"
    assert list(shop.outbox().glob("*.csv")) == []


def test_fewer_people_at_the_second_sealing_leave_no_stray_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.exports.profile import load_profile

    small = load_profile("generic_utf8").model_copy(update={"max_rows_per_file": 2})
    monkeypatch.setattr("pipelines.exports.rules.load_profile", lambda _key: small)
    shop = small_shop(tmp_path)
    shop.publish(people(3))
    request_id = shop.ask()
    with pytest.raises(Dead):
        shop.run(request_id, checkpoint=dying_at("seal:manifest"))
    shop.publish(people(3), sales={"s:0": NOW})

    (batch,) = shop.run(request_id, at=NOW + timedelta(minutes=1)).batches

    assert [Path(file).name for file in batch.files] == [f"{batch.batch_id}-r0.csv"]
    left = sorted(path.name for path in (shop.outbox() / ".staging").iterdir())
    assert left == ["lock", "owner.json"]


@pytest.mark.parametrize("name", ["../x.csv", "a/b.csv", "a\0.csv", ".hidden.csv", "", "x" * 300])
def test_a_name_that_would_leave_the_outbox_is_no_file(tmp_path: Path, name: str) -> None:
    outbox = LocalFolder(tmp_path / "outbox")
    outbox.prepare()
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises((OutboxUnusable, OSError)):
        outbox.stage(name, b"x")

    assert sorted(tmp_path.rglob("*")) == before


def test_nobody_else_of_the_machine_reads_what_is_staged_or_listed(tmp_path: Path) -> None:
    shop = small_shop(tmp_path)
    shop.publish(people(2))
    seen: dict[str, int] = {}

    def look(reached: str) -> None:
        if reached == "seal:done":
            for path in [shop.outbox(), *shop.outbox().rglob("*")]:
                seen[path.name.rsplit(".", 1)[-1]] = path.stat().st_mode & 0o777

    shop.run(shop.ask(), checkpoint=look)

    assert seen == {
        "mailer": 0o700, "staging": 0o700, "manifests": 0o700, "csv": 0o600, "json": 0o600,
        "lock": 0o600,
    }  # fmt: skip


def s3_line(endpoint: str) -> str:
    return (
        "  - {key: far, profile: generic_utf8, country: JP, contract: 委託, basis: x, place: s3,"
        f" s3: {{bucket: mailer, prefix: in, region: us-east-1, endpoint: '{endpoint}/'}}}}\n"
    )


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, object]]:
    monkeypatch.setenv("OKAERI_DESTINATION_FAR_ACCESS_KEY", "k")
    monkeypatch.setenv("OKAERI_DESTINATION_FAR_SECRET_KEY", "s")
    with s3_server("mailer") as running:
        yield running


def keys_in(client) -> list[str]:
    return [o["Key"] for o in client.list_objects_v2(Bucket="mailer").get("Contents", [])]


def test_a_file_arrives_in_a_bucket_with_its_sha_and_once(tmp_path: Path, bucket) -> None:
    endpoint, client = bucket
    shop = far_shop(tmp_path, s3_line(endpoint))

    (batch,) = shop.send(destination="far").batches

    key = f"in/{batch.batch_id}-r0.csv"
    assert batch.state == "DELIVERED"
    assert batch.files == (f"s3://mailer/{key}",)
    assert keys_in(client) == [key]
    found = client.get_object(Bucket="mailer", Key=key)
    assert hashlib.sha256(found["Body"].read()).hexdigest() == batch.sha256
    assert found["Metadata"]["sha256"] == batch.sha256
    assert shop.send(destination="far").counts == {
        "cart_recovery/1/email": {"already_handed_over": 3}
    }


def test_a_put_whose_answer_was_lost_is_looked_at_and_counts(tmp_path: Path, bucket) -> None:
    endpoint, client = bucket
    with cut_line(endpoint, when="after") as (line, seen):
        shop = far_shop(tmp_path, s3_line(line))
        (batch,) = shop.send(destination="far").batches

    assert batch.state == "DELIVERED"
    assert len(keys_in(client)) == 1
    # Asked for once: nothing below repeated it.
    assert sum(line.startswith(b"PUT") and b"-r0.csv" in line for line in seen) == 1


def test_a_put_that_was_lost_on_its_way_waits_for_a_person(tmp_path: Path, bucket) -> None:
    endpoint, client = bucket
    with cut_line(endpoint, when="before") as (line, seen):
        shop = far_shop(tmp_path, s3_line(line))
        outcome = shop.send(destination="far")

    # Absent may mean taken: from here the two cannot be told apart.
    assert outcome.state == "hold"
    assert keys_in(client) == []
    assert sum(line.startswith(b"PUT") and b"-r0.csv" in line for line in seen) == 1


def test_a_bucket_that_refuses_took_nothing_and_is_tried_again(tmp_path: Path, bucket) -> None:
    endpoint, client = bucket
    shop = far_shop(tmp_path, s3_line(endpoint).replace("bucket: mailer", "bucket: nobodys"))
    request_id = shop.ask(destination="far")
    with pytest.raises(OutboxUnusable, match="404"):
        shop.run(request_id)

    client.create_bucket(Bucket="nobodys")
    outcome = shop.run(request_id)

    assert outcome.batches[0].state == "DELIVERED"


def test_a_bucket_nobody_answers_for_took_nothing(tmp_path: Path, bucket) -> None:
    _, client = bucket
    shop = far_shop(tmp_path, s3_line("http://127.0.0.1:9"))
    request_id = shop.ask(destination="far")

    with pytest.raises(OutboxUnusable):
        shop.run(request_id)

    assert exports.batches(shop.home)[0].state == "HANDING_OFF"
    assert not list((shop.outbox("far") / ".staging").glob("*.asked"))
    assert keys_in(client) == []


@pytest.mark.parametrize(("place", "then"), [
    ("intent:done", "DELIVERED"), ("rename:done", "DELIVERED"),
])  # fmt: skip
def test_a_process_that_dies_on_the_way_to_a_bucket_hands_over_once(
    tmp_path: Path, bucket, place: str, then: str
) -> None:
    endpoint, client = bucket
    shop = far_shop(tmp_path, s3_line(endpoint))
    request_id = shop.ask(destination="far")
    with pytest.raises(Dead):
        shop.run(request_id, checkpoint=dying_at(place))
    found = keys_in(client)
    for key in found:
        client.delete_object(Bucket="mailer", Key=key)

    outcome = shop.run(request_id)

    assert outcome.batches[0].state == then
    assert len(found) + len(keys_in(client)) == 1


def test_a_key_that_is_taken_is_never_replaced(tmp_path: Path, bucket) -> None:
    endpoint, client = bucket
    shop = far_shop(tmp_path, s3_line(endpoint))
    request_id = shop.ask(destination="far", slot="tick")

    def squat(reached: str) -> None:
        if reached == "intent:done":
            name = f"{exports.batches(shop.home)[0].batch_id}-r0.csv"
            client.put_object(Bucket="mailer", Key=f"in/{name}", Body=b"mine")

    outcome = shop.run(request_id, checkpoint=squat)

    assert outcome.state == "hold"
    (key,) = keys_in(client)
    assert client.get_object(Bucket="mailer", Key=key)["Body"].read() == b"mine"


@pytest.mark.parametrize(("given", "said"), [
    ("place: sftp", "says nothing of where"), ("place: s3", "says nothing of where"),
    ("s3: {bucket: abc}", "never used"),
    ("place: s3, s3: {bucket: abc, endpoint: 'http://far.example/'}", "endpoint"),
    ("place: sftp, sftp: {host: h, user: u, host_keys: []}", "host_keys"),
    ("trigger: done", "trigger"), ("trigger: ./../x", "trigger"),
])  # fmt: skip
def test_a_place_that_cannot_be_used_is_refused_where_it_stands(
    tmp_path: Path, given: str, said: str
) -> None:
    with pytest.raises(ShopFileError, match=said):
        small_shop(tmp_path, more=f"  - {{key: far, profile: generic_utf8, {given}}}\n")


def test_an_empty_segment_puts_a_header_there(tmp_path: Path, server: SftpServer) -> None:
    shop = small_shop(tmp_path / "shop", more=server.destination)
    shop.publish([Person("s:1", "a@example.jp", in_segment=False)])

    (batch,) = shop.send(destination="far").batches

    (lying,) = (server.root / "inbound").iterdir()
    assert lying.read_text().startswith('"email","name"')
    assert (batch.rows, batch.state) == (0, "DELIVERED")
