"""For a client that has heard of a newer version than this process has: look at once instead of at the next notice."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

from django.db import DatabaseError, connection

from apps.flags.live.rulesets import Published, rulesets, version_in

logger = logging.getLogger(__name__)
WAIT_SECONDS = 0.5  # then the client gets what is here
PAUSE_SECONDS = 0.25  # between two looks, since anyone can name a version that does not exist


class CatchingUp:
    """One look at a time for each environment; whoever comes meanwhile waits for the same one."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="catch-up")
        self._looking: dict[int, asyncio.Future[None]] = {}
        self._not_before: dict[int, float] = {}  # monotonic

    async def up_to(self, query: bytes, present: Published) -> Published:
        """What is published once this process has looked, if `query` names a version that it does not have."""
        named = parse_qs(query.decode("latin-1")).get("flagConfigEtag", [""])[0]
        if version_in(named) > present.version:
            await self._look(present.environment_id)
        return rulesets.published(present.environment_id) or present

    async def _look(self, environment_id: int) -> None:
        looking = self._looking.get(environment_id)
        if looking is None or looking.done():
            if time.monotonic() < self._not_before.get(environment_id, 0.0):
                return
            self._not_before[environment_id] = time.monotonic() + PAUSE_SECONDS
            loop = asyncio.get_running_loop()
            looking = loop.run_in_executor(self._pool, _refresh, environment_id)
            self._looking[environment_id] = looking
        await asyncio.wait({looking}, timeout=WAIT_SECONDS)


def _refresh(environment_id: int) -> None:
    try:
        rulesets.refresh({"environment": environment_id})
    except DatabaseError as error:
        logger.warning("PostgreSQL is away (%s); environment %s keeps its last state", error, environment_id)
    finally:
        connection.close()  # seldom needed, so not kept open
