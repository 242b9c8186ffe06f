"""A book that an older exchange wrote: told to be one, brought up to date by the first start, and then it verifies.

books/version-N.tar.xz hold what a demo's exchange of that version left: book, key file, settings, market; made-up people only. Among the leads
of version 1 are sold and unsold ones, one in doubt, and one that was resolved and sold to the next buyer after that.
"""
import json
import os
import signal
import subprocess
import sys
import tarfile
import tempfile

from plain import PATIENCE_S, run_all, same

OUTCRY = sys.argv[1]
BOOKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "books")


def outcry(folder, *words):
    ended = subprocess.run([OUTCRY, *words, "--config", os.path.join(folder, "outcry.yaml")], capture_output=True, text=True,
                           timeout=PATIENCE_S, check=False)
    return ended.returncode, ended.stdout, ended.stderr


def start_and_stop(folder):
    with subprocess.Popen([OUTCRY, "serve", "--config", os.path.join(folder, "outcry.yaml")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True) as process:
        told = []
        for line in process.stdout:
            told.append(line)
            if "exchange.ready" in line:
                process.send_signal(signal.SIGTERM)
        same(process.wait(PATIENCE_S), 0, "".join(told))


def test_version_1_is_brought_up_to_date():
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(os.path.join(BOOKS, "version-1.tar.xz")) as archive:
            archive.extractall(folder)
        status, _, trouble = outcry(folder, "ledger", "verify")
        same((status, "version 1" in trouble and "outcry serve" in trouble), (2, True), trouble)
        before = json.loads(outcry(folder, "ledger", "stat", "--json")[1])
        start_and_stop(folder)
        status, told, trouble = outcry(folder, "ledger", "verify")
        same(status, 0, told + trouble)
        after = json.loads(outcry(folder, "ledger", "stat", "--json")[1])
        for figure in ("sold", "unsold", "pending", "revenue", "payout", "margin"):
            same(after[figure], before[figure], figure)
        same([before["sold"], before["pending"]], [8, 1], "the book holds what this test is about")
        same(after["accounts"], before["accounts"], "balances")
        moves = [json.loads(line) for line in outcry(folder, "ledger", "export", "--what", "moves", "--format", "ndjson")[1].splitlines()]
        summed = {}
        for move in moves:
            summed[move["account"]] = summed.get(move["account"], 0) + round(float(move["amount"]) * 1000000)
        same(summed, {account: round(float(balance) * 1000000) for account, balance in before["accounts"].items()}, "movements, and balances")
        same({move["kind"] for move in moves}, {"sale"})
        start_and_stop(folder)
        same(outcry(folder, "ledger", "verify")[0], 0, "a second start changes nothing")


run_all(dict(globals()))
