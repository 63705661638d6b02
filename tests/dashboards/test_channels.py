"""Ways of writing to people: a filter where a shop has several, and nothing where it has one."""

from streamlit.testing.v1 import AppTest

from tests.dashboards.conftest import Opener, shown
from tests.dashboards.fixture import STATES

ALL_PERIOD = {"period": "trailing_12"}


def labels(app: AppTest) -> list[str]:
    boxes = [*app.selectbox, *app.segmented_control]
    return [str(option) for box in boxes for option in box.options]


def flat(app: AppTest) -> str:
    assert not app.exception
    return " ".join(shown(app).split())


def test_carts_of_one_channel_add_up_and_only_their_results_are_shown(drawn: Opener) -> None:
    """Eight tenths of each state are written to by mail, two by text, of which nothing left yet."""
    mail = flat(drawn("cart_recovery", only="channel.email", **ALL_PERIOD))
    text = flat(drawn("cart_recovery", only="channel.sms", **ALL_PERIOD))

    for said, tenths in ((mail, 8), (text, 2)):
        carts = sum(count * tenths // 10 for _, _, count, _ in STATES)
        assert f"合計 {carts:,}件 ＝ 総カゴ落ち件数" in said
        assert "配信手段の絞り込みは" in said
    assert "1,020通" in mail
    assert "1,020通" not in text
    assert "にショートメールで連絡し" in text
    assert "この期間にショートメールで送った記録はありません。" in text


def test_results_of_one_channel_are_those_of_its_campaigns(drawn: Opener) -> None:
    """The win-back went by letter; the cart mails did not."""
    whole = flat(drawn("exports", view="results", **ALL_PERIOD))
    letters = drawn("exports", view="results", channel="post", **ALL_PERIOD)

    assert "cart_recovery（第1版） メール" in whole
    assert "休眠復帰（第1版） 郵便" in whole
    assert "cart_recovery" not in flat(letters)
    assert "休眠復帰（第1版）" in flat(letters)
    assert letters.query_params["channel"] == "post"


def test_a_shop_of_one_channel_has_nothing_to_choose(drawn: Opener) -> None:
    for page, chosen in (("cart_recovery", {}), ("exports", {"view": "results"})):
        several = drawn(page, **chosen)
        one = drawn(page, kind="small", **chosen)

        assert any("メール" in label or "配信手段" in label for label in labels(several)), page
        assert not any("メール" in label or "配信手段" in label for label in labels(one)), page


def test_a_channel_nobody_was_written_to_by_is_ignored_and_said(drawn: Opener) -> None:
    app = drawn("exports", view="results", channel="line")

    assert "「配信手段」の値は選べない" in flat(app)
    assert "休眠復帰（第1版）" in flat(app)
