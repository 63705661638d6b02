"""Keeps an open page on the newest published file, and says so when a run did not reach it."""

from datetime import timedelta
from typing import Final

import streamlit as st

from dashboards.page import Page
from dashboards.snapshot import NoSnapshot, current
from pipelines import run_state

# A new file is to be seen within five seconds; looking costs one small file and no lock.
EVERY: Final = timedelta(seconds=4)


def banner(page: Page) -> None:
    """What failed, since when and what to do; nothing while the newest run was published."""
    failed = run_state.failure(page.home)
    if failed is not None:
        words = page.words
        kind = "dead" if failed.is_dead else str(failed.stage)
        said = words("run.failed", stage=words(f"run.{kind}"), since=words.instant(failed.since))
        st.warning(f"{said} {words(f'run.{kind}.cure')}")


def watch(page: Page) -> None:
    """Draws the page anew once there is a newer file, or a run has failed or is well again."""
    seen = run_state.failure(page.home)

    @st.fragment(run_every=EVERY)
    def look() -> None:
        if is_behind(page) or run_state.failure(page.home) != seen:
            st.rerun()

    look()


def is_behind(page: Page) -> bool:
    """Whether another file than the page's is in force."""
    try:
        return current(page.home) is not page.snapshot
    except NoSnapshot:
        # The page has a whole file open and keeps it.
        return False
