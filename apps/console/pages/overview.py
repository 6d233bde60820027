"""Where people arrive: the overview of one environment, or the first step when there is no project."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from apps.console.selectors.needs import curl, first_steps, needs, sentence
from apps.console.selectors.overview import Overview, overview
from apps.console.selectors.waiting import waiting_for
from apps.core import navigation, pages, svg


class Home(pages.Page):
    title = _("Welcome")
    template_name = "console/welcome.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        scope = navigation.start(request, pages.scopes())
        return HttpResponseRedirect(reverse("admin:overview", kwargs=scope.kwargs)) if scope else self.render()


class OverviewPage(pages.ScopedPage):
    title = _("Overview")
    template_name = "console/overview.html"
    permission = ("core.view_project", "core.view_apikey", "core.view_auditentry", "flags.view_flag")

    def get(self, request: HttpRequest) -> HttpResponse:
        seen = overview(self.environment, at=self.at)
        found = needs(seen, self.scope, waiting_for(request.user, self.scope))
        return self.render(
            seen=seen,
            needs=found,
            sentence=sentence(seen, found),
            chart=svg.bars([hour.evaluations for hour in seen.hours], label=_chart_words(seen)),
            steps=first_steps(seen, self.scope),
            curl=curl(seen),
        )


def _chart_words(seen: Overview) -> str:
    busiest = max(seen.hours, key=lambda hour: hour.evaluations)
    words = ngettext(
        "%(total)d evaluation in 24 hours; the busiest hour began at %(hour)s UTC with %(most)d",
        "%(total)d evaluations in 24 hours; the busiest hour began at %(hour)s UTC with %(most)d",
        seen.evaluations,
    )
    return words % {"total": seen.evaluations, "hour": busiest.start.strftime("%H:%M"), "most": busiest.evaluations}
