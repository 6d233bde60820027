"""Change requests and votes, to look at. Deciding is done on the pages of the app that a request belongs to."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch

from apps.core import navigation, pages
from apps.core.admin_ui import EnvironmentFilter, ReadOnlyAdmin
from apps.core.models import ChangeRequest, Vote


@admin.register(ChangeRequest)
class ChangeRequestAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "subject_label", "environment", "author_label", "status", "created_at")
    list_select_related = ("environment__project",)
    list_filter = ("status", EnvironmentFilter)
    search_fields = ("subject_label", "author_label", "reason")
    ordering = ("-id",)

    def detail(self, request: HttpRequest, row: ChangeRequest) -> HttpResponse:
        """To its own page, where its app has one."""
        scope = navigation.start(request, [scope for scope in pages.scopes() if scope.project == row.project])
        try:
            return redirect(navigation.request_url(row, scope)) if scope else super().detail(request, row)
        except NoReverseMatch:
            return super().detail(request, row)


@admin.register(Vote)
class VoteAdmin(ReadOnlyAdmin):
    list_display = ("request", "voter_label", "approves", "comment", "at")
    list_select_related = ("request",)
    search_fields = ("voter_label", "comment")
    ordering = ("-id",)
