"""kill9.py OUTCRY BUYERS [SEED]: the exchange is killed at random moments under load. Each time the book must be good, every
answered sale found again, no cap and no limit of money over, every open intent in doubt, and what the buyers took be sold or in doubt."""
import http.client
import json
import random
import sys
import tempfile
import threading
import time
from decimal import Decimal

from market import PATIENCE_S, Keys, Market

# The buyers ask for no signatures here: the operator reads their status pages.
ROUNDS = 4
SENDERS = 6
CAP = 120  # of north, a day
LIMIT = "705.000001"  # of what south may owe: seventy of its leads
PLAY = {"settings": {"workers": 2, "circuit": {"failures": 20, "of": 20, "share": 100}},
        "buyers": {"north": {"contract": {"caps": [{"window": "day", "leads": CAP}]},
                             "does": {"secret": None, "price": "12.00", "post": {"think_ms": {"uniform": [0, 12]}, "reject": 0.2}}},
                   "south": {"is": {"funds": {"credit_limit": LIMIT}},
                             "does": {"secret": None, "price": "10.00", "post": {"think_ms": {"uniform": [0, 12]}, "reject": 0.1}}},
                   "west": {"does": {"secret": None, "price": "9.00", "no_bid": 0.2}}}}


class Sender(threading.Thread):
    """Whole leads and pings with posts, one after the other, until the exchange is gone; .told: key -> what was answered."""

    def __init__(self, market, number, generation):
        super().__init__(daemon=True)
        self.market, self.name, self.told, self.unanswered = market, f"{generation}-{number}", {}, {}
        self.bearer = {"Authorization": f"Bearer {market.key_of('best')}", "Content-Type": "application/json"}
        self.chance = random.Random(self.name)

    def ask(self, connection, path, body, key=None):
        connection.request("POST", path, json.dumps(body), {**self.bearer, **({"Idempotency-Key": key} if key else {})})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())

    def run(self):
        host, port = self.market.public.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE_S)
        count = 0
        try:
            while True:
                count += 1
                self.one(connection, f"{self.name}-{count}")
        except (OSError, http.client.HTTPException, ValueError):
            connection.close()

    def one(self, connection, key):
        defaults = self.market.defaults
        path, body = "/v1/leads", {**defaults["lead"], "ref": key}
        if self.chance.random() < 0.5:
            status, ping = self.ask(connection, "/v1/pings", defaults["ping"])
            if status != 200 or ping["status"] != "accepted":
                return
            path, body = "/v1/posts", {"ping_id": ping["ping_id"], **defaults["post"]}
        self.unanswered[key] = (path, body)
        status, answer = self.ask(connection, path, body, key)
        if status == 200:
            self.told[key] = answer
            del self.unanswered[key]


class Resolver(threading.Thread):
    """An operator who asks the buyers about posts in doubt and says what it heard."""

    def __init__(self, market, rest=False):
        super().__init__(daemon=True)
        self.market, self.rest, self.failures = market, rest, []

    def run(self):
        try:
            while self.once() and not self.rest:
                time.sleep(0.002)
        except (OSError, AssertionError, ValueError, TypeError):
            pass  # killed under it

    def once(self):
        status, listed = self.market.operator("GET", "/v1/admin/posts?state=in_doubt")
        if status != 200:
            return False
        for post in listed["posts"]:
            knows = self.market.buyers("GET", f"/{post['buyer']}/status?post_id={post['post_id']}")["status"]
            word = "accepted" if knows == "accepted" else "rejected"
            status, answer = self.market.operator("POST", f"/v1/admin/posts/{post['post_id']}/resolve", {"status": word})
            if status not in (0, 200):
                self.failures.append(f"resolve: {status} {answer}")
        return bool(listed["posts"]) or not self.rest


