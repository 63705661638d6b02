"""A process whose children die without a word at a named place of an export, as killed ones would.

Usage: crash_child.py FOLDER…, each `…/<place>/<request id>`. Prints one line per folder: the
place and the exit status, 9 if the child died there. It forks before anything is opened, so that
every child has its own connections and the imports are paid once.
"""

import os
import sys
import traceback
from pathlib import Path

from tests.exports.shop_files import MACHINE, NOW, opened_shop


def export_until(folder: Path, request_id: str, place: str) -> None:
    """Carry the request out in this process, which ends where it reaches the place."""

    def die(reached: str) -> None:
        if reached == place:
            os._exit(9)

    opened_shop(folder).run(request_id, at=NOW, machine=MACHINE, checkpoint=die)


def main(*wishes: str) -> None:
    for wish in wishes:
        folder, request_id, place = wish.split("|")
        child = os.fork()
        if child == 0:
            try:
                export_until(Path(folder), request_id, place)
            except Exception:  # noqa: BLE001 - whatever it is, the parent must see it
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{place} {os.waitstatus_to_exitcode(status)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
