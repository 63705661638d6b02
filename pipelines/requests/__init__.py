"""What a screen, the terminal or a schedule may ask for: rows of `requests.db`, nothing else.

Nothing is handed over here: a sensor turns each open row into a run, and the exporter writes back
what became of it. A screen therefore shows the request's own state, never its own optimism.

Invariant: every change stands in the append-only `request_events`, written in its transaction: who,
in which role, from where, when and what. Whoever is no exporter changes nothing.
"""

from pipelines.requests.model import (
    CANCELLABLE,
    BadMove,
    BadRequest,
    MaskedPlan,
    Request,
    RequestEvent,
    checked_id,
)
from pipelines.requests.one_person import (
    BLOCK,
    LIFT,
    Block,
    FoundBy,
    Look,
    block,
    block_of,
    blocks_done,
    blocks_of,
    lift,
    look,
    looks_of,
    open_blocks,
)
from pipelines.requests.plans import plans_of, save_plans
from pipelines.requests.reports import (
    REPORT_BYTES,
    REPORT_KINDS,
    Report,
    hand_in_report,
    reports_of,
    uploaded_source,
)
from pipelines.requests.rows import (
    all_of,
    cancel,
    create,
    events_of,
    move,
    open_of,
    read,
    release,
    reopen_running,
    tell_recalls,
)
from pipelines.requests.screens import (
    ScreenMonth,
    screen_months_of,
    screen_rows,
    type_screen_month,
)
from pipelines.requests.totals import TOTALS, Totals, totals_of, type_totals
from pipelines.requests.verdicts import NoVerdict, verdict_of

__all__ = [
    "BLOCK",
    "CANCELLABLE",
    "LIFT",
    "REPORT_BYTES",
    "REPORT_KINDS",
    "TOTALS",
    "BadMove",
    "BadRequest",
    "Block",
    "FoundBy",
    "Look",
    "MaskedPlan",
    "NoVerdict",
    "Report",
    "Request",
    "RequestEvent",
    "ScreenMonth",
    "Totals",
    "all_of",
    "block",
    "block_of",
    "blocks_done",
    "blocks_of",
    "cancel",
    "checked_id",
    "create",
    "events_of",
    "hand_in_report",
    "lift",
    "look",
    "looks_of",
    "move",
    "open_blocks",
    "open_of",
    "plans_of",
    "read",
    "release",
    "reopen_running",
    "reports_of",
    "save_plans",
    "screen_months_of",
    "screen_rows",
    "tell_recalls",
    "totals_of",
    "type_screen_month",
    "type_totals",
    "uploaded_source",
    "verdict_of",
]
