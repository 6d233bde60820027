"""Archived flags: out of every ruleset and list, unchanged within, and back exactly as they were."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps.core import clock
from apps.core import services as core
from apps.core.models import AuditEntry, Project
from apps.core.services import ReasonMissing, StaleVersion
from apps.flags import selectors, services
from apps.flags.domain.engine.definitions import FlagStatus, FlagType, Prerequisite
from apps.flags.domain.transitions import Change, FlagIsArchived, NothingToChange
from apps.flags.live.rulesets import Rulesets
from apps.flags.models import Flag, FlagState, FlagStateVersion
from tests.callers import as_key, as_role
from tests.core.visit import visit
from tests.factories import ACTOR, AT, make_flag, make_key, make_project, make_segment, make_user, state_in
from tests.flags.ofrep import Asker
from tests.flags.visit import Visitor, shows, text

pytestmark = pytest.mark.django_db
FLAGS = "/api/v1/projects/shop/flags/"
BY: dict[str, Any] = {"actor": ACTOR, "at": AT, "expected_version": None}


@pytest.fixture
def shop() -> Project:
    return make_project(key="shop")


def archive(flag: Flag, **changed: Any) -> Flag:
    return services.archive_flag(flag_id=flag.pk, **{**BY, "reason": "gone", **changed})


def restore(flag: Flag, **changed: Any) -> Flag:
    return services.restore_flag(flag_id=flag.pk, **{**BY, "reason": "needed", **changed})


def wait_for(flag: Flag, other: str) -> None:
    """In production, `flag` is on only where `other` serves on."""
    change = Change(status=FlagStatus.ON, prerequisites=(Prerequisite(other, ("on",)),))
    services.set_state(state_id=state_in(flag).pk, change=change, reason="tests", **BY)


def rows(flag: Flag) -> list[Any]:
    """Everything that its environments serve and have served."""
    states = FlagState.objects.filter(flag=flag).order_by("pk").values()
    return [*states, *FlagStateVersion.objects.filter(state__flag=flag).order_by("pk").values()]


def test_archiving_moves_nothing_but_the_flag_itself(shop: Project) -> None:
    flag = make_flag(project=shop, rolling_out=True)
    before = rows(flag)
    archive(flag)
    flag.refresh_from_db()
    assert (flag.archived_at, flag.version) == (AT, 2)
    assert rows(flag) == before
    restore(flag)
    flag.refresh_from_db()
    assert (flag.archived_at, flag.version) == (None, 3)
    assert rows(flag) == before


def test_both_are_in_the_trail(shop: Project) -> None:
    flag = make_flag(project=shop)
    archive(flag)
    restore(flag)
    entries = AuditEntry.objects.filter(subject_label=flag.key, kind__contains="flag_").order_by("id")[1:]
    moment = AT.isoformat()
    assert [(entry.kind, entry.reason, entry.changes) for entry in entries] == [
        ("flags.flag_archived", "gone", {"archived_at": [None, moment]}),
        ("flags.flag_restored", "needed", {"archived_at": [moment, None]}),
    ]


def test_neither_is_done_twice(shop: Project) -> None:
    flag = make_flag(project=shop)
    with pytest.raises(NothingToChange):
        restore(flag)
    archive(flag)
    with pytest.raises(NothingToChange):
        archive(flag)


@pytest.mark.parametrize("act", [archive, restore])
def test_a_reason_and_the_version_are_asked_for(shop: Project, act: Callable[..., Flag]) -> None:
    flag = make_flag(project=shop, archived=act is restore)
    with pytest.raises(ReasonMissing):
        act(flag, reason="  ")
    with pytest.raises(StaleVersion):
        act(flag, expected_version=7)
    shop.environments.update(protected=False)
    act(flag, reason="", expected_version=flag.version)


CHANGES: dict[str, Callable[[Flag], object]] = {
    "set_state": lambda flag: services.set_state(
        state_id=state_in(flag).pk, change=Change(status=FlagStatus.OFF), reason="x", **BY
    ),
    "kill": lambda flag: services.kill(state_id=state_in(flag).pk, actor=ACTOR, reason="x", at=AT),
    "lift_kill": lambda flag: services.lift_kill(state_id=state_in(flag).pk, status=FlagStatus.ON, reason="x", **BY),
    "revert": lambda flag: services.revert(state_id=state_in(flag).pk, to_version=1, reason="x", **BY),
    "update_flag": lambda flag: services.update_flag(flag_id=flag.pk, fields={"name": "New"}, reason="x", **BY),
}


@pytest.mark.parametrize("name", CHANGES)
def test_an_archived_flag_takes_no_change(shop: Project, name: str) -> None:
    flag = make_flag(project=shop, on=True, archived=True)
    with pytest.raises(FlagIsArchived):
        CHANGES[name](flag)


def test_a_flag_that_others_wait_for_stays(shop: Project) -> None:
    base = make_flag(project=shop, key="base", on=True)
    for key in ("late", "early"):
        wait_for(make_flag(project=shop, key=key), "base")
    with pytest.raises(services.FlagIsNeeded) as refused:
        archive(base)
    assert refused.value.keys == ["early", "late"]


def test_whoever_is_archived_waits_for_nobody(shop: Project) -> None:
    base, late = make_flag(project=shop, key="base", on=True), make_flag(project=shop, key="late")
    wait_for(late, "base")
    archive(late)
    archive(base)
    with pytest.raises(services.InvalidFlag, match="there is no flag 'base'"):
        restore(late)
    restore(base)
    restore(late)


def test_no_flag_comes_to_wait_for_an_archived_one(shop: Project) -> None:
    make_flag(project=shop, key="base", archived=True)
    with pytest.raises(services.InvalidFlag, match="there is no flag 'base'"):
        wait_for(make_flag(project=shop), "base")


def test_a_new_environment_is_ready_for_an_archived_flag(shop: Project) -> None:
    flag = make_flag(project=shop, archived=True)
    core.create_environment(project_id=shop.pk, key="qa", name="QA", kind="STAGING", actor=ACTOR, at=AT)
    restore(flag)
    assert state_in(flag, "qa").status == "OFF"


def test_the_key_stays_taken(shop: Project) -> None:
    make_flag(project=shop, key="old", archived=True)
    with pytest.raises(services.KeyIsArchived):
        make_flag(project=shop, key="old")
    make_flag(key="old")  # of another project


def test_clients_fall_back_to_their_default_and_get_the_flag_back() -> None:
    asker = Asker()
    flag = make_flag(project=asker.project, key="it", on=True)
    make_flag(project=asker.project, key="other", on=True)
    before = asker.single("it").json()
    archive(flag)
    answer = asker.single("it")
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "FLAG_NOT_FOUND")
    assert [one["key"] for one in asker.bulk().json()["flags"]] == ["other"]
    restore(flag)
    assert asker.single("it").json() == before


def test_a_process_drops_and_takes_it_back_without_reading_the_others(
    shop: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    flag, rulesets = make_flag(project=shop, key="it", on=True), Rulesets()
    make_flag(project=shop, key="other", on=True)
    production = shop.environments.get(key="production").pk
    read: list[set[str]] = []

    def noting(environment_id: int, keys: Any) -> Any:
        read.append(set(keys))
        return selectors.rulesets.flags_in(environment_id, keys)

    def seen() -> list[str]:
        rulesets.refresh({})
        compiled = rulesets.get(production)
        assert compiled
        return [one.key for one in compiled.flags]

    assert sorted(seen()) == ["it", "other"]
    monkeypatch.setattr("apps.flags.selectors.flags_in", noting)
    archive(flag)
    assert seen() == ["other"]
    restore(flag)
    assert sorted(seen()) == ["it", "other"]
    assert set().union(*read) == {"it"}


# --- Pages


def test_the_archive_page_tells_who_still_asks(shop: Project) -> None:
    flag, now = make_flag(project=shop, key="it", on=True), clock.now()
    production, staging = (shop.environments.get(key=key).pk for key in ("production", "staging"))
    services.add_usage(counts={(production, "it", "on"): 1_200, (staging, "it", "on"): 7}, at=now)
    services.add_usage(counts={(production, "it", "on"): 5_000}, at=now - timedelta(days=8))
    page = Visitor(shop).get("flag-archive", key="it")
    assert [(name, count) for name, count, _last in page.context["uses"]] == [
        ("Development", 0),
        ("Staging", 7),
        ("Production", 1_200),
    ]
    shows(page, "1,200", "never", "Archive in every environment")
    assert flag.archived_at is None


def test_archiving_and_restoring_by_the_pages(shop: Project) -> None:
    make_flag(project=shop, key="it", rolling_out=True)
    visitor = Visitor(shop)
    done = visitor.post("flag-archive", {"reason": "gone from the code", "version": 1}, key="it")
    assert (done.status_code, done["Location"]) == (302, visitor.url("flag-detail", key="it"))
    page = visitor.get("flag-detail", key="it")
    shows(page, "Archived", "each uses its code default", visitor.url("flag-restore", key="it"))
    for gone in ("flag-edit", "flag-kill", "flag-toggle"):
        assert visitor.url(gone, key="it") not in text(page)
    shows(visitor.get("flag-restore", key="it"), "On for 25 %", "Restore in every environment")
    visitor.post("flag-restore", {"reason": "too early", "version": 2}, key="it")
    shows(visitor.get("flag-detail", key="it"), "On for 25 %", visitor.url("flag-archive", key="it"))


def test_pages_refuse_in_words(shop: Project) -> None:
    base = make_flag(project=shop, key="base", on=True)
    wait_for(make_flag(project=shop, key="late"), "base")
    visitor = Visitor(shop)
    needed = visitor.post("flag-archive", {"reason": "gone", "version": 1}, key="base")
    assert needed.status_code == 409
    shows(needed, "Other flags need this one.", "late wait for it")
    missing = visitor.post("flag-archive", {"reason": "", "version": 1}, key="base")
    assert missing.status_code == 422
    shows(missing, "Say why")
    stale = visitor.post("flag-archive", {"reason": "gone", "version": 9}, key="base")
    assert stale.status_code == 409
    assert Flag.objects.get(pk=base.pk).archived_at is None


@pytest.mark.parametrize(
    ("name", "data", "query"),
    [
        ("flag-toggle", {"reason": "x", "version": 2}, "?to=off"),
        ("flag-kill", {"reason": "x"}, ""),
        ("flag-edit", {"name": "New", "version": 2, "purpose": "RELEASE", "reason": "x"}, ""),
    ],
)
def test_pages_of_an_archived_flag_change_nothing(shop: Project, name: str, data: dict[str, Any], query: str) -> None:
    make_flag(project=shop, key="it", on=True, archived=True)
    variants = {"variants-TOTAL_FORMS": 0, "variants-INITIAL_FORMS": 0} if name == "flag-edit" else {}
    page = Visitor(shop).post(name, data | variants, query, key="it")
    assert page.status_code == 409
    shows(page, "This flag is archived.")


def test_archived_flags_are_in_their_own_tab_alone(shop: Project) -> None:
    make_flag(project=shop, key="old", on=True, archived=True)
    make_flag(project=shop, key="young", on=True)
    visitor = Visitor(shop)
    for tab, expected in {"": ["young"], "on": ["young"], "stale": ["young"], "archived": ["old"]}.items():
        page = visitor.get("flag-list", f"?status={tab}")
        assert [row.flag.key for row in page.context["rows"]] == expected
    shows(visitor.get("flag-list", "?status=archived"), visitor.url("flag-restore", key="old"))
    shows(visitor.get("flag-list", "?status=archived&q=nothing"), "No flag matches")


def test_other_lists_leave_it_out(shop: Project) -> None:
    make_segment(project=shop, key="beta")
    rule = [{"id": "beta", "when": {"segment": ["beta"]}, "serve": {"variant": "on"}}]
    flag = make_flag(project=shop, key="checkout")
    as_role("Product").patch(f"{FLAGS}checkout/states/production/", {"rules": rule, "status": "ON", "reason": "x"})
    shows(Visitor(shop).get("segment-list"), "checkout")
    archive(flag)
    assert "checkout" not in text(Visitor(shop).get("segment-list"))
    found = visit("Viewer").get("/admin/search.json?q=checkout&project=shop&environment=production").json()
    assert found["results"] == []
    assert selectors.flag_summary(shop.environments.get(key="production"), at=AT).all == 0


def test_the_form_for_a_new_flag_says_that_the_key_is_archived(shop: Project) -> None:
    make_flag(project=shop, key="old", archived=True)
    data = {"key": "old", "name": "Old", "type": "boolean", "purpose": "RELEASE"}
    page = Visitor(shop).post("flag-create", data | {"variants-TOTAL_FORMS": 0, "variants-INITIAL_FORMS": 0})
    assert page.status_code == 422
    shows(page, "An archived flag has this key. Restore it, or choose another key.")


# --- API


def test_archiving_and_restoring_over_the_api(shop: Project) -> None:
    make_flag(project=shop, key="it", on=True)
    product = as_role("Product")
    done = product.post(f"{FLAGS}it/archive/", {"reason": "gone", "expected_version": 1})
    assert (done.status_code, done.json()["version"]) == (200, 2)
    assert done.json()["archived_at"] is not None
    assert product.get(FLAGS).json()["results"] == []
    assert [one["key"] for one in product.get(f"{FLAGS}?archived=true").json()["results"]] == ["it"]
    assert product.get(f"{FLAGS}it/").json()["archived_at"] == done.json()["archived_at"]
    back = product.post(f"{FLAGS}it/restore/", {"reason": "needed", "expected_version": 2}).json()
    assert (back["archived_at"], back["version"]) == (None, 3)


def problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_the_api_says_why_not(shop: Project) -> None:
    base = make_flag(project=shop, key="base", on=True)
    late = make_flag(project=shop, key="late")
    wait_for(late, "base")
    product, why = as_role("Product"), {"reason": "x"}
    needed = product.post(f"{FLAGS}base/archive/", why)
    assert problem(needed) == (409, "flag_is_needed")
    assert "late" in needed.json()["detail"]
    assert problem(product.post(f"{FLAGS}late/archive/", {})) == (400, "reason_missing")
    archive(late)
    archive(base)
    assert problem(product.post(f"{FLAGS}base/archive/", why)) == (409, "nothing_to_change")
    assert problem(product.patch(f"{FLAGS}base/", {"name": "B", **why})) == (409, "flag_is_archived")
    state = f"{FLAGS}base/states/production/"
    assert problem(product.patch(state, {"status": "OFF", **why})) == (409, "flag_is_archived")
    assert problem(product.post(f"{state}kill/", why)) == (409, "flag_is_archived")
    taken = product.post(FLAGS, {"key": "base", "name": "B", "type": "boolean"})
    assert problem(taken) == (409, "already_exists")
    assert "archived" in taken.json()["detail"]
    assert problem(product.post(f"{FLAGS}late/restore/", why)) == (400, "invalid")


def test_whoever_may_not_edit_may_not_archive(shop: Project) -> None:
    make_flag(project=shop, key="it")
    make_user()
    assert as_role("Viewer").post(f"{FLAGS}it/archive/", {"reason": "x"}).status_code == 403
    bound = as_key(make_key(environment=shop.environments.get(key="staging"), writing=True))
    assert bound.post(f"{FLAGS}it/archive/", {"reason": "x"}).status_code == 403
    project_wide = as_key(make_key(project=shop, writing=True))
    assert project_wide.post(f"{FLAGS}it/archive/", {"reason": "x"}).status_code == 200
    assert Visitor(shop, role="Viewer").get("flag-archive", key="it").status_code == 403


def test_values_of_every_type_survive(shop: Project) -> None:
    for type_ in FlagType:
        flag = make_flag(project=shop, type=type_)
        before = list(flag.variants.order_by("position").values())
        archive(flag)
        restore(flag)
        assert list(flag.variants.order_by("position").values()) == before
