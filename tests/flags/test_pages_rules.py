"""The rules pages without scripts: JSON typed, judged, previewed, reviewed and applied; a segment's rule alike."""

import json
from typing import Any

import pytest

from apps.core.models import AuditEntry, Project
from apps.flags import services
from apps.flags.domain.engine import limits
from apps.flags.domain.engine.definitions import FlagStatus
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.transitions import Change
from apps.flags.models import FlagState, Segment
from tests.factories import ACTOR, AT, make_flag, make_segment, state_in
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db
GERMANS = {"attr": ["country"], "op": "in", "value": ["DE"]}
GERMAN = {"id": "german", "when": GERMANS, "serve": {"variant": "on"}}


def flag(project: Project, **fields: Any) -> FlagState:
    return state_in(make_flag(project=project, key="dark", **fields))


def again(state: FlagState) -> FlagState:
    return FlagState.objects.get(pk=state.pk)


def sent(rules: object, **fields: Any) -> dict[str, Any]:
    typed = rules if isinstance(rules, str) else json.dumps(rules)
    return {"version": 1, "rules": typed, "default_variant": "off", "off_variant": "off", **fields}


# Rules of a flag


def test_the_page_shows_the_rules_as_json_and_in_words(project: Project, visitor: Visitor) -> None:
    state = flag(project, on=True)
    services.set_state(
        state_id=state.pk,
        change=Change(rules=parse_rules([GERMAN])),
        actor=ACTOR,
        reason="x",
        at=AT,
        expected_version=None,
    )
    page = visitor.get("flag-rules", key="dark")
    shows(
        page, "Edit the rules of dark in Production", "&quot;id&quot;: &quot;german&quot;", "If country is DE, serve on"
    )
    detail = visitor.get("flag-detail", key="dark")
    shows(detail, "If country is DE, serve on", "Edit rules", visitor.url("flag-rules", key="dark"))


def test_the_rollout_form_leads_to_the_rules(project: Project, visitor: Visitor) -> None:
    flag(project)
    shows(visitor.get("flag-detail", key="dark"), "Use rules instead", visitor.url("flag-rules", key="dark"))


def test_rules_are_reviewed_and_then_applied(project: Project, visitor: Visitor) -> None:
    state = flag(project)
    review = visitor.post("flag-rules", sent([GERMAN], turn_on="on"), key="dark")
    assert review.status_code == 200
    shows(review, "Change the rules of dark in Production", "If country is DE, serve on", 'name="turn_on" value="on"')
    assert again(state).version == 1
    done = visitor.post("flag-rules", sent([GERMAN], turn_on="on", confirmed="1", reason="launch"), key="dark")
    assert done.status_code == 302
    kept = again(state)
    assert (kept.status, kept.rules, kept.default_variant) == ("ON", [GERMAN], "off")
    assert AuditEntry.objects.get(kind="flags.state_changed").reason == "launch"


def test_production_asks_why_and_keeps_the_rules(project: Project, visitor: Visitor) -> None:
    state = flag(project)
    page = visitor.post("flag-rules", sent([GERMAN], confirmed="1"), key="dark")
    assert page.status_code == 422
    shows(page, "Say why", "german")
    assert again(state).rules == []


