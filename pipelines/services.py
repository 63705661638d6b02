"""The services of `okaeri up`: Dagster's pages and daemon, and the dashboards, ended together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console

from pipelines import settings
from pipelines.history import dagster_home
from pipelines.screens import Screens, secrets_of
from pipelines.shop import Shop


def serve(
    shop: Shop, screens: Screens, *, dagster_port: int, console: Console, greeting: str
) -> int:
    """Web server and daemon on loopback, and dashboards, until a signal. Returns the exit code.

    All three stop together: when one dies, when Ctrl-C or SIGTERM arrives, each process group is
    asked to end and, after 20 s, killed.
    """
    from pipelines.defs.warehouse import ensure_manifest

    ensure_manifest()
    with secrets_of(screens) as secrets:
        return _serve(
            shop,
            [*screens.arguments, *secrets],
            dagster_port=dagster_port,
            console=console,
            greeting=greeting,
        )


def _serve(
    shop: Shop, streamlit: Sequence[str], *, dagster_port: int, console: Console, greeting: str
) -> int:
    dagster = str(dagster_home(settings.home_of(shop.id)))
    settings.export_environment({"DAGSTER_HOME": dagster, **settings.places()})
    beside = Path(sys.executable).parent
    module = ["-m", "pipelines.definitions"]
    # Streamlit takes its settings from the folder it is started in.
    commands: list[tuple[list[object], Path | None]] = [
        ([beside / "dagster-webserver", "-h", "127.0.0.1", "-p", dagster_port, *module], None),
        ([beside / "dagster-daemon", "run", *module], None),
        ([sys.executable, "-m", "dashboards", *streamlit], settings.REPOSITORY),
    ]
    children = [
        subprocess.Popen([str(part) for part in command], start_new_session=True, cwd=folder)  # noqa: S603
        for command, folder in commands
    ]
    console.print(greeting, markup=False)
    stopped_by: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        stopped_by.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, note)
    try:
        while not stopped_by and all(child.poll() is None for child in children):
            time.sleep(0.2)
    finally:
        _end(children)
    return 0 if stopped_by else 1


def _end(children: Sequence["subprocess.Popen[bytes]"]) -> None:
    for child in children:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
    deadline = time.monotonic() + 20
    for child in children:
        try:
            child.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
