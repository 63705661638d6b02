"""A YAML file as plain values plus the line each key stands on."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import yaml

from pipelines.shop.rules import Loc

MAX_BYTES: Final = 5_000_000


@dataclass(frozen=True)
class Problem:
    """One thing wrong in the file: where, which key, what, and what would be right."""

    file: Path
    line: int
    key: str
    message: str
    allowed: str = ""

    def __str__(self) -> str:
        """`FILE:LINE: key: message (allowed: …)`, so that editors can jump to it."""
        where = f"{self.file}:{self.line}: " + (f"{self.key}: " if self.key else "")
        return where + self.message + (f" (allowed: {self.allowed})" if self.allowed else "")


class ShopFileError(ValueError):
    """`shop.yml` cannot be used. `problems` holds every finding, in the order of the file."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the findings sorted by line; the text of the error lists them all."""
        self.problems = tuple(sorted(problems, key=lambda p: (p.line, p.key)))
        super().__init__("\n".join(map(str, self.problems)))


class _Loader(yaml.SafeLoader):
    """The safe loader with the plain scalars of YAML 1.2.

    YAML 1.1 reads `country: NO` as false, `21:00` as 1260, `0123` as 83 and `1.10` as a float:
    here only true/false, plain whole numbers and null are anything but text.
    """


# An own, empty table: otherwise the additions would go into the safe loader of everybody else.
_Loader.yaml_implicit_resolvers = {}


def _resolve(tag: str, pattern: str, first: str) -> None:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), list(first))


_resolve("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF")
_resolve("int", r"^[-+]?(?:0|[1-9][0-9]{0,17})$", "-+0123456789")
_resolve("null", r"^(?:~|null|Null|NULL|)$", "~nN\0")


@dataclass(frozen=True)
class Document:
    """Parsed content. `lines` maps each place (keys and list positions) to its line, from 1."""

    file: Path
    content: object
    lines: dict[Loc, int] = field(default_factory=dict)

    def line(self, loc: Loc) -> int:
        """Line of a place, else of the nearest place around it that stands in the file."""
        for end in range(len(loc), -1, -1):
            if loc[:end] in self.lines:
                return self.lines[loc[:end]]
        return 1


def dotted(loc: Loc) -> str:
    """`campaigns[0].steps[1].delay_minutes`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return text.removeprefix(".")


def nearest(word: str, allowed: Iterable[str]) -> str | None:
    """The allowed word a mistyped one most likely meant."""
    return next(iter(difflib.get_close_matches(word, list(allowed), n=1, cutoff=0.6)), None)


def read(path: Path) -> Document:
    """The file's content and lines. Raises ShopFileError: unreadable, broken, duplicate keys."""
    text = _text_of(path)
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is None:
            said = "the file is empty"
            raise ShopFileError([Problem(path, 1, "", said, "see docs/shop.schema.json")])
        builder = _Builder(path, loader)
        content = builder.build(node, ())
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        said = f"contains the character U+{ord(text[error.position]):04X}"
        raise ShopFileError([Problem(path, line, "", said, "printable text")]) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = " ".join(part for part in (error.context, error.problem) if part)
        raise ShopFileError([Problem(path, mark.line + 1 if mark else 1, "", said)]) from error
    except RecursionError as error:
        raise ShopFileError([Problem(path, 1, "", "blocks nested too deeply")]) from error
    if builder.problems:
        raise ShopFileError(builder.problems)
    return Document(path, content, builder.lines)


def _text_of(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        said = f"cannot be read: {error.strerror}"
        raise ShopFileError([Problem(path, 1, "", said, "path of a shop.yml")]) from error
    if len(raw) > MAX_BYTES:
        raise ShopFileError([Problem(path, 1, "", "too large for settings", "5 MB at most")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ShopFileError(
            [Problem(path, line, "", "not UTF-8 text; save the file again as UTF-8", "UTF-8")]
        ) from error


class _Builder:
    """Walks the node tree once: values, lines, duplicate keys and self-references."""

    def __init__(self, path: Path, loader: _Loader) -> None:
        self.path, self.loader = path, loader
        self.lines: dict[Loc, int] = {}
        self.problems: list[Problem] = []
        self._open: set[int] = set()

    def build(self, node: yaml.Node, loc: Loc) -> object:
        """Value of one node; records the line of everything in it."""
        self.lines.setdefault(loc, node.start_mark.line + 1)
        if id(node) in self._open:
            raise yaml.constructor.ConstructorError(
                None, None, "an anchor contains itself", node.start_mark
            )
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, loc)
            if isinstance(node, yaml.SequenceNode):
                return [self.build(item, (*loc, i)) for i, item in enumerate(node.value)]
            return self._scalar(node)
        finally:
            self._open.discard(id(node))

    def _scalar(self, node: yaml.Node) -> object:
        try:
            value: object = self.loader.construct_object(node, deep=True)
        except ValueError as error:
            raise yaml.constructor.ConstructorError(
                None, None, f"{node.value[:60]!r} is no {node.tag}", node.start_mark
            ) from error
        return value

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, object]:
        built: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if key in built:
                place = (*loc, key)
                said = f"stands here a second time (first in line {self.lines[place]})"
                self.problems.append(Problem(self.path, line, dotted(place), said, "each once"))
                continue
            self.lines[(*loc, key)] = line
            built[key] = self.build(value_node, (*loc, key))
        return built
