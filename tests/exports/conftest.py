"""Exporter processes and databases that several files of tests share."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.exports import killing, postgres
from tests.exports.databases import Database, Postgres, Sqlite
from tests.exports.killing import World, due_by_minute
from tests.exports.mailer import taking
from tests.exports.shop_files import small_shop

# The long runs of either are `deep` all the same.
BOTH = ["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])]


@pytest.fixture(scope="session")
def exporters() -> Iterator[killing.Exporters]:
    """The warm process that forks exporters."""
    with killing.exporters() as found:
        yield found


@pytest.fixture(scope="session")
def server() -> Iterator[postgres.Server]:
    """A private PostgreSQL server. Fails where there is none."""
    with postgres.running() as found:
        yield found


@pytest.fixture(params=BOTH)
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """Every shop of the test lies on this kind of database."""
    if request.param == "sqlite":
        yield Sqlite()
        return
    server: postgres.Server = request.getfixturevalue("server")
    with postgres.environment(server.fresh()) as urls:
        found = Postgres(server, urls)
        yield found
        found.close()


@pytest.fixture
def world(database: Database, tmp_path: Path) -> Iterator[Callable[..., World]]:
    """Makes a shop where a few more persons are due every minute, and its mailer."""
    with ExitStack() as stack:

        def make(*, minutes: int, destinations: tuple[str, ...] = ("mailer",)) -> World:
            shop = small_shop(tmp_path / "shop")
            shop.publish(due_by_minute(minutes))
            outboxes = [shop.outbox(key) for key in destinations]
            mailer = stack.enter_context(taking(tmp_path / "kept", *outboxes))
            return World(shop, mailer)

        yield make
