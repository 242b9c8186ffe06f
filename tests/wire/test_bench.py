"""The sender and the floor over real sockets. Counts are exact; times are only ever compared with what must have passed."""
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading

from plain import PATIENCE_S, Simulator, request, run_all, same

BENCH, FLOOR, BUYERS = sys.argv[1:4]
PING = {"campaign": "auto", "lead": {"state": "CA"}}


def bench(url, *options, ping=PING):
    """(exit status, the JSON report or None, standard error)"""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "ping.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(ping if isinstance(ping, str) else json.dumps(ping))
        ended = subprocess.run([BENCH, "--url", url, "--ping", path, "--json", "-", *options], capture_output=True, text=True,
                               timeout=60, check=False)
    return ended.returncode, json.loads(ended.stdout) if ended.stdout else None, ended.stderr.replace(path, "ping.json")


def town(**buyer):
    return Simulator(BUYERS, {"listen": "127.0.0.1:0", "record": True, "buyers": [{"name": "a", "price": "9", **buyer}]})


def test_open_loop_sends_what_is_due():
    with town() as sim:
        status, report, _ = bench(f"http://{sim.address}/a/ping", "--rate", "500", "--duration", "1", "--warmup", "0.5")
        same([status, report["loop"], report["sent"], report["answered"], report["failed"], report["dropped"]],
             [0, "open", 500, 500, 0, 0])
        same(report["outcomes"], {"bid": 500})
        same([sim.stats("a")["pings"], report["sent_in_all"]], [750, 750], "the warm-up is sent too")
        same(report["request_bytes"], sim.stats("a")["last_ping_bytes"])


def test_poisson_follows_its_seed():
    with town() as sim:
        url = f"http://{sim.address}/a/ping"
        runs = [bench(url, "--rate", "400", "--duration", "1", "--warmup", "0", "--poisson", "--seed", seed)[1]["sent"]
                for seed in ("5", "5", "6")]
        same(runs[0], runs[1])
        same(runs[0] != runs[2], True, f"{runs}")
        same(300 < runs[0] < 500, True, f"{runs}")


def test_latency_runs_from_the_due_instant():
    with town(think_ms=20) as sim:
        # one connection, 20 ms each, due every 10 ms: the last of 50 is due after 490 ms and answered after 1000 at the soonest
        status, report, _ = bench(f"http://{sim.address}/a/ping", "--rate", "100", "--duration", "0.5", "--warmup", "0",
                                  "--connections", "1")
        same([status, report["answered"]], [0, 50])
        same(report["latency_us"]["max"] >= 510000, True, str(report["latency_us"]))


def test_closed_loop_counts_answers_and_cpu():
    with town() as sim:
        status, report, _ = bench(f"http://{sim.address}/a/ping", "--saturate", "--connections", "4", "--duration", "0.5",
                                  "--warmup", "0.1", "--pid", str(sim.process.pid))
        same([status, report["loop"], report["rate"]], [0, "closed", 0])
        same(report["answered"], report["outcomes"]["bid"])
        same(report["answered"] > 0 and report["dials"] == 4, True, str(report))
        same(report["cpu_us_per_answer"], round(report["cpu_us"] / report["answered"], 2))
        same(report["resident_bytes"] > 0, True)


def test_mix_is_sent_in_turn():
    with Simulator(BUYERS, {"listen": "127.0.0.1:0", "buyers": [
            {"name": "a", "price": {"by_field": {"field": "state", "prices": {"CA": "20"}}}}]}) as sim:
        lines = "\n".join(json.dumps({"lead": {"state": state}}) for state in ("CA", "NV", "CA")) + "\n\n"
        _, report, _ = bench(f"http://{sim.address}/a/ping", "--rate", "300", "--duration", "0.1", "--warmup", "0", ping=lines)
        same(report["outcomes"], {"bid": 20, "no_bid": 10})


def test_refusals_and_failures_are_told_apart():
    with town(script=["status:503", "hang_up_after", "html"]) as sim:
        status, report, _ = bench(f"http://{sim.address}/a/ping", "--rate", "90", "--duration", "0.1", "--warmup", "0",
                                  "--connections", "1")
        same(status, 1)
        same([report["answered"], report["failed"]], [6, 3])
        same(report["outcomes"]["http_503"], 3)
        same(report["outcomes"]["http_200"], 3)


def test_silence_is_a_failure():
    with town(manner="silent") as sim:
        status, report, _ = bench(f"http://{sim.address}/a/ping", "--rate", "10", "--duration", "0.1", "--warmup", "0",
                                  "--timeout", "0.2")
        same([status, report["failed"], report["outcomes"]], [1, 1, {"deadline passed": 1}])


def served(*answers):
    """A server that gives these answers in turn on one connection: its port, and what it was sent."""
    door, found = socket.create_server(("127.0.0.1", 0)), []

    def serve():
        peer, _ = door.accept()
        with peer, door:
            for status, body in answers:
                found.append(peer.recv(65536))
                peer.sendall(f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode())
            peer.recv(1)
    threading.Thread(target=serve, daemon=True).start()
    return door.getsockname()[1], found


