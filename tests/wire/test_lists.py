"""A buyer replaces its list, hundreds of thousands of people, under a steady stream of leads: every lead is answered, by the old list or
the new one; what breaks off, is wrong or too large changes nothing and leaves nothing behind. usage: test_lists.py outcry outcry-buyers"""
import hashlib
import json
import os
import socket
import sys
import tempfile
import threading
from collections import Counter

import market
from plain import raw, run_all, same

OUTCRY, BUYERS = sys.argv[1:3]
KEYS = market.Keys(OUTCRY)
ENTRIES = 200000
TURNS = 4
STREAMS = 3
LISTED = 50  # of the people whose leads are sent: so many are on the lists of odd turns
PLAY = {"settings": {"limits": {"body": "16MiB", "body_time": "60s"}, "offers_max": 200000}, "lists": {"customers": {"owner": "north"}},
        "buyers": {"north": {"is": {"suppress": ["customers"]}}, "south": {"does": {"price": "10.00"}}}}
NORTH, SOUTH = "9.60", "8.00"  # what they pay: north where the person is not on its list


def email(number):
    return f"person{number}@example.com"


def hashed(number):
    return hashlib.sha256(email(number).encode()).hexdigest()


def text_of(first):
    return "".join(hashed(number) + "\n" for number in range(first, first + ENTRIES))


class Stream(threading.Thread):
    """One affiliate, who sends the next lead as soon as it is answered; no two are the same."""

    def __init__(self, exchange, number):
        super().__init__(daemon=True)
        self.exchange, self.number, self.answers, self.stopping = exchange, number, [], False

    def run(self):
        count = 0
        while not self.stopping:
            count += 1
            self.answers.append(lead(self.exchange, count % LISTED, f"{self.number}-{count}"))


def lead(exchange, person, note):
    body = exchange.defaults["lead"]
    body = {**body, "lead": {**body["lead"], "first_name": note, "email": email(person)}}
    status, answer = exchange.public_answer("POST", "/v1/leads", body, exchange.key_of("best"))
    return status, answer and answer.get("status"), answer and answer.get("price")


def put(exchange, text):
    asked = market.Asked(exchange.public, None, "PUT", "/v1/buyer/lists/customers", text.encode(),
                         {"Authorization": f"Bearer {exchange.buyer_key('north')}"})
    status, body = asked.whole()
    return status, json.loads(body) if body else None


def files(exchange):
    return sorted(os.listdir(f"{exchange.folder}/data/lists"))


class Open:
    """An exchange that is ended well, unless the test failed."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.exchange = market.Market(OUTCRY, BUYERS, KEYS, self.folder.name, PLAY)

    def __enter__(self):
        self.exchange.start()
        return self.exchange

    def __exit__(self, *failure):
        if failure[0] is None:
            self.exchange.drain()
            self.exchange.ended()
        self.exchange.close()
        self.folder.cleanup()


def test_replaced_under_leads():
    on, off = text_of(0), text_of(LISTED)
    with Open() as exchange:
        streams = [Stream(exchange, number) for number in range(STREAMS)]
        for stream in streams:
            stream.start()
        try:
            for turn in range(TURNS):
                same(put(exchange, off if turn % 2 else on), (200, {"list": "customers", "entries": ENTRIES}), f"turn {turn}")
                same(lead(exchange, turn, f"turn-{turn}"), (200, "sold", NORTH if turn % 2 else SOUTH), f"the lead after turn {turn}")
        finally:
            for stream in streams:
                stream.stopping = True
            for stream in streams:
                stream.join()
        answers = Counter(answer for stream in streams for answer in stream.answers)
        same(set(answers) - {(200, "sold", NORTH), (200, "sold", SOUTH)}, set(), f"of {sum(answers.values())} answers: {answers}")
        print(f"     {sum(answers.values())} leads while {TURNS} lists of {ENTRIES} were put")
        same(files(exchange), ["customers.list"])


def cut_in_the_middle(exchange, head, text):
    host, port = exchange.public.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout=market.PATIENCE_S) as peer:
        peer.sendall(head(len(text)) + text[:len(text) // 2].encode())


def test_what_is_broken_changes_nothing():
    with Open() as exchange:
        def head(length):
            return (f"PUT /v1/buyer/lists/customers HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {exchange.buyer_key('north')}\r\n"
                    f"Content-Length: {length}\r\n\r\n").encode()

        same(put(exchange, hashed(1) + "\n"), (200, {"list": "customers", "entries": 1}))
        kept = open(f"{exchange.folder}/data/lists/customers.list", "rb").read()
        cut_in_the_middle(exchange, head, text_of(2)[:650000])
        status, problem = put(exchange, f"{hashed(2)}\n\n# a remark\nAnn\n")
        same((status, problem["code"], problem["detail"][:6]), (422, "invalid_field", "line 4"), str(problem))
        answer = raw(exchange.public, head((16 << 20) + 1))
        same(answer[:12], b"HTTP/1.1 413", "one byte too many is refused before it is sent")
        same(lead(exchange, 1, "a"), (200, "sold", SOUTH), "still on the list")
        same(lead(exchange, 2, "b"), (200, "sold", NORTH), "never on it")
        same(files(exchange), ["customers.list"])
        same(open(f"{exchange.folder}/data/lists/customers.list", "rb").read() == kept, True, "the same file")


run_all(dict(globals()))
