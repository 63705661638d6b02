"""A private PostgreSQL server for tests: its own data folder, a Unix socket, no port.

It fails where PostgreSQL is missing: what was promised for both databases is not skipped.
"""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg

from pipelines import state
from pipelines.settings import Home

ROLES = ("requests", "ledger")


@dataclass(frozen=True)
class Server:
    """A running server. Each shop gets a database with two schemas, each owned by one role."""

    socket: Path
    numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str, *, role: str) -> str:
        """SQLAlchemy URL of a database as one role, which sees its own schema first."""
        return f"postgresql+psycopg://{role}@/{database}?host={self.socket}"

    def fresh(self) -> dict[str, str]:
        """What a shop on a new database of this server sets; it is copied from the migrated one."""
        database = f"shop_{next(self.numbers)}"
        self.run(f"create database {database} template migrated")
        return self._environment(database)

    def run(self, *statements: str, database: str = "postgres") -> None:
        """Statements of the server's owner, each committed at once."""
        with psycopg.connect(
            host=str(self.socket), user="owner", dbname=database, autocommit=True
        ) as connection:
            for statement in statements:
                connection.execute(statement)

    def migrate(self) -> None:
        """Make the database every shop's is copied from, by the migrations of the code."""
        self.run(*(f"create role {role} login" for role in ROLES), "create database migrated")
        self.run(*(f"create schema authorization {role}" for role in ROLES), database="migrated")
        with environment(self._environment("migrated")):
            home = Home(self.socket / "nobody")
            for engine in (state.requests_engine(home), state.ledger_engine(home)):
                engine.dispose()

    def _environment(self, database: str) -> dict[str, str]:
        return {f"OKAERI_{role.upper()}_URL": self.url(database, role=role) for role in ROLES}


@contextmanager
def running() -> Iterator[Server]:
    """A server for as long as the block lasts."""
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="okaeri-pg-"))
    as_other = _as_other(folder)
    try:
        _call(as_other, binaries / "initdb", "-D", folder / "data", "-A", "trust", "-U", "owner",
              "-E", "UTF8", "--locale=C", "--no-sync")  # fmt: skip
        options = f"-k {folder} -c listen_addresses='' -c max_connections=60"
        control = [*as_other, binaries / "pg_ctl", "-D", folder / "data"]
        _call(control, "-w", "-l", folder / "log", "-o", options, "start")
        try:
            server = Server(folder)
            server.migrate()
            yield server
        finally:
            _call(control, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Environment variables for as long as the block lasts."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield values
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _binaries() -> Path:
    # Debian keeps the server's programs out of the path.
    found = [Path(p).resolve().parent for p in [shutil.which("pg_ctl")] if p is not None]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    usable = [folder for folder in found if (folder / "initdb").exists()]
    assert usable, "PostgreSQL is missing: apt-get install postgresql"
    return usable[0]


def _as_other(folder: Path) -> Sequence[str]:
    # The server refuses to run as root.
    if os.geteuid() != 0:
        return ()
    shutil.chown(folder, "postgres", "postgres")
    folder.chmod(0o755)
    return ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups")


def _call(start: Sequence[object], *arguments: object) -> None:
    done = subprocess.run(
        [str(part) for part in (*start, *arguments)],
        check=False, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd="/",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
