"""What all importers share: refusals, what is held afterwards, reading of delimited text."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

Value = object
GRANTED, REFUSED, UNSTATED = "granted", "refused", "unstated"

# What shops and mailers call the column, and what stands in it.
CONSENT_LABELS = frozenset({
    "consent", "mail_consent", "email_consent", "marketing_consent", "post_consent",
    "email_subscribe", "email marketing consent", "配信許可", "メール受信許可", "メルマガ受信", "配信可否", "メール配信",
    "dm送信可否", "dm可否", "郵送可否", "状態", "配信状態",
})  # fmt: skip
YES = frozenset({
    "1", "y", "yes", "true", "granted", "可", "許可", "受信する", "希望する", "配信可能", "配信中",
    "opted_in", "subscribe", "subscribed", "opt_in", "する",
})  # fmt: skip
NO = frozenset({
    "0", "n", "no", "false", "refused", "withdrawn", "否", "拒否", "受信しない", "希望しない",
    "配信停止", "配信禁止", "解除", "unsubscribed", "never subscribed", "opt_out", "しない",
})  # fmt: skip


class ImportRefused(Exception):
    """The importer takes nothing of this file."""


class WrongEncoding(ImportRefused):
    """The bytes are not in the encoding that the importer reads."""


class WrongHeader(ImportRefused):
    """A column that must be there is missing, stands twice, or is not allowed."""


class WrongDelimiter(ImportRefused):
    """The header is one cell: the file is separated by another character."""


class WrongQuoting(ImportRefused):
    """Quotation marks stand where the importer cannot read them."""


class WrongFileType(ImportRefused):
    """The name or the form of the file is not what the importer takes."""


class TooManyBytes(ImportRefused):
    """The file is above the importer's size."""


class TooManyRows(ImportRefused):
    """The file is above the importer's number of rows."""


class TooManyColumns(ImportRefused):
    """The file is above the importer's number of columns."""


@dataclass(frozen=True)
class RefusedRow:
    """One row that the importer leaves out, as its error file would say it."""

    line: int
    address: str
    reason: str


@dataclass(frozen=True)
class Contact:
    """One person as the mailer holds them: fields in the types it gave them.

    `consent` is what the row said, `status` what a person new to the mailer becomes, `revives`
    whether the row makes somebody receive mail again who had stopped it at the mailer.
    """

    address: str
    fields: Mapping[str, Value]
    consent: str = UNSTATED
    status: str = "subscribed"
    revives: bool = False


@dataclass
class Imported:
    """What the mailer holds after the import, and what it left out or changed."""

    contacts: dict[str, Contact] = field(default_factory=dict)
    refused: list[RefusedRow] = field(default_factory=list)
    ignored: tuple[str, ...] = ()
    damage: list[tuple[str, str, str]] = field(default_factory=list)

    def refuse(self, line: int, address: str, reason: str) -> None:
        self.refused.append(RefusedRow(line, address, reason))

    def hurt(self, kind: str, label: str, value: str) -> None:
        self.damage.append((kind, label, value))

    @property
    def reasons(self) -> list[str]:
        return [row.reason for row in self.refused]

    def after(self, held: Mapping[str, str]) -> dict[str, str]:
        """Status of everybody at the mailer, given the statuses it had before."""
        found = dict(held)
        for address, contact in self.contacts.items():
            before = held.get(address)
            if before is None or before == "subscribed" or contact.revives:
                found[address] = contact.status
        return found


