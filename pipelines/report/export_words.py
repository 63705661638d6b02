"""Words of an export, as Japanese and English: why somebody is not in the file, and its states."""

from typing import Final

from pipelines.report.words import Texts

TEXTS: Final[Texts] = {
    "export": ("書き出し: {state}", "Export: {state}"),
    "file": ("{rows}人（{state}）", "{rows} persons ({state})"),
    "dry_run": ("試算だけです。ファイルも台帳も書いていません。書き出すには --send を付けます。",
                "A dry run: no file and no ledger row was written. Add --send to hand over."),
    "import": ("次: {hint}", "Next: {hint}"),
    "not_before": ("{at} 以降に書き出します。", "It leaves at {at} or later."),
    "nobody": ("対象は0人です。", "Nobody is due."),
    "none": ("まだ何もありません。", "Nothing yet."),
    "sample": ("例（伏せ字）", "Sample (masked)"),
    "difference": ("前回との差: 追加{added}人 · 続けて{again}人 · 除外{left}人（前回{in_last}人）",
                   "Against the last hand-off: {added} added · {again} again · {left} left (of {in_last} then)"),
    "coupons": ("クーポン {pool}: {needed}枚必要 · 残り{left}枚 · {withheld}人は今回なし",
                "Coupons {pool}: {needed} needed · {left} left · none for {withheld} this time"),
    "coupons_imported": ("{pool}: {new}枚を追加（{known}枚は登録済み）。", "{pool}: {new} codes added ({known} were known)."),
    "pool": ("{pool}: 残り{left}枚 · 配布済み{given}枚 · 期限切れ{expired}枚", "{pool}: {left} left · {given} given · {expired} expired"),
    "resolve": ("届いたか確かめてから: okaeri exports hold {batch} delivered（または not-delivered）",
                "Find out whether it left, then: okaeri exports hold {batch} delivered (or not-delivered)"),
    "approve": ("別の担当者が: okaeri exports release {request}", "Somebody else types: okaeri exports release {request}"),
    "release_plan": ("内容がよければ: okaeri exports release {request}", "If it is right: okaeri exports release {request}"),
    "cancelled_request": ("{request} を取り消しました。", "{request} is cancelled."),
    "rechecked": ("{persons}人のうち{dropped}人には送らないでください。", "Of {persons} persons {dropped} must not be written to."),
    "recheck_more": ("… 全員は --out FILE で書き出せます。", "… all of them: --out FILE"),
    "typed": ("{batch} の結果を受け付けました。次の okaeri run で反映します。", "Totals of {batch} are noted; the next okaeri run takes them over."),
    "disclosed": ("{persons}人 → {destination}", "{persons} persons → {destination}"),
    "entrustment": ("委託", "entrustment"),
    "third_party": ("第三者提供", "third party"),
    "event": ("{at} {actor}（{role}, {origin}）: {event}", "{at} {actor} ({role}, {origin}): {event}"),
    "encoding": ("文字コード: {encoding}", "Encoding: {encoding}"),
    "results": ("結果ファイルの置き場所: {place}（合計だけなら okaeri exports totals）",
                "Drop its report here: {place} (only totals? okaeri exports totals)"),
    "adopted": ("台帳を引き継ぎました。書き出し済みに加えた便: {count}", "The ledger is adopted. Batches that now count as handed over: {count}"),
    "suppressed": ("今後は送りません（{channels}経路に追加）。", "Not written to any more ({channels} channels added)."),
    "rerendered": ("同じ内容をもう一度書きました: {path}", "Written once more, byte for byte: {path}"),
    "asked_at": ("依頼", "Asked"),
    "request": ("依頼ID", "Request"),
    "segment": ("セグメント", "Segment"),
    "destination": ("宛先", "To"),
    "state": ("状態", "State"),
    "rows": ("人数", "Persons"),
    "program": ("施策/通/経路", "Campaign/step/channel"),
    "members": ("対象", "Members"),
    "contactable": ("配信可能", "Contactable"),
    "not_published": ("このセグメントはありません", "there is no such segment"),
    "reasons": ("内訳", "What becomes of them"),
    "dry": ("試算", "dry run"),
}  # fmt: skip

STATES: Final[Texts] = {
    "asked": ("依頼", "asked"),
    "released": ("承認", "released"),
    "open": ("受付", "open"),
    "running": ("実行中", "running"),
    "planned": ("試算済み", "planned"),
    "deferred": ("夜間のため延期", "deferred"),
    "waiting_for_approval": ("承認待ち", "to be approved"),
    "hold": ("確認待ち", "on hold"),
    "failed": ("失敗", "failed"),
    "done": ("完了", "done"),
    "cancelled": ("取り消し", "cancelled"),
    "CLAIMED": ("準備中", "claimed"),
    "SEALED": ("準備済み", "sealed"),
    "HANDING_OFF": ("引き渡し中", "handing off"),
    "DELIVERED": ("引き渡し済み", "handed over"),
    "ACKED": ("結果あり", "results are in"),
    "HOLD": ("確認待ち", "on hold"),
    "VOID": ("取り消し", "void"),
    "EXPIRED": ("期限切れ", "expired"),
}  # fmt: skip

REASONS: Final[Texts] = {
    "handed_over": ("書き出し", "handed over"),
    "held_out": ("送らないグループ", "held out"),
    "not_due": ("まだ時期ではない", "not due yet"),
    "erased": ("個人データ削除済み", "erased"),
    "no_address": ("アドレスなし", "no address"),
    "no_consent": ("同意なし", "no consent"),
    "profiling_opt_out": ("行動履歴の利用停止", "profiling opt-out"),
    "unsubscribed": ("配信停止", "unsubscribed"),
    "complaint": ("迷惑メール報告", "complaint"),
    "hard_bounce": ("宛先不明", "hard bounce"),
    "manual_block": ("手動で除外", "manual block"),
    "open_inquiry": ("問い合わせ対応中", "open inquiry"),
    "ordered_since": ("購入済み", "ordered since"),
    "cart_emptied": ("カートが空", "cart emptied"),
    "goods_gone": ("販売終了", "goods gone"),
    "no_content": ("載せる商品なし", "no content"),
    "shop_mailed": ("カート側で送信済み", "shop system mailed"),
    "superseded": ("別のメールを優先", "superseded"),
    "already_handed_over": ("書き出し済み", "already handed over"),
    "cool_down": ("同じ施策の間隔", "cool-down"),
    "frequency_cap": ("通数の上限", "frequency cap"),
    "quiet_hours": ("夜間のため延期", "quiet hours"),
    "stale": ("期限切れ", "stale"),
    "address_refused": ("配信ツールが受け付けないアドレス", "address the mailer refuses"),
    "no_member_id": ("会員ではない", "no account"),
    "value_missing": ("必須の項目が空", "a required value is missing"),
    "unencodable": ("文字コードで表せない", "unencodable"),
    "too_long": ("長すぎて書けない", "too long for the file"),
    "unwritable": ("ファイルに書けない文字がある", "a character the file cannot carry"),
}  # fmt: skip


def tell(key: str, language: str, **values: object) -> str:
    """One text of an export in the reader's language; a key without a text stands for itself."""
    texts = {**REASONS, **STATES, **TEXTS}
    if key not in texts:
        return key
    ja, en = texts[key]
    return (ja if language == "ja" else en).format(**values)
