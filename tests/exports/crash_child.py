"""Exporter processes that can be stopped at any effect, to be killed there from outside.

One warm process forks them, so that the imports are paid once; it opens nothing itself, and each
child has its own connections. A child stops itself at the effect it was told to (SIGSTOP); whether
it goes on or is killed is its parent's affair. Commands and answers are lines of JSON.
"""

import errno
import importlib
import json
import os
import re
import resource
import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pipelines import exports
from tests.exports import naive
from tests.exports.effects import watching
from tests.exports.shop_files import SmallShop, opened_shop

# What a first query would import: paid once, before the forks.
LAZY: Final = ("pandas", "pyarrow.compute", "sqlalchemy.dialects.sqlite", "psycopg")


@dataclass
class Trouble:
    """What the disk answers at an effect, once: an error, or no room for more than some bytes.

    `is_done`: the rename happens all the same, as on a network mount that loses its answer.
    """

    effect: str = ""
    error: str | None = None
    room: int | None = None
    is_done: bool = False
    home: Path = Path()

    def meet(self, effect: str) -> None:
        """Nothing, anywhere else. Raises: OSError."""
        if not self.effect or not re.fullmatch(self.effect, effect):
            return
        self.effect = ""
        if self.room is not None:
            # The kernel refuses each write beyond it, in whatever file.
            resource.setrlimit(resource.RLIMIT_FSIZE, (self.room, resource.RLIM_INFINITY))
        if self.is_done:
            staged = self.home / effect.removeprefix("rename ")
            staged.rename(staged.parent.parent / staged.name)
        if self.error is not None:
            code = getattr(errno, self.error)
            raise OSError(code, os.strerror(code))


def main() -> None:
    """Answer commands until standard input ends."""
    for name in LAZY:
        importlib.import_module(name)
    for line in sys.stdin:
        command = json.loads(line)
        answer = _wait(command["pid"]) if "pid" in command else {"pid": _fork(command)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _wait(pid: int) -> dict[str, object]:
    _, status = os.waitpid(pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return {"stopped": True, "code": None}
    return {"stopped": False, "code": os.waitstatus_to_exitcode(status)}


def _fork(command: Mapping[str, Any]) -> int:
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        # What it prints must not be taken for an answer.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        os.environ.update(command["env"])
        _export(command)
        code = 0
    except Exception:  # noqa: BLE001 - whatever it is, the parent must see it
        Path(command["said"]).write_text(traceback.format_exc())
    finally:
        os._exit(code)


def _export(command: Mapping[str, Any]) -> None:
    folder = Path(command["folder"])
    shop = opened_shop(folder)
    effects: list[str] = []
    trouble = Trouble(**command["trouble"], home=shop.home.path)
    stop, nth = command["stop"], command["nth"]

    def tell(effect: str) -> None:
        effects.append(effect)
        trouble.meet(effect)
        if stop and re.fullmatch(stop, effect):
            nonlocal nth
            nth -= 1
            if nth == 0:
                os.kill(os.getpid(), signal.SIGSTOP)

    with watching(shop.home.path, tell):
        states = [_carry_out(command, shop, *wish) for wish in command["wishes"]]
    Path(command["said"]).write_text(json.dumps({"states": states, "effects": effects}))


def _carry_out(command: Mapping[str, Any], shop: SmallShop, request_id: str | None, at: str) -> str:
    now = datetime.fromisoformat(at)
    machine = exports.Machine(*command["machine"])
    if command["naive"]:
        naive.export(shop, now=now)
        return "done"
    if request_id is None:
        exports.recover(shop.home, shop.shop, clock=now, machine=machine)
        return "recovered"
    return str(shop.run(request_id, at=now, machine=machine).state)


if __name__ == "__main__":
    main()
