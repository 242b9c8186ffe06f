"""What is told of a lead after it was sold: dispositions. Over real processes, over a kill, and verified by the book.
usage: test_aftersale.py outcry outcry-buyers"""
import json
import sys
import tempfile
import time

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


def give_back(exchange, post, code="bad_phone", buyer="north", **more):
    return exchange.public_answer("POST", "/v1/buyer/returns", {"post_id": post, "reason_code": code, **more}, exchange.buyer_key(buyer))


def post_of(exchange, lead, buyer="north"):
    """The id of the buyer's post, as a disposition tells it."""
    return tell(exchange, item(f"of-{lead['lead_id']}", lead, "attempted"), buyer=buyer)[1]["results"][0]["post_id"]


def accounts(exchange):
    """What each account holds; they sum up to nothing at any time."""
    held = {name: balance for name, balance in json.loads(exchange.ledger("stat")[1])["accounts"].items() if balance != "0.00"}
    same(sum(round(float(balance) * 1e6) for balance in held.values()), 0, f"the sum of {held}")
    return held


def play_of(returns, affiliates=None, **contract):
    return {"affiliates": {"best": {"reveal": {"stages": True}, **({"returns": affiliates} if affiliates else {})}, "other": {}},
            "buyers": {"north": {"does": {"price": "12.00"}, "contract": {"returns": returns, **contract}}, "south": {"does": {"price": "10.00"}}}}


def refused(answer, status, word):
    same((answer[0], word in json.dumps(answer[1])), (status, True), f"{answer}")


def test_returned_at_once():
    terms = {"window": "7d", "reasons": ["bad_phone", "duplicate"], "decide": "auto"}
    with Open(play_of(terms, affiliates={"window": "7d"})) as exchange:
        lead = sell(exchange, "Ann")
        post = post_of(exchange, lead)
        before = entries(exchange)
        refused(give_back(exchange, post, code="dislike"), 422, "reasons")
        refused(give_back(exchange, post, amount="12.01"), 422, "amount")
        refused(give_back(exchange, post, amount="0"), 422, "amount")
        refused(give_back(exchange, NOBODY), 404, "not_found")
        refused(give_back(exchange, post, buyer="south"), 404, "not_found")
        same(entries(exchange), before, "what is refused leaves no entry")
        same(accounts(exchange), {"buyer:north": "-12.00", "affiliate:best:uncleared": "9.60", "house:margin": "2.40"})
        status, part = give_back(exchange, post, amount="3.00", evidence="zcanary: nobody there")
        same((status, part["status"], part["amount"], part["lead_id"]), (200, "approved", "3.00", lead["lead_id"]))
        same(accounts(exchange), {"buyer:north": "-9.00", "affiliate:best:uncleared": "7.20", "house:margin": "1.80"})
        told = get(exchange, lead)
        same((told["status"], told["price"], told["sales"][0]["price"]), ("sold", "7.20", "7.20"), "a part came back")
        refused(give_back(exchange, post, amount="9.01"), 422, "left")
        same(give_back(exchange, post, code="duplicate")[1]["amount"], "9.00", "all that is left")
        same(accounts(exchange), {})
        told = get(exchange, lead)
        same((told["status"], told["reason"]["code"], told["sales"][0]["status"], told["price"], told["final"]),
             ("returned", "returned", "returned", "0.00", True))
        refused(give_back(exchange, post), 409, "already")
        mine = exchange.public_answer("GET", "/v1/buyer/returns", None, exchange.buyer_key("north"))[1]["returns"]
        same([(row["status"], row["amount"], row.get("evidence")) for row in mine], [("approved", "3.00", "zcanary: nobody there"), ("approved", "9.00", None)])
        same(exchange.public_answer("GET", "/v1/buyer/returns", None, exchange.buyer_key("south"))[1]["returns"], [])
        seen = exchange.operator("GET", "/v1/admin/returns?status=approved")[1]["returns"]
        same([(row["bears"], row["affiliate"], row["buyer"]) for row in seen], [("affiliate", "best", "north")] * 2)
        same(exchange.operator("GET", "/v1/admin/returns?status=lost")[0], 422)
        events = exchange.public_answer("GET", "/v1/affiliate/events", None, exchange.key_of("best"))
        if events[0] == 200:
            same([event["type"] for event in events[1]["events"]], ["lead.returned"] * 2)
        exchange.kill()
        exchange.start_exchange()
        same(get(exchange, lead)["status"], "returned", "over a kill")
        for name in ("data/book/data.mdb", "log"):
            same(b"zcanary" in open(f"{exchange.folder}/{name}", "rb").read(), False, f"evidence in {name}")


