"""Every word the screens say, Japanese and English side by side, and every way they write a number.

Long on purpose: a sentence and its translation stand on one line, and nothing else may speak. Times
are turned from UTC to the shop's zone here and nowhere else. `words("cart.waterfall")` reads one.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_symbol

from dashboards.snapshot import Rate

Language = Literal["ja", "en"]
LANGUAGES: Final[Mapping[Language, str]] = {"ja": "日本語", "en": "English"}

# Latin that a Japanese sentence may hold: what the trade itself writes so, and our own names.
LATIN_IN_JAPANESE: Final = frozenset(
    {
        "CSV",
        "PDF",
        "URL",
        "SKU",
        "RFM",
        "LTV",
        "F1",
        "F2",
        "F3",
        "F4",
        "F5",
        "A",
        "B",
        "CTR",
        "CTOR",
    }
    | {"LINE", "GA4", "Shopserve", "Okaeri", "okaeri"}
)

PAIRS: Final[Mapping[str, tuple[str, str]]] = {
    # Frame
    "app.language": ("表示言語", "Language"),
    "app.demo": ("デモデータ", "Demo data"),
    "app.fallback": (
        "最新の集計ファイルが壊れているため、一つ前の集計を表示しています。`okaeri run` をもう一度実行してください。",
        "The newest published file is damaged, so the one before it is shown. Run `okaeri run` again.",
    ),
    "app.role": ("権限: {role}", "Role: {role}"),
    "role.viewer": ("閲覧者", "viewer"),
    "role.exporter": ("書き出し担当", "exporter"),
    "role.admin": ("管理者", "admin"),
    "menu.daily": ("毎日", "Daily"),
    "menu.analysis": ("分析", "Analysis"),
    "page.overview": ("概況", "Overview"),
    "page.cart_recovery": ("カゴ落ち", "Cart recovery"),
    "page.cohorts": ("コホート", "Cohorts"),
    "status.as_of": ("{instant} 時点", "As of {instant}"),
    "status.late": ("{label} は {day} まで", "{label} only to {day}"),
    "source.orders": ("受注", "orders"),
    "source.carts": ("カート", "carts"),
    "source.mail": ("配信結果", "mail results"),
    "source.customers": ("会員", "members"),
    "download": ("⤓ この表をCSVで保存", "⤓ Save this table as CSV"),
    # Access
    "access.open_server": (
        "ログインなしで外部に公開されています。",
        "This server is open to the network without a login.",
    ),
    "access.open_server.why": (
        "ログインの設定がないときは、この端末だけで使えます。",
        "Without a login it may only answer on this machine.",
    ),
    "access.open_server.cure": (
        "`.streamlit/config.toml` の待ち受け先を `127.0.0.1` に戻すか、ログインを設定してください。",
        "Set the address in `.streamlit/config.toml` back to `127.0.0.1`, or set up a login.",
    ),
    "access.login": ("ログインが必要です。", "Please log in."),
    "access.login.why": (
        "この画面は、登録された人だけが見られます。",
        "Only registered people may see these pages.",
    ),
    "access.login.cure": ("下のボタンからログインしてください。", "Use the button below."),
    "access.login.button": ("ログイン", "Log in"),
    "access.no_role": ("権限がありません。", "You have no role here."),
    "access.no_role.why": (
        "ログインはできましたが、このアドレスに権限が割り当てられていません。",
        "You are logged in, but this address was given no role.",
    ),
    "access.no_role.cure": (
        "管理者に、設定ファイルの `access.roles` への追加を依頼してください。",
        "Ask the admin to add you to `access.roles` in the secrets.",
    ),
    # Empty states: what is missing, why, the one thing that fills it
    "empty.shop": ("表示するショップが決まっていません。", "No shop has been chosen."),
    "empty.shop.why": ("まだ一度も集計していないためです。", "Nothing has been run yet."),
    "empty.shop.cure": (
        "`okaeri run --demo` でデモが、`okaeri run --shop shop.yml` で自社のデータが表示されます。",
        "`okaeri run --demo` shows the demo, `okaeri run --shop shop.yml` your own data.",
    ),
    "empty.file": (
        "ショップの設定ファイルを読めません。",
        "The shop's settings file cannot be read.",
    ),
    "empty.file.cure": (
        "`okaeri check` が、行と直し方を示します。",
        "`okaeri check` names the line and the cure.",
    ),
    "empty.snapshot": ("集計結果がまだありません。", "No figures have been published yet."),
    "empty.snapshot.why": (
        "このショップの集計が、まだ最後まで終わっていないためです。",
        "No run of this shop has been completed.",
    ),
    "empty.snapshot.cure": ("`okaeri run` を実行してください。", "Run `okaeri run`."),
    "empty.damaged": ("集計ファイルが壊れています。", "The published files are damaged."),
    "empty.damaged.why": (
        "保存してある三つの版のどれも、書き出したときの内容と一致しません。",
        "None of the kept versions is what was written.",
    ),
    "empty.damaged.cure": (
        "`okaeri run` を実行すると作り直されます。",
        "`okaeri run` makes them again.",
    ),
    "empty.carts": ("カートの履歴がまだありません。", "There is no cart history yet."),
    "empty.carts.why": (
        "受注だけでカゴ落ち率は計算できません。記録を始めると7日後に最初の数字が出ます。",
        "Orders alone give no abandonment rate. The first figures come 7 days after recording starts.",
    ),
    "empty.carts.cure": (
        "カートの表か閲覧履歴を `shop.yml` の `sources` に加え、`okaeri check` で確認してください。",
        "Add a cart table or web events to `sources` in `shop.yml`, then `okaeri check`.",
    ),
    "empty.mail": ("メール配信の結果がまだありません。", "There are no mail results yet."),
    "empty.mail.why": (
        "送信・開封・クリックの記録が取り込まれていません。",
        "No sends, opens or clicks have been taken in.",
    ),
    "empty.mail.cure": (
        "メール配信ツールの結果CSVを `shop.yml` の `sources` に加えてください。",
        "Add the mailer's result CSV to `sources` in `shop.yml`.",
    ),
    "empty.cohorts": (
        "コホートを作れる受注がまだありません。",
        "There are no orders to form cohorts from.",
    ),
    "empty.cohorts.why": (
        "初回購入の月ごとに人を追うため、購入者のわかる受注が必要です。",
        "Cohorts follow people from their first order, so orders with a buyer are needed.",
    ),
    "empty.cohorts.cure": (
        "受注CSVを `shop.yml` の `sources` に加え、`okaeri run` を実行してください。",
        "Add an order CSV to `sources` in `shop.yml`, then `okaeri run`.",
    ),
    "empty.months": ("月ごとの集計がまだありません。", "There are no monthly figures yet."),
    "empty.months.why": ("受注が一件も取り込まれていません。", "No order has been taken in."),
    "empty.months.cure": (
        "受注CSVを `shop.yml` の `sources` に加え、`okaeri run` を実行してください。",
        "Add an order CSV to `sources` in `shop.yml`, then `okaeri run`.",
    ),
    "empty.reach": ("届く範囲はまだ計算できません。", "Reach cannot be computed yet."),
    "empty.reach.why": (
        "会員の配信同意か、カートの履歴が足りません。",
        "Consent of members or cart history is missing.",
    ),
    "empty.reach.cure": (
        "会員CSVを `shop.yml` の `sources` に加え、`okaeri check` で確認してください。",
        "Add a member CSV to `sources` in `shop.yml`, then `okaeri check`.",
    ),
    # Units
    "unit.case": ("{n}件", "{n}"),
    "unit.cart": ("{n}件", "{n} carts"),
    "unit.cart.one": ("{n}件", "{n} cart"),
    "unit.order": ("{n}件", "{n} orders"),
    "unit.order.one": ("{n}件", "{n} order"),
    "unit.person": ("{n}人", "{n} people"),
    "unit.person.one": ("{n}人", "{n} person"),
    "unit.message": ("{n}通", "{n} messages"),
    "unit.message.one": ("{n}通", "{n} message"),
    "unit.list": ("{n}本", "{n} lists"),
    "unit.list.one": ("{n}本", "{n} list"),
    # Numbers
    "rate.detail": ("（{k}/{n}、誤差 {low}〜{high}）", " ({k}/{n}, interval {low}–{high})"),
    "rate.small.case": ("{n}件中{k}件", "{k} of {n}"),
    "rate.small.cart": ("{n}件中{k}件", "{k} of {n} carts"),
    "rate.small.person": ("{n}人中{k}人", "{k} of {n} people"),
    "rate.small.message": ("{n}通中{k}通", "{k} of {n} messages"),
    "rate.small.detail": ("（誤差 {low}〜{high}%）", " (interval {low}–{high}%)"),
    "period.trailing": ("直近{n}か月", "last {n} months"),
    "period.all": ("全期間", "all time"),
    "period.widened": ("件数が少ないため{n}か月で表示", "Few cases, so {n} months are shown"),
    "filter.period": ("期間", "Period"),
    "filter.campaign": ("キャンペーン", "Campaign"),
    "filter.campaign.version": ("{key}（第{version}版）", "{key} (version {version})"),
    "filter.family": ("率の数え方", "Rates"),
    "family.sent": ("送信比", "of sent"),
    "family.previous": ("前段比（Shopserve方式）", "of the previous stage (as Shopserve)"),
    "period.running": ("今月は途中まで", "this month is still running"),
    # Receipt
    "receipt.title": ("計算の根拠", "How this is counted"),
    "receipt.formula": ("{numerator} ÷ {denominator}", "{numerator} ÷ {denominator}"),
    "receipt.interval": (
        "誤差の範囲は95%信頼区間（ウィルソン法）",
        "Interval: 95 % confidence (Wilson)",
    ),
    "receipt.window": (
        "窓: 送信から{days}日、カゴ落ちは最後の操作から{minutes}分",
        "Window: {days} days from sending; abandoned {minutes} minutes after the last action",
    ),
    "receipt.as_of": ("時点: {instant}（{zone}）", "As of: {instant} ({zone})"),
    "receipt.version": (
        "集計 {snapshot}、設定 {settings}、計算式 {code}",
        "Snapshot {snapshot}, settings {settings}, code {code}",
    ),
    # Overview
    "overview.sentence.carts": (
        "昨日（{day}）のカゴ落ちは{count}、{amount}。同じ曜日の4週平均は{mean}件です。",
        "Yesterday ({day}): {count} abandoned, {amount}. Mean of that weekday over 4 weeks: {mean}.",
    ),
    "overview.sentence.carts.none": (
        "昨日（{day}）のカゴ落ちはありません。同じ曜日の4週平均は{mean}件です。",
        "Yesterday ({day}) no cart was abandoned. Mean of that weekday over 4 weeks: {mean}.",
    ),
    "overview.sentence.orders": (
        "直近12か月に1回目を買った人のF2転換率（90日）は{rate}です。",
        "Of first buyers of the last 12 months, the F(1→2) rate within 90 days is {rate}.",
    ),
    "overview.sentence.nothing": (
        "まだ答えられる数字がありません。受注かカートを取り込むと表示されます。",
        "No figures yet. Take in orders or carts first.",
    ),
    "overview.fresh.ok": (
        "データは最新です（{instant} 時点）",
        "Data are up to date (as of {instant})",
    ),
    "overview.fresh.late": ("データが遅れています: {names}", "Data are late: {names}"),
    "overview.fresh.damaged": (
        "最新の集計ファイルが壊れています",
        "The newest published file is damaged",
    ),
    "overview.lists.some": (
        "今日出すリスト: {lists}（{people}）",
        "Lists due today: {lists} ({people})",
    ),
    "overview.lists.none": ("今日出すリストはありません", "No list is due today"),
    "overview.held.ok": (
        "止まっているものはありません（配信停止 {unsubscribed}、迷惑メール報告 {complained}）",
        "Nothing is stuck (unsubscribed {unsubscribed}, complaints {complained})",
    ),
    "overview.held.complaints": (
        "迷惑メール報告率が上限0.3%を超えています: {complained}",
        "Complaints are above the limit of 0.3 %: {complained}",
    ),
    "overview.held.unknown": (
        "配信停止と迷惑メール報告は、配信結果を取り込むと表示されます",
        "Unsubscribes and complaints appear once mail results are taken in",
    ),
    "card.yesterday": ("昨日のカゴ落ち", "Abandoned yesterday"),
    "card.yesterday.detail": (
        "{amount}・同じ曜日の4週平均 {mean}件",
        "{amount} · mean of that weekday, 4 weeks: {mean}",
    ),
    "card.recovered": ("メール経由の受注金額（{period}）", "Recovered amount ({period})"),
    "card.unmeasured": ("効果は未測定", "effect not measured"),
    "card.unmeasured.held": (
        "純増ではありません（送らないグループで別に測定）",
        "not the incremental amount: that is measured by the held-out group",
    ),
    "card.f2": ("F2転換率（90日・{period}）", "F(1→2) rate (90 days, {period})"),
    "card.mailable": ("配信可能人数", "Mailable persons"),
    "card.unknown": ("データなし", "not supplied"),
    "overview.chart": ("月ごとの受注金額（受注月で集計）", "Revenue by month of order"),
    "series.new": ("新規", "new"),
    "series.returning": ("リピーター", "returning"),
    "month.table": ("{month} の月次レポート", "Monthly report {month}"),
    "month.measure": ("項目", "Measure"),
    "month.value": ("この月", "This month"),
    "month.previous": ("前月比", "vs. previous month"),
    "month.last_year": ("前年同月比", "vs. a year before"),
    "month.running": ("{month}（途中）", "{month} (running)"),
    "month.few": (
        "受注が{n}件未満の月は比率を出しません",
        "No changes are shown below {n} orders a month",
    ),
    "measure.revenue": ("受注金額（円）", "Revenue"),
    "measure.orders": ("受注件数", "Orders"),
    "measure.new_buyers": ("新規購入者", "New customers"),
    "measure.returning_buyers": ("リピーター", "Returning customers"),
    "measure.abandoned_carts": ("カゴ落ち件数", "Abandoned carts"),
    "measure.recovered_amount": ("メール経由の受注金額（円）", "Recovered amount"),
    "measure.unsubscribes": ("配信停止", "Unsubscribes"),
    # Cart recovery
    "cart.sentence": (
        "{period}にカゴ落ちした{total}のうち、{sent}にメールを送り、{recovered}がメール経由で購入しました。",
        "Of {total} abandoned ({period}), {sent} were written to and {recovered} bought after a click.",
    ),
    "cart.sentence.self": (
        "クリックなしで購入したのは{self_ordered}です。",
        "{self_ordered} bought without a click.",
    ),
    "cart.sentence.totals": (
        "{period}に{sent}を送り、{orderers}がメール経由で購入しました（メール配信ツールの集計値）。",
        "In the {period}, {sent} went out and {orderers} bought (totals of the mailer).",
    ),
    "cart.sentence.orders": (
        "カゴ落ちの数字はまだありません。受注だけでは計算できません。",
        "No cart figures yet: they cannot be computed from orders alone.",
    ),
    "cart.card.total": ("総カゴ落ち件数（{period}）", "Abandoned carts ({period})"),
    "cart.card.not_ordered": ("最終未購入率", "Not-ordered rate"),
    "cart.card.closed_only": ("終わったカートのみ", "closed carts only"),
    "cart.card.orderers": ("購入者（送信比）", "Orderers (of sent)"),
    "cart.card.recovered": ("メール経由の受注金額", "Recovered amount"),
    "cart.waterfall": (
        "カートの行き先（カゴ落ちした月で集計）",
        "What became of the carts (by month of abandonment)",
    ),
    "cart.waterfall.sum": ("合計 {total} ＝ 総カゴ落ち件数", "Sum {total} = all abandoned carts"),
    "cart.states": ("すべての行き先", "All states"),
    "cart.bar.unreachable": ("連絡できない", "Unreachable"),
    "cart.bar.self": ("自分で購入・空に", "Bought or emptied"),
    "cart.bar.held_out": ("送らないグループ", "Held out"),
    "cart.bar.gated": ("直前チェックで除外", "Stopped"),
    "cart.bar.sent": ("送った", "Written to"),
    "cart.bridge": (
        "図はカゴ落ちした月で{carts}、表は送信した月で{messages}です。1件のカートに複数の通が届くため、二つは一致しません。",
        "The chart counts {carts} by month of abandonment, the table {messages} by month of sending. One cart can get several mails, so the two differ.",
    ),
    "cart.results": ("成果（送信した月で集計）", "Results (by month of sending)"),
    "cart.totals_mark": (
        "メール配信ツールの集計値です。1通ごとの記録がないため、自動開封の区別と購入までの時間は出せません。",
        "These are the mailer's own totals: without rows per message, machine opens and times to order are unknown.",
    ),
    "cart.immature": (
        "判定待ち: {messages}（送信から{days}日以内）。率と平均には入れていません。",
        "Still open: {messages} (sent within {days} days). They are left out of rates and means.",
    ),
    "cart.step": ("{n}通目", "Mail {n}"),
    "cart.step.total": ("合計", "Total"),
    "cart.figure": ("項目", "Figure"),
    "figure.sent": ("送信", "Sent"),
    "figure.delivered": ("到達", "Delivered"),
    "figure.opens": ("開封率", "Open rate"),
    "figure.clicks.sent": ("クリック率（送信比, CTR）", "Click-through rate (CTR)"),
    "figure.clicks.previous": ("反応率（開封比, CTOR）", "Click-to-open rate (CTOR)"),
    "figure.orders.sent": ("受注率（送信比）", "Orderers per sent"),
    "figure.orders.previous": ("受注率（クリック比）", "Order rate (of clicks)"),
    "figure.orderers": ("購入者", "Orderers"),
    "figure.recovered": ("受注金額（円）", "Recovered amount"),
    "figure.spend": ("客単価（購入者1人あたり・円）", "Spend per orderer"),
    "figure.spend.median": ("　中央値", "　median"),
    "figure.spend.trimmed": ("　外れ値を除く", "　without outliers"),
    "figure.spend.top": ("　最大1件の割合", "　share of the largest order"),
    "figure.aov": ("平均注文単価（全受注・円）", "AOV of all orders"),
    "figure.unsubscribed": ("配信停止", "Unsubscribed"),
    "figure.with_unknown": ("判別不能を含めると {high}", "{high} with unknown"),
    "figure.few_orderers": ("5人未満のため平均なし", "no mean below 5"),
    "column.sent_count": ("送信", "sent"),
    "column.delivered_count": ("到達", "delivered"),
    "column.opener_count": ("開封（人による）", "opened (human)"),
    "column.clicker_count": ("クリック（人による）", "clicked (human)"),
    "column.orderer_count": ("購入者", "orderers"),
    "column.opened_count": ("開いたカート", "opened carts"),
    "column.abandoned_count": ("カゴ落ち", "abandoned"),
    "column.closed_count": ("終わったカート", "closed carts"),
    "column.not_ordered_count": ("購入なしで終わったカート", "closed without an order"),
    "column.retained_person_count": ("買った人", "bought"),
    "column.exposed_person_count": (
        "その時期が済んだ初回購入者",
        "first buyers whose period has passed",
    ),
    "column.repeated_person_count": ("2回目を買った人", "bought again"),
    "column.eligible_person_count": (
        "期間が済んだ1回目の購入者",
        "first buyers whose time has passed",
    ),
    "column.settled_count": ("カゴ落ちまたは終わったカート", "abandoned or closed carts"),
    "column.complaint_count": ("迷惑メール報告", "complaints"),
    "column.unsubscribe_count": ("配信停止", "unsubscribed"),
    "cart.tab.rate": ("カゴ落ち率", "Abandonment rate"),
    "cart.tab.reach": ("届く範囲", "Reach"),
    "cart.tab.audit": ("レポート検算", "Report audit"),
    "cart.rate.chart": (
        "月ごとのカゴ落ち率（カートを開いた月で集計）",
        "Abandonment by month of opening",
    ),
    "cart.rate.table": ("内訳（{period}）", "Breakdown ({period})"),
    "cart.rate.by": ("分け方", "By"),
    "cart.rate.note": (
        "「約70%」と言われるのは最終未購入率です。すべてのカートが終わった月だけを線にしています。カゴ落ち率は、60分操作がなかった時点で数え、後で買われた分も含みます。",
        "The trade's 70 % is the not-ordered rate; only months whose carts have all closed are drawn. The abandonment rate counts a cart idle for 60 minutes, even if bought later.",
    ),
    "cart.rate.opened": ("開いたカート", "Opened"),
    "cart.rate.abandoned": ("カゴ落ち率", "Abandonment rate"),
    "cart.rate.not_ordered": ("最終未購入率", "Not-ordered rate"),
    "cart.rate.value": ("カゴ落ち金額（円）", "Abandoned value"),
    "dimension.member": ("会員/会員以外", "Member or not"),
    "dimension.device": ("端末", "Device"),
    "dimension.value_band": ("金額帯", "Value"),
    "band.below": ("{high}未満", "below {high}"),
    "band.between": ("{low}〜{high}未満", "{low} to below {high}"),
    "band.above": ("{low}以上", "{low} and above"),
    "week.head": ("時刻", "Hour"),
    "week.hour": ("{hour}時台", "{hour}:00"),
    "week.days": ("月 火 水 木 金 土 日", "Mon Tue Wed Thu Fri Sat Sun"),
    "week.few": ("{k}/{n}件", "{k}/{n}"),
    "dimension.weekday_hour": ("曜日と時間帯", "Weekday and hour"),
    "value.member": ("会員", "member"),
    "value.not_member": ("会員以外", "not a member"),
    "value.guest": ("ゲスト", "guest"),
    "value.pc": ("パソコン", "computer"),
    "value.desktop": ("パソコン", "computer"),
    "value.sp": ("スマートフォン", "phone"),
    "value.mobile": ("スマートフォン", "phone"),
    "value.smartphone": ("スマートフォン", "phone"),
    "value.tablet": ("タブレット", "tablet"),
    "value.app": ("アプリ", "app"),
    "value.other": ("その他", "other"),
    "value.unknown": ("不明", "unknown"),
    "reach.chart": ("カゴ落ちから到達まで（{period}）", "From abandonment to the inbox ({period})"),
    "reach.stage": ("段階", "Stage"),
    "reach.carts": ("カート", "Carts"),
    "reach.people": ("延べ人数", "People"),
    "reach.share": ("カゴ落ちに対する割合", "Share of abandoned"),
    "reach.abandoned": ("カゴ落ち", "abandoned"),
    "reach.identified": ("だれかわかる", "identified"),
    "reach.has_address": ("アドレスあり", "has an address"),
    "reach.consented": ("配信同意あり", "consented"),
    "reach.not_suppressed": ("配信除外でない", "not suppressed"),
    "reach.sent": ("送った", "sent"),
    "reach.delivered": ("届いた", "delivered"),
    "audit.line": ("レポートの行", "Line"),
    "audit.rate": ("率", "Rate"),
    "audit.printed": ("印字", "Printed"),
    "audit.recomputed": ("検算", "Recomputed"),
    "audit.result": ("結果", "Result"),
    "audit.ok": ("✓ 一致", "✓ agrees"),
    "audit.unchecked": ("検算に必要な数がありません", "counts for a check are missing"),
    "audit.flagged": ("! どの分母でも再現できません", "! no denominator gives this"),
    "audit.other": ("! 分母は{denominator}", "! its denominator is {denominator}"),
    "audit.open_rate": ("開封率", "open rate"),
    "audit.click_rate": ("クリック率", "click rate"),
    "audit.order_rate": ("受注率", "order rate"),
    "audit.spend_per_orderer": ("客単価", "spend per orderer"),
    "denominator.sent": ("送信", "sent"),
    "denominator.delivered": ("到達", "delivered"),
    "denominator.opens": ("開封", "opens"),
    "denominator.clicks": ("クリック", "clicks"),
    "denominator.orders": ("受注", "orders"),
    "denominator.orderers": ("購入者", "orderers"),
    # The states of definitions 4
    "state.name": ("行き先", "State"),
    "state.count": ("件数", "Carts"),
    "state.share": ("割合", "Share"),
    "state.ordered": ("うち期間内に購入", "Ordered within the window"),
    "state.value": ("カート金額（円）", "Cart value"),
    "state.not_identified": ("だれか不明（未ログイン）", "not identified"),
    "state.no_address": ("アドレスなし", "no address"),
    "state.no_consent": ("配信同意なし", "no consent"),
    "state.suppressed": ("配信停止・エラーなど", "suppressed"),
    "state.no_campaign": ("その時期の施策なし", "no campaign ran"),
    "state.self_ordered_before_step_1": ("1通目の前に購入", "bought before mail 1"),
    "state.emptied_before_step_1": ("1通目の前にカートを空にした", "emptied before mail 1"),
    "state.held_out": ("送らないグループ", "held out"),
    "state.gated": ("直前チェックで除外", "stopped at hand-off"),
    "state.not_delivered": ("届かなかった", "not delivered"),
    "state.recovered": ("メール経由で購入", "recovered"),
    "state.self_ordered_later": ("クリックなしで購入", "bought without a click"),
    "state.open": ("判定待ち", "still open"),
    "state.emptied_later": ("カートを空にした", "emptied"),
    "state.lost": ("未購入", "not bought"),
    "reason.joined": ("{state}（{reason}）", "{state} ({reason})"),
    "reason.erased": ("個人データ削除済み", "erased"),
    "reason.no_address": ("アドレスなし", "no address"),
    "reason.no_consent": ("同意なし", "no consent"),
    "reason.profiling_opt_out": ("行動履歴の利用停止", "profiling opt-out"),
    "reason.unsubscribed": ("配信停止", "unsubscribed"),
    "reason.complaint": ("迷惑メール報告", "complaint"),
    "reason.hard_bounce": ("宛先不明", "hard bounce"),
    "reason.soft_bounce": ("一時的な不達", "soft bounce"),
    "reason.link": ("復帰リンクから", "by the recovery link"),
    "reason.click": ("クリックから", "by a click"),
    "reason.coupon": ("専用クーポンで", "with the personal coupon"),
    "reason.block": ("受信側で拒否", "blocked by the receiver"),
    "reason.dropped": ("配信ツールで中止", "dropped by the mailer"),
    "reason.deferred": ("受信側で保留", "deferred by the receiver"),
    "reason.bounced": ("不達", "bounced"),
    "reason.not_sent": ("送信されず", "never sent"),
    "reason.manual_block": ("手動で除外", "manual block"),
    "reason.manual": ("手動で除外", "manual block"),
    "reason.open_inquiry": ("問い合わせ対応中", "open inquiry"),
    "reason.ordered_since": ("購入済み", "ordered since"),
    "reason.cart_emptied": ("カートが空", "cart emptied"),
    "reason.goods_gone": ("販売終了", "goods gone"),
    "reason.no_content": ("載せる商品なし", "no content"),
    "reason.shop_mailed": ("カート側で送信済み", "shop system mailed"),
    "reason.superseded": ("別のメールを優先", "superseded"),
    "reason.already_handed_over": ("書き出し済み", "already handed over"),
    "reason.cool_down": ("同じ施策の間隔", "cool-down"),
    "reason.frequency_cap": ("通数の上限", "frequency cap"),
    "reason.quiet_hours": ("夜間のため延期", "quiet hours"),
    "reason.stale": ("期限切れ", "stale"),
    "reason.missed": ("書き出しの機会なし", "missed"),
    "reason.unencodable": ("文字コードで表せない", "unencodable"),
    "reason.held_out": ("送らないグループ", "held out"),
    # Cohorts
    "cohort.sentence": (
        "{period}に初めて買った人のうち、{months}か月以内にもう一度買った人は{rate}です。",
        "Of first buyers ({period}), {rate} bought again within {months} months.",
    ),
    "cohort.sentence.young": (
        "初めて買った人を{months}か月追える月が、まだありません。",
        "No cohort has been followed for {months} months yet.",
    ),
    "cohort.card": ("{months}か月以内の再購入", "Again within {months} mo"),
    "cohort.card.all": (
        "{months}か月以内の再購入（全期間）",
        "Again within {months} mo (all time)",
    ),
    "cohort.card.none": ("観察期間未了", "not yet over"),
    "cohort.variant": ("数え方", "Counting"),
    "variant.classic": ("その月に購入", "in that month"),
    "variant.cumulative": ("その月までに購入（累積）", "by that month (cumulative)"),
    "variant.on_or_after": ("その月以降も購入", "in that month or later"),
    "cohort.unit": ("月の区切り", "Months"),
    "unit.calendar_month": ("暦月", "calendar"),
    "unit.days_30": ("30日", "30 days"),
    "cohort.show": ("表示", "Show"),
    "show.rate": ("率", "rates"),
    "show.people": ("人数", "people"),
    "cohort.chart": (
        "{period}の合計: 再購入した人の割合",
        "Together ({period}): share who bought again",
    ),
    "cohort.chart.note": (
        "各点は、その月数に達した人だけの割合です。点ごとに人数が違うため、下がることがあります。",
        "Each point is of those who have got so far. The people differ from point to point, so it can fall.",
    ),
    "cohort.chart.x": ("初回購入からの月数", "Months since the first order"),
    "cohort.table": ("コホート（初回購入月別）", "Cohorts (by month of first order)"),
    "cohort.table.quarter": (
        "コホート（初回購入の四半期別）",
        "Cohorts (by quarter of first order)",
    ),
    "cohort.head": ("初回購入", "First order"),
    "cohort.size": ("人数", "People"),
    "cohort.pooled_12": ("直近12か月の合計", "Last 12 months together"),
    "cohort.period": ("{n}か月", "{n} mo"),
    "cohort.quarter": ("{year}年{quarter}期", "{year} Q{quarter}"),
    "cohort.partial": ("{all}人中{n}人が経過", "{n} of {all} exposed"),
    "cohort.few": ("{k}/{n}人", "{k}/{n}"),
    "cohort.legend": (
        "斜線: 観察期間未了（全員はまだその時期に達していない）。5人未満のマスは人数のみ。",
        "Hatched: not everybody has reached that age yet. Below 5 people only counts.",
    ),
    "cohort.growing": (
        "「その月以降も購入」は、これからも増えます。",
        "“In that month or later” still grows.",
    ),
    "cohort.quarterly": (
        "月ごとの人数が30人未満のため、四半期で表示しています。",
        "Months have fewer than 30 people, so quarters are shown.",
    ),
    "cohort.pooled_only": (
        "人数が少ないため、合計の行だけを表示しています。",
        "Few people, so only the pooled row is shown.",
    ),
    "weekday": ("月火水木金土日", "Mon Tue Wed Thu Fri Sat Sun"),
    "axis.carts": ("件", "Carts"),
    "axis.revenue": ("受注金額（万円）", "Revenue (10,000 yen)"),
    "axis.revenue.other": ("受注金額", "Revenue"),
    "axis.month": ("月", "Month"),
}


@dataclass(frozen=True)
class Cell:
    """One written value: what is read first, then what belongs to it. Grey when `is_small`."""

    main: str
    detail: str = ""
    is_small: bool = False

    @property
    def text(self) -> str:
        """Both parts in one line, as a file or a sentence shows them."""
        return f"{self.main}{self.detail}".replace("\n", " ")


@dataclass(frozen=True)
class Words:
    """One language, one shop's zone and currency. Units: instants come in as UTC."""

    language: Language
    timezone: str = "Asia/Tokyo"
    currency: str = "JPY"
    small_n: int = 30

    def __call__(self, key: str, /, **values: str | int) -> str:
        """The sentence of that key in this language."""
        return self.raw(key).format(**values)

    def raw(self, key: str) -> str:
        """The sentence with its places unfilled."""
        return PAIRS[key][0 if self.language == "ja" else 1]

    def known(self, group: str, key: str) -> str:
        """The word for a value that comes from data; the value itself where none is written."""
        name = f"{group}.{key}"
        return self(name) if name in PAIRS else key

    def number(self, value: float | Decimal | None, *, decimals: int = 0) -> str:
        """Number with thousands marks; `—` for unknown."""
        return "—" if value is None else f"{value:,.{decimals}f}"

    def count(self, value: int | Decimal | None, unit: str) -> str:
        """Number with its unit: 件, 人, 通."""
        if value is None:
            return "—"
        one = f"unit.{unit}.one"
        return self(one if value == 1 and one in PAIRS else f"unit.{unit}", n=f"{int(value):,}")

    def money(self, value: Decimal | float | None) -> str:
        """Amount in whole units with its sign; `—` for unknown."""
        if value is None:
            return "—"
        return f"{self._sign()}{value:,.0f}"

    def axis_money(self, value: Decimal | float | None) -> float | None:
        """An amount as an axis counts it: 万円 in Japanese, whole units elsewhere."""
        if value is None:
            return None
        in_man = self.language == "ja" and self.currency == "JPY"
        return float(value) / 10_000 if in_man else float(value)

    def percent(self, value: float | None, *, decimals: int = 1) -> str:
        """`18.2%` of 0.182; `—` for unknown."""
        return "—" if value is None else f"{value * 100:.{decimals}f}%"

    def change(self, value: float | None) -> str:
        """`+12.3%` or `−4.1%`, with a true minus; `—` for unknown."""
        if value is None:
            return "—"
        return f"{value * 100:+.1f}%".replace("-", "−")

    def rate(self, rate: Rate, unit: str = "case") -> Cell:
        """`18.2%（109/598、誤差 15.3〜21.5）`; below `small_n` the count first, and grey."""
        if rate.value is None or rate.denominator is None or rate.numerator is None:
            return Cell("—")
        low, high = f"{(rate.low or 0) * 100:.1f}", f"{(rate.high or 0) * 100:.1f}"
        k, n = f"{rate.numerator:,}", f"{rate.denominator:,}"
        if rate.denominator < self.small_n:
            main = self(f"rate.small.{unit}", k=k, n=n)
            return Cell(main, self("rate.small.detail", low=low, high=high), is_small=True)
        return Cell(self.percent(rate.value), self("rate.detail", k=k, n=n, low=low, high=high))

    def local(self, instant: dt.datetime) -> dt.datetime:
        """The instant on the shop's clock."""
        aware = instant.replace(tzinfo=dt.UTC) if instant.tzinfo is None else instant
        return aware.astimezone(ZoneInfo(self.timezone))

    def instant(self, instant: dt.datetime) -> str:
        """`2026/11/20(金) 06:05`, in English `20 Nov 2026, 06:05`."""
        local = self.local(instant)
        if self.language == "ja":
            return f"{self.day(local.date())} {local:%H:%M}"
        return f"{self.day(local.date())}, {local:%H:%M}"

    def clock(self, instant: dt.datetime) -> str:
        """`06:05`, 24 hours."""
        return f"{self.local(instant):%H:%M}"

    def day(self, day: dt.date) -> str:
        """`2026/11/20(金)`, in English `20 Nov 2026`."""
        if self.language == "ja":
            return f"{day:%Y/%m/%d}({self.raw('weekday')[day.weekday()]})"
        return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"

    def month(self, month: dt.date) -> str:
        """`2026/10` in both languages, so that axes and tables sort as they read."""
        return f"{month:%Y/%m}"

    def quarter(self, month: dt.date) -> str:
        """`2026年4期` of its first month."""
        return self("cohort.quarter", year=month.year, quarter=(month.month + 2) // 3)

    def period(self, key: str) -> str:
        """`直近12か月`, `2026/10` or `全期間` of a `period_key`."""
        if key.startswith("trailing_"):
            return self("period.trailing", n=key.removeprefix("trailing_"))
        return self("period.all") if key == "all" else key.replace("-", "/")

    def band(self, key: str) -> str:
        """`￥3,000以上￥5,000未満` of `03_05`, whose step is 1,000, or 10 where money has cents."""
        low, _, high = key.partition("_")
        if not low.isdigit():
            return self.known("value", key)
        step = 1_000 if self.currency in _WHOLE else 10
        if not high.isdigit():
            return self("band.above", low=self.money(int(low) * step))
        top = self.money(int(high) * step)
        if not int(low):
            return self("band.below", high=top)
        return self("band.between", low=self.money(int(low) * step), high=top)

    def _sign(self) -> str:
        if self.currency == "JPY":
            return "￥" if self.language == "ja" else "¥"
        return str(get_currency_symbol(self.currency, locale="en"))


# Currencies without decimals; the bands of cart values count them in thousands.
_WHOLE: Final = frozenset({"JPY", "KRW", "VND", "CLP"})
_MONTHS: Final = (
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
)
