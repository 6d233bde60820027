"""The demo project: the nine flags of the product it was made for and one with rules, four segments, two people, a
client key for each environment, and in staging a plan that rolls one flag out.

Everything goes through the services, so the demo's history is real history.
"""

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from apps.core import audit, holds
from apps.core import services as core
from apps.core.audit import Actor
from apps.core.models import ApiKey, Environment, Hold, Project
from apps.flags import selectors
from apps.flags import services as flags
from apps.flags.domain.engine.definitions import FlagStatus, FlagType, Override, Prerequisite
from apps.flags.domain.engine.limits import WEIGHT_TOTAL
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.patches import dump_change
from apps.flags.domain.rollouts.templates import DEFAULT, TEMPLATES
from apps.flags.domain.transitions import Change
from pulseops.stack.demo_content import EUROPEANS, FLAGS, GROUPS, HISTORY, PEOPLE, RULES, DemoFlag
from pulseops.stack.demo_deployments import deploy
from pulseops.stack.demo_watch import watch

PROJECT = "demo"
ENVIRONMENT = "production"
SHOWN_FLAG = "aiSummarization"
ROLLING_OUT, ROLLING_OUT_IN, GUARD = "voiceMessages", "staging", "error_rate_critical"


class Login(NamedTuple):
    username: str
    password: str
    role: str


@dataclass(frozen=True, slots=True)
class DemoFacts:
    """What `manage.py up` prints. Kept readable in var/demo.json, because it is only a demo."""

    logins: list[Login]
    client_key: str
    flag_key: str


def loaded() -> bool:
    return Project.objects.filter(key=PROJECT).exists()


