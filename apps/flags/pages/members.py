"""Members as files: a CSV file is reviewed before it changes anything, and the members can be taken away as one."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from apps.flags.domain.access import Action
from apps.flags.domain.members import write_csv
from apps.flags.forms import ImportForm, MembersForm
from apps.flags.pages.base import UNPROCESSABLE
from apps.flags.pages.one_segment import OneSegmentPage
from apps.flags.selectors import overview


class ImportPage(OneSegmentPage):
    """The review that follows is sent to the segment's page, as the one of a typed list is."""

    action = Action.SET_MEMBERS
    template_name = "flags/members_import.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(ImportForm(initial={"version": self.segment.version}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ImportForm(request.POST, request.FILES)
        if not form.is_valid():
            return self.show(form, UNPROCESSABLE)
        read = form.cleaned_data
        carried = {name: read[name] for name in ("version", "mode")} | {
            "targeting_keys": "\n".join(sorted(read["file"]))
        }
        members = MembersForm(carried, reason_required=False)
        members.full_clean()
        return self.review_members(members)

    def show(self, form: ImportForm, status: int = 200) -> HttpResponse:
        names = {"segment": self.segment.key, "environment": self.environment.name}
        title = _("Import members of %(segment)s in %(environment)s") % names
        return self.render(status=status, title=title, form=form)


class ExportPage(OneSegmentPage):
    def get(self, request: HttpRequest) -> HttpResponse:
        name = f"{self.segment.key}-{self.environment.key}.csv"
        return HttpResponse(
            write_csv(overview.members(self.segment, self.environment)),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
