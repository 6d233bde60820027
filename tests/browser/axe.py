"""axe-core over one page. It injects styles, so what the console says must be checked before it runs."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]
from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# Only violations are brought back: what passed is a megabyte a page.
# Style sheets are for a rule that is not asked for; axe would load them anew before each run.
RUN = """async options => (await axe.run({
    ...options, resultTypes: ['violations'], preload: {assets: ['media']}
})).violations"""


def violations(page: Page) -> list[str]:
    """Each as "rule: what is wrong (where)"; empty is what is wanted."""
    return _run(page, {"type": "tag", "values": TAGS})


def colour_violations(page: Page) -> list[str]:
    """The rules that the colour scheme decides; the others see the same page in both."""
    return _run(page, {"type": "rule", "values": ["color-contrast", "link-in-text-block"]})


def _run(page: Page, rules: dict[str, Any]) -> list[str]:
    if not page.evaluate("'axe' in window"):
        page.add_init_script(AXE_SCRIPT)  # sent once, for all pages to come
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(RUN, {"runOnly": rules})
    return [f"{rule['id']}: {rule['help']} ({_places(rule)})" for rule in found]


def _places(rule: dict[str, Any]) -> str:
    return "; ".join(str(node["target"]) for node in rule["nodes"][:4])
