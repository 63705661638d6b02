"""A mailer that reads UTF-8 by RFC 4180 and maps columns by hand.

Source: RFC 4180; documentation.onesignal.com "Import" (UTF-8 without BOM, clean and unique
headers).
"""

import re
from collections.abc import Sequence

from tests.exports.importers import core

EMAIL = ("email", "メールアドレス")
DATES = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z")


def import_file(data: bytes, name: str) -> core.Imported:
    """Contacts by address; a second row of one address is refused."""
    text = core.decoded(data, "utf-8")
    if text.startswith("\ufeff"):
        raise core.WrongEncoding("a byte order mark")
    return take(text, name)


def take(text: str, name: str, dates: Sequence[str] = DATES) -> core.Imported:
    """Contacts of a text in which every rule of RFC 4180 is kept."""
    if not name.lower().endswith(".csv"):
        raise core.WrongFileType(name)
    # "Fields containing line breaks (CRLF), double quotes, and commas should be enclosed".
    header, body = core.table(core.records(text, bare_quotes=False))
    core.separated(header)
    core.one_of_each(header)
    label = next((label for label in header if label in EMAIL), None)
    if label is None:
        raise core.WrongHeader("no column for the address")
    imported = core.Imported()
    for line, cells in body:
        row = dict(zip(header, cells, strict=False))
        address = row.pop(label, "")
        if len(cells) != len(header):  # "the same number of fields throughout the file"
            imported.refuse(line, address, "columns do not line up with the header")
        elif not re.fullmatch(r"[^@\s]+@[^@\s]+", address):
            imported.refuse(line, address, "no address")
        elif address in imported.contacts:
            imported.refuse(line, address, "duplicate")
        else:
            fields = {k: core.typed(imported, k, v, dates) for k, v in row.items() if v}
            imported.contacts[address] = core.Contact(address, fields, core.stated_consent(row))
    return imported
