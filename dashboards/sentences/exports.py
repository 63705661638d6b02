"""What the exports page says."""

from collections.abc import Mapping
from typing import Final

PAIRS: Final[Mapping[str, tuple[str, str]]] = {
    "page.exports": ("配信リスト", "Exports"),
    "exports.sentence": (
        "今日の配信リストは{lists}です: {people}。",
        "Due today: {lists} — {people}.",
    ),
    "exports.sentence.none": (
        "今日の配信リストはありません。",
        "No list is due today.",
    ),
    "exports.card.due": ("今日の配信リスト", "Due today"),
    "exports.viewer": (
        "事前確認と書き出しは、書き出し担当だけができます。",
        "Only an exporter may plan and release.",
    ),
    "exports.ask": ("確認する", "Check a list"),
    "exports.ask.list": ("リスト", "List"),
    "exports.ask.place": ("配信先", "Destination"),
    "exports.ask.button": ("事前確認（書き出さない）", "Dry run"),
    "exports.history": ("依頼と結果", "Requests"),
    "exports.choose": ("依頼", "Request"),
    "exports.line": ("{list} → {place}・{state}（{at}）", "{list} → {place} · {state} ({at})"),
    "exports.state": ("状態: {state}", "State: {state}"),
    "exports.waiting": (
        "`okaeri up` が動いていれば、まもなく処理されます。",
        "It will be carried out shortly, while `okaeri up` runs.",
    ),
    "exports.place": (
        "配信先: {place}（国 {country}、{contract}、根拠: {basis}）",
        "Destination: {place} (country {country}, {contract}, basis: {basis})",
    ),
    "exports.place.gone": (
        "配信先 {place} は設定にありません。",
        "Destination {place} is not in the settings.",
    ),
    "contract.entrustment": ("委託", "entrustment"),
    "contract.third_party": ("第三者提供", "third party"),
    "exports.sender": ("送信者情報: {name}、{address}", "Sender: {name}, {address}"),
    "exports.sender.lacks": (
        "! 送信者情報が足りません: {keys}。`shop.yml` に書いてください。",
        "! The sender profile lacks {keys}. Add it to `shop.yml`.",
    ),
    "exports.plan": ("対象と除外の内訳: {program}", "Who, and why not the others: {program}"),
    "exports.plan.reason": ("内訳", "Reason"),
    "exports.plan.people": ("人数", "People"),
    "exports.plan.nobody": (
        "今日の対象は0人です。内訳は次のとおりです。",
        "Nobody today, for these reasons.",
    ),
    "exports.would": ("書き出す人", "would be handed over"),
    "exports.handed_over": ("書き出した人", "handed over"),
    "exports.not_due": ("まだ時間前", "not due yet"),
    "exports.difference": ("前回の書き出しとの差: {changes}", "Against the last file: {changes}"),
    "exports.difference.added": ("追加 {n}人", "{n} added"),
    "exports.difference.again": ("前回も {n}人", "{n} again"),
    "exports.difference.left": ("除外 {n}人", "{n} left"),
    "exports.sample": ("10人分の見本（伏せ字）", "Ten rows, masked"),
    "exports.sample.email": ("アドレス", "Address"),
    "exports.sample.arm": ("パターン", "Pattern"),
    "exports.sample.item": ("1つ目の商品", "First product"),
    "exports.release": ("書き出しを承認", "Release"),
    "exports.release.second": (
        "この人数では、依頼した人とは別の、ログインした人の承認が必要です。",
        "So many people need the release of a second person who is logged in.",
    ),
    "exports.cancel": ("取り消す", "Cancel"),
    "exports.file": ("受け渡しフォルダのファイル: {program}", "File in the outbox: {program}"),
    "exports.file.note": (
        "{people}。ファイルの照合値: {sha256}",
        "{people}. Checksum: {sha256}",
    ),
    "exports.file.next": (
        "次にすること: このファイルを配信ツールに取り込みます。停止した人を復活させない取り込み方で、宛先の列を合わせてください。結果のCSVは、届いたら結果フォルダに入れます。",
        "Next: import this file in your mailer, in the mode that does not revive unsubscribed people. Put its result CSV into the results folder.",
    ),
    "exports.events": ("だれがいつ何をしたか", "Who did what, and when"),
    "exports.events.at": ("日時", "When"),
    "exports.events.what": ("操作", "What"),
    "exports.events.who": ("人", "Who"),
    "exports.events.role": ("権限", "Role"),
    "exports.event.asked": ("依頼", "asked"),
    "exports.event.running": ("処理開始", "started"),
    "exports.event.planned": ("事前確認済み", "planned"),
    "exports.event.done": ("書き出し済み", "handed over"),
    "exports.event.released": ("承認", "released"),
    "exports.event.cancelled": ("取り消し", "cancelled"),
    "exports.event.failed": ("失敗", "failed"),
    "exports.event.waiting_for_approval": ("承認待ち", "waits for a release"),
    "empty.destinations": ("配信先がまだありません。", "There is no destination yet."),
    "empty.destinations.why": (
        "`shop.yml` の `destinations` に、メール配信ツールが書かれていません。",
        "No mailer stands under `destinations` in `shop.yml`.",
    ),
    "empty.destinations.cure": (
        "`destinations` に1行加え、`okaeri check` で確認してください。",
        "Add one under `destinations`, then `okaeri check`.",
    ),
}
