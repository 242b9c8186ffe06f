"""A buyer replaces its list, hundreds of thousands of people in a stream, under a steady stream of leads: every lead is answered, by the old
list or the new one; what breaks off, is wrong, too slow or too large changes nothing and leaves nothing behind; who may not put it hears so
before it sends it. usage: test_lists.py outcry outcry-buyers"""
import hashlib
import http.client
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections import Counter

import market
from plain import run_all, same

OUTCRY, BUYERS = sys.argv[1:3]
KEYS = market.Keys(OUTCRY)
ENTRIES = 200000
TURNS = 4
STREAMS = 3
LISTED = 50  # of the people whose leads are sent: so many are on the lists of odd turns
PIECE_TIME_S = 2
LIST_MAX = 16 << 20
PLAY = {"settings": {"limits": {"list": "16MiB", "body_time": f"{PIECE_TIME_S}s"}, "offers_max": 200000},
        "lists": {"customers": {"owner": "north"}, "spare": {"owner": "north"}, "others": {"owner": "south"}, "ours": {"file": "ours.txt"}},
        "files": {"ours.txt": "person9@example.com\n"},
        "buyers": {"north": {"is": {"suppress": ["customers"]}}, "south": {"does": {"price": "10.00"}}}}
NORTH, SOUTH = "9.60", "8.00"  # what they pay: north where the person is not on its list


def email(number):
    return f"person{number}@example.com"


def hashed(number):
    return hashlib.sha256(email(number).encode()).hexdigest()


def text_of(first, entries=ENTRIES):
    return "".join(hashed(number) + "\n" for number in range(first, first + entries))


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


class Put:
    """A list on its way over a connection of its own: its head, then as much of the text as is sent, then the answer."""

    def __init__(self, exchange, length=None, name="customers", key=None, fields=""):
        host, port = exchange.public.rsplit(":", 1)
        self.chunked = length is None
        self.socket = socket.create_connection((host, int(port)), timeout=market.PATIENCE_S * 2)
        framing = "Transfer-Encoding: chunked" if self.chunked else f"Content-Length: {length}"
        key = exchange.buyer_key("north") if key is None else key
        self.socket.sendall(f"PUT /v1/buyer/lists/{name} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n{fields}{framing}\r\n\r\n".encode())

    def send(self, text):
        data = text.encode()
        step = 70001  # chunks that end in the middle of lines
        for at in range(0, len(data), step) if self.chunked else ():
            part = data[at:at + step]
            self.socket.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        if not self.chunked:
            self.socket.sendall(data)

    def answer(self):
        """(status, body), and whether the connection is kept."""
        if self.chunked:
            self.socket.sendall(b"0\r\n\r\n")
        return self.refusal()

    def refusal(self):
        """The answer to what is not sent to its end."""
        answer = http.client.HTTPResponse(self.socket)
        answer.begin()
        body = answer.read()
        return answer.status, json.loads(body) if body else None

    def leave(self):
        self.socket.close()


def put(exchange, text, name="customers", chunked=False):
    sent = Put(exchange, None if chunked else len(text), name)
    sent.send(text)
    answer = sent.answer()
    sent.leave()
    return answer


def files(exchange):
    folder = f"{exchange.folder}/data/lists"
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def wait_for(what, text):
    give_up = time.monotonic() + market.PATIENCE_S
    while not what():
        if time.monotonic() > give_up:
            raise AssertionError(f"waited for: {text}")
        time.sleep(0.005)


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


class Kept:
    """One person is on the list at first, and still is at the end, whatever was tried."""

    def __init__(self, exchange):
        self.exchange = exchange
        same(put(exchange, hashed(1) + "\n"), (200, {"list": "customers", "entries": 1}))
        self.bytes = self.file()

    def file(self):
        return open(f"{self.exchange.folder}/data/lists/customers.list", "rb").read()

    def still(self, note):
        same(lead(self.exchange, 1, note + "-1"), (200, "sold", SOUTH), f"{note}: still on the list")
        same(lead(self.exchange, 2, note + "-2"), (200, "sold", NORTH), f"{note}: never on it")
        wait_for(lambda: files(self.exchange) == ["customers.list"], f"{note}: nothing is left behind")
        same(self.file() == self.bytes, True, f"{note}: the same file")


def test_replaced_under_leads():
    on, off = text_of(0), text_of(LISTED)
    with Open() as exchange:
        streams = [Stream(exchange, number) for number in range(STREAMS)]
        for stream in streams:
            stream.start()
        try:
            for turn in range(TURNS):
                answer = put(exchange, off if turn % 2 else on, chunked=turn < 2)
                same(answer, (200, {"list": "customers", "entries": ENTRIES}), f"turn {turn}")
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
        exchange.drain()
        exchange.ended()
        exchange.start_exchange()
        same(lead(exchange, 1, "after a restart"), (200, "sold", NORTH))
        same(lead(exchange, LISTED, "after a restart, listed"), (200, "sold", SOUTH))


