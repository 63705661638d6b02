"""What the experiments page says: verdict, checks, planner."""

from collections.abc import Mapping
from typing import Final

PAIRS: Final[Mapping[str, tuple[str, str]]] = {
    "filter.experiment": ("試験", "Experiment"),
    "filter.metric": ("見るもの", "Outcome"),
    "metric.order": ("購入", "orders"),
    "metric.registered": ("会員登録", "registrations"),
    "filter.against": ("比べる相手", "Against"),
    "against.holdout": ("送らないグループ", "held-out group"),
    "against.arm": ("最初のパターン", "first pattern"),
    "experiment.name": ("{key}（第{version}版）", "{key} (version {version})"),
    "experiment.site": ("{key}（サイト側の試験）", "{key} (run by the site)"),
    # The verdict, first of all
    "experiment.sentence": (
        "{arm} {rate}、{baseline} {base_rate}。差 {difference}: {verdict}",
        "{arm} {rate}, {baseline} {base_rate}. Difference {difference}: {verdict}",
    ),
    "experiment.sentence.few": (
        "{arm} {rate}、{baseline} {base_rate}: {verdict}",
        "{arm} {rate}, {baseline} {base_rate}: {verdict}",
    ),
    "verdict.collecting": (
        "集計中です（各{planned}人がそろうまで判断しません。いま{now}人）。",
        "collecting (no verdict before {planned} people on each side; now {now}).",
    ),
    "verdict.better": (
        "誤差の範囲を超えて多く、効果といえます。",
        "beyond the interval: an effect.",
    ),
    "verdict.worse": (
        "誤差の範囲を超えて少なく、逆効果です。",
        "beyond the interval: it does harm.",
    ),
    "verdict.likely_better": (
        "多い可能性が高いものの、まだ判断できません。",
        "probably more, but not yet certain.",
    ),
    "verdict.no_difference_larger_than": (
        "差があっても±{smallest}ポイント以内です。",
        "if there is a difference, it is within ±{smallest} points.",
    ),
    "verdict.cannot_be_measured": ("まだ判断できません。", "no verdict can be given yet."),
    "experiment.none": (
        "送らないグループも複数のパターンもないため、効果は測れていません。下の計画から始めてください。",
        "Nobody is held out and there is one pattern only, so no effect is measured. Begin with the plan below.",
    ),
    "experiment.unplanned": (
        "メールの効果は、まだ測れていません。",
        "The effect of the mails is not measured yet.",
    ),
    "experiment.small": (
        "この件数では効果を測れません（半分に送らなくても12か月で±{half}ポイント）。送らないグループは作らず、全員に送るのが妥当です。",
        "These numbers cannot show an effect (±{half} points in 12 months even with half held out). Hold nobody back and write to everybody.",
    ),
    # Numbers
    "experiment.mailed": ("配信あり", "mailed"),
    "experiment.shown": ("表示あり", "shown"),
    "experiment.unshown": ("表示なし", "not shown"),
    "experiment.unmailed": ("配信なし", "held out"),
    "experiment.extra_people.order": ("純増の人数", "Incremental orderers"),
    "experiment.extra_people.registered": ("純増の登録者", "Incremental registrations"),
    "experiment.extra_amount": ("純増の金額", "Incremental revenue"),
    "experiment.extra.people": ("{value}人", "{value} people"),
    "experiment.extra.range": ("誤差 {low}〜{high}", "interval {low} to {high}"),
    "experiment.extra.cap": (
        "1件{cap}を超える注文は{cap}として計算",
        "orders above {cap} counted as {cap}",
    ),
    "experiment.arm_people": ("{arm}の購入率", "Order rate, {arm}"),
    "experiment.arm_people.registered": ("{arm}の登録率", "Registration rate, {arm}"),
    # Chart and table
    "experiment.chart": (
        "率と誤差の範囲（対象になってから期間内）",
        "Rates with their intervals, within the window from eligibility",
    ),
    "experiment.axis": ("率", "rate"),
    "experiment.arms": ("グループ別の結果", "Results by group"),
    "arms.arm": ("グループ", "Group"),
    "arms.people": ("対象者（期間が済んだ人）", "People whose window has passed"),
    "arms.rate": ("率", "Rate"),
    "arms.difference": ("差", "Difference"),
    "arms.stratified": ("金額帯をそろえた差", "Difference by value band"),
    "arms.extra": ("純増（人）", "Incremental people"),
    "arms.revenue": ("1人あたり受注金額（{money}）", "Revenue per person ({money})"),
    "experiment.basis": (
        "対象になった人すべてを、送ったかどうかにかかわらず最初の割り当てで数えます。期間は対象になった時から{days}日。",
        "Everybody eligible counts in the group first drawn, whatever was sent. Window: {days} days from eligibility.",
    ),
    # Checks
    "checks.title": ("この数字を信じてよいか", "May these figures be believed?"),
    "check.sample_ratio.ok": (
        "グループの人数は配信割合どおりです（{people}人）",
        "The groups hold the shares promised ({people} people)",
    ),
    "check.sample_ratio.alarm": (
        "グループの人数が配信割合と合いません（{people}人、偶然なら起こる確率 {value}）。割り当ての設定を確認してください",
        "The groups do not hold the shares promised ({people} people, p={value}). Check the assignment",
    ),
    "check.sample_ratio.few": (
        "グループの人数の確認は、各グループに5人以上の見込みになってから（いま{people}人）",
        "Shares are checked once five people are expected in each group (now {people})",
    ),
    "check.held_out_written_to.ok": (
        "送らないグループに届いたメールはありません（{people}人中0人）",
        "Nobody held out was written to (0 of {people})",
    ),
    "check.held_out_written_to.alarm": (
        "送らないグループの{events}人にメールが届いています（{people}人中）。配信ツール側の自動配信を確認してください",
        "{events} of {people} people held out were written to. Check what the mailer sends by itself",
    ),
    "check.held_out_written_to.few": (
        "送らないグループの確認は、人がそろってから（いま{people}人）",
        "Held-out people are checked once there are enough (now {people})",
    ),
    "check.merged_arms.ok": (
        "複数のグループにまたがる人は{events}人です（{people}人中）",
        "{events} of {people} people fall into several groups",
    ),
    "check.merged_arms.alarm": (
        "複数のグループにまたがる人が{events}人います（{people}人中）。名寄せの影響で差が小さく出ます",
        "{events} of {people} people fall into several groups; merged accounts make the difference look smaller",
    ),
    "check.merged_arms.few": (
        "グループのまたがりの確認は、人がそろってから（いま{people}人）",
        "Overlaps are checked once there are enough people (now {people})",
    ),
    "check.unsubscribe_rate.ok": (
        "配信停止は上限{limit}%以内です（{arm}: {people}人中{events}人）",
        "Unsubscribes are within {limit} % ({arm}: {events} of {people})",
    ),
    "check.unsubscribe_rate.alarm": (
        "配信停止が上限{limit}%を超えています（{arm}: {people}人中{events}人）。通数か内容を見直してください",
        "Unsubscribes are above {limit} % ({arm}: {events} of {people}). Review number and content of the mails",
    ),
    "check.unsubscribe_rate.few": (
        "配信停止の確認は、人がそろってから（{arm}: いま{people}人）",
        "Unsubscribes are checked once there are enough people ({arm}: now {people})",
    ),
    "check.complaint_rate.ok": (
        "迷惑メール報告は上限{limit}%以内です（{arm}: {people}人中{events}人）",
        "Complaints are within {limit} % ({arm}: {events} of {people})",
    ),
    "check.complaint_rate.alarm": (
        "迷惑メール報告が上限{limit}%を超えています（{arm}: {people}人中{events}人）。配信を止めて原因を確認してください",
        "Complaints are above {limit} % ({arm}: {events} of {people}). Stop sending and find out why",
    ),
    "check.complaint_rate.few": (
        "迷惑メール報告の確認は、人がそろってから（{arm}: いま{people}人）",
        "Complaints are checked once there are enough people ({arm}: now {people})",
    ),
    # Planner
    "plan.title": ("計画: 何か月で見分けられるか", "Plan: when could a difference be seen?"),
    "plan.share": ("送らない割合（%）", "Share held out (%)"),
    "plan.months": ("期間（月）", "Months"),
    "plan.sentence": (
        "月{volume}人、{share}に送らない場合、{months}か月で見分けられる最小の差: {effect}ポイント",
        "{volume} people a month, {share} held out: the smallest difference found in {months} months is {effect} points",
    ),
    "plan.share.half": ("半分", "half"),
    "plan.share.percent": ("{share}%", "{share} %"),
    "plan.base": (
        "送らないときの購入率は{rate}と見込んでいます（{basis}、{k}/{n}）。",
        "The order rate without a mail is taken as {rate} ({basis}, {k}/{n}).",
    ),
    "basis.holdout": ("これまでの送らないグループから", "from those held out so far"),
    "basis.no_campaign": ("施策のない時期のカートから", "from carts left while no campaign ran"),
    "basis.all_eligible": (
        "送った人を含むため高めの値",
        "includes people written to, so it is too high",
    ),
    "plan.needed": (
        "{smallest}ポイントの差を見分けるには、この割合で{months}か月かかります。",
        "To find a difference of {smallest} points takes {months} months at this share.",
    ),
    "plan.needed.never": (
        "{smallest}ポイントの差は、この割合では{months}か月でも見分けられません。",
        "At this share a difference of {smallest} points is not found in {months} months.",
    ),
    "plan.table": ("期間ごとの見分けられる差", "What each length of trial would find"),
    "plan.head.months": ("期間", "Months"),
    "plan.head.mailed": ("送る人", "Written to"),
    "plan.head.held": ("送らない人", "Held out"),
    "plan.head.effect": ("見分けられる最小の差", "Smallest difference found"),
    "plan.head.half": ("誤差の幅", "Interval"),
    "plan.month_count": ("{n}か月", "{n}"),
    "plan.points": ("{value}ポイント", "{value} points"),
    "plan.half": ("±{value}ポイント", "±{value} points"),
    "plan.how": (
        "送らないグループは `shop.yml` の `arms` に `is_holdout: true` の一行を加えると始まります。割り当てた人は途中で変わりません。",
        "A held-out group begins with one line `is_holdout: true` under `arms` in `shop.yml`. Nobody is moved once drawn.",
    ),
    "empty.experiments": (
        "効果を測る計画は、まだ立てられません。",
        "No trial can be planned yet.",
    ),
    "empty.experiments.why": (
        "丸1か月分のカゴ落ちのうち、メールを送れる人がまだいないためです。",
        "No full month holds an abandoned cart of somebody who may be written to.",
    ),
    "empty.experiments.cure": (
        "カートと会員の配信同意を `shop.yml` の `sources` に加え、`okaeri check` で確認してください。",
        "Add carts and members' consent to `sources` in `shop.yml`, then `okaeri check`.",
    ),
}
