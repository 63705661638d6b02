"""ブラストメール (blastmail): 一括処理 of readers.

Source: support.blastmail.jp/manual/csv, blastmail.jp/manual/faq/reader (「項目名に誤りがあります」,
duplicates, ゴミ箱), blastmail.jp/support/user_faq (the items 氏名 and E-Mail exist from the start).
The encoding is not published: cp932 is assumed, as for 登録用CSV in Excel.
"""

from collections.abc import Sequence

from tests.exports.importers import core

MAX_BYTES = 30_000_000
EMAIL = "E-Mail"
STATES = {"配信中": "subscribed", "配信停止": "unsubscribed", "解除": "unsubscribed"}
DATES = ("%Y/%m/%d", "%Y-%m-%d", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")


def import_file(
    data: bytes,
    name: str,
    *,
    items: Sequence[str] | None = None,
    mode: str = "全登録",
    binned: frozenset[str] = frozenset(),
) -> core.Imported:
    """Readers after the upload; `items` is the shop's 項目設定, by default what the file says."""
    if not name.lower().endswith(".csv"):
        raise core.WrongFileType(name)
    text = core.decoded(core.limited(data, MAX_BYTES), "cp932")
    header, body = core.table(core.records(text))
    expected = list(items) if items is not None else header
    # 「項目名に誤りがあります」: the header must equal the 登録用CSV of the account.
    if header != expected or EMAIL not in header or len(set(header)) != len(header):
        raise core.WrongHeader("項目名に誤りがあります")
    imported = core.Imported()
    for line, cells in body:
        row = dict(zip(header, cells, strict=False))
        address = row.get(EMAIL, "")
        if len(cells) != len(header):
            imported.refuse(line, address, "項目数が一致しません")
        elif not core.is_half_width_address(address):
            imported.refuse(line, address, "メールアドレスの形式")
        elif address in binned:  # 削除した読者が【ゴミ箱】の中に残っている
            imported.refuse(line, address, "ゴミ箱にあります")
        elif address in imported.contacts and mode == "新規登録のみ":
            imported.refuse(line, address, "重複")  # 重複するアドレスはエラーとなり登録されません
        else:  # 「全登録」では … 該当データは上書き処理
            _reader(imported, address, row)
    return imported


def _reader(imported: core.Imported, address: str, row: dict[str, str]) -> None:
    fields = {
        label: core.typed(imported, label, value, DATES)
        for label, value in row.items()
        if value and label != EMAIL
    }
    state = STATES.get(row.get("状態", ""), "subscribed")
    imported.contacts[address] = core.Contact(
        address, fields, core.stated_consent(row), state, row.get("状態") == "配信中"
    )
