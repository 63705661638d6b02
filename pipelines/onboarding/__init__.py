"""The first hour of an own shop: `init` drafts a shop.yml, `check` says what it will give.

Stands above the stages and below the command line: reads files as a run would, lands nothing.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from pipelines import settings
from pipelines.onboarding import terminal
from pipelines.onboarding.answers import OnboardingRefused, Question
from pipelines.onboarding.checking import check_shop
from pipelines.onboarding.proposal import Proposal, propose, survey
from pipelines.onboarding.report import CheckReport
from pipelines.onboarding.words import say
from pipelines.shop import Shop, load_shop, pepper_of

__all__ = [
    "CheckReport",
    "OnboardingRefused",
    "Proposal",
    "check",
    "check_shop",
    "init",
    "propose",
]

USAGE = 2


def init(
    folder: Path,
    *,
    answers: Mapping[str, object] | None,
    interactive: bool,
    console: Console,
) -> Path:
    """Path of the shop.yml written into the folder, with the shop's secret key made.

    Raises OnboardingRefused, with what to do, where nothing can be proposed, an answer cannot be
    used, or a shop.yml is already there. Long: it is the conversation, in its order.
    """
    language = settings.language()
    target = folder / "shop.yml"
    if target.exists():
        raise OnboardingRefused(say("exists", language, file=target))
    if not folder.is_dir():
        raise OnboardingRefused(say("no_folder", language, folder=folder))
    terminal.line(console, say("looking", language, folder=folder))
    surveyed = survey(folder, language=language)
    terminal.print_files(console, surveyed.files, language=language)
    terminal.print_plan(console, surveyed.plan, language=language)

    def ask(question: Question, default: str, complaint: str) -> str:
        return terminal.ask(console, question.words, default, complaint, language=language)

    proposal = propose(
        folder,
        answers,
        ask=ask if interactive else None,
        language=language,
        surveyed=surveyed,
    )
    try:
        shop = _write(proposal, target)
    except OSError as error:
        said = say("cannot_write", language, file=target, reason=error.strerror)
        raise OnboardingRefused(said) from error
    terminal.line(console, say("written", language, file=target), style="bold")
    key = _secret_key(shop)
    if key:
        terminal.line(console, say("secret", language, file=key))
    if shop.sender.lacks:
        keys = ", ".join(shop.sender.lacks)
        terminal.line(console, say("still_empty", language, keys=keys), style="yellow")
    return target


def _secret_key(shop: Shop) -> Path | None:
    """File of the shop's secret key, made now; None where the environment gives the key."""
    home = settings.home_of(shop.id)
    pepper_of(shop, home)
    key = home.path / "pepper.key"
    return key if key.exists() else None


def _write(proposal: Proposal, target: Path) -> Shop:
    """The shop as the written file loads: what cannot be loaded never gets the name shop.yml."""
    waiting = target.with_name(".shop.yml.new")
    waiting.write_text(proposal.text, encoding="utf-8")
    try:
        load_shop(waiting)
        waiting.rename(target)
    finally:
        waiting.unlink(missing_ok=True)
    return load_shop(target)


def check(shop: Shop, *, console: Console, as_json: bool = False) -> int:
    """Exit code of the check that was printed: 0 fine, 1 something to correct, 2 cannot be read."""
    language = settings.language()
    try:
        report = check_shop(shop)
    except OnboardingRefused as refusal:
        terminal.line(console, str(refusal), style="red")
        return USAGE
    if as_json:
        text = json.dumps(terminal.as_data(report), ensure_ascii=False, indent=2)
        console.file.write(text + "\n")
    else:
        shop_file = str(shop.folder / "shop.yml")
        terminal.print_report(console, report, language=language, shop_file=shop_file)
    return report.exit_code
