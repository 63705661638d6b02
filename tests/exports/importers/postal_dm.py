"""Labels of letters: an address book or a printing house that takes Japanese addresses.

Source: support.justsystems.com QID=052594 (DM送信可否, postal code, telephone), raku-uru
"顧客一括変更CSV" and Combz 77 (postal code, prefecture).
"""

import re

from tests.exports.importers import core

POSTAL = ("郵便番号", "postal_code", "〒")
NAME = ("氏名", "お名前", "宛名", "name")
PREFECTURE = ("都道府県", "prefecture")
PLACE = (
    "市区町村",
    "city",
    "住所",
    "住所1",
    "住所2",
    "番地",
    "町域・番地",
    "address",
    "address_line",
)
DM = ("DM送信可否", "DM可否", "郵送可否", "consent", "post_consent")
ZIP = re.compile(r"\d{3}-?\d{4}")  # 半角数字7文字以下、もしくは半角ハイフンを含めた8文字以下
PHONE = re.compile(r"[\d-]{9,14}")  # 半角数字と半角ハイフンからなるひと続き


def import_file(data: bytes, name: str) -> core.Imported:
    """Letters by receiver (name and address), with DM送信可否 as the book holds it."""
    if not name.lower().endswith(".csv"):
        raise core.WrongFileType(name)
    if data.startswith(b"\xef\xbb\xbf"):
        text = core.decoded(data, "utf-8-sig")
    else:
        text = core.decoded(data, "cp932")
    header, body = core.table(core.records(text))
    core.separated(header)
    core.one_of_each(header)
    for labels in (POSTAL, NAME, PLACE):
        if not set(labels) & set(header):
            raise core.WrongHeader(f"none of {', '.join(labels)}")
    imported = core.Imported()
    for line, cells in body:
        if len(cells) != len(header):
            imported.refuse(line, cells[0], "項目数が一致しません")
            continue
        _letter(imported, line, dict(zip(header, cells, strict=True)))
    return imported


def _letter(imported: core.Imported, line: int, row: dict[str, str]) -> None:
    receiver = _first(row, NAME)
    place = "".join(row[label] for label in (*PREFECTURE, *PLACE) if label in row)
    if not receiver or not place:
        imported.refuse(line, receiver, "宛名または住所がありません")
        return
    if not ZIP.fullmatch(_first(row, POSTAL)):
        imported.refuse(line, receiver, "郵便番号")
        return
    for label, value in row.items():
        if "電話" in label and value and not PHONE.fullmatch(value):
            imported.hurt("phone_lost", label, value)
        if "\n" in value:
            imported.hurt("line_break", label, value)
    # 「Y、N」だけが取り込まれます; a file without the column registers new people as Y.
    said = _first(row, DM)
    consent = core.stated_consent({"consent": said})
    imported.contacts[f"{receiver} {place}"] = core.Contact(
        f"{receiver} {place}", {k: v for k, v in row.items() if v}, consent,
        "unsubscribed" if consent == core.REFUSED else "subscribed", consent == core.GRANTED,
    )  # fmt: skip


def _first(row: dict[str, str], labels: tuple[str, ...]) -> str:
    return next((row[label] for label in labels if label in row), "")
