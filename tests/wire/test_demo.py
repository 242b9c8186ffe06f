"""./run demo: a person's first look. It ends well, its story is whole, and with --keep the printed lines work as they are printed."""
import json
import os
import subprocess
import sys
import tempfile

import kept
from plain import run_all, same

PROGRAMS = os.path.dirname(os.path.abspath(sys.argv[1]))
LEADS = 12


def run_demo(*options):
    return subprocess.run(kept.demo(PROGRAMS, *options), capture_output=True, text=True, cwd=kept.ROOT, timeout=kept.PATIENCE_S, check=False)


def test_it_ends_well():
    with tempfile.TemporaryDirectory() as folder:
        done = run_demo("--work", os.path.join(folder, "work"))
    same(done.returncode, 0, "exit status: " + done.stderr[-2000:])
    same(done.stderr, "", "nothing on standard error")
    for number in range(1, LEADS + 1):
        same(done.stdout.count(f"── {number} of {LEADS}: "), 1, f"headings of lead {number}")
    for text in ("BOUGHT IT", "refused the lead: ", "in doubt", "outside the schedule", "no answer before the deadline", "SOLD to", "UNSOLD",
                 "REJECTED: bids stayed below", "PENDING", "circuit open", "no free seat", "revenue", "good: "):
        if text not in done.stdout:
            raise AssertionError(f"{text!r} is not told:\n{done.stdout}")
    wide = [line for line in done.stdout.splitlines() if len(line) > 120]
    same(wide, [], "lines of more than 120 columns")
    for private in ("555-01", "@example.com"):
        same(done.stdout.count(private), 0, f"private data told: {private}")


def test_the_lines_by_hand():
    with kept.KeptDemo(PROGRAMS) as demo:
        lines = demo.printed.split("In another shell, in this folder:\n", 1)[1].split(kept.END_MARK)[0]
        commands = kept.commands_of(lines)
        answers = dict(zip(commands, demo.shell(commands)))
        for command, (status, text) in answers.items():
            same(status, 0, f"exit status of {command}")
            if command.startswith("curl") and not command.endswith("/metrics"):
                document = json.loads(text)
                if isinstance(document.get("status"), int):  # a problem; else a word
                    raise AssertionError(f"{command}\n  was answered {text}")
        check_answers(answers)
        check_second(demo)


def answer_to(answers, part):
    return [text for command, (_, text) in answers.items() if part in command]


def check_answers(answers):
    same(json.loads(answer_to(answers, "/v1/pings")[0])["status"], "accepted", "the ping by hand")
    for path in ("/v1/posts", "/v1/leads"):
        same(json.loads(answer_to(answers, path)[0])["status"] in ("sold", "unsold"), True, path)
    same(json.loads(answer_to(answers, "/v1/buyer/availability")[0])["contracts"][0]["available"], False, "the push by hand")
    same(len(json.loads(answer_to(answers, "posts?state=in_doubt")[0])["posts"]), 1, "posts in doubt")
    same(json.loads(answer_to(answers, "/resolve")[0])["status"], "accepted", "the doubt resolved by hand")
    same(json.loads(answer_to(answers, "/v1/admin/reload")[0])["reloaded"], True, "the reload by hand")
    same("\noutcry_sold_total " in answer_to(answers, "/metrics")[0], True, "the metrics")
    same(answer_to(answers, "ledger verify")[0].startswith("good: "), True, "the book")
    same("decided again: 0 differences\n" in answer_to(answers, " replay ")[0], True, "all of it decided again")
    same("What this rests on" in answer_to(answers, " whatif ")[0], True, "all of it under another catalogue")


def check_second(demo):
    """Another demo in the same folder would take the first one's files away."""
    done = run_demo("--work", demo.work)
    same(done.returncode, 1, "exit status of a second demo")
    same(done.stderr.strip().startswith("The demo failed: a demo is running already in "), True, done.stderr)


TAKEN = """
import socket, sys
sys.path.insert(0, "demo")
import demo, workshop
taken, choose, chosen = socket.socket(), workshop.free_ports, []
taken.bind(("127.0.0.1", 0))
taken.listen()
def free_ports(count):
    ports = choose(count)
    if not chosen:
        ports[0] = taken.getsockname()[1]
    chosen.append(ports)
    return ports
workshop.free_ports, demo.LEADS = free_ports, demo.LEADS[:1]
status = demo.main()
sys.exit(status if len(chosen) == 2 else f"ports were chosen {len(chosen)} times")
"""


def test_a_taken_port():
    """Somebody takes the port that was free a moment ago: others are chosen."""
    with tempfile.TemporaryDirectory() as folder:
        options = ["--programs", PROGRAMS, "--work", os.path.join(folder, "work")]
        done = subprocess.run([sys.executable, "-B", "-c", TAKEN, *options], capture_output=True, text=True, cwd=kept.ROOT, timeout=kept.PATIENCE_S,
                              check=False)
    same((done.returncode, done.stderr), (0, ""), "exit status and standard error")


def test_a_failure_is_told():
    """Programs that are not there, in one line."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(kept.demo(folder, "--work", os.path.join(folder, "work")), capture_output=True, text=True, check=False)
    same(done.returncode, 1, "exit status")
    same(done.stderr.strip().startswith("The demo failed: "), True, done.stderr)
    same(done.stderr.strip().count("\n"), 0, "one line")


kept.skip_without("curl", "openssl", "bash")
run_all(dict(globals()))
