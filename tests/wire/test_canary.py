"""Private fields stay private: leads full of marked texts go through a real exchange in every way there is, good and bad, over a kill, a
change of keys and an erasure; then nothing it wrote, stored or told to others may hold a mark, plain or encoded, nor a secret. And an
exchange that aborts leaves no core. usage: test_canary.py outcry outcry-buyers"""
import base64
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import urllib.parse

import market
from plain import run_all, same

OUTCRY, BUYERS = map(os.path.abspath, sys.argv[1:3])
KEYS = market.Keys(OUTCRY)
MARK = "zq7canary"
PHONES = ["+14155550171", "4155550172"]
PRIVATE = {"first_name": f"{MARK} Ann", "phone": PHONES[0], "email": f"{MARK}@example.com", "street": f"{MARK} street 5",
           "more": {"deep": [f"{MARK} deep"]}}
CONSENT = {"tcpa": True, "ip": "203.0.113.171", "user_agent": f"{MARK} agent", "text": f"{MARK} text", "page_url": f"https://example.com/{MARK}"}
MARKS = [MARK.encode(), *(phone.lstrip("+")[-10:].encode() for phone in PHONES), b"203.0.113.171"]
ECHOES = [f"known: {MARK} Ann", f"we have ({PHONES[0][2:5]}) {PHONES[0][5:8]}-{PHONES[0][8:]}", f"{MARK}@EXAMPLE.com"]  # what buyers say back
FORM = "application/x-www-form-urlencoded"


def encoded(mark):
    """A mark as it may be hidden by an encoding: of base64 the middle, wherever it begins."""
    plain = mark if isinstance(mark, bytes) else mark.encode()
    yield plain
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    yield "".join(f"\\u{byte:04x}" for byte in plain).encode()
    yield urllib.parse.quote(plain, safe="").replace("%", "%25").encode() if b"@" in plain else plain
    for shift in range(3):
        whole = base64.b64encode(b"x" * shift + plain).decode()
        yield whole[4 if shift else 0:len(whole) - 4].encode()


FORBIDDEN = [form for mark in MARKS for form in encoded(mark)]
SECRETS = []  # keys of callers, and what is in the key file: in no output


class Exchange:
    def __init__(self, folder):
        self.folder = folder
        play = {"buyers": {"north": {"does": {"post": {"script": ["accept", "accept", "reject", "silent", "hang_up_middle", "reject", "accept"],
                                                       "script_end": "last", "reason": ECHOES[0]}}},
                           "south": {"does": {"price": "9.00", "post": {"script": ["accept", "garbage", "reject"], "reason": ECHOES[1]}}},
                           "west": {"does": {"price": "8.00", "post": {"script": ["reject"], "reason": ECHOES[2]}}}},
                "campaign": {"post_timeout": "900ms"}, "settings": {"log": {"format": "json", "level": "debug"}}}
        self.market = market.Market(OUTCRY, BUYERS, KEYS, folder, play)
        write = self.market.write

        def write_recording(name, value):
            write(name, {**value, "record": True} if name == "scenario.json" else value)

        self.market.write = write_recording
        self.market.start()
        self.key = self.market.key_of("best")
        self.answers, self.leads = [], []

    def send(self, method, path, body, **fields):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        asked = market.Asked(self.market.public, None, method, path, data, {"Authorization": f"Bearer {self.key}", **fields})
        status, text = asked.whole()
        self.answers.append(text)
        return status, json.loads(text) if text else None


def forbid(what, content):
    for mark in [*FORBIDDEN, *SECRETS]:
        if mark in content:
            at = content.index(mark)
            raise AssertionError(f"{what} holds {mark!r}: {content[max(0, at - 80):at + 80]!r}")


def every_way_in(exchange):
    """The ids that came back."""
    public = exchange.market.defaults["ping"]["lead"]
    ids = []
    for lead in (public, {**public, **PRIVATE}):  # an affiliate may tell too much in a ping
        ping = exchange.send("POST", "/v1/pings", {"campaign": "auto", "lead": lead, "consent": CONSENT})[1]
        post = {"ping_id": ping["ping_id"], "lead": {**public, **PRIVATE}, "consent": CONSENT}
        ids += [ping["ping_id"], exchange.send("POST", "/v1/posts", post)[1]["lead_id"]]
        exchange.leads.append(ids[-1])
        same(exchange.send("POST", "/v1/posts", {**post, "lead": {**post["lead"], "email": f"{MARK}2@example.com"}})[0], 409, "another lead")
    whole = {"campaign": "auto", "lead": {**public, **PRIVATE}, "consent": CONSENT}
    for number in range(6):
        ids.append(exchange.send("POST", "/v1/leads", whole, **{"Idempotency-Key": f"key-{number}"})[1]["lead_id"])
        exchange.leads.append(ids[-1])
    exchange.send("POST", "/v1/leads", {**whole, "consent": {**CONSENT, "tcpa": False}})
    exchange.send("POST", "/v1/leads", {**whole, "lead": {**whole["lead"], "zip": "10001", "phone": PHONES[1]}})
    return ids


