"""Two people decide at the same moment: a change is applied once, or not at all."""

from functools import partial

import pytest

from apps.core import approvals
from apps.core.approvals import RequestIsClosed
from apps.core.models import ChangeRequest
from apps.flags import services
from apps.flags.models import FlagState
from tests.factories import AT, ask_for_approvals, make_approver, make_flag, make_request, state_in
from tests.flows.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5


def test_two_last_approvals_apply_once() -> None:
    for _ in range(ROUNDS):
        state = state_in(make_flag())
        request = make_request(state)
        votes = [
            partial(services.approve_request, request_id=request.pk, actor=make_approver()[1], at=AT) for _ in range(2)
        ]
        assert [type(error) for error in at_once(*votes)] == [RequestIsClosed]
        assert (FlagState.objects.get(pk=state.pk).version, request.votes.count()) == (2, 1)


def test_two_of_two_approvals_at_once_do_not_miss_each_other() -> None:
    for _ in range(ROUNDS):
        state = state_in(make_flag())
        ask_for_approvals(state.environment, 2)
        request = make_request(state)
        votes = [
            partial(services.approve_request, request_id=request.pk, actor=make_approver()[1], at=AT) for _ in range(2)
        ]
        assert at_once(*votes) == []
        assert ChangeRequest.objects.get(pk=request.pk).status == "APPLIED"
        assert FlagState.objects.get(pk=state.pk).status == "ON"


def test_two_requests_on_one_version_are_not_both_applied() -> None:
    for _ in range(ROUNDS):
        state = state_in(make_flag())
        requests = [make_request(state), make_request(state, patch={"status": "ON", "default_variant": "off"})]
        votes = [
            partial(services.approve_request, request_id=request.pk, actor=make_approver()[1], at=AT)
            for request in requests
        ]
        assert at_once(*votes) == []
        found = ChangeRequest.objects.filter(pk__in=[request.pk for request in requests])
        assert sorted(found.values_list("status", flat=True)) == ["APPLIED", "OUTDATED"]
        assert FlagState.objects.get(pk=state.pk).version == 2


def test_approved_or_rejected_but_never_both() -> None:
    for _ in range(ROUNDS):
        state = state_in(make_flag())
        request = make_request(state)
        raised = at_once(
            partial(services.approve_request, request_id=request.pk, actor=make_approver()[1], at=AT),
            partial(approvals.reject, request_id=request.pk, actor=make_approver()[1], at=AT),
        )
        assert [type(error) for error in raised] == [RequestIsClosed]
        status = ChangeRequest.objects.get(pk=request.pk).status
        assert (status, FlagState.objects.get(pk=state.pk).status) in (("APPLIED", "ON"), ("REJECTED", "OFF"))
