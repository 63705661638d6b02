"""Words of saved segments on the terminal, as Japanese and English."""

from typing import Final

from pipelines.report.words import Texts

TEXTS: Final[Texts] = {
    "people": ("{persons:,}人、うち配信可能 {mailable:,}人", "{persons:,} persons, {mailable:,} of them mailable"),
    "saved": ("{segment} 第{version}版 を保存しました", "saved {segment}, version {version}"),
    "version": ("第{version}版 {at} {by}", "version {version}, {at}, {by}"),
    "next": ("次: okaeri exports request {segment} --to {destination}", "Next: okaeri exports request {segment} --to {destination}"),
    "no_destination": ("次: shop.yml の destinations に配信先を加えます。", "Next: add a destination to shop.yml."),
    "none": ("保存したセグメントはまだありません。okaeri segments save で作ります。",
             "No saved segment yet: make one with okaeri segments save."),
    "behavioural": ("行動にもとづくため、行動履歴の利用を断った人には送りません。",
                    "It rests on behaviour: nobody who objects to profiling is written to."),
    "column": ("項目", "Column"),
    "name": ("名前", "Name"),
    "operators": ("条件", "Operators"),
    "values": ("値", "Values"),
    "segment": ("セグメント", "Segment"),
    "title": ("名前", "Title"),
    "meaning": ("条件", "Conditions"),
    "persons": ("人数", "Persons"),
    "outdated": ("今のデータでは数えられません（保存し直してください）", "cannot be asked of this build: save it again"),
}  # fmt: skip


def word(key: str, language: str, **values: object) -> str:
    """One text in the reader's language."""
    ja, en = TEXTS[key]
    return (ja if language == "ja" else en).format(**values)
