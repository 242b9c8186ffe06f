"""Where notices and copies arrive: an HTTP server that keeps what it got, in order, and checks each signature by the words of Standard
Webhooks 1.0, with nothing of the exchange's own code. Standard library only."""
import base64
import hashlib
import hmac
import http.server
import json
import threading
import time

from plain import PATIENCE_S

SKEW_S = 300


def signed_well(secrets, fields, body):
    """v1,base64(HMAC-SHA256(secret, id.timestamp.body)): any of the entries, by any of the secrets."""
    message = f"{fields['webhook-id']}.{fields['webhook-timestamp']}.".encode() + body
    wanted = {"v1," + base64.b64encode(hmac.new(base64.b64decode(secret.removeprefix("whsec_")), message, hashlib.sha256).digest()).decode()
              for secret in secrets}
    recent = abs(time.time() - int(fields["webhook-timestamp"])) <= SKEW_S
    return recent and wanted <= set(fields["webhook-signature"].split(" "))


class Receiver:
    """.got: what was received, as (path, body, is_signed, webhook-id); .says: the status of the next answers, by path."""

    def __init__(self, *secrets, port=0):
        self.secrets, self.got, self.says, self.lock, self.hold = secrets, [], {}, threading.Lock(), None
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                signed = signed_well(receiver.secrets, self.headers, body)
                with receiver.lock:
                    receiver.got.append((self.path, json.loads(body), signed, self.headers["webhook-id"]))
                    says = receiver.says.get(self.path, 200)
                self.send_response(says)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *unused):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def of(self, path):
        with self.lock:
            return [one for one in self.got if one[0] == path]

    def until(self, path, count, what=""):
        """The first `count` at that path; waits for them."""
        give_up = time.monotonic() + PATIENCE_S
        while len(self.of(path)) < count:
            if time.monotonic() > give_up:
                raise AssertionError(f"{what}: {count} at {path} do not come: {self.got}")
            time.sleep(0.01)
        return self.of(path)

    def close(self):
        self.server.shutdown()
        self.server.server_close()
