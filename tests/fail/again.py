"""again.py OUTCRY BUYERS [--all]: one request, the exchange killed at the n-th flush, write or send of it (--all: at every n), and the same
request again after the start, until it has its answer.

Whichever way it came: one lead, the same that was told before; at most one post id for each buyer, whether the post was repeated or not; at
most one sale, and exactly one in the end. What is in doubt is resolved by the buyer's status endpoint; a buyer that has not seen its post
(the kill came between the intent and the send) says so itself, rather than that a minute is waited for, and the next one gets the lead.

  key      one call with an Idempotency-Key          post     a ping, then a post with a key
  bare     one call without one: the 60 s rule       retry    one call; the buyer answers 503 first, and is posted to again
"""
import concurrent.futures
import json
import shutil
import subprocess
import sys
import tempfile
import time

from each import AT_ONCE, spread, strace
from market import PATIENCE_S, Keys
from story import Town

FEW = 6  # instants of one kind in the short form
CALLS = ("fdatasync", "pwrite64", "sendmsg", "writev", "write")
WAYS = ("key", "post", "bare", "retry")
PLAY = {"settings": {"workers": 1, "circuit": {"failures": 20, "of": 20, "share": 100}},
        "campaign": {"timeout": "2s", "post_timeout": "2s"},
        "buyers": {"north": {"contract": {"status": True}, "does": {"secret": None, "price": "12.00"}},
                   "south": {"contract": {"status": True}, "does": {"secret": None, "price": "10.00"}}}}
RETRY = {**PLAY, "buyers": {**PLAY["buyers"],
                            "north": {"contract": {"status": True, "idempotent": True, "on_unknown": "retry"},
                                      "does": {"secret": None, "price": "12.00", "post": {"script": ["accept status:503", "accept"]}}}}}


class Request:
    """One request, made again until it is answered."""

    def __init__(self, town, way):
        self.town, self.way, self.told, self.failures, self.ping, self.struck = town, way, None, [], None, False

    def must(self, truth, text):
        if not truth:
            self.failures.append(text)

    def send(self, path, body, fields):
        """The answer; None: there was none, or not now."""
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            status, text = self.town.ask("POST", path, body, self.town.key_of("best"), fields).whole()
            if status != 409:  # the first try is still at work
                return (status, json.loads(text)) if status not in (0, 503) else None
            time.sleep(0.02)
        return None

    def once(self):
        """True: it was answered."""
        defaults, fields = self.town.defaults, {} if self.way == "bare" else {"Idempotency-Key": "the key"}
        path, body = "/v1/leads", defaults["lead"]
        if self.way == "post":
            found = self.ping or self.send("/v1/pings", {**defaults["ping"], "ref": "r"}, {})
            if not found:
                return False
            self.must(found[0] == 200 and found[1]["status"] == "accepted", f"the ping: {found}")
            self.ping = found
            path, body = "/v1/posts", {"ping_id": found[1]["ping_id"], **defaults["post"]}
        found = self.send(path, body, fields)
        if not found:
            return False
        if self.way == "post" and found[0] == 404:  # the offer was younger than the last commit of the traces: it is gone, unposted
            self.must(self.told is None, f"the lead of an answered post is gone: {found}")
            self.ping = None
            return self.once()
        self.must(found[0] == 200, f"{path}: {found}")
        if found[0] == 200:
            self.hear(found[1])
        return True

    def hear(self, answer):
        before = self.told
        if before:
            self.must(before["lead_id"] == answer["lead_id"], f"told of lead {before['lead_id']}, then of {answer['lead_id']}")
            self.must(before["status"] in (answer["status"], "pending"), f"told {before['status']}, then {answer['status']}")
        self.told = answer

    def settle(self):
        """To its end: the exchange asks the buyers by itself."""
        give_up = time.monotonic() + PATIENCE_S
        while self.told["status"] == "pending" and time.monotonic() < give_up:
            status, now = self.town.public_answer("GET", f"/v1/leads/{self.told['lead_id']}", None, self.town.key_of("best"))
            self.must(status == 200, f"the lead is gone: {status} {now}")
            if status == 200:
                self.hear(now)
            self.refuse_unseen()
            time.sleep(0.02)
        self.must(self.told["status"] != "pending", "the doubt does not end")

    def refuse_unseen(self):
        for post in self.town.operator("GET", "/v1/admin/posts?state=in_doubt")[1]["posts"]:
            knows = self.town.buyers("GET", f"/{post['buyer']}/status?post_id={post['post_id']}")["status"]
            if knows == "not_seen":
                status, answer = self.town.public_answer("POST", "/v1/buyer/verdicts", {"post_id": post["post_id"], "status": "rejected"},
                                                         self.town.buyer_key(post["buyer"]))
                self.must(status == 200 and not answer["billed"], f"a buyer's word: {status} {answer}")

    def agree(self):
        stat = json.loads(self.town.ledger("stat")[1])
        counts = {buyer["name"]: buyer for buyer in self.town.buyers("GET", "/stats")["buyers"]}
        took = sum(buyer["accepted"] for buyer in counts.values())
        for name, buyer in counts.items():
            ids = buyer["accepted"] + buyer["rejected"] + buyer["not_seen"]
            self.must(ids <= 1, f"{name} got {ids} post ids of one lead")
            self.must(self.way == "retry" or buyer["posts"] <= 1, f"{name} got {buyer['posts']} posts of one lead")
        self.must(took == 1 and stat["sold"] == 1 and stat["leads"] == 1, f"{took} buyers took it, {stat}")
        self.must(self.told["status"] == "sold", f"it ended {self.told}")
        self.must(stat["accounts_sum"] == "0.00" and stat["doubts"] == 0, f"the book: {stat}")


