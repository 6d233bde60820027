"""How rows are listed, shown and edited in the admin: always through services. No model is registered here."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import display_for_field, label_for_field, lookup_field
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import audit, clock, selectors
from apps.core.audit import Actor
from apps.core.navigation import Label
from apps.core.services import StaleVersion

if TYPE_CHECKING:
    BaseAdmin = admin.ModelAdmin[Any]
    BasePaginator = Paginator[Any]
else:
    BaseAdmin, BasePaginator = admin.ModelAdmin, Paginator

HISTORY_ENTRIES = 100
Written = TypeVar("Written")


class CappedPaginator(BasePaginator):
    """Counts up to a limit and no further, so that a list of millions opens as fast as a short one."""

    LIMIT = 10_000  # rows

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.LIMIT].count())

    @property
    def capped(self) -> bool:
        return self.count == self.LIMIT


class EnvironmentFilter(admin.SimpleListFilter):
    """Environments with their projects' names, in one query."""

    title, parameter_name = gettext_lazy("environment"), "environment"
    path = "environment"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(row.pk), str(row)) for row in selectors.all_environments()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value() or ""
        return queryset.filter(**{self.path: int(chosen)}) if chosen.isdecimal() else queryset


class PulseAdmin(BaseAdmin):
    """Rows that people edit. A subclass names its forms and calls one service in `create` and in `change`.

    The forms are ordinary ones; `change` gets their cleaned fields without `version` and `reason`. A row with a
    `version` gets the hidden field by itself. Rows are never deleted here.
    """

    actions = None
    paginator = CappedPaginator
    show_full_result_count = False
    list_per_page = 50
    view_on_site = False
    add_form: type[forms.Form] | None = None
    change_form: type[forms.Form] | None = None
    plural: Label = ""  # heading of the list, unless the model's own name will do
    add_words: Label = ""  # verb and object, for the button and the page: "Issue a key"
    effect: Label = ""  # said below the form: what adding does
    shown: Sequence[str] = ()  # fields of the read-only view; all of them unless given

    def create(self, fields: Mapping[str, Any], *, actor: Actor, at: datetime) -> Model:
        raise NotImplementedError

    def change(
        self,
        row: Any,
        fields: Mapping[str, Any],
        *,
        actor: Actor,
        at: datetime,
        reason: str,
        expected_version: int | None,
    ) -> Model:
        raise NotImplementedError

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.add_form is not None and super().has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.change_form is not None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if object_id is None:
            return self._add(request)
        row = self.found(request, object_id)
        if self.has_change_permission(request, row):
            return self._change(request, row)
        return self.detail(request, row)

    def found(self, request: HttpRequest, object_id: str) -> Model:
        """The row, or 404; 403 where this person may not even look."""
        row: Model | None = self.get_object(request, object_id)
        if row is None:
            raise Http404(f"There is no {self.opts.verbose_name} {object_id}.")
        if not self.has_view_or_change_permission(request, row):
            raise PermissionDenied
        return row

    def detail(self, request: HttpRequest, row: Any) -> HttpResponse:
        """The row to look at."""
        names = self.shown or [field.name for field in self.opts.fields]
        facts = [(self._label(name), self._value(row, name)) for name in names]
        return self.page(request, "admin/detail.html", title=str(row), original=row, facts=facts)

    def page(self, request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> TemplateResponse:
        everything = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "crumbs": [self.crumb()],
            "at": clock.now(),
            **context,
        }
        return TemplateResponse(request, template, everything, status=status)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        words = {"title": self.heading(), "add_words": self.add_words, "at": clock.now()}
        return super().changelist_view(request, words | (extra_context or {}))

    def heading(self) -> str:
        return str(self.plural) or capfirst(str(self.opts.verbose_name_plural))

    def crumb(self) -> tuple[str, str]:
        return self.heading(), self.url("changelist")

    def url(self, name: str, *args: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}", args=args)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The audit trail of this row."""
        row = self.found(request, object_id)
        entries = selectors.audit_of(self.opts.label_lower, object_id)[:HISTORY_ENTRIES]
        crumbs = [self.crumb(), (str(row), self.url("change", row.pk))]
        return self.page(
            request, "admin/history.html", title=_("History"), original=row, entries=entries, crumbs=crumbs
        )

    def initial(self, row: Any) -> dict[str, Any]:
        """What the change form starts with."""
        names = self.change_form.base_fields if self.change_form else ()
        return {name: getattr(row, name, None) for name in names}

    def added(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Where somebody goes who has added a row."""
        messages.success(request, _("%(row)s is there.") % {"row": row})
        return HttpResponseRedirect(self.url("changelist"))

    def _add(self, request: HttpRequest) -> HttpResponse:
        if self.add_form is None or not self.has_add_permission(request):
            raise PermissionDenied
        form = self.add_form(request.POST or None, initial=request.GET.dict())
        if form.is_valid():
            actor, at = audit.person(request.user), clock.now()
            row = attempt(form, lambda: self.create(form.cleaned_data, actor=actor, at=at))
            if row is not None:
                return self.added(request, row)
        return self._form_page(request, form, title=self.add_words, save=self.add_words, effect=self.effect)

    def _change(self, request: HttpRequest, row: Any) -> HttpResponse:
        if self.change_form is None:
            raise PermissionDenied
        form = self.change_form(request.POST or None, initial=self.initial(row))
        form.fields["version"] = forms.IntegerField(
            widget=forms.HiddenInput, required=False, initial=getattr(row, "version", None)
        )
        if form.is_valid() and attempt(form, lambda: self._write(request, form, row)) is not None:
            messages.success(request, _("Saved %(row)s.") % {"row": row})
            return HttpResponseRedirect(self.url("changelist"))
        return self._form_page(request, form, title=str(row), save=_("Save the changes"), original=row)

    def _write(self, request: HttpRequest, form: forms.BaseForm, row: Any) -> Model:
        fields = dict(form.cleaned_data)
        version, reason = fields.pop("version"), fields.pop("reason", "")
        actor, at = audit.person(request.user), clock.now()
        return self.change(row, fields, actor=actor, at=at, reason=reason, expected_version=version)

    def _form_page(self, request: HttpRequest, form: forms.BaseForm, **context: Any) -> HttpResponse:
        status = 422 if form.errors else 200
        return self.page(request, "admin/form.html", status=status, form=form, **context)

    def _label(self, name: str) -> str:
        return capfirst(str(label_for_field(name, self.model, self)))

    def _value(self, row: Model, name: str) -> Any:
        """As the list shows it: a field's choice in words, or what a method of the admin says."""
        field, _attribute, value = lookup_field(name, row, self)
        return display_for_field(value, field, "—") if field else value


class ReadOnlyAdmin(PulseAdmin):
    """Rows that only machines write."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def attempt(form: forms.BaseForm, write: Callable[[], Written]) -> Written | None:
    """One service call. What it refuses becomes errors of the form, which keeps all that was typed."""
    try:
        return write()
    except StaleVersion as stale:
        words = _("Somebody changed this while you were here. Your input is kept: compare, then save again.")
        form.add_error(None, words)
        if isinstance(form.data, QueryDict):
            form.data = form.data.copy()
            form.data["version"] = str(stale.found)
    except ValidationError as error:
        for name, problems in _by_field(error).items():
            known = name in form.fields and name != NON_FIELD_ERRORS
            form.add_error(name if known else None, problems)
    return None


def _by_field(error: ValidationError) -> Mapping[str, list[ValidationError]]:
    return error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
