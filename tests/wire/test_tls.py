"""The public listener's TLS: its certificate's end is told in time, and no more handshakes are begun in a second than may be.
usage: test_tls.py outcry outcry-buyers"""
import json
import re
import socket
import ssl
import sys
import tempfile
import time

import market
from plain import run_all, same

OUTCRY, BUYERS = sys.argv[1:3]
KEYS = market.Keys(OUTCRY)
BUYER = {"buyers": {"north": {}}}


class Secure:
    """An exchange with a certificate of so many days."""

    def __init__(self, days, settings=None):
        self.folder = tempfile.TemporaryDirectory()
        if not market.make_certificate(self.folder.name, days):
            print("SKIPPED: no openssl")
            sys.exit(77)
        self.exchange = market.Market(OUTCRY, BUYERS, KEYS, self.folder.name, {**BUYER, "settings": settings or {}}, self.folder.name)

    def __enter__(self):
        self.exchange.start()
        return self.exchange

    def __exit__(self, *failure):
        if failure[0] is None:
            self.exchange.drain()
            self.exchange.ended()
        self.exchange.close()
        self.folder.cleanup()


def told(exchange):
    """(level, days left) of each line about the certificate."""
    with open(f"{exchange.folder}/log", encoding="utf-8") as log:
        lines = [json.loads(line) for line in log if '"certificate.' in line]
    return [(line["level"], line["event"], line["days_left"]) for line in lines]


def test_its_end_is_told():
    with Secure(90) as exchange:
        same(told(exchange), [])
        metrics = market.Asked(exchange.admin, None, "GET", "/metrics", b"", {}).whole()[1].decode()
        expires = int(re.search(r"^outcry_certificate_expires_timestamp_seconds (\d+)$", metrics, re.M)[1])
        same(abs(expires - time.time() - 90 * 86400) < 3600, True, f"expires {expires}")
        for days, wanted in [(20, ("warn", "19")), (20, ("warn", "19")), (6, ("warn", "5")), (1, ("error", "0")), (60, None)]:
            before = told(exchange)
            same(market.make_certificate(exchange.folder, days), True)
            same(exchange.operator("POST", "/v1/admin/reload")[0], 200)
            same(told(exchange)[len(before):], [(wanted[0], "certificate.expiring", wanted[1])] if wanted else [], f"{days} days")


def handshakes(exchange, count):
    """How many of so many are let begin."""
    host, port = exchange.public.rsplit(":", 1)
    good = 0
    for _ in range(count):
        try:
            with socket.create_connection((host, int(port)), timeout=market.PATIENCE_S) as plain, \
                    exchange.context.wrap_socket(plain, server_hostname=host):
                good += 1
        except (ssl.SSLError, ConnectionError):
            pass
    return good


def test_handshakes_are_bounded():
    with Secure(2, {"limits": {"handshakes_per_address": 3}}) as exchange:
        began = time.monotonic()
        good = handshakes(exchange, 60)
        most = 3 + 3 * (time.monotonic() - began)
        same(3 <= good <= most, True, f"{good} of 60, at most {most:.1f}")
        metrics = market.Asked(exchange.admin, None, "GET", "/metrics", b"", {}).whole()[1].decode()
        same(int(re.search(r"^outcry_turned_away_total (\d+)$", metrics, re.M)[1]), 60 - good)
        time.sleep(1.1)
        same(handshakes(exchange, 1), 1, "a second later there is room again")


run_all(dict(globals()))
