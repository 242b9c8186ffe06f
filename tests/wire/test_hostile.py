"""An exchange met by clumsy and hostile affiliates, buyers and operators, over real sockets: what is refused is refused with a
reason that can be read, and nothing of it harms the others. usage: test_hostile.py outcry outcry-buyers"""
import http.client
import json
import sys
import tempfile

import market
from plain import run_all, same

OUTCRY, BUYERS = sys.argv[1:3]
KEYS = market.Keys(OUTCRY)


class Exchange:
    """An exchange and its buyers, from a play's short form; .defaults are the plays' own."""

    def __init__(self, **play):
        self.folder = tempfile.TemporaryDirectory()
        self.market = market.Market(OUTCRY, BUYERS, KEYS, self.folder.name, {"buyers": {"north": {}}, **play})
        self.defaults = self.market.defaults

    def __enter__(self):
        self.market.start()
        self.key = self.market.key_of("best")
        return self

    def __exit__(self, *failure):
        if failure[0] is None:
            self.market.drain()
            self.market.ended()
            same(self.market.ledger("verify")[0], 0, "ledger verify")
        self.market.close()
        self.folder.cleanup()

    def ask(self, method, path, body=None, key=None, admin=False, **fields):
        """(status, header fields, body as it came); a body that is not bytes is sent as JSON."""
        connection = http.client.HTTPConnection(self.market.admin if admin else self.market.public, timeout=market.PATIENCE_S)
        key = key or (KEYS.of("admin", 0)["key"] if admin else self.key)
        fields = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **fields}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        try:
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def ping(self, **more):
        return {**self.defaults["ping"], **more}


def read(answer, status):
    """The JSON of an answer that must have that status."""
    same(answer[0], status, answer[2])
    return json.loads(answer[2])


def test_complaints_of_any_length_are_json():
    with Exchange() as exchange:
        for names in (["\x01" * 125 + str(i) for i in range(30)], ["x" * 126 + f"{i}é" for i in range(30)], ['"' * 128 + str(i) for i in range(30)]):
            for path, body in (("/v1/pings", {}), ("/v1/posts", {}), ("/v1/leads", {"consent": {name: 1 for name in names}})):
                problem = read(exchange.ask("POST", path, {**body, **{name: 1 for name in names}}), 422)
                same(problem["code"], "invalid_field", path)
                if not problem["errors"]:
                    raise AssertionError("no field is named")


def test_every_answer_forbids_storing():
    with Exchange() as exchange:
        for asked in (("POST", "/v1/pings", exchange.ping()), ("GET", "/v1/nothing"), ("DELETE", "/v1/pings"), ("GET", "/" + "a" * 3000),
                      ("POST", "/v1/pings", b"x" * 70000)):
            status, fields, _ = exchange.ask(*asked)
            same(fields["Cache-Control"], "no-store", f"{asked[:2]} {status}")


def test_a_missing_key_is_told_what_to_send():
    with Exchange() as exchange:
        status, fields, _ = exchange.ask("POST", "/v1/pings", exchange.ping(), key="oc_aff_nobody")
        same((status, fields["WWW-Authenticate"]), (401, "Bearer"), "no key")


def test_a_ping_too_large_for_an_offer_asks_nobody():
    note = {"campaign": {"fields": {"note": {"type": "text", "max": 4000, "private": False}}}}
    with Exchange(**note) as exchange:
        lead = exchange.defaults["ping"]["lead"]
        problem = read(exchange.ask("POST", "/v1/pings", exchange.ping(lead={**lead, "note": "n" * 1900})), 413)
        same(problem["code"], "too_large", "code")
        same(exchange.market.buyers("GET", "/stats?buyer=north")["buyers"][0]["pings"], 0, "pings")
        same(read(exchange.ask("POST", "/v1/pings", exchange.ping(lead={**lead, "note": "n" * 1300})), 200)["status"], "accepted", "a smaller one")


