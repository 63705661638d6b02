"""What `init` proposes for a folder: sources, guesses, a plan, and the text of the shop.yml."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import polars as pl

from pipelines import sources
from pipelines.onboarding.answers import Answers, Ask, OnboardingRefused, collect
from pipelines.onboarding.drafts import SourceDraft, drafts
from pipelines.onboarding.planner import Plan, plan
from pipelines.onboarding.seen import FileSeen, look
from pipelines.onboarding.shop_file import Guessed, SourceEntry, one_line, shop_file
from pipelines.onboarding.words import say

# Only where the currency leaves little doubt; anything else is marked as a guess.
_ZONES: Final = {
    "JPY": "Asia/Tokyo",
    "KRW": "Asia/Seoul",
    "TWD": "Asia/Taipei",
    "GBP": "Europe/London",
    "EUR": "Europe/Paris",
    "USD": "America/New_York",
    "CAD": "America/Toronto",
    "AUD": "Australia/Sydney",
}


@dataclass(frozen=True)
class Proposal:
    """A proposal for one folder, nothing written yet."""

    folder: Path
    files: tuple[FileSeen, ...]
    answers: Answers
    guessed: Guessed
    plan: Plan | None
    text: str


@dataclass(frozen=True)
class Survey:
    """What the files alone say, before anybody is asked."""

    folder: Path
    files: tuple[FileSeen, ...]
    guessed: Guessed
    plan: Plan | None


def survey(folder: Path, *, language: str) -> Survey:
    """The files of a folder and what they say. Raises OnboardingRefused where none is usable."""
    if not folder.is_dir():
        raise OnboardingRefused(say("no_files", language, folder=folder))
    files = look(folder, language=language)
    volumes = [file.volume for file in files if file.volume is not None]
    volume = max(volumes, key=lambda v: v.people, default=None)
    return Survey(folder, files, guess(files), plan(volume) if volume else None)


def propose(
    folder: Path,
    answers: Mapping[str, object] | None = None,
    *,
    ask: Ask | None = None,
    language: str = "en",
    surveyed: Survey | None = None,
) -> Proposal:
    """The proposal for a folder. `ask` is called for what `answers` leave open; None: defaults.

    Raises OnboardingRefused where no file fits a mapping or an answer cannot be used.
    """
    seen = surveyed or survey(folder, language=language)
    known = [(file.name, file.reading) for file in seen.files if file.reading]
    if not known:
        raise OnboardingRefused(say("no_files", language, folder=folder))
    given = collect(answers or {}, folder_name=folder.resolve().name, ask=ask, language=language)
    by_name = {file.name: file for file in seen.files}
    entries = [_entry(draft, by_name, language) for draft in drafts(known)]
    unknown = [file.name for file in seen.files if not file.reading]
    text = shop_file(
        given, guessed=seen.guessed, sources=entries, unknown_files=unknown, language=language
    )
    return Proposal(folder, seen.files, given, seen.guessed, seen.plan, text)


def guess(files: Sequence[FileSeen]) -> Guessed:
    """Currency: the most frequent one of the orders. Zone: the mapping's, else the currency's."""
    currencies: Counter[str] = Counter()
    for file in files:
        if file.orders is not None:
            counts = file.orders["currency"].drop_nulls().value_counts()
            currencies.update(dict(counts.iter_rows()))
    zones = {file.zone for file in files if file.reading and file.zone != "shop"}
    currency = currencies.most_common(1)[0][0] if currencies else "JPY"
    if len(zones) == 1:
        return Guessed(zones.pop(), currency, is_sure=bool(currencies))
    zone = _ZONES.get(currency, "UTC")
    return Guessed(zone, currency, is_sure=currency == "JPY" and bool(currencies))


def _entry(draft: SourceDraft, by_name: Mapping[str, FileSeen], language: str) -> SourceEntry:
    seen = [by_name[name] for name in draft.files]
    told = tuple(
        say(
            "yml_file",
            language,
            file=one_line(file.name),
            rows=f"{file.rows:,}",
            matched=len(file.used),
            headers=len(file.headers),
        )
        for file in seen
    )
    return SourceEntry(draft.key, draft.pattern, draft.reading, told, _open(draft, seen))


def _open(draft: SourceDraft, seen: Sequence[FileSeen]) -> tuple[tuple[str, int], ...]:
    """Order statuses of the files that the mapping does not know, most frequent first."""
    known = {row.status for row in sources.mappings()[draft.reading.mapping].statuses}
    orders = [file.orders for file in seen if file.orders is not None]
    if not orders:
        return ()
    counted = (
        pl.concat(orders)
        .filter(~pl.col("source_status").is_in(list(known)))
        .group_by("source_status")
        .agg(count=pl.len())
        .sort("count", "source_status", descending=[True, False])
    )
    return tuple(counted.iter_rows())
