"""The only file that assembles Dagster's Definitions."""

import dagster as dg

from pipelines.defs import automation, exports, landing, publish, warehouse

models = warehouse.warehouse_assets()

defs = dg.Definitions(
    assets=[
        landing.landed_tables,
        models,
        publish.published_snapshot(models),
        exports.recalled,
        exports.handed_over,
    ],
    asset_checks=[
        landing.rows_are_conserved,
        exports.complaint_rate,
        exports.hard_bounce_rate,
        exports.mail_match_rate,
    ],
    jobs=[automation.street, automation.hand_off],
    schedules=[automation.every_quarter_hour],
    sensors=[automation.open_requests],
    resources={"street": automation.active_street(), "dbt_cli": warehouse.dbt_resource()},
)
