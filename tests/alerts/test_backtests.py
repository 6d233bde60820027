"""What a rule would have done lately: each tick sees what judging would have seen at that moment."""

from datetime import timedelta

import pytest

from apps.alerts import selectors
from apps.alerts.domain.parsing import parse_rule
from apps.monitoring import services as monitoring
from tests.factories import AT, make_project, make_rule, push

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
INCREASE = {"metric": "errors_total", "aggregate": "increase", "window_seconds": 60}


def test_a_count_begins_with_the_last_sample_before_the_window() -> None:
    production = make_project().environments.get(key="production")
    rule = parse_rule(make_rule(production, query=INCREASE).definition)
    push(production, "errors_total", (AT - 2 * MINUTE, 10), (AT - MINUTE, 15), (AT, 35))
    monitoring.roll_up()
    by_hand = [(AT - MINUTE, 5), (AT, 20)]  # 15 - 10 and 35 - 15; before the first sample there is nothing to tell
    fired, seen = selectors.tried(production.pk, rule, at=AT)
    assert (len(fired.firings), seen) == (1, by_hand)
    lately = selectors.values_over(production.pk, rule, {}, since=AT - 30 * MINUTE, until=AT)
    assert lately == by_hand