def decoded(data: bytes, encoding: str) -> str:
    """Text of the file; `utf-8` keeps a byte order mark, `utf-8-sig` drops it."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise WrongEncoding(f"not {encoding}: byte {error.start}") from error


def limited(data: bytes, most: int) -> bytes:
    """The bytes, when there are not too many."""
    if len(data) > most:
        raise TooManyBytes(f"{len(data)} bytes, {most} are taken")
    return data


def records(text: str, delimiter: str = ",", *, bare_quotes: bool = True) -> Iterator[list[str]]:
    """Cells of each record by RFC 4180; lines without anything are passed over.

    `bare_quotes`: a quotation mark inside an unquoted cell is data (spreadsheets); else refused.
    """
    cells: list[str] = []
    at, end = 0, len(text)
    ends = re.compile(f"[{re.escape(delimiter)}\r\n]")
    while at < end:
        if text[at] == '"':
            cell, at = _quoted(text, at + 1)
            if at < end and text[at] not in f"{delimiter}\r\n":
                raise WrongQuoting(f"text after a closing quotation mark at character {at}")
        else:
            stop = ends.search(text, at)
            cell, at = text[at : stop.start() if stop else end], stop.start() if stop else end
            if '"' in cell and not bare_quotes:
                raise WrongQuoting(f"bare quotation mark before character {at}")
        cells.append(cell)
        if at < end and text[at] == delimiter:
            at += 1
            if at == end or text[at] in "\r\n":
                cells.append("")
            else:
                continue
        if at < end:
            at += 2 if text.startswith("\r\n", at) else 1
        if cells != [""]:
            yield cells
        cells = []


def _quoted(text: str, at: int) -> tuple[str, int]:
    parts: list[str] = []
    while True:
        close = text.find('"', at)
        if close < 0:
            raise WrongQuoting("a quotation mark is never closed")
        parts.append(text[at:close])
        if not text.startswith('""', close):
            return "".join(parts), close + 1
        parts.append('"')
        at = close + 2


def table(rows: Iterable[list[str]], *, most_rows: int | None = None) -> tuple[list[str], list]:
    """Header and numbered rows (line 2 is the first); an empty file is refused."""
    found = list(rows)
    if not found:
        raise WrongHeader("the file is empty")
    if most_rows is not None and len(found) - 1 > most_rows:
        raise TooManyRows(f"{len(found) - 1} rows, {most_rows} are taken")
    return found[0], list(enumerate(found[1:], start=2))


def one_of_each(header: Sequence[str]) -> None:
    """Refuses a label that stands twice, or a column without one."""
    if "" in header:
        raise WrongHeader("a column has no label")
    twice = {label for label in header if header.count(label) > 1}
    if twice:
        raise WrongHeader(f"stands twice: {', '.join(sorted(twice))}")


def separated(header: Sequence[str], others: str = ";\t|") -> None:
    """Refuses a header that is one cell because another separator was used."""
    if len(header) == 1 and any(mark in header[0] for mark in others):
        raise WrongDelimiter(f"all columns came in as a single field: {header[0][:40]}")


def stated_consent(fields: Mapping[str, object]) -> str:
    """What the row itself says about consent, whatever its column is called."""
    for label, value in fields.items():
        if label.strip().lower() in CONSENT_LABELS:
            text = str(value).strip().lower()
            return GRANTED if text in YES else REFUSED if text in NO else UNSTATED
    return UNSTATED


_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_PLAIN = re.compile(rf"{_ATEXT}(?:\.{_ATEXT})*@{_LABEL}(?:\.{_LABEL})+")
_HALF_WIDTH = re.compile(rf"[!#-+\--?A-~]+@{_LABEL}(?:\.{_LABEL})+")
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?")
DATE_LIKE = re.compile(r"\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}日?([ T]\d{1,2}:\d{2}.*)?")


def is_plain_address(address: str) -> bool:
    """Whether it is a dot-atom of RFC 5322 at a name with a dot, in ASCII."""
    return _PLAIN.fullmatch(address) is not None and len(address.split("@")[0]) <= 64


def is_half_width_address(address: str) -> bool:
    """Whether it is half-width and without spaces, which is all that Japanese importers publish.

    Addresses of the carriers from before 2009 (`foo..bar@docomo.ne.jp`) are among them.
    """
    return _HALF_WIDTH.fullmatch(address) is not None


def number(text: str) -> int | Decimal:
    """The number that the text is."""
    return int(text) if text.lstrip("-").isdigit() else Decimal(text)


def as_date(text: str, formats: Sequence[str]) -> date | datetime | None:
    """The day or the instant, when the text is in one of the formats."""
    for layout in formats:
        try:
            found = datetime.strptime(text, layout)  # noqa: DTZ007 - the zone is the mailer's
        except ValueError:
            continue
        return found if "%H" in layout else found.date()
    return None


def typed(imported: Imported, label: str, text: str, formats: Sequence[str]) -> Value:
    """What a mailer that guesses types makes of a cell: number, day, truth or text.

    A day in a layout that it does not know stays text, which is noted as damage.
    """
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if NUMBER.fullmatch(text):
        return number(text)
    day = as_date(text, formats)
    if day is None and DATE_LIKE.fullmatch(text):
        imported.hurt("date_as_text", label, text)
    return text if day is None else day
