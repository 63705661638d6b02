"""The published snapshot: what every reader sees."""

import logging

import dagster as dg

from pipelines import publish
from pipelines.defs.street import Street
from pipelines.defs.warehouse import published_models

log = logging.getLogger("okaeri")


@dg.asset(deps=published_models(), group_name="publish", kinds={"duckdb"}, owners=["team:okaeri"])
def published_snapshot(street: Street) -> dg.MaterializeResult[None]:
    """One immutable file per content, and the pointer to it; addresses go to a second, private file."""
    snapshot = publish.publish(street.home, shop=street.shop, run=street.run)
    log.info("published %s%s", snapshot.snapshot_id, "" if snapshot.is_new else " (unchanged)")
    return dg.MaterializeResult(
        metadata={
            "snapshot_id": snapshot.snapshot_id,
            "is_new": snapshot.is_new,
            "tables": len(snapshot.tables),
            "rows": sum(rows for rows, _ in snapshot.tables.values()),
        }
    )
