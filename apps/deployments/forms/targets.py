"""How a service is deployed in one environment, as people type it."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.core.fields import DurationField, ReasonField, VersionField, WordsField
from apps.core.navigation import Label
from apps.deployments.domain.firing import Trigger
from apps.deployments.domain.gates import CHOSEN
from apps.deployments.domain.judging.findings import Action, Metric
from apps.deployments.domain.judging.settings import MAX_MINIMUM, MAX_TOLERATED, parse_judge
from apps.deployments.domain.traffic import DEFAULT_TIMEOUT, MAX_TIMEOUT, SLOTS, Kind
from apps.deployments.models import Target
from apps.deployments.models.services import Strategy

USUAL, OWN = "usual", "own"
PLAIN = ("strategy", "watch_seconds", "driver", "agent_url", "health_path", "guards")
TIMES = ("prepare_seconds", "drain_seconds", "stops_old")
ACTIONS = {
    Action.ROLL_BACK.value: _("rolls back"),
    Action.PAUSE.value: _("pauses"),
    Action.IGNORE.value: _("is only shown"),
}
PARTS = ("action", "minimum", "tolerated")
METRICS = {
    Metric.ERRORS.value: _("Share of errors"),
    Metric.TYPICAL_LATENCY.value: _("Typical response time"),
    Metric.SLOW_LATENCY.value: _("Slow responses (p95)"),
}


TRIGGERS = {
    Trigger.ERROR_RATE.value: _("More than 5 % errors for 5 minutes"),
    Trigger.DEGRADATION.value: _("Slower by half for 5 minutes"),
    Trigger.PROBES.value: _("More than 3 failed probes in 5 minutes"),
    Trigger.CONNECTIONS.value: _("The database is not reached"),
    Trigger.LOGINS.value: _("Fewer sign-ins succeed"),
}


class Asked(NamedTuple):
    """A field of a driver's configuration."""

    name: str
    label: Any  # text, translated when it is shown
    hint: Any = ""


ADMIN = _("host:port, or the path of a unix socket.")
DRIVERS: Mapping[str, tuple[Asked, ...]] = {
    Kind.CADDY.value: (
        Asked("admin", _("Admin API"), ADMIN),
        Asked("handler", _("Handler"), _("The @id of the reverse_proxy handler.")),
        Asked("blue", _("Upstream of blue"), _("Its dial address in Caddy's configuration, such as 10.0.0.5:8000.")),
        Asked("green", _("Upstream of green")),
    ),
    Kind.HAPROXY.value: (
        Asked("admin", _("Runtime API"), ADMIN),
        Asked("backend", _("Backend"), _("Its name in haproxy.cfg.")),
        Asked("blue", _("Server of blue"), _("Its name in that backend.")),
        Asked("green", _("Server of green")),
    ),
}


