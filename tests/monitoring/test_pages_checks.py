"""The pages about health checks: what they show, what they refuse, and who may do what."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.core import clock
from apps.core.models import AuditEntry, Environment
from apps.monitoring import services
from apps.monitoring.domain.checks.heartbeats import Ping
from apps.monitoring.domain.checks.judging import Outcome
from apps.monitoring.domain.checks.kinds import Kind
from apps.monitoring.domain.checks.reading import read_check
from apps.monitoring.models import HealthCheck, HealthDay, HealthResult
from apps.monitoring.pages.check_forms import EXAMPLES
from apps.monitoring.pages.check_words import percent
from apps.monitoring.services import checking
from tests.factories import AT, make_check, make_heartbeat, make_project
from tests.factories.checks import hear
from tests.flags.visit import Visitor, shows, text
from tests.monitoring.probing import way_out

pytestmark = pytest.mark.django_db
DEEDS = ("pause", "resume", "run", "archive", "renew")


@pytest.fixture
def environment() -> Environment:
    return make_project(key="shop").environments.get(key="production")


@pytest.fixture
def visitor(environment: Environment) -> Visitor:
    return Visitor(environment.project, role="Operator")


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """What every probe answers, one after the other, the last for ever. Nothing is sent."""
    given = [True]

    async def probed(*_: object, **__: object) -> Outcome:
        ok = given.pop(0) if len(given) > 1 else given[0]
        return Outcome(ok, "" if ok else "connection refused", 0.0204 if ok else None)

    monkeypatch.setattr(checking, "probe", probed)
    return given


def form(**fields: Any) -> dict[str, Any]:
    usual = {
        "key": "web",
        "name": "Web shop",
        "kind": "HTTP",
        "config": {"url": "https://shop.example.com/"},
        "period_seconds": 60,
        "failures": 3,
        "recoveries": 1,
        "version": 1,
        "reason": "launch",
    } | fields
    return usual | ({"config": json.dumps(usual["config"])} if isinstance(usual["config"], dict) else {})


def test_without_checks_the_page_teaches_what_one_is(environment: Environment, visitor: Visitor) -> None:
    shows(visitor.get("check-list"), "Nothing is checked here yet", "Make the first check", "New check")
    viewers = text(Visitor(environment.project, role="Viewer").get("check-list"))
    assert "New check" not in viewers
    assert "Make the first check" not in viewers


@pytest.mark.parametrize(
    ("results", "pill", "told"),
    [
        ([], "info New", "none yet"),
        ([True], "on Up", "20 ms"),
        ([True, False], "warn Failing 1 of 2", "connection refused"),
        ([True, False, False], "killed Down", "connection refused"),
    ],
)
def test_the_list_shows_how_each_check_stands(
    visitor: Visitor, answers: list[bool], results: list[bool], pill: str, told: str
) -> None:
    began = clock.now() - timedelta(minutes=5)
    make_check(Environment.objects.get(key="production"), at=began, failures=2)
    answers[:] = results or [True]
    for n in range(len(results)):
        services.run_due_checks(at=began + n * timedelta(seconds=65), egress=way_out())
    tone, words = pill.split(" ", 1)
    page = visitor.get("check-list")
    shows(page, f'<span class="pill pill-{tone}">{words}</span>', told, "TCP connection", "Last run")
    shows(visitor.get("check-detail", key="web"), f'<span class="pill pill-{tone}">{words}</span>', "since")


def test_a_paused_check_is_shown_as_such(environment: Environment, visitor: Visitor) -> None:
    make_check(environment, paused=True)
    shows(visitor.get("check-list"), '<span class="pill pill-off">Paused</span>')
    page = visitor.get("check-detail", key="web")
    shows(page, "Resume")
    assert "Run now" not in text(page)


def test_what_is_down_comes_first(environment: Environment, visitor: Visitor) -> None:
    for key, settled, streak in (("a", "UP", 0), ("b", "UP", 1), ("c", "DOWN", 0)):
        check = make_check(environment, key=key, name=f"Check {key}")
        HealthCheck.objects.filter(pk=check.pk).update(settled=settled, streak=streak)
    page = text(visitor.get("check-list"))
    assert page.index("Check c") < page.index("Check b") < page.index("Check a")


def test_the_bar_tells_each_day_by_shape_and_in_words(environment: Environment, visitor: Visitor) -> None:
    check, today = make_check(environment), clock.now().date()
    for ago, up, down in ((1, 86_400, 0), (2, 86_300, 100), (3, 0, 86_400)):
        HealthDay.objects.create(of=check, day=today - timedelta(days=ago), up_seconds=up, down_seconds=down)
    for page in (visitor.get("check-list"), visitor.get("check-detail", key="web")):
        shows(page, "66.62 % up in the last 90 days, not wholly up on 2 days", "99.88 %</title>", ": no data</title>")
        shown = text(page)
        counts = [shown.count(f'class="day-{kind}"') for kind in ("up", "part", "down", "unknown")]
        assert counts == [1, 1, 1, 87]
    heights = {kind: shown.split(f'"day-{kind}"')[1].split('height="')[1].split('"')[0] for kind in ("up", "down")}
    assert heights["up"] != heights["down"]


@pytest.mark.parametrize(
    ("share", "told"), [(1.0, "100.00 %"), (0.999999, "99.99 %"), (0.0, "0.00 %"), (None, "no data")]
)
def test_almost_never_down_is_not_never_down(share: float | None, told: str) -> None:
    assert percent(share) == told


def test_a_check_shows_its_results_times_and_trail(
    environment: Environment, visitor: Visitor, answers: list[bool]
) -> None:
    began = clock.now() - timedelta(minutes=30)
    make_check(
        environment, at=began, failures=2, config={"host": "192.0.2.1", "port": 9, "latency_limit_seconds": 0.05}
    )
    answers[:] = [True, True, False, False]
    for n in range(4):
        services.run_due_checks(at=began + n * timedelta(minutes=6), egress=way_out())
    page = visitor.get("check-detail", key="web")
    shows(page, "connection refused", "Response times of the last 24 hours, at most 20 ms", "The slowest of every five")
    shows(page, "created the health check", "saw go down", "192.0.2.1", 'class="bound"')
    assert len(text(page).split('<polyline class="line-a" points="')[1].split('"')[0].split()) == 2


def test_only_the_last_twenty_results_are_listed(environment: Environment, visitor: Visitor) -> None:
    check, now = make_check(environment, at=clock.now()), clock.now()
    HealthResult.objects.bulk_create(
        HealthResult(of=check, at=now - timedelta(seconds=n), ok=False, reason=f"reason-{n}.", detail="")
        for n in range(25)
    )
    page = text(visitor.get("check-detail", key="web"))
    assert "reason-19." in page
    assert "reason-20." not in page
    assert "No response was timed" in page


def test_a_check_is_made_and_leads_to_its_page(environment: Environment, visitor: Visitor) -> None:
    page = visitor.get("check-new")
    shows(page, "A configuration of each kind", "Europe/Berlin", 'type="password"')
    answer = visitor.post("check-new", form(failures=""))
    assert answer.headers["Location"] == visitor.url("check-detail", key="web")
    row = HealthCheck.objects.get()
    assert (row.name, row.kind, row.failures, row.period_seconds) == ("Web shop", "HTTP", 3, 60)
    assert AuditEntry.objects.get(kind="monitoring.check_created").reason == "launch"


@pytest.mark.parametrize("kind", EXAMPLES)
def test_every_example_is_one_that_is_taken(kind: HealthCheck.Kind) -> None:
    read_check(Kind(kind), EXAMPLES[kind])


@pytest.mark.parametrize(
    ("fields", "at", "told"),
    [
        ({"config": "{"}, "config", "This is not JSON"),
        ({"config": "[1]"}, "config", "This has to be a JSON object."),
        ({"config": {}}, "config", "config.url"),
        ({"config": {"url": "ftp://x", "color": 1}}, "config", "config.color"),
        ({"key": "Web"}, "key", "Start with a letter"),
        ({"key": "new"}, "key", "Start with a letter"),
        ({"key": "taken"}, "key", "There is a check taken here already."),
        ({"kind": "REPORTED"}, "kind", "Select a valid choice"),
        ({"name": ""}, "name", "This field is required."),
        ({"period_seconds": 1}, "period_seconds", "greater than or equal to 5"),
        ({"failures": 99}, "failures", "less than or equal to 20"),
        ({"recoveries": 0}, "recoveries", "greater than or equal to 1"),
        ({"secret": "hunter2"}, "secret", "Only POSTGRES and REDIS checks have a password."),
        ({"reason": " "}, "reason", "Say why"),
    ],
)
def test_what_makes_no_sense_is_told_at_its_field(
    environment: Environment, visitor: Visitor, fields: dict[str, Any], at: str, told: str
) -> None:
    make_check(environment, key="taken")
    page = visitor.post("check-new", form(**fields))
    assert page.status_code == 422
    assert told in str(page.context["form"].errors[at])
    shows(page, told, "launch" if at != "reason" else "Web shop")
    assert "hunter2" not in text(page)
    assert HealthCheck.objects.count() == 1


def test_a_heartbeat_shows_its_address_this_once(environment: Environment, visitor: Visitor) -> None:
    page = visitor.post(
        "check-new", form(key="nightly", kind="HEARTBEAT", config={"period_seconds": 3600}, failures="")
    )
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    shows(page, "Copy the address now.", "curl -fsS", "0 3 * * *", "/ping/pulse_ping_")
    token = text(page).split("/ping/")[1].split("<")[0]
    assert hear(token=token, said=Ping.SUCCESS, at=clock.now())
    detail = visitor.get("check-detail", key="nightly")
    shows(detail, "ends in", "New ping address")
    assert token not in text(detail)
    assert "Run now" not in text(detail)


def test_a_new_ping_address_ends_the_old_one(environment: Environment, visitor: Visitor) -> None:
    made = make_heartbeat(environment, at=clock.now())
    page = visitor.post("check-renew", {"version": 1, "reason": "leaked"}, key="nightly")
    shows(page, "Copy the address now.")
    assert not hear(token=made.ping_token, said=Ping.SUCCESS, at=clock.now())


def test_a_check_is_changed_and_a_stale_form_keeps_what_was_typed(environment: Environment, visitor: Visitor) -> None:
    make_check(environment)
    config = {"host": "192.0.2.7", "port": 25}
    shows(visitor.get("check-edit", key="web"), "192.0.2.1", 'value="Web"')
    saved = visitor.post("check-edit", form(name="Mail", config=config), key="web")
    assert saved.headers["Location"] == visitor.url("check-detail", key="web")
    stale = visitor.post("check-edit", form(name="Post", config=config), key="web")
    assert stale.status_code == 409
    shows(stale, "Somebody saved this check while you were here", 'value="Post"', 'name="version" value="2"')
    row = HealthCheck.objects.get()
    assert (row.name, row.config, row.version) == ("Mail", config, 2)


def test_a_password_stays_until_another_is_given_and_is_never_shown(environment: Environment, visitor: Visitor) -> None:
    given = form(kind="REDIS", config={"host": "cache.example.com"}, secret=" hunter2 ")
    assert visitor.post("check-new", given).status_code == 302
    page = visitor.get("check-edit", key="web")
    shows(page, "One is kept. Left empty it stays.")
    assert "hunter2" not in text(page)
    before = bytes(HealthCheck.objects.get().secret or b"")
    visitor.post("check-edit", given | {"secret": ""}, key="web")
    assert bytes(HealthCheck.objects.get().secret or b"") == before
    visitor.post("check-edit", given | {"secret": "", "forget": "on", "version": 2}, key="web")
    assert HealthCheck.objects.get().secret is None


def test_a_check_is_paused_run_resumed_and_archived(environment: Environment, visitor: Visitor) -> None:
    check = make_check(environment)
    states = []
    for deed in ("run", "pause", "resume", "archive"):
        check.refresh_from_db()
        answer = visitor.post(f"check-{deed}", {"version": check.version, "reason": "moving"}, key="web")
        states.append((answer.status_code, HealthCheck.objects.get().settled))
    assert states == [(302, "NEW"), (302, "PAUSED"), (302, "NEW"), (302, "NEW")]
    assert answer.headers["Location"] == visitor.url("check-list")
    assert visitor.get("check-detail", key="web").status_code == 404
    kinds = AuditEntry.objects.filter(kind__startswith="monitoring.").order_by("pk").values_list("kind", flat=True)
    assert [kind.removeprefix("monitoring.check_") for kind in kinds] == [
        "created",
        "asked",
        "paused",
        "resumed",
        "archived",
    ]
    shows(visitor.get("timeline"), "asked for a run of", "archived the health check")


@pytest.mark.parametrize(
    ("deed", "sent", "status", "told"),
    [
        ("resume", {}, 409, "This check is not paused."),
        ("renew", {}, 409, "Only a heartbeat has an address to ping."),
        ("pause", {"version": 7}, 409, "Somebody changed this check while you were here."),
        ("pause", {"reason": ""}, 422, "Say why, so that others understand this later."),
        ("archive", {"reason": ""}, 422, "Say why, so that others understand this later."),
        ("pause", {"version": ""}, 422, "The form lost its version."),
    ],
)
def test_a_deed_that_is_refused_says_why(
    visitor: Visitor, deed: str, sent: dict[str, Any], status: int, told: str
) -> None:
    make_check(Environment.objects.get(key="production"))
    page = visitor.post(f"check-{deed}", {"version": 1, "reason": "moving"} | sent, key="web")
    assert page.status_code == status
    shows(page, told)
    assert HealthCheck.objects.get().version == 1


def test_a_heartbeat_cannot_be_asked_nor_a_paused_check(environment: Environment, visitor: Visitor) -> None:
    make_heartbeat(environment)
    make_check(environment, paused=True)
    shows(visitor.post("check-run", {"version": 1}, key="nightly"), "This kind of check cannot be asked")
    shows(visitor.post("check-run", {"version": 2}, key="web"), "This check is paused.")


def test_viewers_look_and_change_nothing(environment: Environment) -> None:
    make_check(environment)
    viewer = Visitor(environment.project, role="Viewer")
    shows(viewer.get("check-list"), "Web")
    page = viewer.get("check-detail", key="web")
    assert page.status_code == 200
    assert "Archive" not in text(page)
    assert viewer.url("check-edit", key="web") not in text(page)
    asked = [viewer.get("check-new"), viewer.post("check-new", form(key="other")), viewer.get("check-edit", key="web")]
    asked += [viewer.post("check-edit", form(), key="web")]
    asked += [viewer.post(f"check-{deed}", {"version": 1, "reason": "x"}, key="web") for deed in DEEDS]
    assert {answer.status_code for answer in asked} == {403}
    row = HealthCheck.objects.get()
    assert (row.version, row.name, row.archived_at) == (1, "Web", None)


def test_nothing_is_done_by_get(environment: Environment, visitor: Visitor) -> None:
    make_check(environment)
    assert {visitor.get(f"check-{deed}", key="web").status_code for deed in DEEDS} == {405}


def test_another_environments_check_is_not_shown_here(environment: Environment) -> None:
    make_check(environment)
    elsewhere = Visitor(environment.project, role="Operator", environment="staging")
    assert elsewhere.get("check-detail", key="web").status_code == 404
    assert elsewhere.post("check-archive", {"version": 1, "reason": "x"}, key="web").status_code == 404
    shows(elsewhere.get("check-list"), "Nothing is checked here yet")


def test_the_admins_row_leads_to_the_page_while_there_is_one(environment: Environment, visitor: Visitor) -> None:
    check = make_check(environment)
    address = reverse("admin:monitoring_healthcheck_change", args=[check.pk])
    assert visitor.client.get(address).headers["Location"] == visitor.url("check-detail", key="web")
    HealthCheck.objects.update(archived_at=AT)
    assert visitor.client.get(address).status_code == 200


def test_more_checks_take_no_more_queries(environment: Environment, visitor: Visitor) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert visitor.get("check-list").status_code == 200
        return len(captured)

    make_check(environment)
    queries()  # the first time fills caches
    few = queries()
    for n in range(6):
        make_check(environment, key=f"web-{n}", name=f"Web {n}")
    assert queries() == few


def test_a_long_list_has_pages(environment: Environment, visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.monitoring.pages.checks.PER_PAGE", 2)
    for n in range(3):
        make_check(environment, key=f"web-{n}", name=f"Web {n}")
    shows(visitor.get("check-list"), "Web 1", "Page 1 of 2")
    shows(visitor.get("check-list", "?page=2"), "Web 2", "Page 2 of 2")
    assert visitor.get("check-list", "?page=no").status_code == 200