def test_long_bid_ids_do_not_break_an_offer():
    """Sixteen bids with ids of the greatest length do not fit into an offer; the best of them do."""
    play = {"buyers": {f"buyer-{i}": {"does": {"price": f"{20 - i}.00", "bid_id": f"{i:064}"}} for i in range(16)},
            "campaign": {"fields": {"note": {"type": "text", "max": 4000, "private": False}}}}
    with Exchange(**play) as exchange:
        lead = exchange.defaults["ping"]["lead"]
        offer = read(exchange.ask("POST", "/v1/pings", exchange.ping(lead={**lead, "note": "n" * 1200})), 200)
        same((offer["status"], offer["price"]), ("accepted", "16.00"), "offer")
        post = {**exchange.defaults["post"], "ping_id": offer["ping_id"]}
        same(read(exchange.ask("POST", "/v1/posts", post), 200)["sales"][0]["buyer"], "buyer-0", "buyer")


def test_the_longest_consent_reaches_the_buyers():
    consent = {"tcpa": True, "at": "2026-01-02T03:04:05Z", "text_id": '"' * 128, "leadid": "\\" * 128, "channels": ['"' * 32] * 16,
               "trustedform_ping_url": "https://ping.trustedform.com/" + "u" * 480}
    with Exchange() as exchange:
        same(read(exchange.ask("POST", "/v1/pings", exchange.ping(consent=consent)), 200)["status"], "accepted", "ping")


def test_sub_ids_come_back_without_a_bid():
    with Exchange(buyers={"north": {"does": {"no_bid": 1}}}) as exchange:
        told = {"sub_id": ["ad-77", "eu"], "ref": "my-1", "click_id": "c-9"}
        answer = read(exchange.ask("POST", "/v1/pings", exchange.ping(**told)), 200)
        same({name: answer.get(name) for name in told}, told, "rejected ping")
        answer = read(exchange.ask("POST", "/v1/leads", {**exchange.defaults["lead"], **told}), 200)
        same({name: answer.get(name) for name in told}, told, "unsold lead")
        again = read(exchange.ask("GET", f"/v1/leads/{answer['lead_id']}"), 200)
        same({name: again.get(name) for name in told}, told, "the lead later")


def test_a_resolution_takes_one_field():
    with Exchange() as exchange:
        path = "/v1/admin/posts/01J0000000000000000000000A/resolve"
        problem = read(exchange.ask("POST", path, {"status": "accepted", "price": "9.00"}, admin=True), 422)
        same(problem["errors"][0]["field"], "price", "field")


def test_a_bid_is_a_price_not_a_number_at_its_end():
    """What no lead costs is a slip or an attack: summed up, it would leave no room for anybody's money."""
    play = {"buyers": {"greedy": {"does": {"price": "9223372036854.775807"}}, "plain": {"does": {"price": "9.00"}}}}
    with Exchange(**play) as exchange:
        for _ in range(3):
            lead = read(exchange.ask("POST", "/v1/leads", exchange.defaults["lead"]), 200)
            same((lead["status"], lead["sales"][0]["buyer"]), ("sold", "plain"), "lead")
        story = read(exchange.ask("GET", f"/v1/admin/explain/{lead['lead_id']}", admin=True), 200)
        same([one["reason"]["code"] for one in story["contracts"] if one["contract"] == "greedy"], ["bad_response"], "reason")


def test_a_bid_that_is_over_hides_no_other():
    play = {"buyers": {"fleeting": {"does": {"price": "19.00", "valid_ms": 0}}, "plain": {"does": {"price": "9.00"}}}}
    with Exchange(**play) as exchange:
        offer = read(exchange.ask("POST", "/v1/pings", exchange.ping()), 200)
        same((offer["status"], offer["price"]), ("accepted", "7.20"), "offer")
        story = read(exchange.ask("GET", f"/v1/admin/explain/{offer['ping_id']}", admin=True), 200)
        same([one["reason"]["code"] for one in story["contracts"] if one["contract"] == "fleeting"], ["no_time"], "reason")


run_all(dict(globals()))
