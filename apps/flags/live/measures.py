"""The flags' numbers for `/metrics`."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from apps.flags.live.rulesets import rulesets
from apps.flags.live.streams import streams
from apps.flags.live.usage import usage


def own() -> Iterator[Metric]:
    yield CounterMetricFamily("pulseops_flag_evaluations", "Flags evaluated, as of the last flush", value=usage.total)
    yield GaugeMetricFamily("pulseops_streams_open", "Clients listening for changes", value=len(streams))
    versions = GaugeMetricFamily(
        "pulseops_ruleset_version", "The version of each environment's flags served here", labels=["environment_id"]
    )
    for environment_id, version in rulesets.versions().items():
        versions.add_metric([str(environment_id)], version)
    yield versions
