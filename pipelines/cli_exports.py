"""`okaeri exports`, requests: ask, plan, look, release, cancel; batches stand in `cli_batches`."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines import requests, settings
from pipelines.actors import Actor, NotAllowed
from pipelines.shop import Shop
from pipelines.state import StateTooNew
from pipelines.terminal import (
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


@contextmanager
def refusing() -> Iterator[None]:
    """A refusal inside becomes one line on standard error, saying what to do, and exit code 2."""
    from sqlalchemy.exc import DatabaseError, IntegrityError, ProgrammingError

    from pipelines import exports

    known = (
        exports.ExportRefused, exports.UnknownBatch, exports.NoAddress, requests.BadRequest,
        requests.BadMove, NotAllowed, StateTooNew, settings.HomeUnusable,
    )  # fmt: skip
    try:
        yield
    except known as error:
        stop(" ".join(str(error).split()))
    except (IntegrityError, ProgrammingError):
        # Ours to mend: no state of a disk or a server makes them.
        raise
    except DatabaseError as error:
        why = " ".join(str(error.orig).split())
        stop(
            f"the ledger's or the requests' database cannot be used ({why}). Start its server; of "
            "a damaged file put the newest copy back, after the ledger's run `okaeri exports adopt`"
        )


def person() -> Actor:
    """Whoever types. A shell on the machine is an exporter's right."""
    return Actor.at_terminal(operator())


def recover_at_start(shop: Shop) -> None:
    """Finish what a dead process left; a refusal is printed and keeps nobody from looking."""
    from pipelines import exports, runner

    try:
        runner.recover(shop)
    except exports.ExportRefused as refusal:
        errors.print(" ".join(str(refusal).split()), style="red", markup=False, soft_wrap=True)


def print_json(found: object) -> None:
    """The result for a program, one JSON document."""
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
            issue=issue, requested_by=person(),
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
        print_json([asdict(request) for request in found])
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
        print_json([asdict(row) for row in found])
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
        events = requests.events_of(home, request_id)
    shown = handed.Shown(asked, plans, batches, events)
    if as_json:
        print_json(asdict(shown))
    else:
        handed.print_request(console, shown, language=settings.language())


@exports_app.command()
def release(request_id: RequestId, shop: ShopFile = None, as_json: AsJson = False) -> None:
    """Let a request leave: one that waits for a second person, or a plan that was looked at."""
    from pipelines import exports, report, runner

    _, loaded = the_shop(shop)
    home = settings.home_of(loaded.id)
    with refusing():
        released = exports.release(home, loaded, request_id, by=person(), clock=loaded.clock)
        outcome = runner.carry_out(loaded, released)
    if as_json:
        typer.echo(report.export_json(outcome))
    else:
        report.print_export(console, outcome, language=settings.language())


@exports_app.command()
def cancel(request_id: RequestId, shop: ShopFile = None, as_json: AsJson = False) -> None:
    """Take a request back before anything of it has left; its people are free again."""
    from pipelines import exports

    _, loaded = the_shop(shop)
    with refusing():
        freed = exports.cancel(
            settings.home_of(loaded.id), loaded, request_id, by=person(), now=now_of(loaded)
        )
    say("cancelled_request", {"batches": freed}, as_json=as_json, request=request_id)


def say(key: str, found: object, *, as_json: bool, **values: object) -> None:
    """One sentence for a reader, or the result itself for a program."""
    from pipelines.report.export_words import tell

    if as_json:
        print_json(found)
    else:
        text = tell(key, settings.language(), **values)
        console.print(text, markup=False, soft_wrap=True)


def print_batches(rows: "Sequence[BatchRow]", *, as_json: bool) -> None:
    """Batches as they stand, for a reader or for a program."""
    from pipelines.report import handed

    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        handed.print_batches(console, rows, language=settings.language())
