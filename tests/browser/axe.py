"""axe-core over one page. It injects styles, so what the console says must be checked before it runs."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_axe = Axe()


def violations(page: Page) -> list[str]:
    """Each as "rule: what is wrong (where)"; empty is what is wanted."""
    return _run(page, {"type": "tag", "values": TAGS})


def colour_violations(page: Page) -> list[str]:
    """The rules that the colour scheme decides; the others see the same page in both."""
    return _run(page, {"type": "rule", "values": ["color-contrast", "link-in-text-block"]})


def _run(page: Page, rules: dict[str, Any]) -> list[str]:
    options: dict[str, Any] = {"runOnly": rules}
    found = _axe.run(page, options=options).response["violations"]
    return [f"{rule['id']}: {rule['help']} ({_places(rule)})" for rule in found]


def _places(rule: dict[str, Any]) -> str:
    return "; ".join(str(node["target"]) for node in rule["nodes"][:4])
