"""CPU per auction of the exchange, the floor and the rivals, in turn, against the same bidders: the ratios of docs/benchmarks.md.

    bench/compare.py [--quick | --full] [--build DIR] [--before DIR] [--rounds N] [--seconds N] [--k 1,5,10,20] [--only NAME,...] [--write FILE]

One auction: one affiliate's request on a kept connection, k bidders asked over plain HTTP, k bids, one answer. The bidders are nginx with a
constant bid. Sizes of calls and answers are measured on the exchange first, so that the floor moves the same bytes. A contestant that fails
a request, or asks the bidders more or less often than it should, is not measured. --before takes the programs of another build in as a
contestant: what a change costs or saves. Exit status 1: a target is missed.
"""
import argparse
import datetime
import json
import os
import platform
import re
import subprocess
import sys

import scene
from scene import Failed, middle

PEERS = os.path.join(scene.HERE, "peers")
RIVALS = {"nginx-lua": "nginx + Lua", "go": "Go net/http", "node": "Node, fastify + undici"}
NAMES = {"outcry": "Outcry", "before": "Outcry before", "floor": "floor", **RIVALS}
# (what, against whom, at which k, at most)
TARGETS = [("CPU per auction, k = 10, plain HTTP", "floor", 10, 1.6), ("the same", "nginx-lua", 10, 0.5)]
SLOPE_TARGET = 1.5  # b of cost = a + b k, against the floor's
CONNECTIONS = 32


class Market:
    """k bidders, and everyone who asks them, all up at once and idle until measured."""

    def __init__(self, started, builds, folder, k, contestants):
        self.started, self.builds, self.k = started, builds, k
        self.build, self.folder = builds["outcry"], scene.fresh_folder(os.path.join(folder, f"k{k}"))
        ports = scene.free_ports(k + 3 + len(contestants))
        self.bidders, (public, self.admin), rest = ports[:k], ports[k:k + 2], ports[k + 2:]
        self.address = {"outcry": f"127.0.0.1:{public}"}
        self.address.update({name: f"127.0.0.1:{port}" for name, port in zip([n for n in contestants if n != "outcry"], rest)})
        made = scene.make_key(self.build)
        self.key, self.ping = made["key"], scene.write(os.path.join(self.folder, "pings.json"), scene.pings_text())
        self.home = os.path.join(self.folder, "outcry")
        scene.write_exchange(self.home, self.bidders, made["hash"], public, self.admin)
        if "before" in contestants:
            before_port = int(self.address["before"].split(":")[1])
            scene.write_exchange(os.path.join(self.folder, "before"), self.bidders, made["hash"], before_port, ports[-1])
        self.before_admin = ports[-1]
        self.process = {}
        self.learn_sizes()
        self.start_all(contestants)

    def learn_sizes(self):
        """From simulated buyers, which also check signatures and that nothing private is sent."""
        buyers = [{"name": f"b{i}", "path": f"/bid{i}", "listen": f"127.0.0.1:{port}", "secret": scene.SECRET, "price": "12.50",
                   "bid_id": "b-1", "available": True, "valid_ms": 30000} for i, port in enumerate(self.bidders)]
        scenario = scene.write(os.path.join(self.folder, "scenario.json"), json.dumps({"private": ["phone", "email"], "buyers": buyers}))
        simulated = self.started.start([os.path.join(self.build, "outcry-buyers"), "--scenario", scenario], self.folder, "buyers")
        stats = f"http://127.0.0.1:{self.bidders[0]}/stats"
        scene.wait_for("outcry-buyers", simulated, lambda: scene.answers(stats))
        exchange = scene.start_exchange(self.started, self.build, self.home, self.admin)
        answer, self.answer_bytes = scene.ping_once(self.address["outcry"], self.key)
        if answer.get("status") != "accepted":
            raise Failed(f"the first ping was not accepted: {answer}")
        with scene.urllib.request.urlopen(stats) as reply:
            text = reply.read().decode()
        if re.search(r'"bad_signatures":[1-9]', text):
            raise Failed("signatures do not fit")
        sizes = [int(size) for size in re.findall(r'"last_ping_bytes":([1-9]\d*)', text)]
        if len(sizes) != self.k:
            raise Failed(f"{len(sizes)} of {self.k} buyers were asked")
        self.call_bytes = sum(sizes) // len(sizes)
        self.started.stop(exchange)
        self.started.stop(simulated)

    def start_all(self, contestants):
        self.nginx = scene.start_bidders(self.started, self.folder, self.bidders)
        for name in contestants:
            if name == "outcry":
                self.process[name] = scene.start_exchange(self.started, self.build, self.home, self.admin)
            elif name == "before":
                self.process[name] = scene.start_exchange(self.started, self.builds[name], os.path.join(self.folder, name), self.before_admin)
            elif name == "floor":
                self.process[name] = self.start_floor()
            else:
                self.process[name] = self.start_rival(name)

    def bidder_list(self):
        return ",".join(f"127.0.0.1:{port}" for port in self.bidders)

    def start_floor(self):
        process = self.started.start([os.path.join(self.build, "outcry-floor"), "--listen", self.address["floor"], "--buyers", self.bidder_list(),
                                      "--k", str(self.k), "--call-bytes", str(self.call_bytes), "--answer-bytes", str(self.answer_bytes)],
                                     self.folder, "floor")
        log = os.path.join(self.folder, "floor.log")
        scene.wait_for("outcry-floor", process, lambda: "listening" in open(log).read())
        return process

    def start_rival(self, name):
        folder = os.path.join(self.folder, name)
        os.makedirs(folder)
        prepared = os.path.join(os.path.dirname(self.folder), "prepared", name)
        for entry in os.listdir(prepared) if os.path.isdir(prepared) else []:
            os.symlink(os.path.join(prepared, entry), os.path.join(folder, entry))
        process = self.started.start([os.path.join(PEERS, name, "start"), folder, self.address[name], self.bidder_list()], folder, "rival")
        url = f"http://{self.address[name]}/v1/pings"
        scene.wait_for(NAMES[name], process, lambda: scene.answers(url, json.dumps(scene.PING).encode()) or typed(url))
        return process

    def measure(self, name, seconds):
        """Its CPU per auction, µs, and answers a second."""
        before = scene.asked_so_far(self.bidders[0])
        report = scene.send(self.build, self.folder, name, f"http://{self.address[name]}/v1/pings", self.ping, self.key,
                            self.process[name].pid, seconds, CONNECTIONS)
        if set(report["outcomes"]) != {"accepted"}:
            raise Failed(f"{NAMES[name]}: not all were accepted: {report['outcomes']}")
        calls = scene.asked_so_far(self.bidders[0]) - before - 1  # less the question itself
        if calls != self.k * report["sent_in_all"]:
            raise Failed(f"{NAMES[name]} asked {calls} times for {report['sent_in_all']} auctions of {self.k}")
        return {"cpu_us": report["cpu_us_per_answer"], "per_s": report["answers_per_s"], "p50_us": report["latency_us"].get("p50"),
                "p99_us": report["latency_us"].get("p99")}


