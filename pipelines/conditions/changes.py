"""What one version of conditions asks that another does not, in words."""

from collections import Counter
from dataclasses import dataclass

from pipelines.conditions.tree import Checked
from pipelines.conditions.words import parts_of


@dataclass(frozen=True)
class Changes:
    """Conditions that came and went, each as a sentence; and whether they are joined otherwise."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    is_joined_otherwise: bool

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.added or self.removed or self.is_joined_otherwise)


def changes(before: Checked, after: Checked, language: str) -> Changes:
    """From one version to the next; the order in which conditions stand says nothing.

    A group inside is one condition: who changes a part of it changes the whole. One condition is
    joined to nothing, however it was saved.
    """
    old, new = parts_of(before, language), parts_of(after, language)
    are_joined = len(old) > 1 and len(new) > 1
    return Changes(
        _more(new, old),
        _more(old, new),
        are_joined and before.root.joined_by != after.root.joined_by,
    )


def _more(these: list[str], those: list[str]) -> tuple[str, ...]:
    left = Counter(these) - Counter(those)
    return tuple(left.elements())
