"""Notices over real sockets: signed, at least once, of one lead in order; over an address that is down, one that says no, kills of the
exchange and a reload; and the feeds, which have all of it. usage: test_notices.py outcry outcry-buyers"""
import csv
import io
import json
import sys
import tempfile
import time

import market
from plain import PATIENCE_S, run_all, same
from receiver import Receiver

OUTCRY, BUYERS = sys.argv[1:3]
KEYS = market.Keys(OUTCRY)
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OLDER = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDMfKQ9r8GKYo="
BUYERS_SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oDMfKQ9r8GKYo="  # of tests/plays/defaults.json
SILENT = {"post": {"manner": "silent"}}


def play_of(receiver, secret=SECRET, **more):
    return {"affiliates": {"best": {"notices": {"url": receiver.url("/best"), "secret": secret}}, "other": {}},
            "campaign": {"duplicates": {"by": ["phone"], "window": "30d"}},
            "buyers": {"north": {"is": {"notices": {"url": receiver.url("/north")}}, "contract": {"post_timeout": "500ms", **more}, "does": SILENT}}}


class Open:
    """An exchange that is ended well and verified, unless the test failed."""

    def __init__(self, play):
        self.folder = tempfile.TemporaryDirectory()
        self.exchange = market.Market(OUTCRY, BUYERS, KEYS, self.folder.name, play)

    def __enter__(self):
        self.exchange.start()
        return self.exchange

    def __exit__(self, *failure):
        if failure[0] is None:
            self.exchange.drain()
            self.exchange.ended()
            status, text = self.exchange.ledger("verify")
            same(status, 0, f"verify: {text}")
        self.exchange.close()
        self.folder.cleanup()


def lead(exchange, number, by="best", **more):
    body = exchange.defaults["lead"]
    body = {**body, **more, "lead": {**body["lead"], "phone": f"+1415555{number:04}", "email": f"ann{number}@example.com"}}
    status, answer = exchange.public_answer("POST", "/v1/leads", body, exchange.key_of(by))
    same(status, 200, str(answer))
    return answer


def pending(exchange, number, **more):
    answer = lead(exchange, number, **more)
    same((answer["status"], answer["final"]), ("pending", False), str(answer))
    return answer["lead_id"]


def resolve(exchange, lead_id, word):
    posts = {post["lead_id"]: post["post_id"] for post in exchange.operator("GET", "/v1/admin/posts?state=in_doubt")[1]["posts"]}
    same(exchange.operator("POST", f"/v1/admin/posts/{posts[lead_id]}/resolve", {"status": word})[0], 200, word)
    return posts[lead_id]


def feed(exchange, key, path, after="", limit=None):
    query = "&".join(part for part in (f"after={after}" if after else "", f"limit={limit}" if limit else "") if part)
    status, answer = exchange.public_answer("GET", f"{path}?{query}" if query else path, None, key)
    same(status, 200, str(answer))
    return answer


def mine(exchange, **more):
    return feed(exchange, exchange.key_of("best"), "/v1/affiliate/events", **more)


def revoke(exchange, number):
    status, answer = exchange.public_answer("POST", "/v1/revocations", {"phone": f"+1415555{number:04}"}, exchange.key_of("other"))
    same((status, answer), (200, {"status": "revoked"}))


def test_a_pending_lead_is_told_once_and_signed():
    receiver = Receiver(SECRET, OLDER)
    with Open(play_of(receiver, [SECRET, OLDER])) as exchange:
        sold = pending(exchange, 1, ref="r-1", click_id="c-9", sub_id=["ad-77", "eu"])
        resolve(exchange, sold, "accepted")
        path, notice, signed, webhook_id = receiver.until("/best", 1)[0]
        same(signed, True, "by both secrets while one replaces the other")
        same((notice["type"], notice["id"] == webhook_id), ("lead.sold", True), str(notice))
        data = notice["data"]
        same((data["lead_id"], data["status"], data["final"], data["price"], data["campaign"]), (sold, "sold", True, "9.60", "auto"), str(data))
        same((data["ref"], data["click_id"], data["sub_id"], data["test"]), ("r-1", "c-9", ["ad-77", "eu"], False), str(data))
        same("zcanary" in str(notice), False, "ids only")
        status, answer = exchange.public_answer("GET", f"/v1/leads/{sold}", None, exchange.key_of("best"))
        same((answer["price"], answer["sales"][0]["sale_id"]), (data["price"], data["sale_id"]))
        same(mine(exchange)["events"], [notice], "the feed says the same")
        same(feed(exchange, exchange.key_of("other"), "/v1/affiliate/events"), {"events": [], "next": None}, "to nobody else")
        time.sleep(1.2)  # more than one look of the courier's
        same(len(receiver.of("/best")), 1, "told once")
    receiver.close()


