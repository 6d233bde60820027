"""What deployments below must know of alerting, pushed down as verdicts: whether an incident is open, and whether
anybody would hear of one. When nobody judges, nobody vouches, and the verdicts expire: fail closed."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings

from apps.alerts.selectors.readiness import Ready, readiness
from apps.alerts.services import channels, trail
from apps.core import holds
from apps.core.holds import Said
from apps.core.models import Hold
from apps.deployments import selectors as deployments
from apps.deployments.domain.checklists import Source

OPEN_INCIDENT = "open_incident"
PERIODS = 4  # for how many rounds of the judge a verdict holds: one that is late must not stop a deployment


def vouch(*, at: datetime) -> int:
    """For every environment that services are deployed to, in a fixed number of queries; returns how many."""
    places = deployments.deployed_to()
    found = readiness(places, channels.built_in()) if places else []
    round_ = timedelta(seconds=settings.JUDGE_SECONDS)
    holds.write_everywhere(
        said={one.environment_id: tuple(_said(one)) for one in found},
        valid_until=at + PERIODS * round_,
        slack=round_,
        at=at,
        actor=trail.ITSELF,
    )
    return len(found)


def _said(one: Ready) -> Iterator[Said]:
    row = one.incident
    words = f"“{row.title}” is open ({row.severity}) since {row.opened_at:%Y-%m-%d %H:%M} UTC" if row else ""
    yield _verdict(OPEN_INCIDENT, not row, words or "no severe incident is open")
    yield _verdict(Source.CHANNELS_CONFIGURED, one.channels, _number(one.channels, "channel is", "channels are"))
    yield _verdict(Source.ALERT_RULES_ENABLED, one.rules, _number(one.rules, "alert rule is", "alert rules are"))
    public = f"the status page is published, with {one.components} component{'' if one.components == 1 else 's'}"
    words = public if one.page else "no status page is published"
    yield _verdict(Source.STATUS_PAGE_READY, one.page and one.components, words)


def _verdict(guard: str, well: object, words: str) -> Said:
    return Said(str(guard), Hold.Verdict.GREEN if well else Hold.Verdict.RED, words)


def _number(count: int, one: str, many: str) -> str:
    return f"{count or 'no'} {one if count < 2 else many} on"
