"""Every sentence of `init` and `check`, one Japanese and English pair each.

Long because it is the list of them.
"""

# ruff: noqa: E501 - a pair reads best when each language stays on one line.

from typing import Final

PAIRS: Final[dict[str, tuple[str, str]]] = {
    # --- init: files ----------------------------------------------------------------------------
    "looking": ("{folder} のファイルを確認します", "Looking at the files in {folder}"),
    "file_known": (
        "{file} → {title}（{encoding}、{rows}行）{matched}/{headers}列",
        "{file} → {title} ({encoding}, {rows} rows) {matched}/{headers} columns",
    ),
    "file_unknown": (
        "{file} → 対応する形式が見つかりません",
        "{file} → no mapping fits",
    ),
    "file_unknown_cure": (
        "docs/mappings.md を見て対応表（YAML）を1つ書くと取り込めます",
        "one mapping file (YAML) takes it in, see docs/mappings.md",
    ),
    "file_refused": ("{file} → 読めません: {reason}", "{file} → cannot be read: {reason}"),
    "no_folder": (
        "{folder} というフォルダーがありません。ショップのCSVを入れたフォルダーを指定してください",
        "There is no folder {folder}. Give the folder your shop's exports lie in",
    ),
    "no_files": (
        "{folder} に使えるファイルがありません。受注CSV・会員CSV・配信レポートを置いて、もう一度実行してください",
        "No usable file in {folder}. Put an order CSV, a member CSV or a mail report there and run it again",
    ),
    "exists": (
        "{file} はすでにあります。上書きはしません。名前を変えるか消してから、もう一度実行してください",
        "{file} is already there and is never overwritten. Rename or delete it and run it again",
    ),
    "cannot_write": (
        "{file} に書けません（{reason}）。書き込めるフォルダにファイルを移して、もう一度実行してください",
        "{file} cannot be written ({reason}). Move the files to a folder you may write to and run it again",
    ),
    # --- init: questions ------------------------------------------------------------------------
    "ask_name": ("お店の名前", "Name of the shop"),
    "ask_id": (
        "お店のID（半角小文字・数字・-。あとで変えません）",
        "Id of the shop (a-z 0-9 -; never changed later)",
    ),
    "ask_sender_name": ("メールの送信者名（空欄可）", "Sender's name in mails (may stay empty)"),
    "ask_sender_address": ("送信者の住所（空欄可）", "Sender's postal address (may stay empty)"),
    "ask_stop_url": (
        "配信停止ページのURL（空欄可）",
        "Page where readers stop the mails, URL (may stay empty)",
    ),
    "ask_contact": (
        "問い合わせ先（メール・電話・URL、空欄可）",
        "Contact for complaints (mail, phone or URL; may stay empty)",
    ),
    "ask_shop_mails": (
        "カートのシステムは、すでにカゴ落ちメールを送っていますか（y/n）",
        "Does the shop system itself already send cart mails? (y/n)",
    ),
    "ask_holdout": (
        "効果を測るために送らない人の割合（0〜50、%）",
        "Share of people held back to measure the effect (0 to 50, %)",
    ),
    "answer_wrong": ("使えない値です: {reason}", "This cannot be used: {reason}"),
    "wrong_id": (
        "1〜63文字の半角小文字・数字・_ -。先頭は文字か数字。demo は使えません",
        "1 to 63 of a-z 0-9 _ -, first a letter or digit; not demo",
    ),
    "wrong_url": ("https:// で始まるURL", "an address that begins with https://"),
    "wrong_yes_no": ("y か n", "y or n"),
    "wrong_percent": ("0から50の整数", "a whole number from 0 to 50"),
    "wrong_empty": ("空にはできません", "it may not be empty"),
    # --- init: planner --------------------------------------------------------------------------
    "plan_head": (
        "送らないグループの見積もり: 月{people}人、購入率 {rate}% とすると",
        "Held-out group, estimated: {people} people a month, {rate} % of them order",
    ),
    "plan_row": (
        "  {share}%に送らない場合、{months}か月で見分けられる最小の差: {difference}ポイント",
        "  {share} % held back: the smallest difference seen in {months} months is {difference} points",
    ),
    "plan_no": (
        "この件数では効果を測れません。送らないグループは作らず、全員に送るのが妥当です",
        "Too few people to measure the effect: send to everybody, hold nobody back",
    ),
    "plan_yes": (
        "差が {difference}ポイント以上あるなら、{share}%に送らずに確かめられます。既定は全員に送ります",
        "An effect of {difference} points or more can be measured by holding back {share} %. By default everybody is written to",
    ),
    "plan_unknown": (
        "件数がまだ分からないため、見積もりはできません。既定は全員に送ります",
        "The files do not say how many people there are; by default everybody is written to",
    ),
    # --- check: the shop's own plan, once there is one ---------------------------------------------
    "trial_yes": (
        "効果の検証: {share}%に送らなければ、{months}か月で{difference}ポイントの差を見分けられます。既定は全員に送ります",
        "Measuring the effect: {share} % held back show a difference of {difference} points in {months} months (rpt_experiment_plan). By default everybody is written to",
    ),
    "trial_no": (
        "効果の検証: この件数では{months}か月で{share}%に送らなくても{difference}ポイント未満の差は見えません。全員に送るのが妥当です",
        "Measuring the effect: even {share} % held back for {months} months show nothing below {difference} points. Write to everybody (rpt_experiment_plan)",
    ),
    # --- init: result ---------------------------------------------------------------------------
    "written": ("書きました: {file}", "Written: {file}"),
    "secret": (
        "秘密鍵: {file}（このPCの利用者だけが読めます）。控えを安全な場所に保管してください。失うと、だれに送ったか分からなくなります",
        "Secret key: {file} (readable by this user alone). Keep a copy in a safe place: without it nobody knows any more who was written to",
    ),
    "still_empty": (
        "まだ空です: {keys}。送信者情報がそろうまで、配信リストは書き出せません",
        "Still empty: {keys}. No list leaves before the sender profile is complete",
    ),
    # --- check ----------------------------------------------------------------------------------
    "check_title": ("{name} の確認", "Check of {name}"),
    "source_title": ("{source}: {title}", "{source}: {title}"),
    "no_match": (
        "「{files}」に合うファイルがありません。{folder} に置くか、files を直してください",
        "No file matches {files}. Put one into {folder} or correct `files`",
    ),
    "file_line": (
        "{file}（{encoding}、{rows}行）{matched}/{headers}列",
        "{file} ({encoding}, {rows} rows) {matched}/{headers} columns",
    ),
    "not_used": ("使わない列: {names}", "Columns not used: {names}"),
    "not_found": ("見つからない列: {names}", "Columns not found: {names}"),
    "taken": (
        "{table}: 読んだ行 {read} = 採用 {taken} + 除外 {rejected} + 重複 {duplicates}",
        "{table}: {read} rows read = {taken} taken + {rejected} rejected + {duplicates} duplicates",
    ),
    "rejected_title": ("{file} の取り込めなかった行", "Rejected rows of {file}"),
    "rejected_more": ("ほか {count}行", "{count} more"),
    "col_table": ("表", "Table"),
    "col_row": ("行", "Row"),
    "col_column": ("列", "Column"),
    "col_reason": ("理由", "Reason"),
    "col_value": ("値", "Value"),
    "preview_title": ("{table} の先頭10行（個人情報は伏せています）", "First 10 rows of {table} (masked)"),
    "months_title": (
        "月ごとの受注、{currency}（管理画面の数字と同じですか）",
        "Orders per month, {currency} (are they the numbers of the shop's own screen?)",
    ),
    "col_month": ("月", "Month"),
    "col_orders": ("受注件数", "Orders"),
    "col_goods": ("商品金額", "Merchandise"),
    "col_total": ("合計金額", "Total"),
    "col_refunded": ("うち返金", "Refunded of it"),
    "col_not_sales": ("売上でない受注", "Not sales"),
    "months_note": (
        "合わないときは、キャンセル・テスト注文・送料・ポイント・税の扱いと、ファイルの期間を確かめてください",
        "If they differ: look at cancelled and test orders, shipping, points, tax, and the period of the files",
    ),
    "unknown_amounts": (
        "金額が空の受注: {count}件",
        "Orders without an amount: {count}",
    ),
    "unmapped": (
        "{source} の受注状態「{status}」（{count}件）の意味が決まっていません。shop.yml の order_status_map に書いてください",
        "The meaning of order status {status} of {source} ({count} orders) is open: add it to order_status_map in shop.yml",
    ),
    "breach_whole": (
        "{file}: {table} はこのままでは全体が取り込まれません（{rows}行が該当）: {description}",
        "{file}: nothing of {table} would be taken in ({rows} rows at fault): {description}",
    ),
    "breach_rows": (
        "{file}: {table} の {rows}行は取り込まれません: {description}",
        "{file}: {rows} rows of {table} would be left out: {description}",
    ),
    "no_rows": (
        "{file}: {of_rows}行ありますが、{table} に入る行がありません。対応表の絞り込み、行の形、見出しを確かめてください",
        "{file}: {of_rows} rows, but none for {table}: look at `where`, `shape` and the header names of the mapping",
    ),
    "mostly_rejected": (
        "{file}: {table} の {of_rows}行のうち {rows}行が除外されます（{column}: {reason}）",
        "{file}: {rows} of {of_rows} rows of {table} are rejected ({column}: {reason})",
    ),
    "mostly_unmapped": (
        "{file}: {table} の {column} は {of_rows}件のうち {rows}件が対応表にない値です",
        "{file}: the lookup of {table}.{column} does not know {rows} of {of_rows} cells",
    ),
    "rejects_found": ("取り込めない行が {count}行あります", "{count} rows cannot be taken in"),
    "sender_lacks": (
        "送信者情報が足りません: {keys}。そろうまで配信リストは書き出せません",
        "The sender profile lacks {keys}: no list leaves before it is complete",
    ),
    "no_sources": (
        "shop.yml に sources がありません。okaeri init が下書きを作ります",
        "shop.yml names no sources; okaeri init drafts them",
    ),
    "pages_title": ("画面に出るもの・足りないもの", "What the pages will show and lack"),
    "col_page": ("画面", "Page"),
    "col_figure": ("内容", "Content"),
    "col_state": ("状態", "State"),
    "col_since": ("いつから", "From"),
    "col_note": ("補足", "Note"),
    "state_shown": ("✓ 出ます", "✓ shown"),
    "state_partial": ("△ 一部", "△ in part"),
    "state_lacking": ("— 出ません", "— lacking"),
    "problems_none": (
        "問題はありません。次: okaeri run --shop {file}",
        "Nothing is wrong. Next: okaeri run --shop {file}",
    ),
    "problems_errors": (
        "直すところ: {count}件",
        "To be corrected: {count}",
    ),
    "mark_error": ("✗", "✗"),
    "mark_warning": ("!", "!"),
    # --- pages and figures ----------------------------------------------------------------------
    "overview": ("概況", "Overview"),
    "cart_recovery": ("カゴ落ち", "Cart recovery"),
    "retention": ("リピート", "Retention"),
    "cohorts": ("コホート", "Cohorts"),
    "customers": ("顧客", "Customers"),
    "merchandising": ("商品", "Merchandising"),
    "exports": ("配信リスト", "Exports"),
    "experiments": ("効果検証", "Experiments"),
    "figure_months": ("受注件数と金額", "orders and revenue"),
    "figure_abandonment": ("カゴ落ち率と行き先", "abandonment rate, what became of carts"),
    "figure_results": ("成果表", "recovery table"),
    "figure_time_to_order": ("購入までの時間、自動開封", "time to order, machine opens"),
    "figure_repeat": ("F2転換率、購入間隔", "repeat rates, intervals"),
    "figure_cohorts": ("コホート", "cohorts"),
    "figure_rfm": ("RFM、休眠", "RFM, dormant customers"),
    "figure_motivation": ("購入意欲スコア", "motivation score"),
    "figure_products": ("商品別の受注", "orders by product"),
    "figure_mailable": ("配信可能人数", "mailable persons"),
    "figure_incremental": ("純増", "incremental orders"),
    "note_partial": ("一部だけ分かります", "known in part"),
    "note_snapshots": (
        "最初の記録から数え始め、7日後に落ち着きます",
        "counted from the first snapshot, settled after 7 days",
    ),
    "note_totals": (
        "メール配信ツールの集計値。レポート検算つき",
        "the mailer's own totals, audited",
    ),
    "note_no_consent": (
        "同意データがないため、0人になります",
        "0 persons while there is no consent data",
    ),
    "note_no_holdout": (
        "送らないグループがないため、測れません",
        "not measured: nobody is held out",
    ),
    "note_holdout_runs": (
        "配信を始めてから数か月かかります",
        "takes months from the first mail on",
    ),
    "cure_months": ("受注CSVを置いてください", "add an order CSV"),
    "cure_repeat": ("受注CSVを置いてください", "add an order CSV"),
    "cure_cohorts": ("受注CSVを置いてください", "add an order CSV"),
    "cure_rfm": ("受注CSVを置いてください", "add an order CSV"),
    "cure_products": ("明細つきの受注CSVを置いてください", "add an order CSV with its items"),
    "cure_abandonment": (
        "受注だけでは計算できません。カートの記録（DB、API、GA4）が必要です",
        "orders alone cannot give it: add carts (database, API, GA4)",
    ),
    "cure_results": (
        "メール配信ツールのレポートCSVを置いてください",
        "add the mailer's report CSV",
    ),
    "cure_time_to_order": (
        "1人ごとの開封・クリックの記録が必要です",
        "add opens and clicks per person",
    ),
    "cure_motivation": ("サイトの行動履歴（GA4など）が必要です", "add site events (GA4 …)"),
    "cure_mailable": (
        "会員CSVと、メルマガの同意が分かる列またはCSVを置いてください",
        "add a member CSV and a column or CSV that says who consented",
    ),
    "cure_incremental": (
        "shop.yml の arms に is_holdout を加えると測れます",
        "an arm with is_holdout in shop.yml measures it",
    ),
    # --- comments of the shop.yml that init writes ----------------------------------------------
    "yml_head": (
        "おかえりの設定。書き方の一覧: docs/shop.schema.json。確認: okaeri check",
        "Settings of Okaeri. Every key: docs/shop.schema.json. To check: okaeri check",
    ),
    "yml_id": ("データのフォルダ名になります。あとで変えません", "Folder of the data; never changed later"),
    "yml_guess": ("推定した値です。確かめてください", "A guess: please check"),
    "yml_measure": (
        "売上に数える金額: goods（商品、既定）/ total（合計）/ paid（支払合計）",
        "What counts as revenue: goods (merchandise, default) / total / paid",
    ),
    "yml_sender": (
        "法律で必要な表示。空のままでは配信リストを書き出せません",
        "The law wants these in each mail; no list leaves while one is empty",
    ),
    "yml_sources": (
        "ファイルの場所（このファイルから見た場所）と対応表",
        "Where the files lie (seen from here) and which mapping reads them",
    ),
    "yml_file": ("{file}: {rows}行、{matched}/{headers}列", "{file}: {rows} rows, {matched}/{headers} columns"),
    "yml_unknown": ("対応表がないファイル: {file}", "No mapping fits: {file}"),
    "yml_statuses": (
        "受注状態の意味。対応表の既定を上書きします",
        "What order statuses mean; beats the mapping's own rows",
    ),
    "yml_open_status": (
        "意味の分からない状態が {count}件あります。state と is_sale を決めて # を外してください",
        "{count} orders have this status; decide state and is_sale, then remove the #",
    ),
    "yml_excluded": (
        "自社・テスト用のアドレスやドメイン（集計から除きます）",
        "Own and test addresses or domains (left out everywhere)",
    ),
    "yml_campaigns": (
        "施策。変えるときは version を上げた新しい行にします",
        "Campaigns. A changed one is a new row with a higher version",
    ),
    "yml_off": (
        "カートのシステムが送っているため止めてあります（二重送信の防止）。そちらを止めてから true に",
        "Off, because the shop system sends its own (nobody gets two). Stop that first, then true",
    ),
    "yml_by_hand": (
        "毎朝10時に試算だけを作ります。内容を見てから承認すると書き出します",
        "look at the morning's plan, then okaeri exports release; true: it leaves by itself",
    ),
    "yml_holdout": (
        "share_bp は 100 で 1%。合計 10000",
        "share_bp: 100 is 1 %; together 10000",
    ),
    "yml_caps": ("1人あたりの通数の上限", "No more messages per person than this"),
    "yml_quiet": ("この時間帯は書き出さず、あとに回します", "Nothing leaves in these hours; it waits"),
    "yml_destinations": (
        "書き出し先。country・contract（委託 / 第三者提供）・basis がそろうまで送れません",
        "Where lists go; nothing is sent before country, contract (entrustment / third_party) and basis are there",
    ),
    # --- audit -----------------------------------------------------------------------------------
    "audit_kind": ("種類: {title}", "Kind: {title}"),
    "audit_other_kind": (
        "見出しは「{kinds}」のものです。--kind で指定してください",
        "The headers are those of {kinds}: name it with --kind",
    ),
    "audit_refused": ("読めません: {reason}", "Cannot be read: {reason}"),
    "audit_unknown": (
        "配信レポートの見出しがありません。--kind で種類を指定してください: {kinds}",
        "No headers of a mail report: name its kind with --kind, one of {kinds}",
    ),
    "audit_rows": (
        "読んだ行 {read} = 取り込む {taken} + 除外 {left} + 既知 {known}",
        "{read} rows read = {taken} to be taken in + {left} left out + {known} known",
    ),
    "audit_first_run": (
        "率と件数の検算は、最初の集計（okaeri run）のあとにできます",
        "Rates and counts are held to each other after the first `okaeri run`",
    ),
    "audit_broken": (
        "! {label}: {figure}（{told}）",
        "! {label}: {figure} ({told})",
    ),
    "audit_holds": (
        "✓ 件数も率も、つじつまが合っています",
        "✓ all counts and rates hold together",
    ),
    "audit_unused": (
        "新しいレポートがあるため使われない行: {names}",
        "Lines no figure would rest on, for a newer report is known: {names}",
    ),
    "yml_people": (
        "だれが画面を見られるか。このPCだけで使うなら不要です。ほかのPCから開くときは # を外して書きます（設定方法は docs/access.md）",
        "Who may open the pages. Not needed on this machine alone; to open them from others, take the # away (docs/access.md says how people log in)",
    ),
    "yml_role_viewer": ("数字を見る", "sees the figures"),
    "yml_role_exporter": (
        "個人も見て、配信リストを書き出す",
        "also sees single people and hands lists over",
    ),
    "yml_role_admin": ("だれがだれを見たかも見る", "also sees who looked at whom"),
    "yml_thresholds": ("数え方の数字（既定値と違うものだけ書きます）", "Numbers of the definitions (only where they differ)"),
}  # fmt: skip