def ensure(*, at: datetime) -> DemoFacts | None:
    """Load the demo unless it is there. None when it is there but its notes are gone."""
    notes = Path(settings.VAR_DIR) / "demo.json"
    if not loaded():
        facts = _load(at)
        descriptor = os.open(notes, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(asdict(facts), file)
    if not notes.exists():
        return None
    kept = json.loads(notes.read_text())
    return DemoFacts(**kept | {"logins": [Login(*login) for login in kept["logins"]]})


@transaction.atomic
def _load(at: datetime) -> DemoFacts:
    began = at - timedelta(days=28)
    logins = [_person(username, role, words) for username, role, words in PEOPLE]
    maya, omar = (audit.person(get_user_model().objects.get(username=login.username)) for login in logins)
    project = core.create_project(
        key=PROJECT, name="Pulse Messages", description="The demo: a messaging app.", actor=omar, at=began
    )
    environments = list(project.environments.order_by("position"))
    _groups(environments, maya, began)
    for flag in FLAGS:
        _flag(project, flag, maya, began)
    _flag_with_rules(project, maya, began)
    client_key = _keys(environments, omar, began)
    _rollout(project, maya, at)
    _staging(project, maya, at)
    _ask_for_approval(environments[-1], maya, omar, at)
    _schedule(environments[1], maya, at)
    _usage(environments, at)
    watch(environments, omar, at)
    deploy(environments, omar, at)
    return DemoFacts(logins=logins, client_key=client_key, flag_key=SHOWN_FLAG)


def _person(username: str, role: str, words: str) -> Login:
    password = secrets.token_urlsafe(9)
    user = get_user_model().objects.create_user(username, password=password, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return Login(username, password, words)


def _groups(environments: list[Environment], actor: Actor, at: datetime) -> None:
    project_id = environments[0].project_id
    for key, name, members in GROUPS:
        segment = flags.create_segment(project_id=project_id, key=key, name=name, actor=actor, at=at)
        for environment in environments:
            flags.set_members(
                segment_id=segment.pk,
                environment_id=environment.pk,
                targeting_keys=members,
                actor=actor,
                reason="First members",
                at=at,
                expected_version=None,
            )


def _flag_with_rules(project: Project, actor: Actor, at: datetime) -> None:
    """A segment by rule, and a flag that names it."""
    flags.create_segment(
        project_id=project.pk, key="european-customers", name="European customers", rule=EUROPEANS, actor=actor, at=at
    )
    fields = flags.FlagFields(
        key="messageHistory",
        name="Message history",
        description="For how many days messages are kept; 0 is for ever.",
        type=FlagType.INTEGER,
        variants=HISTORY,
        off_variant="short",
        tags=["messages"],
        owner_id=actor.id,
    )
    flag = flags.create_flag(project_id=project.pk, fields=fields, actor=actor, at=at, salt="messageHistory")
    change = Change(status=FlagStatus.ON, rules=parse_rules(RULES))
    for state in flag.states.all():
        flags.set_state(
            state_id=state.pk, change=change, actor=actor, reason="Longer history", at=at, expected_version=None
        )


def _flag(project: Project, demo: DemoFlag, actor: Actor, began: datetime) -> None:
    fields = flags.FlagFields(
        key=demo.key,
        name=demo.name,
        type=FlagType.BOOLEAN,
        tags=[demo.tag],
        owner_id=actor.id,
        client_exposed=True,
    )
    flag = flags.create_flag(project_id=project.pk, fields=fields, actor=actor, at=began, salt=demo.key)
    everywhere = list(flag.states.values_list("pk", flat=True))
    for change, reason, at in _steps(demo.percentages, began):
        for state_id in everywhere:
            flags.set_state(state_id=state_id, change=change, actor=actor, reason=reason, at=at, expected_version=None)


def _staging(project: Project, actor: Actor, at: datetime) -> None:
    """Something to look at that production has not: a flag that waits for another one, an override with an end."""
    changes = {
        "smartFolders": (Change(prerequisites=(Prerequisite(SHOWN_FLAG, ("on",)),)), "Folders need the summaries"),
        "focusMode": (
            Change(overrides=(Override("off", ("u-7",), at.replace(microsecond=0) + timedelta(days=14)),)),
            "u-7 reported a broken layout",
        ),
    }
    staging = project.environments.get(key="staging")
    for key, (change, reason) in changes.items():
        flags.set_state(
            state_id=_state(staging, key).pk,
            change=change,
            actor=actor,
            reason=reason,
            at=at - timedelta(hours=1),
            expected_version=None,
        )


def _rollout(project: Project, actor: Actor, at: datetime) -> None:
    """The four-week plan in its second stage, which it reached by itself half a week ago."""
    staging = project.environments.get(key=ROLLING_OUT_IN)
    half_a_week = timedelta(days=3, hours=12)
    reached, started = at - half_a_week, at - half_a_week - timedelta(weeks=1)
    holds.write(
        environment_id=staging.pk,
        guard=GUARD,
        verdict=Hold.Verdict.GREEN,
        reason="0.2 % of requests fail",
        valid_until=at + timedelta(days=28),
        at=started,
        actor=audit.system("demo"),
    )
    plan = flags.start_rollout(
        state_id=_state(staging, ROLLING_OUT).pk,
        variant="on",
        stages=TEMPLATES[DEFAULT].stages,
        guards=[GUARD],
        actor=actor,
        reason="Voice messages for everyone within four weeks",
        at=started,
        expected_version=None,
    )
    flags.advance_rollout(plan_id=plan.pk, at=reached)


def _steps(percentages: tuple[int, ...], began: datetime) -> Iterator[tuple[Change, str, datetime]]:
    """One step a week, as the product rolled its flags out."""
    for week, percent in enumerate(percentages, 1):
        on = percent * WEIGHT_TOTAL // 100
        split = [{"id": "rollout", "when": None, "serve": {"split": [["on", on], ["off", WEIGHT_TOTAL - on]]}}]
        rules = parse_rules(split if percent < 100 else [])
        reason = "General availability" if percent == 100 else f"Week {week}: {percent} % of users"
        yield Change(status=FlagStatus.ON, rules=rules), reason, began + timedelta(weeks=week, hours=-2)


def _ask_for_approval(production: Environment, author: Actor, operator: Actor, at: datetime) -> None:
    """From now on production asks for one approval, and the first request waits for it."""
    core.update_environment(
        environment_id=production.pk,
        fields={"required_approvals": 1},
        actor=operator,
        at=at - timedelta(hours=3),
        expected_version=None,
        reason="Two people look at every change of production",
    )
    state = _state(production, "smartFolders")
    step, *_ = _steps((50,), at)
    flags.propose(
        kind="flags.state_change",
        subject_id=state.pk,
        environment_id=production.pk,
        patch=dump_change(step[0]),
        actor=author,
        reason="Week 3: 50 % of users",
        at=at - timedelta(hours=2),
        expected_version=state.version,
    )


def _state(environment: Environment, key: str) -> Any:
    return selectors.flags(environment.project).get(key=key).states.get(environment=environment)


def _schedule(staging: Environment, author: Actor, at: datetime) -> None:
    state = _state(staging, "toolsPanel")
    flags.schedule_change(
        state_id=state.pk,
        change=Change(status=FlagStatus.OFF),
        apply_at=(at + timedelta(days=1)).replace(hour=9, minute=0, second=0, microsecond=0),
        actor=author,
        reason="Off while its server moves",
        at=at,
        expected_version=state.version,
    )


def _usage(environments: list[Environment], at: datetime) -> None:
    """A day of evaluations, more of them the nearer an environment is to the users."""
    for hour in range(24):
        counts: dict[tuple[int, str, str], int] = {}
        for place, environment in enumerate(environments):
            asked = 10 ** (place + 1) * (2 + abs(12 - hour) % 9)
            for flag in FLAGS:
                on = asked * (flag.percentages[-1] if flag.percentages else 0) // 100
                counts |= {(environment.pk, flag.key, "on"): on, (environment.pk, flag.key, "off"): asked - on}
            counts |= {(environment.pk, "messageHistory", key): asked // 3 for key, _days in HISTORY}
        served = {key: count for key, count in counts.items() if count}
        flags.add_usage(counts=served, at=at - timedelta(hours=23 - hour))


def _keys(environments: list[Environment], actor: Actor, at: datetime) -> str:
    """A client key for every environment; returns production's client key."""
    shown = ""
    for environment in environments:
        issued = core.issue_key(
            project_id=environment.project_id,
            environment_id=environment.pk,
            kind=ApiKey.Kind.CLIENT,
            name="Web app",
            actor=actor,
            at=at,
        )
        shown = issued.token if environment.key == ENVIRONMENT else shown
    return shown
