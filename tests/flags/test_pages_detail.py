"""A flag's own page and its preview."""

from datetime import timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.core.models import Project
from apps.flags import services
from apps.flags.domain.engine.definitions import FlagStatus, FlagType
from apps.flags.domain.engine.parsing import parse_rules
from apps.flags.domain.transitions import Change
from tests.factories import ACTOR, AT, make_flag, make_key, make_segment, state_in
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db

FRAGMENT = {"X-Preview": "1"}


def rollout(**fields: Any) -> dict[str, Any]:
    return {"version": 1, "who": "everyone", "share": "25", "others": "off", "turn_on": "on", **fields}


def test_the_page_says_what_the_flag_is_and_who_made_it_so(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark", name="Dark mode", tags=["ui"], client_exposed=True, rolling_out=True)
    page = visitor.get("flag-detail", key="dark")
    assert page.status_code == 200
    shows(page, "dark", "Dark mode", "Boolean", "Visible to client keys", "On for 25 %", "Changed by tests")


def test_a_flag_that_is_partly_on_can_go_both_ways(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="part", rolling_out=True)
    make_flag(project=project, key="full", on=True)
    make_flag(project=project, key="none")
    shows(visitor.get("flag-detail", key="part"), "Turn on for everyone", "Turn off for everyone")
    assert "Turn on for everyone" not in text(visitor.get("flag-detail", key="full"))
    assert "Turn off for everyone" not in text(visitor.get("flag-detail", key="none"))


def test_other_environments_are_links(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark")
    elsewhere = Visitor(project, environment="staging").url("flag-detail", key="dark")
    shows(visitor.get("flag-detail", key="dark"), f'href="{elsewhere}"')


def test_a_locked_flag_names_its_variable(project: Project, visitor: Visitor, settings: Any) -> None:
    settings.FEATURE_LOCKS = {"PULSEOPS_FEATURE_AI_SUMMARIZATION": "off"}
    make_flag(project=project, key="aiSummarization", on=True)
    page = visitor.get("flag-detail", key="aiSummarization")
    shows(page, "Locked by an environment variable.", "PULSEOPS_FEATURE_AI_SUMMARIZATION", "Locked: off")


def test_a_killed_flag_offers_only_the_end_of_the_kill(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark", killed=True)
    page = visitor.get("flag-detail", key="dark")
    shows(page, "Lift the kill", "Lift the kill to change the rollout.", "<fieldset disabled>")
    assert "Review change" not in text(page)
    assert "Revert to version" not in text(page)


def test_an_unknown_key_names_its_neighbours(project: Project, visitor: Visitor) -> None:
    for key in ("smartFolders", "darkMode"):
        make_flag(project=project, key=key)
    page = visitor.get("flag-detail", key="smartfolder")
    assert page.status_code == 404
    shows(page, "There is no flag", visitor.url("flag-detail", key="smartFolders"))
    assert "darkMode" not in text(page)


@pytest.mark.parametrize("name", ["flag-toggle", "flag-kill", "flag-edit", "flag-lift-kill"])
def test_every_page_of_an_unknown_flag_is_not_found(project: Project, visitor: Visitor, name: str) -> None:
    assert visitor.get(name, "?to=on", key="nope").status_code == 404
    assert visitor.post(name, {}, "?to=on", key="nope").status_code == 404


def test_history_tells_each_change_and_offers_the_way_back(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark", rolling_out=True)
    page = visitor.get("flag-detail", key="dark")
    shows(page, "Everyone: 25 % on, 75 % off", "version 2", "Revert to version 1", "serving now")


def test_a_long_history_is_cut_and_can_be_had_whole(project: Project, visitor: Visitor) -> None:
    state = state_in(make_flag(project=project, key="dark"))
    for n in range(11):
        change = Change(status=FlagStatus.OFF if n % 2 else FlagStatus.ON)
        services.set_state(
            state_id=state.pk, change=change, actor=ACTOR, reason=f"step {n}", at=AT, expected_version=None
        )
    page = visitor.get("flag-detail", key="dark")
    shows(page, "step 10", "Show all versions")
    assert len(page.context["versions"]) == 10
    assert len(visitor.get("flag-detail", "?history=all", key="dark").context["versions"]) == 12


def test_usage_is_counted_by_variant_for_a_day_and_a_month(project: Project, visitor: Visitor) -> None:
    flag = make_flag(project=project, key="dark")
    env, now = project.environments.get(key="production"), clock.now()
    services.add_usage(counts={(env.pk, "dark", "on"): 4_000, (env.pk, "dark", "off"): 30}, at=now)
    services.add_usage(counts={(env.pk, "dark", "on"): 500}, at=now - timedelta(days=3))
    services.add_usage(counts={(env.pk, "dark", "on"): 9}, at=now - timedelta(days=31))
    usage = visitor.get("flag-detail", key=flag.key).context["usage"]
    assert (usage.day.variants, len(usage.day.rows)) == ([("on", 4_000), ("off", 30)], 24)
    assert (usage.month.variants, len(usage.month.rows)) == ([("on", 4_500), ("off", 30)], 30)


def test_snippets_are_ready_to_paste_with_the_client_key(project: Project, visitor: Visitor, settings: Any) -> None:
    settings.PUBLIC_URL = "https://ops.example.com"
    key = make_key(environment=project.environments.get(key="production"))
    make_key(environment=project.environments.get(key="staging"))
    make_flag(project=project, key="dark", client_exposed=True)
    make_flag(project=project, key="secret")
    page = visitor.get("flag-detail", key="dark")
    shows(
        page, "curl -s https://ops.example.com/ofrep/v1/evaluate/flags/dark", f"Bearer {key.token}", "get_boolean_value"
    )
    shows(visitor.get("flag-detail", key="secret"), "Bearer YOUR_API_KEY", "Client keys do not see this flag.")


def test_a_revoked_or_expired_key_is_not_offered(project: Project, visitor: Visitor) -> None:
    env = project.environments.get(key="production")
    make_key(environment=env, revoked=True)
    make_key(environment=env, expires_at=AT + timedelta(seconds=1))
    make_flag(project=project, key="dark", client_exposed=True)
    shows(visitor.get("flag-detail", key="dark"), "Bearer YOUR_API_KEY")


def test_every_type_has_a_page(project: Project, visitor: Visitor) -> None:
    for type in FlagType:
        make_flag(project=project, key=f"a-{type}", type=type)
        assert visitor.get("flag-detail", key=f"a-{type}").status_code == 200


# Preview


def test_a_preview_follows_the_unsaved_form(project: Project, visitor: Visitor) -> None:
    state = state_in(make_flag(project=project, key="dark", salt="dark"))
    page = visitor.post("flag-preview", rollout(), headers=FRAGMENT, key="dark")
    assert page.status_code == 200
    assert "<html" not in text(page)
    (crowd,) = page.context["crowds"]
    assert 200 < crowd.on < 300
    assert crowd.on + dict(crowd.counts)["off"] == 1_000
    state.refresh_from_db()
    assert state.version == 1


def test_a_preview_of_a_larger_share_only_adds_users(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark")
    on = [
        visitor.post("flag-preview", rollout(share=share), headers=FRAGMENT, key="dark").context["crowds"][0].on
        for share in ("0", "1", "25,5", "99.999", "100")
    ]
    assert on == sorted(on)
    assert (on[0], on[-1]) == (0, 1_000)


def test_a_preview_explains_one_user(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark")
    page = visitor.post("flag-preview", rollout(share="0", user="u-42"), headers=FRAGMENT, key="dark")
    shows(page, "<strong>user u-42</strong>: off, because", "<code>false</code>")


def test_a_preview_uses_the_members_of_a_segment(project: Project, visitor: Visitor) -> None:
    make_segment(project=project, key="internal", members=["u-42"])
    make_flag(project=project, key="dark")
    sent = rollout(who="groups", groups=["internal"], share="100")
    member = visitor.post("flag-preview", {**sent, "user": "u-42"}, headers=FRAGMENT, key="dark")
    shows(member, "on, because u-42 is in internal", "Users in internal", "Everybody else")
    assert [crowd.on for crowd in member.context["crowds"]] == [1_000, 0]
    shows(visitor.post("flag-preview", {**sent, "user": "u-1"}, headers=FRAGMENT, key="dark"), "off, because")


def test_a_preview_reads_more_context(project: Project, visitor: Visitor) -> None:
    state = state_in(make_flag(project=project, key="dark", on=True))
    rules = [{"id": "de", "when": {"attr": ["country"], "op": "in", "value": ["DE"]}, "serve": {"variant": "off"}}]
    services.set_state(
        state_id=state.pk,
        change=Change(rules=parse_rules(rules)),
        actor=ACTOR,
        reason="x",
        at=AT,
        expected_version=None,
    )
    sent = {"user": "u", "context": '{"country": "DE"}'}
    page = visitor.post("flag-preview", sent, headers=FRAGMENT, key="dark")
    shows(page, "off, because country is DE")
    assert page.context["crowds"][0].on == 0


@pytest.mark.parametrize(
    ("typed", "told"), [("{", "This is not JSON: line 1"), ("[1]", "must be a JSON object"), ('{"a": {}}', "")]
)
def test_context_that_is_no_json_object_is_told(project: Project, visitor: Visitor, typed: str, told: str) -> None:
    make_flag(project=project, key="dark")
    page = visitor.post("flag-preview", rollout(context=typed), headers=FRAGMENT, key="dark")
    assert page.status_code == 200
    shows(page, told)


def test_a_user_that_no_database_can_hold_is_explained_all_the_same(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark")
    sent = rollout(context='{"targetingKey": "a\\u0000b"}')
    assert visitor.post("flag-preview", sent, headers=FRAGMENT, key="dark").status_code == 200


def test_addresses_with_odd_characters_are_not_found(project: Project, visitor: Visitor) -> None:
    odd = "\0"
    assert visitor.get("flag-detail", key=odd).status_code == 404
    assert visitor.get("segment-detail", key=odd).status_code == 404
    assert visitor.get("flag-list", "?q=%00&tag=%00&page=x").status_code == 200
    make_flag(project=project, key="dark")
    assert visitor.get("flag-version", key="dark", number=10**30).status_code == 404


def test_a_form_at_fault_shows_its_faults_instead_of_a_preview(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="theme", type=FlagType.STRING, variants=(("a", "A"), ("b", "B"), ("c", "C")))
    sent = {"version": 1, "who": "everyone", "share_0": "50", "share_1": "50", "share_2": "1", "others": "c"}
    page = visitor.post("flag-preview", sent, headers=FRAGMENT, key="theme")
    shows(page, "The shares add up to 101 %: 1 % too much.")
    assert "sample users" not in text(page)


def test_without_scripts_the_preview_is_the_page_with_everything_kept(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark")
    page = visitor.post("flag-preview", rollout(share="33.3", user="u-42"), key="dark")
    assert page.status_code == 200
    shows(page, "<html", 'value="33.3"', 'value="u-42"', "user u-42")


def test_a_viewer_may_preview(project: Project) -> None:
    make_flag(project=project, key="dark", killed=True)
    page = Visitor(project, role="Viewer").post("flag-preview", {"user": "u-42"}, headers=FRAGMENT, key="dark")
    shows(page, "the flag was killed")


def test_a_preview_by_address_leads_to_the_flag(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark")
    assert visitor.get("flag-preview", key="dark").url == visitor.url("flag-detail", key="dark")
    assert visitor.get("flag-rollout", key="dark").url == visitor.url("flag-detail", key="dark")


def test_a_split_shows_each_share_in_the_form(project: Project, visitor: Visitor) -> None:
    make_flag(project=project, key="dark", rolling_out=True)
    shows(visitor.get("flag-detail", key="dark"), 'name="share" value="25"')