def test_reviewed():
    with Open(play_of({"window": "7d", "decide": "review", "auto_accept_after": "1h"})) as exchange:
        posts = [post_of(exchange, sell(exchange, name)) for name in ("Ann", "Bob")]
        asked = [give_back(exchange, post, code="any", amount="6.00")[1] for post in posts]
        same([one["status"] for one in asked], ["requested"] * 2)
        same("accepted_at" in asked[0], True)
        same(accounts(exchange)["buyer:north"], "-24.00", "nothing moves until it is decided")
        refused(give_back(exchange, posts[0], code="any", amount="6.01"), 422, "left")
        judge = lambda one, **body: exchange.operator("POST", f"/v1/admin/returns/{one['return_id']}", body)
        refused(judge(asked[0], decision="perhaps"), 422, "approve or deny")
        refused(judge({"return_id": NOBODY}, decision="approve"), 404, "not_found")
        same(judge(asked[0], decision="approve", note="seen")[1]["status"], "approved")
        refused(judge(asked[0], decision="deny"), 409, "decided")
        same(judge(asked[1], decision="deny", note="no proof")[1]["status"], "denied")
        held = accounts(exchange)
        same((held["buyer:north"], held["affiliate:best:uncleared"], held["house:loss"]), ("-18.00", "19.20", "-4.80"), "the house bears it")
        same(exchange.operator("GET", "/v1/admin/returns?status=requested")[1]["returns"], [])
        denied = exchange.operator("GET", "/v1/admin/returns?status=denied")[1]["returns"]
        same([(row["note"], row["decided_by"]) for row in denied], [("no proof", "operator")])
        same(give_back(exchange, posts[1], code="any")[1]["status"], "requested", "denied, it may be asked for again")


def test_a_share_of_the_month_and_room_under_caps():
    terms = {"window": "7d", "max_percent": 50, "decide": "auto"}
    play = play_of(terms, caps=[{"window": "month", "leads": 4, "give_back": True}])
    play["buyers"].pop("south")
    with Open(play) as exchange:
        posts = [post_of(exchange, sell(exchange, name)) for name in ("Ann", "Bob", "Cid", "Dan")]
        same(send(exchange, "Eve")["reason"]["code"], "capped")
        same(give_back(exchange, posts[0])[0], 200, "one always")
        sell(exchange, "Eva")
        same(send(exchange, "Fay")["reason"]["code"], "capped", "one came back, one went out")
        same(give_back(exchange, posts[1])[0], 200, "two of five")
        refused(give_back(exchange, posts[2]), 409, "month")
        exchange.kill()
        exchange.start_exchange()
        sell(exchange, "Fae")
        same(send(exchange, "Gil")["reason"]["code"], "capped", "the caps as the book has them")
        same(give_back(exchange, posts[2])[0], 200, "three of six")


def test_nothing_may_be_returned_without_terms():
    with Open() as exchange:
        refused(give_back(exchange, post_of(exchange, sell(exchange, "Ann"))), 409, "nothing back")


def paid_at(stage, **more):
    return {"affiliates": {"best": {"reveal": {"stages": True}}, "other": {"min_price": "1.00"}},
            "buyers": {"north": {"does": {"price": "12.00"}, "contract": {"pay_on": {"stage": stage, **more}, "free": True}}}}


