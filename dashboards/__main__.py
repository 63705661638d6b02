"""`python -m dashboards`: the pages served, everything they import loaded before the first visitor.

Its options are those of `streamlit run`. Streamlit loads a page's modules when somebody first opens
it, which that somebody waits for.
"""

import gc
import importlib
import pkgutil
import sys
from pathlib import Path

from streamlit.web import cli

import dashboards

APP = Path(__file__).with_name("app.py")
# DuckDB loads it at the first value it is given to compare with.
BESIDES = ("pandas",)


def load() -> None:
    """Loads the parts of every page; the pages themselves are scripts, run at each visit."""
    parts = [module.name for module in pkgutil.iter_modules(dashboards.__path__)]
    names = [f"dashboards.{name}" for name in parts if name not in ("__main__", "app", "app_pages")]
    for name in (*BESIDES, *names):
        importlib.import_module(name)


def freeze() -> None:
    """Keeps what is loaded by now out of every later search for garbage.

    Streamlit searches everything at the end of each run of a page. Nearly all of it are modules,
    which never are garbage: that took 80 of the 110 ms of processor of a click.
    """
    gc.collect()
    gc.freeze()


if __name__ == "__main__":
    load()
    freeze()
    sys.argv = ["streamlit", "run", str(APP), *sys.argv[1:]]
    cli.main()
