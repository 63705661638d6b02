"""Mailchimp's import of contacts.

Source: mailchimp.com/help/format-guidelines-for-your-import-file and the older page
kb.mailchimp.com "Format list fields" (encoding, dates).
"""

from tests.exports.importers import core

MAX_TEXT = 255  # bytes; "will be clipped if there's too much"
# "Date fields should use one of the following formats": MM/DD/YYYY, DD/MM/YYYY, ISO YYYY-MM-DD;
# the account has one order of day and month, of which we take the first.
DATES = ("%m/%d/%Y", "%Y-%m-%d", "%Y-%m-%d %H:%M:%S")
EMAIL = ("email address", "email", "e-mail", "subscriber email")


def import_file(data: bytes, name: str) -> core.Imported:
    """Contacts after an import as "subscribed" with "update existing contacts"."""
    if not name.lower().endswith((".csv", ".txt")):
        raise core.WrongFileType(name)
    text = core.decoded(data, "utf-8-sig")  # "be sure the character encoding is UTF-8"
    header, body = core.table(core.records(text))
    core.separated(header)
    core.one_of_each(header)
    emails = [label for label in header if label.strip().lower() in EMAIL]
    if len(emails) != 1:  # "must include an email address column", "only one email"
        raise core.WrongHeader("one column must be the e-mail address")
    imported = core.Imported()
    for line, cells in body:
        if len(cells) != len(header):
            imported.refuse(line, cells[0], "columns do not line up with the header")
            continue
        row = dict(zip(header, cells, strict=True))
        _contact(imported, line, row.pop(emails[0]), row)
    return imported


def _contact(imported: core.Imported, line: int, address: str, row: dict[str, str]) -> None:
    local, _, domain = address.rpartition("@")
    # "extra spaces before or after", "international characters … if they come after the @"
    if not core.is_plain_address(f"{local}@{_ascii(domain)}"):
        imported.refuse(line, address, "syntax error in the e-mail address")
        return
    if address.lower() in {held.lower() for held in imported.contacts}:
        imported.refuse(line, address, "duplicate")
        return
    fields: dict[str, core.Value] = {}
    for label, value in row.items():
        clipped = value.encode()[:MAX_TEXT].decode(errors="ignore")
        if clipped != value:
            imported.hurt("clipped", label, value)
        if "," in value and value.replace(",", "").isdigit():  # "numbers without comma separators"
            imported.hurt("number_as_text", label, value)
        if clipped:
            fields[label] = core.typed(imported, label, clipped, DATES)
    # Somebody who unsubscribed is not subscribed again by an import: they have to do so themselves.
    imported.contacts[address] = core.Contact(address, fields, core.stated_consent(fields))


def _ascii(domain: str) -> str:
    try:
        return domain.encode("idna").decode()
    except UnicodeError:
        return ""
