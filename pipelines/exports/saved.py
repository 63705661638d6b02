"""A saved segment as the exporter sees it: the newsletter's people, narrowed by its conditions.

Its members are rows of the one `seg_newsletter` that dbt builds, with arms, dates and everything
else of the contract; the conditions only choose among them. What is counted on a screen and what is
planned here is the same statement over the same file.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import polars as pl

from pipelines import saved_segments
from pipelines.conditions import BadConditions, Checked, checked, people_of
from pipelines.exports.errors import ConditionsOutdated, NewsletterStopped, UnknownSegment
from pipelines.exports.snapshot import Segment, Snapshot
from pipelines.requests import BadRequest, Request
from pipelines.saved_segments import SavedSegment
from pipelines.settings import Home

# The segment every saved one is a part of. Its occurrence is an issue.
NEWSLETTER: Final = "newsletter"


@dataclass(frozen=True)
class Wish:
    """What a request names: a published segment, or a saved one at a version."""

    segment: str
    version: int | None = None


def segment_of(home: Home, snapshot: Snapshot, request: Request) -> Segment:
    """The segment of a request with its members.

    Raises: SnapshotMissing; for a saved one UnknownSegment, ConditionsOutdated, NewsletterStopped.
    """
    if request.segment_version is None:
        return snapshot.segment(request.segment)
    try:
        saved = saved_segments.read(
            home, request.shop_id, request.segment, version=request.segment_version
        )
    except BadRequest as error:
        raise UnknownSegment(str(error)) from error
    return narrowed(snapshot, saved, issue=request.issue)


def narrowed(snapshot: Snapshot, saved: SavedSegment, *, issue: str | None = None) -> Segment:
    """The newsletter's members who meet the conditions; `issue` in place of the day's own.

    Invariant: one campaign, so that a person is one row and the counts sum to the people.
    """
    basis = snapshot.basis()
    with _still_askable(saved):
        asked = checked(saved.conditions, basis.columns)
    whole = snapshot.segment(NEWSLETTER, among=people_of(asked, basis))
    campaign = _campaign(snapshot.campaigns(NEWSLETTER), saved)
    # An issue is one mail: a newsletter campaign's later steps belong to nobody.
    mine = whole.members.filter(campaign_key=campaign, step_number=1)
    if issue is not None:
        mine = mine.with_columns(pl.lit(issue).alias("occurrence_key"))
    return Segment(
        key=saved.segment_key,
        table=whole.table,
        members=mine,
        content=whole.content,
        meta=_meta(whole, saved, asked),
        part_of=NEWSLETTER,
        campaign_key=campaign,
        version=saved.version,
        digest=saved.digest,
    )


def _campaign(running: tuple[str, ...], saved: SavedSegment) -> str:
    """The newsletter campaign a saved segment leaves as."""
    if saved.campaign_key in running:
        return saved.campaign_key
    if saved.campaign_key is not None or not running:
        named = f" {saved.campaign_key!r}" if saved.campaign_key else ""
        raise NewsletterStopped(
            f"no campaign{named} of segment {NEWSLETTER} runs: start one in shop.yml, run again"
        )
    if len(running) > 1:
        raise NewsletterStopped(
            f"{', '.join(running)} all send newsletters: save {saved.segment_key} again with the "
            "campaign it leaves as"
        )
    return running[0]


def _meta(whole: Segment, saved: SavedSegment, asked: Checked) -> dict[str, object]:
    return {
        **whole.meta,
        "title": {"ja": saved.title_ja, "en": saved.title_en},
        # Who does not want their behaviour to be used is left out of what rests on it.
        "behavioural": whole.is_behavioural or asked.is_behavioural,
    }


@contextmanager
def _still_askable(saved: SavedSegment) -> Iterator[None]:
    try:
        yield
    except BadConditions as error:
        raise ConditionsOutdated(
            f"{saved.segment_key} version {saved.version} asks what this build cannot answer; save "
            f"it again: {'; '.join(str(problem) for problem in error.problems)}"
        ) from error
