"""outcry replay and outcry whatif over the demo's record, beside the live exchange: nothing comes out otherwise, not even after a
reload; under the same catalogue what-if tells what was; under another one what it must; and a record that was tampered with is found.
usage: test_replay.py outcry"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys

import kept
from plain import run_all, same

OUTCRY = os.path.abspath(sys.argv[1])
PROGRAMS = os.path.dirname(OUTCRY)
LEADS = 12
STATE = (b'"state":"TX"', b'"state":"FL"')


def run(folder, *arguments):
    done = subprocess.run([OUTCRY, *arguments, "--config", os.path.join(folder, "outcry.yaml")], capture_output=True, text=True,
                          timeout=kept.PATIENCE_S, check=False)
    return done.returncode, done.stdout, done.stderr


def run_json(folder, *arguments):
    status, text, complaint = run(folder, *arguments, "--json")
    same(complaint, "", "standard error")
    return status, json.loads(text)


def said(status, text, complaint, *wanted):
    for part in wanted:
        if part not in text:
            raise AssertionError(f"{part!r} is not told (status {status}, {complaint!r}):\n{text}")


def write_other(demo, change):
    path = os.path.join(demo.work, "other.yaml")
    with open(os.path.join(demo.work, "market.yaml"), encoding="utf-8") as file:
        text = change(file.read())
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def check_replay(demo):
    status, told = run_json(demo.work, "replay", "-1h", "now")
    same((status, told["auctions"], told["pings"], told["whole_leads"], told["differences"]), (0, LEADS, 11, 1, []), "replay")
    same((told["differing"], told["not_decided"], told["too_old"], told["unreadable"]), (0, 0, 0, 0), "what could not be decided")
    status, text, complaint = run(demo.work, "replay", "-1h", "now")
    said(status, text, complaint, "12 auctions (11 pings, 1 whole lead), ", "decided again: 0 differences\n")
    status, told = run_json(demo.work, "replay", "2020-01-01T00:00:00Z", "-30d")
    same((status, told["auctions"]), (0, 0), "another time")
    for wrong in (["replay", "now", "-1h"], ["replay", "yesterday", "now"], ["replay", "-1h"], ["whatif", "-1h", "now"],
                  ["whatif", "--catalogue", "/nowhere.yaml", "-1h", "now"]):
        same(run(demo.work, *wrong)[0], 2, " ".join(wrong))


def check_after_reload(demo):
    """The record names the catalogue it was decided under, whatever is served now."""
    path = os.path.join(demo.work, "market.yaml")
    with open(path, encoding="utf-8") as file:
        before = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(before.replace("percent: 20", "percent: 33"))
    reload = '. "%s/env"; curl -sS -X POST -H "Authorization: Bearer $ADMIN_KEY" $ADMIN/v1/admin/reload' % demo.work
    same(json.loads(demo.shell([reload])[0][1])["reloaded"], True, "the reload")
    status, told = run_json(demo.work, "replay", "-1h", "now")
    same((status, told["differences"]), (0, []), "replay after a reload")
    with open(path, "w", encoding="utf-8") as file:
        file.write(before)


def check_same_catalogue(demo):
    path = write_other(demo, lambda text: text)
    status, told = run_json(demo.work, "whatif", "--catalogue", path, "-1h", "now")
    same((status, told["auctions"]), (0, LEADS), "whatif")
    same(told["whatif"], told["recorded"], "the same catalogue, the same sums")
    same(told["recorded"]["sold"] > 3, True, "leads sold")
    for buyer in told["buyers"]:
        same(buyer["whatif"], buyer["recorded"], f"the same catalogue, the same {buyer['buyer']}")
    assumed = told["assumed"]
    same((assumed["posts_drawn"], assumed["offers_drawn"], assumed["bids_not_known"]), (0, 0, 0), "nothing is assumed")
    stat = json.loads(run(demo.work, "ledger", "stat", "--json")[1])
    same(told["recorded"]["revenue"], stat["revenue"], "the book's revenue")


def check_other_catalogues(demo):
    path = write_other(demo, lambda text: text.replace("percent: 20", "percent: 30"))
    _, told = run_json(demo.work, "whatif", "--catalogue", path, "-1h", "now")
    same(told["whatif"]["revenue"], told["recorded"]["revenue"], "a higher margin does not move the buyers")
    same(float(told["whatif"]["margin"]) > float(told["recorded"]["margin"]), True, "but the house's part")
    winner = told["buyers"][0]["buyer"]
    path = write_other(demo, lambda text: re.sub(rf"(\n  - id: {winner}\b.*?\n    contracts:\n      - id: [^\n]*)", r"\1\n        paused: true",
                                                 text, count=1, flags=re.S))
    status, told = run_json(demo.work, "whatif", "--catalogue", path, "-1h", "now")
    same(status, 0, "whatif")
    paused = [buyer for buyer in told["buyers"] if buyer["buyer"] == winner][0]
    same((paused["whatif"]["sold"], paused["recorded"]["sold"] > 0), (0, True), f"{winner} is paused there")
    same(told["assumed"]["posts_drawn"] > 0, True, "others have its turn, and nobody knows what they would say")
    status, text, complaint = run(demo.work, "whatif", "--catalogue", path, "-1h", "now")
    said(status, text, complaint, "offers made to pings", "other.yaml", "What this rests on", "drawn by the auction's seed", winner)
    same([line for line in text.splitlines() if len(line) > 120], [], "lines of more than 120 columns")


def check_tampered(demo, folder):
    """One fact of one ping is another than it was: whoever was asked then should not have been."""
    shutil.copytree(demo.work, folder, ignore=shutil.ignore_patterns("*.sock", "lock.mdb"))
    tampered = 0
    for path in glob.glob(os.path.join(folder, "data", "trace", "*", "data.mdb")):
        with open(path, "rb") as file:
            content = file.read()
        tampered += content.count(STATE[0])
        with open(path, "wb") as file:
            file.write(content.replace(*STATE))
    same(tampered > 0, True, "a ping from Texas")
    status, told = run_json(folder, "replay", "-1h", "now")
    same((status, told["differing"] > 0), (1, True), "a tampered record")
    whats = {(difference["contract"], difference["what"]) for difference in told["differences"]}
    same(("gulf-fl-ga" in {contract for contract, _ in whats}) or (None, "filtered") in whats, True, f"gulf is for Florida: {whats}")
    status, text, complaint = run(folder, "replay", "-1h", "now")
    same(status, 1, "exit status")
    said(status, text, complaint, "recorded", "again", "(the auction)", "filtered", " differences in ")


def test_replay():
    with kept.KeptDemo(PROGRAMS) as demo:
        check_replay(demo)
        check_same_catalogue(demo)
        check_other_catalogues(demo)
        check_after_reload(demo)
        check_tampered(demo, os.path.join(demo.folder.name, "copy"))


run_all(globals())
