"""配配メール (haihaimail): registration of customers in a group by CSV.

Source: the vendor's public help (item names of the account; 配信可能, 配信停止 and
配信禁止 per group; customers that are not known are added). The manual is behind a login: the
encoding (cp932) and the name メールアドレス are assumed.
"""

from tests.exports.importers import core

EMAIL = "メールアドレス"
STATE = ("状態", "配信状態")
STATES = {"配信可能": "subscribed", "配信停止": "unsubscribed", "配信禁止": "unsubscribed"}
DATES = ("%Y/%m/%d", "%Y-%m-%d", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")


def import_file(data: bytes, name: str) -> core.Imported:
    """Customers of the group after registration."""
    if not name.lower().endswith(".csv"):
        raise core.WrongFileType(name)
    header, body = core.table(core.records(core.decoded(data, "cp932")))
    core.separated(header)
    core.one_of_each(header)
    if EMAIL not in header:
        raise core.WrongHeader(f"{EMAIL}の列がありません")
    state = next((label for label in STATE if label in header), None)
    imported = core.Imported()
    for line, cells in body:
        row = dict(zip(header, cells, strict=False))
        address = row.get(EMAIL, "")
        said = row.get(state, "") if state else ""
        if len(cells) != len(header):
            imported.refuse(line, address, "項目数が一致しません")
        elif not core.is_half_width_address(address):
            imported.refuse(line, address, "メールアドレスの形式")
        elif said and said not in STATES:
            imported.refuse(line, address, f"状態は配信可能・配信停止・配信禁止のみ: {said}")
        else:
            fields = {
                label: core.typed(imported, label, value, DATES)
                for label, value in row.items()
                if value and label != EMAIL
            }
            # A customer without a state is registered as one who may be mailed.
            imported.contacts[address] = core.Contact(
                address, fields, core.stated_consent(row), STATES.get(said, "subscribed"),
                said == "配信可能",
            )  # fmt: skip
    return imported
