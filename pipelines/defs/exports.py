"""Hand-overs: one request carried out."""

from datetime import UTC, datetime

import dagster as dg

from pipelines import exports, results
from pipelines.defs.street import Street


class Request(dg.Config):
    """Which row of export_requests this run carries out."""

    request_id: str


@dg.asset(group_name="exports", kinds={"csv"}, owners=["team:okaeri"], pool="exports")
def handed_over(config: Request, street: Street) -> dg.MaterializeResult[None]:
    """Files of one request: a segment CSV and its manifest, or a dry run's plan."""
    results.take_in(street.home, street.shop, now=street.shop.clock or datetime.now(UTC))
    outcome = exports.run_request(
        street.home, street.shop, config.request_id, clock=street.shop.clock
    )
    return dg.MaterializeResult(
        metadata={
            "state": outcome.state,
            "files": [file for batch in outcome.batches for file in batch.files],
            "counts": {program: dict(counts) for program, counts in outcome.counts.items()},
        }
    )
