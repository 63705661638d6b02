"""What the outside world is told when a file or a mapping cannot be used."""


class FileRefused(Exception):
    """A file that cannot be trusted as a whole; nothing of it is taken.

    Invariant: the text holds no cell of the file, for it reaches logs and screens.
    """

    def __init__(
        self,
        file: str,
        reason: str,
        what_to_do: str,
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        self.file = file
        self.reason = reason
        self.what_to_do = what_to_do
        self.row = row
        self.column = column
        place = f", row {row}" if row is not None else ""
        place += f", column {column}" if column is not None else ""
        super().__init__(f"{file}{place}: {reason}. {what_to_do}")


class MappingBroken(Exception):
    """A mapping file that says something the grammar or the canonical tables do not know."""
