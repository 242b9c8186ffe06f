"""The simulated buyers over real sockets: every manner, and what /stats counts of it."""
import base64
import hashlib
import hmac
import http.client
import json
import os
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from plain import PATIENCE_S, Simulator, raw, request, run_all, same

PROGRAM = sys.argv[1]


def town(*buyers, **more):
    return Simulator(PROGRAM, {"listen": "127.0.0.1:0", "buyers": list(buyers), **more})


def refuses(function, *kinds):
    try:
        return f"answered {function()}"
    except kinds:
        return "refused"


def test_bid_has_what_the_scenario_says():
    with town({"name": "a", "price": "12.50", "bid_id": True, "available": True, "available_in_ms": 20, "valid_ms": 30000,
               "pause_s": 5, "legs": [{"price": "4.00", "max_sold": 4}]}) as sim:
        sim.ping("a")
        same(sim.bid("a"), {"status": "bid", "price": "12.50", "bid_id": "b-2", "available": True, "available_in_ms": 20,
                            "valid_ms": 30000, "pause_s": 5, "legs": [{"price": "4.00", "max_sold": 4}]})
        same(sim.stats("a")["bids"], 2)


def test_legs_without_price():
    with town({"name": "a", "legs": [{"price": "4.00", "max_sold": 4}]}) as sim:
        same(sim.bid("a"), {"status": "bid", "legs": [{"price": "4.00", "max_sold": 4}]})


def prices(sim, buyer, count):
    return [float(sim.bid(buyer)["price"]) for _ in range(count)]


def test_prices_are_spread_and_seeded():
    buyers = ({"name": "uni", "price": {"uniform": ["5", "15"]}},
              {"name": "logn", "price": {"log_normal": {"median": "10", "sigma": 0.4}}})
    with town(*buyers, seed=3) as sim:
        uniform, log_normal = prices(sim, "uni", 300), prices(sim, "logn", 300)
    with town(*reversed(buyers), seed=3) as sim:
        same(prices(sim, "logn", 300), log_normal, "same seed, other order")
        same(prices(sim, "uni", 300), uniform, "same seed, other order")
    with town(*buyers, seed=4) as sim:
        same(prices(sim, "uni", 300) == uniform, False, "another seed")
    same(5 <= min(uniform) < 6 and 14 < max(uniform) <= 15, True, f"ends {min(uniform)} {max(uniform)}")
    # the seed is fixed, so these are facts, not luck: sixteen and eighty-four per cent lie one sigma from the median
    ordered = sorted(log_normal)
    for place, wanted in ((48, 6.7), (150, 10.0), (252, 14.9)):
        same(abs(ordered[place] - wanted) < 0.15 * wanted, True, f"log-normal {place}: {ordered[place]} for {wanted}")


def test_price_by_field():
    with town({"name": "a", "price": {"by_field": {"field": "state", "prices": {"CA": "20", "NV": "11"}, "else": "8"}}},
              {"name": "b", "price": {"by_field": {"field": "state", "prices": {"CA": "20"}}}}) as sim:
        same([sim.bid("a", {"state": state})["price"] for state in ("CA", "NV", "TX")], ["20.00", "11.00", "8.00"])
        same(sim.bid("b", {"state": "TX"})["status"], "no_bid")


def test_share_of_no_bids():
    with town({"name": "a", "price": "1", "no_bid": 0.25, "no_bid_reason": "outside area"}) as sim:
        answers = [sim.bid("a") for _ in range(400)]
        refusals = [answer for answer in answers if answer["status"] == "no_bid"]
        same(70 < len(refusals) < 130, True, f"{len(refusals)} of 400")
        same(refusals[0], {"status": "no_bid", "code": "filtered", "reason": "outside area"})
        same(sim.stats("a")["no_bids"], len(refusals))


def test_think_time_waits():
    with town({"name": "a", "price": "1", "think_ms": 60}, {"name": "t", "price": "1", "think_ms":
              {"tail": {"base": 0, "share": 1, "ms": 60}}}) as sim:
        for buyer in "a", "t":
            start = time.monotonic()
            sim.ping(buyer)
            same(time.monotonic() - start >= 0.06, True, buyer)


