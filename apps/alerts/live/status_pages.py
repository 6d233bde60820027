"""The published status pages of this installation, rendered: in memory for requests, in files for a start without the
database."""

import json
import logging
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from apps.alerts import selectors
from apps.alerts.live import rendering
from apps.alerts.live.rendering import Body, Rendered
from apps.alerts.models import StatusPage
from apps.core import clock
from apps.core import selectors as core

logger = logging.getLogger(__name__)
RENEW_SECONDS = 15.0  # a page is rendered this often though nothing was decided: checks and days go on
OLD = timedelta(minutes=5)  # then a page says that it could not be brought up to date


@dataclass(frozen=True, slots=True)
class Published:
    """One page's answers, by what is asked for; `old` where they are not fresh any more."""

    at: datetime
    fresh: Mapping[str, Body]
    old: Mapping[str, Body]

    def get(self, name: str, *, at: datetime) -> Body | None:
        answers = self.old if at - self.at > OLD else self.fresh
        return answers.get(name)


def published(one: Rendered) -> Published:
    page, facts, feed = rendering.fresh(one)
    old_page, old_facts = rendering.stale(one)
    old = {"": old_page, "status.json": old_facts, "feed.atom": feed}
    return Published(one.at, {"": page, "status.json": facts, "feed.atom": feed}, old)


class StatusPages:
    """Swapped as a whole; readers never lock."""

    topic = "status"

    def __init__(self) -> None:
        self._pages: Mapping[str, Published] = {}
        self._rendered: dict[str, Rendered] = {}
        self._stamp: object = None
        self._renewed_at = 0.0  # monotonic
        self._writing = threading.Lock()
        self.loaded = False  # whether an unknown page is really unknown

    def get(self, slug: str) -> Published | None:
        return self._pages.get(slug)

    def refresh(self, facts: Mapping[str, Any]) -> None:
        """Two queries while nothing was decided; then, and every few seconds, each page is rendered."""
        with self._writing:
            rows = list(selectors.status_pages(published=True))
            stamp = (core.newest_audit_id(), [(row.pk, row.version) for row in rows])
            due = time.monotonic() - self._renewed_at >= RENEW_SECONDS
            if facts or due or stamp != self._stamp or not self.loaded:
                self._render(rows)
                self._stamp, self._renewed_at, self.loaded = stamp, time.monotonic(), True

    def read_files(self) -> None:
        """What was known when a process last wrote it down. For the start: the first refresh replaces it."""
        if self.loaded:
            return
        found = {path.stem: _read(path) for path in _directory().glob("*.json")}
        self._rendered = {slug: one for slug, one in found.items() if one is not None}
        self._pages = {slug: published(one) for slug, one in self._rendered.items()}

    def _render(self, rows: list[StatusPage]) -> None:
        at = clock.now()
        for row in rows:
            try:
                self._rendered[row.slug] = rendering.rendered(selectors.page_told(row, at=at))
            except DatabaseError:
                raise
            except Exception:
                logger.exception("The status page %s could not be rendered and stays as it was", row.slug)
        self._rendered = {row.slug: self._rendered[row.slug] for row in rows if row.slug in self._rendered}
        self._pages = {slug: published(one) for slug, one in self._rendered.items()}
        try:
            _write(self._rendered)
        except OSError:
            logger.exception("The status pages could not be written to %s; they are served from memory", _directory())


def _directory() -> Path:
    return Path(settings.VAR_DIR) / "status"


def _write(pages: Mapping[str, Rendered]) -> None:
    """Each by a rename, so that no reader sees half a page. Pages that are published no more go."""
    directory = _directory()
    directory.mkdir(parents=True, exist_ok=True)
    for slug, one in pages.items():
        draft = directory / f".{slug}.{os.getpid()}.{threading.get_ident()}"
        draft.write_text(json.dumps(asdict(one) | {"at": one.at.isoformat()}))
        draft.replace(directory / f"{slug}.json")
    for path in directory.glob("*.json"):
        if path.stem not in pages:
            path.unlink(missing_ok=True)


def _read(path: Path) -> Rendered | None:
    try:
        facts = json.loads(path.read_text())
        return Rendered(**facts | {"at": datetime.fromisoformat(facts["at"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        logger.warning("The status page in %s cannot be read: %s", path, error)
        return None


status_pages = StatusPages()
