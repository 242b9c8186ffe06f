"""What buyers say of posts in doubt: one and many, again and too late, and what is not understood. Over real processes.
usage: test_verdicts.py outcry outcry-buyers"""
import json
import sys
import tempfile

import market
from plain import run_all, same

OUTCRY, BUYERS = sys.argv[1:3]
KEYS = market.Keys(OUTCRY)
NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
MUTE = {"contract": {"post_timeout": "300ms"}, "does": {"price": "12.00", "post": {"manner": "silent"}}}
PLAY = {"affiliates": {"best": {}, "quick": {"on_pending": "release"}},
        "buyers": {"north": MUTE, "south": {"contract": {"filter": {"field": "state", "in": ["NV"]}}, "does": {"price": "10.00"}}}}


class Open:
    """An exchange that is ended well and verified, unless the test failed."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.exchange = market.Market(OUTCRY, BUYERS, KEYS, self.folder.name, PLAY)
        self.exchange.start()
        return self.exchange

    def __exit__(self, *failure):
        if failure[0] is None:
            self.exchange.drain()
            self.exchange.ended()
            same(self.exchange.ledger("verify")[0], 0, "the book")
        self.exchange.close()
        self.folder.cleanup()


def doubt(exchange, name):
    """The post in doubt of a lead of that first name, and its answer."""
    body = exchange.defaults["lead"]
    status, answer = exchange.public_answer("POST", "/v1/leads", {**body, "lead": {**body["lead"], "first_name": name}}, exchange.key_of("best"))
    same((status, answer["status"], answer["final"]), (200, "pending", False), name)
    same(answer["resolves_by"] > "2026", True, "a doubt has an end")
    return answer["sales"][0]["sale_id"], answer


def say(exchange, body, buyer="north"):
    return exchange.public_answer("POST", "/v1/buyer/verdicts", body, exchange.buyer_key(buyer))


def entries(exchange):
    return json.loads(exchange.ledger("stat")[1])["entries"]


def test_one():
    with Open() as exchange:
        post, lead = doubt(exchange, "Ann")
        said = {"post_id": post, "status": "accepted"}
        told = {"post_id": post, "lead_id": lead["lead_id"], "status": "accepted", "billed": True, "test": False}
        before = entries(exchange)
        same(say(exchange, said, "south")[0], 404, "another buyer's")
        same(say(exchange, {**said, "post_id": NOBODY})[0], 404)
        same(entries(exchange), before, "a refusal leaves no entry")
        same(say(exchange, said), (200, told))
        same(say(exchange, said), (200, told), "again")
        same(entries(exchange), before + 1)
        status, answer = say(exchange, {**said, "status": "rejected"})
        same((status, answer["code"], answer["detail"]), (409, "conflict", "the post is sold"))
        exchange.kill()
        exchange.start_exchange()
        same(say(exchange, said), (200, told), "after a restart")


def test_many():
    with Open() as exchange:
        posts = [doubt(exchange, f"Ann{number}")[0] for number in range(3)]
        status, answer = say(exchange, [{"post_id": posts[0], "status": "accepted"}, {"post_id": posts[1], "status": "rejected"},
                                        {"post_id": NOBODY, "status": "accepted"}, {"post_id": posts[2], "status": "maybe"},
                                        {"post_id": posts[0], "status": "rejected"}])
        found = [(result["status"], result.get("billed"), result.get("code")) for result in answer["results"]]
        same((status, found), (200, [("accepted", True, None), ("rejected", False, None), ("refused", None, "not_found"),
                                     ("refused", None, "invalid_field"), ("refused", None, "conflict")]))
        same([post["post_id"] for post in exchange.operator("GET", "/v1/admin/posts?state=in_doubt")[1]["posts"]], [posts[2]])


def test_too_late():
    with Open() as exchange:
        body = exchange.defaults["lead"]
        status, answer = exchange.public_answer("POST", "/v1/leads", body, exchange.key_of("quick"))
        same((status, answer["status"], answer["final"], answer["reason"]["code"]), (200, "unsold", True, "voided"))
        explained = exchange.operator("GET", f"/v1/admin/explain/{answer['lead_id']}")[1]
        post = next(one for contract in explained["contracts"] for one in contract["posts"])["post_id"]
        said = {"post_id": post, "status": "accepted"}
        late = {"post_id": post, "lead_id": answer["lead_id"], "status": "accepted", "billed": False, "test": False, "late": True,
                "text": "noted, not billed: the post was voided before this was said"}
        before = entries(exchange)
        for _ in range(3):
            same(say(exchange, said), (200, late))
        same(entries(exchange), before + 1, "noted once")
        events = exchange.public_answer("GET", "/v1/buyer/events", None, exchange.buyer_key("north"))[1]["events"]
        same([event["type"] for event in events], ["lead.voided", "lead.accepted_late"])
        same(say(exchange, {**said, "status": "rejected"})[1]["status"], "rejected", "nothing to refuse, nothing wrong with it")


def test_what_is_not_understood():
    with Open() as exchange:
        before = entries(exchange)
        for body, fields in (({}, ["post_id", "status"]), ({"post_id": "x", "status": "accepted"}, ["post_id"]),
                             ({"post_id": NOBODY, "status": 7}, ["status"]), ({"post_id": NOBODY, "status": "accepted", "price": "1"}, ["price"])):
            status, answer = say(exchange, body)
            same((status, [error["field"] for error in answer["errors"]]), (422, fields))
        for body in ([], [{"post_id": NOBODY, "status": "accepted"}] * 101):
            same(say(exchange, body)[0], 422)
        same(say(exchange, [7])[1]["results"][0]["code"], "invalid_field")
        same(say(exchange, "accepted")[0], 400)
        same(exchange.public_answer("POST", "/v1/buyer/verdicts", {}, exchange.key_of("best"))[0], 403, "an affiliate's key")
        same(entries(exchange), before)


run_all(dict(globals()))
