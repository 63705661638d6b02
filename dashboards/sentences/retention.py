"""What the retention page says."""

from collections.abc import Mapping
from typing import Final

PAIRS: Final[Mapping[str, tuple[str, str]]] = {
    "page.retention": ("リピート", "Retention"),
    "retention.sentence": (
        "{period}に初めて買った人のうち、{days}日以内に2回目を買った人は{rate}です。",
        "Of first buyers ({period}), {rate} ordered a second time within {days} days.",
    ),
    "retention.sentence.young": (
        "初回購入から{days}日たった人が、まだいません。",
        "Nobody's first order is {days} days old yet.",
    ),
    "retention.card.f2": ("F2転換率（{days}日、{period}）", "F2 rate ({days} days, {period})"),
    "retention.card.f2.short": ("F2転換率", "F2 rate"),
    "filter.order": ("どの購入まで", "Until which order"),
    "retention.order.1": ("2回目まで", "2nd order"),
    "retention.order.compare": ("何回目かで比べる", "compare orders"),
    "retention.card.returning": ("リピーターの割合（{period}）", "Returning customers ({period})"),
    "retention.card.returning.note": (
        "期間中に買った人のうち、その前にも買った人",
        "of those who bought in it, who had bought before",
    ),
    "retention.card.median": ("半数が2回目を買うまで", "Half have ordered again after"),
    "retention.card.median.none": ("半数に達していません", "Half have not"),
    "retention.card.median.far": (
        "{days}日で{rate}（誤差 {low}〜{high}、{n}人中）",
        "{rate} by day {days} (interval {low} to {high}, n={n})",
    ),
    "retention.days": ("{n}日", "{n} days"),
    "retention.card.none": ("観察期間未了", "not yet over"),
    "retention.curve": (
        "何日で何%が次を買うか",
        "By which day how many have ordered again",
    ),
    "retention.curve.x": ("前の購入からの日数", "Days since the order before"),
    "retention.curve.note": (
        "まだ買っていない人も、見届けた日数だけ数えています（カプラン・マイヤー法）。色の帯は誤差の範囲です。",
        "Those still waiting count for as long as they were watched (Kaplan-Meier). The bands are intervals.",
    ),
    "retention.curve.few": (
        "{n}人以上を見届けられた日がまだないため、線は出しません。",
        "No day has been watched with {n} people yet, so no line is drawn.",
    ),
    "retention.curve.tip": (
        "{series} {days}日で {rate}（誤差 {low}〜{high}）",
        "{series}, day {days}: {rate} (interval {low} to {high})",
    ),
    "retention.curve.median": ("半数: {days}日", "half: day {days}"),
    "order_band.1": ("2回目まで", "to the 2nd order"),
    "order_band.2": ("3回目まで", "to the 3rd order"),
    "order_band.3+": ("4回目以降まで", "to the 4th or later"),
    "order_band.all": ("すべて", "all"),
    "retention.view.steps": ("何回目で止まるか", "Where they stop"),
    "retention.view.months": ("初回購入の月別", "By month of first order"),
    "retention.view.intervals": ("購入間隔", "Purchase intervals"),
    "retention.view.status": ("稼働と休眠", "Active to dormant"),
    "retention.view.what_if": ("試算", "What if"),
    "what_if.title": (
        "試算: F2転換率（180日）が上がったら",
        "What if the F2 rate (180 days) rose",
    ),
    "what_if.points": ("何ポイント上げるか", "Points to add"),
    "what_if.sentence": (
        "試算: 1年間に初めて買う{people}の{base}でなく{raised}が、180日以内に2回目を買うとしたら、"
        "初回から12か月の注文はこうなります。",
        "What if {raised} instead of {base} of a year's {people} who first buy came back within 180 "
        "days: their orders in the 12 months after the first.",
    ),
    "what_if.more.orders": ("増える注文（試算）", "More orders (what if)"),
    "what_if.more.amount": ("増える受注金額（試算）", "More revenue (what if)"),
    "what_if.orders": ("2回目以降の注文（試算）", "Orders after the first (what if)"),
    "what_if.amount": ("2回目以降の受注金額（試算）", "Revenue after the first (what if)"),
    "what_if.whole": ("増える分を含む全体", "all of it, the rise included"),
    "what_if.few": (
        "2回目を買って1年を見届けた人が{n}人と少ないため、目安です。",
        "Only {n} second buyers have been watched for a year: a rough guide.",
    ),
    "what_if.grounds": ("試算のもと", "What it rests on"),
    "what_if.ground": ("数", "Figure"),
    "what_if.ground.value": ("いま", "Now"),
    "what_if.ground.new": ("直近365日に初めて買った人", "First bought in the last 365 days"),
    "what_if.ground.rate": ("F2転換率（180日、直近12か月）", "F2 rate (180 days, last 12 months)"),
    "what_if.ground.second": (
        "その前の年に初めて買い、180日以内に2回目を買った人",
        "First bought in the year before, again within 180 days",
    ),
    "what_if.ground.orders": (
        "その人たちの、初回から365日以内の2回目以降の注文",
        "Their orders after the first, within 365 days of it",
    ),
    "what_if.ground.amount": ("その受注金額", "Revenue of these"),
    "what_if.note": (
        "予測ではありません。新しい人の数と、2回目を買った人のその後の買い方が、いまと同じと仮定しています。",
        "No forecast: as many newcomers as now, and second buyers who go on as they did.",
    ),
    "what_if.none": (
        "試算には、初回購入から1年たち、180日以内に2回目を買った人が必要です。まだいません。",
        "It needs people whose first order is a year old and who ordered again within 180 days. "
        "There are none yet.",
    ),
    "retention.status.segment": (
        "{status}（{people}）",
        "{status} ({people})",
    ),
    "retention.status.segments": ("対象者をセグメントへ", "Make a segment of them"),
    "retention.steps.title": (
        "次の購入に進んだ人の割合（{period}）",
        "Share that went on to the next order ({period})",
    ),
    "retention.steps.head": ("購入回数", "Order"),
    "retention.steps.row.1": ("F1→F2", "F1→F2"),
    "retention.steps.row.2": ("F2→F3", "F2→F3"),
    "retention.steps.row.3": ("F3→F4", "F3→F4"),
    "retention.steps.row.4": ("F4→F5", "F4→F5"),
    "retention.steps.days": ("{n}日以内", "in {n} days"),
    "retention.steps.note": (
        "分母は、その日数が過ぎた人だけです。同じ日の2件目の注文も次の購入に数えます。",
        "Only those whose order is that many days old are in the denominator. A second order on the same day counts.",
    ),
    "retention.months.title": (
        "F2転換率（{days}日）、初回購入の月別",
        "F2 rate ({days} days) by month of first order",
    ),
    "retention.intervals.title": (
        "次に買った人が、買うまでの日数",
        "Days to the next order, of those who ordered again",
    ),
    "retention.intervals.head": ("どの購入まで", "Which order"),
    "retention.intervals.n": ("間隔の数", "Intervals"),
    "retention.intervals.q25_days": ("早い4分の1", "First quarter"),
    "retention.intervals.q50_days": ("半数", "Half"),
    "retention.intervals.q75_days": ("4分の3", "Three quarters"),
    "retention.intervals.q90_days": ("9割", "Nine in ten"),
    "retention.intervals.rate": ("{n}日以内に買う割合", "Order again in {n} days"),
    "retention.intervals.note": (
        "今月の初めまでの購入で測った日数です。稼働と休眠の境目は、この日数から決まります。",
        "Measured on the orders before this month. The limits between active and dormant come from these days.",
    ),
    "retention.intervals.none": (
        "2回以上買った人がまだいないため、間隔は測れません。",
        "Nobody has ordered twice yet, so there is no interval to measure.",
    ),
    "retention.status.title": ("いまの状態（人）", "Where customers stand now (people)"),
    "retention.status.head": ("状態", "Status"),
    "retention.status.people": ("人数", "People"),
    "retention.status.share": ("全顧客に占める割合", "Share of all customers"),
    "retention.status.then": ("{day}の初め", "Start of {day}"),
    "retention.status.meaning": ("意味", "Meaning"),
    "retention.status.few": (
        "{n}人に満たない状態があるため、内訳は書き出し担当だけが見られます。",
        "One of them holds fewer than {n} people, so only an exporter may see how they split.",
    ),
    "status.active": ("稼働", "active"),
    "status.slowing": ("間隔が空き気味", "slowing"),
    "status.at_risk": ("離脱予備軍", "at risk"),
    "status.dormant": ("休眠", "dormant"),
    "status.active.meaning": (
        "いつもの間隔の内",
        "within the usual interval",
    ),
    "status.slowing.meaning": (
        "半数の人なら、もう買っている",
        "half would have ordered by now",
    ),
    "status.at_risk.meaning": (
        "4分の3の人なら、もう買っている",
        "three quarters would have",
    ),
    "status.dormant.meaning": (
        "9割の人なら、もう買っている",
        "nine in ten would have",
    ),
    "retention.status.note": (
        "境目は、この店で再び買った人の間隔から、購入回数ごとに決まります。間隔が100未満の間は、設定の日数です。",
        "The limits come from the intervals of this shop's own returning customers, by number of orders; below 100 intervals they are the days of the settings.",
    ),
    "empty.retention": (
        "リピートを測れる受注がまだありません。",
        "There are no orders to measure.",
    ),
    "empty.retention.why": (
        "同じ人の次の購入を数えるため、購入者のわかる受注が必要です。",
        "The next order of the same person is counted, so orders with a buyer are needed.",
    ),
    "empty.retention.cure": (
        "受注CSVを `shop.yml` の `sources` に加え、`okaeri run` を実行してください。",
        "Add an order CSV to `sources` in `shop.yml`, then `okaeri run`.",
    ),
}
