"""Why an export is refused, each with what to do about it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.exports.outcome import BatchResult


class ExportRefused(RuntimeError):
    """Nothing was handed over, and nothing will be until somebody acts."""


class SnapshotMissing(ExportRefused):
    """There is no published snapshot, or it lacks what an export needs."""


class ShopNotReady(ExportRefused):
    """Sender, destination or campaign lacks what the law or the format wants."""


class UnknownSegment(ExportRefused):
    """No published segment and no campaign has this key."""


class ConditionsOutdated(ExportRefused):
    """A saved segment asks for a column or a value the published file no longer has."""


class NewsletterStopped(ExportRefused):
    """No newsletter campaign runs, or nobody said which of several a saved segment leaves as."""


class UnknownBatch(LookupError):
    """The ledger has no batch of this id."""


class NoAddress(ValueError):
    """What was given cannot be an e-mail address."""


class OutboxUnusable(ExportRefused):
    """Staging and outbox are not one writable file system."""


class Unsent(OutboxUnusable):
    """A remote place took nothing: it can be tried again without a second look."""


class InDoubt(OutboxUnusable):
    """A mailer may have taken a file or not: a person decides, it never leaves again by itself."""


class Tampered(ExportRefused):
    """A manifest or a row of the ledger is not as the exporter wrote it: a person looks first."""


class NotRecovered(ExportRefused):
    """What dead processes left is not all finished. `recovered`: batches that are."""

    def __init__(self, message: str, *, recovered: "tuple[BatchResult, ...]") -> None:
        """Keep what was finished all the same."""
        super().__init__(message)
        self.recovered = recovered


class WrongMachine(ExportRefused):
    """The ledger belongs to another machine, or is older than what was handed over."""


class WeakLedger(ExportRefused):
    """The ledger's database does not write its commits through to the disk."""


class OtherInput(ExportRefused):
    """The same batch id was asked for with other input; the stored batch is kept."""


class ApprovalNeeded(ExportRefused):
    """More people than one person alone may hand over."""


class TooManyRows(ExportRefused):
    """The plan is larger than the request allows."""


class TooManyComplaints(ExportRefused):
    """More of a destination's mail was reported as spam than a mailbox bears."""


class UnreadReport(ExportRefused):
    """A report of the destination's mailer cannot be read: who stopped there is not known."""


class BadCoupons(ExportRefused):
    """Codes that cannot be taken in; none of the file was."""


class CouponsShort(ExportRefused):
    """A campaign's pool has fewer codes than people. `waits`: the request is tried again later."""

    def __init__(self, message: str, *, waits: bool) -> None:
        """Keep whether the campaign says to wait."""
        super().__init__(message)
        self.waits = waits


class Unencodable(ExportRefused):
    """The profile says to fail where its encoding cannot hold a character."""


class FileNotFaithful(ExportRefused):
    """The rendered bytes, read again, do not hold the claimed rows."""
