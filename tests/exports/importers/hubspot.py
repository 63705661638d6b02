"""HubSpot's import of contacts.

Source: knowledge.hubspot.com/import-and-export/set-up-your-import-file (technical requirements,
formats by field type), …/resubscribe-contacts-to-your-marketing-emails, developers.hubspot.com/docs/api/crm/imports (DUPLICATE_ALTERNATE_ID).
"""

from tests.exports.importers import core

MAX_BYTES, FREE_BYTES = 512_000_000, 20_000_000  # paid accounts; "free tools … up to 20MB"
MAX_ROWS = 1_048_576  # "with a limit of 1,048,576 rows per file"
MAX_COLUMNS = 999  # "Contain less than 1000 columns"
DATES = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")
EMAIL = ("email", "email address")


def import_file(data: bytes, name: str, *, free: bool = False) -> core.Imported:
    """Contacts after "create and update", the date format year-month-day being chosen."""
    if not name.lower().endswith((".csv", ".xlsx", ".xls")):
        raise core.WrongFileType(name)
    core.limited(data, FREE_BYTES if free else MAX_BYTES)
    text = core.decoded(data, "utf-8-sig")  # "Be UTF-8 encoded if foreign language characters…"
    header, body = core.table(core.records(text), most_rows=MAX_ROWS)
    if len(header) > MAX_COLUMNS:
        raise core.TooManyColumns(f"{len(header)} columns")
    core.separated(header)
    core.one_of_each(header)  # each header "corresponds to a property"; none may be blank
    emails = [label for label in header if label.strip().lower() in EMAIL]
    if not emails:
        raise core.WrongHeader("no column to tell contacts apart: Email or Record ID")
    imported = core.Imported()
    seen: set[str] = set()
    for line, cells in body:
        row = dict(zip(header, cells, strict=False))
        address = row.pop(emails[0], "")
        if len(cells) != len(header):
            imported.refuse(line, cells[0], "columns do not line up with the header")
        elif not core.is_plain_address(address):
            imported.refuse(line, address, "INVALID_EMAIL")
        elif address.lower() in seen:
            imported.refuse(line, address, "DUPLICATE_ALTERNATE_ID")
        else:
            seen.add(address.lower())
            fields = {
                label: core.typed(imported, label, value, DATES)
                for label, value in row.items()
                if value  # an empty cell leaves the property as it is
            }
            # "Opt-out status is tied to a contact's email address": contacts "will need to take
            # action to resubscribe"; an import leaves it as it is.
            imported.contacts[address] = core.Contact(address, fields, core.stated_consent(fields))
    return imported
