"""Eight simulated buyers, an exchange over HTTPS, and a dozen leads sold through it, each told as a table.

./run demo calls this. --keep leaves everything running, with curl lines to go on by hand, until Ctrl-C.
"""
import argparse
import os
import signal
import subprocess
import sys
import threading
import time

import byhand
import telling
from client import Client
from leads import LEADS
from programs import Program, stop_all
from telling import heading, paragraph, say
from workshop import HERE, Failure, Workshop

LOG_LINES = 15
STARTS_MAX = 3


class Demo:
    def __init__(self, options):
        self.options = options
        self.shop = Workshop(options.work, options.programs)
        self.running = []
        self.teller = telling.Teller()

    # What it does, in order -----------------------------------------------------------------------------------------

    def run(self):
        self.shop.make()
        self.start_somewhere()
        telling.introduce()
        for number, lead in enumerate(LEADS, 1):
            self.sell(number, lead)
        self.tell_doubts()
        self.tell_ledger()
        self.tell_how_to_go_on()
        if self.options.keep:
            self.stay()
        stop_all(self.running)

    def start_somewhere(self):
        """A free port may be taken before we use it; then others are chosen."""
        for attempt in range(STARTS_MAX):
            try:
                return self.start()
            except Failure as failure:
                if attempt + 1 == STARTS_MAX or not failure.log or "in use" not in tail(failure.log):
                    raise
                stop_all([program for program in self.running if program.is_alive()])
                self.running.clear()
                self.shop.make_files()

    def start(self):
        shop = self.shop
        buyers = Program("the simulated buyers", [shop.program("outcry-buyers"), "--scenario", shop.path("buyers.json")], shop.path("buyers.log"))
        self.running.append(buyers)
        buyers.await_that(lambda: buyers.says("ready"), "ready")
        exchange = Program("the exchange", [shop.program("outcry"), "serve", "--config", shop.path("outcry.yaml")], shop.path("exchange.log"))
        self.running.insert(0, exchange)  # is stopped first
        certificate = shop.path("ca.pem")
        self.affiliates = {"quotes-online": Client(shop.public, certificate, shop.values["quotes_key"]),
                           "drive-smart": Client(shop.public, certificate, shop.values["drive_key"])}
        self.operator = Client(shop.admin, certificate, shop.values["admin_key"])
        exchange.await_that(self.operator.is_ready, "ready")
        exchange.await_that(lambda: self.signal_of("sunset-west") == "available", "told how many agents are free")

    def signal_of(self, contract):
        return self.operator.ask("GET", f"/v1/admin/contracts/{contract}")["signal"]

    # Leads ----------------------------------------------------------------------------------------------------------

    def sell(self, number, lead):
        affiliate, whole = self.affiliates[lead.affiliate], lead.whole(number)
        consent = {"tcpa": True, "text_id": "quote-form-3", "page_url": "https://quotes.example/auto"}
        ask = {"campaign": "auto-insurance", "source": lead.source, "channel": "search", "ref": f"demo-{number}", "lead": lead.facts}
        if lead.min_price:
            ask["min_price"] = lead.min_price
        if lead.one_call:
            answer = affiliate.ask("POST", "/v1/leads", {**ask, "lead": whole, "consent": consent})
        else:
            answer = affiliate.ask("POST", "/v1/pings", ask)
            if answer["status"] == "accepted":
                answer = affiliate.ask("POST", "/v1/posts", {"ping_id": answer["ping_id"], "lead": whole, "consent": consent})
        heading(f"{number} of {len(LEADS)}: {lead.title()}")
        self.tell(lead, answer.get("lead_id") or answer["ping_id"])

    def tell(self, lead, identity):
        story = self.operator.ask("GET", f"/v1/admin/explain/{identity}")
        paragraph(self.teller.sentence(lead, story))
        say()
        self.show("explain", identity)
        terms = self.teller.new_terms(story)
        if terms:
            say()
        for code, text in terms:
            paragraph(text + ".", f"  {code + ':':<14} ")

    def show(self, *command):
        """A command of outcry's own, as an operator would run it."""
        name, *rest = command
        done = subprocess.run([self.shop.program("outcry"), name, *rest, "--config", self.shop.path("outcry.yaml")], check=False)
        if done.returncode != 0:
            raise Failure(f"outcry {' '.join(command)}: exit status {done.returncode}", self.shop.path("exchange.log"))

    # Doubts ---------------------------------------------------------------------------------------------------------

    def doubts(self):
        return self.operator.ask("GET", "/v1/admin/posts?state=in_doubt")["posts"]

    def tell_doubts(self):
        doubts = self.doubts()
        heading("Posts in doubt")
        if not doubts:
            say("None: every buyer gave its verdict.")
            return
        paragraph(f"{telling.count(len(doubts), 'post').capitalize()} went out and brought no verdict. The exchange keeps such a lead for its buyer, over "
                  "restarts too, until a person has asked there. Here is what is open:")
        say()
        for doubt in doubts:
            say(f"  post {doubt['post_id']}   lead {doubt['lead_id']}   {telling.BUYERS[doubt['buyer']][0]}, {doubt['price']}")
        first = doubts[0]
        say()
        paragraph(f"Say we called {telling.BUYERS[first['buyer']][0]} about the first, and it never stored that lead. We resolve the post as rejected; the "
                  "offer is still good, so the exchange goes on with the next bidder at once:")
        self.operator.ask("POST", f"/v1/admin/posts/{first['post_id']}/resolve", {"status": "rejected"})
        self.await_end(first)
        say()
        self.operator.ask("GET", f"/v1/admin/explain/{first['lead_id']}")  # waits until the story is written
        self.show("explain", first["lead_id"])

    def await_end(self, doubt):
        give_up = time.monotonic() + 10
        while True:
            lead = self.affiliates[doubt["affiliate"]].ask("GET", f"/v1/leads/{doubt['lead_id']}")
            if lead["final"]:
                return
            if time.monotonic() > give_up:
                raise Failure("the resolved lead has no end", self.shop.path("exchange.log"))
            time.sleep(0.05)

    # The end --------------------------------------------------------------------------------------------------------

    def tell_ledger(self):
        heading("The ledger")
        paragraph("What the buyers owe, what the affiliates are owed and what the house keeps add up to nothing, at any moment; and every sale was on "
                  "disk before its affiliate was told. First the totals (outcry ledger stat), then the proof (outcry ledger verify):")
        say()
        self.show("ledger", "stat")
        say()
        self.show("ledger", "verify")

    def tell_how_to_go_on(self):
        work, outcry = self.options.work_shown, self.options.outcry_shown
        heading("How to go on")
        doubts = self.doubts()
        if not self.options.keep:
            for place, text in (("./run demo --keep", "the same, left running, with curl lines to ping, post and ask by hand"),
                                (f"{work}/market.yaml", "who buys what, at which hours and prices"),
                                (f"{work}/exchange.log", "what the exchange noted"),
                                ("docs/market.md", "by which rules it decides"),
                                ("docs/api.md", "how affiliates and buyers talk to it")):
                say(f"  {place:<28} {text}")
            return
        say("Everything is running now. In another shell, in this folder:")
        say()
        say(byhand.lines(work, outcry, doubts[0]["post_id"] if doubts else "POST_ID"))
        say()
        say(telling.bold("Ctrl-C stops the demo."))

    def stay(self):
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        while not stopped.wait(0.5):
            for program in self.running:
                if not program.is_alive():
                    raise Failure(f"{program.name} ended by itself", program.log)
        say()
        say("Stopping: no new work, what is open is finished, then the end.")


