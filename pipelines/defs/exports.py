"""Hand-overs: one request carried out."""

import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import dagster as dg

from pipelines import exports, results
from pipelines.defs.street import Street

log = logging.getLogger("okaeri")

# Where large mailboxes want a sender to stay, and where they begin to refuse one. Source: Gmail's
# and Yahoo's rules for bulk senders.
WARN_ABOVE, ERROR_ABOVE = 0.001, 0.003
# Results without a message: a mailer's own news and tests come along, more is a lost token.
UNMATCHED_ABOVE = 0.05
# Of fewer nobody can say what rate they are.
FEWEST = 3


class Request(dg.Config):
    """Which row of export_requests this run carries out."""

    request_id: str


@dg.asset(group_name="exports", kinds={"csv"}, owners=["team:okaeri"], pool="exports")
def handed_over(config: Request, street: Street) -> dg.MaterializeResult[None]:
    """Files of one request: a segment CSV and its manifest, or a dry run's plan."""
    taken = results.take_in(street.home, street.shop, now=street.shop.clock or datetime.now(UTC))
    outcome = exports.run_request(
        street.home, street.shop, config.request_id, clock=street.shop.clock,
        kept_back=taken.keeps(street.shop),
    )  # fmt: skip
    return dg.MaterializeResult(
        metadata={
            "state": outcome.state,
            "files": [file for batch in outcome.batches for file in batch.files],
            "counts": {program: dict(counts) for program, counts in outcome.counts.items()},
        }
    )


@dg.asset(deps=["published_snapshot"], group_name="exports", kinds={"csv"}, owners=["team:okaeri"])
def recalled(street: Street) -> dg.MaterializeResult[None]:
    """Recall files: whom each mailer must drop from what it may still be sending, as built now.

    What a place refuses is no reason to end a run that has published: it is said, and tried again
    by the next one.
    """
    files: list[str] = []
    if not street.is_replay:
        try:
            found = exports.recall(street.home, street.shop, clock=street.shop.clock)
            files = [one.file for one in found]
        except exports.ExportRefused as refusal:
            log.warning("recalls wait for the next run: %s", refusal)
    return dg.MaterializeResult(metadata={"files": files})


@dg.asset_check(asset="published_snapshot")
def complaint_rate(street: Street) -> dg.AssetCheckResult:
    """Of the last 30 days' mail of each destination, no more than 0.1 % was reported as spam."""
    return _rated(street, lambda seen: seen.complaints)


@dg.asset_check(asset="published_snapshot")
def hard_bounce_rate(street: Street) -> dg.AssetCheckResult:
    """Of the last 30 days' mail of each destination, no more than 0.1 % went to no mailbox."""
    return _rated(street, lambda seen: seen.hard_bounces)


@dg.asset_check(asset="published_snapshot")
def mail_match_rate(street: Street) -> dg.AssetCheckResult:
    """Of the last 30 days' results of each mailer, no more than 5 % belong to no message of ours.

    More of them mean that the mailer drops `recipient_token`, or sends mails that are not ours.
    """
    counts = {} if street.is_replay else exports.unmatched(street.home, street.shop.id)
    return judged(counts, warn_above=UNMATCHED_ABOVE, error_above=1.0)


def _rated(street: Street, bad: Callable[[exports.Received], int]) -> dg.AssetCheckResult:
    seen = {} if street.is_replay else exports.deliverability(street.home, street.shop.id)
    return judged({key: (bad(one), one.sent) for key, one in seen.items()})


def judged(
    counts: Mapping[str, tuple[int, int]],
    *,
    warn_above: float = WARN_ABOVE,
    error_above: float = ERROR_ABOVE,
) -> dg.AssetCheckResult:
    """The worst one's verdict. `counts`: destination or mailer → bad ones, all of them."""
    rates = {key: bad / sent for key, (bad, sent) in counts.items() if bad >= FEWEST and sent}
    worst = max(rates.values(), default=0.0)
    is_error = worst > error_above
    above = sorted(key for key, rate in rates.items() if rate > warn_above)
    figures = (f"{key} {counts[key][0]} / {counts[key][1]} ({rates[key]:.1%})" for key in above)
    return dg.AssetCheckResult(
        passed=worst <= warn_above,
        description=", ".join(figures) or None,
        severity=dg.AssetCheckSeverity.ERROR if is_error else dg.AssetCheckSeverity.WARN,
        metadata={key: f"{bad} of {sent}" for key, (bad, sent) in sorted(counts.items())},
    )
