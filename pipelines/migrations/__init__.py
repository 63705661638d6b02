"""Forward-only migrations of the state databases: one folder per database, one transaction each."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from pipelines.state import StateTooNew, writing

_FOLDER = Path(__file__).resolve().parent


def upgrade(engine: sa.Engine, database: str) -> None:
    """Bring one database to its newest schema, whole or not at all.

    Raises: StateTooNew if it holds a revision this code does not know.
    """
    config = Config()
    config.set_main_option("script_location", str(_FOLDER / database).replace("%", "%%"))
    found = _known_revision(engine, ScriptDirectory.from_config(config))
    if found is not None:
        _back_up(engine, found)
    with writing(engine) as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _known_revision(engine: sa.Engine, scripts: ScriptDirectory) -> str | None:
    with engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found is None:
        return None
    try:
        scripts.get_revision(found)
    except CommandError as error:
        raise StateTooNew(
            f"{engine.url.database} is at revision {found}, which this version does not know; "
            "install the newer version that wrote it"
        ) from error
    return found


def _back_up(engine: sa.Engine, revision: str) -> None:
    # By VACUUM INTO: copying an open SQLite file by hand drops its locks and can tear it.
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return
    target = Path(f"{engine.url.database}.before-{revision}")
    if target.exists():
        return
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("VACUUM INTO ?", (str(target),))
    # As private as what it is a copy of.
    target.chmod(Path(engine.url.database).stat().st_mode & 0o777)
