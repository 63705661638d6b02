"""Brevo's import of contacts.

Source: developers.brevo.com/reference/import-contacts (fileBody: semicolons, 10 MB, attributes
that exist), help.brevo.com 208729849 (unique column names, UTF-8 or Windows-1252; by hand also
commas and 250 MB), 208773869 (the blocklist is an option of the import, not a column).
"""

import re

from tests.exports.importers import core

MAX_BYTES = 10_000_000  # "Maximum allowed file body size is 10MB"
SAFE_BYTES = 8_000_000  # "we recommend a safe limit of around 8 MB"
DATES = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y")
LABEL = re.compile(r"[A-Z0-9_]+")


def import_file(
    data: bytes, name: str, *, attributes: frozenset[str] | None = None
) -> core.Imported:
    """Contacts after the import; `attributes` are those of the account, else all in capitals."""
    if not name.lower().endswith((".csv", ".txt")):  # "Possible file formats: .txt, .csv"
        raise core.WrongFileType(name)
    text = core.decoded(core.limited(data, MAX_BYTES), "utf-8-sig")
    header, body = core.table(core.records(text, ";"))  # "Use semicolon to separate"
    core.separated(header, ",\t|")
    core.one_of_each(header)
    if "EMAIL" not in header:
        raise core.WrongHeader("no column is called EMAIL")
    # "Any contact attribute that doesn't exist in your account will be ignored at import end."
    known = {
        label
        for label in header
        if LABEL.fullmatch(label) and (attributes is None or label in attributes)
    }
    imported = core.Imported(ignored=tuple(label for label in header if label not in known))
    if len(data) > SAFE_BYTES:
        imported.hurt("above_safe_size", "", str(len(data)))
    for line, cells in body:
        row = dict(zip(header, cells, strict=False))
        if len(cells) != len(header):
            imported.refuse(line, cells[0], "columns do not line up with the header")
        elif not core.is_plain_address(row["EMAIL"]):
            imported.refuse(line, row["EMAIL"], "invalid e-mail")
        else:
            # emptyContactsAttributes is false: an empty field does not touch what is held.
            fields = {
                label: core.typed(imported, label, value, DATES)
                for label, value in row.items()
                if value and label in known and label != "EMAIL"
            }
            # emailBlacklist false adds nobody to the blocklist and takes nobody off it.
            address = row["EMAIL"]
            imported.contacts[address] = core.Contact(address, fields, core.stated_consent(fields))
    return imported
