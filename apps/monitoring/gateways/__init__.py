"""Probes: one file for each outside system. They speak its protocol through the egress guard and judge nothing else."""

import logging
from datetime import datetime

from apps.core.egress import Egress, EgressError
from apps.monitoring.domain.checks.judging import Outcome, no_answer
from apps.monitoring.domain.checks.kinds import (
    CheckConfig,
    HttpCheck,
    PostgresCheck,
    RedisCheck,
    TcpCheck,
    TlsCheck,
)
from apps.monitoring.gateways import http, postgres, redis, tcp, tls

__all__ = ["probe"]

logger = logging.getLogger(__name__)


async def probe(config: CheckConfig, egress: Egress, *, secret: str = "", at: datetime) -> Outcome:
    """Whatever happens comes out as an outcome: one probe that breaks must not stop the others."""
    try:
        return await _probed(config, egress, secret, at)
    except EgressError as error:
        return no_answer(str(error))
    except Exception as error:  # a fault of ours; what it says is for the log alone
        logger.exception("a probe of kind %s broke", type(config).__name__)
        return no_answer(f"the check itself broke ({type(error).__name__}); the log says where")


async def _probed(config: CheckConfig, egress: Egress, secret: str, at: datetime) -> Outcome:
    match config:
        case HttpCheck():
            return await http.probe(config, egress)
        case TcpCheck():
            return await tcp.probe(config, egress)
        case TlsCheck():
            return await tls.probe(config, egress, at=at)
        case PostgresCheck():
            return await postgres.probe(config, egress, password=secret)
        case RedisCheck():
            return await redis.probe(config, egress, password=secret)
    raise TypeError(f"{type(config).__name__} is not probed")
