"""How the screens speak: sentences by key and language, and every way they write a number.

The sentences themselves lie in `sentences/`. Times are turned from UTC to the shop's zone here and
nowhere else. `words("cart.waterfall")` reads one.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_symbol

from dashboards.sentences import PAIRS
from dashboards.snapshot import Difference, Rate

Language = Literal["ja", "en"]
LANGUAGES: Final[Mapping[Language, str]] = {"ja": "日本語", "en": "English"}


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
        """The sentence of that key in this language; `{money}` in it is the shop's unit."""
        return self.raw(key).format(**{"money": self.unit, **values})

    def raw(self, key: str) -> str:
        """The sentence with its places unfilled."""
        return PAIRS[key][0 if self.language == "ja" else 1]

    def duration(self, minutes: float | None) -> str:
        """`25分` or `3.2時間`; `—` for unknown."""
        if minutes is None:
            return "—"
        if minutes < _LONG_MINUTES:
            return self("duration.minutes", n=self.number(minutes))
        return self("duration.hours", n=self.number(minutes / 60, decimals=1))

    def hours(self, hours: float | None, *, n: int) -> Cell:
        """Hours as a duration, grey where fewer than `small_n` stand behind them."""
        minutes = None if hours is None else hours * 60
        return Cell(self.duration(minutes), is_small=n < self.small_n)

    def plain(self, text: str | None) -> str:
        """Text that belongs to a value, set off from it; nothing for none."""
        return f"\n{text}" if text else ""

    def has(self, key: str) -> bool:
        """Whether a sentence of that key is written."""
        return key in PAIRS

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

    def signed_money(self, value: Decimal | float | None) -> str:
        """`+￥12,300` or `−￥400`; `—` for unknown."""
        if value is None:
            return "—"
        amount = self.money(value).replace("-", "")
        return f"{'−' if value < 0 else '+'}{amount}"

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
        return f"{self.signed(value * 100)}%"

    def points(self, difference: Difference) -> Cell:
        """`+1.2ポイント（誤差 −0.4〜+2.8）` of a difference of two rates; `—` for unknown."""
        if difference.value is None or difference.low is None or difference.high is None:
            return Cell("—")
        low, high = self.signed(difference.low * 100), self.signed(difference.high * 100)
        value = self("points.value", value=self.signed(difference.value * 100))
        return Cell(value, self("points.detail", low=low, high=high))

    def signed(self, value: float, *, decimals: int = 1) -> str:
        """`+1.2` or `−0.4`, with a true minus."""
        return f"{value:+,.{decimals}f}".replace("-", "−")

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

    def of_dimension(self, dimension: str, value: str) -> str:
        """The word for one value of one dimension."""
        if dimension == "channel":
            return self.channel(value)
        return self.band(value) if dimension == "value_band" else self.known("value", value)

    def channel(self, key: str) -> str:
        """The word for a way of writing to people."""
        return self.known("person.channel", key)

    @property
    def unit(self) -> str:
        """What amounts are counted in: `円`, else the currency's sign."""
        return "円" if self.language == "ja" and self.currency == "JPY" else self._sign()

    def _sign(self) -> str:
        if self.currency == "JPY":
            return "￥" if self.language == "ja" else "¥"
        return str(get_currency_symbol(self.currency, locale="en"))


# From here on minutes are read as hours.
_LONG_MINUTES: Final = 120
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
