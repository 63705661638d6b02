"""The commented shop.yml that `init` writes."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipelines.onboarding.answers import Answers
from pipelines.onboarding.drafts import Reading
from pipelines.onboarding.words import say
from pipelines.settings import REPOSITORY

# Steps of the built-in campaigns. Units: minutes, hours. Source: definitions 10.
_CART_STEPS = ((1, 60), (2, 1_440))
# Somebody for each role of `people:`, from the fewest rights to the most.
_STAFF = (("hanako", "viewer"), ("taro", "exporter"), ("yoko", "admin"))


@dataclass(frozen=True)
class SourceEntry:
    """One source as it is written: `seen` are the comment lines about its files."""

    key: str
    pattern: str
    reading: Reading
    seen: tuple[str, ...]
    # Statuses in the files whose meaning nobody has said: text, number of orders.
    open_statuses: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Guessed:
    """What the files say about the shop; `is_sure` is False where it is only likely."""

    timezone: str
    currency: str
    is_sure: bool


def shop_file(
    answers: Answers,
    *,
    guessed: Guessed,
    sources: Sequence[SourceEntry],
    unknown_files: Sequence[str],
    language: str,
) -> str:
    """Text of the file. Invariant: it loads, and holds every decision the shopkeeper may change."""
    parts = (
        _shop(answers, guessed, language),
        _sender(answers, language),
        _sources(sources, unknown_files, language),
        _statuses(sources, language),
        _campaigns(answers, language),
        _limits(language),
        _destinations(guessed, language),
        _people(language),
    )
    return "\n".join("\n".join(part) + "\n" for part in parts)


def quoted(text: str) -> str:
    """The text as a YAML scalar that means exactly it."""
    return json.dumps(text, ensure_ascii=False)


def _shop(answers: Answers, guessed: Guessed, language: str) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={REPOSITORY}/docs/shop.schema.json"
    yield f"# {say('yml_head', language)}"
    yield ""
    guess = "" if guessed.is_sure else f"   # {say('yml_guess', language)}"
    yield f"id: {quoted(answers.id)}   # {say('yml_id', language)}"
    yield f"name: {quoted(answers.name)}"
    yield f"timezone: {guessed.timezone}{guess}"
    yield f"currency: {guessed.currency}{guess}"
    yield f"locale: {language}"
    yield f"revenue_measure: goods   # {say('yml_measure', language)}"


def _sender(answers: Answers, language: str) -> Iterator[str]:
    yield f"# {say('yml_sender', language)}"
    yield "sender:"
    for key, value in (
        ("name", answers.sender_name),
        ("address", answers.sender_address),
        ("stop_url", answers.stop_url),
        ("contact", answers.contact),
    ):
        yield f"  {key}: {quoted(value) if value else 'null'}"


def _sources(
    sources: Sequence[SourceEntry], unknown_files: Sequence[str], language: str
) -> Iterator[str]:
    yield f"# {say('yml_sources', language)}"
    yield "sources:"
    for source in sources:
        for line in source.seen:
            yield f"  # {line}"
        yield f"  - key: {quoted(source.key)}"
        yield f"    files: {quoted(source.pattern)}"
        yield f"    mapping: {quoted(source.reading.mapping)}"
        if source.reading.encoding:
            yield f"    encoding: {source.reading.encoding}"
        if source.reading.delimiter:
            yield f"    delimiter: {quoted(source.reading.delimiter)}"
    for name in unknown_files:
        yield f"  # {say('yml_unknown', language, file=one_line(name))}"


def one_line(text: str) -> str:
    """Text for a comment: a file name may hold a line end, a comment may not."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _statuses(sources: Sequence[SourceEntry], language: str) -> Iterator[str]:
    open_ones = [(s.key, *status) for s in sources for status in s.open_statuses]
    yield f"# {say('yml_statuses', language)}"
    # An empty list is written as such: a bare key would be null, which is no list.
    yield "order_status_map: [" + ("" if open_ones else "]")
    for key, status, count in open_ones:
        yield f"  # {say('yml_open_status', language, count=count)}"
        yield (
            f"  # {{source: {quoted(key)}, status: {quoted(status)}, "
            "state: completed, is_sale: true},"
        )
    if open_ones:
        yield "  ]"
    yield ""
    yield f"# {say('yml_excluded', language)}"
    yield "excluded_addresses: []"


def _campaigns(answers: Answers, language: str) -> Iterator[str]:
    yield f"# {say('yml_campaigns', language)}"
    yield "campaigns:"
    active = "true"
    if answers.shop_sends_cart_mails:
        active = f"false   # {say('yml_off', language)}"
    yield from _campaign("cart_recovery", purpose="cart_reminder", active=active, language=language)
    for number, delay in _CART_STEPS:
        yield (
            f"      - {{number: {number}, delay_minutes: {delay}, "
            "validity_hours: 24, cool_down_hours: 168}"
        )
    held = answers.holdout_percent * 100
    yield f"    arms:   # {say('yml_holdout', language)}"
    yield f"      - {{key: send, share_bp: {10_000 - held}}}"
    if held:
        yield f"      - {{key: holdout, share_bp: {held}, is_holdout: true}}"
    for key in ("second_purchase", "winback"):
        yield from _campaign(key, purpose="marketing", active="true", language=language)
        yield (
            "      - {number: 1, delay_minutes: 0, measured_from: qualified, "
            "validity_hours: 72, cool_down_hours: 720}"
        )


def _campaign(key: str, *, purpose: str, active: str, language: str) -> Iterator[str]:
    yield f"  - key: {key}"
    yield "    version: 1"
    yield f"    segment: {key}"
    yield f"    purpose: {purpose}"
    yield f"    is_active: {active}"
    # A person feeds the mailer: the list is planned each morning and waits for a release.
    yield "    cadence: daily 10:00"
    yield f"    is_automatic: false   # {say('yml_by_hand', language)}"
    yield "    steps:"


def _limits(language: str) -> Iterator[str]:
    yield f"# {say('yml_caps', language)}"
    yield "caps:"
    yield "  - {channel: email, messages: 3, days: 7}"
    yield f"# {say('yml_quiet', language)}"
    yield 'quiet_hours: {from: "21:00", to: "08:00"}'
    yield f"# {say('yml_thresholds', language)}"
    yield "thresholds: {cart_idle_minutes: 60, recovery_window_days: 7, winback_months: 3}"


def _destinations(guessed: Guessed, language: str) -> Iterator[str]:
    yield f"# {say('yml_destinations', language)}"
    yield "destinations:"
    country = "JP" if guessed.currency == "JPY" else "null"
    for profile in ("people_excel", "generic_utf8", "generic_cp932"):
        yield (
            f"  - {{key: {profile}, profile: {profile}, country: {country}, "
            "contract: null, basis: null}"
        )


def _people(language: str) -> Iterator[str]:
    """One person of each role, to be uncommented: on this machine alone nobody has to log in."""
    domain = "example.jp" if language == "ja" else "example.com"
    yield f"# {say('yml_people', language)}"
    yield "# people:"
    for name, role in _STAFF:
        told = say(f"yml_role_{role}", language)
        yield f"#   - {{email: {name}@{domain}, role: {role}}}   # {told}"
