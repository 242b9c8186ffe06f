"""First figures beside the quick ratio: CPU per auction over HTTPS, of a sold lead, and memory; each as a ratio to the plain ping of the same run.

    bench/first.py [--build DIR] [--seconds N] [--rounds N]

Ten buyers at ten ports of one nginx (plain and TLS), one exchange with one worker for each way in, loopback only; everything is ended by its
process id. What it prints goes into docs/benchmarks.md.
"""
import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="
BUYERS = 10
PING = {"campaign": "auto", "source": "fb", "sub_id": ["ad-77"], "ref": "my-000001", "channel": "social",
        "lead": {"state": "CA", "zip": "94110", "age": 34, "credit": "good"}, "consent": {"tcpa": True, "at": "2026-01-01T12:00:00Z"}}
LEAD = dict(PING, lead=dict(PING["lead"], phone="4155552671"))


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def write(path, text):
    with open(path, "w") as out:
        out.write(text)
    return path


def make_certificate(folder):
    run = lambda *words: subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)
    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost")


def write_nginx(folder, plain, secure):
    with open(os.path.join(HERE, "nginx/bidder.conf.in")) as source:
        text = source.read().replace("@FOLDER@", folder)
    accepted = "        location ~ /post$ { return 200 '{\"status\":\"accepted\",\"buyer_lead_id\":\"77\"}'; }\n        location /bid {"
    text = text.replace("        location /bid {", accepted)
    listens = "".join(f"        listen 127.0.0.1:{port} backlog=4096;\n" for port in plain)
    listens += "".join(f"        listen 127.0.0.1:{port} ssl backlog=4096;\n" for port in secure)
    listens += f"        ssl_certificate {folder}/cert.pem;\n        ssl_certificate_key {folder}/key.pem;\n"
    write(os.path.join(folder, "listen.conf"), listens)
    return write(os.path.join(folder, "nginx.conf"), text)


def write_exchange(folder, name, scheme, ports, key_hash, public, admin):
    home = os.path.join(folder, name)
    os.makedirs(home)
    tls = f"tls: {{certificate: {folder}/cert.pem, key: {folder}/key.pem}}\n" if scheme == "https" else ""
    write(os.path.join(home, "outcry.yaml"), f"""listen: {{public: "127.0.0.1:{public}", admin: "127.0.0.1:{admin}"}}
{tls}workers: 1
ledger: {{path: data, map_size: 8GiB, keys: file:data/ledger.keys}}
trace: {{keep: 1d, max: 4GiB}}
catalogue: market.yaml
margin: {{percent: 15}}
endpoints: {{allow_private: true, ca: {folder}/cert.pem}}
log: {{level: warn, format: text}}
""")
    os.makedirs(os.path.join(home, "data"))
    buyers = "".join(f"""  - id: buyer-{i}
    time_zone: America/New_York
    signing_secret: {SECRET}
    contracts:
      - {{id: contract-{i}, campaign: auto, price: live, ping_url: "{scheme}://127.0.0.1:{port}/bid{i}/ping", post_url: "{scheme}://127.0.0.1:{port}/bid{i}/post"}}
""" for i, port in enumerate(ports))
    write(os.path.join(home, "market.yaml"), f"""campaigns:
  - id: auto
    timeout: 1000ms
    offer_ttl: 5s
    fields:
      state:  {{type: us_state, required: ping, private: false}}
      zip:    {{type: us_zip, required: ping, private: false}}
      age:    {{type: integer, min: 16, max: 110, private: false}}
      credit: {{type: choice, of: [poor, fair, good, excellent], private: false}}
      phone:  {{type: us_phone, required: post}}
affiliates:
  - {{id: best, keys: ["{key_hash}"], campaigns: [auto]}}
buyers:
{buyers}""")
    return home


def wait_until_ready(admin, process):
    for _ in range(200):
        if process.poll() is not None:
            raise SystemExit("first: the exchange did not start")
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{admin}/readyz", timeout=1)
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("first: the exchange is not ready after 10 s")


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("RssAnon"):
                return int(line.split()[1]) / 1024
    return 0


def measure(build, folder, exchange, path, body, seconds, connections=32):
    out = os.path.join(folder, "bench.json")
    done = subprocess.run([os.path.join(build, "outcry-bench"), "--url", f"{exchange['scheme']}://127.0.0.1:{exchange['public']}{path}", "--ping", body,
                           "--key", exchange["key"], "--saturate", "--connections", str(connections), "--warmup", "1", "--duration", str(seconds),
                           "--pid", str(exchange["process"].pid), "--quiet", "--json", out, "--ca", os.path.join(folder, "cert.pem")],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"first: the sender failed: {done.stdout}{done.stderr}")
    with open(out) as text:
        return json.load(text)


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--build", default=os.path.join(HERE, "../build/release"))
    options.add_argument("--seconds", type=int, default=4)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    build, running = os.path.abspath(given.build), []
    folder = os.path.join(build, "first")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    try:
        run(build, folder, given, running)
    finally:
        for process in reversed(running):
            process.send_signal(signal.SIGTERM)
            process.wait()


def run(build, folder, given, running):
    make_certificate(folder)
    plain, secure, ports = free_ports(BUYERS), free_ports(BUYERS), free_ports(4)
    made = json.loads(subprocess.run([os.path.join(build, "outcry"), "key", "new", "affiliate", "--json"], capture_output=True, text=True, check=True).stdout)
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    running.append(subprocess.Popen([nginx, "-p", folder, "-c", write_nginx(folder, plain, secure)], stderr=subprocess.DEVNULL))
    exchanges = {}
    for scheme, bidders, public, admin in (("http", plain, ports[0], ports[1]), ("https", secure, ports[2], ports[3])):
        home = write_exchange(folder, scheme, scheme, bidders, made["hash"], public, admin)
        process = subprocess.Popen([os.path.join(build, "outcry"), "serve", "--config", os.path.join(home, "outcry.yaml")])
        running.append(process)
        wait_until_ready(admin, process)
        exchanges[scheme] = {"scheme": scheme, "public": public, "key": made["key"], "process": process}
    ping = write(os.path.join(folder, "ping.json"), json.dumps(PING))
    lead = write(os.path.join(folder, "lead.json"), json.dumps(LEAD))
    print(f"{'round':>6} {'ping, plain':>14} {'ping, HTTPS':>14} {'lead sold':>14}   CPU µs of the exchange each; k = {BUYERS}, one worker")
    rows = []
    for number in range(given.rounds):
        row = [measure(build, folder, exchanges["http"], "/v1/pings", ping, given.seconds),
               measure(build, folder, exchanges["https"], "/v1/pings", ping, given.seconds),
               measure(build, folder, exchanges["http"], "/v1/leads", lead, given.seconds, 128)]
        rows.append([one["cpu_us_per_answer"] for one in row])
        print(f"{number + 1:>6} " + " ".join(f"{value:>14.1f}" for value in rows[-1]), flush=True)
        sold = row[2].get("outcomes", {})
    middle = lambda values: sorted(values)[len(values) // 2]
    print(f"HTTPS / plain     {middle([row[1] / row[0] for row in rows]):.2f}")
    print(f"sold lead / ping  {middle([row[2] / row[0] for row in rows]):.2f}   outcomes of the last round: {sold}")
    print(f"memory: {resident_mib(exchanges['http']['process'].pid):.0f} MiB of its own after all rounds (RssAnon; the stores' mapped pages not counted)")


main()
