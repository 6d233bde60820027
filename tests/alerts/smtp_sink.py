"""A mail server on loopback that keeps what it takes, and refuses or hangs as it is told."""

import email
import socketserver
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import default


@dataclass
class Sink:
    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)  # commands, in capitals


class Handler(socketserver.StreamRequestHandler):
    server: "Server"

    def handle(self) -> None:
        with suppress(OSError):
            self._say("220 sink")
            while line := self.rfile.readline():
                self._answer(line.decode().strip())

    def _answer(self, line: str) -> None:
        command = line.upper()
        self.server.kept.said.append(command)
        special = next((words for start, words in self.server.answers.items() if command.startswith(start)), "")
        if special:
            self._say(special)
        elif command.startswith("EHLO"):
            self._say("250-sink\r\n250 8BITMIME")
        elif command == "DATA":
            self._say("354 go on")
            self._take()
        else:
            if command.startswith("RCPT"):
                self.server.kept.recipients.append(line[9:].partition(">")[0])
            self._say("250 fine")

    def _take(self) -> None:
        lines = iter(self.rfile.readline, b".\r\n")
        whole = b"".join(line.removeprefix(b".") if line.startswith(b"..") else line for line in lines)
        mail = email.message_from_bytes(whole, policy=default)
        assert isinstance(mail, EmailMessage)
        self.server.kept.mails.append(mail)
        self._say("250 taken")

    def _say(self, words: str) -> None:
        self.wfile.write(words.encode() + b"\r\n")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True
    block_on_close = False

    def __init__(self, answers: Mapping[str, str]) -> None:
        self.answers = answers
        super().__init__(("127.0.0.1", 0), Handler)
        self.kept = Sink(self.server_address[1])


@contextmanager
def sink(answers: Mapping[str, str] | None = None) -> Iterator[Sink]:
    """`answers` are replies to commands by their beginning, such as {"RCPT TO:<BAD": "550 no"}."""
    with Server(answers or {}) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server.kept
        finally:
            server.shutdown()
