"""From files to sources: keys and globs that catch next month's file and nobody else's."""

import fnmatch
import glob
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, order=True)
class Reading:
    """How a file is read: its mapping, and what that would not find by itself ("" = it does)."""

    mapping: str
    encoding: str = ""
    delimiter: str = ""


@dataclass(frozen=True)
class SourceDraft:
    """One source of the shop.yml to be: `files` are names relative to the folder."""

    key: str
    pattern: str
    reading: Reading
    files: tuple[str, ...]


def drafts(known: Iterable[tuple[str, Reading]]) -> tuple[SourceDraft, ...]:
    """Drafts for files read in one way each, sorted by mapping; names use `/`."""
    by_reading: dict[Reading, list[str]] = {}
    for name, reading in known:
        by_reading.setdefault(reading, []).append(name)
    taken = {name: reading for reading, names in by_reading.items() for name in names}
    found: list[SourceDraft] = []
    numbers: Counter[str] = Counter()
    for reading, names in sorted(by_reading.items()):
        others = [name for name, theirs in taken.items() if theirs != reading]
        for pattern, files in _patterns(sorted(names), others):
            numbers[reading.mapping] += 1
            number = numbers[reading.mapping]
            key = reading.mapping if number == 1 else f"{reading.mapping}_{number}"
            found.append(SourceDraft(_slug(key), pattern, reading, files))
    return tuple(found)


def _patterns(names: Sequence[str], others: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    """Patterns that together match all names, each at most one pattern, and none of the others."""
    left, found = list(names), []
    while left:
        pattern = _safest(left[0], others)
        caught = tuple(name for name in left if _matches(name, pattern))
        left = [name for name in left if name not in caught]
        found.append((pattern, caught))
    return found


def _safest(name: str, others: Sequence[str]) -> str:
    """The widest pattern of a name that catches no file of another mapping."""
    path = PurePosixPath(name)
    folder = f"{glob.escape(str(path.parent))}/" if path.parent.name else ""
    stem, suffix = path.name.split(".", 1) if "." in path.name else (path.name, "")
    tail = f".{glob.escape(suffix)}" if suffix else ""
    # A date or number is what changes from one export to the next.
    digits = re.sub(r"[0-9]+([-_.T]?[0-9]+)*", "\0", stem)
    wide = "*".join(glob.escape(part) for part in digits.split("\0"))
    for pattern in (f"{folder}{wide}{tail}", f"{folder}{glob.escape(stem)}{tail}"):
        bare = pattern.removeprefix(folder).removesuffix(tail)
        if bare != "*" and not any(_matches(other, pattern) for other in others):
            return pattern
    return glob.escape(name)


def _matches(name: str, pattern: str) -> bool:
    # A star never crosses a folder, as in pathlib.
    return name.count("/") == pattern.count("/") and fnmatch.fnmatchcase(name, pattern)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9_-]+", "-", text.lower()).strip("-_")[:63] or "source"
