"""Alert rules: the list, and the starter pack. The editor is rule_editor.py's."""

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.alerts import selectors, services
from apps.alerts.models import AlertRule, Severity
from apps.alerts.pages.words import condition_of, severity
from apps.core.pages import ScopedPage
from apps.deployments import selectors as deployments

PER_PAGE = 50


class RulesPage(ScopedPage):
    title = gettext_lazy("Alert rules")
    template_name = "alerts/rules.html"
    permission = "alerts.view_alertrule"

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = {name: request.GET.get(name, "").strip() for name in ("q", "severity", "state")}
        found = selectors.rules_like(self.environment, **asked)
        page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
        rows = selectors.with_standing(page.object_list)
        return self.render(
            page=page,
            rows=[(row, severity(row.severity), condition_of(row)) for row in rows],
            asked=asked,
            filtered=any(asked.values()),
            severities=Severity.choices,
            may_change=request.user.has_perm("alerts.add_alertrule"),
            services=deployments.services(self.project),
        )


class InstallPage(ScopedPage):
    permission = "alerts.add_alertrule"

    def post(self, request: HttpRequest) -> HttpResponse:
        services.install_starter_rules(
            environment_id=self.environment.pk, actor=self.actor, reason=_("The starter pack"), at=self.at
        )
        return HttpResponseRedirect(self.url("rule-list"))


class InstallRollbackPage(ScopedPage):
    """The five triggers for one service of the project."""

    permission = "alerts.add_alertrule"

    def post(self, request: HttpRequest) -> HttpResponse:
        service = request.POST.get("service", "")
        try:
            services.install_rollback_rules(
                environment_id=self.environment.pk,
                service=service,
                dry_run="dry_run" in request.POST,
                actor=self.actor,
                reason=_("The rollback triggers"),
                at=self.at,
            )
        except services.NoSuchService:
            raise Http404(f"There is no service {service} in this project.") from None
        return HttpResponseRedirect(self.url("rule-list"))


def find_rule(page: ScopedPage, key: str) -> AlertRule:
    """By its key, in the page's environment. Raises Http404."""
    row = selectors.rules(page.project, page.environment).filter(key=key).first()
    if row is None:
        raise Http404(f"There is no alert rule {key} here.")
    return row
