"""The accounts over real processes: statements of affiliates and buyers, what operators book by hand with an exchange and without one, clearing by
terms, closed months, exports, a copy that verifies, and how to go on from it when the book does not. usage: test_accounts.py outcry outcry-buyers"""
import csv
import datetime
import glob
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import market
from plain import run_all, same

OUTCRY, BUYERS = sys.argv[1:3]
KEYS = market.Keys(OUTCRY)
PLAY = {"affiliates": {"best": {"terms": {"clear_after": "1s"}}, "later": {"terms": {"clear_after": "30d"}}, "never": {}},
        "buyers": {"north": {"does": {"price": "12.00"}}}}
PRICE, PAYOUT = "12.00", "9.60"


def lead(exchange, affiliate, number):
    body = exchange.defaults["lead"]
    body = {**body, "lead": {**body["lead"], "email": f"{affiliate}{number}@example.com", "phone": f"+1415555{number:04}"}, "source": "web-1"}
    status, answer = exchange.public_answer("POST", "/v1/leads", body, exchange.key_of(affiliate))
    same((status, answer["status"], answer["price"]), (200, "sold", PAYOUT))
    return answer


def statement(exchange, affiliate, query=""):
    return exchange.public_answer("GET", f"/v1/affiliate/statement{query}", None, exchange.key_of(affiliate))


def command(exchange, *words, key=True):
    """(exit status, output, errors) of an `outcry ledger` command."""
    with open(f"{exchange.folder}/operator.key", "w", encoding="utf-8") as file:
        file.write(KEYS.of("admin", 0)["key"] + "\n")
    with open(f"{exchange.folder}/outcry.yaml", encoding="utf-8") as file:
        settings = json.load(file)
    settings["listen"]["admin"] = exchange.admin  # where it came to listen
    exchange.write("command.yaml", settings)
    more = ["--key-file", f"{exchange.folder}/operator.key"] if key else []
    done = subprocess.run([OUTCRY, "ledger", *words, *more, "--config", f"{exchange.folder}/command.yaml"], capture_output=True, text=True,
                          timeout=market.PATIENCE_S * 3, check=False)
    return done.returncode, done.stdout, done.stderr


def balances(exchange):
    status, told, trouble = command(exchange, "accounts", "--json")
    same(status, 0, trouble)
    rows = {row["account"]: row["balance"] for row in json.loads(told)["accounts"]}
    same(round(sum(float(balance) for balance in rows.values()), 6), 0.0, "all accounts together")
    return rows


def await_balance(exchange, account, balance):
    give_up = time.monotonic() + market.PATIENCE_S
    while balances(exchange).get(account) != balance:
        if time.monotonic() > give_up:
            raise AssertionError(f"{account}: {balances(exchange).get(account)}, not {balance}")
        time.sleep(0.05)


def good(exchange):
    status, told, trouble = command(exchange, "verify")
    same(status, 0, told + trouble)


class Opened:
    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.market = market.Market(OUTCRY, BUYERS, KEYS, self.folder.name, PLAY)
        self.market.start()
        return self.market

    def __exit__(self, *failure):
        self.market.close()
        self.folder.cleanup()


