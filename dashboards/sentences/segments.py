"""What the segments page says."""

from collections.abc import Mapping
from typing import Final

PAIRS: Final[Mapping[str, tuple[str, str]]] = {
    "page.segments": ("セグメント", "Segments"),
    "segments.sentence": (
        "組み込みのセグメントが{n}本、保存したものが{saved}本あります。今日対象者がいるのは{due}本です。",
        "{n} built-in segments and {saved} saved ones; {due} have somebody due today.",
    ),
    "segments.sentence.none": ("セグメントがまだありません。", "There are no segments yet."),
    "segments.card.built_in": ("組み込み", "Built in"),
    "segments.card.saved": ("保存したもの", "Saved"),
    "segments.card.due": ("今日の対象あり", "Due today"),
    "segments.built_in": ("組み込みのセグメント", "Built-in segments"),
    "segments.built_in.note": (
        "人数はいまの候補で、直前チェックの前の数です。内訳は「配信リスト」の事前確認で見られます。",
        "People are candidates now, before the gates. A dry run on Exports shows the reasons.",
    ),
    "segments.saved": ("保存したセグメント", "Saved segments"),
    "segments.saved.note": (
        "お知らせとして書き出すには `okaeri exports request` にその名前を渡します。",
        "To hand one over as a newsletter, give its key to `okaeri exports request`.",
    ),
    "segments.name": ("名前", "Name"),
    "segments.people": ("人数", "People"),
    "segments.last": ("最後の依頼", "Latest request"),
    "segments.mailable": ("配信可能", "May be mailed"),
    "segments.version": ("版", "Version"),
    "segments.gone": (
        "! いまの集計にない項目を使っています。作り直してください。",
        "! It asks about a column that is no longer published. Build it again.",
    ),
    "segments.viewer": (
        "条件を組み立てて保存できるのは、書き出し担当だけです。",
        "Only an exporter may build and save conditions.",
    ),
    "builder.title": ("条件を組み立てる", "Build a segment"),
    "builder.how": ("条件のつなぎ方", "Together"),
    "builder.all": ("すべて満たす", "all of them"),
    "builder.any": ("どれかを満たす", "any of them"),
    "builder.column": ("項目", "Column"),
    "builder.operator": ("条件", "Condition"),
    "builder.value": ("値", "Value"),
    "builder.days": ("日数", "Days"),
    "builder.from": ("から", "From"),
    "builder.to": ("まで", "To"),
    "builder.many": ("値（「、」で区切る）", "Values, divided by commas"),
    "builder.text": ("文字", "text"),
    "builder.choose": ("選ぶ", "choose"),
    "builder.True": ("はい", "yes"),
    "builder.False": ("いいえ", "no"),
    "builder.more": ("＋ 条件を足す", "+ another condition"),
    "builder.unfinished": (
        "値を入れると、人数が出ます。",
        "Give every condition a value and the people are counted.",
    ),
    "builder.bad": (
        "! {places}番目の条件は、この値では比べられません。数・日付（2026-04-01）の形を確かめてください。",
        "! Condition {places} cannot be compared with this value. Look at numbers and dates (2026-04-01).",
    ),
    "builder.sentence": ("{said}", "{said}"),
    "builder.count": (
        "いま {people}、うち配信可能 {mailable}",
        "{people} now, {mailable} of them may be mailed",
    ),
    "builder.overlap": ("保存したものとの重なり", "Who is in saved ones too"),
    "builder.both": ("両方にいる人", "In both"),
    "builder.key": ("保存する名前（半角英数）", "Key (a-z 0-9 _ -)"),
    "builder.name": ("画面での名前", "Its name on the screens"),
    "builder.save": ("保存する", "Save"),
    "builder.saved": (
        "「{title}」を第{n}版として保存しました。",
        "Saved “{title}” as version {n}.",
    ),
    "builder.refused": ("保存できません: {why}", "It cannot be saved: {why}"),
    "empty.segments": ("セグメントがまだありません。", "There are no segments yet."),
    "empty.segments.why": (
        "このショップの集計が、セグメントを含んでいません。",
        "The published file of this shop holds none.",
    ),
    "empty.segments.cure": ("`okaeri run` を実行してください。", "Run `okaeri run`."),
}