def test_manners_of_a_ping():
    with town({"name": "a", "price": "9", "script": [
            "bid:7", "no_bid:capped", "unavailable", "garbage", "wrong_type", "wrong_status", "html", "status:503", "redirect",
            "no_content", "huge"]}, huge_bytes=200000) as sim:
        answers = [sim.ping("a") for _ in range(11)]
        same([status for status, _ in answers], [200, 200, 200, 200, 200, 200, 200, 503, 302, 204, 200])
        same(json.loads(answers[0][1])["price"], "7.00")
        same(json.loads(answers[1][1])["code"], "capped")
        same(json.loads(answers[2][1]), {"status": "bid", "price": "9.00", "available": False})
        same(refuses(lambda: json.loads(answers[3][1].decode("latin-1")), ValueError), "refused")
        same(type(json.loads(answers[4][1])["price"]), dict)
        same(json.loads(answers[5][1])["status"], "perhaps")
        same(answers[6][1][:9], b"<!doctype")
        same(len(answers[10][1]), 200000)
        same(sim.bid("a")["price"], "7.00", "the script begins again")


def test_script_that_stays_at_its_end():
    with town({"name": "a", "price": "9", "script": ["bid:1", "bid:2"], "script_end": "last"}) as sim:
        same([sim.bid("a")["price"] for _ in range(4)], ["1.00", "2.00", "2.00", "2.00"])


def test_hang_ups():
    with town({"name": "a", "price": "9", "script": ["hang_up_before", "hang_up_middle", "hang_up_after", "not_http"]}) as sim:
        same(raw(sim.address, request("/a/ping")), "reset")
        head, body = raw(sim.address, request("/a/ping")).split(b"\r\n\r\n")
        length = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0])
        same(0 < len(body) < length, True, f"{len(body)} of {length}")
        same(raw(sim.address, request("/a/ping")), b"")
        same(raw(sim.address, request("/a/ping"))[:5] == b"HTTP/", False)


def test_silent_keeps_the_connection():
    with town({"name": "a", "price": "9", "manner": "silent"}, {"name": "b", "price": "1"}) as sim:
        silent = http.client.HTTPConnection(sim.address, timeout=PATIENCE_S)
        silent.request("POST", "/a/ping", "{}")
        sim.until("a", "pings", 1)
        same(sim.bid("b")["price"], "1.00", "the others go on")
        silent.sock.settimeout(0.2)
        same(refuses(lambda: silent.sock.recv(1), TimeoutError), "refused")
        silent.close()


def test_drip():
    with town({"name": "a", "price": "9", "manner": "drip", "drip_ms": 1, "drip_bytes": 3}) as sim:
        same(sim.bid("a"), {"status": "bid", "price": "9.00"})
        first = raw(sim.address, request("/a/ping"), read_all=False)
        same(len(first) < 60, True, f"{len(first)} bytes at once")


def test_held_answers_wait_for_their_release():
    with town({"name": "a", "price": "9", "script": ["held bid:1", "held bid:2", "held bid:3"]}) as sim:
        found, threads = [], []
        for number in range(3):
            threads.append(threading.Thread(target=lambda: found.append(sim.bid("a")["price"])))
            threads[-1].start()
            sim.until("a", "held", number + 1)
        same(found, [])
        same(sim.control(buyer="a", release=1), (200, {"released": 1}))
        threads[0].join(PATIENCE_S)
        same(found, ["1.00"], "the oldest first")
        same(sim.control(buyer="a", release=True), (200, {"released": 2}))
        for thread in threads:
            thread.join(PATIENCE_S)
        same(sorted(found), ["1.00", "2.00", "3.00"])
        same(sim.stats("a")["held"], 0)


