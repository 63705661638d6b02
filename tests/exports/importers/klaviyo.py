"""Klaviyo's upload of a CSV to a list.

Source: help.klaviyo.com 115005078967 (how to create and add contacts to a list), 115005078807
(troubleshooting list imports), 115005253428 (acceptable date and timestamp formats), 360043841811
(how to upload and segment with consent).
"""

import re
from datetime import UTC, date, datetime

from tests.exports.importers import core

MAX_BYTES = 50_000_000  # "File size is 50 MB or less"
# "The header of the first column in your CSV should be one of the following"
FIRST = ("Email Address", "Email", "Phone Number")
DATES = (
    "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%z", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%d %H:%M", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%Y-%m-%d", "%m/%d/%Y",
)  # fmt: skip
# "include a column with the type of consent"; "never subscribed … is also the default value if a
# cell in a consent column is blank"
CONSENT = "Email Marketing Consent"
STATES = {
    "subscribe": "subscribed", "subscribed": "subscribed", "unsubscribed": "unsubscribed",
    "never subscribed": "never subscribed", "": "never subscribed",
}  # fmt: skip
E164 = re.compile(r"\+[1-9]\d{6,14}")


def import_file(data: bytes, name: str) -> core.Imported:
    """Profiles after the upload, with consent for e-mail chosen at the upload."""
    if not name.lower().endswith(".csv"):  # "CSV file (not any other format)"
        raise core.WrongFileType(name)
    text = core.decoded(core.limited(data, MAX_BYTES), "utf-8-sig")
    header, body = core.table(core.records(text))
    core.separated(header)  # "All columns imported as a single field"
    if header[0] not in FIRST:
        raise core.WrongHeader(f"the first column is {header[0]}, not Email Address")
    core.one_of_each(header)
    imported = core.Imported()
    seen: set[str] = set()
    for line, cells in body:
        if len(cells) != len(header):
            imported.refuse(line, cells[0], "columns do not line up with the header")
        elif not cells[0]:
            imported.refuse(line, "", "missing unique identifier")
        elif not core.is_plain_address(cells[0]):
            imported.refuse(line, cells[0], "invalid format of the e-mail address")
        elif cells[0].lower() in seen:
            imported.refuse(line, cells[0], "duplicate unique identifier")
        elif CONSENT in header and _state(header, cells) not in STATES:
            imported.refuse(line, cells[0], f"consent is {_state(header, cells)}")
        else:
            seen.add(cells[0].lower())
            _profile(imported, cells[0], dict(zip(header[1:], cells[1:], strict=True)))
    return imported


def _profile(imported: core.Imported, address: str, row: dict[str, str]) -> None:
    fields: dict[str, core.Value] = {}
    for label, value in row.items():
        if not value:
            continue
        if label == "Phone Number" and not E164.fullmatch(value):
            imported.hurt("phone_not_e164", label, value)
        held = value if label == "Phone Number" else core.typed(imported, label, value, DATES)
        # "When you import a date without a timestamp, a default time of midnight UTC is applied":
        # nine in the morning in Japan, a day early in America.
        if isinstance(held, date) and not isinstance(held, datetime):
            held = datetime(held.year, held.month, held.day, tzinfo=UTC)
        fields[label] = held
    # Without the column nothing is changed; a suppressed profile stays suppressed. A person named as
    # subscribed becomes so: consent is "manually added by importing a CSV file into a list".
    status = STATES[row[CONSENT].lower()] if CONSENT in row else "subscribed"
    imported.contacts[address] = core.Contact(
        address, fields, core.stated_consent(fields), status,
        CONSENT in row and status == "subscribed",
    )  # fmt: skip


def _state(header: list[str], cells: list[str]) -> str:
    return cells[header.index(CONSENT)].lower()