def read_options():
    parser = argparse.ArgumentParser(prog="./run demo", description=__doc__.splitlines()[0])
    root = os.path.dirname(HERE)
    parser.add_argument("--keep", action="store_true", help="leave it running until Ctrl-C, with curl lines to go on by hand")
    parser.add_argument("--work", default=os.path.join(HERE, "work"), help="folder for all that is made (emptied first)")
    parser.add_argument("--programs", default=os.path.join(root, "build"), help="folder of outcry and outcry-buyers")
    options = parser.parse_args()
    options.work = os.path.abspath(options.work)
    options.programs = os.path.abspath(options.programs)
    options.work_shown = shown(options.work)
    options.outcry_shown = shown(os.path.join(options.programs, "outcry"))
    return options


def shown(path):
    """As it is typed in this folder."""
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def tail(path):
    with open(path, encoding="utf-8", errors="replace") as log:
        return "".join(log.readlines()[-LOG_LINES:])


def main():
    options, demo, status = read_options(), None, 0
    sys.stdout.reconfigure(encoding="utf-8")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        demo = Demo(options)
        demo.run()
    except Failure as failure:
        status = 1
        print(f"\nThe demo failed: {failure}", file=sys.stderr)
        if failure.log and os.path.exists(failure.log):
            print(f"The end of {shown(failure.log)}:\n{tail(failure.log)}", end="", file=sys.stderr)
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:  # nobody reads any more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 141
    finally:
        if demo and demo.running:
            try:
                stop_all(demo.running)
            except Failure as failure:
                status = status or 1
                print(f"The demo failed: {failure}", file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
