"""What a proxy's configuration has to hold so that the portal can move its traffic, to copy. docs tell the rest."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from apps.core.navigation import Label

CADDY = """{
  "admin": {"listen": "127.0.0.1:2019"},
  "apps": {"http": {"servers": {"shop": {
    "listen": [":8080"],
    "routes": [{"handle": [{
      "@id": "shop",
      "handler": "reverse_proxy",
      "upstreams": [{"dial": "10.0.0.5:8000"}, {"dial": "10.0.0.6:8000"}],
      "load_balancing": {
        "selection_policy": {"policy": "weighted_round_robin", "weights": [1, 0]},
        "try_duration": "2s"
      }
    }]}]
  }}}}
}"""
HAPROXY = """global
    stats socket /run/haproxy/admin.sock mode 660 level admin
defaults
    mode http
    option redispatch 1
    retries 3
    timeout connect 2s
    timeout client 30s
    timeout server 30s
frontend shop
    bind :8080
    default_backend shop
backend shop
    balance roundrobin
    server blue 10.0.0.5:8000 weight 256 check inter 500ms fall 2
    server green 10.0.0.6:8000 weight 0 check inter 500ms fall 2"""


@dataclass(frozen=True, slots=True)
class Snippet:
    title: Label
    hint: Label
    code: str


BY_DRIVER = {
    "CADDY": Snippet(
        _("Caddy's configuration"),
        _(
            "JSON, as a Caddyfile gives no @id. Both upstreams are there from the start, the spare one with weight 0. "
            "Whoever reaches the admin API rules Caddy: keep it on loopback, or on a socket."
        ),
        CADDY,
    ),
    "HAPROXY": Snippet(
        _("haproxy.cfg"),
        _(
            "The socket has to be of level admin. Both servers are there from the start, the spare one with weight 0. "
            "After a restart HAProxy has the weights of this file; the portal sets them again."
        ),
        HAPROXY,
    ),
}
