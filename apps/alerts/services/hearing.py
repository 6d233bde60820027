"""What alerting hears of deployments: it reads the audit trail on from where it was, tells people, and keeps
incidents of what was rolled back. Each entry counts once, whoever reads and whoever dies in between."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from apps.alerts.domain.rules import Severity
from apps.alerts.models import TrailCursor
from apps.alerts.services import rolled_back
from apps.alerts.services.announcing import Announcement, announce
from apps.core import selectors as core
from apps.core.database import DATABASE_AWAY
from apps.core.models import AuditEntry, Environment
from apps.deployments import selectors as deployments
from apps.deployments.domain.messages import Kind
from apps.deployments.selectors import News

logger = logging.getLogger(__name__)
CURSOR = "deployments"
KINDS = frozenset({*deployments.NEWS_KINDS, *rolled_back.KINDS})
RECENT = timedelta(days=1)  # older news is none any more
BAD = (Kind.FAILED, Kind.ROLLED_BACK)


def hear_deployments(*, at: datetime) -> int:
    """Returns how many entries were heard. Somebody else who is at it hears them instead."""
    TrailCursor.objects.get_or_create(name=CURSOR)
    with transaction.atomic():
        cursor = TrailCursor.objects.select_for_update(skip_locked=True).filter(name=CURSOR).first()
        if cursor is None:
            return 0
        tail = core.sealed_since(cursor.position, kinds=KINDS, at_least=at - RECENT)
        for entry in tail.entries:
            _heard(entry, at)
        if tail.position != cursor.position:
            cursor.position = tail.position
            cursor.save(update_fields=["position"])
    return len(tail.entries)


def _heard(entry: AuditEntry, at: datetime) -> None:
    """One entry that cannot be told must not stop the others; without a database nothing can go on."""
    try:
        with transaction.atomic():
            if entry.environment is not None:
                rolled_back.follow(entry, entry.environment, at)
                _tell(entry, entry.environment, at)
    except DATABASE_AWAY:
        raise
    except Exception:
        logger.exception("audit entry %s cannot be told", entry.pk)


def _tell(entry: AuditEntry, environment: Environment, at: datetime) -> None:
    url = f"{settings.PUBLIC_URL}/admin/p/{environment.project.key}/{environment.key}/deployments/{entry.subject_id}/"
    news = deployments.news_of(entry, url)
    if news is None:
        return
    about = {"kind": news.kind.value, "service": news.about.service, "version": news.about.version}
    told = Announcement(entry, environment, news.subject, news.body, about, _severity(news), url)
    announce(told, at)


def _severity(news: News) -> Severity:
    if news.grave:
        return Severity.CRITICAL
    return Severity.ERROR if news.kind in BAD else Severity.INFO
