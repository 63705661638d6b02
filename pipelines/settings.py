"""The only reader of the environment: where things lie and which secrets are in force."""

import hashlib
import hmac
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

REPOSITORY = Path(__file__).resolve().parent.parent
DBT_PROJECT = REPOSITORY / "dbt_project"
# What an OpenID Connect login needs, as Streamlit's `auth` section calls it.
LOGIN_KEYS = (
    "client_id", "client_secret", "server_metadata_url", "redirect_uri", "cookie_secret",
)  # fmt: skip

_WITHOUT_IT: Final = (
    "with another key nobody in the ledger is recognised, and everybody would be written to again"
)


@dataclass(frozen=True)
class Home:
    """One shop's data folder. No two shops share one, and the demo never lies beside real data."""

    path: Path

    @property
    def raw(self) -> Path:
        """Raw files as they came, named by sha256."""
        return self.path / "raw"

    @property
    def landing(self) -> Path:
        """Canonical tables: `<table>/month=YYYY-MM/<batch>.parquet`, appended only."""
        return self.path / "landing"

    @property
    def rejected(self) -> Path:
        """Batches and rows that were refused, with their reasons."""
        return self.path / "rejected"

    @property
    def warehouse(self) -> Path:
        """The file dbt builds into. Opened by dbt and by publish, never by a reader."""
        return self.path / "warehouse" / "build.duckdb"

    @property
    def published(self) -> Path:
        """Immutable published files and `CURRENT.json`."""
        return self.path / "published"

    @property
    def private(self) -> Path:
        """Addresses of the published snapshot, for the exporter alone. Mode 0700."""
        return self.path / "private"

    @property
    def replay(self) -> "Home":
        """Build and published files of a replay, beside the live ones."""
        return Home(self.path / "replay")

    @property
    def uploads(self) -> Path:
        """Reports handed in on a screen, by mapping, each named by its content."""
        return self.path / "uploads"

    @property
    def outbox(self) -> Path:
        """Where a `local` destination hands files over."""
        return self.path / "outbox"

    @property
    def dagster(self) -> Path:
        """Dagster's own instance folder."""
        return self.path / "dagster"

    @property
    def requests_url(self) -> str:
        """SQLAlchemy URL of the state database a screen may write."""
        return os.environ.get("OKAERI_REQUESTS_URL") or f"sqlite:///{self.path / 'requests.db'}"

    @property
    def ledger_url(self) -> str:
        """SQLAlchemy URL of the ledger, which the exporter alone writes."""
        return os.environ.get("OKAERI_LEDGER_URL") or f"sqlite:///{self.path / 'ledger.db'}"

    @cached_property
    def pepper(self) -> bytes:
        """Secret key of every keyed hash: `OKAERI_PEPPER`, else `pepper.key`, made at first use.

        Invariant: it must never change for one home; with another key nobody in the ledger would
        be recognised and people would be written to twice. Raises: SecretLost.
        """
        given = os.environ.get("OKAERI_PEPPER")
        if given:
            return given.encode()
        file = self.path / "pepper.key"
        if not file.exists():
            if self._pepper_mark.exists() or any(self.landing.glob("*/*/*.parquet")):
                raise SecretLost(
                    f"{file} is gone, or OKAERI_PEPPER is not set any more. Put it back from your "
                    f"copy: {_WITHOUT_IT}"
                )
            self.path.mkdir(parents=True, exist_ok=True)
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w") as stream:
                stream.write(secrets.token_hex(32))
        return file.read_text().strip().encode()

    def refuse_other_pepper(self) -> None:
        """Nothing, while the secret key is the one this home began with. Raises: SecretLost.

        What it began with is told by a keyed hash beside it, written down at first use.
        """
        found = hmac.digest(self.pepper, b"okaeri pepper 1", "sha256").hex()
        mark = self._pepper_mark
        if not mark.exists():
            with os.fdopen(os.open(mark, os.O_WRONLY | os.O_CREAT, 0o600), "w") as stream:
                stream.write(found)
        elif mark.read_text().strip() != found:
            named = "OKAERI_PEPPER" if os.environ.get("OKAERI_PEPPER") else self.path / "pepper.key"
            raise SecretLost(
                f"{named} is not the secret key {self.path} began with. Put the old one back: "
                f"{_WITHOUT_IT}"
            )

    @property
    def _pepper_mark(self) -> Path:
        return self.path / "pepper.check"


class HomeUnusable(Exception):
    """A data folder nothing can be written to; the text says what to do."""


class SecretLost(HomeUnusable):
    """The shop's secret key is gone or another one."""


