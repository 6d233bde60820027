"""Changing what an environment serves: toggle, rollout, kill, lift, revert, and what happens when it is refused."""

from typing import Any

import pytest

from apps.core.models import AuditEntry, Project
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagStatus, FlagType
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.transitions import Change
from apps.flags.models import FlagState
from tests.factories import make_flag, make_segment, state_in
from tests.factories.core import ACTOR, AT
from tests.factories.flags import split_rule
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db


def flag(project: Project, **fields: Any) -> FlagState:
    return state_in(make_flag(project=project, key="dark", **fields))


def again(state: FlagState) -> FlagState:
    return FlagState.objects.get(pk=state.pk)


def somebody_sets(state: FlagState, change: Change) -> None:
    services.set_state(state_id=state.pk, change=change, actor=ACTOR, reason="meanwhile", at=AT, expected_version=None)


def rollout(**fields: Any) -> dict[str, Any]:
    return {"version": 1, "who": "everyone", "share": "25", "others": "off", **fields}


# Toggle


def test_looking_at_a_toggle_changes_nothing(project: Project, visitor: Visitor) -> None:
    state = flag(project)
    page = visitor.get("flag-toggle", "?to=on", key="dark")
    shows(page, "Turn on dark in Production", "Of 1,000 sample users, <strong>0</strong>", "<strong>1,000</strong>")
    assert again(state).version == 1


def test_a_toggle_with_a_reason_turns_on_and_offers_to_undo(project: Project, visitor: Visitor) -> None:
    state = flag(project)
    answer = visitor.post("flag-toggle", {"version": 1, "reason": "launch"}, "?to=on", key="dark")
    assert answer.status_code == 302
    assert again(state).status == "ON"
    page = visitor.client.get(answer.url)
    shows(page, "version 2 is live in Production", "Undo")
    entry = AuditEntry.objects.get(kind="flags.state_changed")
    assert (entry.actor_label, entry.reason) == (visitor.user.username, "launch")


def test_undo_is_one_post(project: Project, visitor: Visitor) -> None:
    state = flag(project)
    visitor.post("flag-toggle", {"version": 1, "reason": "launch"}, "?to=on", key="dark")
    answer = visitor.post("flag-revert", {"version": 2, "reason": "Undo of version 2"}, key="dark", number=1)
    assert answer.status_code == 302
    assert (again(state).status, again(state).version) == ("OFF", 3)


def test_an_old_address_does_not_offer_to_undo(project: Project, visitor: Visitor) -> None:
    flag(project, on=True)
    assert "Undo" not in text(visitor.get("flag-detail", "?changed=1", key="dark"))


def test_production_asks_for_a_reason_and_keeps_what_was_chosen(project: Project, visitor: Visitor) -> None:
    state = flag(project, rolling_out=True)
    somebody_sets(state, Change(status=FlagStatus.OFF))
    answer = visitor.post("flag-toggle", {"version": 3, "reason": " ", "scope": "rules"}, "?to=on", key="dark")
    assert answer.status_code == 422
    shows(answer, "Say why", 'href="#id_reason"', 'value="rules" id="id_scope_1" checked')
    assert again(state).status == "OFF"


def test_an_unprotected_environment_asks_for_no_reason(project: Project) -> None:
    state = state_in(make_flag(project=project, key="dark"), "staging")
    visitor = Visitor(project, environment="staging")
    assert visitor.post("flag-toggle", {"version": 1}, "?to=on", key="dark").status_code == 302
    assert again(state).status == "ON"


def test_on_for_everyone_ends_a_rollout(project: Project, visitor: Visitor) -> None:
    state = flag(project, rolling_out=True)
    visitor.post("flag-toggle", {"version": 2, "reason": "all"}, "?to=on", key="dark")
    assert (again(state).rules, again(state).default_variant) == ([], "on")


