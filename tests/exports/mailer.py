"""What a mailer does: takes every file it can see, at once, and deletes it from the outbox."""

import csv
import hashlib
import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Mailer:
    """Watches one outbox. Remembers what it took, byte for byte."""

    outbox: Path
    taken: list[tuple[str, bytes]] = field(default_factory=list)

    def poll(self) -> None:
        for path in sorted(self.outbox.glob("*.csv")):
            self.taken.append((path.name, path.read_bytes()))
            path.unlink()

    @property
    def messages(self) -> Counter[str]:
        """How often each address was handed over."""
        found: Counter[str] = Counter()
        for name, data in self.taken:
            if name.endswith((".removed.csv", ".suppress.csv")):
                continue
            rows = csv.DictReader(io.StringIO(data.decode("utf-8"), newline=""))
            found.update(row["email"] for row in rows)
        return found

    @property
    def sha256(self) -> dict[str, str]:
        return {name: hashlib.sha256(data).hexdigest() for name, data in self.taken}
