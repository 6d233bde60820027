"""Creating a flag, and changing what is the same in every environment."""

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.approvals import ApprovalNotNeeded, ApprovalRequired
from apps.core.services import ReasonMissing, StaleVersion
from apps.flags import services
from apps.flags.domain.access import Action, needed
from apps.flags.domain.transitions import FlagIsArchived, NothingToChange
from apps.flags.forms import EditFlagForm, NewFlagForm, Variants
from apps.flags.models import Flag
from apps.flags.pages.base import (
    UNPROCESSABLE,
    FlagPage,
    FlagsPage,
    Refusal,
    archived,
    overtaken,
    rolling_out,
)
from apps.flags.services import FlagFields, FlagIsRollingOut


class CreatePage(FlagsPage):
    action = Action.CREATE
    title = gettext_lazy("New flag")
    template_name = "flags/edit.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        owner = request.user.pk
        return self.show(NewFlagForm(initial={"owner": owner, "type": Flag.Type.BOOLEAN}), Variants())

    def post(self, request: HttpRequest) -> HttpResponse:
        form, variants = NewFlagForm(request.POST), Variants(request.POST)
        form.instance.project = self.project
        valid = form.is_valid()
        read = variants.read(form.flag_type)
        created = self._create(form, variants, read) if valid and read is not None else None
        if created is None:
            return self.show(form, variants, UNPROCESSABLE)
        return HttpResponseRedirect(self.url("flag-detail", key=created.key))

    def _create(self, form: NewFlagForm, variants: Variants, read: list[tuple[str, object]]) -> Flag | None:
        given = form.cleaned_data
        owner = given.pop("owner")
        fields = {**given, "type": form.flag_type, "owner_id": owner and owner.pk, "variants": read}
        try:
            return services.create_flag(
                project_id=self.project.pk, fields=FlagFields(**fields), actor=self.actor, at=self.at
            )
        except ValidationError as error:
            distribute(error, form, variants)
            return None

    def show(self, form: NewFlagForm, variants: Variants, status: int = 200) -> HttpResponse:
        return self.render(
            status=status,
            form=form,
            variants=variants,
            crumbs=[(_("Flags"), self.url("flag-list"))],
            button=_("Create flag"),
            back=self.url("flag-list"),
        )


class EditPage(FlagPage):
    action = Action.EDIT
    template_name = "flags/edit.html"
    asks = False  # whether the button asks for approval: once saving was refused for want of it

    def permissions(self) -> tuple[str, ...]:
        """What is the same everywhere is as protected as the most protected environment."""
        return needed(self.action, protected=self.project.environments.filter(protected=True).exists())

    def get(self, request: HttpRequest) -> HttpResponse:
        form = EditFlagForm(instance=self.flag, initial={"version": self.flag.version})
        present = [(variant.key, variant.value) for variant in self.flag.variants.order_by("position")]
        return self.show(form, Variants(initial=present))

    def post(self, request: HttpRequest) -> HttpResponse:
        before, self.asks = self.flag, self.proposes
        form, variants = EditFlagForm(request.POST, instance=Flag.objects.get(pk=before.pk)), Variants(request.POST)
        valid = form.is_valid()
        read = variants.read(form.flag_type)
        if not valid or read is None:
            return self.show(form, variants, status=UNPROCESSABLE)
        refusal = self._save(form, variants, read)
        if refusal or form.errors or variants.at_fault:
            return self.show(form, variants, refusal, status=refusal.status if refusal else UNPROCESSABLE)
        return self.leave()

    def _save(self, form: EditFlagForm, variants: Variants, read: list[tuple[str, object]]) -> Refusal | None:
        try:
            self._change(form, read)
        except StaleVersion as error:
            return overtaken(form, self.flag, error.found)
        except FlagIsArchived:
            return archived(self)
        except FlagIsRollingOut:
            return rolling_out(self)
        except (ApprovalRequired, ApprovalNotNeeded) as error:
            self.asks = isinstance(error, ApprovalRequired)
            return self.unapproved(error)
        except NothingToChange:
            return Refusal(_("Nothing to change: it is like this already."))
        except ReasonMissing:
            form.add_error("reason", _("This reaches users of a protected environment: say why."))
        except ValidationError as error:
            distribute(error, form, variants)
        return None

    def _change(self, form: EditFlagForm, variants: list[tuple[str, object]]) -> None:
        given: dict[str, Any] = dict(form.cleaned_data)
        owner, reason, version = given.pop("owner"), given.pop("reason"), given.pop("version")
        fields = {**given, "owner_id": owner and owner.pk}
        signed: dict[str, Any] = {"actor": self.actor, "at": self.at, "expected_version": version, "reason": reason}
        if self.proposes:
            patch = {**fields, "variants": [{"key": key, "value": value} for key, value in variants]}
            about: dict[str, Any] = {"kind": "flags.flag_change", "subject_id": self.flag.pk, "environment_id": None}
            self.done = services.propose(**about, patch=patch, **signed)
        else:
            self.done = services.update_flag(flag_id=self.flag.pk, fields={**fields, "variants": variants}, **signed)

    def show(
        self, form: EditFlagForm, variants: Variants, refusal: Refusal | None = None, status: int = 200
    ) -> HttpResponse:
        return self.render(
            status=status,
            title=_("Edit %(flag)s") % {"flag": self.flag.key},
            form=form,
            variants=variants,
            refusal=refusal,
            asks=self.asks,
            button=_("Request approval") if self.asks else _("Save flag"),
            back=self.url("flag-detail", key=self.flag.key),
        )


def distribute(error: ValidationError, form: "ModelForm[Flag]", variants: Variants) -> None:
    """A service's complaints go to the fields they are about."""
    by_path = error.message_dict if hasattr(error, "error_dict") else {"": error.messages}
    for path, messages in by_path.items():
        for message in messages:
            if path in form.fields:
                form.add_error(path, message)
            elif path.startswith("variants"):
                variants.add_fault(path, message)
            else:
                form.add_error(None, _problem(path, message))


def _problem(path: str, message: str) -> str:
    if path.startswith(("rules", "default_variant", "off_variant")):
        return _("An environment still serves a variant that would be gone: %(message)s.") % {"message": message}
    return f"{path}: {message}" if path else message
