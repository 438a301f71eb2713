"""A mail server of this machine that knows some people and not others."""

from __future__ import annotations

import contextlib
import email
import email.policy
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from tests.monitor.servers import free_port


@dataclass
class Mailbox:
    """What arrived, as pairs of a person and a message."""

    port: int = 0
    unknown: set[str] = field(default_factory=set)
    """People whom the server refuses."""
    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)

    def url(self, *people: str) -> str:
        """Apprise's address of these people."""
        return f"mailto://127.0.0.1:{self.port}?from=lineman@example.com&to={','.join(people)}"

    def subjects(self, person: str) -> list[str]:
        return [str(mail["Subject"]) for name, mail in self.mails if name == person]

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:  # noqa: N802 - aiosmtpd
        if address in self.unknown:
            return "550 5.1.1 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: Any, __: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self.mails += [(person, mail) for person in envelope.rcpt_tos]
        return "250 OK"


@contextlib.contextmanager
def mail_server() -> Iterator[Mailbox]:
    box = Mailbox(free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
