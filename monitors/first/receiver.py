"""A receiver of notices for trying things out: ``python3 receiver.py [PORT]`` prints each one. Needs Python alone."""

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Receiver(BaseHTTPRequestHandler):
    """Takes what a webhook of lineman's is sent."""

    def do_POST(self) -> None:
        """Print a notice; answer that it has arrived."""
        notice = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        sys.stdout.write(f"TOLD  {notice['title']}\n")
        for line in notice["body"].splitlines():
            sys.stdout.write(f"      {line}\n")
        sys.stdout.flush()
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Print notices only."""


if __name__ == "__main__":
    HTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8081), Receiver).serve_forever()
