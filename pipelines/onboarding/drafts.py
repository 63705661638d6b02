"""From files to sources: keys and globs that catch next month's file and nobody else's."""

import fnmatch
import glob
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True)
class SourceDraft:
    """One source of the shop.yml to be: `files` are names relative to the folder."""

    key: str
    pattern: str
    mapping: str
    files: tuple[str, ...]


def drafts(known: Iterable[tuple[str, str]]) -> tuple[SourceDraft, ...]:
    """Drafts for (file name, mapping key) pairs, sorted by mapping; names use `/`."""
    by_mapping: dict[str, list[str]] = {}
    for name, mapping in known:
        by_mapping.setdefault(mapping, []).append(name)
    taken = {name: mapping for mapping, names in by_mapping.items() for name in names}
    found: list[SourceDraft] = []
    for mapping, names in sorted(by_mapping.items()):
        others = [name for name, theirs in taken.items() if theirs != mapping]
        for number, (pattern, files) in enumerate(_patterns(sorted(names), others), start=1):
            key = mapping if number == 1 else f"{mapping}_{number}"
            found.append(SourceDraft(_slug(key), pattern, mapping, files))
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
