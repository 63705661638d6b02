"""Every word the terminal report prints, as Japanese and English."""

Texts = dict[str, tuple[str, str]]

TEXTS: Texts = {
    "recovery": ("成果表（送信月: {period}）", "Recovery (by month of sending: {period})"),
    "figure": ("", ""),
    "step": ("{n}通目", "Mail {n}"),
    "total": ("合計", "Total"),
    "totals_only": ("メール配信ツールの集計値", "totals of the mailer"),
    "sent": ("送信", "Sent"),
    "delivered": ("到達", "Delivered"),
    "openers": ("開封", "Opens"),
    "clickers": ("クリック", "Clicks"),
    "orderers": ("購入者", "Orderers"),
    "amount": ("受注金額（円）", "Recovered merchandise"),
    "spend": ("客単価", "Spend per orderer"),
    "median": ("客単価 中央値", "Median spend"),
    "trimmed": ("客単価 外れ値を除く", "Spend without outliers"),
    "waterfall": ("カゴ落ちの行き先（カゴ落ち月: {period}）", "What became of every abandoned cart ({period})"),
    "state": ("行き先", "Outcome"),
    "carts": ("件", "Carts"),
    "ordered": ("うち購入", "Of which ordered"),
    "cohort": ("コホート（累積: その月までに2回目を購入）", "Cohorts (cumulative: ordered again by month N)"),
    "cohort_month": ("初回購入月", "First order"),
    "persons": ("人数", "Persons"),
    "audit": ("レポート検算: 合わない数字", "Report audit: figures that do not add up"),
    "export": ("書き出し: {state}", "Export: {state}"),
    "file": ("{rows}人（{state}）", "{rows} persons ({state})"),
    "next": ("次: .venv/bin/okaeri init ~/shop   （ご自分の受注・会員ファイルで）",
             "Next: .venv/bin/okaeri init ~/shop   (with your own order and member files)"),
    "failed": ("確認に失敗したため、前回の数字を出したままにしています:", "A check failed; the last good numbers stay published:"),
    "seconds": ("{seconds:.0f}秒", "{seconds:.0f} s"),
    "no_messages": ("メールの成果はまだありません（配信結果か配信ツールの集計ファイルが必要）。",
                    "No mail results yet (needs mail events or the mailer's report file)."),
    "no_carts": ("カートの履歴がまだありません。受注だけでカゴ落ち率は計算できません。記録を始めると7日後に最初の数字が出ます。",
                 "No cart history yet. Orders alone cannot give an abandonment rate; the first figures come 7 days after recording starts."),
    "up": ("http://127.0.0.1:{port}（このPCだけ・ログインなし・権限: 書き出し担当）· {shop} · Dagster http://127.0.0.1:{dagster} · 終了は Ctrl-C",
           "http://127.0.0.1:{port} (this machine only, no login, role: exporter) · {shop} · Dagster http://127.0.0.1:{dagster} · Ctrl-C ends it"),
    "repeat": ("F2転換率", "F2 rate"),
    "within": ("{days}日以内: {rate}", "within {days} days: {rate}"),
    "all": ("全期間", "all months"),
    "months": ("直近{n}か月", "last {n} months"),
}  # fmt: skip

STATES: Texts = {
    "not_identified": ("だれか不明（未ログイン）", "not identified"),
    "no_address": ("アドレスなし", "no address"),
    "no_consent": ("配信同意なし", "no consent"),
    "suppressed": ("配信停止・エラーなど", "suppressed"),
    "no_campaign": ("その時期の施策なし", "no campaign ran"),
    "self_ordered_before_step_1": ("1通目の前に購入", "bought before mail 1"),
    "emptied_before_step_1": ("1通目の前にカートを空にした", "emptied before mail 1"),
    "gated": ("直前チェックで除外", "stopped at hand-off"),
    "held_out": ("送らないグループ", "held out"),
    "not_delivered": ("届かなかった", "not delivered"),
    "recovered": ("メール経由で購入", "recovered"),
    "self_ordered_later": ("クリックなしで購入", "bought without a click"),
    "open": ("判定待ち", "still open"),
    "emptied_later": ("カートを空にした", "emptied"),
    "lost": ("未購入", "not bought"),
}


def say(key: str, language: str, **values: object) -> str:
    """One text in the reader's language."""
    ja, en = {**STATES, **TEXTS}[key]
    return (ja if language == "ja" else en).format(**values)