def test_held_answer_whose_peer_left():
    with town({"name": "a", "price": "9", "manner": "held"}) as sim:
        gone = http.client.HTTPConnection(sim.address, timeout=PATIENCE_S)
        gone.request("POST", "/a/ping", "{}")
        sim.until("a", "held", 1)
        gone.close()
        sim.until("a", "gone", 1)
        same(sim.stats("a")["held"], 0)
        same(sim.control(buyer="a", release=True), (200, {"released": 0}))


def test_posts_and_their_truth():
    with town({"name": "a", "price": "9", "post": {"reason": "seen on 3 May", "script": [
            "accept", "reject:duplicate", "hang_up_after", "hang_up_before", "status:500", "accept:8.00"]}}) as sim:
        same(sim.verdict("a", "p1"), {"status": "accepted", "buyer_lead_id": "1"})
        same(sim.verdict("a", "p2"), {"status": "rejected", "code": "duplicate", "reason": "seen on 3 May"})
        same(raw(sim.address, request("/a/post", b'{"post_id":"p3","price":"2.50"}')), b"")
        same(raw(sim.address, request("/a/post", b'{"post_id":"p4","price":"2.50"}')), "reset")
        same(sim.post("a", "p5")[0], 500)
        same(sim.verdict("a", "p6")["price"], "8.00")
        known = [json.loads(sim.ask("GET", f"/a/status?post_id=p{number}")[1])["status"] for number in range(1, 8)]
        same(known, ["accepted", "rejected", "accepted", "not_seen", "not_seen", "accepted", "not_seen"])
        stats = sim.stats("a")
        same([stats[key] for key in ("posts", "accepted", "rejected", "not_seen", "money", "statuses")],
             [6, 3, 1, 2, "22.50", 7])


def test_same_post_same_verdict():
    with town({"name": "a", "price": "9", "post": {"script": ["accept", "reject"]}}) as sim:
        first = sim.verdict("a", "p1")
        same(sim.verdict("a", "p1"), first)
        same(sim.verdict("a", "p2")["status"], "rejected", "the script went on by one")
        stats = sim.stats("a")
        same([stats["posts"], stats["duplicates"], stats["accepted"], stats["money"]], [3, 1, 1, "10.00"])


def test_unheard_post_is_decided_anew():
    with town({"name": "a", "price": "9", "post": {"script": ["hang_up_before", "accept"]}}) as sim:
        same(raw(sim.address, request("/a/post", b'{"post_id":"p1","price":"2.50"}')), "reset")
        same(sim.verdict("a", "p1")["status"], "accepted")
        stats = sim.stats("a")
        same([stats["accepted"], stats["not_seen"], stats["duplicates"]], [1, 0, 1])


def test_truth_may_be_named():
    with town({"name": "a", "price": "9", "post": {"manner": "hang_up_after", "truth": "rejected"}}) as sim:
        raw(sim.address, request("/a/post", b'{"post_id":"p1","price":"2.50"}'))
        same(json.loads(sim.ask("GET", "/a/status?post_id=p1")[1])["status"], "rejected")


def test_share_of_rejects_and_codes():
    with town({"name": "a", "price": "9", "post": {"reject": 0.5, "codes": ["duplicate", "capped"]}}) as sim:
        verdicts = [sim.verdict("a", f"p{number}") for number in range(200)]
        codes = [verdict["code"] for verdict in verdicts if verdict["status"] == "rejected"]
        same(70 < len(codes) < 130, True, f"{len(codes)} of 200")
        same(set(codes), {"duplicate", "capped"})


def test_redirect_url_and_price_of_a_verdict():
    with town({"name": "a", "price": "9", "post": {"price": "8.75", "redirect_url": "https://x.example/t"}}) as sim:
        same(sim.verdict("a", "p1"), {"status": "accepted", "buyer_lead_id": "1", "price": "8.75",
                                      "redirect_url": "https://x.example/t"})


