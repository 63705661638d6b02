"""効果検証: what the mails changed, held against those who got none, and how to find out."""

import streamlit as st

from dashboards import access, experiment_plan, experiment_results, layout, parts
from dashboards.experiment_plan import PLAN
from dashboards.page import Page


def show(page: Page) -> None:
    """Verdict, numbers, two dots, groups, checks, planner; without groups the planner first."""
    has_plan = page.snapshot.has(PLAN)
    head = st.container()
    chosen = experiment_results.choose(page)
    with head:
        if chosen is None and has_plan:
            experiment_plan.advice(page)
        elif chosen is None:
            parts.answer(page.words("experiment.unplanned"))
        else:
            experiment_results.verdict(page, chosen)
    if chosen is not None:
        experiment_results.show(page, chosen)
    if has_plan:
        experiment_plan.show(page)
    else:
        parts.title(page.words("plan.title"))
        parts.empty(page.words, "empty.experiments")


viewer = access.guard()
show(layout.open_page("experiments", viewer))