def test_only_the_rule_that_changed_is_told(project: Project, visitor: Visitor) -> None:
    state = flag(project, on=True)
    rules = [GERMAN, {**GERMAN, "id": "other", "when": None}]
    change = Change(rules=parse_rules(rules), default_variant="off")
    services.set_state(state_id=state.pk, change=change, actor=ACTOR, reason="x", at=AT, expected_version=None)
    changed = [GERMAN, {**GERMAN, "id": "other", "when": {"not": GERMANS}}]
    review = visitor.post("flag-rules", sent(changed, version=3), key="dark")
    (difference,) = review.context["differences"]
    assert (difference.before, difference.after) == ("Everyone gets on", "If country is not DE, serve on")


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ('[\n {"id": }]', "This is not JSON: line 2, column 9."),
        ("{}", "rules: must be a list"),
        (
            [{**GERMAN, "when": {"all": [GERMANS, {"attr": ["x"], "op": "gt", "value": "1"}]}}],
            "rules[0].when.all[1].value:",
        ),
        ([GERMAN, GERMAN], "rules[1].id: 'german' is used twice"),
        ([{**GERMAN, "serve": {"variant": "maybe"}}], "rules[0].serve.variant: there is no variant 'maybe'"),
        ([{**GERMAN, "serve": {"split": [["on", 90_000]]}}], "rules[0].serve.split: the weights add up to 90 %"),
        (
            [{**GERMAN, "when": {"segment": ["betas"]}}],
            "rules[0].when.segment[0]: there is no segment 'betas'; did you mean beta?",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place_and_the_text_is_kept(
    project: Project, visitor: Visitor, typed: object, told: str
) -> None:
    make_segment(project=project, key="beta")
    state = flag(project)
    page = visitor.post("flag-rules", sent(typed), key="dark")
    assert page.status_code == 422
    shows(page, told, 'href="#id_rules"')
    assert page.context["form"]["rules"].value() == sent(typed)["rules"]
    assert again(state).version == 1


def test_every_problem_is_told_at_once_and_handed_to_the_builder(project: Project, visitor: Visitor) -> None:
    flag(project)
    bad = [{**GERMAN, "when": {"segment": ["gone"]}}, {**GERMAN, "serve": {"variant": "maybe"}}]
    page = visitor.post("flag-rules", sent(bad), key="dark")
    assert page.context["builder"]["faults"] == [
        ("rules[0].when.segment[0]", "there is no segment 'gone'"),
        ("rules[1].id", "'german' is used twice"),
        ("rules[1].serve.variant", "there is no variant 'maybe'"),
    ]


def test_an_empty_text_is_no_rules(project: Project, visitor: Visitor) -> None:
    state = flag(project, rolling_out=True)
    visitor.post("flag-rules", sent("  ", version=2, confirmed="1", reason="none"), key="dark")
    assert again(state).rules == []


def test_a_variant_that_is_none_is_told_at_its_field(project: Project, visitor: Visitor) -> None:
    flag(project)
    page = visitor.post("flag-rules", sent([GERMAN], default_variant="maybe"), key="dark")
    assert page.status_code == 422
    shows(page, 'href="#id_default_variant"')


def test_a_stale_form_is_told_at_the_review(project: Project, visitor: Visitor) -> None:
    state = flag(project)
    services.kill(state_id=state.pk, actor=ACTOR, reason="errors", at=AT)
    page = visitor.post("flag-rules", sent([GERMAN]), key="dark")
    assert page.status_code == 409
    shows(page, "Somebody changed this flag", "errors", "german")


def test_a_killed_flag_shows_its_rules_and_takes_no_change(project: Project, visitor: Visitor) -> None:
    flag(project, killed=True)
    page = visitor.get("flag-rules", key="dark")
    shows(page, "Lift the kill to change the rules.")
    assert "Review change" not in text(page)


def test_the_preview_says_each_rule_and_what_a_user_gets(project: Project, visitor: Visitor) -> None:
    flag(project, on=True)
    window = {"starts_at": "2026-03-01T09:00:00Z", "ends_at": "2026-04-01T00:00:00Z"}
    split = {"split": [["on", 25_000], ["off", 75_000]], "by": ["org"]}
    rules = [GERMAN, {"id": "half", "when": None}, {"id": "later", "when": None, "serve": split, "window": window}]
    page = visitor.post("flag-rules-preview", sent(rules, user="u-1"), headers={"X-Preview": "1"}, key="dark")
    assert page.context["sentences"] == [
        "If country is DE, serve on",
        "",
        "Everyone gets 25 % on, 75 % off (by org); from 2026-03-01 09:00 until 2026-04-01 00:00 UTC",
    ]
    shows(page, "rules[1].serve: is missing")
    whole = visitor.post("flag-rules-preview", sent([GERMAN], user="u-1", context='{"country": "DE"}'), key="dark")
    shows(whole, "<strong>user u-1</strong>: on, because country is DE", "Edit the rules of dark in Production")


def test_looking_at_the_preview_s_address_leads_to_the_builder(project: Project, visitor: Visitor) -> None:
    flag(project)
    assert visitor.get("flag-rules-preview", key="dark").url == visitor.url("flag-rules", key="dark")


def test_rules_that_cannot_be_read_are_left_to_a_revert(project: Project, visitor: Visitor) -> None:
    state = flag(project)
    FlagState.objects.filter(pk=state.pk).update(rules=[{"id": "x"}])
    assert visitor.get("flag-rules", key="dark").url == visitor.url("flag-detail", key="dark")
    assert visitor.post("flag-rules", sent([GERMAN]), key="dark").status_code == 302


def test_a_viewer_may_not_edit_rules(project: Project) -> None:
    flag(project)
    viewer = Visitor(project, role="Viewer")
    assert viewer.get("flag-rules", key="dark").status_code == 403
    assert viewer.post("flag-rules-preview", sent([GERMAN]), key="dark").status_code == 403
    assert "Use rules instead" not in text(viewer.get("flag-detail", key="dark"))


# What the builder has to know


def test_the_builder_is_told_limits_names_and_what_is_in_use(project: Project, visitor: Visitor) -> None:
    make_segment(project=project, key="beta", name="Beta testers", rule={"attr": ["plan", "name"], "op": "exists"})
    flag(project)
    services.set_state(
        state_id=state_in(make_flag(project=project)).pk,
        change=Change(status=FlagStatus.ON, rules=parse_rules([GERMAN])),
        actor=ACTOR,
        reason="x",
        at=AT,
        expected_version=None,
    )
    offer = visitor.get("flag-rules", key="dark").context["builder"]
    assert offer["attributes"] == [["targetingKey"], ["groups"], ["country"], ["plan", "name"]]
    assert [one["key"] for one in offer["segments"]] == ["all", "beta"]
    assert offer["variants"] == ["on", "off"]
    told = {name: offer["limits"][name] for name in ("rules", "depth", "items", "values", "weight")}
    assert told == {"rules": 100, "depth": 8, "items": 50, "values": 5_000, "weight": 100_000}
    assert (offer["limits"]["key"], offer["limits"]["pattern"]) == (limits.MAX_KEY_LENGTH, limits.MAX_PATTERN_LENGTH)


# The rule of a segment


def rule_sent(rule: object, **fields: Any) -> dict[str, Any]:
    return {"version": 1, "rule": rule if isinstance(rule, str) else json.dumps(rule), **fields}


def test_a_segment_s_rule_is_reviewed_with_what_it_reaches_and_applied(project: Project, visitor: Visitor) -> None:
    segment = make_segment(project=project, key="germans")
    make_segment(project=project, key="europeans", rule={"segment": ["germans"]})
    state = flag(project, on=True)
    rules = parse_rules([{**GERMAN, "when": {"segment": ["europeans"]}}])
    services.set_state(
        state_id=state.pk, change=Change(rules=rules), actor=ACTOR, reason="x", at=AT, expected_version=None
    )
    shows(visitor.get("segment-detail", key="germans"), "Add a rule", "segment europeans")
    review = visitor.post("segment-rule", rule_sent(GERMANS), key="germans")
    assert review.status_code == 200
    shows(review, "nobody", "country is DE", "directly or through another one", "dark")
    done = visitor.post("segment-rule", rule_sent(GERMANS, confirmed="1", reason="launch"), key="germans")
    assert done.url == visitor.url("segment-detail", key="germans")
    assert Segment.objects.get(pk=segment.pk).rule == GERMANS
    shows(
        visitor.get("segment-detail", key="germans"), "Users belong to the segment if country is DE.", "Edit the rule"
    )
    shows(visitor.get("segment-list"), "by rule", "segment europeans")


def test_a_segment_s_rule_asks_why_and_is_judged(project: Project, visitor: Visitor) -> None:
    segment = make_segment(project=project, key="germans")
    silent = visitor.post("segment-rule", rule_sent(GERMANS, confirmed="1", reason=" "), key="germans")
    assert silent.status_code == 422
    shows(silent, "Say why")
    bad = visitor.post("segment-rule", rule_sent({"any": [GERMANS, {"segment": ["gone"]}]}), key="germans")
    assert bad.status_code == 422
    shows(bad, "rule.any[1].segment[0]: there is no segment 'gone'")
    circle = visitor.post("segment-rule", rule_sent({"segment": ["germans"]}, confirmed="1", reason="x"), key="germans")
    assert circle.status_code == 422
    shows(circle, "germans → germans")
    assert Segment.objects.get(pk=segment.pk).rule is None


def test_a_segment_s_rule_is_taken_away_with_an_empty_text(project: Project, visitor: Visitor) -> None:
    segment = make_segment(project=project, key="germans", rule=GERMANS)
    visitor.post("segment-rule", rule_sent("", confirmed="1", reason="over"), key="germans")
    assert Segment.objects.get(pk=segment.pk).rule is None


def test_a_segment_s_rule_that_got_stale_keeps_the_input(project: Project, visitor: Visitor) -> None:
    segment = make_segment(project=project, key="germans")
    fields = {"name": "Theirs"}
    services.update_segment(segment_id=segment.pk, fields=fields, actor=ACTOR, at=AT, expected_version=None)
    for more in ({}, {"confirmed": "1", "reason": "mine"}):
        page = visitor.post("segment-rule", rule_sent(GERMANS, **more), key="germans")
        assert page.status_code == 409
        shows(page, "changed this while you were here", "Theirs", 'name="version" value="2"')
    assert Segment.objects.get(pk=segment.pk).rule is None


@pytest.mark.parametrize(
    ("user", "context", "told"),
    [
        ("u-1", '{"country": "DE"}', "belongs to the segment by this rule"),
        ("u-1", "", "does not belong to the segment by this rule"),
        ("", "", "Type a user id or more context"),
    ],
)
def test_a_segment_s_rule_is_previewed(project: Project, visitor: Visitor, user: str, context: str, told: str) -> None:
    make_segment(project=project, key="germans")
    data = rule_sent(GERMANS, user=user, context=context)
    page = visitor.post("segment-rule-preview", data, headers={"X-Preview": "1"}, key="germans")
    shows(page, "Users belong to the segment if country is DE.", told)


def test_a_segment_s_rule_needs_the_permission_of_the_most_protected_environment(project: Project) -> None:
    make_segment(project=project, key="germans")
    viewer = Visitor(project, role="Viewer", environment="development")
    assert viewer.get("segment-rule", key="germans").status_code == 403
    assert viewer.post("segment-rule", rule_sent(GERMANS), key="germans").status_code == 403
    shows(viewer.get("segment-detail", key="germans"), "You may look, not change.")
