"""Why a file is refused, in the reader's language. The refusals themselves speak English."""

import re
from collections.abc import Sequence
from typing import Final

from pipelines.shop import Source
from pipelines.sources import FileRefused, Mapping, header_in

# ruff: noqa: E501 - a pair reads best when each language stays on one line.

# A sentence of pipelines/sources and its Japanese; {} stands for what the file decides.
JAPANESE: Final[dict[str, str]] = {
    # --- why ------------------------------------------------------------------------------------
    "the sheet has {} columns": "シートの列数は{}です",
    "the sheet is empty": "シートが空です",
    "there is no JSON array": "JSONの配列がありません",
    "{} of {} rows are no JSON objects": "{1}行のうち{0}行がJSONのオブジェクトではありません",
    "it is not one whole JSON document": "JSONとして完結していません",
    "over {} different keys or {} rows": "項目が{0}種類、または行が{1}行を超えています",
    "it is not a regular file": "ふつうのファイルではありません",
    "it is empty": "空のファイルです",
    "it is over {} bytes": "{}バイトを超えています",
    "the archive holds an empty file": "圧縮ファイルの中身が空です",
    "it cannot be opened ({})": "開けません（{}）",
    "its content is not what {} says": "内容が {} と一致しません",
    "the gzip archive is cut or damaged": "gzipファイルが途中で切れているか壊れています",
    "the zip archive is cut or damaged": "zipファイルが途中で切れているか壊れています",
    "the workbook expands beyond measure": "Excelファイルの展開後の大きさが異常です",
    "the workbook is damaged": "Excelファイルが壊れています",
    "it is a symbolic link": "シンボリックリンクです",
    "the zip archive holds {} files": "zipファイルに{}個のファイルが入っています",
    "the zip archive has a password": "zipファイルにパスワードがかかっています",
    "it expands to more than {} bytes ({} times its size)": "展開すると{0}バイト（{1}倍）を超えます",
    "the workbook is cut or damaged": "Excelファイルが途中で切れているか壊れています",
    "headers are missing: {}": "必要な見出しがありません: {}",
    "no order says what it is worth: {} are empty throughout": "どの注文にも金額がありません（{}がすべて空です）",
    "a header that is in use stands there twice": "使う見出しが2つあります",
    "a cell is longer than any cell may be": "1つの値が長すぎます",
    "it holds NUL bytes": "NUL文字が入っています",
    "its first line is no header": "1行目が見出しではありません",
    "reading it takes more memory or time than any file may": "読み込みに時間かメモリがかかりすぎます",
    "the file is cut or damaged, or has no such sheet": "途中で切れているか壊れている、またはそのシートがありません",
    "it has too many rows or columns": "行か列が多すぎます",
    "a line has no end": "改行のない長すぎる行があります",
    "a quotation mark is never closed, or text follows a closed one": "引用符（\"）が閉じていない、または閉じた後に文字があります",
    "it is UTF-16": "UTF-16です",
    "UTF-16 is declared but the byte order mark is missing": "UTF-16の指定ですが、BOMがありません",
    "its lines end with CR only (old Macintosh)": "改行がCRだけです（古いMacintoshの形式）",
    "it has {} columns": "列が{}列あります",
    "{} of {} rows have another number of cells than the header": "{1}行のうち{0}行の列数が見出しと違います",
    "it has no header line": "見出しの行がありません",
    "its first line is `sep=`": "1行目が sep= です",
    "it ends within its header": "見出しの途中で終わっています",
    "it mixes UTF-8 with another encoding": "UTF-8と別の文字コードが混ざっています",
    "it is not {}": "文字コードが{}ではありません",
    "over {} rows": "{}行を超えています",
    # --- what to do -----------------------------------------------------------------------------
    "Correct `header`.": "対応表の header を直してください。",
    "Check `sheet` in the mapping.": "対応表の sheet を確かめてください。",
    "Set `records` in the mapping's `read`.": "対応表の read に records を書いてください。",
    "Check the format.": "形式を確かめてください。",
    "It may be cut: transfer it again.": "途中で切れたのかもしれません。もう一度転送してください。",
    "Split the file, or export fewer fields.": "ファイルを分けるか、項目を減らして書き出してください。",
    "Put a plain file there.": "ふつうのファイルを置いてください。",
    "Export it again.": "もう一度書き出してください。",
    "Export it in several files.": "いくつかのファイルに分けて書き出してください。",
    "Check its place and rights.": "場所と権限を確かめてください。",
    "Transfer it again: bytes were lost or changed on the way.": "転送中に欠けたか変わっています。もう一度転送してください。",
    "Transfer it again.": "もう一度転送してください。",
    "Save the sheet as CSV.": "シートをCSVで保存してください。",
    "Save it again.": "もう一度保存してください。",
    "Put the file itself into the folder.": "ファイルそのものをフォルダに置いてください。",
    "Put exactly one file into each archive.": "圧縮ファイルには1つだけ入れてください。",
    "Unpack it into the folder.": "フォルダに展開してください。",
    "Unpack it by hand and see what it is.": "手で展開して中身を確かめてください。",
    "Name the amount's header in shop.yml under the source's `aliases`; the mapping of a source that has no "
    "amounts leaves these columns out.": "金額の見出しを shop.yml のそのソースの aliases に書いてください。金額のないソースなら、対応表からこれらの列を外してください。",
    "Export these columns too, or name them in shop.yml under the source's `aliases`.": "これらの列も書き出すか、shop.yml のそのソースの aliases に書いてください。",
    "Remove one of the two, or list it under `doubled` in the mapping's `read`.": "片方を消すか、対応表の read の doubled に書いてください。",
    "Look at this column in the program it came from.": "元のシステムでこの列を確かめてください。",
    "Save it as CSV, or split it.": "CSVで保存するか、ファイルを分けてください。",
    "Transfer it again, and check `sheet` in the mapping.": "もう一度転送し、対応表の sheet を確かめてください。",
    "Split the file.": "ファイルを分けてください。",
    "Open it in the program it came from and export it again.": "元のシステムで開き、もう一度書き出してください。",
    "Look at the quotes near this row. Open it in the program it came from and export it again.": "この行の近くの引用符を確かめ、元のシステムからもう一度書き出してください。",
    "Write `encoding: utf-16` beside its source in shop.yml.": "shop.yml のそのソースに encoding: utf-16 と書いてください。",
    "Save it with Windows or Unix line ends.": "改行をWindows（CRLF）かUnix（LF）にして保存してください。",
    "Check the delimiter.": "区切り文字を確かめてください。",
    "Check delimiter and header in the mapping.": "対応表の区切り文字と見出しを確かめてください。",
    "Delete that line.": "その行を消してください。",
    "Declare its real encoding beside the source in shop.yml, or export it again.": "shop.yml のそのソースに実際の文字コードを書くか、もう一度書き出してください。",
}  # fmt: skip

