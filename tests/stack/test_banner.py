"""What the operator reads when the portal answers."""

import json
import shlex

from pulseops.stack import banner
from pulseops.stack.demo import DemoFacts, Login

FACTS = DemoFacts(
    logins=[Login("maya", "pass word", "toggles"), Login("omar", "secret", "approves")],
    client_key="pulse_client_abc",
    flag_key="aiSummarization",
)


def test_the_command_is_one_line_that_a_shell_understands() -> None:
    said = banner.text("http://127.0.0.1:8000", FACTS, 3.21)

    line = next(line for line in said.splitlines() if "curl" in line)
    words = shlex.split(line)
    assert words[:5] == ["curl", "-s", "-X", "POST", "http://127.0.0.1:8000/ofrep/v1/evaluate/flags/aiSummarization"]
    assert "Authorization: Bearer pulse_client_abc" in words
    assert json.loads(words[-1]) == {"context": {"targetingKey": "u-42"}}
    assert "http://127.0.0.1:8000 (3.2 s)" in said
    assert "maya / pass word  (toggles)" in said


def test_without_the_demo_the_first_administrator_is_the_next_step() -> None:
    assert "manage.py createsuperuser" in banner.text("http://127.0.0.1:8000", None, 1)


def test_it_says_where_kept_mail_is_read() -> None:
    assert "http://127.0.0.1:8000/admin/mail/" in banner.text("http://127.0.0.1:8000", None, 1, mail=True)
    assert "mail" not in banner.text("http://127.0.0.1:8000", None, 1)
