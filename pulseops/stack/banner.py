"""What `up` prints when the portal answers: where it is, who may log in, what to try first."""

import json
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pulseops.stack.demo import DemoFacts


def text(url: str, facts: "DemoFacts | None", seconds: float, *, mail: bool = False, shop: str = "") -> str:
    lines = ["", f"PulseOps answers at {url} ({seconds:.1f} s)", ""]
    if facts:
        lines += [f"  log in as  {name} / {password}  ({role})" for name, password, role in facts.logins]
        lines += [
            "",
            "  ask for a flag as a client app does:",
            f"  {curl(url, facts.flag_key, facts.client_key)}",
        ]
    else:
        lines += ["  first administrator:  .venv/bin/python manage.py createsuperuser"]
    if shop:
        lines += ["", f"  the demo's product, to deploy and to break:  {shop}"]
    if mail:
        lines += ["", f"  mail is kept and not sent; read it at  {url}/admin/mail/"]
    return "\n".join([*lines, "", "  Ctrl-C stops everything; the data stays. `make reset` starts over.", ""])


def curl(url: str, flag_key: str, client_key: str) -> str:
    body = json.dumps({"context": {"targetingKey": "u-42"}}, separators=(",", ":"))
    command = ["curl", "-s", "-X", "POST", f"{url}/ofrep/v1/evaluate/flags/{flag_key}"]
    headers = ["-H", f"Authorization: Bearer {client_key}", "-H", "Content-Type: application/json"]
    return shlex.join([*command, *headers, "-d", body])
