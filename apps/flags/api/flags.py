"""Flags: what is the same in every environment, and how often each variant was served."""

from datetime import timedelta

from rest_framework.request import Request
from rest_framework.response import Response

from apps.core import clock
from apps.core.api.schema import endpoint, example
from apps.core.serializers import Versioned
from apps.flags import selectors, services
from apps.flags.api.views import FlagsViewSet
from apps.flags.domain.access import Action
from apps.flags.selectors import Interval
from apps.flags.serializers import FlagChange, FlagFilter, FlagIn, FlagOut, UsageFilter, UsageOut
from apps.flags.services import FlagFields

BOOLEAN = example("A boolean flag", {"key": "checkout-v2", "name": "New checkout", "type": "boolean"}, request=True)
STRING = example(
    "A string flag",
    {
        "key": "button-colour",
        "name": "Colour of the buy button",
        "type": "string",
        "variants": [{"key": "green", "value": "#080"}, {"key": "blue", "value": "#008"}],
        "client_exposed": True,
        "reason": "colour test",
    },
    request=True,
)


class FlagViewSet(FlagsViewSet):
    ordering = ("key",)
    actions = {
        "list": Action.VIEW,
        "create": Action.CREATE,
        "retrieve": Action.VIEW,
        "partial_update": Action.EDIT,
        "archive": Action.ARCHIVE,
        "restore": Action.ARCHIVE,
        "usage": Action.VIEW,
    }

    def needed_here(self) -> tuple[str, ...]:
        return self.needed_everywhere(self.actions[self.action]) if self.writes else ()

    @endpoint("Flags", "List flags", answers=FlagOut, many=True, query=FlagFilter)
    def list(self, request: Request, project: str) -> Response:
        wanted = self.query(FlagFilter)
        environment = self.environment_asked(wanted)
        stale, at = wanted.pop("stale"), clock.now()
        found = selectors.flags(self.project, environment=environment, **wanted)
        if stale:
            found = selectors.stale_flags(found, at=at, environment=environment)
        shown = environment.key if environment else None
        return self.page(selectors.flags_with_states(found), FlagOut, environment=shown, at=at)

    @endpoint(
        "Flags",
        "Create a flag",
        description="It is off in every environment. Boolean flags get the variants `on` and `off` unless others come.",
        body=FlagIn,
        answers=FlagOut,
        status=201,
        conflict="The key is taken.",
        examples=[BOOLEAN, STRING],
    )
    def create(self, request: Request, project: str) -> Response:
        body = self.body(FlagIn)
        signed = self.signed(body)
        flag = services.create_flag(project_id=self.project.pk, fields=FlagFields(**body), **signed)
        return Response(self._shown(flag.key), status=201)

    @endpoint("Flags", "Read a flag", answers=FlagOut)
    def retrieve(self, request: Request, project: str, flag: str) -> Response:
        return Response(FlagOut(self.flag, context={"environment": self.bound_to, "at": clock.now()}).data)

    @endpoint(
        "Flags",
        "Change a flag",
        description="For every environment at once; key and type stay. `variants` replaces all of them. "
        "What reaches users of a protected environment insists on `reason`.",
        body=FlagChange,
        answers=FlagOut,
        conflict="Somebody else was faster.",
    )
    def partial_update(self, request: Request, project: str, flag: str) -> Response:
        body = self.body(FlagChange)
        signed = self.signed(body)
        services.update_flag(flag_id=self.flag.pk, fields=body, **signed)
        return Response(self._shown(flag))

    @endpoint(
        "Flags",
        "Archive a flag",
        description="In every environment apps get their code default; evaluating it answers FLAG_NOT_FOUND. States, "
        "history and the key are kept. A project with a protected environment insists on `reason`.",
        body=Versioned,
        answers=FlagOut,
        conflict="It is archived already, another flag waits for it, or somebody else was faster.",
    )
    def archive(self, request: Request, project: str, flag: str) -> Response:
        services.archive_flag(flag_id=self.flag.pk, **self.signed(self.body(Versioned)))
        return Response(self._shown(flag))

    @endpoint(
        "Flags",
        "Restore an archived flag",
        description="Every environment serves again what it served before.",
        body=Versioned,
        answers=FlagOut,
        conflict="It is not archived, or somebody else was faster.",
    )
    def restore(self, request: Request, project: str, flag: str) -> Response:
        services.restore_flag(flag_id=self.flag.pk, **self.signed(self.body(Versioned)))
        return Response(self._shown(flag))

    @endpoint(
        "Flags",
        "Count what was served",
        description="In sum, by variant and by environment; with `interval` also hour by hour or day by day.",
        answers=UsageOut,
        query=UsageFilter,
    )
    def usage(self, request: Request, project: str, flag: str) -> Response:
        wanted, at = self.query(UsageFilter), clock.now()
        found = selectors.usage(
            self.flag,
            since=at - timedelta(hours=wanted["hours"]),
            until=at,
            interval=Interval(wanted.get("interval", Interval.HOUR)),
            environment=self.environment_asked(wanted),
        )
        return Response(UsageOut(found, context={"series": "interval" in wanted}).data)

    def _shown(self, key: str) -> object:
        return FlagOut(selectors.flag_in(self.project, key), context={"at": clock.now()}).data
