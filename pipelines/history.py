"""Dagster's own folder of one shop: its settings, and the history of runs it keeps."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.settings import Home

if TYPE_CHECKING:
    from dagster import DagsterInstance

# Crashes are tried again, red checks are not: a red check is an answer.
_SETTINGS: Final = """\
telemetry: {enabled: false}
run_coordinator: {module: dagster._core.run_coordinator, class: DefaultRunCoordinator}
run_monitoring:
  enabled: true
  start_timeout_seconds: 180
  max_runtime_seconds: 7200
  free_slots_after_run_end_seconds: 60
  max_resume_run_attempts: 0
run_retries: {enabled: true, max_retries: 2, retry_on_asset_or_op_failure: false}
concurrency: {pools: {default_limit: 1}}
event_log_storage:
  module: pipelines.defs.event_log
  class: OpenEventLog
  config:
    base_dir: """


def dagster_home(home: Home) -> Path:
    """Dagster's instance folder of this shop, configured."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    file = home.dagster / "dagster.yaml"
    # A path within quotes is YAML as it is JSON.
    said = _SETTINGS + json.dumps(str(home.dagster.resolve() / "history" / "runs")) + "\n"
    if not file.exists() or file.read_text() != said:
        file.write_text(said)
    return home.dagster


@contextmanager
def instance_of(home: Home) -> "Iterator[DagsterInstance]":
    """The shop's Dagster instance, for a run in this process."""
    from dagster import DagsterInstance

    dagster_home(home)
    instance = DagsterInstance.from_config(str(home.dagster))
    try:
        yield instance
    finally:
        instance.dispose()