def typed(url):
    request = scene.urllib.request.Request(url, data=json.dumps(scene.PING).encode(), headers={"Content-Type": "application/json"})
    try:
        with scene.urllib.request.urlopen(request, timeout=3) as reply:
            return b'"accepted"' in reply.read()
    except OSError:
        return False


def prepare(name, folder):
    """Builds what is to be built once. A rival whose tools are missing is left out, and that is said."""
    script = os.path.join(PEERS, name, "prepare")
    prepared = os.path.join(folder, "prepared", name)
    if not os.path.exists(script):
        return None
    os.makedirs(prepared)
    done = subprocess.run([script, prepared], capture_output=True, text=True)
    return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["it could not be built"])[-1]


def measure_all(builds, folder, given, contestants):
    """{k: {name: [a result per round]}}, the contestants in turn, so that what the machine does befalls all alike."""
    results = {}
    for k in given.k:
        results[k] = {name: [] for name in contestants}
        with scene.processes() as started:
            market = Market(started, builds, folder, k, contestants)
            print(f"\nk = {k}: call {market.call_bytes} bytes, answer {market.answer_bytes}; CPU µs per auction")
            print(f"{'round':>7}" + "".join(f"{NAMES[name]:>24}" for name in contestants))
            for number in range(given.rounds):
                for name in contestants:
                    results[k][name].append(market.measure(name, given.seconds))
                print(f"{number + 1:>7}" + "".join(f"{results[k][name][-1]['cpu_us']:>24.1f}" for name in contestants), flush=True)
    return results


def ratios(results, k, name, other):
    """Of the same rounds: middle, least, most."""
    each = [mine["cpu_us"] / its["cpu_us"] for mine, its in zip(results[k][name], results[k][other])]
    return middle(each), min(each), max(each)


def line_of(results, name):
    """Least squares of the middles: cost = a + b k."""
    points = [(k, middle([one["cpu_us"] for one in results[k][name]])) for k in results]
    mean_k, mean_cost = sum(k for k, _ in points) / len(points), sum(cost for _, cost in points) / len(points)
    b = sum((k - mean_k) * (cost - mean_cost) for k, cost in points) / sum((k - mean_k) ** 2 for k, _ in points)
    return mean_cost - b * mean_k, b


