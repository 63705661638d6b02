"""What Streamlit itself costs: two pages with a heading and one choice, nothing else."""

import streamlit as st


def draw(name: str) -> None:
    """One page."""
    st.html(f'<h1 class="ok-answer">{name}</h1>')
    st.segmented_control(
        "choice", ["one", "two"], default="one", key=f"{name}_choice", required=True
    )


first = st.Page(lambda: draw("first"), title="first", url_path="first", default=True)
second = st.Page(lambda: draw("second"), title="second", url_path="second")
st.navigation([first, second]).run()
