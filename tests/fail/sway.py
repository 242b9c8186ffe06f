"""sway.py OUTCRY BUYERS KIND [--long] [--seed N]: an exchange under load while something around it sways; afterwards books, buyers and
affiliates agree, as after a kill (tests/wire/kill9.py, whose senders and checks these are).

kinds: term         told to stop at random moments, and started again
       reload       its catalogue changed and read again, again and again; now and then a wrong one, which is refused
       clog         buyers fall silent, hang up, answer nonsense and recover, at random
       clock        the clock of the wall jumps an hour ahead and back (libfaketime)
       descriptors  there are fewer descriptors than connections that want one"""
import calendar
import http.client
import json
import os
import random
import socket
import sys
import tempfile
import threading
import time

from story import Town
from kill9 import CAP, PLAY, Resolver, Round, Sender
from market import PATIENCE_S, Keys, merged

SENDERS = 4
# A cap whose window no jump can leave.
TIMELESS = {"buyers": {"north": {"contract": {"caps": [{"window": "total", "since": "2026-01-01", "leads": CAP}]}}}}
# Where buyers fall silent: nobody waits long for them.
HASTY = {"campaign": {"timeout": "150ms", "post_timeout": "400ms"},
         "buyers": {name: {"contract": {"ping_timeout": "100ms", "post_timeout": "100ms"}} for name in ("north", "south", "west")}}
FAKETIME = ["/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1"]


class Steady(Sender):
    """Until it is told to stop; whatever is not an answer is kept as a failure."""

    def __init__(self, market, number, generation):
        super().__init__(market, number, generation)
        self.stopping, self.broken = threading.Event(), []

    def run(self):
        host, port = self.market.public.rsplit(":", 1)
        connection = http.client.HTTPConnection(host, int(port), timeout=PATIENCE_S)
        count = 0
        while not self.stopping.is_set():
            count += 1
            try:
                self.one(connection, f"{self.name}-{count}")
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.broken.append(repr(error))
                break
        connection.close()


