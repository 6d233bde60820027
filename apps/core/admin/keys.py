"""API keys: issue, rotate, revoke. A token is shown once, on the page that answers the POST, and kept nowhere."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, time
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import audit, clock, services
from apps.core.admin_ui import PulseAdmin
from apps.core.audit import Actor
from apps.core.forms import KeyForm, RevokeForm, RotateForm
from apps.core.models import ApiKey
from apps.core.services import IssuedKey, KeyAlreadyRotated, KeyNotUsable
from apps.core.templatetags.pulseops import key_pill, when

GONE = 409


@admin.register(ApiKey)
class ApiKeyAdmin(PulseAdmin):
    list_display = ("name", "state", "shown_kind", "place", "hint", "last_used", "expires")
    list_select_related = ("project", "environment__project")
    list_filter = ("kind", "project")
    search_fields = ("name", "hint")
    ordering = ("-id",)
    add_form = KeyForm
    add_words = gettext_lazy("Issue an API key")
    effect = gettext_lazy("The key works at once. Its text is shown once, on the next page.")

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        ours = [
            path("<int:key_id>/rotate/", wrap(self.rotate), name="core_apikey_rotate"),
            path("<int:key_id>/revoke/", wrap(self.revoke), name="core_apikey_revoke"),
        ]
        return [*ours, *super().get_urls()]

    @admin.display(description=gettext_lazy("state"))
    def state(self, key: ApiKey) -> SafeString:
        return key_pill(key, clock.now())

    @admin.display(description=gettext_lazy("kind"), ordering="kind")
    def shown_kind(self, key: ApiKey) -> str:
        return str(key.get_kind_display()).partition(":")[0]

    @admin.display(description=gettext_lazy("works in"))
    def place(self, key: ApiKey) -> str:
        return str(key.environment or key.project)

    @admin.display(description=gettext_lazy("last used"), ordering="last_used_at")
    def last_used(self, key: ApiKey) -> SafeString | str:
        return when(key.last_used_at, clock.now())

    @admin.display(description=gettext_lazy("expires"), ordering="expires_at")
    def expires(self, key: ApiKey) -> SafeString | str:
        return when(key.expires_at, clock.now())

    def create(self, fields: Mapping[str, Any], *, actor: Actor, at: datetime) -> ApiKey:
        environment, until = fields["environment"], fields["expires_at"]
        management = fields["kind"] == ApiKey.Kind.MANAGEMENT
        issued = services.issue_key(
            project_id=environment.project_id,
            environment_id=None if management else environment.pk,
            kind=fields["kind"],
            name=fields["name"],
            scopes=[ApiKey.Scope.READ, *([ApiKey.Scope.WRITE] if fields["write"] else [])],
            expires_at=datetime.combine(until, time.max, UTC) if until else None,
            actor=actor,
            at=at,
        )
        issued.key.token = issued.token  # type: ignore[attr-defined]  # for `added`, a moment from now
        return issued.key

    def added(self, request: HttpRequest, row: Any) -> HttpResponse:
        return self._show_once(request, IssuedKey(row, row.token))

    def detail(self, request: HttpRequest, row: ApiKey) -> HttpResponse:
        at = clock.now()
        works = ApiKey.objects.usable(at).filter(pk=row.pk).exists()
        facts: dict[str, Any] = {
            "usable": works and self._may_change(request),
            "successor": ApiKey.objects.filter(replaces=row).first(),
        }
        return self.page(request, "admin/key.html", title=str(row), original=row, key=row, at=at, **facts)

    def rotate(self, request: HttpRequest, key_id: int) -> HttpResponse:
        form = RotateForm(request.POST or None)
        issued = self._act(request, key_id, form, services.rotate_key)
        if isinstance(issued, IssuedKey):
            return self._show_once(request, issued)
        return issued or self._confirm(request, key_id, form, "admin/key_rotate.html", _("Rotate the key"))

    def revoke(self, request: HttpRequest, key_id: int) -> HttpResponse:
        form = RevokeForm(request.POST or None)
        revoked = self._act(request, key_id, form, services.revoke_key)
        if isinstance(revoked, ApiKey):
            return HttpResponseRedirect(self.url("change", key_id))
        return revoked or self._confirm(request, key_id, form, "admin/key_revoke.html", _("Revoke the key"))

    def _act(self, request: HttpRequest, key_id: int, form: Form, service: Callable[..., Any]) -> Any:
        """What the service gave; None while the form is not sent or not right; a page when the key is gone."""
        if not self._may_change(request):
            raise PermissionDenied
        if request.method != "POST" or not form.is_valid():
            return None
        try:
            return service(key_id=key_id, actor=audit.person(request.user), at=clock.now(), **form.cleaned_data)
        except KeyAlreadyRotated:
            form.add_error(None, _("This key has a successor already. Rotate that one, or revoke this one."))
            return None
        except KeyNotUsable:
            form.add_error(None, _("This key was revoked or has expired meanwhile. Issue a new one instead."))
            return None

    def _confirm(self, request: HttpRequest, key_id: int, form: Form, template: str, title: str) -> HttpResponse:
        row = self.found(request, str(key_id))
        status = GONE if form.non_field_errors() else 422 if form.errors else 200
        return self.page(request, template, status=status, title=title, original=row, key=row, form=form)

    def _show_once(self, request: HttpRequest, issued: IssuedKey) -> HttpResponse:
        title = _("The key is ready")
        example = _example(issued)
        return self.page(
            request, "admin/key_issued.html", title=title, key=issued.key, token=issued.token, example=example
        )

    def _may_change(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("core.change_apikey"))


def _example(issued: IssuedKey) -> str:
    """Something to paste that proves that the key works; "" for kinds that nothing listens to yet."""
    if issued.key.kind in {ApiKey.Kind.CLIENT, ApiKey.Kind.SERVER}:
        return (
            f"curl -X POST {settings.PUBLIC_URL}/ofrep/v1/evaluate/flags \\\n"
            f"  -H 'Authorization: Bearer {issued.token}' \\\n"
            "  -H 'Content-Type: application/json' \\\n"
            """  -d '{"context": {"targetingKey": "user-42"}}'"""
        )
    if issued.key.kind == ApiKey.Kind.MANAGEMENT:
        return f"curl {settings.PUBLIC_URL}/api/v1/projects/ \\\n  -H 'Authorization: Bearer {issued.token}'"
    return ""