def test_paid_at_a_stage():
    with Open(paid_at("appointment")) as exchange:
        lead = sell(exchange, "Ann")
        same((lead["price"], lead["sales"][0]["price"]), ("0.00", "0.00"), "nothing is owed yet")
        same(accounts(exchange), {})
        told = tell(exchange, item("e1", lead, "contacted"), item("e2", lead, "quoted"), item("e3", lead, "sold"))[1]["results"]
        same([result.get("billed") for result in told], [None, "12.00", None], "once, when it is reached or passed")
        same(tell(exchange, item("e2", lead, "quoted"))[1]["results"][0], told[1], "the first answer again")
        same(accounts(exchange), {"buyer:north": "-12.00", "affiliate:best:uncleared": "9.60", "house:margin": "2.40"})
        told = get(exchange, lead)
        same((told["price"], told["sales"][0]["price"], told["sales"][0]["stage"]), ("9.60", "9.60", "sold"))
        same(send(exchange, "Bob", "other")["reason"]["code"], "low_bid", "an affiliate with a minimum is not sold for nothing")


def test_paid_a_share_of_the_value():
    play = paid_at("sold", percent=10)
    play["buyers"]["north"]["contract"]["returns"] = {"window": "7d", "decide": "auto"}
    with Open(play) as exchange:
        lead = sell(exchange, "Ann")
        post = post_of(exchange, lead)
        refused(give_back(exchange, post), 409, "left")
        same(outcomes(tell(exchange, item("e1", lead, "sold"))), [("e1", "refused", "invalid_field")], "a share of what")
        same(tell(exchange, item("e1", lead, "sold", value="1500.00"))[1]["results"][0]["billed"], "150.00")
        same(accounts(exchange), {"buyer:north": "-150.00", "affiliate:best:uncleared": "120.00", "house:margin": "30.00"})
        exchange.kill()
        exchange.start_exchange()
        same("billed" in tell(exchange, item("e2", lead, "sold", value="9.00"))[1]["results"][0], False)
        same(give_back(exchange, post, amount="50.00")[0], 200)
        same(accounts(exchange)["buyer:north"], "-100.00")


def await_that(what, look):
    """What look() gives, once it gives anything."""
    give_up = time.monotonic() + market.PATIENCE_S
    while time.monotonic() < give_up:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come")


def onward(redistribute, **contract):
    """North and its sister buy first; south is next."""
    return {"affiliates": {"best": {"reveal": {"stages": True}}, "other": {}}, "campaign": {"redistribute": redistribute, "duplicates": {"by": ["phone"], "window": "30d"}},
            "buyers": {"north": {"is": {"group": "one"}, "does": {"price": "12.00"}, "contract": contract},
                       "sister": {"is": {"group": "one"}, "does": {"price": "11.00"}},
                       "south": {"does": {"price": "10.00"}, "contract": {"returns": {"window": "7d", "decide": "auto"}}}}}


def send_phone(exchange, phone, name="Ann"):
    body = exchange.defaults["lead"]
    return exchange.public_answer("POST", "/v1/leads", {**body, "ref": phone, "lead": {**body["lead"], "first_name": name, "phone": phone, "email": None}}, exchange.key_of("best"))[1]


def test_a_returned_lead_goes_on_once():
    with Open(onward({"returned": True}, returns={"window": "7d", "decide": "auto"})) as exchange:
        lead = send_phone(exchange, "+14155550101")
        same((lead["status"], lead["price"]), ("sold", "9.60"))
        same(give_back(exchange, post_of(exchange, lead))[1]["status"], "approved")
        became = await_that("the lead it becomes", lambda: get(exchange, lead).get("redistributed_as"))
        again = await_that("its sale", lambda: (told := get(exchange, {"lead_id": became}))["status"] == "sold" and told)
        same((again["redistributed_from"], again["price"], again["sales"][0]["buyer"], again["ref"]), (lead["lead_id"], "8.00", "south", "+14155550101"))
        same(get(exchange, lead)["status"], "returned")
        asked = {contract["contract"]: contract["reason"]["code"] for contract in exchange.operator("GET", f"/v1/admin/explain/{became}")[1]["contracts"] if contract["reason"]}
        same((asked.get("north"), asked.get("sister")), ("excluded", "excluded"), "who had it, and their owner")
        sold = [event["data"]["lead_id"] for event in exchange.public_answer("GET", "/v1/affiliate/events", None, exchange.key_of("best"))[1]["events"] if event["type"] == "lead.sold"]
        same(sold, [became], "its affiliate is told")
        same(give_back(exchange, tell(exchange, item("x", again, "attempted"), buyer="south")[1]["results"][0]["post_id"], buyer="south")[1]["status"], "approved")
        time.sleep(2.5)
        same(get(exchange, {"lead_id": became}).get("redistributed_as"), None, "once, and no more")
        same(send_phone(exchange, "+14155550101", "Bob")["status"], "duplicate", "the person stays seen")


