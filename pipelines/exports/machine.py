"""Which machine this is, and which start of it: what tells a crash from a restart or a clone."""

import platform
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pipelines import settings

_MACHINE_FILES: Final = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
_BOOT_FILE: Final = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Machine:
    """`machine_id` outlives restarts, `boot_id` changes with each of them."""

    machine_id: str
    boot_id: str

    @classmethod
    def this(cls) -> "Machine":
        """The machine this process runs on, by the name somebody gave it, else by its own file.

        Without either by its host name, which a container changes at every start.
        """
        named = settings.machine_id()
        found = [file.read_text().strip() for file in _MACHINE_FILES if file.is_file()]
        machine_id = named or next((text for text in found if text), platform.node())
        # Without the kernel's id a restart cannot be told from a crash: every interrupted
        # hand-off then looks like the latter, which is what one start of one machine is.
        boot_id = _BOOT_FILE.read_text().strip() if _BOOT_FILE.is_file() else "unknown"
        return cls(machine_id, boot_id)


def uptime() -> float:
    """Seconds that can only grow, the time a machine was suspended included. For differences."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    return time.clock_gettime(clock)