class Sway:
    def __init__(self, town, chance, is_long):
        self.town, self.chance, self.is_long, self.failures = town, chance, is_long, []
        self.round = Round(town, 0, chance)

    def must(self, truth, text):
        if not truth:
            self.failures.append(text)

    def under_load(self, sway):
        senders = [Steady(self.town, number, "last") for number in range(SENDERS)]
        for sender in senders:
            sender.start()
        sway(senders)
        for sender in senders:
            sender.stopping.set()
        for sender in senders:
            sender.join(PATIENCE_S * 2)
            self.failures += [f"a request broke: {text}" for text in sender.broken]
        self.round.told = {key: answer for sender in senders for key, answer in sender.told.items()}
        self.round.unanswered = {key: asked for sender in senders for key, asked in sender.unanswered.items()}
        self.must(self.round.told, "nothing was answered")

    def check(self):
        self.round.check_told()
        self.round.check_unanswered()
        stat = self.round.check_doubts()
        self.town.drain()
        self.must(self.town.wait_end() == 0, f"exit status {self.town.exchange_status}: {self.town.log_text()[-300:]}")
        self.round.check_book()
        self.failures += self.round.failures
        print(f"{len(self.round.told)} answered, {stat['sold']} sold, {stat['unsold']} unsold", flush=True)

    def told_at_least(self, senders, count):
        give_up = time.monotonic() + PATIENCE_S
        while sum(len(sender.told) for sender in senders) < count and time.monotonic() < give_up:
            time.sleep(0.005)

    # --- what sways ---

    def term(self):
        for generation in range(40 if self.is_long else 5):
            run = Round(self.town, generation, self.chance)
            senders = [Sender(self.town, number, generation) for number in range(SENDERS)]
            for sender in senders:
                sender.start()
            self.told_at_least(senders, 5)
            time.sleep(self.chance.uniform(0, 0.3))
            self.town.exchange.terminate()
            self.must(self.town.wait_end() == 0, f"stop {generation}: exit status {self.town.exchange_status}")
            for sender in senders:
                sender.join(PATIENCE_S * 2)
            run.told = {key: answer for sender in senders for key, answer in sender.told.items()}
            run.unanswered = {key: asked for sender in senders for key, asked in sender.unanswered.items()}
            run.check_book()
            self.town.start_exchange()
            run.check_told()
            run.check_unanswered()
            run.check_doubts()
            self.failures += run.failures
        self.under_load(lambda senders: self.told_at_least(senders, 5))

    def reload(self):
        def again_and_again(senders):
            for number in range(100):
                is_wrong = number % 10 == 9
                catalogue = self.town.catalogue(self.town.play)
                catalogue["campaigns"][0]["margin"] = {"percent": 10 + number % 10}
                if is_wrong:
                    catalogue["campaigns"][0]["no_such_key"] = 1
                self.town.write("market.yaml", catalogue)
                status, answer = self.town.operator("POST", "/v1/admin/reload", {})
                self.must((status == 200) != is_wrong, f"reload {number}: {status} {answer}")
            self.told_at_least(senders, 20)

        self.under_load(again_and_again)

    def clog(self):
        manners = ["silent", "status:503", "hang_up_after", "hang_up_middle", "garbage", "drip", "normal", "normal"]

        def at_random(senders):
            for _ in range(200 if self.is_long else 40):
                buyer, manner = self.chance.choice(["north", "south", "west"]), self.chance.choice(manners)
                where = self.chance.choice([{"manner": manner}, {"post": {"manner": manner}}])
                self.town.buyers("POST", "/control", {"buyer": buyer, "set": where})
                time.sleep(self.chance.uniform(0, 0.05))
            for buyer in ("north", "south", "west"):
                self.town.buyers("POST", "/control", {"buyer": buyer, "set": {"manner": "normal", "post": {"manner": "normal"}}})
                self.town.buyers("POST", "/control", {"buyer": buyer, "release": True})
            self.told_at_least(senders, 10)

        self.under_load(at_random)

    def clock(self):
        def jump(senders):
            for hours in ("+3600", "-3600", "+0") * (8 if self.is_long else 2):
                key = self.town.key_of("best")
                ping = self.town.public_answer("POST", "/v1/pings", self.town.defaults["ping"], key)[1]
                with open(f"{self.town.folder}/clock.new", "w", encoding="ascii") as file:
                    file.write(f"{hours}\n")
                os.replace(f"{self.town.folder}/clock.new", f"{self.town.folder}/clock")
                if ping["status"] == "accepted":
                    status, answer = self.town.public_answer("POST", "/v1/posts", {"ping_id": ping["ping_id"], **self.town.defaults["post"]}, key)
                    ended = status == 200 and (answer.get("reason") or {}).get("code") != "ping_expired"
                    self.must(ended, f"an offer after a jump by {hours} s: {status} {answer}")
                self.must(abs(self.exchange_ahead() - int(hours)) < 60, f"its clock did not jump by {hours} s")
                before = sum(len(sender.told) for sender in senders)
                self.told_at_least(senders, before + 20)

        self.under_load(jump)
        pings = {key: answer for key, answer in self.round.told.items() if answer["status"] not in ("sold", "unsold", "pending")}
        self.must(not pings, f"ended otherwise: {pings}")

    def exchange_ahead(self):
        """Seconds its wall clock is ahead of ours: by an offer's end."""
        ping = self.town.public_answer("POST", "/v1/pings", self.town.defaults["ping"], self.town.key_of("best"))[1]
        end = calendar.timegm(time.strptime(ping["expires_at"][:19], "%Y-%m-%dT%H:%M:%S"))
        return end - ping["expires_in_ms"] / 1000 - time.time()

    def descriptors(self):
        """Idle connections take all there are: those that stand are served, the rest wait, nothing spins, and all is well again afterwards."""
        host, port = self.town.public.rsplit(":", 1)

        def crowd(senders):
            self.told_at_least(senders, 5)
            idle = []
            for _ in range(150):
                connection = socket.socket()
                connection.setblocking(False)
                connection.connect_ex((host, int(port)))
                idle.append(connection)
            time.sleep(0.3)
            before, began = cpu_of(self.town.exchange.pid), time.monotonic()
            told = sum(len(sender.told) for sender in senders)
            self.told_at_least(senders, told + 5)
            for sender in senders:
                sender.stopping.set()
            for sender in senders:
                sender.join(PATIENCE_S * 2)
            before, began = cpu_of(self.town.exchange.pid), time.monotonic()
            time.sleep(1)
            busy = (cpu_of(self.town.exchange.pid) - before) / (time.monotonic() - began)
            self.must(busy < 0.2, f"it spins without descriptors: {busy:.2f} of a core")
            for connection in idle:
                connection.close()
            time.sleep(0.3)

        self.under_load(crowd)
        self.must(self.town.operator("GET", "/healthz")[0] == 200, "it does not live")


def cpu_of(pid):
    """Seconds of it so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        words = file.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def main():
    kind, is_long = sys.argv[3], "--long" in sys.argv
    seed = int(sys.argv[sys.argv.index("--seed") + 1]) if "--seed" in sys.argv else random.randrange(1 << 32)
    print(f"{kind}, seed {seed}", flush=True)
    library = next((path for path in FAKETIME if os.path.exists(path)), None)
    if kind == "clock" and not library:
        print("skipped: libfaketime is not installed")
        sys.exit(77)
    with tempfile.TemporaryDirectory(prefix="outcry-sway-") as folder:
        town = Town(sys.argv[1], sys.argv[2], Keys(sys.argv[1]), folder, merged(PLAY, {"clog": HASTY, "clock": TIMELESS}.get(kind, {})))
        if kind == "clock":
            with open(f"{folder}/clock", "w", encoding="ascii") as file:
                file.write("+0\n")
            town.environment = {"LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": f"{folder}/clock", "FAKETIME_NO_CACHE": "1",
                                "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        if kind == "descriptors":
            town.wrap = ("prlimit", "--nofile=100:100")
        sway = Sway(town, random.Random(seed), is_long)
        try:
            town.start()
            getattr(sway, kind)()
            sway.check()
        finally:
            town.close()
    print(*sway.failures[:20], sep="\n")
    sys.exit(1 if sway.failures else 0)


if __name__ == "__main__":
    main()
