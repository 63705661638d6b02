"""What a report that was handed in would give: asked of `okaeri audit`, in a process of its own.

Whoever shows it reads no raw file and knows no mapping, no contract and no model.
"""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

from pipelines import settings
from pipelines.actors import Actor, Role
from pipelines.requests.reports import Report
from pipelines.settings import Home

# A report has a line per mail; reading, landing and judging one takes about five seconds.
SECONDS: Final = 120
# One process at a time: each takes some hundred megabytes beside the pages.
_ALONE: Final = threading.Lock()


class NoVerdict(Exception):
    """The report could not be judged now; the next run takes it in all the same."""


def verdict_of(home: Home, report: Report, *, shop_file: Path, by: Actor) -> dict[str, Any]:
    """The verdict on a report as `okaeri audit --json` prints it.

    Raises: NotAllowed for whoever may hand none in; NoVerdict.
    """
    by.must_be(Role.EXPORTER, to="judge a report")
    file = home.uploads / report.kind / report.stored_name
    command = [
        sys.executable, "-m", "pipelines.cli", "audit", str(file), "--kind", report.kind,
        "--shop", str(shop_file), "--json",
    ]  # fmt: skip
    # Nothing else of our environment: the secrets of a login are of no use to it.
    environment = {"PATH": os.defpath, "LANG": "C.UTF-8", **settings.places()}
    with _ALONE:
        try:
            done = subprocess.run(  # noqa: S603 - our own module
                command,
                cwd=settings.REPOSITORY,
                env=environment,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise NoVerdict(f"{report.file_name}: no verdict within {SECONDS} s") from error
    if done.returncode not in (0, 1):
        said = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise NoVerdict(f"{report.file_name}: okaeri audit ended with {done.returncode}: {said}")
    verdict: dict[str, Any] = json.loads(done.stdout)
    return verdict