def usable_home(shop_id: str) -> Home:
    """Home of one shop, made if it was not there. Raises: HomeUnusable."""
    home = home_of(shop_id)
    try:
        home.path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home.path):
            pass
    except OSError as error:
        raise HomeUnusable(
            f"{home.path}: {error.strerror}. Give this user the right to write there, or set "
            "OKAERI_HOME to another folder."
        ) from error
    return home


def homes() -> Path:
    """Folder that holds one home per shop: `OKAERI_HOME`, default `./data`, absolute."""
    return Path(os.environ.get("OKAERI_HOME", "data")).resolve()


def home_of(shop_id: str) -> Home:
    """Home of one shop. `shop_id` is a validated slug, so it cannot leave the folder."""
    return Home(homes() / shop_id)


def language() -> str:
    """`ja` or `en`, from OKAERI_LANG, else LC_ALL, LC_MESSAGES, LANG as a terminal sets them."""
    for name in ("OKAERI_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "ja" if value.lower().startswith("ja") else "en"
    return "en"


def machine_id() -> str | None:
    """`OKAERI_MACHINE_ID`: what a container is called, which has no identity of its own."""
    return os.environ.get("OKAERI_MACHINE_ID", "").strip() or None


def destination_secrets(key: str, names: Mapping[str, str]) -> dict[str, str]:
    """Secrets of one destination, those that are set alone. `names`: variable → key in the result.

    `OKAERI_DESTINATION_<KEY>_<NAME>`; they stand in no shop.yml and are written nowhere.
    """
    prefix = f"OKAERI_DESTINATION_{key.upper().replace('-', '_')}_"
    given = {name: os.environ.get(prefix + variable) for variable, name in names.items()}
    return {name: value for name, value in given.items() if value}


def login() -> dict[str, str]:
    """What `OKAERI_LOGIN_<NAME>` says of the screens' login, by lower-case name, if it is set."""
    prefix = "OKAERI_LOGIN_"
    given = {name: os.environ.get(prefix + name.upper(), "") for name in LOGIN_KEYS}
    return {name: value for name, value in given.items() if value}


def active_shop_file() -> Path | None:
    """The shop.yml in force when none is named: `OKAERI_SHOP`, else the one run last, else None."""
    given = os.environ.get("OKAERI_SHOP")
    if given:
        return Path(given).resolve()
    pointer = homes() / "active.json"
    if not pointer.exists():
        return None
    return Path(json.loads(pointer.read_text())["shop_file"])


def places() -> dict[str, str]:
    """The folders in force, absolute, for a child process that is started elsewhere."""
    given = os.environ.get("OKAERI_SHOP")
    named = {"OKAERI_SHOP": str(Path(given).resolve())} if given else {}
    return {"OKAERI_HOME": str(homes()), **named}


def remember_shop(shop_file: Path, *, shop_id: str) -> None:
    """Makes this shop the one that screens and commands show when none is named."""
    pointer = homes() / "active.json"
    pointer.parent.mkdir(parents=True, exist_ok=True)
    waiting = pointer.with_suffix(".tmp")
    waiting.write_text(json.dumps({"shop_file": str(shop_file.resolve()), "shop_id": shop_id}))
    waiting.replace(pointer)


def code_version() -> str:
    """Sixteen hex digits over the program and the dbt project: a build is a function of them."""
    digest = hashlib.sha256()
    for folder, pattern in ((REPOSITORY / "pipelines", "**/*.py"), (DBT_PROJECT, "m*/**/*.*")):
        for file in sorted(folder.glob(pattern)):
            digest.update(str(file.relative_to(REPOSITORY)).encode())
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def terminal_width() -> int | None:
    """Columns that whoever calls asked for, else None."""
    given = os.environ.get("COLUMNS", "")
    return int(given) if given.isdecimal() else None


def dbt_environment(home: Home, *, built_in: Home | None = None) -> dict[str, str]:
    """What dbt reads: the folder it calls `~`, and the memory limit.

    Landing is the shop's own; `built_in` is where the build file lies, for a build kept beside the
    live one.
    """
    beside = (
        {}
        if built_in is None or built_in == home
        else {"OKAERI_WAREHOUSE": str(built_in.warehouse)}
    )
    return {
        # The profile names `~/warehouse/build.duckdb`, the sources `~/landing`.
        "HOME": str(home.path),
        **beside,
        "OKAERI_MEMORY": os.environ.get("OKAERI_MEMORY", "4GB"),
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        # What it prints is kept by the run; its own log of every statement is a sixth of its work.
        "DBT_LOG_LEVEL_FILE": "none",
    }


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Hands these values to the child processes started meanwhile, and to no later one."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def export_environment(values: dict[str, str]) -> None:
    """Hands these values to every child process, dbt among them."""
    os.environ.update(values)
