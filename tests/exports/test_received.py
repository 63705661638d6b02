"""Mail that is reported as spam: a check that warns, and an export that stops."""

import io
from pathlib import Path

import dagster as dg
import pytest
from rich.console import Console

from pipelines import exports, report, requests, runner
from pipelines.defs.exports import judged
from pipelines.exports.errors import TooManyComplaints
from pipelines.report import export_words
from tests.exports.shop_files import NOW, people, small_shop

CHECKS = ("complaint_rate", "hard_bounce_rate", "mail_match_rate")
WARN, ERROR = dg.AssetCheckSeverity.WARN, dg.AssetCheckSeverity.ERROR


@pytest.mark.parametrize(("bad", "sent", "passed", "severity"), [
    (10, 10_000, True, WARN), (11, 10_000, False, WARN), (30, 10_000, False, WARN),
    (31, 10_000, False, ERROR), (2, 10, True, WARN), (3, 10, False, ERROR), (0, 0, True, WARN),
])  # fmt: skip
def test_a_rate_warns_above_one_in_a_thousand_and_fails_above_three(
    bad: int, sent: int, passed: bool, severity: dg.AssetCheckSeverity
) -> None:
    verdict = judged({"good": (0, 1_000), "mailer": (bad, sent)})

    assert (verdict.passed, verdict.severity) == (passed, severity)


@pytest.mark.parametrize(("complaints", "sent", "leaves"), [
    (30, 10_000, True), (31, 10_000, False), (2, 10, True), (3, 10, False),
])  # fmt: skip
def test_nothing_leaves_while_too_many_complain(
    tmp_path: Path, complaints: int, sent: int, leaves: bool
) -> None:
    shop = small_shop(tmp_path)
    shop.publish(people(2), received={"mailer": (sent, complaints, 0)})
    request_id = shop.ask()

    if leaves:
        assert shop.run(request_id).state == "done"
        return
    with pytest.raises(TooManyComplaints, match=f"{complaints} of the {sent} messages mailer sent"):
        shop.run(request_id)
    assert requests.read(shop.home, request_id).request_state == "failed"
    assert exports.batches(shop.home) == []
    # Looking is allowed, and another mailer's own mail is not to blame.
    assert shop.run(shop.ask(send=False)).state == "planned"
    assert shop.send(destination="sjis").state == "done"


def test_a_shop_may_raise_the_limit_knowingly(tmp_path: Path) -> None:
    line = (
        "  - {key: bold, profile: generic_utf8, country: JP, contract: 委託, basis: x,"
        " complaint_limit_bp: 100}"
    )
    shop = small_shop(tmp_path, more=line)
    shop.publish(people(1), received={"bold": (10_000, 100, 0)})

    assert shop.send(destination="bold").state == "done"
    assert exports.deliverability(shop.home, "tea")["bold"].complaints == 100
    shop.publish(people(1), received={"bold": (10_000, 101, 0)})
    with pytest.raises(TooManyComplaints, match="more than 1 %"):
        shop.send(destination="bold", at=NOW)


def test_a_failing_check_names_whose_mail_it_is_and_the_figures() -> None:
    verdict = judged({"good": (0, 1_000), "mailer": (41, 10_000), "few": (2, 4)})

    assert verdict.description == "mailer 41 / 10000 (0.4%)"
    assert judged({"good": (0, 1_000)}).description is None


@pytest.mark.slow
def test_the_street_runs_the_checks_of_what_came_back_for_any_shop() -> None:
    from pipelines.definitions import defs

    steps = {name for name in defs.resolve_job_def("street").graph.node_dict if "_rate" in name}

    assert steps == {f"published_snapshot_{check}" for check in CHECKS}
    # Every one has its words, and by these names it is seen on the terminal.
    assert set(CHECKS) <= set(export_words.TEXTS)


@pytest.mark.parametrize(("language", "said"), [
    ("en", "! Too many hard bounces (last 30 days; aim 0.1 %): mailer 3 / 270 (1.1%)"),
    ("ja", "! 宛先不明が多すぎます（過去30日・目安 0.1%）: mailer 3 / 270 (1.1%)"),
])  # fmt: skip
def test_a_failing_check_is_seen_on_the_terminal(language: str, said: str) -> None:
    out = io.StringIO()
    result = runner.RunResult("r", True, 1.0, alerts={"hard_bounce_rate": "mailer 3 / 270 (1.1%)"})

    report.print_alerts(Console(file=out, width=200), result, language=language)

    assert said in out.getvalue()
    assert result.as_dict()["alerts"] == {"hard_bounce_rate": "mailer 3 / 270 (1.1%)"}
