"""SendGrid's upload of contacts to Marketing Campaigns.

Source: twilio.com/docs/sendgrid/ui/managing-contacts/formatting-a-csv,
…/api-reference/contacts/import-contacts, …/ui/managing-contacts/custom-fields.
"""

import gzip
import re

from tests.exports.importers import core

MAX_BYTES, MAX_ROWS = 5_000_000_000, 1_000_000  # "up to one million contacts or 5GB"
MAX_CUSTOM = 500  # "You can create up to 500 custom fields"
IDENTIFIERS = ("email", "phone_number_id", "external_id", "anonymous_id")
RESERVED = (
    *IDENTIFIERS, "first_name", "last_name", "address_line_1", "address_line_2", "city",
    "state_province_region", "postal_code", "country", "alternate_emails", "phone_number",
    "whatsapp", "line", "facebook", "unique_name", "created_at", "updated_at", "last_emailed",
    "last_clicked", "last_opened",
)  # fmt: skip
# "If you have a Name field, it may conflict with your first_name reserved field."
AMBIGUOUS = ("name", "firstname", "lastname", "e_mail", "mail")
DATES = ("%m/%d/%Y",)  # MM/DD/YYYY, MM/D/YYYY, M/D/YYYY, M/DD/YYYY
# "letters, numbers, and underscores", custom ones "begin with letters A-Z or underscores"
NUMBER = re.compile(r"\d+(\.\d{1,2})?")
LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# "Invalid identifers include email addresses with any special characters except for underscores":
# read as no character beyond those of everyday addresses, since dots and plus signs do arrive.
ADDRESS = re.compile(r"[A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+")


def import_file(data: bytes, name: str) -> core.Imported:
    """Contacts after the upload, every custom field being defined with the type of its column."""
    if name.lower().endswith(".gz"):  # "may also be gzip-compressed"
        data = gzip.decompress(data)
    elif not name.lower().endswith(".csv"):
        raise core.WrongFileType(name)
    text = core.decoded(core.limited(data, MAX_BYTES), "utf-8")
    if text.startswith("\ufeff"):  # "Look for hidden characters in your CSV file"
        raise core.WrongHeader("a hidden character before the first label")
    header, body = core.table(core.records(text), most_rows=MAX_ROWS)
    _check(header)
    imported = core.Imported()
    for line, cells in body:
        row = dict(zip(header, cells, strict=False))
        if len(cells) != len(header):
            imported.refuse(line, cells[0], "not a valid CSV row")
        elif not ADDRESS.fullmatch(row["email"]) or not core.is_plain_address(row["email"]):
            imported.refuse(line, row["email"], "invalid identifier")
        else:
            _contact(imported, row)
    return imported


def _check(header: list[str]) -> None:
    core.separated(header)  # "values in files separated by a semicolon ; rather than the comma"
    core.one_of_each([label.lower() for label in header])
    if "email" not in header:
        raise core.WrongHeader("unable to detect an identifier column")
    if header[0] not in IDENTIFIERS:  # "move it to the first position in your header row"
        raise core.WrongHeader("the identifier is not the first column")
    wrong = [label for label in header if not LABEL.fullmatch(label)]
    wrong += [label for label in header if label.lower() in AMBIGUOUS]
    if wrong:
        raise core.WrongHeader(f"labels that are not allowed: {', '.join(wrong)}")
    if len([label for label in header if label not in RESERVED]) > MAX_CUSTOM:
        raise core.TooManyColumns("more than 500 custom fields")


def _contact(imported: core.Imported, row: dict[str, str]) -> None:
    # One address twice is one contact with what came last ("removes duplicate identifiers").
    address = row.pop("email")
    fields: dict[str, core.Value] = {}
    for label, value in row.items():
        # "dashes or decimal places that are past the hundredth place" make a text of a number.
        is_text = core.NUMBER.fullmatch(value) and not NUMBER.fullmatch(value)
        if value:
            fields[label] = value if is_text else core.typed(imported, label, value, DATES)
    # Unsubscribe groups are kept apart from contacts: an upload does not touch them.
    imported.contacts[address] = core.Contact(address, fields, core.stated_consent(fields))
