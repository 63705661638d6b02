"""A feed that a site's script fetches for one browser or member.

Source: RFC 8259 (UTF-8, no byte order mark, names in an object unique), ECMA-262 (dates). The feed is
keyed by browser or member id; what a page can fetch must not hold an address, and a page shows no
picture or link but of https.
"""

import json
import re

from tests.exports.importers import core

KEYS = ("member_id", "customer_id", "user_id", "browser_id", "browser_ids", "user_pseudo_id")
# ECMA-262, Date Time String Format: an offset has a colon, and other forms need not be read.
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")
READABLE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)")
PERSONAL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def import_file(data: bytes, name: str) -> core.Imported:
    """Entries by every browser and member id that may fetch them."""
    if not name.lower().endswith((".json", ".jsonl", ".ndjson")):
        raise core.WrongFileType(name)
    text = core.decoded(data, "utf-8")
    if text.startswith("\ufeff"):  # RFC 8259, 8.1: "MUST NOT add a byte order mark"
        raise core.WrongEncoding("a byte order mark")
    imported = core.Imported()
    for line, (keys, entry) in enumerate(_entries(text, name), start=1):
        _entry(imported, line, keys, entry)
    return imported


def _entries(text: str, name: str) -> list[tuple[list[str], dict[str, core.Value]]]:
    if not name.lower().endswith(".json"):
        found = [_parsed(line) for line in text.strip().split("\n")]
    else:
        found = _parsed(text)
    if isinstance(found, dict) and len(found) == 1 and isinstance(*found.values(), list):
        (found,) = found.values()
    if isinstance(found, dict):
        return [([key], entry) for key, entry in found.items()]
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise core.WrongFileType("neither an object of entries nor a list of them")
    named = [",".join(str(entry[k]) for k in KEYS if entry.get(k)) for entry in found]
    return [(keys.split(",") if keys else [], e) for keys, e in zip(named, found, strict=True)]


def _entry(
    imported: core.Imported, line: int, keys: list[str], entry: dict[str, core.Value]
) -> None:
    key = keys[0] if keys else ""
    whole = json.dumps(entry, ensure_ascii=False)
    urls = [v for k, v in entry.items() if k.endswith("url") and v is not None]
    if not key:
        imported.refuse(line, "", "neither a browser nor a member id")
    elif set(keys) & set(imported.contacts):
        imported.refuse(line, key, "duplicate")
    elif PERSONAL.search(whole) or PERSONAL.search(key):
        imported.refuse(line, key, "an address in a public feed")
    elif not all(str(url).startswith("https://") for url in urls):
        imported.refuse(line, key, "a URL that is not absolute https")
    else:
        for label, value in entry.items():
            if INSTANT.fullmatch(str(value)) and not READABLE.fullmatch(str(value)):
                imported.hurt("date_as_text", label, str(value))
        contact = core.Contact(key, entry, core.stated_consent(entry))
        imported.contacts.update(dict.fromkeys(keys, contact))


def _parsed(text: str) -> core.Value:
    def unique(pairs: list[tuple[str, core.Value]]) -> dict[str, core.Value]:
        if len({key for key, _ in pairs}) != len(pairs):  # RFC 8259, 4: "names … SHOULD be unique"
            raise core.WrongHeader("a name stands twice in an object")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=unique)
    except ValueError as error:
        raise core.WrongFileType(f"no JSON: {error}") from error
