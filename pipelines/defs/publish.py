"""The published snapshot: what every reader sees."""

import logging

import dagster as dg

from pipelines import landing, publish
from pipelines.defs.street import Street
from pipelines.run_state import Stage

log = logging.getLogger("okaeri")


def published_snapshot(models: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The asset that publishes once every model and every test of the build is green."""

    @dg.asset(
        name="published_snapshot",
        deps=list(models.keys),
        group_name="publish",
        kinds={"duckdb"},
        owners=["team:okaeri"],
    )
    def snapshot(street: Street) -> dg.MaterializeResult[None]:
        """One immutable file per content, the pointer to it, and what it says for the record."""
        # The manifest of this very build: the project's own was parsed and never compiled.
        manifest = street.built_in.path / "dbt" / "manifest.json"
        made = publish.publish(street.built_in, shop=street.shop, run=street.run, manifest=manifest)
        figures = 0
        # A replay is published to nobody: what it says is no figure the next build may restate.
        said = {} if street.is_replay else publish.said(street.home)
        for table, rows in said.items():
            landing.write_rows(
                street.home, table, rows, source="publish", loaded_at=street.run.loaded_at
            )
            figures = rows.height
        street.reach(Stage.DONE)
        where = " as a replay" if street.is_replay else ""
        log.info("published %s%s%s", made.snapshot_id, where, "" if made.is_new else " (unchanged)")
        metadata: dict[str, str | int | bool] = {
            "snapshot_id": made.snapshot_id,
            "is_new": made.is_new,
            "is_replay": street.is_replay,
            "tables": len(made.tables),
            "rows": sum(rows for rows, _ in made.tables.values()),
            "figures_said": figures,
        }
        return dg.MaterializeResult(metadata=metadata)

    return snapshot
