"""Mautic's contact import.

Source: mautic/mautic 2427149, LeadBundle Model/ImportModel.php (process), Model/LeadModel.php
(import), Form/Type/LeadImportType.php, CoreBundle Helper/InputHelper.php, Helper/CsvHelper.php,
Form/RequestTrait.php (cleanFields), EmailBundle Helper/EmailValidator.php.
"""

import re

from tests.exports.importers import core

# ImportContactSubscriber::onFieldMapping: columns that are no contact field.
SPECIAL = {"donotemail", "tags", "stage", "ip", "ownerusername"}
DATES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%d", "%m/%d/%Y", "%Y/%m/%d")
BAD_CHARACTERS = "^&*%"  # EmailValidator::hasValidCharacters


def import_file(data: bytes, name: str) -> core.Imported:
    """Contacts after a background import with the default delimiter, enclosure and escape."""
    if not name.lower().endswith((".csv", ".txt")):  # LeadImportType: text/*, application/csv
        raise core.WrongFileType(name)
    # EncodingValidation: UTF-8 or nothing; the byte order mark is not removed from the header, but
    # alphanum() drops it from the field's name.
    text = core.decoded(data, "utf-8")
    # process() reads the file line by line and parses each line alone (SplFileObject::current,
    # str_getcsv): a line break inside quotation marks ends the record.
    lines = re.split(r"(?<=\n)", text)
    header, body = core.table([csv_line(line) for line in lines if line])
    labels = [re.sub(r"[^0-9a-z_]+", "", cell.strip().replace(" ", "_").lower()) for cell in header]
    if "email" not in labels:  # the import is matched by the unique field
        core.separated(header)
        raise core.WrongHeader("no column is called email")
    core.one_of_each(labels)  # array_combine() of equal keys loses a column without a word
    imported = core.Imported()
    for line, cells in body:
        _row(imported, line, labels, cells)
    return imported


def csv_line(line: str) -> list[str]:
    """Cells as PHP's str_getcsv gives them with `,`, `"` and the escape character backslash."""
    line = line.rstrip("\r\n")
    cells, at = [], 0
    while True:
        cell = ""
        if line.startswith('"', at):
            at += 1
            while at < len(line):
                if line[at] == "\\" and at + 1 < len(line):  # kept, and what follows is no end
                    cell += line[at : at + 2]
                    at += 2
                elif line.startswith('""', at):
                    cell += '"'
                    at += 2
                elif line[at] == '"':
                    at += 1
                    break
                else:
                    cell += line[at]
                    at += 1
        end = line.find(",", at)
        cell += line[at:] if end < 0 else line[at:end]
        cells.append(cell)
        if end < 0:
            return cells
        at = end + 1


def _row(imported: core.Imported, line: int, labels: list[str], cells: list[str]) -> None:
    if not any(cells):
        imported.refuse(line, "", "line_empty")
        return
    if len(cells) > len(labels):  # hasMoreValuesThanColumns; fewer are filled with ''
        imported.refuse(line, cells[0], "header_mismatch")
        return
    row = dict(zip(labels, [cell.strip() for cell in cells], strict=False))
    address = row.get("email", "")
    # PHP's FILTER_VALIDATE_EMAIL is ASCII and wants a name with a dot.
    if not core.is_plain_address(address) or any(mark in address for mark in BAD_CHARACTERS):
        imported.refuse(line, address, "invalid e-mail")
        return
    fields: dict[str, core.Value] = {}
    for label, value in row.items():
        # Blank never overwrites; NULL clears; InputHelper::string takes out what looks like a tag.
        if label in ("email", *SPECIAL) or not label or value == "":
            continue
        stripped = re.sub(r"\x00|<[^>]*>?", "", value)
        if stripped != value:
            imported.hurt("tag_removed", label, value)
        held = None if stripped == "NULL" else core.typed(imported, label, stripped, DATES)
        fields[label] = held
    # filter_var(…, FILTER_VALIDATE_BOOLEAN, FILTER_NULL_ON_FAILURE): '' is false as well, and false
    # takes the do-not-contact mark away: the column revives people who stopped the mails.
    stop = row.get("donotemail")
    stops = stop is not None and stop.lower() in ("1", "true", "on", "yes")
    revives = stop is not None and stop.lower() in ("0", "false", "off", "no", "")
    consent = core.stated_consent(fields)
    if stop:
        consent = core.REFUSED if stops else core.GRANTED
    imported.contacts[address] = core.Contact(
        address, fields, consent, "unsubscribed" if stops else "subscribed", revives
    )
