"""Erasing, auditing and changing keys as operators do it: over the admin listener, and by commands beside a live exchange and
without one. usage: test_privacy.py outcry outcry-buyers"""
import json
import socket
import subprocess
import sys
import tempfile

import market
from plain import run_all, same

OUTCRY, BUYERS = sys.argv[1:3]
KEYS = market.Keys(OUTCRY)
PEOPLE = [{"first_name": "Ann", "phone": "4155550101", "email": "ann@example.com"},
          {"first_name": "Bob", "phone": "4155550102", "email": "bob@example.com"},
          {"first_name": "Cyd", "phone": "4155550103", "email": "cyd@example.com"}]


class Exchange(market.Market):
    def __init__(self, folder, play=None):
        with socket.socket() as found:  # commands read the listener's address in the settings, so it cannot be any
            found.bind(("127.0.0.1", 0))
            address = "127.0.0.1:%d" % found.getsockname()[1]
        super().__init__(OUTCRY, BUYERS, KEYS, folder, {"buyers": {"north": {}}, "settings": {"listen": {"admin": address}}, **(play or {})})
        with open(f"{folder}/admin.key", "w", encoding="utf-8") as file:
            file.write(KEYS.of("admin", 0)["key"] + "\n")
        self.start()

    def lead(self, person, **more):
        lead = {**self.defaults["ping"]["lead"], **person, "shoe_size": "44"}
        body = {"campaign": "auto", "lead": lead, "consent": {"tcpa": True, "ip": "203.0.113.9"}, **more}
        status, answer = self.public_answer("POST", "/v1/leads", body, self.key_of("best"))
        same(status, 200, answer)
        return answer

    def run(self, *words):
        done = subprocess.run([OUTCRY, *words, "--config", f"{self.folder}/outcry.yaml"], capture_output=True, text=True)
        return done.returncode, done.stdout, done.stderr

    def stop(self):
        self.drain()
        self.ended()

    def audit(self, lead_id):
        status, told = self.operator("GET", f"/v1/admin/audit/{lead_id}")
        same(status, 200, told)
        return told

    def verify(self):
        status, told, trouble = self.run("ledger", "verify")
        same(status, 0, told + trouble)

    def keys_file(self):
        with open(f"{self.folder}/data/ledger.keys", encoding="utf-8") as file:
            return file.read()


def with_exchange(run, play=None):
    with tempfile.TemporaryDirectory() as folder:
        exchange = Exchange(folder, play)
        try:
            run(exchange)
        finally:
            exchange.close()


def erase_and_look(exchange):
    ann, bob = exchange.lead(PEOPLE[0]), exchange.lead(PEOPLE[1])
    same([ann["status"], bob["status"]], ["sold", "sold"], "sales")
    told = exchange.audit(ann["lead_id"])
    same([told["content"], told["other_fields"]], ["kept", 1], "an audit before")
    for name in ("first_name", "phone", "email", "consent.tcpa", "consent.ip"):
        same(name in told["fields"], True, f"{name} among {told['fields']}")
    same([[one[name] for name in ("kind", "buyer", "outcome", "sent")] for one in told["disclosures"]], [["post", "north", "accepted", True]],
         "disclosures")
    status, answer = exchange.operator("POST", "/v1/admin/erase", {"phone": "+1 (415) 555-0101"})
    same([status, answer], [200, {"status": "erased", "erased": 1, "waiting": 0, "leads": [ann["lead_id"]]}], "erase")
    after = exchange.audit(ann["lead_id"])
    same([after["content"], after["fields"], after["disclosures"]], ["erased", told["fields"], told["disclosures"]], "an audit after")
    status, again = exchange.public_answer("GET", f"/v1/leads/{ann['lead_id']}", None, exchange.key_of("best"))
    same([status, again["status"], again["price"]], [200, "sold", ann["price"]], "money and state stay")
    same(exchange.lead({**PEOPLE[0], "first_name": "Anne"})["status"], "unsold", "who is erased is not sold")
    same(exchange.lead({**PEOPLE[1], "phone": "4155550199"})["status"], "sold", "others are")
    for lead, wanted in ((ann, 409), (bob, 200)):
        status, told = exchange.public_answer("POST", "/v1/revocations", {"lead_id": lead["lead_id"]}, exchange.key_of("best"))
        same(status, wanted, told)
    for path, key in (("/v1/affiliate/events", exchange.key_of("best")), ("/v1/buyer/events", exchange.buyer_key("north"))):
        same(events_of(exchange, path, key)[:1], ["lead.erased"], path)
    exchange.verify()


def test_erase_over_the_admin_listener():
    with_exchange(erase_and_look)


def events_of(exchange, path, key):
    status, told = exchange.public_answer("GET", path, None, key)
    same(status, 200, told)
    return [one["type"] for one in told["events"]]