def test_a_flag_that_is_off_can_come_back_with_its_rollout(project: Project, visitor: Visitor) -> None:
    state = flag(project, rolling_out=True)
    somebody_sets(state, Change(status=FlagStatus.OFF))
    visitor.post("flag-toggle", {"version": 3, "reason": "back", "scope": "rules"}, "?to=on", key="dark")
    assert (again(state).status, again(state).rules) == ("ON", split_rule(on=25, off=75))


def test_turning_on_serves_true_even_where_the_default_was_false(project: Project, visitor: Visitor) -> None:
    state = flag(project, default_variant="off")
    visitor.post("flag-toggle", {"version": 1, "reason": "go"}, "?to=on", key="dark")
    assert again(state).default_variant == "on"


def test_toggling_twice_says_that_it_is_done(project: Project, visitor: Visitor) -> None:
    flag(project, on=True)
    answer = visitor.post("flag-toggle", {"version": 2, "reason": "again"}, "?to=on", key="dark")
    assert answer.status_code == 409
    shows(answer, "Nothing to change: it is like this already.", "again")


def test_a_stale_toggle_shows_what_happened_and_keeps_the_reason(project: Project, visitor: Visitor) -> None:
    state = flag(project)
    somebody_sets(state, Change(rules=parse_rules(split_rule(on=10, off=90))))
    answer = visitor.post("flag-toggle", {"version": 1, "reason": "my reason"}, "?to=on", key="dark")
    assert answer.status_code == 409
    shows(answer, "Somebody changed this flag while you were here.", "10 % on, 90 % off", ACTOR.label, "my reason")
    shows(answer, 'name="version" value="2"')
    assert again(state).status == "OFF"


def test_a_killed_flag_is_not_toggled(project: Project, visitor: Visitor) -> None:
    state = flag(project, killed=True)
    sent = {"version": again(state).version, "reason": "x"}
    answer = visitor.post("flag-toggle", sent, "?to=on", key="dark")
    assert answer.status_code == 409
    shows(answer, "This flag is killed.")
    assert again(state).status == "KILLED"


@pytest.mark.parametrize("query", ["", "?to=sideways"])
def test_a_toggle_to_nowhere_is_not_found(project: Project, visitor: Visitor, query: str) -> None:
    flag(project)
    assert visitor.get("flag-toggle", query, key="dark").status_code == 404
    assert visitor.post("flag-toggle", {"version": 1, "reason": "x"}, query, key="dark").status_code == 404


# Rollout


def test_a_rollout_is_reviewed_before_it_is_applied(project: Project, visitor: Visitor) -> None:
    state = flag(project)
    review = visitor.post("flag-rollout", rollout(turn_on="on"), key="dark")
    assert review.status_code == 200
    shows(review, "Change the rollout of dark in Production", "Everyone: 25 % on, 75 % off", 'name="share" value="25"')
    assert again(state).version == 1
    answer = visitor.post("flag-rollout", rollout(turn_on="on", confirmed="1", reason="slowly"), key="dark")
    assert answer.status_code == 302
    assert (again(state).status, again(state).rules) == ("ON", split_rule(on=25, off=75))


def test_the_review_tells_the_share_now_and_then(project: Project, visitor: Visitor) -> None:
    flag(project, on=True)
    page = visitor.post("flag-rollout", rollout(version=2, share="0"), key="dark")
    shows(page, "<strong>1,000</strong> get on now, <strong>0</strong> will then")


def test_a_rollout_may_be_prepared_while_the_flag_stays_off(project: Project, visitor: Visitor) -> None:
    state = flag(project)
    visitor.post("flag-rollout", rollout(confirmed="1", reason="prepare"), key="dark")
    assert (again(state).status, again(state).rules) == ("OFF", split_rule(on=25, off=75))


def test_a_rollout_to_a_group_leaves_the_rest_off(project: Project, visitor: Visitor) -> None:
    make_segment(project=project, key="internal")
    state = flag(project, on=True)
    sent = rollout(version=2, who="groups", groups=["internal"], share="100", confirmed="1", reason="dogfood")
    assert visitor.post("flag-rollout", sent, key="dark").status_code == 302
    assert again(state).rules == [{"id": "rollout", "when": {"segment": ["internal"]}, "serve": {"variant": "on"}}]
    assert again(state).default_variant == "off"


