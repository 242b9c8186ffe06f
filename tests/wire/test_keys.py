"""A key is revoked while the exchange runs: at once, for every worker and every connection, and for good: over reloads, restarts and kills.
usage: test_keys.py outcry outcry-buyers"""
import http.client
import json
import os
import subprocess
import sys
import tempfile

import market
from plain import run_all, same

OUTCRY, BUYERS = sys.argv[1:3]
KEYS = market.Keys(OUTCRY)
PLAY = {"settings": {"workers": 2}, "affiliates": {"best": {}, "next": {}}, "buyers": {"north": {}}}


def key(command, exchange, *more):
    done = subprocess.run([OUTCRY, "key", command, *more, "--config", f"{exchange.folder}/outcry.yaml"], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def listed(exchange):
    """hash -> (kind, owner, whether it is revoked), as the exchange says, and the command beside it."""
    status, answer = exchange.operator("GET", "/v1/admin/keys")
    same(status, 200)
    status, text, _ = key("list", exchange, "--json")
    same(status, 0)
    command = {one["hash"]: (one["kind"], one["owner"], one["revoked_at"] is not None) for one in json.loads(text)["keys"]}
    mine = {one["hash"]: (one["kind"], one["owner"], one["revoked"]) for one in answer["keys"]}
    same({name: one for name, one in command.items() if one[0] != "gone"}, mine, "the command says what the exchange says")
    return command


def digits(made, count=12):
    return made["hash"][len("sha256:"):][:count]


def tries(exchange, secret):
    return exchange.public_answer("POST", "/v1/pings", exchange.defaults["ping"], secret)[0]


class Open:
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
        self.exchange.close()
        self.folder.cleanup()


def test_revoked_at_once_and_for_good():
    with Open() as exchange:
        best, test_key, after = KEYS.of("affiliate", 0), KEYS.of("affiliate-test", 0), KEYS.of("affiliate", 1)
        before = listed(exchange)
        same(before[digits(best)], ("affiliate", "best", False))
        same(before[digits(KEYS.of("buyer", 0))], ("buyer", "north", False))
        same(before[digits(KEYS.of("admin", 0))], ("admin", "", False))
        same(tries(exchange, best["key"]), 200)
        host, port = exchange.public.rsplit(":", 1)
        kept = http.client.HTTPConnection(host, int(port), timeout=market.PATIENCE_S)  # one that stays open meanwhile

        def on_kept():
            kept.request("POST", "/v1/pings", json.dumps(exchange.defaults["ping"]),
                         {"Authorization": f"Bearer {best['key']}", "Content-Type": "application/json"})
            answer = kept.getresponse()
            return answer.status, answer.read()

        same(on_kept()[0], 200)
        status, answer = exchange.operator("POST", f"/v1/admin/keys/{digits(best, 8)}/revoke")
        same((status, answer), (200, {"hash": digits(best, 64), "revoked": True}))
        same([tries(exchange, best["key"]) for _ in range(8)], [401] * 8, "on every worker")
        same(on_kept()[0], 401)
        kept.close()
        same([tries(exchange, one["key"]) for one in (test_key, after)], [200, 200], "the others are taken")
        same(exchange.operator("POST", f"/v1/admin/keys/{digits(best, 8)}/revoke")[0], 200, "twice is once")
        same(listed(exchange), {**before, digits(best): ("affiliate", "best", True)})
        same(exchange.operator("POST", "/v1/admin/reload")[0], 200)
        same(tries(exchange, best["key"]), 401, "over a reload")
        exchange.kill()
        exchange.start_exchange()
        same(tries(exchange, best["key"]), 401, "over a kill")
        same(tries(exchange, after["key"]), 200)
        same(exchange.ledger("verify")[0], 0)
        exchange.write_files({**PLAY, "affiliates": {"next": {}}})  # its holder goes, and comes back with the same key
        same(exchange.operator("POST", "/v1/admin/reload")[0], 200)
        same(exchange.operator("GET", "/v1/admin/keys")[1]["keys"][0]["owner"], "next")
        exchange.write_files(PLAY)
        same(exchange.operator("POST", "/v1/admin/reload")[0], 200)
        same(tries(exchange, best["key"]), 401, "for good")


def test_what_cannot_be_revoked():
    with Open() as exchange:
        for name, wanted in [("00000000", 404), ("best", 404), (digits(KEYS.of("affiliate", 0), 7), 404), ("0" * 65, 404), ("ABCDEF012345", 404)]:
            same(exchange.operator("POST", f"/v1/admin/keys/{name}/revoke")[0], wanted, name)
        gone = json.loads(subprocess.run([OUTCRY, "key", "new", "buyer", "--json"], capture_output=True, check=True, text=True).stdout)
        same(exchange.operator("POST", f"/v1/admin/keys/{digits(gone, 64)}/revoke")[0], 200, "one that nobody holds, by its whole hash")
        same(listed(exchange)[digits(gone)], ("gone", "", True))
        status, answer = exchange.operator("GET", "/v1/admin/keys/x/revoke")
        same((status, answer["code"]), (405, "method_not_allowed"))
        admin = KEYS.of("admin", 0)
        status, _ = exchange.operator("POST", f"/v1/admin/keys/{digits(admin)}/revoke")
        same(status, 200)
        same(exchange.operator("GET", "/v1/admin/keys")[0], 401, "an operator's key, too")


def test_by_the_command():
    with tempfile.TemporaryDirectory() as sockets:
        with Open({**PLAY, "settings": {"listen": {"admin": f"unix:{sockets}/admin"}}}) as exchange:
            best = KEYS.of("affiliate", 0)
            same(key("revoke", exchange, best["hash"])[:2], (0, f"revoked: {best['hash']}\n"))
            same(tries(exchange, best["key"]), 401)
            status, text, _ = key("list", exchange)
            same((status, text.split()[:4]), (0, ["KIND", "HOLDER", "HASH", "REVOKED"]))
            line = next(line for line in text.splitlines() if digits(best) in line).split()
            same((line[:3], len(line)), (["affiliate", "best", digits(best)], 4), "with the instant")
            status, _, problem = key("revoke", exchange, "00000000")
            same((status, problem), (1, "outcry key: 404: no key's hash begins so (at least 8 of its hexadecimal digits)\n"))
            same(key("revoke", exchange, "Best")[0], 2)
    with Open() as exchange:
        folder = exchange.folder
        exchange.write("fixed.yaml", {**exchange.settings(PLAY), "listen": {"public": "127.0.0.1:0", "admin": exchange.admin}})
        with open(f"{folder}/key", "w", encoding="utf-8") as file:
            file.write(KEYS.of("admin", 0)["key"] + "\n")
        command = [OUTCRY, "key", "revoke", digits(KEYS.of("affiliate", 1)), "--config", f"{folder}/fixed.yaml"]
        done = subprocess.run(command, capture_output=True, text=True)
        same((done.returncode, done.stderr[:20]), (1, "outcry key: 401: no "), "a loopback address asks for an operator's key")
        done = subprocess.run([*command, "--key-file", f"{folder}/key", "--json"], capture_output=True, text=True)
        same((done.returncode, json.loads(done.stdout)["revoked"]), (0, True), done.stderr)
        same(tries(exchange, KEYS.of("affiliate", 1)["key"]), 401)
        os.truncate(f"{folder}/key", 20)
        same(subprocess.run([*command, "--key-file", f"{folder}/key"], capture_output=True).returncode, 2, "half a key")


run_all(dict(globals()))
