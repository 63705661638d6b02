"""What only the shopkeeper knows: asked on a terminal, given as a dict, or left at its default."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from pipelines.onboarding.words import say
from pipelines.shop.base import ID_PATTERN
from pipelines.shop.rules import DEMO_ID


class OnboardingRefused(ValueError):
    """`init` or `check` cannot go on; the text says what to do."""


@dataclass(frozen=True)
class Answers:
    """Everything `init` cannot see in a file. Empty text = not given."""

    name: str
    id: str
    sender_name: str = ""
    sender_address: str = ""
    stop_url: str = ""
    contact: str = ""
    shop_sends_cart_mails: bool = False
    holdout_percent: int = 0


@dataclass(frozen=True)
class Question:
    """One question: key of the answer, key of its words, what turns text into the value."""

    key: str
    words: str
    read: Callable[[str], object]


# Question, default, key of what was wrong with the last answer ("" at first) → what was typed.
Ask = Callable[[Question, str, str], str]


def _id(text: str) -> str:
    if not re.fullmatch(ID_PATTERN, text) or text == DEMO_ID:
        raise OnboardingRefused("wrong_id")
    return text


def _name(text: str) -> str:
    if not text:
        raise OnboardingRefused("wrong_empty")
    return text


def _url(text: str) -> str:
    if text and not re.fullmatch(r"https?://\S+", text):
        raise OnboardingRefused("wrong_url")
    return text


def _yes(text: str) -> bool:
    folded = text.lower()
    if folded in {"y", "yes", "true", "はい"}:
        return True
    if folded in {"n", "no", "false", "いいえ"}:
        return False
    raise OnboardingRefused("wrong_yes_no")


def _percent(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,2}", text) or int(text) > 50:
        raise OnboardingRefused("wrong_percent")
    return int(text)


QUESTIONS: Final = (
    Question("name", "ask_name", _name),
    Question("id", "ask_id", _id),
    Question("sender_name", "ask_sender_name", str),
    Question("sender_address", "ask_sender_address", str),
    Question("stop_url", "ask_stop_url", _url),
    Question("contact", "ask_contact", str),
    Question("shop_sends_cart_mails", "ask_shop_mails", _yes),
    Question("holdout_percent", "ask_holdout", _percent),
)


def slug(name: str) -> str:
    """An id made from a name, `my-shop` where nothing of it can stand in an id."""
    text = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_")[:63]
    # The demo has its own folder; no shop may land in it.
    return text if text and text != DEMO_ID else "my-shop"


def collect(
    given: Mapping[str, object],
    *,
    folder_name: str,
    ask: Ask | None,
    language: str,
) -> Answers:
    """Answers from `given`, then from `ask` (None: never), else the defaults.

    Raises OnboardingRefused for an answer that cannot be used, or one nobody asked for.
    """
    unknown = set(given) - {question.key for question in QUESTIONS}
    if unknown:
        known = ", ".join(question.key for question in QUESTIONS)
        raise OnboardingRefused(f"unknown answers: {', '.join(sorted(unknown))} (allowed: {known})")
    values: dict[str, object] = {}
    for question in QUESTIONS:
        default = _default(question.key, values, folder_name=folder_name)
        if question.key == "sender_name" and ask is None and "name" not in given:
            # A folder's name is no sender: what the law wants is never made up.
            default = ""
        if question.key in given:
            values[question.key] = _read(question, given[question.key], language=language)
        elif ask is None:
            values[question.key] = question.read(default)
        else:
            values[question.key] = _asked(question, default, ask=ask)
    return Answers(**values)  # type: ignore[arg-type]


def _default(key: str, values: Mapping[str, object], *, folder_name: str) -> str:
    defaults = {
        "name": folder_name or "my-shop",
        "id": slug(str(values.get("name", ""))) if key == "id" else "",
        "sender_name": str(values.get("name", "")),
        "shop_sends_cart_mails": "n",
        "holdout_percent": "0",
    }
    if key == "id" and defaults["id"] == "my-shop":
        return slug(folder_name)
    return defaults.get(key, "")


def _read(question: Question, value: object, *, language: str) -> object:
    text = {True: "y", False: "n"}[value] if isinstance(value, bool) else str(value).strip()
    try:
        return question.read(text)
    except OnboardingRefused as error:
        reason = say(str(error), language)
        raise OnboardingRefused(f"{question.key}: {text!r}: {reason}") from error


def _asked(question: Question, default: str, *, ask: Ask) -> object:
    """The first answer that can be used; the asker is told what was wrong with the last one."""
    complaint = ""
    while True:
        text = ask(question, default, complaint).strip()
        try:
            return question.read(text or default)
        except OnboardingRefused as error:
            complaint = str(error)