def every_wrong_way_in(exchange):
    public = exchange.market.defaults["ping"]["lead"]
    wrong = [({"campaign": "auto", "lead": {**public, **PRIVATE, "phone": f"{MARK} is no phone"}, "consent": CONSENT}, 422),
             ({"campaign": "auto", "lead": {**public, **PRIVATE, "age": MARK}, "consent": CONSENT}, 422),
             ({"campaign": "auto", "lead": {**public, **PRIVATE}, "consent": {**CONSENT, "ip": MARK}}, 422),
             ({"campaign": MARK, "lead": {**public, **PRIVATE}}, 422), ({"campaign": "auto", "lead": {**public, "zip": MARK}}, 422),
             ({"campaign": "auto", "lead": MARK}, 422), (f'{{"campaign":"auto","lead":{{"first_name":"{MARK}'.encode(), 400),
             (f'{{"a":"{MARK}","a":"{MARK}"}}'.encode(), 400), (MARK.encode() * 9000, 413)]
    for body, status in wrong:
        for path in ("/v1/pings", "/v1/leads"):
            found = exchange.send("POST", path, body)[0]
            if found not in (status, 200):  # a ping need not look at what only a lead must have
                raise AssertionError(f"{path} {body!r:.200}: {found}, wanted {status}")
    exchange.send("POST", "/v1/leads", f"campaign=auto&lead.email={MARK}%40example.com".encode(), **{"content-type": FORM})
    exchange.send("GET", f"/v1/leads/{MARK}", b"")
    exchange.send("GET", f"/{MARK}?{MARK}", b"")
    exchange.send("POST", f"/v1/pings {MARK}", b"")
    exchange.send("POST", "/v1/leads", b"{}", **{"X-Private": MARK, "Idempotency-Key": MARK})


OPERATOR_PATHS = ["/metrics", "/readyz", "/v1/admin/stats", "/v1/admin/contracts", "/v1/admin/posts?state=in_doubt", "/v1/admin/rotation"]
COMMANDS = [["ledger", "stat"], ["ledger", "stat", "--json"], ["ledger", "export"], ["ledger", "export", "--format", "ndjson"], ["ledger", "verify"],
            ["replay", "-1h", "now"], ["key", "list"]]


def told_to_operators(exchange, ids):
    for path in [*OPERATOR_PATHS, *(f"/v1/admin/explain/{one}" for one in ids)]:
        asked = market.Asked(exchange.market.admin, None, "GET", path, b"", {"Authorization": f"Bearer {KEYS.of('admin', 0)['key']}"})
        status, text = asked.whole()
        same(status, 200, path)
        forbid(path, text)
    for one in exchange.leads:
        status, told = exchange.market.operator("GET", f"/v1/admin/audit/{one}")
        same(status, 200, told)
        forbid("an audit", json.dumps(told).encode())
    for command in [*COMMANDS, *([["explain", one], ["explain", "--json", one]][number % 2] for number, one in enumerate(ids)),
                    *(["ledger", "audit", one] for one in exchange.leads)]:
        done = subprocess.run([OUTCRY, *command, "--config", f"{exchange.folder}/outcry.yaml"], capture_output=True)
        if done.returncode not in (0, 1):
            raise AssertionError(f"{command}: {done.stderr}")
        forbid(" ".join(command), done.stdout + done.stderr)


def told_to_others(exchange):
    for kind, key in (("affiliate", exchange.key), ("buyer", exchange.market.buyer_key("north"))):
        for path in ("events", "statement"):
            status, told = exchange.market.public_answer("GET", f"/v1/{kind}/{path}", None, key)
            if status not in (200, 404, 422):  # a statement may want its period
                raise AssertionError(f"{kind}/{path}: {status} {told}")
            forbid(f"{kind}/{path}", json.dumps(told).encode())


def words_are_withheld(exchange):
    """What buyers said back is told as withheld, so it was seen and looked at."""
    held = 0
    for one in exchange.leads:
        held += json.dumps(exchange.market.operator("GET", f"/v1/admin/explain/{one}")[1]).count("(withheld: ")
    if held == 0:
        raise AssertionError("no buyer said anything back")