def test_groups_without_a_group_is_told_at_the_field(project: Project, visitor: Visitor) -> None:
    flag(project)
    page = visitor.post("flag-rollout", rollout(who="groups"), key="dark")
    assert page.status_code == 422
    shows(page, "Choose at least one group", 'href="#id_groups"')


@pytest.mark.parametrize(("typed", "told"), [("101", "at most 100"), ("-1", "at least 0"), ("half", "Type a number")])
def test_a_share_that_is_none_is_told_and_kept(project: Project, visitor: Visitor, typed: str, told: str) -> None:
    flag(project)
    page = visitor.post("flag-rollout", rollout(share=typed), key="dark")
    assert page.status_code == 422
    shows(page, told, f'value="{typed}"')


def test_shares_of_many_variants_must_add_up_and_say_how_much_is_missing(project: Project, visitor: Visitor) -> None:
    values = (("a", "A"), ("b", "B"), ("c", "C"))
    flag(project, type=FlagType.STRING, variants=values)
    sent = {"version": 1, "who": "everyone", "share_0": "50", "share_1": "30", "share_2": "10", "others": "c"}
    page = visitor.post("flag-rollout", sent, key="dark")
    assert page.status_code == 422
    shows(page, "The shares add up to 90 %: 10 % is missing.")
    sent |= {"share_2": "20", "confirmed": "1", "reason": "split"}
    assert visitor.post("flag-rollout", sent, key="dark").status_code == 302


def test_a_stale_rollout_is_told_at_the_review_already(project: Project, visitor: Visitor) -> None:
    state = flag(project)
    somebody_sets(state, Change(status=FlagStatus.ON))
    page = visitor.post("flag-rollout", rollout(), key="dark")
    assert page.status_code == 409
    shows(page, "Somebody changed this flag", 'name="version" value="2"', 'name="share" value="25"')


def test_a_rollout_that_got_stale_during_the_review_keeps_everything(project: Project, visitor: Visitor) -> None:
    state = flag(project)
    somebody_sets(state, Change(status=FlagStatus.ON))
    page = visitor.post("flag-rollout", rollout(confirmed="1", reason="mine"), key="dark")
    assert page.status_code == 409
    shows(page, "mine", 'name="version" value="2"', 'name="share" value="25"')
    assert again(state).version == 2


def test_saving_what_is_served_already_says_so(project: Project, visitor: Visitor) -> None:
    flag(project, rolling_out=True)
    page = visitor.post("flag-rollout", rollout(version=2, confirmed="1", reason="same"), key="dark")
    assert page.status_code == 409
    shows(page, "Nothing to change")


def test_a_rollout_keeps_the_id_of_its_rule(project: Project, visitor: Visitor) -> None:
    state = flag(project)
    somebody_sets(state, Change(rules=parse_rules([{**split_rule(on=10, off=90)[0], "id": "from-api"}])))
    visitor.post("flag-rollout", rollout(version=2, confirmed="1", reason="more"), key="dark")
    assert again(state).rules[0]["id"] == "from-api"


def test_rules_from_the_api_are_not_overwritten_by_the_form(project: Project, visitor: Visitor) -> None:
    state = flag(project)
    rules = [{"id": "de", "when": {"attr": ["country"], "op": "in", "value": ["DE"]}, "serve": {"variant": "on"}}]
    somebody_sets(state, Change(rules=parse_rules(rules)))
    shows(visitor.get("flag-detail", key="dark"), "If country is DE, serve on", "Edit rules")
    visitor.post("flag-rollout", rollout(version=2, confirmed="1", reason="x"), key="dark")
    assert again(state).rules == rules


# Kill


