"""Exporters killed on their way to another machine: SIGKILL of a process of its own, real servers.

The taker keeps every byte that ever lay there under its name; the count is made from those bytes.
"""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines import exports
from tests.exports.killing import Exporters
from tests.exports.places import PASSWORD, SftpServer, s3_server
from tests.exports.shop_files import MACHINE, NOW, SmallShop, people, small_shop
from tests.exports.test_destinations import s3_line
from tests.exports.test_failures import RESTARTED

pytestmark = pytest.mark.slow

# The effect that is about to happen, or has just happened, when the process is killed.
STAGED = r"outbox/far/\.staging/[^.]+\.csv"
BEFORE_THE_REQUEST = {
    "the claims are committed": r"committed CLAIMED",
    "the seal is committed": r"committed CLAIMED\+SEALED",
    "the intent is committed": r"committed HANDING_OFF\+SEALED",
}
AFTER_THE_REQUEST = {
    "the file arrived and is staged": rf"unlink {STAGED}",
    "the file arrived, its mark is left": rf"unlink-done {STAGED}",
    "the delivery is not committed": r"commit DELIVERED\+HANDING_OFF",
}
MARKED = rf"fsync-done {STAGED}\.asked"


@dataclass
class Place:
    """A mailer's server. `lying`: name → bytes of what lies there now, under its own name."""

    shop: SmallShop
    lying: Callable[[], dict[str, bytes]]
    clear: Callable[[], None]
    kept: list[tuple[str, bytes]]

    def take(self) -> None:
        """Take away what lies there, as a mailer would."""
        self.kept += self.lying().items()
        self.clear()

    @property
    def messages(self) -> Counter[str]:
        """Address → how many files it was in."""
        rows = (csv.DictReader(io.StringIO(data.decode(), newline="")) for _, data in self.kept)
        return Counter(row["email"] for file in rows for row in file)


EVERYBODY = {"u0@example.jp": 1, "u1@example.jp": 1, "u2@example.jp": 1}


@pytest.fixture
def sftp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("OKAERI_DESTINATION_FAR_PASSWORD", PASSWORD)
    with SftpServer(tmp_path / "server").running() as server:
        shop = small_shop(tmp_path / "shop", more=server.destination)
        shop.publish(people(3))
        folder = server.root / "inbound"

        def lying() -> dict[str, bytes]:
            return {path.name: path.read_bytes() for path in folder.glob("[!.]*.csv")}

        def clear() -> None:
            for path in folder.glob("[!.]*.csv"):
                path.unlink()

        yield Place(shop, lying, clear, [])


@pytest.fixture
def bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setenv("OKAERI_DESTINATION_FAR_ACCESS_KEY", "k")
    monkeypatch.setenv("OKAERI_DESTINATION_FAR_SECRET_KEY", "s")
    with s3_server("mailer") as (endpoint, client):
        shop = small_shop(tmp_path / "shop", more=s3_line(endpoint))
        shop.publish(people(3))

        def keys() -> list[str]:
            found = client.list_objects_v2(Bucket="mailer").get("Contents", [])
            return [one["Key"] for one in found]

        def lying() -> dict[str, bytes]:
            return {
                key.removeprefix("in/"): client.get_object(Bucket="mailer", Key=key)["Body"].read()
                for key in keys()
            }

        def clear() -> None:
            for key in keys():
                client.delete_object(Bucket="mailer", Key=key)

        yield Place(shop, lying, clear, [])


@pytest.fixture(params=["sftp", "bucket"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


def killed(exporters: Exporters, place: Place, effect: str) -> str:
    """Id of a request whose process was killed at an effect."""
    request_id = place.shop.ask(destination="far")
    child = exporters.start(place.shop, (request_id, NOW), stop=effect)
    assert child.is_stopped(), f"never reached: {effect}"
    child.kill()
    assert not child.is_stopped()
    return request_id


@pytest.mark.parametrize(
    ("point", "machine"),
    # A restart undoes nothing over there: it is looked at, not asked about.
    [("the intent is committed", MACHINE)]
    + [(point, RESTARTED) for point in (*BEFORE_THE_REQUEST, *AFTER_THE_REQUEST)],
)
def test_a_process_killed_on_its_way_hands_everybody_over_once(
    exporters: Exporters, place: Place, point: str, machine: exports.Machine
) -> None:
    request_id = killed(exporters, place, {**BEFORE_THE_REQUEST, **AFTER_THE_REQUEST}[point])
    assert len(place.lying()) == (1 if point in AFTER_THE_REQUEST else 0)

    (batch,) = place.shop.run(request_id, machine=machine).batches
    place.take()

    assert batch.state == "DELIVERED"
    assert place.messages == EVERYBODY
    ((name, data),) = place.kept
    assert name == f"{batch.batch_id}-r0.csv"
    assert hashlib.sha256(data).hexdigest() == batch.sha256


def test_killed_between_mark_and_rename_the_hidden_file_is_revealed_and_never_sent_again(
    exporters: Exporters, sftp: Place
) -> None:
    request_id = killed(exporters, sftp, MARKED)
    assert sftp.lying() == {}

    (batch,) = sftp.shop.run(request_id, machine=MACHINE).batches
    sftp.take()

    assert batch.state == "DELIVERED"
    assert sftp.messages == EVERYBODY


@pytest.mark.parametrize(("verdict", "then"), [("delivered", {}), ("not-delivered", EVERYBODY)])
def test_killed_between_mark_and_put_a_person_decides(
    exporters: Exporters, bucket: Place, verdict: str, then: dict[str, int]
) -> None:
    request_id = killed(exporters, bucket, MARKED)

    held = bucket.shop.run(request_id, machine=MACHINE)

    # A mailer may have taken it: from here the two cannot be told apart.
    assert held.state == "hold"
    assert bucket.lying() == {}
    (batch,) = held.batches
    exports.resolve(
        bucket.shop.home, bucket.shop.shop, batch.batch_id, verdict, actor="me", now=NOW
    )
    assert bucket.shop.send(destination="far").state == "done"
    bucket.take()
    assert bucket.messages == then


@pytest.mark.parametrize("point", list(AFTER_THE_REQUEST))
def test_a_mailer_that_took_the_file_meanwhile_never_gets_it_again(
    exporters: Exporters, place: Place, point: str
) -> None:
    request_id = killed(exporters, place, AFTER_THE_REQUEST[point])
    place.take()

    outcome = place.shop.run(request_id, machine=MACHINE)
    place.take()

    # Its staged copy gone, the file is known to have arrived; before that only a person can tell.
    known = point != "the file arrived and is staged"
    assert outcome.state == ("done" if known else "hold")
    assert place.messages == EVERYBODY
