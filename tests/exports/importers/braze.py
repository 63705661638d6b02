"""Braze's CSV import of user attributes.

Source: braze.com/docs "CSV import" (required identifiers, custom attributes, default attributes,
blank values, subscription states, "Choosing an identifier").
"""

import re

from tests.exports.importers import core

MAX_BYTES = 500_000_000  # "Maximum file size: 500 MB"
# "the column headers you use must exactly match the spelling and capitalization"
DEFAULT = {
    "external_id", "braze_id", "user_alias_name", "user_alias_label", "first_name", "last_name",
    "email", "country", "dob", "gender", "home_city", "language", "phone",
    "email_open_tracking_disabled", "email_click_tracking_disabled", "email_subscribe",
    "push_subscribe", "time_zone", "date_of_first_session", "date_of_last_session",
    "subscription_group_id", "subscription_state",
}  # fmt: skip
STATES = ("opted_in", "unsubscribed", "subscribed")
# Custom attributes: "Date: must be stored in the ISO-8601 format".
DATES = (
    "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%d %H:%M:%S",
)  # fmt: skip
# "YYYY-MM-DDTHH:MM:SS+00:00": an offset without a colon is not of ISO 8601's extended form.
BASIC_OFFSET = re.compile(r".*T.*[+-]\d{4}")
E164 = re.compile(r"\+[1-9]\d{6,14}")


def import_file(data: bytes, name: str) -> core.Imported:
    """Users after the import of a file of attributes."""
    if not name.lower().endswith(".csv"):
        raise core.WrongFileType(name)
    # A byte order mark would become part of the first header, which must match exactly.
    text = core.decoded(core.limited(data, MAX_BYTES), "utf-8")
    header, body = core.table(core.records(text))
    core.separated(header)
    core.one_of_each(header)
    aliases = {"user_alias_name", "user_alias_label"} & set(header)
    if len(aliases) == 1:
        raise core.WrongHeader("user_alias_name and user_alias_label go together")
    if aliases and "external_id" in header:  # "One CSV can't include both"
        raise core.WrongHeader("both external IDs and user aliases")
    if not aliases and not {"external_id", "braze_id", "email", "phone"} & set(header):
        raise core.WrongHeader("no identifier among the headers")
    imported = core.Imported()
    users: dict[str, str] = {}
    for line, cells in body:
        if len(cells) != len(header):  # "commas … will be interpreted as a column separator"
            imported.refuse(line, cells[0], "columns do not line up with the header")
            continue
        row = dict(zip(header, cells, strict=True))
        # "a mix of users with an external_id and users without": one CSV for each is needed.
        if row.get("external_id") == "":
            imported.refuse(line, row.get("email", ""), "no external_id in a file of external_ids")
            continue
        _user(imported, line, row)
        # "updates any existing user with the same external_id": the row before is overwritten.
        user = row.get("external_id", "")
        if user and users.setdefault(user, row["email"]) != row["email"]:
            imported.contacts.pop(users[user], None)
            imported.hurt("overwritten", "external_id", user)
            users[user] = row["email"]
    return imported


def _user(imported: core.Imported, line: int, row: dict[str, str]) -> None:
    address = row.get("email", "")
    if not core.is_plain_address(address):
        imported.refuse(line, address, "no usable e-mail")
        return
    state = row.get("email_subscribe", "")
    if state and state not in STATES:
        imported.refuse(line, address, f"email_subscribe is {state}")
        return
    fields: dict[str, core.Value] = {}
    for label, value in row.items():
        if (
            value == "" or label == "email"
        ):  # "Blank values in your CSV won't overwrite existing user profile data"
            continue
        if label == "dob" and core.as_date(value, ("%Y-%m-%d",)) is None:
            imported.hurt("date_as_text", label, value)
        if label == "phone" and not E164.fullmatch(value):
            imported.hurt("phone_not_e164", label, value)
        if label not in DEFAULT and label.lower() in DEFAULT:
            imported.hurt("custom_beside_default", label, value)
        if BASIC_OFFSET.fullmatch(value):
            imported.hurt("date_as_text", label, value)
            fields[label] = value
            continue
        keep = label in DEFAULT and label not in ("date_of_first_session", "date_of_last_session")
        fields[label] = value if keep else core.typed(imported, label, value, DATES)
    # "Each piece of customer data imported … will overwrite the existing value": a state in the
    # file replaces the one held, an unsubscribed one too.
    status = "unsubscribed" if state == "unsubscribed" else "subscribed"
    # "opted_in (explicitly registered to receive email messages) … subscribed (neither)".
    stated = {"opted_in": core.GRANTED, "unsubscribed": core.REFUSED}.get(state, core.UNSTATED)
    imported.contacts[address] = core.Contact(
        address, fields, stated, status, state in ("opted_in", "subscribed")
    )
