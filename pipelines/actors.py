"""Who acts on exports, in which role and from where. Deny by default, checked where it is done."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What somebody may do; each role may do what the ones before it may."""

    VIEWER = "viewer"
    EXPORTER = "exporter"
    ADMIN = "admin"


class Origin(StrEnum):
    """Where a wish came from."""

    TERMINAL = "terminal"
    DASHBOARD = "dashboard"
    SCHEDULE = "schedule"
    # The exporter itself, carrying a request out.
    RUN = "run"


class NotAllowed(PermissionError):
    """This person's role does not reach that far. Nothing was written."""


_RANK: Final = {Role.VIEWER: 0, Role.EXPORTER: 1, Role.ADMIN: 2}
# Whoever sits at the machine, on a screen without a login.
LOOPBACK: Final = "loopback"


@dataclass(frozen=True)
class Actor:
    """One person or schedule. `name` is never empty: two persons must be told apart."""

    name: str
    role: Role
    origin: Origin

    def __post_init__(self) -> None:
        """Refuse somebody without a name. Raises: NotAllowed."""
        if not self.name.strip():
            raise NotAllowed("nobody is named; log in, so that it can be written down who acted")

    @classmethod
    def at_terminal(cls, name: str) -> "Actor":
        """Whoever has a shell on the machine: an exporter."""
        return cls(name, Role.EXPORTER, Origin.TERMINAL)

    @property
    def is_known(self) -> bool:
        """Whether it can be said which person this is; of a screen without a login it cannot."""
        return self.name != LOOPBACK

    def may(self, role: Role) -> bool:
        """Whether this one has at least that role."""
        return _RANK[self.role] >= _RANK[role]

    def must_be(self, role: Role, *, to: str) -> None:
        """Nothing, for somebody who may. Raises: NotAllowed naming what was wanted."""
        if not self.may(role):
            raise NotAllowed(f"{self.name} is {self.role}; to {to} one has to be {role}")


# The two that are no persons. A schedule releases nothing.
SCHEDULE: Final = Actor("schedule", Role.EXPORTER, Origin.SCHEDULE)
EXPORTER: Final = Actor("okaeri", Role.EXPORTER, Origin.RUN)