def erase(exchange):
    status, told = exchange.market.operator("POST", "/v1/admin/erase", {"phone": PHONES[0]})
    same(status, 200, told)
    if told["erased"] < 4:
        raise AssertionError(f"few leads were erased: {told}")
    same(exchange.market.operator("POST", "/v1/admin/rotate-key")[0], 200, "rotate-key")
    give_up = market.time.monotonic() + market.PATIENCE_S
    while exchange.market.operator("GET", "/v1/admin/rotation")[1]["rotating"] and market.time.monotonic() < give_up:
        market.time.sleep(0.02)
    same(exchange.market.operator("GET", "/v1/admin/rotation")[1]["rotating"], False, "the rotation ends")


def test_marks_stay_inside():
    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/stdout", "wb") as said:
        own = os.dup(1)
        os.dup2(said.fileno(), 1)  # what the exchange prints
        try:
            exchange = Exchange(folder)
        finally:
            os.dup2(own, 1)
        try:
            SECRETS.extend(KEYS.of(kind, 0)["key"].encode() for kind in ("affiliate", "admin", "buyer"))
            ids = every_way_in(exchange)
            every_wrong_way_in(exchange)
            for buyer in ("north", "south"):
                last = exchange.market.buyers("GET", f"/last?buyer={buyer}")
                forbid(f"the ping of {buyer}", json.dumps(last["ping"]).encode())
                same({**last["post"]["lead"], **PRIVATE, "phone": last["post"]["lead"]["phone"]}, last["post"]["lead"], f"the post of {buyer}")
                same(exchange.market.buyers("GET", f"/stats?buyer={buyer}")["buyers"][0]["private_seen"], [], f"pings of {buyer}")
            told_to_operators(exchange, ids)
            words_are_withheld(exchange)
            exchange.market.kill()
            exchange.market.start_exchange()
            told_to_operators(exchange, ids)
            erase(exchange)
            told_to_operators(exchange, ids)
            told_to_others(exchange)
            exchange.send("POST", "/v1/leads", {"campaign": "auto", "lead": {**exchange.market.defaults["ping"]["lead"], **PRIVATE}, "consent": CONSENT})
            for path in (f"/v1/leads/{ids[-1]}", f"/v1/pings/{ids[0]}"):
                forbid(path, json.dumps(exchange.send("GET", path, b"")[1]).encode())
            with open(f"{folder}/data/ledger.keys", encoding="utf-8") as file:
                SECRETS.extend(word.encode() for word in file.read().split() if len(word) == 64)
            exchange.market.drain()
            exchange.market.ended()
        finally:
            exchange.market.close()
        forbid("an answer", b"\n".join(exchange.answers))
        files = 0
        for root, _, names in os.walk(folder):
            for name in names:
                if name not in ("scenario.json", "market.yaml", "outcry.yaml", "ledger.keys"):
                    files += 1
                    with open(os.path.join(root, name), "rb") as file:
                        forbid(os.path.join(root, name), file.read())
        if files < 6:
            raise AssertionError(f"only {files} files of log, book and trace were seen")


def core_limits():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def abort(command, folder, ready):
    """True: the process, which may dump, dumped a core when it was aborted."""
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=core_limits)
    for line in process.stderr:
        if ready in line:
            break
    process.send_signal(signal.SIGABRT)
    status = os.waitpid(process.pid, 0)[1]
    process.returncode = -signal.SIGABRT
    process.stderr.close()
    same(os.WTERMSIG(status), signal.SIGABRT, "how it ended")
    return os.WCOREDUMP(status)


def test_no_core():
    if resource.getrlimit(resource.RLIMIT_CORE)[1] != resource.RLIM_INFINITY:
        print("     a core may not be dumped here at all: not looked for")
        return
    other = [sys.executable, "-c", "import sys, time; print('ready', file=sys.stderr, flush=True); time.sleep(60)"]
    with tempfile.TemporaryDirectory() as folder:
        if not abort(other, folder, b"ready"):
            print("     other programs leave none here either: not looked for")
            return
        exchange = market.Market(OUTCRY, BUYERS, KEYS, folder, {"buyers": {"north": {}}})
        exchange.shared = "127.0.0.1:1"
        exchange.write_files(exchange.play)
        same(abort([OUTCRY, "serve", "--config", f"{folder}/outcry.yaml"], folder, b"exchange.ready"), False, "a core of the exchange")


run_all(dict(globals()))
