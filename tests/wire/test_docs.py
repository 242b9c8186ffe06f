"""The pages hold what they say: their examples run against a live exchange, their lists are those of the code.

In a page <!-- run --> marks a sh block that is run, <!-- answer --> the JSON that the last command of the block before it gives: every
member must be in the real answer, with a value of the same type; status and code must be the same word."""
import json
import os
import re
import sys

import kept
from plain import run_all, same

PROGRAMS = os.path.dirname(os.path.abspath(sys.argv[1]))
PAGES = ["README.md", "docs/architecture.md", "docs/market.md", "docs/api.md", "docs/operations.md", "docs/style.md", "docs/CHANGELOG.md"]


def read(path):
    with open(os.path.join(kept.ROOT, path), encoding="utf-8") as file:
        return file.read()


def blocks(page):
    """(mark or None, language, text) of every fenced block."""
    return [(mark or None, language, text) for mark, language, text in
            re.findall(r"^(?:<!-- (\w+) -->\n)?```(\w*)\n(.*?)^```$", page, re.S | re.M)]


def examples(page):
    """(commands, expected answer or None) for every block that is run."""
    found = []
    for mark, language, text in blocks(page):
        if mark == "run":
            same(language, "sh", "what is run")
            found.append([kept.commands_of(text), None])
        elif mark == "answer":
            found[-1][1] = json.loads(text)
    return found


def compare(expected, got, place):
    if expected is None:
        return
    same(type(got).__name__, type(expected).__name__, f"type at {place}")
    if isinstance(expected, dict):
        for key, value in expected.items():
            if key not in got:
                raise AssertionError(f"{place} has no {key}: {json.dumps(got)}")
            if key in ("status", "code", "outcome") and not isinstance(value, dict):
                same(got[key], value, f"{place}.{key}")
            compare(value, got[key], f"{place}.{key}")
    elif isinstance(expected, list) and expected:
        if not got:
            raise AssertionError(f"{place} is empty")
        compare(expected[0], best_of(expected[0], got), f"{place}[]")


def best_of(expected, rows):
    """The row that is meant by an example: the one of the same name, else the first."""
    for name in ("contract", "field"):
        for row in rows:
            if isinstance(expected, dict) and name in expected and row.get(name) == expected[name]:
                return row
    return rows[0]


def test_examples_run():
    runs = [(path, group, expected) for path in ("README.md", "docs/api.md") for group, expected in examples(read(path))]
    same(len(runs) > 15, True, "examples found")
    with kept.KeptDemo(PROGRAMS) as demo:
        env = f". {demo.work}/env"
        answers = demo.shell([command for _, group, _ in runs for command in group], before=env)
        check_metrics(demo.shell(["curl $ADMIN/metrics"], before=env)[0][1])
    place = 0
    for path, group, expected in runs:
        for status, text in answers[place:place + len(group)]:
            same(status, 0, f"exit status; printed {text}")
        place += len(group)
        if expected is not None:
            compare(expected, json.loads(answers[place - 1][1]), f"{path}: {group[-1].splitlines()[0][:90]}")


def check_metrics(text):
    """What operators are told to watch is there."""
    names = set(re.findall(r"`(outcry_\w+)`", read("docs/operations.md")))
    same(len(names) > 10, True, "metrics told")
    for name in names:
        if f"# TYPE {name} " not in text:
            raise AssertionError(f"docs/operations.md tells of a metric that is not there: {name}")


def test_json_is_json():
    for path in PAGES:
        for _, language, text in blocks(read(path)):
            if language == "json":
                json.loads(text)


def test_every_route_is_told():
    page = read("docs/api.md")
    routes = re.findall(r'\{"(GET|POST|PUT)", "(/[^"]*)"', read("exchange/api/router.c"))
    same(len(routes) > 15, True, "routes found")
    for method, path in routes:
        if f"{method} {path}" not in page:
            raise AssertionError(f"docs/api.md does not tell {method} {path}")


def test_every_reason_is_told():
    page = read("docs/market.md")
    reasons = re.findall(r'^X\(\w+, "(\w+)"', read("protocol/message/reason.tbl.h"), re.M)
    same(len(reasons) > 40, True, "reasons found")
    for reason in reasons:
        if f"`{reason}`" not in page:
            raise AssertionError(f"docs/market.md does not tell `{reason}`")


def test_every_room_is_told():
    page = read("docs/architecture.md")
    for room in re.findall(r"^room\(([\w/]+)", read("CMakeLists.txt"), re.M):
        if room not in page:
            raise AssertionError(f"docs/architecture.md does not tell of {room}")


def test_links_lead_somewhere():
    for path in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", read(path)):
            there = os.path.join(kept.ROOT, os.path.dirname(path), target)
            same(os.path.exists(there), True, f"{path} links to {target}")


kept.skip_without("curl", "openssl", "bash")
run_all(dict(globals()))
