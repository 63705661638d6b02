"""Conditions read back as one sentence, in Japanese or English."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from pipelines.conditions.columns import Column, Operator
from pipelines.conditions.tree import Checked, Condition, Group
from pipelines.conditions.values import Scalar

# Operator → (Japanese, English); {c} is the column's label, {v} the values.
_WORDS: Final[Mapping[Operator, tuple[str, str]]] = {
    Operator.EQUALS: ("{c}が{v}", "{c} is {v}"),
    Operator.NOT_EQUALS: ("{c}が{v}以外", "{c} is not {v}"),
    Operator.IN: ("{c}が{v}のいずれか", "{c} is one of {v}"),
    Operator.NOT_IN: ("{c}が{v}のどれでもない", "{c} is none of {v}"),
    Operator.CONTAINS: ("{c}に「{v}」を含む", "{c} contains “{v}”"),
    Operator.NOT_CONTAINS: ("{c}に「{v}」を含まない", "{c} does not contain “{v}”"),
    Operator.STARTS_WITH: ("{c}が「{v}」で始まる", "{c} starts with “{v}”"),
    Operator.LESS: ("{c}が{v}未満", "{c} is below {v}"),
    Operator.AT_MOST: ("{c}が{v}以下", "{c} is at most {v}"),
    Operator.MORE: ("{c}が{v}より多い", "{c} is above {v}"),
    Operator.AT_LEAST: ("{c}が{v}以上", "{c} is at least {v}"),
    Operator.BETWEEN: ("{c}が{v}", "{c} is from {v}"),
    Operator.BEFORE: ("{c}が{v}より前", "{c} is before {v}"),
    Operator.AFTER: ("{c}が{v}より後", "{c} is after {v}"),
    Operator.WITHIN_LAST_DAYS: (
        "{c}が{v}日以内（今日を含む）", "{c} is in the last {v} days, today included",
    ),
    Operator.NOT_WITHIN_LAST_DAYS: (
        "{c}が{v}日以内（今日を含む）ではない", "{c} is not in the last {v} days, today included",
    ),
    Operator.EMPTY: ("{c}が不明", "{c} is not known"),
    Operator.NOT_EMPTY: ("{c}がわかっている", "{c} is known"),
}  # fmt: skip
# For a button rather than a sentence.
_BUTTONS: Final[Mapping[Operator, tuple[str, str]]] = {
    Operator.EQUALS: ("等しい", "is"),
    Operator.NOT_EQUALS: ("以外", "is not"),
    Operator.IN: ("いずれか", "is one of"),
    Operator.NOT_IN: ("どれでもない", "is none of"),
    Operator.CONTAINS: ("含む", "contains"),
    Operator.NOT_CONTAINS: ("含まない", "does not contain"),
    Operator.STARTS_WITH: ("で始まる", "starts with"),
    Operator.LESS: ("未満", "below"),
    Operator.AT_MOST: ("以下", "at most"),
    Operator.MORE: ("より多い", "above"),
    Operator.AT_LEAST: ("以上", "at least"),
    Operator.BETWEEN: ("から…まで", "from … to"),
    Operator.BEFORE: ("より前", "before"),
    Operator.AFTER: ("より後", "after"),
    Operator.WITHIN_LAST_DAYS: ("日以内", "in the last days"),
    Operator.NOT_WITHIN_LAST_DAYS: ("日以内ではない", "not in the last days"),
    Operator.EMPTY: ("不明", "not known"),
    Operator.NOT_EMPTY: ("わかっている", "known"),
}
_FLAGS: Final[Mapping[bool, tuple[str, str]]] = {True: ("はい", "yes"), False: ("いいえ", "no")}


def word_of(operator: Operator, language: str) -> str:
    """The operator as a button or a list shows it."""
    return _BUTTONS[operator][language != "ja"]


def sentence(checked: Checked, language: str) -> str:
    """The conditions as one sentence without a full stop; everybody, where nothing is asked."""
    if not checked.root.parts:
        return "全員" if language == "ja" else "everybody"
    return _group(checked.root, language)


def parts_of(checked: Checked, language: str) -> list[str]:
    """Each part of the conditions by itself, in order; a group inside is one part."""
    return _parts(checked.root, language)


def _group(group: Group, language: str) -> str:
    joins = {"all": ("、かつ", " and "), "any": ("、または", " or ")}
    return joins[group.joined_by][language != "ja"].join(_parts(group, language))


def _parts(group: Group, language: str) -> list[str]:
    japanese = language == "ja"
    parts = []
    for part in group.parts:
        if isinstance(part, Condition):
            parts.append(_condition(part, language))
        else:
            inner = _group(part, language)
            parts.append(f"（{inner}）" if japanese else f"({inner})")
    return parts


def _condition(condition: Condition, language: str) -> str:
    values = [_value(value, condition.column, language) for value in condition.values]
    if condition.operator is Operator.BETWEEN:
        shown = "{}から{}まで" if language == "ja" else "{} to {}"
        text = shown.format(*values)
    else:
        text = ("・" if language == "ja" else ", ").join(values)
    label = condition.column.labels[language]
    said = _WORDS[condition.operator][language != "ja"].format(c=label, v=text)
    if not condition.or_unknown:
        return said
    return f"{said}（不明も含む）" if language == "ja" else f"{said} (or not known)"


def _value(value: Scalar, column: Column, language: str) -> str:
    if isinstance(value, bool):
        return _FLAGS[value][language != "ja"]
    if isinstance(value, str):
        return column.values[value][language] if value in column.values else value
    if isinstance(value, Decimal):
        return f"{value:,f}".rstrip("0").rstrip(".")
    return str(value)
