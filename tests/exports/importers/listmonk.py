"""listmonk's subscriber import.

Source: knadh/listmonk 911e0b7, internal/subimporter/importer.go, internal/utils/utils.go,
cmd/import.go, queries/subscribers.sql (upsert-subscriber).
"""

import json
import re

from tests.exports.importers import core

HEADERS = ("email", "name", "attributes")
MAX_ADDRESS = 1000  # ValidateFields: len(s.Email) > 1000

# Go's net/mail atom: RFC 5322 atext, and any character outside ASCII.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+"
_ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@{_ATOM}(?:\.{_ATOM})*")


def import_file(
    data: bytes, name: str, *, overwrite_status: bool = False, status: str = "unconfirmed"
) -> core.Imported:
    """Subscribers after `mode: subscribe` with the delimiter `,`."""
    if not name.lower().endswith(".csv"):  # ImportSubscribers: anything else is opened as a ZIP
        raise core.WrongFileType(name)
    # The reader takes bytes; only the header's characters outside ASCII are dropped (a BOM, too),
    # and text that is not UTF-8 fails when PostgreSQL stores it: the whole batch is rolled back.
    text = core.decoded(data, "utf-8")
    # csv.NewReader with LazyQuotes off: ErrBareQuote and ErrQuote end the import.
    rows = list(core.records(text, bare_quotes=False))
    header, body = core.table(rows)
    # mapCSVHeaders: trimmed, stripped of non-ASCII, compared with case; the last of two wins.
    found = {}
    for index, label in enumerate(header):
        clean = re.sub(r"[^\x00-\x7f]", "", label.strip())
        if clean in HEADERS:
            found[clean] = index
    if "email" not in found:
        core.separated(header)
        raise core.WrongHeader("'email' column not found")
    imported = core.Imported(
        ignored=tuple(label for label in header if label.lstrip("\ufeff").strip() not in HEADERS)
    )
    for line, cells in body:
        if len(cells) != len(header):  # csv.ErrFieldCount: the line is skipped
            imported.refuse(line, cells[0], f"{len(cells)} fields, {len(header)} expected")
            continue
        row = {label: cells[index] for label, index in found.items()}
        _subscriber(imported, line, row, revives=overwrite_status, status=status)
    return imported


def _subscriber(
    imported: core.Imported, line: int, row: dict[str, str], *, revives: bool, status: str
) -> None:
    # SanitizeEmail: trimmed, lower-cased, and what ParseAddress gives must equal it, so that a
    # quoted local part and a display name are refused as well.
    address = row["email"].strip().lower()
    if len(address.encode()) > MAX_ADDRESS or not _ADDRESS.fullmatch(address):
        imported.refuse(line, row["email"], "invalid e-mail")
        return
    name = row.get("name", "").strip()
    if not name:  # ValidateFields: the name is made of the address
        name = " ".join(part.title() for part in address.split("@")[0].replace(".", " ").split())
    attributes: dict[str, core.Value] = {}
    if row.get("attributes"):
        try:
            found = json.loads(row["attributes"])
            if not isinstance(found, dict):  # models.JSON is map[string]any
                raise TypeError("not an object")
            attributes = found
        except (ValueError, TypeError):
            imported.hurt("attributes_lost", "attributes", row["attributes"])
    fields = {"name": name, **attributes}
    # upsert-subscriber: the subscription's status is kept unless $8, a blocklisted one stays.
    imported.contacts[address] = core.Contact(
        address, fields, consent=core.stated_consent(fields), status=status, revives=revives
    )