def test_erasing_takes_what_was_told_of_a_return_and_the_lead_it_became():
    with Open(onward({"returned": True}, returns={"window": "7d", "decide": "auto"})) as exchange:
        lead = send_phone(exchange, "+14155550106")
        post, mine = post_of(exchange, lead), lambda: exchange.public_answer("GET", "/v1/buyer/returns", None, exchange.buyer_key("north"))[1]["returns"]
        same(give_back(exchange, post, amount="3.00", evidence="it was her sister")[0], 200)
        same(give_back(exchange, post, evidence="and she has moved")[0], 200)
        same([one.get("evidence") for one in mine()], ["it was her sister", "and she has moved"])
        became = await_that("the lead it becomes", lambda: get(exchange, lead).get("redistributed_as"))
        await_that("its sale", lambda: get(exchange, {"lead_id": became})["status"] == "sold")
        later = post_of(exchange, {"lead_id": became}, buyer="south")
        same(exchange.operator("POST", "/v1/admin/erase", {"lead_id": lead["lead_id"]})[1]["leads"], sorted([lead["lead_id"], became]))
        same([one.get("evidence") for one in mine()], [None, None])
        same(give_back(exchange, later, buyer="south", evidence="gone, too")[0], 200, "erased, it may still be given back")
        same([one.get("evidence") for one in exchange.operator("GET", "/v1/admin/returns?status=approved")[1]["returns"]], [None] * 3)


def test_a_returned_lead_does_not_go_on():
    for terms in ({"uncontacted": True}, None):
        play = onward(terms or {"returned": True, "max_age": "1m"}, returns={"window": "7d", "decide": "auto"})
        with Open(play) as exchange:
            lead = send_phone(exchange, "+14155550102")
            if not terms:
                body = {"phone": "+14155550102"}
                same(exchange.public_answer("POST", "/v1/revocations", body, exchange.key_of("best"))[0], 200)
            give_back(exchange, post_of(exchange, lead))
            if terms:
                time.sleep(2.5)
                same(get(exchange, lead).get("redistributed_as"), None, "the campaign does not say so")
                continue
            became = await_that("the lead it becomes", lambda: get(exchange, lead).get("redistributed_as"))
            told = await_that("its end", lambda: (one := get(exchange, {"lead_id": became}))["status"] == "unsold" and one)
            same(told["reason"]["code"], "suppressed", "who takes consent back is sold to nobody")


def test_a_lead_that_nobody_contacts_goes_on():
    with Open(onward({"uncontacted": True}, contact_within="1s")) as exchange:
        reached, lost = send_phone(exchange, "+14155550103"), send_phone(exchange, "+14155550104")
        tell(exchange, item("r1", reached, "contacted"), item("l1", lost, "attempted"))
        became = await_that("the lead it becomes", lambda: get(exchange, lost).get("redistributed_as"))
        again = await_that("its sale", lambda: (told := get(exchange, {"lead_id": became}))["status"] == "sold" and told)
        same(again["sales"][0]["buyer"], "south")
        told = get(exchange, lost)
        same((told["status"], told["price"]), ("sold", "9.60"), "its sale stands")
        events = exchange.public_answer("GET", "/v1/buyer/events", None, exchange.buyer_key("north"))[1]["events"]
        same([event["type"] for event in events], ["lead.uncontacted"])
        same(get(exchange, reached).get("redistributed_as"), None, "who was reached stays")


def test_going_on_survives_a_kill():
    with Open(onward({"uncontacted": True}, contact_within="1s")) as exchange:
        lead = send_phone(exchange, "+14155550105")
        exchange.kill()
        time.sleep(1.2)
        exchange.start_exchange()
        became = await_that("the lead it becomes", lambda: get(exchange, lead).get("redistributed_as"))
        await_that("its sale", lambda: get(exchange, {"lead_id": became})["status"] == "sold")


run_all(dict(globals()))