def test_a_kill_is_one_button_with_its_reason_filled_in(project: Project, visitor: Visitor) -> None:
    state = flag(project, on=True)
    page = visitor.get("flag-kill", key="dark")
    shows(page, "Everyone gets off within about a second.", "Something looks wrong", "Kill in Production now")
    assert again(state).status == "ON"
    assert visitor.post("flag-kill", {"reason": "errors"}, key="dark").status_code == 302
    assert again(state).status == "KILLED"


def test_a_kill_never_fails_for_want_of_a_reason_or_a_version(project: Project, visitor: Visitor) -> None:
    state = flag(project, on=True)
    assert visitor.post("flag-kill", {}, key="dark").status_code == 302
    assert again(state).status == "KILLED"


def test_a_second_kill_says_who_was_first(project: Project, visitor: Visitor) -> None:
    flag(project, killed=True)
    page = visitor.post("flag-kill", {}, key="dark")
    assert page.status_code == 409
    shows(page, "killed already", "Lift the kill")


def test_lifting_a_kill_asks_why_and_to_which_state(project: Project, visitor: Visitor) -> None:
    state = flag(project, rolling_out=True, killed=True)
    version = again(state).version
    page = visitor.post("flag-lift-kill", {"version": version, "status": "on", "reason": ""}, key="dark")
    assert page.status_code == 422
    answer = visitor.post("flag-lift-kill", {"version": version, "status": "on", "reason": "fixed"}, key="dark")
    assert answer.status_code == 302
    assert (again(state).status, again(state).rules) == ("ON", split_rule(on=25, off=75))


def test_a_kill_that_is_lifted_already_is_told(project: Project, visitor: Visitor) -> None:
    flag(project)
    page = visitor.post("flag-lift-kill", {"version": 1, "status": "on", "reason": "fixed"}, key="dark")
    assert page.status_code == 409
    shows(page, "not killed")


# Revert


def test_a_revert_shows_its_diff_first(project: Project, visitor: Visitor) -> None:
    state = flag(project, rolling_out=True)
    page = visitor.get("flag-revert", key="dark", number=1)
    shows(page, "Revert dark in Production to version 1", "Everyone: 25 % on, 75 % off", "Everyone: on")
    assert again(state).version == 2
    visitor.post("flag-revert", {"version": 2, "reason": "back"}, key="dark", number=1)
    assert (again(state).status, again(state).rules, again(state).version) == ("OFF", [], 3)


def test_a_revert_of_a_killed_flag_is_refused(project: Project, visitor: Visitor) -> None:
    state = flag(project, killed=True)
    sent = {"version": again(state).version, "reason": "back"}
    page = visitor.post("flag-revert", sent, key="dark", number=1)
    assert page.status_code == 409
    shows(page, "This flag is killed.")
    assert again(state).status == "KILLED"


def test_a_revert_to_a_variant_that_is_gone_is_told(project: Project, visitor: Visitor) -> None:
    state = flag(project, type=FlagType.STRING, variants=(("a", "A"), ("b", "B"), ("c", "C")))
    somebody_sets(state, Change(default_variant="b"))
    for other in state.flag.states.all():
        if other.default_variant == "a":
            somebody_sets(other, Change(default_variant="b"))
    services.update_flag(
        flag_id=state.flag_id,
        fields={"variants": [("b", "B"), ("c", "C")]},
        actor=ACTOR,
        at=AT,
        expected_version=None,
        reason="tidy",
    )
    page = visitor.post("flag-revert", {"version": 3, "reason": "back"}, key="dark", number=1)
    assert page.status_code == 422
    shows(page, "This cannot be served.")


@pytest.mark.parametrize("name", ["flag-version", "flag-revert"])
def test_a_version_that_never_was_is_not_found(project: Project, visitor: Visitor, name: str) -> None:
    flag(project)
    assert visitor.get(name, key="dark", number=7).status_code == 404


def test_a_version_page_shows_it_whole(project: Project, visitor: Visitor) -> None:
    flag(project, rolling_out=True)
    page = visitor.get("flag-version", key="dark", number=2)
    shows(page, "Version 2 of dark", "Everyone: 25 % on, 75 % off", "&quot;salt&quot;")
