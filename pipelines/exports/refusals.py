"""Why a profile cannot write somebody's row, in the words of the plan."""

from collections.abc import Mapping
from typing import Final

from pipelines.exports.profile import ProfileColumn

# What stops a cell → reason of its row. Several stops are one reason where the cure is the same.
REASON_OF: Final[Mapping[str, str]] = {
    "stray_dot": "address_refused",
    "not_ascii": "address_refused",
    "no_member_id": "no_member_id",
    "empty": "value_missing",
    "unencodable": "unencodable",
    "too_long": "too_long",
    "control_character": "unwritable",
    "dangerous_text": "unwritable",
    "delimiter": "unwritable",
}
# In the place of the one gate that the definitions call `unencodable`. A row has one of them.
REASONS: Final = tuple(dict.fromkeys(REASON_OF.values()))


def has_stray_dot(address: str) -> bool:
    """Whether a dot stands first, last or beside another before the @, as RFC 5322 has none."""
    return "" in address.rpartition("@")[0].split(".")


def reason_of(refused: str) -> str:
    """Reason of a line that was refused, `label:what`."""
    return REASON_OF[refused.rpartition(":")[2]]


def missing(column: ProfileColumn) -> str:
    """What an empty cell of a required column is called: a guest has no account, and no id."""
    return "no_member_id" if column.source == "customer_id" else "empty"
