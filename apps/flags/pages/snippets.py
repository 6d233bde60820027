"""Code to copy that asks for one flag, filled in for this environment."""

from dataclasses import dataclass
from datetime import datetime

import orjson
from django.utils.translation import gettext as _

from apps.core import selectors as core
from apps.core.models import ApiKey, Environment
from apps.flags.domain.engine.definitions import FlagType
from apps.flags.models import Flag

PLACEHOLDER = "YOUR_API_KEY"
READERS = {  # type -> (Python method, JavaScript method, the code's own default in both)
    FlagType.BOOLEAN: ("boolean", "Boolean", False),
    FlagType.STRING: ("string", "String", ""),
    FlagType.INTEGER: ("integer", "Number", 0),
    FlagType.FLOAT: ("float", "Number", 0.0),
    FlagType.OBJECT: ("object", "Object", {}),
}


@dataclass(frozen=True, slots=True)
class Snippet:
    title: str
    code: str

    @property
    def label(self) -> str:
        """Of the copy button."""
        return _("Copy the snippet for %(title)s") % {"title": self.title}


def client_key(environment: Environment, *, at: datetime) -> str:
    """The newest client key that works; publishable, so it may be shown. Empty when there is none."""
    keys = core.api_keys(environment.project).filter(environment=environment, kind=ApiKey.Kind.CLIENT)
    usable = keys.filter(revoked_at=None).exclude(expires_at__lte=at)
    return usable.values_list("publishable_token", flat=True).first() or ""


def for_flag(flag: Flag, key: str, public_url: str) -> list[Snippet]:
    """Client keys read only what is exposed, so others get a placeholder to fill in."""
    key = key if key and flag.client_exposed else PLACEHOLDER
    return [
        Snippet(_("curl"), _curl(flag, key, public_url)),
        Snippet(_("JavaScript (OpenFeature web)"), _javascript(flag, key, public_url)),
        Snippet(_("Python (OpenFeature)"), _python(flag, key, public_url)),
    ]


def _curl(flag: Flag, key: str, url: str) -> str:
    return (
        f"curl -s {url}/ofrep/v1/evaluate/flags/{flag.key} \\\n"
        f"  -H 'Authorization: Bearer {key}' \\\n"
        "  -H 'Content-Type: application/json' \\\n"
        '  -d \'{"context": {"targetingKey": "u-42"}}\''
    )


def _javascript(flag: Flag, key: str, url: str) -> str:
    _method, method, default = READERS[FlagType(flag.type)]
    return f"""import {{ OpenFeature }} from "@openfeature/web-sdk";
import {{ OFREPWebProvider }} from "@openfeature/ofrep-web-provider";

await OpenFeature.setContext({{ targetingKey: "u-42" }});
await OpenFeature.setProviderAndWait(
  new OFREPWebProvider({{ baseUrl: "{url}", headers: [["Authorization", "Bearer {key}"]] }}),
);
const value = OpenFeature.getClient().get{method}Value("{flag.key}", {orjson.dumps(default).decode()});"""


def _python(flag: Flag, key: str, url: str) -> str:
    method, _method, default = READERS[FlagType(flag.type)]
    return f"""from openfeature import api
from openfeature.contrib.provider.ofrep import OFREPProvider
from openfeature.evaluation_context import EvaluationContext

api.set_provider(OFREPProvider("{url}", headers_factory=lambda: {{"Authorization": "Bearer {key}"}}))
value = api.get_client().get_{method}_value("{flag.key}", {default!r}, EvaluationContext("u-42"))"""