def test_statements():
    with Opened() as exchange:
        sold = [lead(exchange, "later", number) for number in range(3)]
        status, told = statement(exchange, "later")
        same(status, 200)
        same([told["opening"], told["closing"], told["closed"], told["after"]], ["0.00", "28.80", False, None])
        same([line["balance"] for line in told["lines"]], ["9.60", "19.20", "28.80"])
        same({line["kind"] for line in told["lines"]}, {"sale"})
        same([line["sale_id"] for line in told["lines"]], [answer["sales"][0]["sale_id"] if "sales" in answer else line["sale_id"]
                                                           for answer, line in zip(sold, told["lines"])])
        same(told["totals"], {"sale": "28.80"})
        same([told["uncleared"]["closing"], told["cleared"]["closing"]], ["28.80", "0.00"])
        hidden = {"contract", "buyer", "price", "margin"} & set(told["lines"][0])
        same(hidden, set(), "an affiliate is not told who bought")
        status, told = exchange.public_answer("GET", "/v1/buyer/statement", None, exchange.buyer_key("north"))
        same([status, told["closing"], told["totals"]], [200, "-36.00", {"sale": "-36.00"}])
        same({"source", "affiliate", "sub_ids"} & set(told["lines"][0]), set(), "a buyer is not told where it came from")
        status, told = statement(exchange, "never")
        same([status, told["lines"], told["closing"]], [200, [], "0.00"], "nothing was booked for it")
        same(statement(exchange, "later", "?period=2026-13")[0], 422)
        same(statement(exchange, "later", "?after=x")[0], 422)
        same(statement(exchange, "later", "?period=2020-01")[1]["lines"], [])
        status, told, _ = command(exchange, "statement", "affiliate:later")
        same([status, "closing balance" in told, "28.80" in told, "north" in told], [0, True, True, True], told)
        status, told, _ = command(exchange, "statement", "affiliate:later", "--json")
        same([status, json.loads(told)["closing"], len(json.loads(told)["lines"])], [0, "28.80", 3])
        same(command(exchange, "statement", "buyer:nobody")[0], 1)
        same(exchange.operator("GET", "/v1/admin/accounts/affiliate:nobody/statement")[0], 404)
        good(exchange)


def test_pages():
    """450 sales in pages of 200: each movement once, the balance running through."""
    with Opened() as exchange:
        for number in range(450):
            lead(exchange, "later", number)
        lines, after = [], ""
        while after is not None:
            status, told = statement(exchange, "later", f"?after={after}" if after else "")
            same([status, told["closing"], told["totals"]], [200, "4320.00", {"sale": "4320.00"}])
            lines += told["lines"]
            after = told["after"]
        same(len({line["id"] for line in lines}), 450)
        same([line["balance"] for line in lines], [f"{(number + 1) * 9.6:.2f}" for number in range(450)])


def test_clearing_by_terms():
    with Opened() as exchange:
        lead(exchange, "best", 1)
        lead(exchange, "later", 1)
        lead(exchange, "never", 1)
        await_balance(exchange, "affiliate:best:cleared", PAYOUT)
        told = balances(exchange)
        same([told["affiliate:best:uncleared"], told["affiliate:later:uncleared"], told["affiliate:never:uncleared"]], ["0.00", PAYOUT, PAYOUT])
        told = statement(exchange, "best")[1]
        same([(line["kind"], line["amount"]) for line in told["lines"]], [("sale", PAYOUT), ("clear", "0.00")])
        same([told["closing"], told["cleared"]["closing"]], [PAYOUT, PAYOUT])
        good(exchange)


