"""What starts a run by itself: the schedule, and the sensor that carries out requests."""

from collections.abc import Iterator
from datetime import UTC, datetime

import dagster as dg

from pipelines import exports, settings
from pipelines.defs.street import Street
from pipelines.shop import load_shop

# Stops a run that hangs; the build of 50 M events takes minutes, not hours.
LIMITS = {"dagster/max_runtime": "7200"}

street = dg.define_asset_job(
    "street",
    selection=dg.AssetSelection.all() - dg.AssetSelection.assets("handed_over"),
    executor_def=dg.in_process_executor,
    tags=LIMITS,
    description="Land, check, build, publish.",
)

hand_off = dg.define_asset_job(
    "hand_off",
    selection=dg.AssetSelection.assets("handed_over"),
    executor_def=dg.in_process_executor,
    tags=LIMITS,
    description="Carry out one export request.",
)

every_quarter_hour = dg.ScheduleDefinition(
    name="every_quarter_hour",
    job=street,
    cron_schedule="*/15 * * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)


def active_street() -> Street:
    """The shop the daemon serves: the one named by OKAERI_SHOP, else the one run last."""
    return Street(shop_file=str(settings.active_shop_file() or ""))


@dg.sensor(
    job=hand_off,
    minimum_interval_seconds=5,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def open_requests() -> Iterator[dg.RunRequest | dg.SkipReason]:
    """One run per open export request; id and attempt are the run key, so none runs twice.

    What is due by a campaign's cadence is asked for first.
    """
    shop_file = settings.active_shop_file()
    if shop_file is None:
        yield dg.SkipReason("no shop has been run yet")
        return
    shop = load_shop(shop_file)
    now = shop.clock or datetime.now(UTC)
    exports.ask_due(settings.home_of(shop.id), shop, clock=now)
    for request in exports.open_requests(settings.home_of(shop.id), now=now):
        yield dg.RunRequest(
            run_key=f"{request.request_id}:{request.attempt_count}",
            run_config={
                "ops": {"handed_over": {"config": {"request_id": request.request_id}}},
                "resources": {"street": {"config": {"shop_file": str(shop_file), "writes": False}}},
            },
        )
