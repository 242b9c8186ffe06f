"""What the scripts of this folder share: starting a program, asking it over HTTP, telling what failed. Standard library only."""
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback

PATIENCE_S = 20  # for what must come; nothing here is measured


class Simulator:
    """outcry-buyers with a scenario; .address is the shared one, .own maps a buyer to its own addresses."""

    def __init__(self, program, scenario, *options):
        self.folder = tempfile.TemporaryDirectory()
        path = os.path.join(self.folder.name, "scenario.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(scenario, file)
        self.process = subprocess.Popen([program, "--scenario", path, *options], stdout=subprocess.PIPE, text=True)
        self.address, self.own = None, {}
        for line in self.process.stdout:
            words = line.split()
            if words[0] == "ready":
                return
            if len(words) == 2:
                self.address = words[1]
            else:
                self.own[tuple(words[2:])] = words[1]
        raise AssertionError("the simulator ended before it was ready")

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        self.folder.cleanup()
        if failure[0] is None:
            same(status, 0, "exit status after SIGTERM")

    def ask(self, method, path, body=None, fields=None, address=None):
        """(status, body as bytes); http.client's exceptions where there is no whole answer."""
        connection = http.client.HTTPConnection(address or self.address, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, fields or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def ping(self, buyer, lead=None, **more):
        return self.ask("POST", f"/{buyer}/ping", json.dumps({"type": "ping", "lead": lead or {}}), **more)

    def post(self, buyer, post_id, price="10.00", **more):
        return self.ask("POST", f"/{buyer}/post", json.dumps({"type": "post", "post_id": post_id, "price": price}), **more)

    def verdict(self, buyer, post_id):
        return json.loads(self.post(buyer, post_id)[1])

    def bid(self, buyer, lead=None):
        return json.loads(self.ping(buyer, lead)[1])

    def stats(self, buyer):
        return json.loads(self.ask("GET", f"/stats?buyer={buyer}")[1])["buyers"][0]

    def control(self, **order):
        status, body = self.ask("POST", "/control", json.dumps(order))
        return status, json.loads(body)

    def until(self, buyer, key, value):
        """Waits until a count of the buyer is that value."""
        give_up = time.monotonic() + PATIENCE_S
        while self.stats(buyer)[key] != value:
            if time.monotonic() > give_up:
                raise AssertionError(f"{buyer}: {key} is {self.stats(buyer)[key]}, not {value}")
            time.sleep(0.005)


def same(found, wanted, what=""):
    if found != wanted:
        raise AssertionError(f"{what}: found {found!r}, wanted {wanted!r}")


def raw(address, text, read_all=True):
    """What comes back for these bytes until the peer closes, or 'reset'."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as peer:
        peer.sendall(text)
        got = b""
        try:
            while part := peer.recv(65536):
                got += part
                if not read_all:
                    break
        except ConnectionResetError:
            return "reset"
        return got


def request(path, body=b"{}", method="POST"):
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def run_all(names):
    """Every function whose name starts with test_, in order; exit status 1 if one fails."""
    failed = 0
    for name, function in names.items():
        if not name.startswith("test_"):
            continue
        try:
            function()
            print(f"ok   {name}")
        except Exception:  # the others still run
            failed += 1
            print(f"FAIL {name}")
            traceback.print_exc(file=sys.stdout)
    sys.exit(1 if failed else 0)
