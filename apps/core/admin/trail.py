"""The audit trail and what belongs to it: to read, filter and trust. Nothing here can be changed by anybody."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import clock, navigation
from apps.core.admin_ui import EnvironmentFilter, ReadOnlyAdmin
from apps.core.models import AuditEntry, AuditPending, AuditSeal, Tick
from apps.core.templatetags.pulseops import kind_words, pill, subject_link, when

MOST_PEOPLE = 50


class KindFilter(admin.SimpleListFilter):
    """The kinds that are known, not those that a scan of the whole trail would find."""

    title, parameter_name = gettext_lazy("kind"), "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, str(words).capitalize()) for kind, words in navigation.kinds().items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ActorFilter(admin.SimpleListFilter):
    title, parameter_name = gettext_lazy("actor"), "actor"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        names = User.objects.order_by("username").values_list("username", flat=True)[:MOST_PEOPLE]
        return [("SYSTEM", _("PulseOps itself")), ("KEY", _("API keys")), *((f"@{name}", name) for name in names)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        chosen = self.value() or ""
        if chosen.startswith("@"):
            return queryset.filter(actor_kind=AuditEntry.ActorKind.USER, actor_label=chosen[1:])
        return queryset.filter(actor_kind=chosen) if chosen else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("when", "actor_label", "did", "subject", "place", "reason", "sealed")
    list_select_related = ("project", "environment__project", "seal")
    list_filter = (KindFilter, "project", EnvironmentFilter, ActorFilter)
    search_fields = ("subject_label", "reason")
    ordering = ("-at", "-id")

    @admin.display(description=gettext_lazy("when"))
    def when(self, entry: AuditEntry) -> SafeString | str:
        return when(entry.at, clock.now())

    @admin.display(description=gettext_lazy("did"))
    def did(self, entry: AuditEntry) -> str:
        return kind_words(entry)

    @admin.display(description=gettext_lazy("object"))
    def subject(self, entry: AuditEntry) -> SafeString | str:
        return subject_link(entry)

    @admin.display(description=gettext_lazy("where"))
    def place(self, entry: AuditEntry) -> str:
        return str(entry.environment or entry.project or "")

    @admin.display(description=gettext_lazy("seal"))
    def sealed(self, entry: AuditEntry) -> SafeString:
        position = seal_position(entry)
        return pill("on", _("Sealed")) if position else pill("off", _("Waiting"))

    def detail(self, request: HttpRequest, row: AuditEntry) -> HttpResponse:
        return self.page(
            request, "admin/entry.html", title=str(row), entry=row, at=clock.now(), position=seal_position(row)
        )


def seal_position(entry: AuditEntry) -> int | None:
    """None while the sealer has not come to it."""
    seal = getattr(entry, "seal", None)
    return seal.position if seal else None


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnlyAdmin):
    list_display = ("position", "entry", "shown_digest", "sealed_at")
    list_select_related = ("entry",)
    ordering = ("-position",)
    shown = ("position", "entry", "shown_digest", "sealed_at")

    @admin.display(description=gettext_lazy("digest"))
    def shown_digest(self, seal: AuditSeal) -> str:
        return bytes(seal.digest).hex()


@admin.register(AuditPending)
class AuditPendingAdmin(ReadOnlyAdmin):
    list_display = ("entry",)
    list_select_related = ("entry",)
    ordering = ("entry_id",)


@admin.register(Tick)
class TickAdmin(ReadOnlyAdmin):
    list_display = ("name", "at")
    ordering = ("name",)