def test_booked_by_hand():
    entry = {"kind": "payment", "amount": "5.00", "ref": "bank 1", "note": "wire"}
    with Opened() as exchange:
        lead(exchange, "never", 1)

        def book(account, **over):
            return exchange.operator("POST", f"/v1/admin/accounts/{account}/entries", {**entry, **over})
        status, told = book("buyer:north")
        same([status, told["balance"], told["kind"], told["amount"]], [200, "-7.00", "payment", "5.00"])
        same(book("buyer:north")[0], 409, "the same ref again")
        same(book("affiliate:never", kind="debit")[0], 409, "the same ref for another")
        for account, over, wanted in [("buyer:nobody", {}, 404), ("affiliate:nobody", {}, 404), ("house:margin", {}, 422), ("nobody", {}, 404),
                                      ("buyer:north", {"amount": "0"}, 422), ("buyer:north", {"amount": "-1.00"}, 422),
                                      ("buyer:north", {"amount": "1e30"}, 422), ("buyer:north", {"kind": "sale"}, 422),
                                      ("buyer:north", {"kind": "gift"}, 422), ("buyer:north", {"note": ""}, 422), ("buyer:north", {"ref": None}, 422),
                                      ("buyer:north", {"more": 1}, 422), ("buyer:north", {"effective_at": "2999-01-01T00:00:00Z"}, 422),
                                      ("affiliate:never", {"kind": "clear", "amount": "9.61"}, 422), ("buyer:north", {"kind": "clear"}, 422)]:
            before = json.loads(command(exchange, "stat", "--json")[1])["entries"]
            same(book(account, **{"ref": "other", **over})[0], wanted, f"{account} {over}")
            same(json.loads(command(exchange, "stat", "--json")[1])["entries"], before, "what is refused leaves no entry")
        same(book("affiliate:best", kind="credit", ref="welcome")[0], 200, "of the catalogue, nothing was booked before")
        same(command(exchange, "adjust", "clear", "affiliate:never", PAYOUT, "--ref", "c1", "--note", "checked")[0], 0)
        status, told, _ = command(exchange, "adjust", "payout", "affiliate:never", "9.00", "--ref", "p1", "--note", "wire", "--json")
        same([status, json.loads(told)["balance"]], [0, "0.60"])
        same(command(exchange, "adjust", "payout", "affiliate:never", "9.00", "--ref", "p1", "--note", "wire")[0], 1, "once")
        same(command(exchange, "adjust", "credit", "buyer:north", "1.00", "--ref", "k", "--note", "n", key=False)[0], 2, "no key")
        exchange.drain()
        exchange.ended()
        same(command(exchange, "adjust", "payout", "affiliate:never", "0.60", "--ref", "p1", "--note", "wire")[0], 1, "over a stop too")
        same(command(exchange, "adjust", "payout", "affiliate:never", "0.60", "--ref", "p2", "--note", "rest")[0], 0)
        same(command(exchange, "adjust", "credit", "buyer:nobody", "1.00", "--ref", "x", "--note", "n")[0], 1)
        same(command(exchange, "adjust", "credit", "affiliate:later", "1.00", "--ref", "y", "--note", "n")[0], 0, "the catalogue knows it")
        same(balances(exchange), {"affiliate:best:cleared": "5.00", "affiliate:later:cleared": "1.00", "affiliate:never:cleared": "0.00",
                                  "affiliate:never:uncleared": "0.00", "buyer:north": "-7.00", "external:cash": "4.60", "house:margin": "-3.60"})
        good(exchange)
        exchange.start_exchange()
        status, told = statement(exchange, "never")
        same([(line["kind"], line["amount"], line["balance"]) for line in told["lines"]],
             [("sale", "9.60", "9.60"), ("clear", "0.00", "9.60"), ("payout", "-9.00", "0.60"), ("payout", "-0.60", "0.00")])


def test_a_closed_month():
    today = datetime.datetime.now(datetime.timezone.utc)
    last = today.replace(day=1) - datetime.timedelta(days=2)
    before, running = f"{last:%Y-%m}", f"{today:%Y-%m}"
    at = f"{last:%Y-%m-%d}T12:00:00Z"
    with Opened() as exchange:
        def book(ref):
            return exchange.operator("POST", "/v1/admin/accounts/buyer:north/entries",
                                     {"kind": "credit", "amount": "1.00", "ref": ref, "note": "late", "effective_at": at})[1]
        told = book("a")
        same([told["period"], told.get("of_period")], [before, None], "dated back, into a month that is open")
        same(exchange.operator("POST", f"/v1/admin/periods/{running}/close")[0], 422, "it is not over")
        same(exchange.operator("POST", "/v1/admin/periods/x/close")[0], 404)
        status, told = exchange.operator("POST", f"/v1/admin/periods/{before}/close")
        same([status, told["closed"]], [200, before])
        same(exchange.operator("POST", f"/v1/admin/periods/{before}/close")[0], 409)
        same(command(exchange, "close", before)[0], 1)
        told = book("b")
        same([told["period"], told["of_period"]], [running, before], "it names the old")
        told = exchange.public_answer("GET", f"/v1/buyer/statement?period={before}", None, exchange.buyer_key("north"))[1]
        same([told["closed"], told["closing"], told["totals"]], [True, "1.00", {"credit": "1.00"}])
        told = exchange.public_answer("GET", f"/v1/buyer/statement?period={running}", None, exchange.buyer_key("north"))[1]
        same([told["closed"], told["opening"], told["closing"], told["lines"][0]["of_period"]], [False, "1.00", "2.00", before])
        good(exchange)