def run(programs, keys, way, call, number):
    """number 0: nothing befalls, and the calls are counted. -> (failures, struck, calls of the busiest thread)"""
    with tempfile.TemporaryDirectory(prefix="outcry-again-") as folder:
        town = Town(*programs, keys, folder, RETRY if way == "retry" else PLAY)
        town.wrap = strace(folder, "-e", f"trace={call}", *(["-e", f"inject={call}:signal=SIGKILL:when={number}"] if number else []))
        request = Request(town, way)
        try:
            befall(town, request, number)
            status, text = town.ledger("verify")
            request.must(status == 0, f"ledger verify: {status} {text[:300]}")
        finally:
            town.close()
        calls = {}
        with open(f"{folder}/strace", encoding="utf-8", errors="replace") as log:
            for line in log:
                if f" {call}(" in line:
                    calls[line.split()[0]] = calls.get(line.split()[0], 0) + 1
        return request.failures, request.struck, max(calls.values(), default=0)


def befall(town, request, number):
    try:
        town.start()
        request.once()
        if number and town.exchange.poll() is None:
            town.kill()  # the fault did not come: it ends here, with the answer told
        elif number:
            request.struck = town.wait_end() == -9
    except AssertionError:  # it met its fault before it was ready
        request.struck = town.wait_end() == -9
    if not hasattr(town, "shared"):
        return
    if number:
        town.wrap = ()
        town.start_exchange()
    for _ in range(2):  # and once more: the same
        request.must(request.once(), "no answer on an exchange that nothing befalls")
    if request.told:
        request.settle()
        request.once()
        request.agree()
    town.drain()
    town.ended()


def main():
    programs, take_all = sys.argv[1:3], "--all" in sys.argv
    if not shutil.which("strace") or subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False).returncode != 0:
        print("skipped: strace cannot be used here")
        sys.exit(77)
    keys, failed, struck = Keys(programs[0]), 0, 0
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        for way in WAYS:
            runs = []
            for call in CALLS:
                failures, _, total = run(programs, keys, way, call, 0)
                for failure in failures:
                    print(f"FAIL {way}, undisturbed: {failure}")
                failed += len(failures)
                runs += [(call, number, pool.submit(run, programs, keys, way, call, number)) for number in spread(total, take_all, FEW)]
            for call, number, future in runs:
                failures, was_struck, _ = future.result()
                struck += was_struck
                failed += len(failures)
                for failure in failures[:4]:
                    print(f"FAIL {way}, killed at {call} {number}: {failure}", flush=True)
            print(f"{way}: {len(runs)} kills", flush=True)
    print(f"{struck} struck")
    sys.exit(1 if failed or struck == 0 else 0)


if __name__ == "__main__":
    main()
