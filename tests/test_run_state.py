"""What a run leaves for the screens: how far it came, and since when nothing was published."""

import datetime as dt
import json
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines import run_state
from pipelines.run_state import Failure, Progress, Stage
from pipelines.settings import Home

MORNING = dt.datetime(2026, 11, 20, 6, 0, tzinfo=dt.UTC)
LATER = MORNING + dt.timedelta(minutes=15)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def run(home: Home, *, at: dt.datetime, stage: Stage) -> Progress:
    progress = Progress(home, "r", started_at=at)
    progress.reach(stage)
    progress.end()
    return progress


def test_before_the_first_run_nothing_has_failed(home: Home) -> None:
    assert run_state.failure(home) is None


def test_a_run_at_work_has_not_failed_and_a_done_one_neither(home: Home) -> None:
    progress = Progress(home, "r", started_at=MORNING)
    assert run_state.failure(home) is None

    progress.reach(Stage.DONE)
    progress.end()

    assert run_state.failure(home) is None


def test_a_failure_names_its_stage_and_stands_since_the_first_of_a_row(home: Home) -> None:
    run(home, at=MORNING, stage=Stage.BUILD)
    run(home, at=LATER, stage=Stage.LANDING)

    assert run_state.failure(home) == Failure(Stage.LANDING, MORNING, is_dead=False)


def test_a_failure_stands_while_the_next_run_is_at_work_and_until_one_is_done(home: Home) -> None:
    run(home, at=MORNING, stage=Stage.BUILD)

    progress = Progress(home, "r", started_at=LATER)
    progress.reach(Stage.PUBLISH)
    assert run_state.failure(home) == Failure(Stage.BUILD, MORNING, is_dead=False)

    progress.reach(Stage.DONE)
    assert run_state.failure(home) is None


def test_a_run_whose_process_is_gone_has_failed(home: Home) -> None:
    Progress(home, "r", started_at=MORNING)
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    file = home.path / run_state.FILE
    file.write_text(json.dumps(json.loads(file.read_text()) | {"process": gone.pid}))

    assert run_state.failure(home) == Failure(Stage.LANDING, MORNING, is_dead=True)
