"""dbt's `adapter` as sqlfluff sees it: an engine macro reads as a function of its arguments."""

from collections.abc import Callable


def dispatch(name: str) -> Callable[..., str]:
    """Text of a call of `name`, enough for a linter that never runs the SQL."""
    return lambda *arguments: f"{name}({', '.join(str(each) for each in arguments)})"
