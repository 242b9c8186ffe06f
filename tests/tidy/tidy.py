"""Holds the code to the house (docs/architecture.md): floors, one library one room, sizes, no mutable globals, finished words.

An exception stands in exceptions.txt with its reason: "rule file[:name] reason". One that is no longer needed is an error too.
"""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

FLOORS = [
    ["protocol/base"],
    ["protocol/codec", "protocol/crypto"],
    ["protocol/message"],
    ["protocol/wire"],
    ["exchange/base", "exchange/record"],
    ["exchange/standing"],
    ["exchange/market"],
    ["exchange/auction", "exchange/buyers", "exchange/ledger"],
    ["exchange/worker", "exchange/courier"],
    ["exchange/api", "exchange/config"],
    ["exchange/command"],
    ["exchange", "bench/micro", "bench/books"],
]
FLOOR_OF = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}
PROGRAMS = ["buyers-sim", "bench", "bench/floor"]
LIBRARIES = {  # what begins an include -> the rooms that may name it
    "event2/": ["protocol/wire", "bench/floor"],
    "openssl/ssl": ["protocol/wire"],
    "openssl/": ["protocol/crypto", "protocol/wire"],
    "msgpack": ["protocol/codec"],
    "lmdb": ["exchange/ledger"],
    "yaml.h": ["exchange/config"],
}
FUNCTION_MAX, FILE_MAX, HEADER_MAX, NESTING_MAX = 60, 600, 150, 3

findings = []


def find(rule, place, text):
    findings.append((rule, place, text))


def tracked():
    out = subprocess.run(["git", "ls-files", "*.c", "*.h"], cwd=ROOT, capture_output=True, text=True)
    if out.returncode == 0 and out.stdout:
        return out.stdout.split()
    found = []
    for top in ("protocol", "exchange", "buyers-sim", "bench", "tests"):
        for folder, _, files in os.walk(os.path.join(ROOT, top)):
            found += [os.path.relpath(os.path.join(folder, f), ROOT) for f in files if f.endswith((".c", ".h"))]
    return found


def room_of(path):
    return os.path.dirname(path)


def check_includes(path, lines):
    room = room_of(path)
    for number, line in enumerate(lines, 1):
        own = re.match(r'\s*#include "([^"]+)"', line)
        outside = re.match(r"\s*#include <([^>]+)>", line)
        if own:
            other = room_of(own.group(1))
            if other == room or other.startswith(tuple(p for p in PROGRAMS if p == room)):
                continue
            if room in PROGRAMS:
                if not other.startswith("protocol/") and other not in PROGRAMS:
                    find("floor", f"{path}:{number}", f"{room} may only use protocol, not {other}")
            elif other not in FLOOR_OF:
                find("floor", f"{path}:{number}", f"include is not by a room's path: {own.group(1)}")
            elif FLOOR_OF[other] >= FLOOR_OF[room]:
                # The table of steps is data that tells their names; explain reads it from above, which is downward too.
                find("floor", f"{path}:{number}", f"{room} may not see {other}")
        elif outside:
            for begin, rooms in LIBRARIES.items():
                if outside.group(1).startswith(begin):
                    if room not in rooms:
                        find("library", f"{path}:{number}", f"<{outside.group(1)}> belongs to {' and '.join(rooms)}")
                    if path.endswith(".h") and os.path.basename(path).split(".")[0] not in ("tls_context", "tls_stream", "store", "rows"):
                        find("library", f"{path}:{number}", f"a library's header in a room's header: <{outside.group(1)}>")
                    break


def check_sizes(path, lines):
    limit = HEADER_MAX if path.endswith(".h") else FILE_MAX
    if len(lines) > limit:
        find("file", path, f"{len(lines)} lines, at most {limit}")
    start = name = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start, name = number, function_name(lines, number - 2)
        elif line == "}" and start:
            if number - start - 1 > FUNCTION_MAX:
                find("function", f"{path}:{name}", f"{number - start - 1} lines, at most {FUNCTION_MAX}")
            check_nesting(path, name, lines[start:number - 1])
            start = None