class Round:
    def __init__(self, market, generation, chance):
        self.market, self.generation, self.chance, self.failures = market, generation, chance, []

    def must(self, truth, text):
        if not truth:
            self.failures.append(f"round {self.generation}: {text}")

    def load_and_kill(self):
        senders = [Sender(self.market, number, self.generation) for number in range(SENDERS)]
        resolver = Resolver(self.market)
        for thread in (*senders, resolver):
            thread.start()
        give_up = time.monotonic() + PATIENCE_S
        while sum(len(sender.told) for sender in senders) < 10 and time.monotonic() < give_up:
            time.sleep(0.005)
        time.sleep(self.chance.uniform(0.0, 0.6))
        self.market.kill()
        for thread in (*senders, resolver):
            thread.join(PATIENCE_S)
        self.failures += resolver.failures
        self.told = {key: answer for sender in senders for key, answer in sender.told.items()}
        self.unanswered = {key: asked for sender in senders for key, asked in sender.unanswered.items()}

    def check_book(self):
        status, text = self.market.ledger("verify")
        self.must(status == 0, f"ledger verify: {status} {text}")

    def check_told(self):
        """What was answered is there, and moved forward only."""
        for answer in self.told.values():
            status, now = self.market.public_answer("GET", f"/v1/leads/{answer['lead_id']}", None, self.market.key_of("best"))
            same = status == 200 and now["status"] == answer["status"] and now["price"] == answer["price"]
            moved = status == 200 and answer["status"] == "pending"
            self.must(same or moved, f"told {answer}, found {status} {now}")

    def check_unanswered(self):
        """The same request again: its first answer, or a lead that never was. Never a second one."""
        for key, (path, body) in self.unanswered.items():
            asked = self.market.ask("POST", path, body, self.market.key_of("best"), {"Idempotency-Key": key})
            status, text = asked.whole()
            lost_offer = path == "/v1/posts" and status == 404  # made in the last 250 ms
            self.must(status == 200 or lost_offer, f"{key} again: {status} {text}")

    def check_doubts(self):
        """After the operator has asked about all of them: nothing hangs, and buyers and book agree."""
        resolver = Resolver(self.market, rest=True)
        give_up = time.monotonic() + PATIENCE_S
        while resolver.once() or self.market.operator("GET", "/v1/admin/stats")[1]["in_flight"]:
            if time.monotonic() > give_up:
                self.must(False, "doubts do not end")
                break
            time.sleep(0.01)
        self.failures += resolver.failures
        stat = json.loads(self.market.ledger("stat")[1])
        counts = {buyer["name"]: buyer for buyer in self.market.buyers("GET", "/stats")["buyers"]}
        took = sum(buyer["accepted"] for buyer in counts.values())
        self.must(stat["doubts"] == 0 and stat["pending"] == 0, f"doubts are left: {stat}")
        self.must(stat["leads"] == stat["sold"] + stat["unsold"], f"a lead hangs: {stat}")
        self.must(stat["sold"] == took, f"sold {stat['sold']}, the buyers took {took}")
        self.must(counts["north"]["accepted"] <= CAP, f"north's cap of {CAP} is over: {counts['north']['accepted']}")
        self.must(stat["accounts_sum"] == "0.00", f"accounts: {stat['accounts_sum']}")
        caps = self.market.operator("GET", "/v1/admin/contracts/north")[1]["caps"]
        self.must(caps[0]["used"] == counts["north"]["accepted"], f"north's cap counts {caps[0]['used']}, it took {counts['north']['accepted']}")
        money = self.market.operator("GET", "/v1/admin/contracts/south")[1]["money"]
        owed = -Decimal(stat["accounts"].get("buyer:south", "0.00"))
        self.must(owed <= Decimal(LIMIT), f"south owes {owed}, {LIMIT} is its limit")
        self.must(stat["holds"] == {}, f"held, and no post is open: {stat['holds']}")
        self.must(Decimal(money["left"]) == Decimal(LIMIT) - owed, f"south owes {owed}, and has {money} left")
        return stat


def main():
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    failures, stat = [], {}
    with tempfile.TemporaryDirectory(prefix="outcry-kill9-") as folder:
        market = Market(sys.argv[1], sys.argv[2], Keys(sys.argv[1]), folder, PLAY)
        try:
            market.start()
            for generation in range(ROUNDS):
                run = Round(market, generation, random.Random(seed * 1000 + generation))
                run.load_and_kill()
                run.check_book()
                market.start_exchange()
                run.check_told()
                run.check_unanswered()
                stat = run.check_doubts()
                print(f"round {generation}: {len(run.told)} answered, {len(run.unanswered)} open at the kill; {stat['sold']} sold so far", flush=True)
                failures += run.failures
        finally:
            market.close()
    print(*failures[:20], sep="\n")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
