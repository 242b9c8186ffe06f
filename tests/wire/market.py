"""An exchange and its buyers as real processes, out of a play's short form (tests/plays/README.md): the files, the start, the
kill, and what affiliates, buyers and operators ask over HTTP. Standard library only."""
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time

PATIENCE_S = 20  # for what must come; nothing here is measured
PLAYS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "plays")
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def merged(base, over):
    """Deep, over wins; None takes a member away."""
    if not isinstance(base, dict) or not isinstance(over, dict):
        return base if over is None else over
    out = {key: merged(value, over.get(key)) for key, value in base.items() if not (key in over and over[key] is None)}
    out.update({key: value for key, value in over.items() if key not in base and value is not None})
    return out


def read(path):
    """A play; "@+2" is the day after tomorrow (UTC, as the buyers' zone)."""
    today = time.gmtime().tm_wday
    with open(path, encoding="utf-8") as file:
        return json.loads(re.sub(r"@\+(\d)", lambda day: DAYS[(today + int(day[1])) % 7], file.read()))


def make_certificate(folder, days=2):
    """A certificate for 127.0.0.1, its own authority; False: there is no openssl."""
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days), "-subj", "/CN=plays",
               "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"]
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except FileNotFoundError:
        return False


class Keys:
    """Keys made once for all plays: `outcry key new`."""

    def __init__(self, outcry):
        self.outcry, self.made, self.lock = outcry, {}, threading.Lock()

    def of(self, kind, number):
        with self.lock:
            if (kind, number) not in self.made:
                text = subprocess.run([self.outcry, "key", "new", kind, "--json"], capture_output=True, check=True, text=True).stdout
                self.made[kind, number] = json.loads(text)
            return self.made[kind, number]


