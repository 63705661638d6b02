"""Shopserve: addresses for mail to customers.

Source: help.shopserve.jp/manual/136 (顧客台帳: メール受信許可, merging of one address),
/manual/021 and /manual/023 (メールマガジン, 読者管理), support article 257 (CRM mail by SendGrid).
The header row of the file is not published: the names メールアドレス and
メール受信許可 are those of the screens, the encoding is assumed to be cp932.
"""

from tests.exports.importers import core

EMAIL = "メールアドレス"
CONSENT = "メール受信許可"
DATES = ("%Y/%m/%d", "%Y-%m-%d", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")


def import_file(data: bytes, name: str) -> core.Imported:
    """Readers after the import, one for each address (同じメールアドレスのデータをまとめる)."""
    if not name.lower().endswith(".csv"):
        raise core.WrongFileType(name)
    header, body = core.table(core.records(core.decoded(data, "cp932")))
    core.separated(header)
    core.one_of_each(header)
    if EMAIL not in header:
        raise core.WrongHeader(f"{EMAIL}の列がありません")
    imported = core.Imported()
    for line, cells in body:
        row = dict(zip(header, cells, strict=False))
        address = row.get(EMAIL, "")
        if len(cells) != len(header):
            imported.refuse(line, address, "項目数が一致しません")
        elif not core.is_half_width_address(address):
            imported.refuse(line, address, "メールアドレスの形式")
        else:
            fields = {
                label: core.typed(imported, label, value, DATES)
                for label, value in row.items()
                if value and label != EMAIL
            }
            # Without the column everybody counts as one who permits mail.
            consent = core.stated_consent({CONSENT: row.get(CONSENT, "")})
            imported.contacts[address] = core.Contact(
                address, fields, consent,
                "unsubscribed" if consent == core.REFUSED else "subscribed",
                consent == core.GRANTED,
            )  # fmt: skip
    return imported