def test_exports():
    with Opened() as exchange:
        for affiliate in ("later", "never"):
            lead(exchange, affiliate, 1)
        exchange.operator("POST", "/v1/admin/accounts/buyer:north/entries", {"kind": "payment", "amount": "5.00", "ref": "r", "note": "n"})

        def export(*words):
            status, told, trouble = command(exchange, "export", *words)
            same(status, 0, trouble)
            return told
        moves = list(csv.DictReader(io.StringIO(export("--what", "moves"))))
        same([(row["kind"], row["account"], row["amount"]) for row in moves],
             [("sale", "buyer:north", "-12.00"), ("sale", "affiliate:later:uncleared", "9.60"), ("sale", "house:margin", "2.40"),
              ("sale", "buyer:north", "-12.00"), ("sale", "affiliate:never:uncleared", "9.60"), ("sale", "house:margin", "2.40"),
              ("payment", "buyer:north", "5.00"), ("payment", "external:cash", "-5.00")])
        same([moves[0]["campaign"], moves[0]["source"], moves[0]["affiliate"], moves[-1]["ref"]], ["auto", "web-1", "later", "r"])
        lines = [json.loads(line) for line in export("--what", "moves", "--format", "ndjson", "--affiliate", "never").splitlines()]
        same([line["account"] for line in lines], ["buyer:north", "affiliate:never:uncleared", "house:margin"])
        same(len(export("--what", "moves", "--format", "ndjson", "--buyer", "north").splitlines()), 8)
        same(len(export("--what", "moves", "--format", "ndjson", "--buyer", "nort").splitlines()), 0)
        same(len(export("--what", "moves", "--format", "ndjson", "--campaign", "auto").splitlines()), 6)
        same(len(export("--what", "moves", "--format", "ndjson", "--to", "-1h").splitlines()), 0)
        sales = [json.loads(line) for line in export("--format", "ndjson").splitlines()]
        same([(sale["affiliate"], sale["state"], sale["uncleared"]) for sale in sales], [("later", "sold", "9.60"), ("never", "sold", "9.60")])
        same(len(export("--format", "ndjson", "--affiliate", "later").splitlines()), 1)
        packed = subprocess.run([OUTCRY, "ledger", "export", "--format", "msgpack", "--config", f"{exchange.folder}/outcry.yaml"],
                                capture_output=True, check=True).stdout
        same([packed[0] & 0xf0 == 0x80 or packed[0] in (0xde, 0xdf), packed.count(b"\xa7sale_id")], [True, 2], "two maps, one after the other")


def test_a_copy_and_how_to_go_on():
    """The steps of docs/operations.md: a copy beside the live exchange, the book damaged, the start refused, the copy taken."""
    with Opened() as exchange:
        lead(exchange, "never", 1)
        copy = f"{exchange.folder}/backup"
        status, told, trouble = command(exchange, "backup", copy)
        same([status, "verified" in told], [0, True], told + trouble)
        same(command(exchange, "backup", copy)[0], 2, "into a new folder only")
        lead(exchange, "never", 2)
        exchange.drain()
        exchange.ended()
        data, bad = f"{exchange.folder}/data", f"{exchange.folder}/data.bad"
        with open(f"{data}/book/data.mdb", "r+b") as file:  # one byte of the last entry's own record
            content = file.read()
            at = content.rfind(b"never2@example.com")
            same(at, -1, "nothing private stands in the open")
            at = content.rfind(b"web-1")
            for place in [index for index in range(len(content)) if content.startswith(b"web-1", index)]:
                file.seek(place)
                file.write(b"web-9")
        status, told, _ = command(exchange, "verify")
        same([status, "NOT good: entry" in told], [1, True], told)
        refused = subprocess.run([OUTCRY, "serve", "--config", f"{exchange.folder}/outcry.yaml"], capture_output=True, text=True, check=False,
                                 timeout=market.PATIENCE_S)
        same([refused.returncode != 0, "entry" in refused.stderr and "outcry ledger verify" in refused.stderr], [True, True], refused.stderr)
        os.rename(data, bad)
        os.mkdir(data, 0o700)
        shutil.copytree(f"{copy}/book", f"{data}/book")
        for keys in glob.glob(f"{bad}/*key*"):
            shutil.copy(keys, data)
        good(exchange)
        exchange.start_exchange()
        same(balances(exchange)["buyer:north"], "-12.00")
        lead(exchange, "never", 3)
        good(exchange)


run_all(dict(globals()))
