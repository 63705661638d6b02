"""How a shop's newest run stands: what screens say beside the last good numbers.

One small file that the run rewrites at each stage, because Dagster's own history takes a second to
open, and no screen waits for that.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from pipelines.settings import Home

FILE: Final = "last_run.json"


class Stage(StrEnum):
    """Where a run is, in its order."""

    LANDING = "landing"
    BOOKS = "books"
    BUILD = "build"
    PUBLISH = "publish"
    DONE = "done"


@dataclass(frozen=True)
class Failure:
    """A run that did not reach the published file. `since`: start of the first that did not."""

    stage: Stage
    since: datetime
    is_dead: bool


class Progress:
    """The note one run keeps of itself. Another process may read it at any moment."""

    def __init__(self, home: Home, run_id: str, *, started_at: datetime) -> None:
        """Begin a run. A failure before it stands until a run is done."""
        self._file = home.path / FILE
        before = failure(home)
        self._said: dict[str, object] = {
            "run_id": run_id,
            "process": os.getpid(),
            "started_at": started_at.isoformat(),
            "failing_since": None if before is None else before.since.isoformat(),
            "failed_stage": None if before is None else before.stage.value,
            "is_over": False,
        }
        self.reach(Stage.LANDING)

    def reach(self, stage: Stage) -> None:
        """Write down that everything before this stage is done."""
        self._stage = stage
        self._write()

    def end(self) -> None:
        """Write down that the run is over, at whatever stage."""
        self._said["is_over"] = True
        self._write()

    def _write(self) -> None:
        waiting = self._file.with_suffix(".tmp")
        waiting.write_text(json.dumps({**self._said, "stage": self._stage.value}, indent=1))
        waiting.replace(self._file)


def failure(home: Home) -> Failure | None:
    """Why the published numbers are not those of the newest run, None while nothing failed."""
    said = _read(home.path / FILE)
    if not said or said["stage"] == Stage.DONE:
        return None
    since = datetime.fromisoformat(said["failing_since"] or said["started_at"])
    if said["is_over"] or not _is_alive(said["process"]):
        return Failure(Stage(said["stage"]), since, is_dead=not said["is_over"])
    # A run is at work: what failed before it stands until it is done.
    if said["failed_stage"] is None:
        return None
    return Failure(Stage(said["failed_stage"]), since, is_dead=False)


def _read(file: Path) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    return found


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # Somebody else's process is a process.
        return True
    return True
