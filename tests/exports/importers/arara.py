"""アララ メッセージ: import of エンドユーザーリスト.

Source: docs.am.arara.com/gui/enduserlist (登録するデータについて).
"""

from collections.abc import Sequence

from tests.exports.importers import core

MAX_ROW = 4096  # 1行のサイズ上限は、UTF-8エンコードで4,096byte
EMAIL = "メールアドレス"
DATES = ("%Y/%m/%d", "%Y-%m-%d", "%Y/%m/%d %H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M")


def import_file(
    data: bytes, name: str, *, table: Sequence[str] | None = None, choices: frozenset = frozenset()
) -> core.Imported:
    """End users after 追加登録; `table` is the table definition, by default the file's header."""
    if not name.lower().endswith(".csv"):
        raise core.WrongFileType(name)
    # エンコード:Shift JIS. 改行:CR+LF. CSV ※引用符なし: a quotation mark is a character like others.
    text = core.decoded(data, "cp932")
    lines = text.split("\r\n")
    if lines and lines[-1] == "":
        lines.pop()
    # 先頭行に「メールアドレス」という文字が入っていた場合、見出し行と判定しスキップします。
    header = lines[0].split(",") if lines and EMAIL in lines[0] else []
    columns = list(table) if table is not None else header
    if EMAIL not in columns:
        raise core.WrongHeader("テーブル定義にメールアドレスがありません")
    if header and header != columns:
        raise core.WrongHeader("見出しがテーブル定義と異なります")
    if any("\n" in line for line in lines[:1]):
        raise core.WrongQuoting("改行がCR+LFではありません")
    core.one_of_each(columns)
    imported = core.Imported()
    for number, line in enumerate(lines[1 if header else 0 :], start=2 if header else 1):
        _row(imported, number, line, columns, choices)
    return imported


def _row(
    imported: core.Imported, number: int, line: str, columns: Sequence[str], choices: frozenset
) -> None:
    cells = line.split(",")
    row = dict(zip(columns, cells, strict=False))
    address = row.get(EMAIL, "")
    if len(line.encode()) > MAX_ROW:
        imported.refuse(number, address, "4,096byteを超えています")
    elif len(cells) != len(columns) or "\n" in line:
        imported.refuse(number, address, "列数がテーブル定義と異なります")
    elif not core.is_half_width_address(address):  # a quoted address is none
        imported.refuse(number, address, "メールアドレスではありません")
    elif row.get("携帯キャリアフラグ", "") not in ("", "0"):  # 常に空白か0をセットしてください
        imported.refuse(number, address, "携帯キャリアフラグは空白か0")
    elif any(row[label] and not row[label].isdigit() for label in choices):
        imported.refuse(number, address, "選択肢は1から始まる数値")  # 1から始まる数値を指定
    else:
        fields: dict[str, core.Value] = {}
        for label, value in row.items():
            if label == EMAIL or not value:
                continue
            if '"' in value:
                imported.hurt("quotation_mark_is_data", label, value)
            fields[label] = core.typed(imported, label, value, DATES)
        imported.contacts[address] = core.Contact(address, fields, core.stated_consent(row))
