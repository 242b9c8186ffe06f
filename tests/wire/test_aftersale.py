"""What is told of a lead after it was sold: dispositions. Over real processes, over a kill, and verified by the book.
usage: test_aftersale.py outcry outcry-buyers"""
import json
import sys
import tempfile

import market
from plain import run_all, same

OUTCRY, BUYERS = sys.argv[1:3]
KEYS = market.Keys(OUTCRY)
NOBODY = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
PLAY = {"affiliates": {"best": {"reveal": {"stages": True}}, "other": {}},
        "buyers": {"north": {"does": {"price": "12.00"}}, "south": {"does": {"price": "10.00"}}}}


class Open:
    """An exchange that is ended well and verified, unless the test failed."""

    def __init__(self, play=PLAY):
        self.folder = tempfile.TemporaryDirectory()
        self.exchange = market.Market(OUTCRY, BUYERS, KEYS, self.folder.name, play)

    def __enter__(self):
        self.exchange.start()
        return self.exchange

    def __exit__(self, *failure):
        if failure[0] is None:
            self.exchange.drain()
            self.exchange.ended()
            same(self.exchange.ledger("verify")[0], 0, "the book")
        self.exchange.close()
        self.folder.cleanup()


def send(exchange, name, affiliate="best"):
    """The answer to a lead of that first name, in one call."""
    body = exchange.defaults["lead"]
    status, answer = exchange.public_answer("POST", "/v1/leads", {**body, "lead": {**body["lead"], "first_name": name}}, exchange.key_of(affiliate))
    same(status, 200, "a lead")
    return answer


def sell(exchange, name, affiliate="best"):
    answer = send(exchange, name, affiliate)
    same(answer["status"], "sold", name)
    return answer


def tell(exchange, *items, buyer="north"):
    return exchange.public_answer("POST", "/v1/buyer/dispositions", list(items), exchange.buyer_key(buyer))


def item(event, lead, stage, **more):
    return {"event_id": event, "lead_id": lead["lead_id"], "stage": stage, **more}


def get(exchange, lead, affiliate="best"):
    status, answer = exchange.public_answer("GET", f"/v1/leads/{lead['lead_id']}", None, exchange.key_of(affiliate))
    same(status, 200, "the lead")
    return answer


def outcomes(answer):
    return [(result["event_id"], result["status"], result.get("code")) for result in answer[1]["results"]]


def entries(exchange):
    return json.loads(exchange.ledger("stat")[1])["entries"]


def test_dispositions():
    with Open() as exchange:
        lead = sell(exchange, "Ann")
        same("stage" in get(exchange, lead)["sales"][0], False, "nothing was told yet")
        first = tell(exchange, item("e1", lead, "attempted", at="2026-01-02T03:04:05Z") | {"at": None},
                     item("e2", lead, "contacted", label="hot", agent="a-1"))
        same(outcomes(first), [("e1", "recorded", None), ("e2", "recorded", None)])
        same([result["lead_id"] for result in first[1]["results"]], [lead["lead_id"]] * 2)
        told = get(exchange, lead)["sales"][0]
        same(told["stage"], "contacted", "what the affiliate sees")
        post = first[1]["results"][0]["post_id"]
        again = tell(exchange, {"event_id": "e2", "post_id": post, "stage": "contacted"})
        same(again[1]["results"][0], first[1]["results"][1], "said twice, it is the same disposition")
        same(outcomes(tell(exchange, item("e2", lead, "lost"))), [("e2", "refused", "conflict")])
        same(outcomes(tell(exchange, {"event_id": "e3", "buyer_lead_id": "1", "stage": "sold", "value": "900.00"})), [("e3", "recorded", None)])
        exchange.kill()
        exchange.start_exchange()
        same(tell(exchange, {"event_id": "e2", "post_id": post, "stage": "contacted"}), again, "the same after a kill")
        same(get(exchange, lead)["sales"][0]["stage"], "sold")


def test_what_is_refused():
    with Open() as exchange:
        lead, others = sell(exchange, "Ann"), sell(exchange, "Bob", "other")
        same("stage" in get(exchange, others, "other")["sales"][0], False)
        before = entries(exchange)
        mixed = tell(exchange, item("m1", lead, "dreaming"), {"event_id": "m2", "lead_id": NOBODY, "stage": "lost"},
                     {"event_id": "m3", "buyer_lead_id": "unknown", "stage": "lost"}, {"event_id": "m4", "stage": "lost"},
                     item("m5", lead, "lost", at="2090-01-01T00:00:00Z"), item("m6", lead, "lost", at="2001-01-01T00:00:00Z"),
                     item("m7", lead, "lost", colour="red"), item("m8", lead, "lost", value="-1"), {**item("", lead, "lost")},
                     {**item("m9", lead, "lost"), "post_id": NOBODY}, "no object")
        codes = [result.get("code") for result in mixed[1]["results"]]
        same(codes, ["invalid_field", "not_found", "not_found"] + ["invalid_field"] * 8)
        same([result["status"] for result in mixed[1]["results"]], ["refused"] * 11)
        same(outcomes(tell(exchange, item("s1", lead, "lost"), buyer="south")), [("s1", "refused", "not_found")], "another buyer's lead")
        same(entries(exchange), before, "what is refused leaves no entry")
        same(outcomes(tell(exchange, item("ok", lead, "bad"), item("no", others, "nonsense"))), [("ok", "recorded", None), ("no", "refused", "invalid_field")])
        same(tell(exchange)[0], 422, "an empty list")
        same(tell(exchange, *[item(f"x{n}", lead, "attempted") for n in range(101)])[0], 422, "more than a hundred")
        same(exchange.public_answer("POST", "/v1/buyer/dispositions", {"event_id": "e"}, exchange.buyer_key("north"))[0], 400, "no list")
        same(exchange.public_answer("POST", "/v1/buyer/dispositions", [], exchange.key_of("best"))[0], 403, "an affiliate's key")
        same(len(tell(exchange, *[item(f"y{n}", lead, "attempted") for n in range(100)])[1]["results"]), 100)


def test_seats():
    play = market.merged(PLAY, {"buyers": {"south": None}})
    with Open(play) as exchange:
        push = {"available": True, "seats": 1, "ttl_s": 600, "contract": None}
        same(exchange.public_answer("PUT", "/v1/buyer/availability", push, exchange.buyer_key("north"))[0], 200)
        lead = sell(exchange, "Ann")
        refused = send(exchange, "Bob")
        same((refused["status"], refused["reason"]["code"]), ("unsold", "no_seat"), "the one seat is taken")
        tell(exchange, item("s1", lead, "contacted"), item("s2", lead, "lost"))
        sell(exchange, "Cid")
        same(send(exchange, "Dan")["status"], "unsold", "a sale frees its seat once")


run_all(dict(globals()))
