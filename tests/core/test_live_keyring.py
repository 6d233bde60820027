"""The keyring: who is who without a query."""

from datetime import timedelta
from typing import Any

import pytest

from apps.core import clock, services
from apps.core.live.keyring import Keyring
from apps.core.live.rate_limits import BUCKETS_LIMIT, RateLimiter
from apps.core.models import ApiKey, Environment
from tests.factories import AT, make_key, make_project
from tests.factories.core import ACTOR

pytestmark = pytest.mark.django_db


@pytest.fixture
def environment() -> Environment:
    return make_project().environments.get(key="production")


def loaded() -> Keyring:
    ring = Keyring()
    ring.refresh({})
    return ring


def test_a_key_is_found_by_its_token(environment: Environment) -> None:
    issued = make_key(environment=environment)
    facts = loaded().find(issued.token)
    assert facts
    assert (facts.id, facts.kind, facts.environment_id) == (issued.key.pk, "CLIENT", environment.pk)
    assert (facts.project_key, facts.environment_key) == (environment.project.key, "production")


@pytest.mark.parametrize("dead", [{"expired": True}, {"revoked": True}])
def test_a_dead_key_is_not_found(environment: Environment, dead: dict[str, Any]) -> None:
    issued = make_key(environment=environment, **dead)
    assert loaded().find(issued.token) is None
    assert loaded().by_id(issued.key.pk, at=AT) is None


def test_an_empty_ring_says_that_it_knows_nothing(environment: Environment) -> None:
    assert not Keyring().loaded
    assert loaded().loaded


def test_a_key_expires_by_the_clock_of_the_one_who_asks(environment: Environment) -> None:
    soon = clock.now() + timedelta(hours=1)
    issued = make_key(environment=environment, expires_at=soon)
    ring = loaded()
    assert ring.by_id(issued.key.pk, at=soon - timedelta(seconds=1))
    assert ring.by_id(issued.key.pk, at=soon) is None


def test_an_unchanged_ring_is_not_read_again(environment: Environment, django_assert_num_queries: object) -> None:
    make_key(environment=environment)
    ring = loaded()
    with django_assert_num_queries(1):  # type: ignore[operator]
        ring.refresh({})


def test_a_revocation_dated_before_the_newest_change_is_still_seen(environment: Environment) -> None:
    """Transactions may commit in another order than their clocks say."""
    old, _new = make_key(environment=environment), make_key(environment=environment)
    ApiKey.objects.exclude(pk=old.key.pk).update(changed_at=AT + timedelta(hours=1))
    ring = loaded()
    services.revoke_key(key_id=old.key.pk, actor=ACTOR, at=AT + timedelta(minutes=1))
    ring.refresh({})
    assert ring.find(old.token) is None


def test_any_other_change_is_seen_by_its_date(environment: Environment) -> None:
    issued = make_key(environment=environment)
    ring = loaded()
    ApiKey.objects.update(name="renamed", changed_at=AT + timedelta(minutes=1))
    ring.refresh({})
    facts = ring.find(issued.token)
    assert facts
    assert facts.name == "renamed"


def test_listeners_hear_of_a_swap_and_only_of_a_swap(environment: Environment) -> None:
    heard: list[int] = []
    ring = loaded()
    ring.listen(lambda: heard.append(1))
    ring.refresh({})
    assert heard == []
    make_key(environment=environment)
    ring.refresh({})
    assert heard == [1]


def test_use_is_noted_once_and_can_be_given_back(environment: Environment) -> None:
    issued = make_key(environment=environment)
    ring = loaded()
    ring.find(issued.token)
    used = ring.take_used()
    assert used.keys() == {issued.key.pk}
    assert ring.take_used() == {}
    ring.keep_used(used)
    assert ring.take_used().keys() == used.keys()


def test_a_bucket_lets_a_burst_through_and_then_names_the_wait() -> None:
    limiter = RateLimiter(0.5)
    assert limiter.wait_seconds("a") == 0
    assert limiter.wait_seconds("a") == 2
    assert limiter.wait_seconds("b") == 0


def test_a_busy_bucket_is_not_the_one_that_is_forgotten() -> None:
    limiter = RateLimiter(0.5)
    limiter.wait_seconds("busy")
    for number in range(BUCKETS_LIMIT):
        limiter.wait_seconds(number)
        if number % 1_000 == 0:
            limiter.wait_seconds("busy")
    assert limiter.wait_seconds("busy") > 0
