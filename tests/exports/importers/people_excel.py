"""What Excel for Japanese makes of a CSV that somebody opens by a double click.

Source: support.microsoft.com "Opening CSV UTF-8 files correctly in Excel" (byte order mark),
"Keeping leading zeros and large numbers" (zeros, 15 digits), "Stop automatically changing numbers
to dates", "Excel specifications and limits" (rows, columns, characters); OWASP "CSV Injection".
"""

import re
from decimal import Decimal

from tests.exports.importers import core

MAX_ROWS, MAX_COLUMNS, MAX_CELL = 1_048_576, 16_384, 32_767
EMAIL = ("email", "メールアドレス")
# A cell that starts like this is calculated, in quotation marks or not.
FORMULA = re.compile(r"[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
LEADING_ZERO = re.compile(r"0\d+")
LONG = re.compile(r"\d{16,}")
EXPONENT = re.compile(r"\d+(\.\d+)?[eE][+-]?\d+")
DATES = ("%Y/%m/%d", "%Y-%m-%d", "%Y/%m/%d %H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")
# 1-2, 3/4: a month and a day of this year.
SHORT_DATE = re.compile(r"(1[0-2]|0?[1-9])[-/](3[01]|[12]\d|0?[1-9])")


def import_file(data: bytes, name: str) -> core.Imported:
    """Rows of the sheet by address; what Excel changed or calculated stands in `damage`."""
    if not name.lower().endswith(".csv"):
        raise core.WrongFileType(name)
    if data.startswith(b"\xef\xbb\xbf"):
        text = core.decoded(data, "utf-8-sig")
    else:  # without a byte order mark the sheet is read in the code page of Windows
        text = data.decode("cp932", errors="replace")
    header, body = core.table(core.records(text))
    if len(body) + 1 > MAX_ROWS:
        raise core.TooManyRows(f"{len(body)} rows are cut at {MAX_ROWS}")
    if len(header) > MAX_COLUMNS:
        raise core.TooManyColumns(f"{len(header)} columns")
    core.separated(header)
    imported = core.Imported()
    label = next((label for label in header if label in EMAIL), None)
    if label is None:
        if "\ufffd" in text or not data.isascii():
            raise core.WrongEncoding("文字化け: the header cannot be read")
        raise core.WrongHeader("no column for the address")
    for line, cells in body:
        row = dict(zip(header, cells, strict=False))
        if len(cells) > len(header):  # nothing is refused: cells stand beside the table
            imported.hurt("cell_beside_the_table", "", cells[len(header)])
        address = str(cell(imported, label, row.pop(label, "")))
        fields = {k: cell(imported, k, v) for k, v in row.items() if v}
        if address in imported.contacts:
            imported.refuse(line, address, "duplicate")
            continue
        imported.contacts[address] = core.Contact(address, fields, core.stated_consent(row))
    return imported


def cell(imported: core.Imported, label: str, text: str) -> core.Value:
    """What stands in the cell, and whether Excel changed it."""
    if "\ufffd" in text:
        imported.hurt("unreadable", label, text)
    if core.NUMBER.fullmatch(text) and not LONG.search(text):
        return core.number(text)
    if FORMULA.match(text):
        imported.hurt("formula", label, text)
        return None
    if LEADING_ZERO.fullmatch(text):
        imported.hurt("leading_zero", label, text)
        return int(text)
    if LONG.fullmatch(text):
        imported.hurt("precision", label, text)
        return int(text[:15].ljust(len(text), "0"))
    if EXPONENT.fullmatch(text):
        imported.hurt("exponent", label, text)
        return Decimal(text)
    if SHORT_DATE.fullmatch(text):
        imported.hurt("date", label, text)
        return None
    if len(text) > MAX_CELL:
        imported.hurt("cut", label, text)
        return text[:MAX_CELL]
    day = core.as_date(text, DATES)
    return text if day is None else day
