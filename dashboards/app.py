"""Entry of the dashboards: pages, side bar, navigation. Served by `python -m dashboards`."""

import streamlit as st

from dashboards import access, filters
from dashboards.text import Words

st.set_page_config(page_title="Okaeri", page_icon="🛒", layout="wide")
viewer = access.guard()
words = Words(filters.language())
pages = {
    words("menu.daily"): [
        st.Page("app_pages/overview.py", title=words("page.overview"), default=True),
        st.Page("app_pages/cart_recovery.py", title=words("page.cart_recovery")),
        st.Page("app_pages/exports.py", title=words("page.exports")),
    ],
    words("menu.analysis"): [
        st.Page("app_pages/retention.py", title=words("page.retention")),
        st.Page("app_pages/cohorts.py", title=words("page.cohorts")),
        st.Page("app_pages/customers.py", title=words("page.customers")),
        st.Page("app_pages/merchandising.py", title=words("page.merchandising")),
        st.Page("app_pages/experiments.py", title=words("page.experiments")),
    ],
    words("menu.setup"): [
        st.Page("app_pages/segments.py", title=words("page.segments")),
        st.Page("app_pages/data_health.py", title=words("page.data_health")),
    ],
}
chosen = st.navigation(pages)
# As code, or Markdown makes it a link to write to.
who = f"`{viewer.address}`" if viewer.address else words("app.local")
with st.sidebar:
    filters.choose_language()
    st.caption(f"{words('app.role', role=words(f'role.{viewer.role}'))} · {who}")
    if viewer.has_login and st.button(words("app.logout"), type="tertiary"):
        st.logout()
chosen.run()
