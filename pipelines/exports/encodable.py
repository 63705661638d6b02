"""What an encoding can hold of a text, and what stands in for the rest.

cp932 takes some signs and gives their twin back; comparing with what comes back finds them.
"""

from typing import Final

from pipelines.exports.errors import Unencodable
from pipelines.exports.profile import Profile

# What cp932 lacks or gives back as another character, and its usual stand-in.
_STAND_INS: Final = str.maketrans({
    "〜": "～", "−": "－", "‖": "∥", "¢": "￠", "£": "￡", "¬": "￢", "¥": "￥", "—": "―",
    "–": "－", "‾": "￣", "•": "・", "·": "・", "\u00a0": " ", "é": "e", "è": "e", "ñ": "n",
    "♥": "☆", "♡": "☆", "™": "TM", "®": "(R)", "©": "(C)", "€": "EUR",
})  # fmt: skip


def encodable(text: str, *, profile: Profile, label: str, exact: bool) -> tuple[str, str | None]:
    """The text as the profile's encoding can hold it, and what that took: None if nothing.

    `refused`: its row must stay out. Raises: Unencodable where the profile says to fail.
    """
    if text.isascii():
        return text, None
    codec = "cp932" if profile.encoding == "cp932" else "utf-8"
    if not exact and codec == "cp932":
        text = "".join(c if _round_trips(c) else _stand_in(c) for c in text)
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        if profile.unencodable == "fail":
            raise Unencodable(
                f"column {label}: a character {profile.encoding} does not have; change it at its "
                "source, or let the profile replace or skip"
            ) from None
        if exact or profile.unencodable == "skip":
            return text, "refused"
        kept = "".join(c if _fits(c, codec) else profile.replacement for c in text)
        return kept, "unencodable"
    if exact and text.encode(codec).decode(codec) != text:
        return text, "refused"
    return text, None


def _stand_in(character: str) -> str:
    other = character.translate(_STAND_INS)
    # Some signs are taken by the encoder and given back as their twin: the twin is written.
    return other.encode("cp932").decode("cp932") if _fits(other, "cp932") else other


def _round_trips(character: str) -> bool:
    return character.isascii() or (
        _fits(character, "cp932") and character.encode("cp932").decode("cp932") == character
    )


def _fits(character: str, codec: str) -> bool:
    try:
        character.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
