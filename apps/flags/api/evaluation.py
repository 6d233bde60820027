"""Evaluating flags over REST: the engine and the snapshots that OFREP answers from, hence the same answers."""

from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import PolymorphicProxySerializer
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api.authentication import ApiKeyAuthentication
from apps.core.api.permissions import EvaluationKey
from apps.core.api.schema import endpoint, example
from apps.core.live.keyring import KeyFacts
from apps.core.models import ApiKey
from apps.flags.api.views import FlagsViewSet
from apps.flags.domain.engine.compiler import CompiledRuleset
from apps.flags.domain.engine.context import check_context
from apps.flags.domain.engine.outcome import Outcome
from apps.flags.live.rulesets import rulesets
from apps.flags.live.usage import usage
from apps.flags.serializers import Evaluate, EvaluationOut, EvaluationsOut

ASK = example("One flag", {"flag": "checkout-v2", "context": {"targetingKey": "u-42"}}, request=True)
ASK_ALL = example("Every flag", {"context": {"targetingKey": "u-42", "groups": ["beta-testers"]}}, request=True)
ANSWERS = PolymorphicProxySerializer("EvaluateOut", [EvaluationOut, EvaluationsOut], resource_type_field_name=None)


class EvaluationViewSet(FlagsViewSet):
    authentication_classes = [ApiKeyAuthentication]
    permission_classes = [EvaluationKey]

    @endpoint(
        "Evaluation",
        "Evaluate one flag or all",
        description="Needs a client or a server key. Client keys see only the flags that are visible to them.",
        body=Evaluate,
        answers=ANSWERS,
        examples=[ASK, ASK_ALL],
    )
    def create(self, request: Request) -> Response:
        body = self.body(Evaluate)
        key: KeyFacts = request.auth  # type: ignore[assignment]  # EvaluationKey lets nothing else in
        context, ruleset, client = check_context(body["context"] or {}), _ruleset(key), key.kind == ApiKey.Kind.CLIENT
        only, at = body.get("flag"), clock.seconds()
        if only:
            found = [_one(ruleset, only, context, at, client=client)]
        else:
            found = ruleset.evaluate_all(context, at, client_only=client)
        usage.count(key.environment_id or 0, found)
        shown = [_shown(outcome) for outcome in found]
        return Response(shown[0] if only else {"flags": shown})


def _ruleset(key: KeyFacts) -> CompiledRuleset:
    """From memory; a process without a follower loads it when first asked."""
    environment_id = key.environment_id or 0  # these kinds of key always have one
    found = rulesets.get(environment_id)
    if found is None:
        rulesets.refresh({"environment": environment_id})
        found = rulesets.get(environment_id)
    if found is None:
        raise NotFound("This environment has no flags yet.")
    return found


def _one(ruleset: CompiledRuleset, key: str, context: Mapping[str, object], at: float, *, client: bool) -> Outcome:
    """A flag that a client key may not see does not exist for it."""
    flag, outcome = ruleset.flag(key), ruleset.evaluate(key, context, at)
    if flag is None or outcome is None or (client and not flag.client_exposed):
        raise NotFound(f"There is no flag {key!r} here.")
    return outcome


def _shown(outcome: Outcome) -> dict[str, Any]:
    if outcome.error_code is not None:
        return {"key": outcome.key, "errorCode": outcome.error_code, "errorDetails": outcome.error_details}
    names = ("key", "value", "variant", "reason", "metadata")
    return {name: getattr(outcome, name) for name in names}
