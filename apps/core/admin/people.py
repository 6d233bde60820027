"""People and their roles. The roles' permissions are a table in code, so here they are only shown."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth.models import Group, User
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse_lazy
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import audit, clock, services
from apps.core.admin_ui import PulseAdmin, ReadOnlyAdmin
from apps.core.audit import Actor
from apps.core.forms import NewPasswordForm, PersonAddForm, PersonChangeForm
from apps.core.templatetags.pulseops import pill, when

admin.site.unregister([User, Group])


@admin.register(User)
class PersonAdmin(PulseAdmin):
    list_display = ("username", "full_name", "shown_roles", "state", "seen")
    list_filter = ("groups", "is_active")
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    shown = ("username", "full_name", "email", "shown_roles", "state", "seen")
    plural, add_words = gettext_lazy("People"), gettext_lazy("Add a person")
    add_form, change_form = PersonAddForm, PersonChangeForm
    effect = gettext_lazy("Whoever has no role can log in and sees nothing.")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.new_password)
        return [path("<int:user_id>/password/", view, name="auth_user_password_change"), *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).prefetch_related("groups")

    @admin.display(description=gettext_lazy("name"))
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    @admin.display(description=gettext_lazy("roles"))
    def shown_roles(self, user: User) -> str:
        names = sorted(group.name for group in user.groups.all())
        return ", ".join([*names, *([_("superuser")] if user.is_superuser else [])]) or _("none")

    @admin.display(description=gettext_lazy("state"))
    def state(self, user: User) -> SafeString:
        return pill("on", _("May log in")) if user.is_active and user.is_staff else pill("off", _("May not log in"))

    @admin.display(description=gettext_lazy("last login"), ordering="last_login")
    def seen(self, user: User) -> SafeString | str:
        return when(user.last_login, clock.now())

    def initial(self, row: User) -> dict[str, Any]:
        return super().initial(row) | {"roles": row.groups.all()}

    def create(self, fields: Mapping[str, Any], *, actor: Actor, at: datetime) -> User:
        return services.add_person(**fields, actor=actor, at=at)

    def change(self, row: User, fields: Mapping[str, Any], *, expected_version: int | None, **how: Any) -> User:
        given = dict(fields)
        try:
            return services.change_person(user_id=row.pk, roles=given.pop("roles"), fields=given, **how)
        except services.LastAdministrator:
            raise ValidationError(
                _("Nobody else could let people in after this. Make somebody else an Administrator first.")
            ) from None

    def new_password(self, request: HttpRequest, user_id: int) -> HttpResponse:
        row = self.found(request, str(user_id))
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        form = NewPasswordForm(request.POST or None)
        if form.is_valid():
            person = audit.person(request.user)
            services.set_password(user_id=user_id, password=form.cleaned_data["password"], actor=person, at=clock.now())
            messages.success(request, _("%(person)s has a new password and is logged out elsewhere.") % {"person": row})
            return HttpResponseRedirect(self.url("changelist"))
        title = _("New password for %(person)s") % {"person": row}
        return self.page(
            request,
            "admin/form.html",
            status=422 if form.errors else 200,
            title=title,
            form=form,
            save=_("Set the password"),
        )


@admin.register(Group)
class RoleAdmin(ReadOnlyAdmin):
    list_display = ("name", "people")
    plural = gettext_lazy("Roles")
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        groups: QuerySet[Group] = super().get_queryset(request).annotate(members=Count("user"))
        return groups

    @admin.display(description=gettext_lazy("people"))
    def people(self, group: Any) -> int:
        return int(group.members)

    def detail(self, request: HttpRequest, row: Group) -> HttpResponse:
        permissions = row.permissions.select_related("content_type").order_by("content_type__app_label", "codename")
        people_in = User.objects.filter(groups=row).order_by("username")
        return self.page(
            request, "admin/role.html", title=row.name, original=row, permissions=permissions, people=people_in
        )


class OwnPasswordForm(AdminPasswordChangeForm):
    """Django's form, saving through the service."""

    def save(self, commit: bool = True) -> User:
        self.user = services.set_password(
            user_id=self.user.pk,
            password=self.cleaned_data["new_password1"],
            actor=audit.person(self.user),
            at=clock.now(),
        )
        return self.user


class OwnPasswordPage(PasswordChangeView):
    """A person's own password; the session goes on, all others of this person end."""

    form_class = OwnPasswordForm
    success_url = reverse_lazy("admin:password_change_done")