def test_key_and_path_are_sent():
    port, found = served((200, "{}"))
    bench(f"http://127.0.0.1:{port}/v1/pings?x=1", "--key", "oc_aff_k", "--rate", "1", "--duration", "0.1", "--warmup", "0")
    same(b"POST /v1/pings?x=1 HTTP/1.1\r\n" in found[0], True, str(found))
    same(b"\r\nAuthorization: Bearer oc_aff_k\r\n" in found[0], True, str(found))
    same(found[0].endswith(json.dumps(PING).encode()), True, str(found))


def test_outcomes_are_named_by_status_and_reason():
    port, _ = served((200, '{"status":"accepted","price":"9.75"}'),
                     (200, '{"status":"rejected","reason":{"code":"low_bid","text":"too low"}}'),
                     (503, '{"type":"about:blank","code":"busy"}'), (200, "<p>"), (204, ""))
    _, report, _ = bench(f"http://127.0.0.1:{port}/", "--rate", "50", "--duration", "0.1", "--warmup", "0", "--connections", "1")
    same(report["outcomes"], {"accepted": 1, "rejected:low_bid": 1, "http_503:busy": 1, "http_200": 1, "http_204": 1})


def test_bad_use():
    for options, ping, wanted in ((("--rate", "0"), PING, "outcry-bench: --rate 0: out of range"),
                                  (("--duration", "x"), PING, "outcry-bench: --duration x: out of range"),
                                  ((), "{", "outcry-bench: ping.json: line 1 is no JSON object"),
                                  ((), '{}\n{"a":}\n', "outcry-bench: ping.json: line 2 is no JSON object"),
                                  ((), "", "outcry-bench: ping.json: from 1 to 100000 requests are needed")):
        status, _, told = bench("http://127.0.0.1:1/", *options, ping=ping)
        same((status, told.strip()), (2, wanted))
    same(bench("ftp://x/")[0], 2)
    same(subprocess.run([BENCH], capture_output=True, check=False).returncode, 2)


class Floor:
    def __init__(self, *options):
        self.process = subprocess.Popen([FLOOR, "--listen", "127.0.0.1:0", *options], stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().split()[1]

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.process.terminate()
        status = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        if failure[0] is None:
            same(status, 0)


def test_floor_calls_every_buyer_with_the_bytes_it_was_told():
    buyers = [{"name": f"b{number}", "path": f"/bid{number}", "price": "9"} for number in range(3)]
    # the floor asks /bidN, the simulator answers at /bidN/ping: its 404 has a length too, and all that counts is bytes
    with Simulator(BUYERS, {"listen": "127.0.0.1:0", "buyers": buyers}) as sim:
        with Floor("--buyers", sim.address, "--k", "3", "--call-bytes", "701", "--answer-bytes", "333") as floor:
            status, report, _ = bench(f"http://{floor.address}/v1/pings", "--rate", "200", "--duration", "0.2", "--warmup", "0",
                                      "--pid", str(floor.process.pid))
            same([status, report["outcomes"]], [0, {"accepted": 40}])


def test_floor_sizes():
    """What goes out is seen by a buyer and an affiliate of our own."""
    door, calls, may_reply = socket.create_server(("127.0.0.1", 0)), [], threading.Semaphore(0)

    def buy():
        peer, _ = door.accept()
        with peer:
            while True:
                call = b""
                while len(call) < 701:
                    part = peer.recv(701 - len(call))
                    if not part:
                        return
                    call += part
                calls.append(call)
                may_reply.acquire()
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
    threads = [threading.Thread(target=buy) for _ in range(2)]
    for thread in threads:
        thread.start()
    with Floor("--buyers", f"127.0.0.1:{door.getsockname()[1]}", "--k", "2", "--call-bytes", "701", "--answer-bytes",
               "333") as floor:
        host, port = floor.address.split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE_S) as affiliate:
            for turn in range(1, 4):
                affiliate.sendall(request("/v1/pings", b"{}"))
                may_reply.release()
                affiliate.settimeout(0.2)
                try:
                    raise AssertionError(f"answered {affiliate.recv(1)} after one reply of two")
                except TimeoutError:
                    may_reply.release()
                affiliate.settimeout(PATIENCE_S)
                answer = b""
                while len(answer) < 333:
                    answer += affiliate.recv(333)
                same(len(answer), 333)
                head, body = answer.split(b"\r\n\r\n")
                same(f"Content-Length: {len(body)}".encode() in head, True)
                same(json.loads(body)["status"], "accepted")
                same(len(calls), 2 * turn)
    for thread in threads:
        thread.join(PATIENCE_S)
    door.close()
    for call in calls:
        head, body = call.split(b"\r\n\r\n")
        same(f"Content-Length: {len(body)}".encode() in head, True)
        same(type(json.loads(body)), dict)


run_all(dict(globals()))
