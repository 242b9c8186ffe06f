"""power_cut.py PROGRAM [--leads N] [--subsets N] [--seed N]: what a power cut could leave of the book at every step of its making.

The ledger writes leads under strace (power_cut write), which records each write to the book's file, each flush and each
acknowledgement. The file is then rebuilt as it may be after a cut at every one of these points: all that was flushed, and of what
was written since any subset of pages of 4 KiB (none, all, each prefix's end, random ones). The meta page is written through a
descriptor that flushes by itself: before it returns it is there or not. Each such book must open, verify, and hold every entry that was
acknowledged by then."""
import concurrent.futures
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

PAGE = 4096
CALLS = "openat,close,pwrite64,pwritev,writev,write,lseek,fdatasync,fsync,ftruncate"
LINE = re.compile(r"^(\d+) +(.*)$")


def option(name, otherwise):
    return int(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else otherwise


def record(program, folder, leads, environment):
    """What strace saw, line by line, calls whole."""
    log = f"{folder}/strace"
    data = f"{folder}/data"
    os.mkdir(data)
    words = ["strace", "-f", "-qq", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o", log]
    for name, value in environment.items():
        words += ["-E", f"{name}={value}"]
    subprocess.run([*words, program, "write", data, str(leads)], check=True, stdout=subprocess.DEVNULL)
    begun, calls = {}, []
    with open(log, encoding="ascii", errors="replace") as lines:
        for line in lines:
            thread, text = LINE.match(line.rstrip("\n")).groups()
            if text.endswith("<unfinished ...>"):
                begun[thread] = text[: -len("<unfinished ...>")]
                continue
            resumed = re.match(r"<\.\.\. \w+ resumed>(.*)$", text)
            calls.append(begun.pop(thread) + resumed[1] if resumed else text)
    return calls


def text_of(quoted):
    return bytes.fromhex(quoted.replace("\\x", ""))


class Events:
    """("write", offset, bytes) ("meta", offset, bytes) ("flush",) ("ack", seq) ("open",), in order."""

    BOOK = "".join(f"\\x{ord(letter):02x}" for letter in "/book/data.mdb")  # -xx writes paths like this, too

    def __init__(self, calls):
        self.synced, self.at, self.list = set(), {}, []
        for call in calls:
            self.read(call)

    def read(self, call):
        name = call[: call.index("(")] if "(" in call else ""
        target = re.match(r"\w+\((\d+)<([^>]*)>", call)
        is_book = bool(target) and target[2].endswith(self.BOOK)
        if name == "openat" and "O_DSYNC" in call:
            opened = re.search(r"= (\d+)<([^>]*)>$", call)
            if opened and opened[2].endswith(self.BOOK):
                self.synced.add(opened[1])
        elif name == "write" and target and target[1] == "1":
            self.acknowledge(text_of(re.search(r'"([^"]*)"', call)[1]).decode())
        elif is_book and name in ("fdatasync", "fsync"):
            self.list.append(("flush",))
        elif is_book and name == "ftruncate":
            self.list.append(("size", int(re.search(r", (\d+) *\)", call)[1])))
        elif is_book and name == "lseek":
            self.at[target[1]] = int(call.rsplit("= ", 1)[1])
        elif is_book and name in ("pwrite64", "write", "writev", "pwritev"):
            self.write(name, target[1], call)

    def write(self, name, number, call):
        whole = b"".join(text_of(part) for part in re.findall(r'"((?:\\x[0-9a-f]{2})*)"', call))
        if name in ("pwrite64", "pwritev"):
            offset = int(re.search(r", (\d+) *\) += ", call)[1])
        else:
            offset = self.at[number]
            self.at[number] += len(whole)
        if int(call.rsplit("= ", 1)[1]) != len(whole):
            raise AssertionError(f"a write that was cut: {call[-60:]}")
        self.list.append(("meta" if number in self.synced else "write", offset, whole))

    def acknowledge(self, text):
        for line in text.splitlines():
            word, number = line.split()
            self.list.append(("open",) if word == "open" else ("ack", int(number)))


class Disk:
    """What is surely there, and the pages written since the last flush, in order."""

    def __init__(self):
        self.sure, self.loose = bytearray(), []

    @staticmethod
    def put(image, offset, data):
        if len(image) < offset + len(data):
            image.extend(bytes(offset + len(data) - len(image)))
        image[offset : offset + len(data)] = data

    def write(self, offset, data):
        for begin in range(0, len(data), PAGE):
            self.loose.append((offset + begin, data[begin : begin + PAGE]))

    def flush(self):
        for offset, data in self.loose:
            self.put(self.sure, offset, data)
        self.loose = []

    def image(self, subset):
        made = bytearray(self.sure)
        for offset, data in subset:
            self.put(made, offset, data)
        return bytes(made)

    def images(self, chance, subsets):
        """Different books that the cut may leave."""
        found = {self.image([]), self.image(self.loose)}
        for _ in range(subsets if len(self.loose) > 1 else 0):
            found.add(self.image([page for page in self.loose if chance.random() < 0.5]))
        return found


class Judge:
    def __init__(self, program, folder):
        self.program, self.folder, self.seen, self.failures = program, folder, {}, []
        self.pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2)
        self.runs = []

    def ask(self, image, seq, where):
        key = (hash(image), len(image))
        if self.seen.get(key, -1) >= seq:
            return
        self.seen[key] = seq
        self.runs.append(self.pool.submit(self.judge, image, seq, where))
        if len(self.runs) >= 64:
            self.settle()

    def judge(self, image, seq, where):
        with tempfile.TemporaryDirectory(prefix="outcry-cut-") as place:
            os.mkdir(f"{place}/book", 0o700)
            with open(f"{place}/book/data.mdb", "wb") as file:
                file.write(image)
            shutil.copy2(f"{self.folder}/data/keys", f"{place}/keys")
            done = subprocess.run([self.program, "check", place, str(seq)], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                self.failures.append(f"{where}: exit {done.returncode} {done.stdout.strip()} {done.stderr.strip()[-200:]}")

    def settle(self):
        for run in self.runs:
            run.result()
        self.runs = []


def cut_everywhere(events, judge, subsets, seed):
    """How many points there were."""
    disk, chance, seq, is_open, points = Disk(), random.Random(seed), 0, False, 0
    for number, event in enumerate(events):
        if event[0] == "write":
            disk.write(event[1], event[2])
        elif event[0] == "meta":  # atomic: what it was before stood at the event before
            image = disk.image([])
            Disk.put(disk.sure, event[1], event[2])
            judge.ask(image, seq, f"event {number}: before the meta page") if is_open else None
        elif event[0] == "flush":
            disk.flush()
        elif event[0] == "ack":
            seq = event[1]
        elif event[0] == "open":
            is_open = True
        if not is_open:
            continue  # before a book was said to be open nobody was promised anything
        points += 1
        for image in disk.images(chance, subsets):
            judge.ask(image, seq, f"event {number} ({event[0]}), entry {seq} acknowledged")
    judge.settle()
    return points


def main():
    if not shutil.which("strace") or subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], check=False).returncode != 0:
        print("skipped: strace cannot be used here")
        sys.exit(77)
    program, leads, subsets, seed = sys.argv[1], option("--leads", 14), option("--subsets", 3), option("--seed", 1)
    environment = {"LD_PRELOAD": sys.argv[sys.argv.index("--preload") + 1]} if "--preload" in sys.argv else {}
    with tempfile.TemporaryDirectory(prefix="outcry-power-") as folder:
        events = Events(record(program, folder, leads, environment)).list
        judge = Judge(program, folder)
        points = cut_everywhere(events, judge, subsets, seed)
    kinds = {kind: sum(event[0] == kind for event in events) for kind in ("write", "meta", "flush", "ack")}
    print(f"{leads} leads: {kinds}; {points} points, {len(judge.seen)} books, {len(judge.failures)} bad; seed {seed}")
    print(*judge.failures[:10], sep="\n")
    if kinds["ack"] < 2 * leads or kinds["write"] == 0 or kinds["meta"] == 0:
        print("FAIL: the recording is not whole")
        sys.exit(1)
    sys.exit(1 if judge.failures else 0)


if __name__ == "__main__":
    main()