def function_name(lines, at):
    text = ""
    while at >= 0 and lines[at] and not lines[at].startswith(("}", "/*", " */", "#")):
        text = lines[at] + " " + text
        if not lines[at].startswith(" "):
            break
        at -= 1
    match = re.search(r"(\w+)\s*\(", text)
    return match.group(1) if match else "?"


def check_nesting(path, name, body):
    """Blocks of control flow inside each other; a condition that only guards one statement on its line opens none."""
    deepest = 0
    for line in body:
        indent = len(line) - len(line.lstrip(" "))
        if re.match(r"\s*(if|for|while|switch|do|NODE_EACH)\b", line) and indent % 4 == 0 and line.endswith(("{", ")")):
            deepest = max(deepest, indent // 4)
    if deepest > NESTING_MAX:
        find("nesting", f"{path}:{name}", f"{deepest} levels, at most {NESTING_MAX}")


def check_globals(path, lines):
    if path.endswith("main.c"):
        return
    for number, line in enumerate(lines, 1):
        if re.match(r"(?! )(static )?(?!const|struct \w+;|extern|typedef|enum|_Noreturn|return)[\w ]+[\w*\]]+(\[[^\]]*\])?( = .*)?;$", line) \
                and "(" not in line.split("=")[0] and "const " not in line.split("=")[0]:
            find("global", f"{path}:{number}", f"mutable at file scope: {line.strip()}")


def check_words(path, lines):
    for number, line in enumerate(lines, 1):
        if re.search(r"\b(TODO|FIXME|XXX|HACK)\b|not implemented", line):
            find("word", f"{path}:{number}", f"unfinished: {line.strip()[:80]}")
        if re.match(r"protocol/base/money|exchange/(market|ledger)/(?!geo\.)", path) and re.search(r"\b(double|float)\b", re.sub(r"/\*.*|\".*?\"|^ \*.*", "", line)):
            find("float", f"{path}:{number}", "floating point where money is")
    base = os.path.basename(path)
    if re.search(r"(^|_)(util|utils|common|misc|helper|helpers|manager)(_|\.)", base):
        find("name", path, "says nothing of what is in it")


def check_opening(path, text):
    if path.endswith(".h") and not text.startswith("/*"):
        find("opening", path, "a header opens with what it is for")
    if path.endswith(".h") and "#pragma once" not in text and not path.endswith(".tbl.h"):
        find("opening", path, "no #pragma once")


def apply_exceptions():
    path = os.path.join(ROOT, "tests/tidy/exceptions.txt")
    excused, used = {}, set()
    with open(path) as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                rule, place, reason = line.split(None, 2)
                excused[(rule, place)] = reason
    left = []
    for rule, place, text in findings:
        key = (rule, place if rule in ("function", "nesting", "file") else re.sub(r":\d+$", "", place))
        if key in excused:
            used.add(key)
        else:
            left.append((rule, place, text))
    for key in excused:
        if key not in used:
            left.append((key[0], key[1], "the exception is not needed any more: take it out of exceptions.txt"))
    return left


def main():
    for path in tracked():
        if not path.startswith(("protocol/", "exchange/", "buyers-sim/", "bench/")) or not os.path.exists(os.path.join(ROOT, path)):
            continue
        with open(os.path.join(ROOT, path)) as source:
            text = source.read()
        lines = text.split("\n")[:-1]
        check_includes(path, lines)
        check_sizes(path, lines)
        check_globals(path, lines)
        check_words(path, lines)
        check_opening(path, text)
    left = apply_exceptions()
    for rule, place, text in sorted(left):
        print(f"{place}: {rule}: {text}")
    print(f"{len(left)} findings")
    return 1 if left else 0


sys.exit(main())
