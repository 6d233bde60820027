"""Members as CSV files, in and out."""

from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api.parsers import CSVParser
from apps.core.api.renderers import CSVRenderer
from apps.core.api.schema import endpoint
from apps.flags import services
from apps.flags.api.segments import STALE
from apps.flags.api.views import InEnvironment
from apps.flags.domain.access import Action
from apps.flags.domain.members import Mode, read_csv, write_csv
from apps.flags.selectors.overview import members
from apps.flags.serializers import MembersCount, MembersImport

CSV = {"text/csv": OpenApiTypes.STR}


class MemberImportViewSet(InEnvironment):
    parser_classes = [CSVParser]
    actions = {"create": Action.SET_MEMBERS}

    @endpoint(
        "Segments",
        "Import members from a CSV file",
        description="The users in the column `targeting_key`, `id` or `user_id`, or else in the first one, `replace` "
        "the members, `add` to them or `remove` from them. All or nothing: bad lines are named by their number. At "
        "most 5 MB; a protected environment insists on `reason`.",
        body=CSV,
        query=MembersImport,
        answers=MembersCount,
        conflict=STALE,
    )
    def create(self, request: Request, project: str, segment: str, environment: str) -> Response:
        wanted, here = self.query(MembersImport), self.environment
        mode, keys = Mode(wanted.pop("mode")), read_csv(str(request.data))
        signed = self.signed(wanted)
        changed = services.set_members(
            segment_id=self.segment.pk, environment_id=here.pk, targeting_keys=keys, mode=mode, **signed
        )
        count = len(members(changed, here))
        return Response(MembersCount({"members": count, "version": changed.version}).data)


class MemberExportViewSet(InEnvironment):
    renderer_classes = [CSVRenderer]
    actions = {"retrieve": Action.VIEW}

    @endpoint(
        "Segments",
        "Export members as a CSV file",
        description="One column, `targeting_key`. A value that a spreadsheet would run as a formula begins with an "
        "apostrophe, which the import takes away again.",
        answers={(200, "text/csv"): OpenApiTypes.STR},
    )
    def retrieve(self, request: Request, project: str, segment: str, environment: str) -> Response:
        return Response(write_csv(members(self.segment, self.environment)))
