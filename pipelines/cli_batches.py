"""`okaeri exports`, batches: what lies with a mailer, what a dead machine left, who drops out."""

from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines import settings
from pipelines.cli_exports import person, print_batches, print_json, refusing, say
from pipelines.terminal import (
    AsJson,
    ShopFile,
    console,
    now_of,
    operator,
    stop,
    the_shop,
)

batches_app = typer.Typer()

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


@batches_app.command()
def hold(
    batch: Annotated[
        str | None, typer.Argument(help="Id of a batch on HOLD; without it all of them.")
    ] = None,
    verdict: Annotated[
        Verdict | None, typer.Argument(help="What the mailer says became of it.")
    ] = None,
    shop: ShopFile = None,
    as_json: AsJson = False,
) -> None:
    """Batches on HOLD; with a verdict decide one: it left, or its people are free again.

    Beside them those whose destination shop.yml no longer names: nothing else brings them on.
    """
    from pipelines import exports

    _, loaded = the_shop(shop)
    home = settings.home_of(loaded.id)
    if batch is not None and verdict is None:
        stop(f"find out whether it left, then: okaeri exports hold {batch} delivered|not-delivered")
    with refusing():
        if batch is None or verdict is None:
            rows = [row for row in exports.batches(home) if row.state == "HOLD"]
            rows += exports.stranded(home, loaded)
        else:
            now = now_of(loaded)
            rows = [exports.resolve(home, loaded, batch, verdict.value, actor=operator(), now=now)]
    print_batches(rows, as_json=as_json)


@batches_app.command()
def recover(shop: ShopFile = None, as_json: AsJson = False) -> None:
    """Finish, expire or put on HOLD what a dead process left behind, wherever it can be reached."""
    from pipelines import exports, runner

    _, loaded = the_shop(shop)
    home = settings.home_of(loaded.id)
    refusal = None
    with refusing():
        try:
            done = runner.recover(loaded)
        except exports.NotRecovered as error:
            refusal, done = error, error.recovered
        found = {b.batch_id for b in done}
        rows = [row for row in exports.batches(home) if row.batch_id in found]
    print_batches(rows, as_json=as_json)
    if refusal is not None:
        stop(" ".join(str(refusal).split()))


@batches_app.command()
def adopt(
    not_before: Annotated[
        list[str] | None,
        typer.Option(
            "--not-before",
            help="DATE or PROGRAM=DATE: of a lost ledger, who qualified before was handed over.",
        ),
    ] = None,
    shop: ShopFile = None,
    as_json: AsJson = False,
) -> None:
    """Take over a moved or restored ledger: files it does not know count as handed over."""
    from pipelines import exports

    _, loaded = the_shop(shop)
    with refusing():
        dates = exports.dates_of(loaded, not_before or ())
        found = exports.adopt(
            settings.home_of(loaded.id), loaded, actor=operator(), now=now_of(loaded),
            not_before=dates,
        )  # fmt: skip
    say("adopted", {"batches": found}, as_json=as_json, count=len(found))


@batches_app.command()
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
    say("rerendered", {"file": str(path)}, as_json=as_json, path=path)


@batches_app.command()
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
    say("suppressed", {"channels": channels}, as_json=as_json, channels=channels)


@batches_app.command()
def recheck(
    file: Annotated[Path, typer.Argument(help="A file that was handed over, as it lies there.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Write whom to drop, with addresses, to this file.")
    ] = None,
    shop: ShopFile = None,
    as_json: AsJson = False,
) -> None:
    """Who of a given file must not be written to any more, as of now, and why."""
    from pipelines import exports
    from pipelines.report import rechecked

    _, loaded = the_shop(shop)
    home = settings.home_of(loaded.id)
    with refusing():
        found = exports.recheck(home, loaded, file, now=now_of(loaded))
        if out is not None:
            exports.write_recall(found, out)
    if as_json:
        print_json(found.as_dict())
    else:
        rechecked.print_recheck(console, found, language=settings.language())


@batches_app.command()
def reports(
    set_aside: Annotated[
        str | None,
        typer.Option("--set-aside", help="File name of a report that shall keep nothing back."),
    ] = None,
    shop: ShopFile = None,
    as_json: AsJson = False,
) -> None:
    """Reports nobody could read: nothing leaves for their mailer until that is mended."""
    from pipelines import results
    from pipelines.report import handed

    _, loaded = the_shop(shop)
    home, now = settings.home_of(loaded.id), now_of(loaded)
    with refusing():
        if set_aside is not None:
            results.set_aside(home, loaded, set_aside, by=operator(), now=now)
        found = results.take_in(home, loaded, now=now).unread
    if as_json:
        print_json([asdict(one) for one in found])
    else:
        handed.print_unread(console, found, language=settings.language())


@batches_app.command()
def totals(
    batch: BatchId,
    sent: Annotated[int | None, typer.Option(help="Messages that left the mailer.")] = None,
    delivered: Annotated[int | None, typer.Option(help="Of them delivered.")] = None,
    opened: Annotated[int | None, typer.Option(help="Messages opened, each once.")] = None,
    clicked: Annotated[int | None, typer.Option(help="Messages clicked, each once.")] = None,
    bounced: Annotated[int | None, typer.Option(help="Messages that came back.")] = None,
    complained: Annotated[int | None, typer.Option(help="Messages reported as spam.")] = None,
    unsubscribed: Annotated[int | None, typer.Option(help="Messages unsubscribed by.")] = None,
    shop: ShopFile = None,
    as_json: AsJson = False,
) -> None:
    """Type in what the mailer's screen says of a batch; the next run takes it over."""
    from pipelines import exports

    _, loaded = the_shop(shop)
    given = {
        "sent": sent, "delivered": delivered, "opened": opened, "clicked": clicked,
        "bounced": bounced, "complained": complained, "unsubscribed": unsubscribed,
    }  # fmt: skip
    counts = {name: count for name, count in given.items() if count is not None}
    with refusing():
        exports.type_totals(
            settings.home_of(loaded.id), loaded, batch, counts, by=person(), now=now_of(loaded)
        )
    say("typed", {"batch": batch, "counts": counts}, as_json=as_json, batch=batch)


@batches_app.command()
def log(shop: ShopFile = None, as_json: AsJson = False) -> None:
    """The hand-over log: what went where, in which country, on which grounds, released by whom."""
    from pipelines import exports
    from pipelines.report import rechecked

    _, loaded = the_shop(shop)
    with refusing():
        rows = exports.disclosures(settings.home_of(loaded.id), loaded)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        rechecked.print_disclosures(console, loaded, rows, language=settings.language())
