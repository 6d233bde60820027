"""The ways to move traffic: one file for each proxy. They speak its protocol with plain data and decide nothing."""

from collections.abc import Mapping

from apps.deployments.domain.traffic import Caddy, External, HaProxy, parse_config
from apps.deployments.gateways.caddy import CaddyDriver
from apps.deployments.gateways.external import ExternalDriver
from apps.deployments.gateways.haproxy import HaProxyDriver
from apps.deployments.gateways.traffic import Driver

__all__ = ["driver_of"]


def driver_of(kind: str, config: Mapping[str, object]) -> Driver:
    """Raises InvalidTraffic, which names the field. Nothing is connected to yet."""
    match parse_config(kind, config):
        case Caddy() as found:
            return CaddyDriver(found)
        case HaProxy() as found:
            return HaProxyDriver(found)
        case External() as found:
            return ExternalDriver(found)
