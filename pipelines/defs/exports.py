"""Hand-overs: one request carried out."""

import logging
from datetime import UTC, datetime

import dagster as dg

from pipelines import exports
from pipelines.defs.street import Street

log = logging.getLogger("okaeri")


class Request(dg.Config):
    """Which row of export_requests this run carries out."""

    request_id: str


@dg.asset(group_name="exports", kinds={"csv"}, owners=["team:okaeri"], pool="exports")
def handed_over(config: Request, street: Street) -> dg.MaterializeResult[None]:
    """Files of one request: a segment CSV and its manifest, or a dry run's plan."""
    clock = street.shop.clock or datetime.now(UTC)
    outcome = exports.run_request(street.home, street.shop, config.request_id, clock=clock)
    return dg.MaterializeResult(metadata=outcome.counts())
