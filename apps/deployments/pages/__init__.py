"""The pages about deployments and services, below `admin/p/<project>/<environment>/`. Each POST is one service call."""

from django.urls import path

from apps.deployments.pages import detail, rolling_back, steering
from apps.deployments.pages.calendar import CalendarPage, EndFreezePage, NewFreezePage
from apps.deployments.pages.listing import HistoryPage
from apps.deployments.pages.messages import MessagePage, MessagePreviewPage, MessagesPage, ResetMessagePage
from apps.deployments.pages.services import ChecklistPage, EditServicePage, NewServicePage, ServicePage, ServicesPage
from apps.deployments.pages.starting import StartPage
from apps.deployments.pages.targets import SecretPage, TargetPage, TryPage

urlpatterns = [
    *detail.urlpatterns,
    *rolling_back.urlpatterns,
    *steering.urlpatterns,
    path("deployments/", HistoryPage.as_view(), name="deployment-list"),
    path("deployments/new/", StartPage.as_view(), name="deployment-new"),
    path("deployments/calendar/", CalendarPage.as_view(), name="deployment-calendar"),
    path("deployments/freezes/new/", NewFreezePage.as_view(), name="deployment-freeze-new"),
    path("deployments/freezes/<int:freeze>/end/", EndFreezePage.as_view(), name="deployment-freeze-end"),
    path("deployments/messages/", MessagesPage.as_view(), name="deployment-messages"),
    path("deployments/messages/<slug:kind>/", MessagePage.as_view(), name="deployment-message"),
    path("deployments/messages/<slug:kind>/preview/", MessagePreviewPage.as_view(), name="deployment-message-preview"),
    path("deployments/messages/<slug:kind>/reset/", ResetMessagePage.as_view(), name="deployment-message-reset"),
    path("services/", ServicesPage.as_view(), name="service-list"),
    path("new-service/", NewServicePage.as_view(), name="service-new"),
    path("services/<slug:service>/", ServicePage.as_view(), name="service-detail"),
    path("services/<slug:service>/edit/", EditServicePage.as_view(), name="service-edit"),
    path("services/<slug:service>/checklist/", ChecklistPage.as_view(), name="service-checklist"),
    path("services/<slug:service>/target/", TargetPage.as_view(), name="service-target"),
    path("services/<slug:service>/target/try/", TryPage.as_view(), name="service-target-try"),
    path("services/<slug:service>/target/secret/", SecretPage.as_view(), name="service-target-secret"),
]
