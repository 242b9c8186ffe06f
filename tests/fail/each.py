"""each.py OUTCRY BUYERS KIND [--all]: the scripted run (story.py) with one fault at the n-th system call of a kind, for one n after
the other (--all: for every n; else every few, spread over all of it).

kinds: kill:SYSCALL   SIGKILL just before that call
       EIO:SYSCALL    the call fails; likewise ENOSPC:SYSCALL
       malloc:SHIM    the allocation fails (SHIM: the built malloc_fails.so)
The calls are counted in each thread: the ledger thread's writes and flushes, a worker's sends; allocations in the whole process."""
import collections
import concurrent.futures
import re
import shutil
import subprocess
import sys
import tempfile

from story import PLAY, Story, Town
from market import Keys

AT_ONCE = 4
SHORT = 12  # faults of one kind in the short form


def strace(folder, *what):
    return ("strace", "-D", "-f", "-qq", "-o", f"{folder}/strace", *what)


def is_injected(folder):
    with open(f"{folder}/strace", encoding="utf-8", errors="replace") as log:
        return "(INJECTED)" in log.read()


class Case:
    """One run with a fault in it, in a folder of its own."""

    def __init__(self, programs, keys, wrap=lambda folder: (), environment=None):
        self.outcry, self.buyers, self.keys, self.wrap, self.environment = *programs, keys, wrap, environment

    def run(self, befall):
        with tempfile.TemporaryDirectory(prefix="outcry-fail-") as folder:
            town = Town(self.outcry, self.buyers, self.keys, folder, PLAY)
            town.wrap, town.environment = self.wrap(folder), self.environment
            story = Story(town)
            try:
                befall(town, story)
            finally:
                town.close()
            self.struck = self.environment is not None or town.exchange_status == -9 or is_injected(folder)
            return story.failures


def count_calls(programs, keys, call):
    """How often the busiest thread makes that call in an undisturbed run."""
    counts = collections.Counter()

    def befall(town, story):
        town.start()
        story.must(story.run(), "the undisturbed story broke off")
        story.as_planned()
        town.drain()
        town.ended()
        story.verify("undisturbed")
        with open(f"{town.folder}/strace", encoding="utf-8", errors="replace") as log:
            counts.update(line.split()[0] for line in log if re.match(rf"\d+ +{call}\(", line))

    failures = Case(programs, keys, lambda folder: strace(folder, "-e", f"trace={call}")).run(befall)
    if failures:
        raise AssertionError("; ".join(failures))
    return max(counts.values(), default=0)


def count_allocations(programs, keys, shim, with_story):
    """Of a run that nothing befalls; without the story: a start and a stop."""
    counts = []
    with tempfile.NamedTemporaryFile("r", suffix=".count") as file:

        def befall(town, story):
            town.start()
            if with_story:
                story.must(story.run(), "the undisturbed story broke off")
                story.as_planned()
            town.drain()
            town.ended()
            counts.append(int(file.read()))

        failures = Case(programs, keys, environment={"LD_PRELOAD": shim, "OUTCRY_FAIL_COUNT": file.name}).run(befall)
    if failures:
        raise AssertionError("; ".join(failures))
    return counts[0]


def start_under(town):
    """False: the fault met it before it was ready."""
    try:
        town.start()
        return True
    except AssertionError:
        return False


def befall_kill(town, story):
    if start_under(town):
        if story.run():  # the fault comes while it stops, or not at all
            town.drain()
    status = town.wait_end()
    story.must(status in (0, -9), f"exit status {status}: {town.log_text()[-300:]}")
    recover(town, story)


def befall_error(town, story):
    """A failed write or flush: it may end at the start, saying so; else it refuses, stops when told, and is good afterwards."""
    if start_under(town):
        story.run()
        story.must(town.operator("GET", "/healthz")[0] == 200, "it does not live")
        town.drain()
    status = town.wait_end()
    story.must(status in (0, 1, 2), f"exit status {status}: {town.log_text()[-300:]}")
    recover(town, story)


def befall_no_memory(town, story):
    """It may not start, refuse a request, or end; what it said stands."""
    story.is_poor = True
    if start_under(town):
        story.run()
        if town.exchange.poll() is None:
            town.exchange.terminate()
    story.is_poor = False
    status = town.wait_end()
    story.must(status in (0, 1, 2, -6), f"exit status {status}: {town.log_text()[-300:]}")
    recover(town, story)


def recover(town, story):
    if not getattr(town, "shared", None):
        return  # it never came so far
    town.wrap, town.environment = (), None
    if story.told:
        story.verify("after the fault")
    town.start_exchange()
    story.stands()
    story.ends()
    town.drain()
    town.ended()
    story.verify("at the end")


def spread(total, take_all, few):
    return range(1, total + 1) if take_all or total <= few else sorted({1 + n * (total - 1) // (few - 1) for n in range(few)})


def cases(programs, keys, kind, take_all):
    what, call = kind.split(":")
    if what == "malloc":
        idle, total = (count_allocations(programs, keys, call, with_story) for with_story in (False, True))
        numbers = [*spread(idle, False, SHORT), *(idle + number for number in spread(total - idle, take_all, 3 * SHORT))]
        for number in numbers:
            yield number, Case(programs, keys, environment={"LD_PRELOAD": call, "OUTCRY_FAIL_AT": str(number)}), befall_no_memory
    else:
        total = count_calls(programs, keys, call)
        numbers = spread(total, take_all, SHORT)
        befall = befall_kill if what == "kill" else befall_error
        inject = "signal=SIGKILL" if what == "kill" else f"error={what}"
        for number in numbers:
            yield number, Case(programs, keys, lambda folder, n=number: strace(folder, "-e", f"trace={call}", "-e", f"inject={call}:{inject}:when={n}")), befall
    print(f"{what} {call.rsplit('/', 1)[-1]}: {total} calls, {len(numbers)} faults", flush=True)


def main():
    programs, kinds, take_all = sys.argv[1:3], [word for word in sys.argv[3:] if ":" in word], "--all" in sys.argv
    if not shutil.which("strace") or subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False).returncode != 0:
        print("skipped: strace cannot be used here")
        sys.exit(77)
    keys, failed = Keys(programs[0]), 0
    for kind in kinds:
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            struck = 0
            runs = [(number, case, pool.submit(case.run, befall)) for number, case, befall in cases(programs, keys, kind, take_all)]
            for number, case, run in runs:
                try:
                    failures = run.result()
                    struck += case.struck
                except Exception as error:  # noqa: BLE001: the others are told too
                    failures = [repr(error)]
                failed += bool(failures)
                for failure in failures[:4]:
                    print(f"FAIL {kind} at {number}: {failure}", flush=True)
        print(f"{kind}: {struck} struck", flush=True)
        if struck * 2 < len(runs):  # what is counted in one run may be one less in the next, but not most of it
            failed += 1
            print(f"FAIL {kind}: of {len(runs)} faults only {struck} came about")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
