"""Frame, access, empty states, units, numbers, receipt: what every page says."""

from collections.abc import Mapping
from typing import Final

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
    "menu.setup": ("設定", "Set-up"),
    "list.join": ("・", ", "),
    "page.overview": ("概況", "Overview"),
    "page.cart_recovery": ("カゴ落ち", "Cart recovery"),
    "page.cohorts": ("コホート", "Cohorts"),
    "page.experiments": ("効果検証", "Experiments"),
    "status.as_of": ("{instant} 時点", "As of {instant}"),
    "status.late": ("{label} は {day} まで", "{label} only to {day}"),
    "source.orders": ("受注", "orders"),
    "source.carts": ("カート", "carts"),
    "source.mail": ("配信結果", "mail results"),
    "source.customers": ("会員", "members"),
    "download": ("⤓ この表をCSVで保存", "⤓ Save this table as CSV"),
    "chart.data": ("データを見る", "Show the data"),
    "chart.data.label": ("項目", "Item"),
    "chart.data.value": ("値", "Value"),
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
        "`shop.yml` の `people` への追加を、管理者に依頼してください。",
        "Ask the admin to add you to `people` in `shop.yml`.",
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
        "カートの表か閲覧履歴を `shop.yml` の `sources` に加え（書き方は `docs/mappings.md`）、`okaeri check` で確認してください。",
        "Add a cart table or web events to `sources` in `shop.yml` (how: `docs/mappings.md`), then `okaeri check`.",
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
    "points.value": ("{value}ポイント", "{value} points"),
    "points.detail": ("（誤差 {low}〜{high}）", " (interval {low} to {high})"),
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
    "filter.channel": ("配信手段", "Channel"),
    "filter.phase": ("もとの顧客段階", "Phase before"),
    "filter.ignored": (
        "リンクにある「{label}」の値は選べないため、標準の値で表示しています。",
        "The link asks for a value of “{label}” that cannot be chosen: the usual one is shown.",
    ),
    "filter.version": ("施策の版", "Version"),
    "filter.version.name": ("{key}（第{version}版）", "{key} (version {version})"),
    "filter.version.totals": ("{name}・集計値", "{name}, totals"),
    "filter.all": ("すべて", "all"),
    "filter.step": ("通目", "Mail"),
    "filter.arm": ("パターン", "Pattern"),
    "filter.only": ("絞り込み", "Only"),
    "filter.only.value": ("{dimension}: {value}", "{dimension}: {value}"),
    "filter.family": ("率の数え方", "Rates"),
    "family.sent": ("送信比", "of sent"),
    "family.previous": ("前段比（Shopserve方式）", "of the previous stage (as Shopserve)"),
    "period.running": ("今月は途中まで", "this month is still running"),
    "weekday": ("月火水木金土日", "Mon Tue Wed Thu Fri Sat Sun"),
    "axis.carts": ("件", "Carts"),
    "axis.orders": ("受注（件）", "Orders"),
    "duration.minutes": ("{n}分", "{n} min"),
    "duration.hours": ("{n}時間", "{n} h"),
    # Receipt
    "receipt.title": ("計算の根拠", "How this is counted"),
    "receipt.interval": (
        "誤差の範囲は95%信頼区間（ウィルソン法）",
        "Interval: 95 % confidence (Wilson)",
    ),
    "window.recovery_window_days": ("期間: {n}日", "Window: {n} days"),
    "window.cart_idle_minutes": (
        "カゴ落ち: 最後の操作から{n}分",
        "Abandoned: {n} minutes after the last action",
    ),
    "window.cart_expiry_days": (
        "カートの終わり: 最後の操作から{n}日",
        "A cart closes {n} days after the last action",
    ),
    "maturity.is_mature": ("期間が済んだものだけ", "Only what has had its whole window"),
    "maturity.is_comparable": (
        "終わった月で、件数が足りるものだけ",
        "Only months that are over and large enough",
    ),
    "maturity.is_not_ordered_mature": (
        "すべてのカートが終わったものだけ",
        "Only where every cart has closed",
    ),
    "receipt.as_of": ("時点: {instant}（{zone}）", "As of: {instant} ({zone})"),
    "receipt.version": (
        "集計 {snapshot}、設定 {settings}、計算式 {code}",
        "Snapshot {snapshot}, settings {settings}, code {code}",
    ),
}