def sign(secret, ident, stamp, body):
    tag = hmac.new(base64.b64decode(secret[6:]), f"{ident}.{stamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(tag).decode()


def test_signatures_are_checked():
    secret = "whsec_" + base64.b64encode(bytes(range(32))).decode()
    with town({"name": "a", "price": "9", "secret": secret}) as sim:
        body, stamp = b'{"type":"ping"}', str(int(time.time()))
        good = {"webhook-id": "i", "webhook-timestamp": stamp, "webhook-signature": sign(secret, "i", stamp, body)}
        same(sim.ask("POST", "/a/ping", body, good)[0], 200)
        same(sim.ask("POST", "/a/ping", body + b" ", good)[0], 401)
        same(sim.ask("POST", "/a/ping", body, {**good, "webhook-id": "j"})[0], 401)
        same(sim.ask("POST", "/a/ping", body)[0], 401)
        stats = sim.stats("a")
        same([stats["bad_signatures"], stats["pings"]], [3, 1])


def test_private_fields_are_noticed_at_any_depth():
    with town({"name": "a", "price": "9"}, private=["phone", "email", "last_name"], record=True) as sim:
        sim.ping("a", {"state": "CA", "zip": "94110"})
        same(sim.stats("a")["private_seen"], [])
        same(sim.ping("a", {"state": "CA", "home": [{"email": "x"}]})[0], 200)
        sim.ping("a", {"phone": "1"})
        same(sim.stats("a")["private_seen"], ["phone", "email"])
        same(json.loads(sim.ask("GET", "/last?buyer=a")[1])["ping"]["lead"], {"phone": "1"})
        same(sim.ask("POST", "/a/ping", "{")[0], 400)
        same(sim.stats("a")["bad_requests"], 1)


def test_seats_fill_up():
    with town({"name": "a", "price": "9", "seats": 2}) as sim:
        same(sim.bid("a")["available"], True)
        same([sim.verdict("a", f"p{number}").get("code") for number in range(3)], [None, None, "no_seat"])
        same(sim.bid("a")["available"], False)
        same(sim.control(buyer="a", set={"seats": 1})[0], 200)
        same(sim.stats("a")["seats_free"], 1)
        same(sim.bid("a")["available"], True)


def test_seats_come_back():
    with town({"name": "a", "price": "9", "seats": 1, "seat_ms": 30}) as sim:
        same(sim.verdict("a", "p1")["status"], "accepted")
        sim.until("a", "seats_free", 1)
        same(sim.verdict("a", "p2")["status"], "accepted")


class Exchange:
    """Takes availability pushes."""

    def __init__(self):
        import http.server
        pushes = self.pushes = []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_PUT(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                pushes.append((self.path, self.headers["Authorization"], json.loads(body)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


def test_seats_are_pushed():
    exchange = Exchange()
    with town({"name": "a", "price": "9", "seats": 2, "key": "oc_buy_x", "contract": "a-ca"}, {"name": "b", "price": "1"},
              exchange={"url": exchange.url, "ttl_s": 60}) as sim:
        sim.until("a", "pushes", 1)
        sim.verdict("a", "p1")
        sim.until("a", "pushes", 2)
        sim.control(buyer="a", set={"available": False})
        sim.until("a", "pushes", 3)
        same(exchange.pushes, [("/v1/buyer/availability", "Bearer oc_buy_x",
                                {"contract": "a-ca", "available": available, "seats": seats, "ttl_s": 60})
                               for available, seats in ((True, 2), (True, 1), (False, 1))])
        same(sim.bid("a")["available"], False)
        same(sim.stats("b")["pushes"], 0)
    exchange.server.shutdown()


def test_failed_push_is_tried_again():
    with town({"name": "a", "price": "9", "seats": 2, "key": "oc_buy_x"}, exchange={"url": "http://127.0.0.1:1"}) as sim:
        give_up = time.monotonic() + PATIENCE_S
        while sim.stats("a")["push_failures"] < 2:
            same(time.monotonic() < give_up, True, "a second try")
            time.sleep(0.02)


def test_own_addresses_and_doors():
    with town({"name": "a", "price": "1", "listen": "127.0.0.1:0", "post_listen": "127.0.0.1:0", "post_door": "refused"},
              {"name": "b", "price": "2", "listen": "127.0.0.1:0", "door": "closes"}) as sim:
        own, post, closing = sim.own[("a",)], sim.own[("a", "post")], sim.own[("b",)]
        same(sim.ping("a", address=own)[0], 200)
        same(sim.ping("a")[0], 404, "at the shared address")
        same(sim.stats("a")["post_url"], f"http://{post}/a/post")
        same(refuses(lambda: sim.post("a", "p1", address=post), ConnectionRefusedError), "refused")
        same(refuses(lambda: sim.ping("b", address=closing), ConnectionResetError, http.client.RemoteDisconnected,
                     BrokenPipeError), "refused")
        same(sim.control(buyer="a", set={"post_door": "open"})[0], 200)
        same(sim.post("a", "p1", address=post)[0], 200)
        same(sim.post("a", "p2", address=own)[0], 404)
        same(sim.control(buyer="a", set={"post_door": "refused"})[0], 200)
        same(refuses(lambda: sim.post("a", "p3", address=post), ConnectionRefusedError), "refused")
        same(sim.control(buyer="b", set={"door": "open"})[0], 200)
        same(sim.ping("b", address=closing)[0], 200)


def test_control_changes_manners():
    with town({"name": "a", "price": "1"}) as sim:
        same(sim.control(buyer="a", set={"manner": "status:500", "post": {"manner": "reject:capped"}})[0], 200)
        same(sim.ping("a")[0], 500)
        same(sim.verdict("a", "p1")["code"], "capped")
        same(sim.control(buyer="a", set={"manner": "normal", "price": "3"})[0], 200)
        same(sim.bid("a")["price"], "3.00")
        same(sim.verdict("a", "p2")["code"], "capped", "what was not set stays")


def test_control_says_what_is_wrong():
    with town({"name": "a", "price": "1"}) as sim:
        for order, wanted in (({"buyer": "z"}, "control: no buyer of that name"),
                              ({"buyer": "a", "sett": {}}, "control: sett: unknown key"),
                              ({"buyer": "a", "set": {"price": "5", "manner": "nice"}},
                               'control: manner: "nice" is no manner of a ping'),
                              ({"buyer": "a", "set": {"name": "b"}}, "control: name: unknown key"),
                              ({"buyer": "a", "release": -1}, "control: release is true or a count")):
            same(sim.control(**order), (422, {"error": wanted}))
        same(sim.bid("a")["price"], "1.00", "nothing was changed")


def test_many_buyers_on_paths():
    with town({"name": "m", "count": 300, "price": {"uniform": ["1", "9"]}}) as sim:
        found = {sim.bid(f"m-{number}")["price"] for number in (1, 2, 3, 150, 299, 300)}
        same(len(found) > 3, True, "each has chances of its own")
        same(sim.ping("m-301")[0], 404)
        same(len(json.loads(sim.ask("GET", "/stats")[1])["buyers"]), 300)


def test_wrong_paths_and_methods():
    with town({"name": "a", "price": "1"}) as sim:
        same(sim.ask("GET", "/a/ping")[0], 405)
        same(sim.ask("POST", "/a/status")[0], 405)
        same(sim.ask("POST", "/stats")[0], 405)
        same(sim.ask("GET", "/nothing")[0], 404)
        same(sim.ask("GET", "/stats?buyer=z")[0], 404)
        same(sim.ask("POST", "/a/post", "{}")[0], 400)


def test_tls():
    with tempfile.TemporaryDirectory() as folder:
        made = subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                               "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2",
                               "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"], capture_output=True, check=False)
        same(made.returncode, 0, made.stderr)
        with town({"name": "a", "price": "1"}, tls={"certificate": f"{folder}/cert.pem", "key": f"{folder}/key.pem"}) as sim:
            context = ssl.create_default_context(cafile=f"{folder}/cert.pem")
            connection = http.client.HTTPSConnection(sim.address, timeout=PATIENCE_S, context=context)
            connection.request("POST", "/a/ping", "{}")
            same(json.loads(connection.getresponse().read())["price"], "1.00")
            connection.request("GET", "/stats")
            same(json.loads(connection.getresponse().read())["buyers"][0]["ping_url"], f"https://{sim.address}/a/ping")
            connection.close()


def refusal(text, *options):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "s.json")
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text if isinstance(text, str) else json.dumps(text))
        ended = subprocess.run([PROGRAM, "--scenario", path, *options], capture_output=True, text=True, timeout=PATIENCE_S,
                               check=False)
        same(ended.stdout, "")
        return ended.returncode, ended.stderr.replace(path, "s.json")