# Why a row stays out, by the code that landing books. What is not here says itself.
REASONS: Final[dict[str, tuple[str, str]]] = {
    "bad_boolean": ("はい・いいえとして読めません", "not readable as yes or no"),
    "bad_date": ("日付・時刻として読めません", "not readable as a date or time"),
    "bad_json": ("JSONとして読めません", "not readable as JSON"),
    "bad_number": ("数字として読めません", "not readable as a number"),
    "bad_value": ("形式が違います", "not of the expected form"),
    "dst_fold": ("夏時間の終わりで時刻が2通りに読めます", "an hour that the clocks strike twice"),
    "dst_gap": ("夏時間の始まりで存在しない時刻です", "an hour that the clocks skip"),
    "key_conflict": ("同じIDで内容の違う行があります", "the same id stands there with other content"),
    "missing_required": ("必要な値が空です", "a required value is empty"),
    "no_final_newline": (
        "最後の行に改行がなく、途中で切れたのかもしれません",
        "the last line has no line end: it may be cut off",
    ),
    "ragged_row": ("列の数が見出しと違います", "not as many cells as headers"),
    "truncated_row": ("行が途中で切れています", "the row is cut off"),
    "unknown_enum": ("対応表にない値です", "a value the mapping does not know"),
    "no_exchange_rate": (
        "為替レートがありません（shop.yml の exchange_rates）",
        "no exchange rate (exchange_rates in shop.yml)",
    ),
}  # fmt: skip


def reason(code: str, language: str, otherwise: str = "") -> str:
    """Why a row stays out; `otherwise`, else the code, where no sentence is known."""
    japanese, english = REASONS.get(code, (otherwise or code, otherwise or code))
    return japanese if language == "ja" else english


def say(key: str, language: str, **values: object) -> str:
    """The sentence in `ja` or `en`. Raises KeyError where there is none."""
    japanese, english = PAIRS[key]
    return (japanese if language == "ja" else english).format(**values)
