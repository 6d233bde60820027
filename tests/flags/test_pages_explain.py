"""The page that explains one answer: the sentence, every stage and condition on the way, and the past."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from apps.core import clock
from apps.core.models import AuditEntry, Project
from apps.flags import services
from apps.flags.domain.engine.bucketing import bucket
from apps.flags.domain.engine.definitions import FlagStatus, Override, Prerequisite
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.engine.text import percent
from apps.flags.domain.transitions import Change
from apps.flags.models import FlagState, FlagUsage, Segment
from apps.flags.pages.stages import Stage
from tests.factories import ACTOR, AT, make_flag, make_segment, state_in
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def visitor(project: Project) -> Visitor:
    return Visitor(project, role="Viewer")


def serve(state: FlagState, *, at: Any = AT, **change: Any) -> None:
    if "rules" in change:
        change["rules"] = parse_rules(change["rules"])
    services.set_state(
        state_id=state.pk, change=Change(**change), actor=ACTOR, reason="why", at=at, expected_version=None
    )


def rule(when: Any, serve: Any, id: str = "r", **window: Any) -> dict[str, Any]:
    return {"id": id, "when": when, "serve": serve, **window}


def told(page: Any) -> dict[str, tuple[str, bool]]:
    """Each stage's title with its pill and whether it decides."""
    return {stage.title: (stage.pill.text, stage.decides) for stage in page.context["stages"]}


def stage(page: Any, title: str) -> Stage:
    found: Stage = next(one for one in page.context["stages"] if one.title == title)
    return found