def wrong_and_nobody(exchange):
    for body, status in (({}, 422), ({"phone": "12"}, 422), ({"email": "4155550101"}, 422), ({"name": "Ann"}, 422), ({"lead_id": "x"}, 422),
                         ({"lead_id": "01M3250V00EFCBYX8004EF632Q"}, 404)):
        found, problem = exchange.operator("POST", "/v1/admin/erase", body)
        same(found, status, problem)
    same(exchange.operator("GET", "/v1/admin/audit/01M3250V00EFCBYX8004EF632Q")[0], 404, "an audit of nobody")
    same(exchange.operator("GET", "/v1/admin/audit/x")[0], 404, "an audit of nothing")
    same(exchange.public_answer("POST", "/v1/admin/erase", {"phone": "4155550101"}, KEYS.of("admin", 0)["key"])[0], 404, "not on the public listener")
    before = exchange.operator("GET", "/v1/admin/rotation")
    same(before, (200, {"rotating": False, "wrapped": 0, "unreadable": 0, "failed": False}), "no rotation")


def test_what_is_wrong_is_told():
    with_exchange(wrong_and_nobody)


def commands_beside(exchange):
    admin = ["--key-file", f"{exchange.folder}/admin.key"]
    ann, bob = exchange.lead(PEOPLE[0]), exchange.lead(PEOPLE[1])
    status, told, trouble = exchange.run("erase", "--email", "Ann@Example.com", "--json", *admin)
    same([status, trouble], [0, ""], trouble)
    same(json.loads(told), {"status": "erased", "erased": 1, "waiting": 0, "leads": [ann["lead_id"]]}, "erase")
    status, _, trouble = exchange.run("erase", "--email", "ann@example.com")
    same([status, "401" in trouble], [2, True], trouble)
    status, _, trouble = exchange.run("erase", "--lead", "01M3250V00EFCBYX8004EF632Q", *admin)
    same([status, "no such lead" in trouble], [1, True], trouble)
    status, told, trouble = exchange.run("ledger", "audit", bob["lead_id"])
    same([status, trouble], [0, ""], trouble)
    for word in ("content    kept", "first_name", "and 1 that the campaign does not name", "north", "accepted"):
        same(word in told, True, f"{word} in {told}")
    old = exchange.keys_file()
    status, told, trouble = exchange.run("ledger", "rotate-key", "--json", *admin)
    same([status, trouble, json.loads(told)], [0, "", {"rotated": True, "wrapped": 1, "unreadable": 0}], "rotate-key")
    now = exchange.keys_file()
    same([now.count("\nkey "), now == old], [1, False], "one key, another one")
    carol = exchange.lead(PEOPLE[2])
    same(carol["status"], "sold", "a lead under the new key")
    exchange.verify()
    exchange.stop()


def test_commands_beside_a_live_exchange():
    with_exchange(commands_beside)


def commands_alone(exchange):
    ann, bob = exchange.lead(PEOPLE[0]), exchange.lead(PEOPLE[1])
    exchange.stop()
    status, told, trouble = exchange.run("erase", "--lead", ann["lead_id"])
    same([status, trouble], [0, ""], trouble)
    same(told.splitlines(), ["1 lead erased", f"  {ann['lead_id']}"], "erase")
    status, told, trouble = exchange.run("ledger", "rotate-key")
    same([status, told], [0, "1 data key wrapped by the new key\n"], trouble)
    status, told, _ = exchange.run("ledger", "audit", ann["lead_id"], "--json")
    same([status, json.loads(told)["content"]], [0, "erased"], told)
    for wrong in (["erase"], ["erase", "--phone", "7"], ["ledger", "audit"], ["ledger", "audit", "x"], ["ledger", "rotate-key", "now"]):
        same(exchange.run(*wrong)[0], 2, wrong)
    same(exchange.run("ledger", "audit", "01M3250V00EFCBYX8004EF632Q")[0], 1, "an audit of nobody")
    exchange.verify()
    exchange.start_exchange()
    same(exchange.lead({**PEOPLE[2], "phone": PEOPLE[0]["phone"]})["status"], "unsold", "the phone is not sold over a restart")
    same(exchange.audit(bob["lead_id"])["content"], "kept", "the other's content")


def test_commands_without_an_exchange():
    with_exchange(commands_alone)


def content_ends(exchange):
    ann = exchange.lead(PEOPLE[0])
    same(exchange.audit(ann["lead_id"])["kept_until"] is None, False, "its end is told")
    give_up = market.time.monotonic() + market.PATIENCE_S
    while exchange.audit(ann["lead_id"])["content"] != "erased":
        if market.time.monotonic() > give_up:
            raise AssertionError("retention does not end")
        market.time.sleep(0.05)
    same(exchange.lead({**PEOPLE[0], "first_name": "Anne"})["status"], "sold", "whose time is over may come again")
    exchange.verify()


def test_retention():
    with_exchange(content_ends, {"campaign": {"retention": "1s"}})


run_all(dict(globals()))
