"""Runs started by hand: the street in this process, and one export."""

import gc
import logging
import re
import time
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import demo, exports, results, settings, sources
from pipelines.actors import SCHEDULE, Actor
from pipelines.history import instance_of
from pipelines.settings import Home
from pipelines.shop import Shop, load_shop, pepper_of

if TYPE_CHECKING:
    from collections.abc import Generator

    from dagster import ExecuteInProcessResult
    from dagster_shared.error import SerializableErrorInfo

log = logging.getLogger("okaeri")


@dataclass(frozen=True)
class RunResult:
    """How one run ended. `failures` names each failed check or step and what to do.

    `alerts`: check of the mail that came back → the figures that made it fail; nothing is kept
    from being published by it.
    """

    run_id: str
    success: bool
    seconds: float
    failures: tuple[str, ...] = ()
    metadata: dict[str, dict[str, Any]] = field(default_factory=dict)
    alerts: dict[str, str] = field(default_factory=dict)

    @property
    def is_replay(self) -> bool:
        """Whether it was published beside the live numbers, which stand as they were."""
        return bool(self.metadata.get("published_snapshot", {}).get("is_replay"))

    def as_dict(self) -> dict[str, Any]:
        """The same, for --json."""
        return {
            "run_id": self.run_id,
            "success": self.success,
            "seconds": round(self.seconds, 1),
            "failures": list(self.failures),
            "alerts": self.alerts,
            "metadata": self.metadata,
        }


def demo_shop() -> Path:
    """The demo's shop.yml; its files are written once, into a folder of their own."""
    folder = settings.homes() / "demo" / "shop"
    shop_file = folder / "shop.yml"
    if not shop_file.exists():
        started = time.monotonic()
        demo.write(folder)
        log.info("demo shop written in %.0f s", time.monotonic() - started)
    return shop_file


def run_street(
    shop_file: Path,
    *,
    as_of: str | None = None,
    known_at: str | None = None,
    full_refresh: bool = False,
    replaces: bool = False,
) -> RunResult:
    """One run of the whole street, in this process.

    Raises: ValueError when `as_of` or `known_at` is no instant with an offset, or when a run that
    knows only a part shall replace the live numbers; MappingBroken for a source whose mapping
    cannot be used; HomeUnusable.
    """
    if replaces and known_at is not None:
        raise ValueError(
            "--publish and --known-at exclude each other: a run that does not know of the newest "
            "orders would write to people who have bought. Leave one of them out."
        )
    for text in (as_of, known_at):
        if text is not None and not _is_instant(text):
            raise ValueError(
                f"{text!r} is no instant with an offset: write for example 2026-11-20T06:05+09:00"
            )
    shop = load_shop(shop_file)
    for source in shop.sources:
        sources.load_mapping(source.mapping, shop.folder)
    home, started = settings.usable_home(shop.id), time.monotonic()
    pepper_of(shop, home)
    result = _execute(
        home,
        {
            "shop_file": str(shop_file),
            "as_of": as_of,
            "known_at": known_at,
            "full_refresh": full_refresh,
            "replaces": replaces,
        },
    )
    return _result(result, seconds=time.monotonic() - started)


def _result(result: "ExecuteInProcessResult", *, seconds: float) -> RunResult:
    metadata = _metadata(result)
    failures = _failures(result)
    if not failures and "published_snapshot" not in metadata:
        # A model left out without an error makes Dagster pass the publishing over.
        failures = ("published_snapshot: not every model was built; run again",)
    return RunResult(
        run_id=result.run_id,
        success=result.success and "published_snapshot" in metadata,
        seconds=seconds,
        failures=failures,
        metadata=metadata,
        alerts=_alerts(result),
    )