def ratio_table(results, contestants):
    rows = ["| k | " + " | ".join(f"{NAMES[name]}" for name in contestants) + " |", "| --- |" + " --- |" * len(contestants)]
    for k in results:
        cells = []
        for name in contestants:
            cost = middle([one["cpu_us"] for one in results[k][name]])
            if name == "outcry":
                cells.append(f"1 ({cost:.0f} µs)")
                continue
            ratio, low, high = ratios(results, k, name, "outcry")
            cells.append(f"{ratio:.2f} ({low:.2f} – {high:.2f})")
        rows.append(f"| {k} | " + " | ".join(cells) + " |")
    return rows


def judge(results, contestants):
    """Each target: its line, and whether it is met."""
    verdicts = []
    for what, other, k, most in TARGETS:
        if k not in results or other not in contestants:
            continue
        ratio, low, high = ratios(results, k, "outcry", other)
        verdicts.append((f"{what}: {ratio:.2f} × {NAMES[other]} ({low:.2f} – {high:.2f}), target ≤ {most}", ratio <= most))
    if len(results) > 2 and "floor" in contestants:
        (a, b), (floor_a, floor_b) = line_of(results, "outcry"), line_of(results, "floor")
        verdicts.append((f"cost = {a:.0f} + {b:.1f} k µs; the floor's {floor_a:.0f} + {floor_b:.1f} k: {b / floor_b:.2f} × its b, "
                         f"target ≤ {SLOPE_TARGET}", b / floor_b <= SLOPE_TARGET))
    return verdicts


def machine():
    with open("/proc/cpuinfo") as info:
        models = re.findall(r"model name\s*: (.*)", info.read())
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return f"{os.cpu_count()} cores ({models[0] if models else platform.machine()}), {system}"


def command_of(words):
    """As it was given, without what ./run adds."""
    kept = [word for before, word in zip([""] + words, words) if before != "--write" and not word.startswith("--write")]
    return " ".join(["./run bench", *kept])


def write_page(path, rows, verdicts, command):
    """Between the marks of docs/benchmarks.md."""
    begin, end = "<!-- compare: begin -->", "<!-- compare: end -->"
    with open(path) as page:
        text = page.read()
    if begin not in text or end not in text:
        raise Failed(f"{path} has no place for the figures")
    told = [f"Machine: {machine()}. {datetime.date.today()}. Command: `{command}`.", "",
            "CPU per auction as a multiple of Outcry's in the same round: the middle of the rounds, and the range.", "", *rows, ""]
    told += [f"* {'met' if met else '**missed**'}: {line}" for line, met in verdicts]
    head, rest = text.split(begin, 1)
    with open(path, "w") as page:
        page.write(head + begin + "\n" + "\n".join(told) + "\n" + end + rest.split(end, 1)[1])


def options():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="k = 10 only, in about a minute")
    parser.add_argument("--full", action="store_true", help="k = 50 and 100 too")
    parser.add_argument("--build", default=os.path.join(scene.HERE, "../build/release"))
    parser.add_argument("--before", help="another build, to be measured beside")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--k", type=lambda text: [int(one) for one in text.split(",")])
    parser.add_argument("--only", type=lambda text: text.split(","), help="contestants, of " + ", ".join(NAMES))
    parser.add_argument("--write", help="put the figures into this page")
    given = parser.parse_args()
    if given.k is None:
        given.k = [10] if given.quick else [1, 5, 10, 20] + ([50, 100] if given.full else [])
    for name in given.only or []:
        if name not in NAMES:
            parser.error(f"no contestant {name}; there are {', '.join(NAMES)}")
    return given


def main():
    given = options()
    build = os.path.abspath(given.build)
    folder = scene.fresh_folder(os.path.join(build, "compare"))
    builds = {"outcry": build, "before": given.before and os.path.abspath(given.before)}
    contestants = [name for name in NAMES if (not given.only or name in given.only or name in builds) and (name != "before" or given.before)]
    for name in [one for one in contestants if one in RIVALS]:
        trouble = prepare(name, folder)
        if trouble:
            print(f"{NAMES[name]} is left out: {trouble}", file=sys.stderr)
            contestants.remove(name)
    print(f"{machine()}; one worker, {CONNECTIONS} affiliates' connections always busy, nginx as bidders, {given.rounds} rounds of {given.seconds} s each")
    results = measure_all(builds, folder, given, contestants)
    rows, verdicts = ratio_table(results, contestants), judge(results, contestants)
    print("\nCPU per auction as a multiple of Outcry's in the same round (middle, range)")
    print("\n".join(rows))
    print()
    for line, met in verdicts:
        print(f"{'met   ' if met else 'MISSED'}  {line}")
    with open(os.path.join(folder, "results.json"), "w") as out:
        json.dump({"machine": machine(), "k": {str(k): results[k] for k in results}}, out, indent=1)
    if given.write:
        write_page(given.write, rows, verdicts, command_of(sys.argv[1:]))
    return 0 if all(met for _, met in verdicts) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as failure:
        print(f"compare: {failure}", file=sys.stderr)
        sys.exit(1)
