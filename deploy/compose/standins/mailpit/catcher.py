#!/usr/bin/env python3
"""Takes mail at port 1025 and lists it at 8025 as Mailpit does: GET /api/v1/messages, /readyz."""

import json
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

MAIL: list[dict[str, Any]] = []


class Mailbox:
    """What aiosmtpd hands each message to."""

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, _smtp: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep a message, newest first."""
        message = message_from_bytes(envelope.original_content or b"", policy=policy.default)
        to = [{"Name": "", "Address": address} for address in envelope.rcpt_tos]
        MAIL.insert(0, {"Subject": str(message["subject"]), "To": to})
        return "250 OK"


class Listing(BaseHTTPRequestHandler):
    """The two routes of Mailpit that are asked for."""

    def do_GET(self) -> None:
        """List every message; any other path says that the catcher lives."""
        found = self.path == "/api/v1/messages"
        body = json.dumps({"total": len(MAIL), "messages": MAIL} if found else {}).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    Controller(Mailbox(), hostname="0.0.0.0", port=1025).start()  # noqa: S104  # in a container
    ThreadingHTTPServer(("0.0.0.0", 8025), Listing).serve_forever()  # noqa: S104  # likewise