class TargetForm(forms.Form):
    version = VersionField()
    strategy = forms.ChoiceField(label=_("Strategy"), choices=Strategy.choices, widget=forms.RadioSelect)
    watch_seconds = DurationField(label=_("Watched afterwards for"))
    driver = forms.ChoiceField(
        label=_("What moves the traffic"), choices=Target.Driver.choices, widget=forms.RadioSelect
    )
    blue_url = forms.CharField(label=_("Address of blue"), required=False, max_length=300)
    green_url = forms.CharField(
        label=_("Address of green"),
        required=False,
        max_length=300,
        help_text=_("Where the portal itself reaches the slot to probe it, such as http://10.0.0.5:8000."),
    )
    health_path = forms.CharField(label=_("Health path"), max_length=200)
    agent_url = forms.CharField(
        label=_("Agent"),
        required=False,
        max_length=500,
        help_text=_("A URL that is asked to bring a version up on a slot, and to stop it. Each call is signed."),
    )
    gates = forms.MultipleChoiceField(label=_("Gates"), required=False, widget=forms.CheckboxSelectMultiple)
    guards = WordsField(
        label=_("Guards"),
        required=False,
        help_text=_("Names between commas. A deployment goes on only while every one of them is green."),
    )
    calendar = forms.ChoiceField(
        label=_("Deploy windows"),
        widget=forms.RadioSelect,
        choices=[(USUAL, _("The usual: Tuesday to Thursday, 10:00 to 14:00 UTC")), (OWN, _("These"))],
    )
    prepare_seconds = DurationField(label=_("A new version has to be healthy within"))
    drain_seconds = DurationField(label=_("Requests under way get"), help_text=_("Before their slot is touched."))
    stops_old = forms.BooleanField(
        label=_("Stop the old slot after the watch"),
        required=False,
        help_text=_("Then there is no switching back to it afterwards."),
    )

    def __init__(self, *args: Any, gates: Mapping[str, Label], reason_required: bool, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["gates"].choices = [(name, words) for name, words in gates.items()]  # type: ignore[attr-defined]
        for driver, asked in DRIVERS.items():
            for one in asked:
                self.fields[f"{driver}_{one.name}"] = forms.CharField(
                    label=one.label, required=False, help_text=one.hint, max_length=300
                )
            self.fields[f"{driver}_timeout_seconds"] = forms.FloatField(
                label=_("Seconds for an answer"), required=False, min_value=0.1, max_value=MAX_TIMEOUT
            )
        for metric, words in METRICS.items():
            self.fields[f"{metric}_action"] = forms.ChoiceField(label=words, choices=list(ACTIONS.items()))
            self.fields[f"{metric}_minimum"] = forms.IntegerField(
                label=_("Requests needed on each slot"), min_value=1, max_value=MAX_MINIMUM
            )
            self.fields[f"{metric}_tolerated"] = forms.FloatField(
                label=_("Tolerated, in times of the old slot"), min_value=1, max_value=MAX_TOLERATED
            )
        for trigger, words in TRIGGERS.items():
            self.fields[f"{trigger}_action"] = forms.ChoiceField(label=words, choices=list(ACTIONS.items()))
        self.fields["reason"] = ReasonField(required=reason_required)

    def driver_groups(self) -> list[tuple[str, str, list[forms.BoundField]]]:
        """Kind, name, fields; the fields of a driver that is not chosen do not count."""
        return [
            (kind, str(Target.Driver(kind).label), [self[name] for name in self.fields if name.startswith(f"{kind}_")])
            for kind in DRIVERS
        ]

    def metrics(self) -> list[list[forms.BoundField]]:
        return [[self[f"{metric}_{part}"] for part in PARTS] for metric in METRICS]

    def triggers(self) -> list[forms.BoundField]:
        return [self[f"{trigger}_action"] for trigger in TRIGGERS]

    def given(self) -> dict[str, Any]:
        """What the service takes, but for what is typed in rows."""
        given = self.cleaned_data
        fields = {name: given[name] for name in (*PLAIN, *TIMES)}
        chosen = set(given["gates"])
        return fields | {
            "driver_config": self._driver_config(given["driver"]),
            "gates": {gate.value: gate.value in chosen for gate in CHOSEN},
            "judge": self._judge(),
        }

    def slots(self) -> dict[str, str]:
        return {name: self.cleaned_data[f"{name}_url"] for name in SLOTS}

    def refuse(self, path: str, messages: list[str]) -> None:
        """At the field that the path is about."""
        name = self._name_of(path)
        self.add_error(name, messages if name else [f"{path}: {words}" for words in messages])

    def _driver_config(self, driver: str) -> dict[str, Any]:
        if driver not in DRIVERS:
            return {}
        found = {one.name: self.cleaned_data[f"{driver}_{one.name}"] for one in DRIVERS[driver]}
        slots = {name: found.pop(name) for name in SLOTS}
        timeout = self.cleaned_data[f"{driver}_timeout_seconds"]
        return {**found, "slots": slots, **({"timeout_seconds": timeout} if timeout else {})}

    def _judge(self) -> dict[str, Any]:
        given = self.cleaned_data
        metrics = {one: {part: given[f"{one}_{part}"] for part in PARTS} for one in METRICS}
        return metrics | {one: {"action": given[f"{one}_action"]} for one in TRIGGERS}

    def _name_of(self, path: str) -> str | None:
        about, _dot, rest = path.partition(".")
        if about == "driver_config":
            part = rest.removeprefix("slots.") if rest != "slots" else "blue"
            name = f"{self.cleaned_data.get('driver')}_{part}"
        elif about == "judge":
            name = rest.replace(".", "_")
        else:
            name = path
        return name if name in self.fields else None


def initial_of(row: Target) -> dict[str, Any]:
    slots = {slot.name: slot.url for slot in row.slots.all()} if row.pk else {}
    return {
        "version": row.version,
        **{name: getattr(row, name) for name in (*PLAIN, *TIMES)},
        **{f"{name}_url": slots.get(name, "") for name in SLOTS},
        "gates": [name for name, wanted in row.gates.items() if wanted],
        "calendar": USUAL if row.windows is None else OWN,
        **dict(_of_driver(row)),
        **dict(_of_judge(row)),
    }


def _of_driver(row: Target) -> Iterator[tuple[str, Any]]:
    for driver, asked in DRIVERS.items():
        config = row.driver_config if row.driver == driver else {}
        flat = {**config, **config.get("slots", {})}
        yield from ((f"{driver}_{one.name}", flat.get(one.name, "")) for one in asked)
        yield f"{driver}_timeout_seconds", config.get("timeout_seconds", DEFAULT_TIMEOUT)


def _of_judge(row: Target) -> Iterator[tuple[str, Any]]:
    kept = parse_judge(row.judge)
    for metric in METRICS:
        policy = getattr(kept.policy, metric)
        yield f"{metric}_action", policy.action.value
        yield f"{metric}_minimum", policy.minimum
        yield f"{metric}_tolerated", policy.tolerated
    for trigger, action in kept.triggers.items():
        yield f"{trigger.value}_action", action.value