def _execute(home: Home, street: dict[str, object]) -> "ExecuteInProcessResult":
    # One commit per 200 events of the run's history instead of one per event: 15 s of 50.
    settings.export_environment({"DAGSTER_EVENT_BATCH_SIZE": "200"})
    # A run keeps most of what it makes: looking for rubbish after every 700 objects finds little.
    gc.set_threshold(50_000, 20, 20)
    with instance_of(home) as instance, _quietly(home.dagster / "last_run.log"):
        from pipelines.definitions import defs

        return defs.resolve_job_def("street").execute_in_process(
            instance=instance,
            run_config={
                "resources": {"street": {"config": street}},
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            raise_on_error=False,
        )


def _is_instant(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _failures(result: "ExecuteInProcessResult") -> tuple[str, ...]:
    failed = [
        f"{evaluation.asset_key.to_user_string()}: {evaluation.check_name}"
        for evaluation in result.get_asset_check_evaluations()
        if not evaluation.passed
    ]
    for event in result.all_events:
        if event.is_step_failure:
            told = _told(event.step_failure_data.error) or "failed"
            failed.append(f"{event.step_key}: {told}")
        elif event.is_job_failure and not failed:
            # It ended before its first step: somebody else holds the folder, for one.
            failed.append(_told(event.job_failure_data.error) or "the run failed; see its log")
    return tuple(failed)


def _alerts(result: "ExecuteInProcessResult") -> dict[str, str]:
    return {
        evaluation.check_name: evaluation.description
        for evaluation in result.get_asset_check_evaluations()
        if not evaluation.passed
        and evaluation.description
        and evaluation.asset_key.to_user_string() == "published_snapshot"
    }


def _told(error: "SerializableErrorInfo | None") -> str | None:
    cause = error.cause if error and error.cause else error
    return _said(cause.message) if cause else None


def _said(message: str) -> str:
    """What an error of ours says, without its class; another's keeps it, for it explains less."""
    return re.sub(r"^pipelines\.[\w.]+: ", "", message.strip())


def _metadata(result: "ExecuteInProcessResult") -> dict[str, dict[str, Any]]:
    """What the landing and publishing assets report, by asset."""
    return {
        event.asset_key.to_user_string(): {
            key: value.value for key, value in event.materialization.metadata.items()
        }
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
        and event.asset_key.path[0] in {"landing", "published_snapshot"}
    }


@contextmanager
def _quietly(file: Path) -> "Generator[None]":
    """What dbt and Dagster print goes into a file; the terminal keeps its progress lines."""
    with file.open("w") as stream, redirect_stdout(stream):
        yield


def export(
    shop: Shop,
    *,
    segment: str,
    destination: str,
    send: bool,
    slot: str | None = None,
    max_rows: int | None = None,
    issue: str | None = None,
    requested_by: Actor,
) -> exports.Outcome:
    """One export, requested and carried out here; `issue` is a saved segment's.

    Raises: ExportRefused with what to do.
    """
    home = settings.home_of(shop.id)
    request_id = exports.request(
        home, shop, segment, destination, send=send, requested_by=requested_by, slot=slot,
        max_rows=max_rows, issue=issue, clock=shop.clock,
    )  # fmt: skip
    return carry_out(shop, request_id)


def carry_out(shop: Shop, request_id: str) -> exports.Outcome:
    """One request carried out, after the mailers' newest reports. Raises: ExportRefused."""
    home = settings.home_of(shop.id)
    taken = results.take_in(home, shop, now=shop.clock or datetime.now(UTC))
    return exports.run_request(
        home, shop, request_id, clock=shop.clock, kept_back=taken.keeps(shop)
    )


def recover(shop: Shop) -> tuple[exports.BatchResult, ...]:
    """What a dead process left behind, finished after the mailers' newest reports.

    Raises: NotRecovered, after everything was tried.
    """
    home = settings.home_of(shop.id)
    taken = results.take_in(home, shop, now=shop.clock or datetime.now(UTC))
    return exports.recover(home, shop, clock=shop.clock, kept_back=taken.keeps(shop))


def hand_off_due(shop: Shop) -> list[exports.Outcome]:
    """Every campaign that leaves by itself, handed to its destination for this clock's tick.

    The tick is the batch's slot: doing it again finds the same batch and hands nobody over twice.
    """
    tick = (shop.clock or datetime.now(UTC)).strftime("%Y%m%dt%H%M")
    return [
        export(
            shop,
            segment=campaign.segment,
            destination=campaign.destination or shop.destinations[0].key,
            send=True,
            slot=tick,
            requested_by=SCHEDULE,
        )
        for campaign in shop.campaigns
        if campaign.is_active and campaign.is_automatic
    ]