def test_feeds_are_paged():
    receiver = Receiver(SECRET)
    with Open(play_of(receiver)) as exchange:
        leads = [pending(exchange, number) for number in range(3)]
        for lead_id in leads:
            resolve(exchange, lead_id, "accepted")
        first = mine(exchange, limit=2)
        same([event["data"]["lead_id"] for event in first["events"]], leads[:2])
        second = mine(exchange, limit=2, after=first["next"])
        same([event["data"]["lead_id"] for event in second["events"]], leads[2:])
        same(mine(exchange, after=second["next"]), {"events": [], "next": second["next"]}, "the place is kept")
        for query in ("after=nonsense", "limit=0", "limit=1001", "limit=x"):
            status, problem = exchange.public_answer("GET", f"/v1/affiliate/events?{query}", None, exchange.key_of("best"))
            same((status, problem["code"]), (422, "invalid_field"), query)
        same(exchange.public_answer("GET", "/v1/buyer/events", None, exchange.key_of("best"))[0], 403)
    receiver.close()


def test_a_revocation_reaches_whoever_has_the_lead():
    receiver = Receiver(BUYERS_SECRET)
    with Open(play_of(receiver)) as exchange:
        lead_id = pending(exchange, 1)
        post_id = resolve(exchange, lead_id, "accepted")
        revoke(exchange, 1)
        path, notice, signed, _ = receiver.until("/north", 1)[0]
        same((signed, notice["type"], notice["data"]["lead_id"], notice["data"]["post_id"]), (True, "lead.revoked", lead_id, post_id), str(notice))
        told = [one[1]["type"] for one in receiver.until("/best", 2)]
        same(told, ["lead.sold", "lead.revoked"], "of one lead in order")
        same(feed(exchange, exchange.buyer_key("north"), "/v1/buyer/events")["events"], [notice])
    receiver.close()


def test_down_then_up_over_a_kill():
    """Nobody listens at first; the exchange is killed meanwhile; then each is told, of one lead in order, and nothing is lost."""
    receiver = Receiver(SECRET)
    port = receiver.port
    receiver.close()
    with Open(play_of(receiver)) as exchange:
        leads = [pending(exchange, number) for number in range(6)]
        for lead_id in leads:
            resolve(exchange, lead_id, "accepted")
        for number in range(6):
            revoke(exchange, number)
        events = mine(exchange)["events"]
        same(len(events), 12)
        time.sleep(1.5)  # the first tries have failed by then
        exchange.kill()
        receiver = Receiver(SECRET, port=port)
        exchange.start_exchange()
        receiver.until("/best", 12, "each lead's two")
        for lead_id in leads:
            told = [one[1]["type"] for one in receiver.of("/best") if one[1]["data"]["lead_id"] == lead_id]
            same(list(dict.fromkeys(told)), ["lead.sold", "lead.revoked"], "in order, each at least once")
        same({one[3] for one in receiver.of("/best")}, {event["id"] for event in events}, "the same ids")
        same(all(one[2] for one in receiver.of("/best")), True, "signed")
    receiver.close()


def test_killed_while_delivering():
    receiver = Receiver(SECRET)
    with Open(play_of(receiver)) as exchange:
        leads = [pending(exchange, number) for number in range(8)]
        for number, lead_id in enumerate(leads):
            resolve(exchange, lead_id, "accepted")
            if number % 3 == 2:
                exchange.kill()
                exchange.start_exchange()
        events = {event["id"] for event in mine(exchange)["events"]}
        give_up = time.monotonic() + PATIENCE_S
        while {one[3] for one in receiver.of("/best")} != events and time.monotonic() < give_up:
            time.sleep(0.02)
        same({one[3] for one in receiver.of("/best")}, events, "each at least once")
        same(len(events), 8)
    receiver.close()


def test_refused_then_taken_later_ones_wait():
    receiver = Receiver(SECRET)
    receiver.says["/best"] = 500
    with Open(play_of(receiver)) as exchange:
        one, two = pending(exchange, 1), pending(exchange, 2)
        resolve(exchange, one, "accepted")
        receiver.until("/best", 1)
        revoke(exchange, 1)
        resolve(exchange, two, "accepted")
        receiver.until("/best", 2)
        same([got[1]["data"]["lead_id"] for got in receiver.of("/best")], [one, two], "the other lead does not wait, the same one does")
        receiver.says["/best"] = 204
        told = [got[1]["type"] for got in receiver.until("/best", 5) if got[1]["data"]["lead_id"] == one]
        same(told, ["lead.sold", "lead.sold", "lead.revoked"], "after 5 s again, then what waited for it")
    receiver.close()


def test_gone_until_a_reload():
    receiver = Receiver(SECRET)
    receiver.says["/best"] = 410
    play = play_of(receiver)
    with Open(play) as exchange:
        one, two = pending(exchange, 1), pending(exchange, 2)
        resolve(exchange, one, "accepted")
        receiver.until("/best", 1)
        resolve(exchange, two, "accepted")
        time.sleep(2.2)
        same(len(receiver.of("/best")), 1, "it is left alone")
        receiver.says["/best"] = 200
        exchange.write_files(play)
        same(exchange.operator("POST", "/v1/admin/reload")[0], 200)
        receiver.until("/best", 3, "after the reload it is told again")
    receiver.close()