def test_bad_scenarios_are_refused_in_one_line():
    one = {"name": "a", "price": "1"}
    at = {"listen": "127.0.0.1:0"}
    for scenario, wanted in (
            (None, "s.json: No such file or directory"),
            ("{\n  \"listen\": 1,,\n}", "s.json: line 2, column 15: "),
            ({}, "s.json: buyers are needed"),
            ({**at, "buyers": []}, "s.json: buyers: a list of buyers is needed"),
            ({**at, "buyers": [{"price": "1"}]}, "s.json: buyers[0]: a buyer needs a name"),
            ({**at, "buyers": [one, {"name": "b"}]}, "s.json: buyers[1]: a buyer needs a price, or legs"),
            ({**at, "buyers": [one, one]}, 's.json: buyer "a": its path is too long or taken'),
            ({**at, "buyers": [{**one, "prise": "1"}]}, "s.json: buyers[0].prise: unknown key"),
            ({**at, "buyers": [{**one, "price": {"uniform": ["2"]}}]}, "s.json: buyers[0].price.uniform: a list of two is needed"),
            ({**at, "buyers": [{**one, "price": {"uniform": ["2", "x"]}}]},
             's.json: buyers[0].price.uniform[1]: a price such as "12.50" is needed'),
            ({**at, "buyers": [{**one, "no_bid": 1.5}]}, "s.json: buyers[0].no_bid: a share from 0 to 1 is needed"),
            ({**at, "buyers": [{**one, "think_ms": {"tail": {"base": 1}}}]},
             "s.json: buyers[0].think_ms.tail: base, share and ms are needed"),
            ({**at, "buyers": [{**one, "post": {"script": ["accept", "bid:3"]}}]},
             's.json: buyers[0].post.script[1]: "bid:3" is no manner of a post'),
            ({**at, "buyers": [{**one, "door": "refused"}]},
             "s.json: buyers[0]: a door that is not open needs a listen of its own"),
            ({"buyers": [one]}, 's.json: buyer "a" has no listen, nor has the scenario'),
            ({**at, "buyers": [{**one, "secret": "whsec_AAAA"}]},
             's.json: buyer "a": secret: "whsec_" and base64 of 24 to 64 bytes is needed'),
            ({**at, "buyers": [{**one, "key": "k"}]}, 's.json: buyer "a" has a key, but there is no exchange'),
            ({"listen": "here", "buyers": [one]}, "s.json: cannot listen on here: "),
            ({**at, "tls": {"certificate": "none.pem", "key": "none.pem"}, "buyers": [one]}, "s.json: "),
    ):
        status, told = refusal(scenario)
        same(status, 2, told)
        same(told[:len(wanted)], wanted)
        same(told.count("\n"), 1, told)


def test_check_reads_and_ends():
    same(refusal({"listen": "127.0.0.1:0", "buyers": [{"name": "a", "price": "1"}]}, "--check"), (0, ""))
    same(refusal({"listen": "127.0.0.1:0", "buyers": [{"name": "a"}]}, "--check")[0], 2)


def test_port_in_use():
    with town({"name": "a", "price": "1"}) as sim:
        status, told = refusal({"listen": sim.address, "buyers": [{"name": "a", "price": "1"}]})
        same((status, told), (2, f"s.json: cannot listen on {sim.address}: Address already in use\n"))


def test_listen_may_be_given():
    with Simulator(PROGRAM, {"buyers": [{"name": "a", "price": "1"}]}, "--listen", "127.0.0.1:0") as sim:
        same(sim.bid("a")["price"], "1.00")


run_all(dict(globals()))