class Asked:
    """One request under way on a connection of its own; .answer is (status, body) once it is there."""

    def __init__(self, address, context, method, path, body, fields):
        self.answer, self.left = None, False
        host, port = address.rsplit(":", 1)
        try:
            self.socket = socket.create_connection((host, int(port)), timeout=PATIENCE_S * 2)
            if context:
                self.socket = context.wrap_socket(self.socket, server_hostname=host)
            head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
            self.socket.sendall(f"{method} {path} HTTP/1.1\r\nHost: {address}\r\n{head}Content-Type: application/json\r\n"
                                f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        except OSError:
            self.answer = (0, b"")
            return
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            answer = http.client.HTTPResponse(self.socket)
            answer.begin()
            self.answer = (answer.status, answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            if not self.left:
                self.answer = (0, b"")

    def hang_up(self):
        self.left = True
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.socket.close()

    def whole(self):
        give_up = time.monotonic() + PATIENCE_S * 2
        while self.answer is None and time.monotonic() < give_up:
            time.sleep(0.002)
        return self.answer or (0, b"")


class Market:
    """The processes of one play in a folder of their own."""

    def __init__(self, outcry, buyers, keys, folder, play, certificate=None):
        self.outcry, self.program, self.keys, self.folder, self.certificate = outcry, buyers, keys, folder, certificate
        self.play, self.defaults = play, json.load(open(os.path.join(PLAYS, "defaults.json"), encoding="utf-8"))
        self.context = ssl.create_default_context(cafile=f"{certificate}/cert.pem") if certificate else None
        self.exchange = self.simulator = None
        self.own = {}

    # --- files ---

    def affiliates(self, play):
        return play.get("affiliates") or {"best": {}}

    def key_of(self, affiliate, kind="affiliate"):
        return self.keys.of(kind, list(self.affiliates(self.play)).index(affiliate))["key"]

    def buyer_key(self, buyer):
        return self.keys.of("buyer", list(self.play["buyers"]).index(buyer))["key"]

    def url(self, buyer, path):
        address = self.own.get((buyer, "post") if path == "post" else (buyer,)) or self.own.get((buyer,)) or self.shared
        return f"{'https' if self.certificate else 'http'}://{address}/{buyer}/{path}"

    def contract(self, name, buyer, given):
        contract = {"id": name, "campaign": "auto", "post_url": self.url(buyer, "post"), **merged(self.defaults["contract"], given)}
        if contract.get("delivery") == "inbox":
            del contract["post_url"]
        if contract["price"] == "live":
            contract["ping_url"] = self.url(buyer, "ping")
        if contract.pop("status", None):
            contract["status_url"] = self.url(buyer, "status")
        if tests_at := contract.pop("tests_at", None):
            contract["test"] = {path + "_url": self.url(tests_at, path) for path in ("ping", "post") if path + "_url" in contract}
        return contract

    def catalogue(self, play):
        buyers = []
        for number, (name, buyer) in enumerate(play["buyers"].items()):
            contracts = buyer["contracts"] if "contracts" in buyer else {name: buyer.get("contract", {})}
            buyers.append({"id": name, "keys": [self.keys.of("buyer", number)["hash"]], **merged(self.defaults["buyer"], buyer.get("is", {})),
                           "contracts": [self.contract(key, name, given) for key, given in contracts.items()]})
        more = [{"id": name, **merged(self.defaults["campaign"], given)} for name, given in play.get("campaigns", {}).items()]
        return {"campaigns": [{"id": "auto", **merged(self.defaults["campaign"], play.get("campaign", {}))}, *more],
                **({"lists": play["lists"]} if "lists" in play else {}),
                "affiliates": [{"id": name, "keys": [self.keys.of(kind, number)["hash"] for kind in ("affiliate", "affiliate-test")],
                                **merged(self.defaults["affiliate"], given)}
                               for number, (name, given) in enumerate(self.affiliates(play).items())],
                "buyers": buyers}

    def settings(self, play):
        tls = {"certificate": f"{self.certificate}/cert.pem", "key": f"{self.certificate}/key.pem"} if self.certificate else None
        return {"listen": {"public": "127.0.0.1:0", "admin": "127.0.0.1:0"}, "catalogue": "market.yaml", "workers": 1,
                "ledger": {"path": "data", "map_size": "64MiB"}, "log": {"format": "json"},
                "admin_keys": [self.keys.of("admin", 0)["hash"]], **({"tls": tls} if tls else {}),
                "endpoints": {"allow_private": True, **({"ca": f"{self.certificate}/cert.pem"} if tls else {})},
                **merged(self.defaults["settings"], play.get("settings", {}))}

    def write(self, name, value):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            json.dump(value, file)

    def write_files(self, play):
        self.write("outcry.yaml", self.settings(play))
        self.write("market.yaml", self.catalogue(play))
        for name, text in play.get("files", {}).items():
            with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
                file.write(text)

    # --- processes ---

    def start(self):
        secret = self.defaults["buyer"]["signing_secret"]
        scenario = {"listen": "127.0.0.1:0", "private": ["first_name", "phone", "email"],
                    "buyers": [{"name": name, **merged({"secret": secret, **self.defaults["does"]}, buyer.get("does", {}))}
                               for name, buyer in self.play["buyers"].items()]}
        if self.certificate:
            scenario["tls"] = {"certificate": f"{self.certificate}/cert.pem", "key": f"{self.certificate}/key.pem"}
        self.write("scenario.json", scenario)
        self.simulator = subprocess.Popen([self.program, "--scenario", f"{self.folder}/scenario.json"], stdout=subprocess.PIPE, text=True)
        for line in self.simulator.stdout:
            words = line.split()
            if words[0] == "ready":
                break
            if len(words) == 2:
                self.shared = words[1]
            else:
                self.own[tuple(words[2:])] = words[1]
        else:
            raise AssertionError("the simulated buyers did not start")
        self.write_files(self.play)
        self.start_exchange()

    def start_exchange(self):
        self.log = open(f"{self.folder}/log", "a+", encoding="utf-8")
        self.log_from = os.path.getsize(f"{self.folder}/log")
        self.exchange = subprocess.Popen([self.outcry, "serve", "--config", f"{self.folder}/outcry.yaml", "--seed", "7"], stderr=self.log)
        ready = self.await_log("exchange.ready")
        self.public, self.admin = ready["public"], ready["admin"]

    def await_log(self, event):
        """The first line of that event since the last start."""
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            has_ended = self.exchange.poll() is not None
            with open(f"{self.folder}/log", encoding="utf-8") as reader:
                reader.seek(self.log_from)
                for line in reader:
                    if line.startswith("{") and line.endswith("\n") and json.loads(line)["event"] == event:
                        return json.loads(line)
            if has_ended:
                break
            time.sleep(0.005)
        raise AssertionError(f"no {event} in the log: {open(f'{self.folder}/log', encoding='utf-8').read()[-600:]}")

    def kill(self):
        self.exchange.kill()
        self.exchange.wait()
        self.log.close()

    def drain(self):
        self.exchange.send_signal(signal.SIGTERM)
        self.await_log("exchange.draining")

    def ended(self):
        status = self.exchange.wait(PATIENCE_S)
        self.log.close()
        if status != 0:
            raise AssertionError(f"exit status {status}: {open(f'{self.folder}/log', encoding='utf-8').read()[-600:]}")

    def close(self):
        for process in (self.exchange, self.simulator):
            if process and process.poll() is None:
                process.kill()
                process.wait()
        if self.simulator:
            self.simulator.stdout.close()

    # --- asking ---

    def ask(self, method, path, body, key, more=None):
        """Goes on by itself: see Asked."""
        return Asked(self.public, self.context, method, path, json.dumps(body).encode() if body is not None else b"",
                     {"Authorization": f"Bearer {key}", **(more or {})})

    def public_answer(self, method, path, body, key):
        status, text = self.ask(method, path, body, key).whole()
        return status, json.loads(text) if text else None

    def put_list(self, name, text, key):
        asked = Asked(self.public, self.context, "PUT", f"/v1/buyer/lists/{name}", text.encode(), {"Authorization": f"Bearer {key}"})
        return asked.whole()[0]

    def operator(self, method, path, body=None):
        asked = Asked(self.admin, None, method, path, json.dumps(body).encode() if body is not None else b"",
                      {"Authorization": f"Bearer {self.keys.of('admin', 0)['key']}"})
        status, text = asked.whole()
        return status, json.loads(text) if text else None

    def buyers(self, method, path, body=None):
        status, text = Asked(self.shared, self.context, method, path, json.dumps(body).encode() if body is not None else b"", {}).whole()
        if status != 200:
            raise AssertionError(f"{path}: {status} {text}")
        return json.loads(text)

    def whatif(self):
        """What `outcry whatif` tells of the last hour under the catalogue that is served."""
        done = subprocess.run([self.outcry, "whatif", "--catalogue", f"{self.folder}/market.yaml", "-1h", "now", "--json", "--config",
                               f"{self.folder}/outcry.yaml"], capture_output=True, text=True, check=True)
        return json.loads(done.stdout)

    def ledger(self, verb):
        """`outcry ledger VERB --json`: (exit status, what it printed)."""
        done = subprocess.run([self.outcry, "ledger", verb, "--json", "--config", f"{self.folder}/outcry.yaml"], capture_output=True, text=True)
        return done.returncode, done.stdout