def test_what_is_broken_changes_nothing():
    with Open() as exchange:
        kept = Kept(exchange)
        text = text_of(2, 20000)
        for chunked in (False, True):
            sent = Put(exchange, None if chunked else len(text))
            sent.send(text[:len(text) // 2])
            wait_for(lambda: len(files(exchange)) == 2, "its first piece is read")
            sent.leave()
            kept.still(f"left in the middle, {chunked}")
            wrong = text_of(2, 10000) + "\n# a remark\nAnn\n" + text_of(3, 10000)
            sent = Put(exchange, None if chunked else len(wrong))
            sent.send(wrong)
            status, problem = sent.answer()
            same((status, problem["code"], problem["detail"]), (422, "invalid_field", "line 10003 is no phone, no e-mail and no SHA-256"))
            sent.socket.sendall(b"GET /v1/pings/x HTTP/1.1\r\nHost: x\r\n\r\n")
            same(sent.refusal()[0], 401, "the connection is kept, since all was heard")
            sent.leave()
            kept.still(f"wrong in the middle, {chunked}")


def test_too_large_or_not_theirs_is_told_at_the_head():
    with Open() as exchange:
        kept = Kept(exchange)
        north, south = exchange.buyer_key("north"), exchange.buyer_key("south")
        wait = "Expect: 100-continue\r\n"
        for status, length, name, key, fields in [
                (413, LIST_MAX + 1, "customers", north, ""), (413, LIST_MAX + 1, "customers", north, wait),
                (404, 1000, "customers", south, ""), (404, 1000, "customers", south, wait), (404, None, "nothing", north, ""),
                (404, 1000, "ours", north, ""), (404, 1000, "ours.txt", north, ""), (401, 1000, "customers", "oc_buy_none", wait),
                (403, 1000, "customers", exchange.key_of("best"), ""), (415, 1000, "customers", north, "Content-Encoding: gzip\r\n")]:
            sent = Put(exchange, length, name, key, fields)
            got = sent.refusal()
            same((got[0], got[1]["status"]), (status, status), f"{name} {length} {fields}: {got}")
            sent.leave()
        sent = Put(exchange)
        part = text_of(0, 1000) * 20
        try:
            for _ in range(LIST_MAX // len(part) + 2):  # its length is not told before
                sent.send(part)
        except ConnectionError:
            pass  # it was told long before
        try:
            same(sent.refusal()[0], 413)
        except ConnectionError:
            pass  # what was sent behind the answer has overtaken it
        sent.leave()
        kept.still("too large")
        sent = Put(exchange, 65, fields=wait)
        same(sent.socket.recv(100), b"HTTP/1.1 100 Continue\r\n\r\n", "whoever may is told to go on")
        sent.send(hashed(1) + "\n")
        same(sent.answer()[0], 200)
        sent.leave()


def test_slow_senders():
    with Open() as exchange:
        kept = Kept(exchange)
        sent = Put(exchange, 1 << 20)
        sent.send(text_of(5, 300))
        status, problem = sent.refusal()
        same((status, problem["code"]), (408, "timeout"), str(problem))
        sent.leave()
        kept.still("too slow")
        text = text_of(1, 12100)  # three pieces, each in its time, all of them not in the time of one
        sent = Put(exchange, len(text))
        began = time.monotonic()
        for third in range(3):
            time.sleep(PIECE_TIME_S * 0.4)
            sent.send(text[third * len(text) // 3:(third + 1) * len(text) // 3])
        same(sent.answer(), (200, {"list": "customers", "entries": 12100}), f"after {time.monotonic() - began:.1f} s")
        sent.leave()


def test_several_at_a_time():
    one, two = text_of(0, 6000), text_of(LISTED, 7000)
    with Open() as exchange:
        first, second = Put(exchange, len(one)), Put(exchange)
        first.send(one[:300000])
        second.send(two[:300000])
        wait_for(lambda: len(files(exchange)) == 2, "both have begun")
        third = Put(exchange, 65, "spare")
        status, problem = third.refusal()
        same((status, problem["code"]), (503, "busy"), "no buyer puts more than two at a time")
        third.leave()
        other = Put(exchange, 65, "others", exchange.buyer_key("south"))
        other.send(hashed(1) + "\n")
        same(other.answer(), (200, {"list": "others", "entries": 1}), "another buyer does")
        other.leave()
        second.send(two[300000:])
        same(second.answer(), (200, {"list": "customers", "entries": 7000}))
        same(lead(exchange, 1, "a"), (200, "sold", NORTH), "the second one serves")
        first.send(one[300000:])
        same(first.answer(), (200, {"list": "customers", "entries": 6000}))
        same(lead(exchange, 1, "b"), (200, "sold", SOUTH), "the one that is whole last stays")
        same(put(exchange, hashed(1) + "\n", "spare"), (200, {"list": "spare", "entries": 1}), "there is room again")
        same(files(exchange), ["customers.list", "others.list", "spare.list"])
        for sent in (first, second):
            sent.leave()


def test_taken_away_meanwhile():
    text = text_of(0, 9000)
    with Open() as exchange:
        kept = Kept(exchange)
        sent = Put(exchange, len(text))
        sent.send(text[:300000])
        wait_for(lambda: len(files(exchange)) == 2, "it has begun")
        exchange.write_files({**PLAY, "lists": {**PLAY["lists"], "customers": {"owner": "south"}}})
        same(exchange.operator("POST", "/v1/admin/reload")[0], 200)
        sent.send(text[300000:])
        same(sent.answer()[0], 404, "it is somebody else's by now")
        sent.leave()
        kept.still("taken away")


def test_stopped_in_the_middle():
    text = text_of(2, 9000)
    with Open() as exchange:
        kept = Kept(exchange)
        for kill in (False, True):
            sent = Put(exchange, len(text))
            sent.send(text[:300000])
            wait_for(lambda: len(files(exchange)) == 2, "it has begun")
            if kill:
                exchange.kill()
                same(len(files(exchange)), 2, "a killed one leaves half a list")
            else:
                exchange.drain()
                exchange.ended()
                same(files(exchange), ["customers.list"])
            sent.leave()
            exchange.start_exchange()
            kept.still(f"killed: {kill}")


run_all(dict(globals()))
