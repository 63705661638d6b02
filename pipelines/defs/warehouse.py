"""The warehouse: dbt's models as assets, its tests as checks, one writer at a time."""

import logging
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DbtCliResource, dbt_assets
from packaging.version import Version

from pipelines import settings
from pipelines.defs.street import WRITER_POOL, Busy, Street
from pipelines.run_state import Stage

log = logging.getLogger("okaeri")

MANIFEST = settings.DBT_PROJECT / "target" / "manifest.json"


class Translator(DagsterDbtTranslator):
    """Groups models by stage and keeps landed tables as the sources they are."""

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """The stage: staging, intermediate, marts, segments."""
        return str(dbt_resource_props["fqn"][1])


def ensure_manifest() -> Path:
    """Dbt's manifest, parsed again when a file of the project is newer."""
    newest = max(
        file.stat().st_mtime
        for part in ("models", "macros", "tests")
        for file in (settings.DBT_PROJECT / part).rglob("*")
        if file.is_file()
    )
    if not MANIFEST.exists() or MANIFEST.stat().st_mtime < newest:
        log.info("dbt parse")
        environment = {**os.environ, **settings.dbt_environment(settings.home_of("none"))}
        command = [dbt(), "parse", "--quiet", "--project-dir", str(settings.DBT_PROJECT)]
        subprocess.run(  # noqa: S603
            [*command, "--profiles-dir", str(settings.DBT_PROJECT)], check=True, env=environment
        )
    return MANIFEST


def dbt() -> str:
    """Path of the dbt that belongs to this interpreter."""
    beside = Path(sys.executable).with_name("dbt")
    return str(beside) if beside.exists() else shutil.which("dbt") or "dbt"


def warehouse_assets() -> dg.AssetsDefinition:
    """All models of the project as one asset definition with their tests as checks."""

    @dbt_assets(
        manifest=ensure_manifest(),
        dagster_dbt_translator=Translator(),
        pool=WRITER_POOL,
        name="warehouse",
    )
    def warehouse(
        context: dg.AssetExecutionContext, street: Street, dbt_cli: DbtCliResource
    ) -> Iterator[Any]:
        """Every model, rebuilt from landing by dbt in its own process."""
        make_folder(street.built_in.warehouse)
        refuse_held(street.built_in.warehouse)
        # Unit tests judge the code, not the data: they run in `make test`.
        arguments = ["build", "--exclude-resource-type", "unit_test"]
        arguments += ["--full-refresh"] if street.full_refresh else []
        started = time.monotonic()
        where = settings.dbt_environment(street.home, built_in=street.built_in)
        with settings.environment(where):
            target = street.built_in.path / "dbt"
            invocation = dbt_cli.cli(arguments, context=context, target_path=target)
        for done, event in enumerate(invocation.stream(), 1):
            if done % 100 == 0:
                log.info("warehouse: %d models and checks done", done)
            yield event
        street.reach(Stage.PUBLISH)
        log.info("warehouse built in %.0f s", time.monotonic() - started)

    return warehouse


def make_folder(file: Path) -> None:
    """The build's folder, closed to others: addresses lie in the build and in what it spills."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Of an older version it may have been open.
    file.parent.chmod(0o700)


def refuse_held(file: Path) -> None:
    """Nothing, where nobody has the build's file open. Raises: Busy with who does.

    A build goes on when the run that began it is killed, and holds its file until it is done.
    """
    if not file.exists():
        return
    try:
        duckdb.connect(str(file)).close()
    except duckdb.IOException as error:
        holder = re.search(r"PID (\d+)", str(error))
        if holder is None:
            raise
        raise Busy(
            f"{file} is held by process {holder[1]}: the build of a run that was killed, or a "
            "program that has the file open. Wait for it, or stop it, then run again."
        ) from None


class PlainDbt(DbtCliResource):
    """Dbt's command line without what Dagster asks around it, five seconds of every run.

    Dagster starts it once more to hear its version, and loads it into its own process to look up
    columns, which the models' own YAML names.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(metadata.version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> Any:
        """Nothing: where there is no adapter, Dagster asks nothing of the warehouse."""


def dbt_resource() -> DbtCliResource:
    """Dbt's command line, with this project's profile."""
    return PlainDbt(
        project_dir=str(settings.DBT_PROJECT),
        profiles_dir=str(settings.DBT_PROJECT),
        dbt_executable=dbt(),
        global_config_flags=["--no-version-check", "--no-use-colors"],
    )
