"""Mail that is reported as spam: a check that warns, and an export that stops."""

from pathlib import Path

import dagster as dg
import pytest

from pipelines import exports, requests
from pipelines.defs.exports import judged
from pipelines.exports.errors import TooManyComplaints
from tests.exports.shop_files import NOW, people, small_shop

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