_PATTERNS: Final = [
    (re.compile(re.escape(english).replace(re.escape("{}"), "(.+)")), japanese)
    for english, japanese in JAPANESE.items()
]


def translated(sentence: str) -> str:
    """The sentence in Japanese; as it is where there is none."""
    for pattern, japanese in _PATTERNS:
        found = pattern.fullmatch(sentence)
        if found:
            return japanese.format(*found.groups())
    return sentence


def told(refusal: FileRefused, language: str) -> str:
    """Why a file is refused, where in it, and what to do; its name stands before this."""
    if language == "ja":
        row = [f"{refusal.row}行目"] if refusal.row is not None else []
        column = [f"列「{refusal.column}」"] if refusal.column is not None else []
        place = f"（{'、'.join(row + column)}）" if row or column else ""
        return f"{translated(refusal.reason)}{place}。{translated(refusal.what_to_do)}"
    row = [f"row {refusal.row}"] if refusal.row is not None else []
    column = [f"column {refusal.column}"] if refusal.column is not None else []
    place = f" ({', '.join(row + column)})" if row or column else ""
    return f"{refusal.reason}{place}. {refusal.what_to_do}"


def header_of(
    column: str, mapping: Mapping, source: Source, *, table: str, there: Sequence[str] = ()
) -> str:
    """The file's header behind a canonical column; the column where none alone is behind it.

    `there` are the headers of the file itself; without them the mapping's name has to do.
    """
    for entry in mapping.tables:
        cell = entry.columns.get(column) if entry.table == table else None
        if cell is not None:
            headers = cell.from_ or cell.coalesce or cell.id or cell.hash or ()
            names = [
                header_in(there, h, mapping=mapping, aliases=source.aliases)
                or source.aliases.get(h, h)
                for h in headers
            ]
            return " + ".join(names) or column
    return column
