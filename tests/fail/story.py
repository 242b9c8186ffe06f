"""The scripted run that the faults of this folder meet: one market, one morning of leads, and what must be true of it whatever
befell the exchange in the middle.

Each request carries an Idempotency-Key and is made again after a restart until it has its answer, as a careful affiliate does.
Then: the book verifies; whatever was answered stands, or has moved forward; no buyer took a lead twice, no lead was taken by two;
the books balance, and buyers and book agree on every sale.
"""
import http.client
import json
import os
import subprocess
import sys
import time
from decimal import Decimal

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "wire"))
from market import PATIENCE_S, Market  # noqa: E402

CAP = 50
# A state each: who bids there, and how it ends.
ENDS = {"CA": "sold", "NV": "sold", "TX": "pending", "FL": "unsold", "NY": "sold", "OR": "pending"}
PLAY = {"settings": {"workers": 1, "circuit": {"failures": 20, "of": 20, "share": 100}},
        "campaign": {"timeout": "2s", "post_timeout": "1s"},
        "buyers": {
            "north": {"contract": {"filter": {"field": "state", "in": ["CA", "NV", "NY"]}, "caps": [{"window": "day", "leads": CAP}]},
                      "does": {"secret": None, "price": "10.00"}},
            "picky": {"contract": {"filter": {"field": "state", "in": ["NV", "FL"]}, "caps": [{"window": "day", "leads": CAP}]},
                      "does": {"secret": None, "price": "14.00", "post": {"reject": 1}}},
            "mute": {"contract": {"filter": {"field": "state", "in": ["TX", "OR"]}, "post_timeout": "60ms",
                                  "caps": [{"window": "day", "money": "500"}]},
                     "does": {"secret": None, "price": "15.00", "post": {"manner": "accept silent"}}}}}
STEPS = [("posts", "CA"), ("leads", "NV"), ("leads", "TX"), ("leads", "FL"), ("resolve", None), ("posts", "NY"), ("leads", "OR"), ("leads", "CA")]


class Broken(Exception):
    """The exchange is gone, or refuses: the story cannot go on now."""


class Town(Market):
    """A market whose exchange may be started under something: .wrap goes before its command, .environment beside it."""

    wrap, environment, exchange_status = (), None, None

    def start_exchange(self, ready=True):
        self.log = open(f"{self.folder}/log", "a+", encoding="utf-8")
        self.log_from = os.path.getsize(f"{self.folder}/log")
        self.exchange = subprocess.Popen([*self.wrap, self.outcry, "serve", "--config", f"{self.folder}/outcry.yaml", "--seed", "7"],
                                         stderr=self.log, env={**os.environ, **(self.environment or {})})
        if ready:
            addresses = self.await_log("exchange.ready")
            self.public, self.admin = addresses["public"], addresses["admin"]

    def wait_end(self):
        """The exit status; one that does not end is a failure."""
        self.exchange_status = self.exchange.wait(PATIENCE_S)
        self.log.close()
        return self.exchange_status

    def log_text(self):
        with open(f"{self.folder}/log", encoding="utf-8", errors="replace") as file:
            return file.read()[self.log_from:]