def test_a_first_visit_asks_whom_it_is_about(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark")
    page = visitor.get("flag-explain", key="dark")
    assert page.status_code == 200
    shows(page, "Whom is it about?", "User id", "Moment (UTC)")


def test_a_bucket_is_shown_against_the_shares(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark", rolling_out=True, salt="pepper")
    page = visitor.get("flag-explain", "?user=u-42", key="dark")
    place = bucket("pepper", "u-42")
    variant = "on" if place < 25_000 else "off"
    shows(
        page,
        f"The bucket of u-42 is {percent(place)}: that is within the share of {variant}.",
        "0 % to 25 %",
        "25 % to 100 %",
        f"<strong>{variant}</strong>",
        'class="needle"',
        "version 2",
    )
    assert told(page) == {
        "Kill switch": ("not killed", False),
        "On or off": ("on", False),
        "Rule 1: rollout": ("holds", True),
        "No rule holds": ("not reached", False),
    }


def test_every_condition_shows_what_it_wants_and_what_it_met(project: Project, visitor: Visitor) -> None:
    state = state_in(make_flag(project=project, key="dark", on=True))
    german = {"attr": ["country"], "op": "in", "value": ["DE", "AT", "CH", "LI"]}
    grown = {"attr": ["age"], "op": "gte", "value": 18}
    paying = {"not": {"attr": ["plan", "name"], "op": "in", "value": ["free"]}}
    serve(state, rules=[rule({"all": [german, {"any": [grown, paying]}]}, {"variant": "off"}, "first")])
    page = visitor.get("flag-explain", '?user=u&context={"country": "LI", "age": 17}', key="dark")
    line = stage(page, "Rule 1: first").line
    assert line is not None
    assert (line.text, line.pill.text) == ("all of these hold", "holds")
    country, either = line.items
    assert (country.text, country.actual, country.wanted) == (
        "country is DE, AT, CH or 1 more",
        'country is "LI"',
        "DE, AT, CH, LI",
    )
    assert [(one.text, one.actual, one.pill.text) for one in either.items] == [
        ("age is at least 18", "age is 17", "does not hold"),
        ("plan.name is not free", "plan.name is missing", "holds"),
    ]
    shows(page, "at least one of these holds", "Show all values", "plan.name is missing")


def test_rules_after_the_deciding_one_are_not_reached(project: Project, visitor: Visitor) -> None:
    state = state_in(make_flag(project=project, key="dark", on=True))
    serve(state, rules=[rule(None, {"variant": "off"}, "all"), rule(None, {"variant": "on"}, "late")])
    page = visitor.get("flag-explain", "?user=u", key="dark")
    assert told(page)["Rule 1: all"] == ("holds", True)
    assert told(page)["Rule 2: late"] == ("not reached", False)
    shows(page, "off, because rule all is for everyone", "Everyone gets on")


def test_a_closed_window_says_when_it_was_open(project: Project, visitor: Visitor) -> None:
    state = state_in(make_flag(project=project, key="dark", on=True))
    over = {"window": {"starts_at": None, "ends_at": "2026-01-01T00:00:00Z"}}
    later = {"window": {"starts_at": "2999-01-01T00:00:00Z", "ends_at": None}}
    serve(
        state,
        rules=[rule(None, {"variant": "off"}, "over", **over), rule(None, {"variant": "off"}, "later", **later)],
    )
    page = visitor.get("flag-explain", "?user=u", key="dark")
    shows(page, "It ended at 2026-01-01 00:00:00 UTC.", "It starts at 2999-01-01 00:00:00 UTC, which is later.")
    assert told(page)["Rule 1: over"] == told(page)["Rule 2: later"] == ("does not hold", False)
    assert told(page)["No rule holds"] == ("so it is", True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?user=u-1", ("in", "a member")),
        ('?user=u-9&context={"groups": ["beta"]}', ("in", "named in the context's groups")),
        ('?user=u-1&context={"groups": "beta"}', ("in", "a member and named in the context's groups")),
        (
            '?user=u-9&context={"groups": ["other"]}',
            ("not in", "not a member, not named in the context's groups"),
        ),
    ],
)
def test_a_segment_says_why_the_user_is_in_it(
    project: Project, visitor: Visitor, query: str, expected: tuple[str, str]
) -> None:
    make_segment(project=project, key="beta", members=["u-1"])
    state = state_in(make_flag(project=project, key="dark", on=True))
    serve(state, rules=[rule({"segment": ["beta"]}, {"variant": "on"})], default_variant="off")
    line = stage(visitor.get("flag-explain", query, key="dark"), "Rule 1: r").line
    assert line is not None
    assert line.text == "the user is in beta"
    assert [(one.text, one.pill.text, one.actual) for one in line.items] == [("beta", *expected)]


def test_a_segments_rule_unfolds_once(project: Project, visitor: Visitor) -> None:
    segment = make_segment(project=project, key="eu")
    Segment.objects.filter(pk=segment.pk).update(rule={"attr": ["country"], "op": "in", "value": ["DE"]})
    state = state_in(make_flag(project=project, key="dark", on=True))
    serve(state, rules=[rule({"segment": ["eu"]}, {"variant": "on"}, name) for name in ("first", "second")])
    page = visitor.get("flag-explain", '?user=u&context={"country": "US"}', key="dark")
    first, second = (stage(page, f"Rule {n}: {name}").line for n, name in ((1, "first"), (2, "second")))
    assert first is not None
    assert second is not None
    assert [(one.text, one.actual) for one in first.items[0].items] == [("country is DE", 'country is "US"')]
    assert first.items[0].actual == "not a member, not named in the context's groups, and its rule does not hold"
    assert (second.items[0].actual, second.items[0].items) == ("as told above", ())
    shows(page, "Show its rule")


def test_a_segment_that_is_not_there_and_the_one_of_everybody(project: Project, visitor: Visitor) -> None:
    state = state_in(make_flag(project=project, key="dark", on=True))
    unknown = rule({"segment": ["gone", "all"]}, {"variant": "on"})
    FlagState.objects.filter(pk=state.pk).update(rules=[unknown])  # no service lets it in
    page = visitor.get("flag-explain", "?user=u", key="dark")
    shows(page, "no such segment: nobody is a member", "holds every user")


def test_who_waits_for_what_and_where_that_is_explained(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="base")
    state = state_in(make_flag(project=project, key="dark", on=True))
    serve(state, prerequisites=(Prerequisite("base", ("on",)),))
    query = '?user=u-42&context={"a": 1}&at='
    page = visitor.get("flag-explain", query, key="dark")
    shows(page, "base has to serve on", "it serves off, because the flag is off", "Explain base for this user")
    assert told(page)["Waits for other flags"] == ("not met", True)
    assert told(page)["No rules"] == ("not reached", False)
    link = visitor.url("flag-explain", key="base") + page.context["query"]
    assert link in text(page).replace("&amp;", "&")
    assert parse_qs(urlsplit(link).query)["user"] == ["u-42"]
    shows(visitor.client.get(link), "off, because the flag is off")


def test_an_override_decides_until_it_expires(project: Project, visitor: Visitor) -> None:
    now = clock.now().replace(microsecond=0)
    state = state_in(make_flag(project=project, key="dark", rolling_out=True))
    serve(state, overrides=(Override("on", ("ann",), now + HOUR), Override("off", ("bob",), now - HOUR)))
    ann = visitor.get("flag-explain", "?user=ann", key="dark")
    assert told(ann)["Individual users"] == ("named", True)
    shows(ann, "on, because there is an override for ann", f"until {now + HOUR:%Y-%m-%d %H:%M:%S} UTC")
    bob = visitor.get("flag-explain", "?user=bob", key="dark")
    assert told(bob)["Individual users"] == ("not named", False)
    shows(bob, f"An override for bob to off expired at {now - HOUR:%Y-%m-%d %H:%M:%S} UTC.")
    shows(visitor.get("flag-explain", "?user=cid", key="dark"), "2 users have overrides.")


def test_killed_locked_off(project: Project, visitor: Visitor, settings: Any) -> None:
    settings.FEATURE_LOCKS = {"PULSEOPS_FEATURE_LOCKED": "on"}
    make_flag(project=project, key="dead", killed=True)
    make_flag(project=project, key="locked")
    make_flag(project=project, key="dark")
    dead, locked, dark = (visitor.get("flag-explain", "?user=u", key=key) for key in ("dead", "locked", "dark"))
    assert told(dead)["Kill switch"] == ("killed", True)
    assert told(dead)["On or off"] == ("not reached", False)
    assert told(locked)["Environment variable"] == ("locked", True)
    shows(locked, "PULSEOPS_FEATURE_LOCKED locks the flag to on.")
    assert told(dark)["On or off"] == ("off", True)


def test_a_user_that_cannot_be_placed_is_told_so(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark", rolling_out=True)
    page = visitor.get("flag-explain", "?user=", key="dark")
    shows(page, "the code default, because the context has no targetingKey", "Somebody without a user id")
    shows(page, "the user cannot be placed", "TARGETING_KEY_MISSING")


def test_a_past_moment_names_the_version_and_who_made_it(project: Project, visitor: Visitor) -> None:
    state = state_in(make_flag(project=project, key="dark"))
    serve(state, at=AT + HOUR, rules=[rule(None, {"variant": "on"})], status=FlagStatus.ON)
    serve(state, at=AT + 2 * HOUR, default_variant="off", rules=[])
    page = visitor.get("flag-explain", "?user=u&at=2026-01-05T10:30:00", key="dark")
    shows(page, "at 2026-01-05 10:30:00 UTC", "on, because rule r is for everyone", "tests", "“why”")
    shows(page, visitor.url("flag-version", key="dark", number=2), "until 2026-01-05 11:00:00 UTC")
    shows(visitor.get("flag-explain", "?user=u", key="dark"), "off, because the flag is on and has no rules", "now")


def test_a_past_moment_leaves_locks_of_today_out(project: Project, visitor: Visitor, settings: Any) -> None:
    settings.FEATURE_LOCKS = {"PULSEOPS_FEATURE_DARK": "on"}
    make_flag(project=project, key="dark")
    page = visitor.get("flag-explain", "?user=u&at=2026-01-05T09:00:00", key="dark")
    shows(page, "off, because the flag is off", "Whether it did then is not recorded")
    assert "Environment variable" not in told(page)


def test_before_the_flag_existed(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark")
    page = visitor.get("flag-explain", "?user=u&at=2026-01-05T08:59:59", key="dark")
    assert page.status_code == 200
    shows(page, "dark did not exist at 2026-01-05 08:59:59 UTC.", "It began at 2026-01-05 09:00:00 UTC.")


def test_an_archived_flag_says_that_apps_are_not_answered(project: Project, visitor: Visitor) -> None:
    flag = make_flag(project=project, key="dark")
    given: Any = {"flag_id": flag.pk, "actor": ACTOR, "reason": "gone", "expected_version": None}
    services.archive_flag(**given, at=AT + HOUR)
    now, before, after = "Apps get FLAG_NOT_FOUND", "?user=u&at=2026-01-05T09:30:00", "?user=u&at=2026-01-05T10:30:00"
    shows(visitor.get("flag-explain", "?user=u", key="dark"), "This flag is archived.", now)
    shows(visitor.get("flag-explain", after, key="dark"), "This flag was archived then.", now)
    assert now not in text(visitor.get("flag-explain", before, key="dark"))
    services.restore_flag(**given, at=AT + 2 * HOUR)
    assert now not in text(visitor.get("flag-explain", "?user=u", key="dark"))
    shows(visitor.get("flag-explain", after, key="dark"), "This flag was archived then.")


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?user=u&context={", "This is not JSON: line 1, column 2."),
        ("?user=u&at=2999-01-01T00:00", "This moment has not come yet."),
        ("?user=u&at=yesterday", "Type a date and a time"),
        ("?user=u&at=0001-01-01T00:00:00%2B14:00", "Type a date and a time"),
        ("?user=%00", "Null characters are not allowed."),
    ],
)
def test_a_question_at_fault_is_told(project: Project, visitor: Visitor, query: str, told: str) -> None:
    make_flag(project=project, key="dark")
    page = visitor.get("flag-explain", query, key="dark")
    assert page.status_code == 422
    shows(page, "This cannot be asked yet", told)


def test_rules_that_cannot_be_read(project: Project, visitor: Visitor) -> None:
    flag = make_flag(project=project, key="dark", on=True)
    FlagState.objects.filter(flag=flag).update(rules=[{"odd": 1}])
    shows(visitor.get("flag-explain", "?user=u", key="dark"), "These rules cannot be read")


def test_asking_counts_and_writes_nothing(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark", rolling_out=True)
    before = AuditEntry.objects.count()
    visitor.get("flag-explain", "?user=u", key="dark")
    assert (AuditEntry.objects.count(), FlagUsage.objects.count()) == (before, 0)


def test_the_preview_leads_to_the_whole_explanation(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark", rolling_out=True)
    sent = {"user": "u-42", "context": '{"country": "DE"}'}
    page = visitor.post("flag-preview", sent, headers={"X-Preview": "1"}, key="dark")
    shows(page, "Explain in full", f"{visitor.url('flag-explain', key='dark')}?user=u-42&amp;context=%7B%22country")


def test_the_number_of_queries_does_not_grow(
    project: Project, visitor: Visitor, django_assert_max_num_queries: Any
) -> None:
    keys = [f"base-{n}" for n in range(8)]
    for key in keys:
        make_flag(project=project, key=key, on=True)
        make_segment(project=project, key=f"s-{key}", members=["u"])
    state = state_in(make_flag(project=project, key="dark", on=True))
    serve(
        state,
        prerequisites=tuple(Prerequisite(key, ("on",)) for key in keys),
        rules=[rule({"segment": [f"s-{key}" for key in keys]}, {"variant": "on"})],
    )
    with django_assert_max_num_queries(25):
        visitor.get("flag-explain", "?user=u", key="dark")
