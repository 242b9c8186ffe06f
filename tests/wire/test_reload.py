"""Reloads under a steady stream of pings and leads: none of them fails, each is decided by the old or the new catalogue and by nothing in
between, and the new one serves when the reload is answered. usage: test_reload.py outcry outcry-buyers"""
import sys
import tempfile
import threading
from collections import Counter

import market
from plain import run_all, same

OUTCRY, BUYERS = sys.argv[1:3]
KEYS = market.Keys(OUTCRY)
RELOADS = 20
STREAMS = 4
PRICES = {10: "10.80", 20: "9.60"}  # the campaign's margin in percent -> what a bid of 12.00 pays


def play_of(percent, bulk=0):
    play = {"settings": {"offers_max": 200000}, "campaign": {"margin": {"percent": percent}}, "buyers": {"north": {"contracts": {f"c{i}": {} for i in range(3)}}}}
    for number in range(bulk):  # others that never match, so that a reload has something to read
        play["buyers"]["north"]["contracts"][f"x{number}"] = {"filter": {"field": "state", "is": "WY"}, "caps": [{"window": "day", "leads": 9}]}
    return play


class Stream(threading.Thread):
    """One affiliate, who asks again as soon as it is answered; no two of its requests are the same."""

    def __init__(self, exchange, number):
        super().__init__(daemon=True)
        self.exchange, self.number, self.answers, self.stopping = exchange, number, [], False

    def run(self):
        key, count = self.exchange.key_of("best"), 0
        while not self.stopping:
            count += 1
            verb, path = ("lead", "/v1/leads") if count % 4 == 0 else ("ping", "/v1/pings")
            body = self.exchange.defaults[verb]
            body = {**body, "ref": f"{self.number}-{count}", "lead": {**body["lead"], "age": 20 + count % 60, "note": f"{self.number}-{count}"}}
            status, answer = self.exchange.public_answer("POST", path, body, key)
            self.answers.append((status, answer and answer.get("status"), answer and answer.get("price")))


def test_reloads_fail_nobody():
    with tempfile.TemporaryDirectory() as folder:
        exchange = market.Market(OUTCRY, BUYERS, KEYS, folder, play_of(20, 500))
        exchange.start()
        streams = [Stream(exchange, number) for number in range(STREAMS)]
        try:
            for stream in streams:
                stream.start()
            for turn in range(RELOADS):
                percent = 10 if turn % 2 == 0 else 20
                exchange.write_files(play_of(percent, 500))
                status, answer = exchange.operator("POST", "/v1/admin/reload")
                same((status, answer["reloaded"]), (200, True), f"reload {turn}: {answer}")
                status, answer = exchange.public_answer("POST", "/v1/pings", {**exchange.defaults["ping"], "ref": f"turn-{turn}"},
                                                        exchange.key_of("best"))
                same((status, answer.get("price")), (200, PRICES[percent]), f"after reload {turn}: {answer}")
        finally:
            for stream in streams:
                stream.stopping = True
            for stream in streams:
                stream.join()
            if sys.exc_info()[0]:
                exchange.close()
        answers = Counter(answer for stream in streams for answer in stream.answers)
        wanted = {(200, status, price) for status in ("accepted", "sold") for price in PRICES.values()}
        same(set(answers) - wanted, set(), f"of {sum(answers.values())} answers: {answers}")
        same(len(set(answers)) > 1, True, f"both catalogues were met: {answers}")
        status, stats = exchange.operator("GET", "/v1/admin/stats")
        same((status, stats["refused"]), (200, 0), "nothing was refused")
        exchange.drain()
        exchange.ended()
        exchange.close()


def test_a_bad_file_changes_nothing():
    with tempfile.TemporaryDirectory() as folder:
        exchange = market.Market(OUTCRY, BUYERS, KEYS, folder, play_of(20))
        exchange.start()
        exchange.write_files({**play_of(10), "campaign": {"margin": {"percent": 10}, "tmeout": "1s"}})
        status, answer = exchange.operator("POST", "/v1/admin/reload")
        same((status, answer["reloaded"], len(answer["findings"])), (422, False, 1), str(answer))
        status, answer = exchange.public_answer("POST", "/v1/pings", exchange.defaults["ping"], exchange.key_of("best"))
        same((status, answer["price"]), (200, PRICES[20]), "the old one goes on")
        exchange.drain()
        exchange.ended()
        exchange.close()


run_all(dict(globals()))