def test_without_an_address_there_is_the_feed():
    receiver = Receiver(SECRET)
    play = play_of(receiver)
    del play["affiliates"]["best"]["notices"]
    with Open(play) as exchange:
        lead_id = pending(exchange, 1)
        resolve(exchange, lead_id, "accepted")
        same([event["data"]["lead_id"] for event in mine(exchange)["events"]], [lead_id])
        time.sleep(2)  # it has left the outbox: an address given later hears of later ones only
        play["affiliates"]["best"]["notices"] = {"url": receiver.url("/best"), "secret": SECRET}
        exchange.write_files(play)
        same(exchange.operator("POST", "/v1/admin/reload")[0], 200)
        later = pending(exchange, 2)
        resolve(exchange, later, "accepted")
        same(receiver.until("/best", 1)[0][1]["data"]["lead_id"], later)
    receiver.close()


def bought(exchange, buyer, query="", fields=None):
    asked = exchange.ask("GET", f"/v1/buyer/leads{query}", None, exchange.buyer_key(buyer), fields)
    status, text = asked.whole()
    return status, text.decode()


def test_hooks_hear_of_sales_and_copies_hold_the_lead():
    receiver = Receiver(BUYERS_SECRET)
    play = {"buyers": {"north": {"contract": {"notify": [receiver.url("/chat"), receiver.url("/mail")], "copies": [receiver.url("/crm")]}},
                       "south": {"does": {"price": "10.00"}}}}
    with Open(play) as exchange:
        sold = lead(exchange, 1)
        same(sold["status"], "sold", str(sold))
        for path in ("/chat", "/mail"):
            _, notice, signed, _ = receiver.until(path, 1)[0]
            data = notice["data"]
            same((signed, notice["type"], data["lead_id"], data["contract"], data["buyer"], data["price"]),
                 (True, "lead.sold", sold["lead_id"], "north", "north", "12.00"), str(notice))
            same("ann1@" in str(notice) or "555" in str(data["text"]), False, "ids only")
            same(sold["lead_id"] in data["text"], True, "a sentence for chats")
        _, copy, signed, _ = receiver.until("/crm", 1)[0]
        same((signed, copy["type"], copy["data"]["lead"]["email"], copy["data"]["consent"]), (True, "lead.copy", "ann1@example.com", {"tcpa": True}), str(copy))
        lead(exchange, 2, test=True)
        time.sleep(1.5)
        same(len(receiver.got), 3, "of a test nobody hears")
        with open(f"{exchange.folder}/log", encoding="utf-8") as log:
            same("ann1@" in log.read(), False, "nothing private in the log")
    receiver.close()


def test_an_inbox_buys_without_a_call():
    with Open({"buyers": {"north": {"contract": {"delivery": "inbox", "price": "12.00"}}, "south": {"does": {"price": "10.00"}}}}) as exchange:
        sold = [lead(exchange, number) for number in range(3)]
        same([(one["status"], one["price"], one["sales"][0]["buyer"]) for one in sold], [("sold", "9.60", "north")] * 3)
        same(exchange.buyers("GET", "/stats?buyer=north")["buyers"][0]["posts"], 0, "no call leaves")
        status, text = bought(exchange, "north", "?limit=2")
        page = json.loads(text)
        same((status, [one["lead_id"] for one in page["leads"]]), (200, [one["lead_id"] for one in sold[:2]]))
        same(page["leads"][0]["lead"]["email"], "ann0@example.com")
        same((page["leads"][0]["price"], page["leads"][0]["status"], page["leads"][0]["consent"]), ("12.00", "sold", {"tcpa": True}), text)
        status, text = bought(exchange, "north", f"?after={page['next']}")
        rest = json.loads(text)
        same([one["lead_id"] for one in rest["leads"]], [sold[2]["lead_id"]])
        same(json.loads(bought(exchange, "north", f"?after={rest['next']}")[1]), {"leads": [], "next": rest["next"]})
        same(json.loads(bought(exchange, "south")[1]), {"leads": [], "next": None}, "own ones only")
        same(bought(exchange, "south", f"?after={page['next']}")[0], 404, "a purchase of someone else's")
        status, text = bought(exchange, "north", "", {"Accept": "text/csv"})
        rows = list(csv.DictReader(io.StringIO(text)))
        same((status, [row["lead_id"] for row in rows]), (200, [one["lead_id"] for one in sold]))
        same((rows[0]["email"], rows[0]["phone"], rows[0]["price"], rows[0]["consent"]), ("ann0@example.com", "+14155550000", "12.00", '{"tcpa":true}'), text)
        exchange.kill()
        exchange.start_exchange()
        same(json.loads(bought(exchange, "north", "?limit=2")[1]), page, "over a kill")


run_all(dict(globals()))
