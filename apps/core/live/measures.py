"""What this process can say about itself in numbers. Each source is asked when `/metrics` is, and never queries."""

import time
from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from apps.core.live import traffic
from apps.core.live.follower import Follower

Source = Callable[[], Iterable[Metric]]


class _Sources(Collector):
    def __init__(self) -> None:
        self.sources: list[Source] = []

    def collect(self) -> Iterator[Metric]:
        for source in self.sources:
            yield from source()


_sources = _Sources()
registry = CollectorRegistry()
registry.register(_sources)
ProcessCollector(registry=registry)


def measure(source: Source) -> None:
    """Add a source; apps above are wired at start."""
    _sources.sources.append(source)


def own() -> Iterator[Metric]:
    """The floor's own numbers."""
    requests = CounterMetricFamily("pulseops_requests", "Requests answered", labels=["kind", "status"])
    for (kind, status), count in list(traffic.requests.items()):
        requests.add_metric([kind, str(status)], count)
    yield requests
    follower = Follower.current
    if follower is not None and follower.refreshed_at is not None:
        age = time.monotonic() - follower.refreshed_at
        yield GaugeMetricFamily(
            "pulseops_snapshot_age_seconds", "Since keys and flags were seen to be current", value=age
        )
        yield GaugeMetricFamily("pulseops_notices_heard", "1 while Redis brings change notices", value=follower.hears)
