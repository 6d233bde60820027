"""What the demo is about: a messaging app, its people, groups and flags."""

from typing import NamedTuple

PEOPLE = (
    ("maya", "Product", "product manager: toggles flags"),
    ("omar", "Administrator", "administrator: reviews and approves"),
)
GROUPS = (
    ("internal", "Internal", ["maya", "omar", "u-1"]),
    ("beta-testers", "Beta testers", ["u-7", "u-42", "u-99"]),
    ("early-adopters", "Early adopters", ["u-100", "u-200", "u-300"]),
)


class DemoFlag(NamedTuple):
    key: str
    name: str
    tag: str
    percentages: tuple[int, ...]  # in the order they were reached, a week each


FLAGS = (
    DemoFlag("splitViewLayout", "Split view layout", "layout", (25, 100)),
    DemoFlag("hoverReactions", "Hover reactions", "messages", (50, 100)),
    DemoFlag("sidebarTabs", "Sidebar tabs", "layout", (100,)),
    DemoFlag("focusMode", "Focus mode", "layout", (10, 50, 100)),
    DemoFlag("crmIntegration", "CRM integration", "crm", (100,)),
    DemoFlag("toolsPanel", "Tools panel", "layout", (25, 100)),
    DemoFlag("aiSummarization", "AI summarization", "ai", (10, 50)),
    DemoFlag("smartFolders", "Smart folders", "ai", (10, 25)),
    DemoFlag("voiceMessages", "Voice messages", "messages", ()),
)


EUROPEANS = {"attr": ["country"], "op": "in", "value": ["DE", "FR", "ES", "IT", "NL", "PL"]}
PAYING = {"attr": ["plan"], "op": "in", "value": ["pro", "team"]}
RULES = [
    {"id": "staff", "when": {"segment": ["internal"]}, "serve": {"variant": "unlimited"}},
    {
        "id": "paying-europeans",
        "when": {"all": [{"segment": ["european-customers"]}, PAYING]},
        "serve": {"split": [["unlimited", 50_000], ["long", 50_000]]},
    },
    {
        "id": "new-apps",
        "when": {"attr": ["appVersion"], "op": "semver_gte", "value": "2.4.0"},
        "serve": {"variant": "long"},
    },
]
HISTORY = (("short", 30), ("long", 365), ("unlimited", 0))  # days that messages are kept; 0 is for ever
