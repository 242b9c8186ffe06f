"""Private fields stay private: leads full of marked texts go through a real exchange in every way there is, good and bad, and then
nothing it wrote, stored or told to others may hold a mark. usage: test_canary.py outcry outcry-buyers"""
import json
import os
import subprocess
import sys
import tempfile

import market
from plain import run_all, same

OUTCRY, BUYERS = sys.argv[1:3]
KEYS = market.Keys(OUTCRY)
MARK = "zq7canary"
PHONES = ["+14155550171", "4155550172"]
PRIVATE = {"first_name": f"{MARK} Ann", "phone": PHONES[0], "email": f"{MARK}@example.com", "street": f"{MARK} street 5",
           "more": {"deep": [f"{MARK} deep"]}}
CONSENT = {"tcpa": True, "ip": "203.0.113.171", "user_agent": f"{MARK} agent", "text": f"{MARK} text", "page_url": f"https://example.com/{MARK}"}
MARKS = [MARK.encode(), *(phone.lstrip("+")[-10:].encode() for phone in PHONES), b"203.0.113.171"]
FORM = "application/x-www-form-urlencoded"


class Exchange:
    def __init__(self, folder):
        self.folder = folder
        play = {"buyers": {"north": {"does": {"post": {"script": ["accept", "accept", "reject", "silent", "hang_up_middle", "reject", "accept"],
                                                       "script_end": "last"}}},
                           "south": {"does": {"price": "9.00", "post": {"script": ["accept", "garbage"]}}}},
                "campaign": {"post_timeout": "900ms"}, "settings": {"log": {"format": "json", "level": "debug"}}}
        self.market = market.Market(OUTCRY, BUYERS, KEYS, folder, play)
        write = self.market.write

        def write_recording(name, value):
            write(name, {**value, "record": True} if name == "scenario.json" else value)

        self.market.write = write_recording
        self.market.start()
        self.key = self.market.key_of("best")
        self.answers = []

    def send(self, method, path, body, **fields):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        asked = market.Asked(self.market.public, None, method, path, data, {"Authorization": f"Bearer {self.key}", **fields})
        status, text = asked.whole()
        self.answers.append(text)
        return status, json.loads(text) if text else None


def forbid(what, content):
    for mark in MARKS:
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
        same(exchange.send("POST", "/v1/posts", {**post, "lead": {**post["lead"], "email": f"{MARK}2@example.com"}})[0], 409, "another lead")
    whole = {"campaign": "auto", "lead": {**public, **PRIVATE}, "consent": CONSENT}
    for number in range(6):
        ids.append(exchange.send("POST", "/v1/leads", whole, **{"Idempotency-Key": f"key-{number}"})[1]["lead_id"])
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


def told_to_operators(exchange, ids):
    for path in ("/metrics", "/readyz", "/v1/admin/stats", "/v1/admin/contracts", "/v1/admin/posts?state=in_doubt", *(f"/v1/admin/explain/{one}" for one in ids)):
        asked = market.Asked(exchange.market.admin, None, "GET", path, b"", {"Authorization": f"Bearer {KEYS.of('admin', 0)['key']}"})
        status, text = asked.whole()
        same(status, 200, path)
        forbid(path, text)
    for command in (["explain", ids[0]], ["explain", "--json", ids[-1]], ["ledger", "stat"], ["ledger", "stat", "--json"], ["ledger", "export"],
                    ["ledger", "export", "--json"], ["ledger", "verify"]):
        done = subprocess.run([OUTCRY, *command, "--config", f"{exchange.folder}/outcry.yaml"], capture_output=True)
        same(done.returncode, 0, f"{command}: {done.stderr}")
        forbid(" ".join(command), done.stdout + done.stderr)


def test_marks_stay_inside():
    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/stdout", "wb") as said:
        own = os.dup(1)
        os.dup2(said.fileno(), 1)  # what the exchange prints
        try:
            exchange = Exchange(folder)
        finally:
            os.dup2(own, 1)
        try:
            ids = every_way_in(exchange)
            every_wrong_way_in(exchange)
            for buyer in ("north", "south"):
                last = exchange.market.buyers("GET", f"/last?buyer={buyer}")
                forbid(f"the ping of {buyer}", json.dumps(last["ping"]).encode())
                same({**last["post"]["lead"], **PRIVATE, "phone": last["post"]["lead"]["phone"]}, last["post"]["lead"], f"the post of {buyer}")
                same(exchange.market.buyers("GET", f"/stats?buyer={buyer}")["buyers"][0]["private_seen"], [], f"pings of {buyer}")
            told_to_operators(exchange, ids)
            for path in (f"/v1/leads/{ids[-1]}", f"/v1/pings/{ids[0]}"):
                forbid(path, json.dumps(exchange.send("GET", path, b"")[1]).encode())
            exchange.market.drain()
            exchange.market.ended()
        finally:
            exchange.market.close()
        forbid("an answer", b"\n".join(exchange.answers))
        files = 0
        for root, _, names in os.walk(folder):
            for name in names:
                if name not in ("scenario.json", "market.yaml", "outcry.yaml"):
                    files += 1
                    with open(os.path.join(root, name), "rb") as file:
                        forbid(os.path.join(root, name), file.read())
        if files < 6:
            raise AssertionError(f"only {files} files of log, book and trace were seen")


run_all(dict(globals()))
