"""The only door outwards: a segment leaves as a file, and nobody is handed over twice.

Request → plan → arms → claim → seal → intent → rename → delivered, as in the ledger's states; what
a mailer does after it took the file is known from its results alone.
"""

from pipelines.exports.blocks import carry_out_blocks
from pipelines.exports.coupon_files import Imported, import_codes
from pipelines.exports.coupons import Pool, pools
from pipelines.exports.disclosures import Disclosure, disclosures, type_totals
from pipelines.exports.errors import ExportRefused, NoAddress, NotRecovered, UnknownBatch
from pipelines.exports.facts import Received
from pipelines.exports.history import import_arms, import_claims
from pipelines.exports.landed import ledger_tables, typed_results
from pipelines.exports.ledger import BatchRow
from pipelines.exports.lost import dates_of
from pipelines.exports.machine import Machine
from pipelines.exports.operations import (
    adopt,
    batches,
    batches_of,
    open_requests,
    request,
    rerender,
    resolve,
    show,
)
from pipelines.exports.outcome import BatchResult, Outcome
from pipelines.exports.overview import Overview, overview
from pipelines.exports.persons import person_by_email
from pipelines.exports.recalls import recall
from pipelines.exports.recheck import Recheck, recheck, write_recall
from pipelines.exports.recovery import recover, stranded
from pipelines.exports.releases import cancel, release
from pipelines.exports.run import run_request
from pipelines.exports.schedule import Due, ask_due, due_lists
from pipelines.exports.snapshot import deliverability, unmatched
from pipelines.exports.suppressions import import_mail_events, import_suppressions, suppress

__all__ = [
    "BatchResult",
    "BatchRow",
    "Disclosure",
    "Due",
    "ExportRefused",
    "Imported",
    "Machine",
    "NoAddress",
    "NotRecovered",
    "Outcome",
    "Overview",
    "Pool",
    "Received",
    "Recheck",
    "UnknownBatch",
    "adopt",
    "ask_due",
    "batches",
    "batches_of",
    "cancel",
    "carry_out_blocks",
    "dates_of",
    "deliverability",
    "disclosures",
    "due_lists",
    "import_arms",
    "import_claims",
    "import_codes",
    "import_mail_events",
    "import_suppressions",
    "ledger_tables",
    "open_requests",
    "overview",
    "person_by_email",
    "pools",
    "recall",
    "recheck",
    "recover",
    "release",
    "request",
    "rerender",
    "resolve",
    "run_request",
    "show",
    "stranded",
    "suppress",
    "type_totals",
    "typed_results",
    "unmatched",
    "write_recall",
]
