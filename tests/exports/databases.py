"""The two kinds of database a ledger lies on: a copy is kept of it, and put back later."""

import shutil
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import make_url

from pipelines import state
from tests.exports.postgres import Server
from tests.exports.shop_files import SmallShop


class Database(Protocol):
    """Where the state of a test's shops lies."""

    def back_up(self, shop: SmallShop) -> None:
        """Keep a copy of the ledger as it is."""

    def restore(self, shop: SmallShop) -> None:
        """Put the copy back in the ledger's place."""

    def lose(self, shop: SmallShop) -> None:
        """The ledger is gone, and nobody has a copy."""


class Sqlite:
    """A file in the shop's home."""

    def back_up(self, shop: SmallShop) -> None:
        with sqlite3.connect(shop.home.path / "ledger.db") as connection:
            connection.execute("vacuum into ?", (str(shop.home.path / "copy"),))

    def restore(self, shop: SmallShop) -> None:
        self.lose(shop)
        shutil.copy(shop.home.path / "copy", shop.home.path / "ledger.db")

    def lose(self, shop: SmallShop) -> None:
        state.engine_of(shop.home.ledger_url).dispose()
        for suffix in ("", "-wal", "-shm"):
            (shop.home.path / f"ledger.db{suffix}").unlink(missing_ok=True)


@dataclass(frozen=True)
class Postgres:
    """A database of the server; requests and ledger are its two schemas."""

    server: Server
    urls: Mapping[str, str]

    @property
    def name(self) -> str:
        """The database's name."""
        return str(make_url(next(iter(self.urls.values()))).database)

    def close(self) -> None:
        """No connection is left that would keep the database from being copied."""
        for url in self.urls.values():
            state.engine_of(url).dispose()

    def back_up(self, shop: SmallShop) -> None:
        self.close()
        self.server.run(f"create database {self.name}_copy template {self.name}")

    def restore(self, shop: SmallShop) -> None:
        self._replace_by(f"{self.name}_copy")

    def lose(self, shop: SmallShop) -> None:
        # The requests stay: they are another role's.
        self.close()
        self.server.run(
            "drop schema ledger cascade", "create schema authorization ledger", database=self.name
        )

    def _replace_by(self, copy: str) -> None:
        self.close()
        self.server.run(
            f"drop database {self.name}", f"create database {self.name} template {copy}"
        )
