"""torture.py [--minutes N]: the long form of the tests of faults: every n-th write, flush, send and allocation, power cuts with more
leads, longer swaying, kills under load, and seeded simulations, in turn and with other seeds each round, until the time is over. Each line
that failed is the command that does it again. Bounded: what is under way at the end is the last."""
import glob
import os
import random
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = f"{ROOT}/build/release"
OUTCRY, BUYERS = f"{BUILD}/outcry", f"{BUILD}/outcry-buyers"


def built(name):
    found = [path for path in glob.glob(f"{BUILD}/tests/**/{name}", recursive=True) if os.path.isfile(path)]
    if not found:
        raise SystemExit(f"{name} is not built: ./run torture builds it")
    return found[0]


def script(path, *words):
    return [sys.executable, "-B", f"{ROOT}/tests/{path}", *words]


def each(*kinds):
    return script("fail/each.py", OUTCRY, BUYERS, *kinds, "--all")


def sway(kind, seed):
    return script("fail/sway.py", OUTCRY, BUYERS, kind, "--long", "--seed", str(seed))


def a_round(seed):
    """Every kind once; the short ones first."""
    yield script("wire/kill9.py", OUTCRY, BUYERS, str(seed))
    for kind in ("clock", "term", "clog", "reload", "descriptors"):
        yield sway(kind, seed)
    yield script("fail/power_cut.py", built("power_cut"), "--leads", "60", "--subsets", "6", "--seed", str(seed))
    yield each("kill:fdatasync", "kill:fsync", "kill:pwrite64", "kill:writev", "kill:sendmsg", "kill:write")
    yield each("EIO:fdatasync", "ENOSPC:fdatasync", "EIO:pwrite64", "ENOSPC:pwrite64", "EIO:writev", "ENOSPC:writev")
    yield [built("sim_seeded"), "--seed", str(seed), "--auctions", "1000000", "--jobs", "2"]
    yield each(f"malloc:{built('malloc_fails.so')}")


def shown(command):
    return " ".join(word.replace(f"{ROOT}/", "") for word in command)


def main():
    minutes = float(sys.argv[sys.argv.index("--minutes") + 1]) if "--minutes" in sys.argv else 20
    end, seed, counts, failed = time.monotonic() + minutes * 60, random.randrange(1 << 32), 0, []
    while time.monotonic() < end:
        for command in a_round(seed):
            if time.monotonic() >= end:
                break
            began = time.monotonic()
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            counts += 1
            is_good = done.returncode in (0, 77)
            last = (done.stdout.strip().splitlines() or [""])[-1]
            print(f"{'ok    ' if is_good else 'FAILED'} {time.monotonic() - began:6.1f} s  {shown(command)}", flush=True)
            print(f"                 {last[:150]}" if is_good else done.stdout[-2000:] + done.stderr[-1000:], flush=True)
            if not is_good:
                failed.append(shown(command))
        seed += 1
    for line in failed:
        print(f"FAILED {line}")
    print(f"{counts} runs, {len(failed)} failed")
    sys.exit(1 if failed else 0)


main()
