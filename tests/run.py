"""Builds and runs the tests in every way they are to pass, and says at the end what passed, failed, was skipped and why.

Stages, each a build of its own: release (all tests), address and undefined-behaviour sanitizers (unit, plays, a short simulation), thread
sanitizer (what has threads), libFuzzer smoke, and a clean build by clang. `./run test NAME...` runs only release tests whose name holds NAME.
"""
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as tree

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BOLD, PLAIN = ("\033[1m", "\033[0m") if sys.stderr.isatty() else ("", "")

# preset, what ctest is to run (-L labels, -R names), what to build (None: all)
STAGES = [
    ("release", ["-LE", "smoke"], None),
    ("asan-ubsan", ["-R", "^(unit|plays|sim|fuzz)/", "-LE", "smoke|slow"], None),
    ("tsan", ["-R", "^unit/(exchange/(base|standing|ledger|worker|api)|protocol/wire)/|^plays/wire/threads"], None),
    ("fuzz", ["-L", "smoke"], None),
    ("clang", None, None),
]


def say(text):
    print(f"{BOLD}== {text}{PLAIN}", file=sys.stderr, flush=True)


def jobs():
    return str(max(2, os.cpu_count() or 2))


def run_logged(command, log, env=None):
    os.makedirs(os.path.dirname(log), exist_ok=True)
    with open(log, "w") as out:
        return subprocess.run(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, env=env).returncode == 0


def tail(log, lines=60):
    with open(log, errors="replace") as text:
        return "".join(text.readlines()[-lines:])


def build(preset):
    folder = os.path.join(ROOT, "build", preset)
    log = os.path.join(ROOT, "build", f"test.{preset}.log")
    say(f"building {preset}")
    configured = run_logged(["cmake", "--preset", preset, "-DBUILD_TESTING=ON"], log)
    built = configured and run_logged(["cmake", "--build", folder, "-j", jobs()], log)
    if not built:
        print(tail(log), file=sys.stderr)
    return built


def ctest(preset, selection):
    folder = os.path.join(ROOT, "build", preset)
    report = os.path.join(folder, "report.xml")
    log = os.path.join(folder, "ctest.log")
    if os.path.exists(report):
        os.remove(report)
    environment = dict(os.environ)
    environment.setdefault("ASAN_OPTIONS", "detect_leaks=1:strict_string_checks=1")
    environment.setdefault("TSAN_OPTIONS", f"halt_on_error=1:second_deadlock_stack=1:suppressions={ROOT}/tests/tsan.supp")
    say(f"testing {preset}")
    run_logged(["ctest", "--test-dir", folder, "-j", jobs(), "--output-on-failure", "--no-tests=ignore", "--output-junit", report] + selection,
               log, environment)
    if not os.path.exists(report):
        print(tail(log), file=sys.stderr)
        return None
    return tree.parse(report).getroot()


def reason_of(case, fallback):
    """The line in which a test says why it skipped, or what ctest knows of it."""
    output = case.findtext("system-out") or ""
    told = [line.strip() for line in output.splitlines() if "skip" in line.lower()]
    if told:
        return told[0].replace("[  SKIPPED ]", "").strip()[:160]
    return fallback


def collect(preset, root, totals):
    for case in root.iter("testcase"):
        name = f"{preset}: {case.get('name')}"
        status = case.get("status")
        if status == "run":
            totals["passed"] += 1
        elif case.find("skipped") is not None or status in ("notrun", "disabled"):
            totals["skipped"].append((name, reason_of(case, "the test said so")))
        else:
            totals["failed"].append(name)
            print(f"\n--- {name}\n{(case.findtext('system-out') or '')[-6000:]}", file=sys.stderr)


def summary(totals, seconds):
    for name, reason in totals["skipped"]:
        print(f"skipped  {name}: {reason}")
    for name in totals["failed"]:
        print(f"FAILED   {name}")
    print(f"took {int(seconds)} s")
    print(f"{totals['passed']} passed, {len(totals['failed'])} failed, {len(totals['skipped'])} skipped")


def main(names):
    began = time.monotonic()
    totals = {"passed": 0, "failed": [], "skipped": []}
    stages = STAGES if not names else [("release", ["-R", "|".join(names)], None)]
    for preset, selection, _ in stages:
        stage_began = time.monotonic()
        if not build(preset):
            totals["failed"].append(f"{preset}: build")
            continue
        if selection is None:
            totals["passed"] += 1
        else:
            root = ctest(preset, selection)
            if root is None:
                totals["failed"].append(f"{preset}: ctest gave no report")
            else:
                collect(preset, root, totals)
        say(f"{preset}: {int(time.monotonic() - stage_began)} s")
    summary(totals, time.monotonic() - began)
    return 1 if totals["failed"] or totals["passed"] == 0 else 0


sys.exit(main(sys.argv[1:]))
