"""What the merchandising page says."""

from collections.abc import Mapping
from typing import Final

PAIRS: Final[Mapping[str, tuple[str, str]]] = {
    "page.merchandising": ("商品", "Merchandising"),
    "goods.sentence": (
        "いちばん多くカートに残された商品は「{name}」（{period}に{carts}）。その後{days}日以内に買われたのは{bought}です。",
        "Left behind most: “{name}” ({period}: {carts}); bought within {days} days: {bought}.",
    ),
    "goods.sentence.sold": (
        "カートの履歴がないため、残された商品はわかりません。売れている商品と、一緒に買われる商品です。",
        "Without cart history nobody knows what is left behind. These are what sells and what sells together.",
    ),
    "goods.sentence.few": (
        "残された商品は、どれも人数が少ないため、書き出し担当だけが数を見られます。",
        "So few people left each product behind that only an exporter may see how many.",
    ),
    "goods.sentence.none": (
        "商品ごとに数えられる人数がまだありません。",
        "Not enough people per product yet.",
    ),
    "goods.card.left": ("残された件数（{period}）", "Left behind ({period})"),
    "goods.card.sold": (
        "いちばん多くの人が買った（{days}日）",
        "Bought by most people ({days} days)",
    ),
    "goods.card.pair": ("いちばん一緒に買われた", "Ordered together most"),
    "goods.pair": ("{first} ＋ {second}", "{first} + {second}"),
    "goods.rank": ("{n}位 {name}", "{n}. {name}"),
    "goods.times": ("{n}倍", "×{n}"),
    "goods.curated": ("店の指定", "by the shop"),
    "goods.window": ("{n}日", "{n} days"),
    "filter.window": ("期間", "Window"),
    "filter.category": ("カテゴリ", "Category"),
    "filter.kind": ("組み合わせ", "Pairs"),
    "goods.kind.ordered": ("一緒に買われた", "ordered together"),
    "goods.kind.viewed": ("一緒に見られた", "viewed together"),
    "merchandising.view.left": ("残された商品", "Left behind"),
    "merchandising.view.ranking": ("カテゴリの売れ筋", "Category ranking"),
    "merchandising.view.pairs": ("一緒に買われる商品", "Pairs"),
    "merchandising.view.tendencies": ("好みの傾向", "Tendencies"),
    "filter.dimension": ("何の好みか", "Taste for"),
    "goods.tendencies.title": ("好みの傾向がある人", "People by what they lean to"),
    "goods.tendencies.none": (
        "5人以上に共通する好みがまだありません。",
        "No taste is shared by five people yet.",
    ),
    "goods.tendencies.category": ("カテゴリ", "category"),
    "goods.tendencies.brand": ("ブランド", "brand"),
    "goods.tendencies.tag": ("タグ", "tag"),
    "goods.tendencies.value": ("好み", "Taste"),
    "goods.tendencies.below": ("{above} › {name}", "{above} › {name}"),
    "goods.tendencies.people": ("人数", "People"),
    "goods.tendencies.share": ("好みを判断できる人のうち", "Of those with enough signals"),
    "goods.tendencies.parent": (
        "5人未満のカテゴリは、上のカテゴリの人数に入っています。",
        "Categories of fewer than five people are counted in the one above.",
    ),
    "goods.tendencies.note": (
        "直近365日の購入・カート・お気に入り・閲覧が、お店全体より偏っているものです。"
        "1人に複数の好みがあるため、足しても全体にはなりません。多い順に{n}件まで。",
        "What somebody bought, put in, kept or viewed in 365 days far more than the shop's people do. "
        "One person may have several tastes, so they do not add up. The {n} of most people.",
    ),
    "goods.ranking.title": (
        "{category}の売れ筋（{days}日）",
        "{category}: best sellers ({days} days)",
    ),
    "goods.ranking.none": (
        "5人以上が買った商品がまだありません。",
        "No product has been bought by five people yet.",
    ),
    "goods.ranking.fallback": (
        "このカテゴリだけでは人数が足りないため、上のカテゴリの順位です。",
        "Too few people in this category alone: the ranking is its parent's.",
    ),
    "goods.ranking.product": ("商品", "Product"),
    "goods.ranking.orderers": ("買った人", "Orderers"),
    "goods.ranking.adders": ("カートに入れた人", "Put it in the cart"),
    "goods.ranking.note": (
        "下のカテゴリも含み、いま買える商品だけです。同じ人数のときは、カートに入れた人の多い順です。",
        "Lower categories included, only what can be bought now. Ties go to more adders to cart.",
    ),
    "goods.pairs.ordered": ("一緒に買われた商品", "Ordered together"),
    "goods.pairs.viewed": ("一緒に見られた商品", "Viewed in one visit"),
    "goods.pairs.none": (
        "5回以上一緒になった商品がまだありません。",
        "No two products have met five times yet.",
    ),
    "goods.pairs.both": ("組み合わせ", "Pair"),
    "goods.pairs.support": ("一緒の回数", "Times together"),
    "goods.pairs.confidence": ("1つ目を買った人のうち", "Of those with the first"),
    "goods.pairs.lift": ("偶然の何倍", "Times by chance"),
    "goods.pairs.note": (
        "5回以上一緒になった組み合わせだけで、多い順に20件です。おまけと、同じ商品の色違いは除いています。",
        "Only what met five times or more, the 20 most frequent. Free gifts and variants of one product are left out.",
    ),
    "empty.goodsid": (
        "受注の明細に商品番号がありません。",
        "The order lines do not say which product they are of.",
    ),
    "empty.goodsid.why": (
        "明細は取り込まれていますが、商品名だけでは同じ商品を数えられません。",
        "They came in, but a name alone does not tell which lines are the same product.",
    ),
    "empty.goodsid.cure": (
        "明細の商品番号を `product_id` に割り当てたマッピングを使ってください（書き方は `docs/mappings.md`）。",
        "Use a mapping that fills `product_id` of the lines (how: `docs/mappings.md`).",
    ),
    "empty.goods": ("商品の分析に使えるデータがまだありません。", "No data for products yet."),
    "empty.goods.why": (
        "商品の明細がある受注か、カートの履歴が必要です。",
        "Orders with their lines, or cart history, are needed.",
    ),
    "empty.goods.cure": (
        "明細つきの受注CSVを `shop.yml` の `sources` に加え、`okaeri run` を実行してください。",
        "Add an order CSV with lines to `sources` in `shop.yml`, then `okaeri run`.",
    ),
}
