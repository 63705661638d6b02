"""`okaeri exports`: ask, look, approve, and what a person decides when a machine has died."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines import requests, settings
from pipelines.shop import Shop
from pipelines.state import StateTooNew
from pipelines.terminal import (
    FAILED,
    AsJson,
    ShopFile,
    console,
    errors,
    now_of,
    operator,
    stop,
    the_shop,
)

if TYPE_CHECKING:
    from pipelines.exports import BatchRow

exports_app = typer.Typer(no_args_is_help=True, help="The only door outwards.")

RequestId = Annotated[str, typer.Argument(help="Id of a request, as `exports list` prints it.")]
BatchId = Annotated[str, typer.Argument(help="Id of a batch, as `exports show` prints it.")]


class Verdict(StrEnum):
    """What became of a batch on HOLD."""

    DELIVERED = "delivered"
    NOT_DELIVERED = "not-delivered"


class Refusal(StrEnum):
    """Why an address is stopped by hand. Erasure is another matter: it removes data too."""

    MANUAL = "manual"
    UNSUBSCRIBE = "unsubscribe"
    COMPLAINT = "complaint"
    HARD_BOUNCE = "hard_bounce"
    LEGAL = "legal"


@contextmanager
def refusing() -> Iterator[None]:
    """A refusal inside becomes one line on standard error and exit code 1."""
    from pipelines import exports

    known = (
        exports.ExportRefused, exports.UnknownBatch, exports.NoAddress, requests.BadRequest,
        requests.BadMove, StateTooNew,
    )  # fmt: skip
    try:
        yield
    except known as error:
        stop(" ".join(str(error).split()), code=FAILED)


def recover_at_start(shop: Shop) -> None:
    """Finish what a dead process left; a refusal is printed and keeps nobody from looking."""
    from pipelines import exports

    try:
        exports.recover(settings.home_of(shop.id), shop, clock=shop.clock)
    except exports.ExportRefused as refusal:
        errors.print(" ".join(str(refusal).split()), style="red", markup=False, soft_wrap=True)


def _print_json(found: object) -> None:
    typer.echo(json.dumps(found, ensure_ascii=False, default=str))


@exports_app.command("request")
def request(
    segment: Annotated[
        str, typer.Argument(help="Segment, campaign or saved segment, e.g. cart_recovery.")
    ],
    to: Annotated[str, typer.Option("--to", help="Destination of shop.yml.")],
    send: Annotated[bool, typer.Option("--send", help="Hand over; without it a dry run.")] = False,
    max_rows: Annotated[
        int | None, typer.Option("--max-rows", help="Refuse a plan with more persons.")
    ] = None,
    issue: Annotated[
        str | None,
        typer.Option("--issue", help="Of a saved segment: the newsletter's issue. Default: today."),
    ] = None,
    shop: ShopFile = None,
    as_json: AsJson = False,
) -> None:
    """Plan a hand-off and, with --send, carry it out."""
    from pipelines import report, runner

    _, loaded = the_shop(shop)
    with refusing():
        outcome = runner.export(
            loaded, segment=segment, destination=to, send=send, max_rows=max_rows,
            issue=issue, requested_by=operator(),
        )  # fmt: skip
    if as_json:
        typer.echo(report.export_json(outcome))
    else:
        report.print_export(console, outcome, language=settings.language())


@exports_app.command("list")
def list_requests(shop: ShopFile = None, as_json: AsJson = False) -> None:
    """Requests and what became of them, newest first."""
    from pipelines.report import handed

    _, loaded = the_shop(shop)
    with refusing():
        found = requests.all_of(settings.home_of(loaded.id), loaded.id)
    if as_json:
        _print_json([asdict(request) for request in found])
    else:
        handed.print_requests(console, loaded, found, language=settings.language())


@exports_app.command()
def plan(shop: ShopFile = None, as_json: AsJson = False) -> None:
    """Every segment: whom it means today, whom it may write to, why not the others."""
    from pipelines import exports
    from pipelines.report import planned

    _, loaded = the_shop(shop)
    with refusing():
        found = exports.overview(settings.home_of(loaded.id), loaded, clock=loaded.clock)
    if as_json:
        _print_json([asdict(row) for row in found])
    else:
        planned.print_overview(console, found, language=settings.language())


@exports_app.command()
def show(request_id: RequestId, shop: ShopFile = None, as_json: AsJson = False) -> None:
    """One request: the plan with masked rows, its batches, and what is left to do."""
    from pipelines import exports
    from pipelines.report import handed

    _, loaded = the_shop(shop)
    home = settings.home_of(loaded.id)
    with refusing():
        asked, plans = exports.show(home, request_id)
        batches = exports.batches_of(home, asked)
    shown = handed.Shown(asked, plans, batches)
    if as_json:
        _print_json(asdict(shown))
    else:
        handed.print_request(console, shown, language=settings.language())


@exports_app.command()
def approve(request_id: RequestId, shop: ShopFile = None, as_json: AsJson = False) -> None:
    """Release a large request as the second person, and carry it out."""
    from pipelines import exports, report

    _, loaded = the_shop(shop)
    home = settings.home_of(loaded.id)
    with refusing():
        requests.approve(home, request_id, approved_by=operator(), at=now_of(loaded))
        outcome = exports.run_request(home, loaded, request_id, clock=loaded.clock)
    if as_json:
        typer.echo(report.export_json(outcome))
    else:
        report.print_export(console, outcome, language=settings.language())


@exports_app.command()
def resolve(
    batch: BatchId,
    verdict: Annotated[Verdict, typer.Argument(help="What the mailer says became of it.")],
    shop: ShopFile = None,
    as_json: AsJson = False,
) -> None:
    """Decide a batch on HOLD: it left, or it did not and its people are free again."""
    from pipelines import exports

    _, loaded = the_shop(shop)
    with refusing():
        row = exports.resolve(
            settings.home_of(loaded.id), batch, verdict.value, actor=operator(), now=now_of(loaded)
        )
    _print_batches([row], as_json=as_json)


@exports_app.command()
def recover(shop: ShopFile = None, as_json: AsJson = False) -> None:
    """Finish, expire or put on HOLD what a dead process left behind."""
    from pipelines import exports

    _, loaded = the_shop(shop)
    home = settings.home_of(loaded.id)
    with refusing():
        found = {b.batch_id for b in exports.recover(home, loaded, clock=loaded.clock)}
        rows = [row for row in exports.batches(home) if row.batch_id in found]
    _print_batches(rows, as_json=as_json)


@exports_app.command()
def adopt(shop: ShopFile = None, as_json: AsJson = False) -> None:
    """Take over a moved or restored ledger: files it does not know count as handed over."""
    from pipelines import exports

    _, loaded = the_shop(shop)
    with refusing():
        found = exports.adopt(
            settings.home_of(loaded.id), loaded, actor=operator(), now=now_of(loaded)
        )
    _say("adopted", {"batches": found}, as_json=as_json, count=len(found))


@exports_app.command()
def rerender(
    batch: BatchId,
    folder: Annotated[Path, typer.Argument(help="Where to write it; never the outbox.")],
    shop: ShopFile = None,
    as_json: AsJson = False,
) -> None:
    """Write the file of a handed-over batch once more, elsewhere, byte for byte."""
    from pipelines import exports

    _, loaded = the_shop(shop)
    with refusing():
        path = exports.rerender(settings.home_of(loaded.id), loaded, batch, folder)
    _say("rerendered", {"file": str(path)}, as_json=as_json, path=path)


@exports_app.command()
def suppress(
    email: Annotated[str, typer.Argument(help="Address that must not be written to any more.")],
    reason: Annotated[Refusal, typer.Option("--reason", help="Why.")],
    shop: ShopFile = None,
    as_json: AsJson = False,
) -> None:
    """Stop an address on every channel, from the next hand-off on."""
    from pipelines import exports

    _, loaded = the_shop(shop)
    with refusing():
        channels = exports.suppress(
            settings.home_of(loaded.id), loaded, email=email, reason=reason.value,
            by=operator(), now=now_of(loaded),
        )  # fmt: skip
    _say("suppressed", {"channels": channels}, as_json=as_json, channels=channels)


def _say(key: str, found: object, *, as_json: bool, **values: object) -> None:
    from pipelines.report.export_words import tell

    if as_json:
        _print_json(found)
    else:
        text = tell(key, settings.language(), **values)
        console.print(text, markup=False, soft_wrap=True)


def _print_batches(rows: "Sequence[BatchRow]", *, as_json: bool) -> None:
    from pipelines.report import handed

    if as_json:
        _print_json([asdict(row) for row in rows])
    else:
        handed.print_batches(console, rows, language=settings.language())
