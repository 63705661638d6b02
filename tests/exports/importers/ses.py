"""Amazon SES: bulk import of contacts into a contact list from S3.

Source: docs.aws.amazon.com/ses/latest/dg/sending-email-list-management.html ("Adding contacts in
bulk"), SES API v2 CreateImportJob (ContactListImportAction), Contact, and the rules for
addresses (local part 7-bit ASCII, domains outside ASCII in punycode).
"""

import json

from tests.exports.importers import core

MAX_ROWS = 1_000_000  # "up to 1 million contacts to a contact list per ImportJob"
MAX_TOPICS = 20  # "A list can have a maximum of 20 topics"
FIXED = ("emailAddress", "unsubscribeAll", "attributesData")
TOPIC = "topicPreferences."


def import_file(data: bytes, name: str) -> core.Imported:
    """Contacts after a job with PUT, from CSV or from lines of JSON."""
    text = core.decoded(data, "utf-8")
    if name.lower().endswith((".json", ".jsonl", ".ndjson")):
        rows = _json_rows(text)
    elif name.lower().endswith(".csv"):
        rows = _csv_rows(text)
    else:
        raise core.WrongFileType(name)
    if len(rows) > MAX_ROWS:
        raise core.TooManyRows(f"{len(rows)} rows, {MAX_ROWS} are taken")
    imported = core.Imported()
    for line, row in rows:
        _contact(imported, line, row)
    return imported


def _csv_rows(text: str) -> list[tuple[int, dict[str, str] | None]]:
    header, body = core.table(core.records(text))
    core.separated(header)
    core.one_of_each(header)
    if "emailAddress" not in header:  # "This is a mandatory field."
        raise core.WrongHeader("no column is called emailAddress")
    topics = [label for label in header if label.startswith(TOPIC)]
    unknown = set(header) - set(FIXED) - set(topics)
    if unknown:  # "The following attributes are supported"
        raise core.WrongHeader(f"attributes that are not supported: {', '.join(sorted(unknown))}")
    if len(topics) > MAX_TOPICS:
        raise core.TooManyColumns(f"{len(topics)} topics")
    return [
        (line, dict(zip(header, cells, strict=True)) if len(cells) == len(header) else None)
        for line, cells in body
    ]


def _json_rows(text: str) -> list[tuple[int, dict[str, str] | None]]:
    # "each line is a complete JSON object that contains one contact's information"
    rows: list[tuple[int, dict[str, str] | None]] = []
    for line, text_line in enumerate(text.strip().split("\n"), start=1):
        try:
            found = json.loads(text_line)
        except ValueError as error:
            raise core.WrongFileType(f"line {line} is not JSON") from error
        topics = found.pop("topicPreferences", [])
        row = {k: v if isinstance(v, str) else json.dumps(v) for k, v in found.items()}
        row |= {TOPIC + topic["topicName"]: topic["subscriptionStatus"] for topic in topics}
        rows.append((line, row))
    return rows


def _contact(imported: core.Imported, line: int, row: dict[str, str] | None) -> None:
    if row is None:
        imported.refuse(line, "", "columns do not line up with the header")
        return
    address = row.get("emailAddress", "")
    if not core.is_plain_address(address):  # no SMTPUTF8; domains in punycode
        imported.refuse(line, address, "invalid e-mail address")
        return
    stop = row.get("unsubscribeAll", "")
    topics = {label: value for label, value in row.items() if label.startswith(TOPIC)}
    if stop not in ("", "true", "false"):
        imported.refuse(line, address, f"unsubscribeAll is {stop}")
        return
    wrong = [value for value in topics.values() if value not in ("", "OPT_IN", "OPT_OUT")]
    if wrong:  # "The acceptable topicPreferences are OPT_IN and OPT_OUT."
        imported.refuse(line, address, f"topic preference is {wrong[0]}")
        return
    fields: dict[str, core.Value] = {}
    if row.get("attributesData"):
        try:
            fields = json.loads(row["attributesData"])
        except ValueError:
            imported.hurt("attributes_lost", "attributesData", row["attributesData"])
    opted_in = "OPT_IN" in topics.values()
    stated = core.GRANTED if stop == "false" or opted_in else core.UNSTATED
    stopped = stop == "true" or (topics and not opted_in)
    # "If the record already exists, it will override it with the new value."
    imported.contacts[address] = core.Contact(
        address, {**fields, **topics}, core.REFUSED if stopped else stated,
        "unsubscribed" if stopped else "subscribed", not stopped,
    )  # fmt: skip
