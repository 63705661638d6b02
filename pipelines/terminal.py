"""What every command shares: where it prints, how it ends, which shop and which person it is."""

import os
import pwd
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer
from rich.console import Console
from rich.text import Text

from pipelines import settings
from pipelines.shop import Shop, ShopFileError, load_shop

console: Final = Console(highlight=False)
errors: Final = Console(stderr=True, highlight=False)
if not console.is_terminal and settings.terminal_width() is None:
    # What goes into a file or another program is not cut to a window nobody looks at; who names a
    # width gets it.
    console.width = max(console.width, 160)

DONE, FAILED, USAGE = 0, 1, 2

ShopFile = Annotated[
    Path | None, typer.Option("--shop", help="The shop.yml; default: the shop run last.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def stop(message: str, *, code: int = USAGE) -> NoReturn:
    """Ends the program with a message on standard error."""
    errors.print(Text(message, style="red"), soft_wrap=True)
    raise typer.Exit(code)


def the_shop(file: Path | None) -> tuple[Path, Shop]:
    """The shop named, else the one run last; exit 2 with file and line when it is not valid."""
    chosen = file or settings.active_shop_file()
    if chosen is None:
        stop("No shop yet. Try `okaeri run --demo`, or `okaeri init FOLDER` for your own.")
    try:
        return chosen.resolve(), load_shop(chosen)
    except (ShopFileError, OSError) as error:
        stop(str(error))


def now_of(shop: Shop) -> datetime:
    """The shop's frozen clock, else now. Aware."""
    return shop.clock or datetime.now(UTC)


def operator() -> str:
    """Login name of whoever types: of the process, not of the environment, which anybody sets."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        # A container's user need not have a name.
        return f"uid-{number}"
