"""What the cohort page says."""

from collections.abc import Mapping
from typing import Final

PAIRS: Final[Mapping[str, tuple[str, str]]] = {
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
    "filter.variant": ("数え方", "Counting"),
    "variant.classic": ("その月に購入", "in that month"),
    "variant.cumulative": ("その月までに購入（累積）", "by that month (cumulative)"),
    "variant.on_or_after": ("その月以降も購入", "in that month or later"),
    "filter.unit": ("月の区切り", "Months"),
    "unit.calendar_month": ("暦月", "calendar"),
    "unit.days_30": ("30日", "30 days"),
    "filter.show": ("表示", "Show"),
    "show.rate": ("率", "rates"),
    "show.people": ("人数", "people"),
    "show.amount": ("金額", "money"),
    "cohort.few.amount": ("{n}人", "{n}"),
    "cohort.amount.note": (
        "1人あたりの受注金額（{money}）。初回購入を含み、戻らなかった人も分母に入ります。",
        "Revenue per person ({money}), first order included; those who never came back are in the denominator.",
    ),
    "cohort.chart.amount": (
        "{period}の合計: 1人あたり受注金額（{money}）",
        "Together ({period}): revenue per person ({money})",
    ),
    "cohort.chart.rate": (
        "{period}の合計: 再購入した人の割合",
        "Together ({period}): share who bought again",
    ),
    "cohort.chart.note": (
        "各点は、その月数に達した人だけの値です。点ごとに人数が違うため、下がることがあります。",
        "Each point is of those who have got so far. The people differ from point to point, so it can fall.",
    ),
    "cohort.chart.few": (
        "{n}人以上を追えた月がまだないため、線は出しません。人数は下の表にあります。",
        "No month has been reached by {n} people yet, so no line is drawn. The counts stand below.",
    ),
    "cohort.chart.x": ("初回購入からの月数", "Months since the first order"),
    "cohort.table.month": ("コホート（初回購入月別）", "Cohorts (by month of first order)"),
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
    "cohort.table.pooled": ("コホート（合計のみ）", "Cohorts (pooled)"),
    "filter.grain": ("行", "Rows"),
    "grain.month": ("月別", "months"),
    "grain.quarter": ("四半期別", "quarters"),
    "grain.pooled": ("合計のみ", "pooled only"),
    "cohort.because.quarter": (
        "月ごとの人数が{n}人未満のため、四半期で表示しています。",
        "Months have fewer than {n} people, so quarters are shown.",
    ),
    "cohort.because.pooled": (
        "人数が少ないため、合計の行だけを表示しています。",
        "Few people, so only the pooled row is shown.",
    ),
}