class Story:
    is_poor = False  # what it needs may be refused: nobody can be asked without memory

    def __init__(self, town):
        self.town, self.told, self.pings, self.failures = town, {}, {}, []

    def must(self, truth, text):
        if not truth:
            self.failures.append(text)

    def ask(self, path, body, key):
        """The answer of a request that was understood; Broken where there is none."""
        status, text = self.town.ask("POST", path, body, self.town.key_of("best"), {"Idempotency-Key": key}).whole()
        if status in (0, 503):
            raise Broken
        if status == 409:  # the first try of it is still at work
            time.sleep(0.02)
            return self.ask(path, body, key)
        return status, json.loads(text)

    def lead(self, number, state):
        person = {"first_name": "zcanary Ann", "phone": f"+1415555{100 + number:04d}", "email": f"a{number}@example.com"}
        return {"state": state, "zip": {"CA": "94110", "NV": "89101", "TX": "73301", "FL": "33101", "NY": "10001", "OR": "97201"}[state],
                "age": 34, **person}

    def submit(self, number, way, state):
        key, public = f"key-{number}", {"state": state, "age": 34}
        body, path = {"campaign": "auto", "lead": self.lead(number, state), "consent": {"tcpa": True}, "ref": key}, "/v1/leads"
        if way == "posts":
            ping = self.pings.get(key)
            if not ping:
                status, ping = self.ask("/v1/pings", {"campaign": "auto", "lead": public, "consent": {"tcpa": True}, "ref": key}, f"ping-{number}")
                if self.is_poor and (status != 200 or ping["status"] != "accepted"):
                    raise Broken
                self.must(status == 200 and ping["status"] == "accepted", f"ping {number}: {status} {ping}")
                self.pings[key] = ping
            body, path = {"ping_id": ping["ping_id"], "lead": self.lead(number, state), "consent": {"tcpa": True}}, "/v1/posts"
        status, answer = self.ask(path, body, key)
        if way == "posts" and status == 404:  # the offer was younger than the last commit of the traces
            del self.pings[key]
            return self.submit(number, way, state)
        self.must(status == 200, f"{path} {key}: {status} {answer}")
        if status == 200:
            self.hear(key, answer)

    def hear(self, key, answer):
        """What is told again is the same, or has moved forward."""
        before = self.told.get(key)
        if before and before["lead_id"] != answer["lead_id"]:
            self.must(False, f"{key}: told of lead {before['lead_id']}, then of {answer['lead_id']}")
        if before and before["status"] != answer["status"]:
            self.must(before["status"] == "pending", f"{key}: told {before['status']}, then {answer['status']}")
        self.told[key] = answer

    def resolve(self):
        """An operator who asks the buyers about every post in doubt."""
        status, listed = self.town.operator("GET", "/v1/admin/posts?state=in_doubt")
        if status in (0, 503):
            raise Broken
        self.must(status == 200, f"posts in doubt: {status} {listed}")
        for post in listed["posts"] if status == 200 else []:
            knows = self.town.buyers("GET", f"/{post['buyer']}/status?post_id={post['post_id']}")["status"]
            word = "accepted" if knows == "accepted" else "rejected"
            status, answer = self.town.operator("POST", f"/v1/admin/posts/{post['post_id']}/resolve", {"status": word})
            if status in (0, 503):
                raise Broken
            self.must(status in (200, 409), f"resolve {post['post_id']}: {status} {answer}")

    def tell(self):
        """The whole morning, from its first step; what has been told is asked again."""
        for number, (way, state) in enumerate(STEPS):
            if way == "resolve":
                self.resolve()
            else:
                self.submit(number, way, state)

    def run(self):
        """False: it broke off."""
        try:
            self.tell()
            return True
        except (Broken, OSError, http.client.HTTPException, ValueError, AssertionError, TypeError):
            return False

    # --- afterwards ---

    def verify(self, after):
        status, text = self.town.ledger("verify")
        self.must(status == 0, f"{after}: ledger verify: exit {status} {text[:400]}")

    def stands(self):
        """Whatever was answered is found, the same or further on."""
        for key, answer in list(self.told.items()):
            status, now = self.town.public_answer("GET", f"/v1/leads/{answer['lead_id']}", None, self.town.key_of("best"))
            self.must(status == 200, f"{key} was answered {answer['status']}, now {status} {now}")
            if status == 200:
                self.hear(key, now)

    def ends(self):
        """Asked again to its end, on an exchange that nothing befalls: every lead has one, and all agree about it."""
        self.must(self.run(), f"the story does not end after the restart: {self.town.log_text()[-400:]}")
        give_up = time.monotonic() + PATIENCE_S
        while True:
            self.resolve()
            stats = self.town.operator("GET", "/v1/admin/stats")[1]
            if not stats["in_flight"] and not stats["posts_in_doubt"]:
                break
            if time.monotonic() > give_up:
                self.must(False, f"it does not come to rest: {stats}")
                break
            time.sleep(0.01)
        self.agree()

    def agree(self):
        stat = json.loads(self.town.ledger("stat")[1])
        counts = {buyer["name"]: buyer for buyer in self.town.buyers("GET", "/stats")["buyers"]}
        took = sum(buyer["accepted"] for buyer in counts.values())
        wanted = sum(way != "resolve" for way, _ in STEPS)
        self.must(stat["leads"] == wanted, f"{stat['leads']} leads of {wanted}")
        self.must(stat["leads"] == stat["sold"] + stat["unsold"], f"a lead hangs: {stat}")
        self.must(stat["sold"] == took, f"sold {stat['sold']}, the buyers took {took}: {stat}")
        self.must(stat["accounts_sum"] == "0.00", f"accounts: {stat['accounts_sum']}")
        for key, buyer in (("north", counts["north"]), ("picky", counts["picky"])):
            used = self.town.operator("GET", f"/v1/admin/contracts/{key}")[1]["caps"][0]["used"]
            self.must(used == buyer["accepted"], f"{key}'s cap counts {used}, it took {buyer['accepted']}")
        self.money(stat, counts)

    def money(self, stat, counts):
        """What each buyer took and what the affiliate was told is what their accounts say."""
        self.stands()
        accounts = {name: Decimal(amount) for name, amount in stat["accounts"].items()}
        for name, buyer in counts.items():
            owed = -accounts.get(f"buyer:{name}", Decimal(0))
            self.must(Decimal(buyer["money"]) == owed, f"{name} took leads for {buyer['money']}, its account says {owed}")
        told = sum(Decimal(answer["price"]) for answer in self.told.values() if answer["status"] == "sold")
        earned = accounts.get("affiliate:best:uncleared", Decimal(0)) + accounts.get("affiliate:best:cleared", Decimal(0))
        self.must(told == earned, f"the affiliate was told of {told}, its account says {earned}")

    def as_planned(self):
        """Every lead ended as it does where nothing goes wrong. (A post that a kill kept from leaving is refused later.)"""
        for number, (way, state) in enumerate(STEPS):
            answer = self.told.get(f"key-{number}")
            if way != "resolve":
                self.must(answer and answer["status"] == ENDS[state], f"key-{number} ({state}) ended {answer and answer['status']}")
