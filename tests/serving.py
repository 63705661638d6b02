"""A server of Streamlit's on a free port of this machine, up when it answers, gone at the end."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from pipelines.settings import REPOSITORY

# The pages, as `okaeri up` starts them.
PROGRAM: Final = ("-m", "dashboards")
SECONDS: Final = 60


@dataclass(frozen=True)
class Served:
    """Where an app answers, and which process it is."""

    address: str
    process: int


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    app: Sequence[str], *, port: int, environment: Mapping[str, str] | None = None
) -> Iterator[Served]:
    """The app Python is asked to run, told its port. `environment`: instead of this process's.

    Raises: RuntimeError when it ends by itself, TimeoutError when it never answers.
    """
    process = subprocess.Popen(
        [sys.executable, *app, "--server.port", str(port)],
        cwd=REPOSITORY,
        env=dict(os.environ if environment is None else environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/_stcore/health", process)
        yield Served(address, process.pid)
    finally:
        process.terminate()
        process.wait(SECONDS)


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    ends = time.monotonic() + SECONDS
    while time.monotonic() < ends:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}")
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(address)
