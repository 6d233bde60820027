"""The rules builder: everything that a flag serves in one environment, with the live preview, and its review."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.flags import selectors
from apps.flags.domain.access import Action
from apps.flags.forms import PreviewForm, RulesForm
from apps.flags.forms.rules import faults
from apps.flags.pages.builder import offer
from apps.flags.pages.changes import RolloutPage
from apps.flags.pages.detail import FlagDetail, PreviewPage, ServingForm, preview_context


class RulesView(FlagDetail):
    """Draws the builder; its subclasses say with which input."""

    action = Action.CHANGE_STATE

    def serving_form(self, data: Any = None) -> RulesForm | None:
        """None where the present rules cannot be read."""
        flag = self.served
        if flag is None:
            return None
        segments = {segment.key for segment in selectors.segments(self.project)}
        return RulesForm(data, flag=flag, segments=segments, initial={"version": self.state.version})

    def show(
        self, rollout: ServingForm | None, asked: PreviewForm | None = None, status: int = 200
    ) -> TemplateResponse:
        if rollout is None:
            return super().show(rollout, asked, status)
        names = {"flag": self.flag.key, "environment": self.environment.name}
        variants = [variant.key for variant in rollout.flag.variants]
        return self.render(
            "flags/rules.html",
            status=status,
            title=_("Edit the rules of %(flag)s in %(environment)s") % names,
            form=rollout,
            asked=asked or PreviewForm(),
            served=rollout.flag,
            builder=offer(self.project, variants=variants, faults=faults(rollout, "rules")),
            **preview_context(self, rollout, asked),
        )


class RulesPage(RulesView, RolloutPage):
    what = gettext_lazy("Change the rules of %(flag)s in %(environment)s")
    preview_page = "flag-rules-preview"

    def get(self, request: HttpRequest) -> HttpResponse:
        form = self.serving_form()
        return self.show(form) if form else self.to_detail()


class RulesPreviewPage(RulesView, PreviewPage):
    form_page = "flag-rules"
    mark = "rules"
