"""The pages about deployments and services, below `admin/p/<project>/<environment>/`. Each POST is one service call."""

from django.urls import path

from apps.deployments.pages.base import DeploymentsPage
from apps.deployments.pages.listing import HistoryPage
from apps.deployments.pages.services import ChecklistPage, EditServicePage, NewServicePage, ServicePage, ServicesPage
from apps.deployments.pages.starting import StartPage


class Placeholder(DeploymentsPage):
    """Until the page of one deployment is there."""

    def get(self, request, **kwargs):  # type: ignore[no-untyped-def]
        return self.render("deployments/list.html", title="Not yet")


urlpatterns = [
    path("deployments/", HistoryPage.as_view(), name="deployment-list"),
    path("deployments/new/", StartPage.as_view(), name="deployment-new"),
    path("deployments/calendar/", Placeholder.as_view(), name="deployment-calendar"),
    path("deployments/messages/", Placeholder.as_view(), name="deployment-messages"),
    path("deployments/<int:id>/", Placeholder.as_view(), name="deployment-detail"),
    path("services/", ServicesPage.as_view(), name="service-list"),
    path("new-service/", NewServicePage.as_view(), name="service-new"),
    path("services/<slug:service>/", ServicePage.as_view(), name="service-detail"),
    path("services/<slug:service>/edit/", EditServicePage.as_view(), name="service-edit"),
    path("services/<slug:service>/checklist/", ChecklistPage.as_view(), name="service-checklist"),
    path("services/<slug:service>/target/", Placeholder.as_view(), name="service-target"),
]
