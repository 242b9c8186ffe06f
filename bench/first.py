"""First figures beside the quick ratio: CPU per auction over HTTPS, of a sold lead, and memory; each as a ratio to the plain ping of the same run.

    bench/first.py [--build DIR] [--seconds N] [--rounds N]

Ten buyers at ten ports of one nginx (plain and TLS), one exchange with one worker for each way in, loopback only; everything is ended by its
process id. What it prints goes into docs/benchmarks.md.
"""
import argparse
import json
import os

import scene
from scene import middle

BUYERS = 10


def measure(build, folder, exchange, path, body, seconds, connections=32):
    url = f"{exchange['scheme']}://127.0.0.1:{exchange['public']}{path}"
    return scene.send(build, folder, "bench", url, body, exchange["key"], exchange["process"].pid, seconds, connections,
                      ["--ca", os.path.join(folder, "cert.pem")])


def start_exchanges(started, build, folder):
    """One for each scheme, each with bidders of its own kind."""
    plain, secure, ports = scene.free_ports(BUYERS), scene.free_ports(BUYERS), scene.free_ports(4)
    made = scene.make_key(build)
    scene.make_certificate(folder)
    scene.start_bidders(started, folder, plain, secure)
    exchanges = {}
    for scheme, bidders, public, admin in (("http", plain, ports[0], ports[1]), ("https", secure, ports[2], ports[3])):
        home = os.path.join(folder, scheme)
        scene.write_exchange(home, bidders, made["hash"], public, admin, scheme, folder)
        exchanges[scheme] = {"scheme": scheme, "public": public, "key": made["key"], "process": scene.start_exchange(started, build, home, admin)}
    return exchanges


def run(started, build, folder, given):
    exchanges = start_exchanges(started, build, folder)
    ping = scene.write(os.path.join(folder, "pings.json"), scene.pings_text())
    lead = scene.write(os.path.join(folder, "leads.json"), scene.leads_text())
    print(f"{'round':>6} {'ping, plain':>14} {'ping, HTTPS':>14} {'lead sold':>14}   CPU µs of the exchange each; k = {BUYERS}, one worker")
    rows = []
    for number in range(given.rounds):
        row = [measure(build, folder, exchanges["http"], "/v1/pings", ping, given.seconds),
               measure(build, folder, exchanges["https"], "/v1/pings", ping, given.seconds),
               measure(build, folder, exchanges["http"], "/v1/leads", lead, given.seconds, 128)]
        rows.append([one["cpu_us_per_answer"] for one in row])
        print(f"{number + 1:>6} " + " ".join(f"{value:>14.1f}" for value in rows[-1]), flush=True)
        sold = row[2].get("outcomes", {})
    print(f"HTTPS / plain     {middle([row[1] / row[0] for row in rows]):.2f}")
    print(f"sold lead / ping  {middle([row[2] / row[0] for row in rows]):.2f}   outcomes of the last round: {sold}")
    resident = scene.resident_mib(exchanges["http"]["process"].pid)
    print(f"memory: {resident:.0f} MiB of its own after all rounds (RssAnon; the stores' mapped pages not counted)")


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--build", default=os.path.join(scene.HERE, "../build/release"))
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    build = os.path.abspath(given.build)
    with scene.processes() as started:
        run(started, build, scene.fresh_folder(os.path.join(build, "first")), given)


main()
