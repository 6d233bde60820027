"""Mail that is kept instead of sent: the list, one mail, its HTML alone, and the file. Only where `up` keeps mail.

It holds links that act for whoever got them, so that those who may change channels read it, and nobody else.
"""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.console.selectors import mail as kept
from apps.core.middleware import CONTENT_SECURITY_POLICY
from apps.core.pages import Page

# Of a mail's own HTML: it may look as it likes, and load, run, send and lead nowhere.
LOCKED = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


class MailBase(Page):
    permission = ("alerts.view_channel", "alerts.change_channel")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        refused = self.refuse(*self.permissions())
        if refused is None and not settings.MAIL_SINK:
            raise Http404("Mail is sent here, not kept.")
        return refused or super().dispatch(request, *args, **kwargs)

    def find(self, name: str) -> kept.Mail:
        found = kept.mail(name)
        if found is None:
            raise Http404("There is no such mail any more.")
        return found


class MailList(MailBase):
    title = gettext_lazy("Mail")
    template_name = "console/mails.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.render(mails=list(kept.mails()))


class MailPage(MailBase):
    template_name = "console/mail.html"

    def get(self, request: HttpRequest, mail: str) -> HttpResponse:
        found = self.find(mail)
        title = found.subject or _("Mail without a subject")
        page = self.render(title=title, mail=found, crumbs=[(_("Mail"), reverse("admin:mail-list"))])
        page.headers["Content-Security-Policy"] = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
        return page


class MailHtml(MailBase):
    def get(self, request: HttpRequest, mail: str) -> HttpResponse:
        headers = {"Content-Security-Policy": LOCKED, "X-Frame-Options": "SAMEORIGIN", "Referrer-Policy": "no-referrer"}
        return HttpResponse(self.find(mail).html, headers=headers)


class MailRaw(MailBase):
    def get(self, request: HttpRequest, mail: str) -> HttpResponse:
        whole = kept.raw(mail)
        if whole is None:
            raise Http404("There is no such mail any more.")
        headers = {"Content-Disposition": f'attachment; filename="{mail}.eml"'}
        return HttpResponse(whole, content_type="message/rfc822", headers=headers)
