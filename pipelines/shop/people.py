"""Who may open the screens, and as what. Read at every look, and never part of the numbers."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from pipelines.shop.base import Part


def _email(value: str) -> str:
    folded = value.strip().lower()
    name, at, domain = folded.partition("@")
    if not (name and at and "." in domain) or "@" in domain or " " in folded:
        raise ValueError("no e-mail address; the one this person logs in with: hanako@shop.jp")
    return folded


Email = Annotated[str, AfterValidator(_email)]


class StaffMember(Part):
    """One person who may log in. Whoever is not named here sees nothing."""

    email: Email = Field(description="As the login or the proxy names this person.")
    role: Literal["viewer", "exporter", "admin"] = Field(
        description="viewer = figures; exporter = also people, the builder, hand-overs; admin = "
        "also who looked at whom."
    )
