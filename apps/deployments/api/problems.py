"""The deployments' refusals as problems. Fields at fault come as ValidationError, which the floor translates."""

from apps.core.api.problems import Problem, Translations, invalid, refusal
from apps.deployments import services
from apps.deployments.domain.plans import InvalidPlan
from apps.flags.domain.engine.definitions import InvalidDefinition

PEOPLE_ONLY = refusal(403, "only_people_override", "Keys ask and record; letting past a gate is a person's.")


class OnlyPeopleOverride(Exception):
    """A key asked for what skips gates."""


REFUSALS: Translations = {
    services.ReleaseExists: refusal(
        409,
        "release_exists",
        "This version was made from another commit. Give the new build a version of its own.",
        field="version",
    ),
    services.IdempotencyKeyReused: refusal(
        409,
        "idempotency_key_reused",
        "This key was sent with another version before. Send a new key with each new deployment.",
        field="Idempotency-Key",
    ),
    services.PlanIsFixed: refusal(
        409, "plan_is_fixed", "It has started, so its plan stays. Pause it, skip a step, or roll it back."
    ),
    services.NotWaiting: refusal(
        409, "not_waiting", "Nobody is asked about it now: it has started, is over, or needs no approval."
    ),
    services.TooLateToCancel: refusal(
        409, "too_late_to_cancel", "Users are on the new version, or it is over. Roll it back instead."
    ),
    services.NotLive: refusal(409, "not_live", "It carries no traffic now, so there is nothing to pause or to skip."),
    services.NotPaused: refusal(409, "not_paused", "It is not paused, so there is nothing to resume."),
    services.NothingToApprove: refusal(409, "nothing_to_approve", "The present step needs no approval, or has it."),
    services.ApprovalMissing: refusal(
        409, "approval_missing", "The present step has to be approved before it can be left."
    ),
    services.GateCannotBeOverridden: refusal(
        409,
        "gate_cannot_be_overridden",
        "Approvals are given, and one deployment at a time is for the traffic's sake. Other gates can be.",
        field="gate",
    ),
    services.NoSuchItem: refusal(404, "no_such_item", "Its checklist has no such item; read the deployment for them."),
    services.CannotRollBack: lambda why: Problem(409, "cannot_roll_back", f"This way back is closed: {why}"),
    services.RolledBackAlready: refusal(409, "rolled_back_already", "It is being rolled back, or was already."),
    services.NothingToConfirm: refusal(409, "nothing_to_confirm", "No rollback of it is done and unconfirmed."),
    services.FreezeIsOver: refusal(409, "freeze_is_over", "It has ended already and stays as it was."),
    OnlyPeopleOverride: PEOPLE_ONLY,
    InvalidPlan: lambda error: invalid(((error.path, error.message),)),
    InvalidDefinition: lambda error: invalid(((error.path, error.message),)),
}
