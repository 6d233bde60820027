"""The console's own pages. They read and link; what changes something is the owning app's page."""

from django.urls import URLPattern, path

from apps.console.pages.approvals import Approvals
from apps.console.pages.health import Health
from apps.console.pages.mail import MailHtml, MailList, MailPage, MailRaw
from apps.console.pages.overview import Home, OverviewPage
from apps.console.pages.search import Search
from apps.console.pages.timeline import Timeline

urlpatterns: list[URLPattern] = [
    path("", Home.as_view(), name="index"),
    path("health/", Health.as_view(), name="health"),
    path("mail/", MailList.as_view(), name="mail-list"),
    path("mail/<str:mail>/", MailPage.as_view(), name="mail-detail"),
    path("mail/<str:mail>/html/", MailHtml.as_view(), name="mail-html"),
    path("mail/<str:mail>/raw/", MailRaw.as_view(), name="mail-raw"),
    path("search.json", Search.as_view(), name="search"),
]
scoped_urlpatterns: list[URLPattern] = [
    path("", OverviewPage.as_view(), name="overview"),
    path("approvals/", Approvals.as_view(), name="approval-list"),
    path("timeline/", Timeline.as_view(), name="timeline"),
]
