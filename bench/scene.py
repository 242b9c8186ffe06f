"""What every measurement needs: ports, bidders, an exchange, a sender; all on loopback, each ended by its process id."""
import contextlib
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
# About 450 bytes with its head.
PING = {"campaign": "auto", "source": "fb", "sub_id": ["ad-77"], "ref": "my-000001", "channel": "social",
        "lead": {"state": "CA", "zip": "94110", "age": 34, "credit": "good"}, "consent": {"tcpa": True, "at": "2026-01-01T12:00:00Z"}}
LEAD = dict(PING, lead=dict(PING["lead"], phone="4155552671"))


PINGS = 100000  # more than any contestant is sent in reping_window: no ping is told an offer again, and all pay for looking


def pings_text():
    """Pings that differ in their ref alone, and not in their length."""
    before, after = json.dumps(PING).split("000001")
    return "".join(f"{before}{number:06d}{after}\n" for number in range(PINGS))


def leads_text():
    """Leads that differ in their ref and their person, and not in their length: one person's are not taken side by side."""
    text = json.dumps(LEAD)
    return "".join(text.replace("000001", f"{number:06d}").replace("4155552671", f"4155{200000 + number:06d}") + "\n" for number in range(PINGS))


class Failed(Exception):
    """A measurement that would not be fair, or could not be taken; the text says why."""


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


def fresh_folder(path):
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path)
    return path


class Processes:
    """Everything that was started; the last is ended first."""

    def __init__(self):
        self.running = []

    def start(self, words, folder, name, **more):
        with open(os.path.join(folder, name + ".log"), "a") as log:
            process = subprocess.Popen(words, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, **more)
        self.running.append(process)
        return process

    def stop(self, process):
        if process in self.running:
            self.running.remove(process)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def stop_all(self):
        for process in reversed(list(self.running)):
            self.stop(process)


@contextlib.contextmanager
def processes():
    started = Processes()
    try:
        yield started
    finally:
        started.stop_all()


def wait_for(what, process, is_there, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise Failed(f"{what} ended at its start (status {process.returncode})")
        if is_there():
            return
        time.sleep(0.05)
    raise Failed(f"{what} is not up after {seconds} s")


def answers(url, body=None):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=2) as reply:
            reply.read()
            return True
    except OSError:
        return False


def make_certificate(folder):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "key.pem",
                    "-out", "cert.pem", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"],
                   cwd=folder, check=True, capture_output=True)


def nginx_program():
    return shutil.which("nginx") or "/usr/sbin/nginx"


def start_bidders(started, folder, plain, secure=()):
    """nginx with a constant bid at each port, and an accepted verdict to each post."""
    with open(os.path.join(HERE, "nginx/bidder.conf.in")) as source:
        text = source.read().replace("@FOLDER@", folder)
    listens = "".join(f"        listen 127.0.0.1:{port} backlog=4096;\n" for port in plain)
    listens += "".join(f"        listen 127.0.0.1:{port} ssl backlog=4096;\n" for port in secure)
    if secure:
        listens += f"        ssl_certificate {folder}/cert.pem;\n        ssl_certificate_key {folder}/key.pem;\n"
    write(os.path.join(folder, "listen.conf"), listens)
    conf = write(os.path.join(folder, "nginx.conf"), text)
    process = started.start([nginx_program(), "-p", folder, "-c", conf], folder, "nginx")
    wait_for("nginx", process, lambda: answers(f"http://127.0.0.1:{plain[0]}/bid0/ping", b"{}"))
    return process


def asked_so_far(port):
    """Requests the bidders have had; the question itself is one of them."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/count", timeout=5) as reply:
        return int(reply.read().decode().splitlines()[2].split()[2])


def make_key(build):
    made = subprocess.run([os.path.join(build, "outcry"), "key", "new", "affiliate", "--json"], capture_output=True, text=True, check=True)
    return json.loads(made.stdout)


def write_exchange(home, buyers, key_hash, public, admin, scheme="http", certificates=None):
    """buyers: a port each, every one an owner and an origin of its own."""
    os.makedirs(os.path.join(home, "data"))
    tls = f"tls: {{certificate: {certificates}/cert.pem, key: {certificates}/key.pem}}\n" if scheme == "https" else ""
    ca = f", ca: {certificates}/cert.pem" if scheme == "https" else ""
    write(os.path.join(home, "outcry.yaml"), f"""listen: {{public: "127.0.0.1:{public}", admin: "127.0.0.1:{admin}"}}
{tls}workers: 1
ledger: {{path: data, map_size: 8GiB, keys: file:data/ledger.keys}}
trace: {{keep: 1d, max: 4GiB}}
catalogue: market.yaml
margin: {{percent: 15}}
endpoints: {{allow_private: true{ca}}}
log: {{level: warn, format: text}}
""")
    entries = "".join(f"""  - id: buyer-{i}
    group: group-{i}
    time_zone: America/New_York
    signing_secret: {SECRET}
    max_in_flight: 10000
    max_pings_per_s: 1000000
    contracts:
      - id: contract-{i}
        campaign: auto
        price: live
        ping_url: {scheme}://127.0.0.1:{port}/bid{i}/ping
        post_url: {scheme}://127.0.0.1:{port}/bid{i}/post
        filter: {{all: [{{field: state, in: [CA, NV]}}, {{field: age, min: 25, max: 70}}]}}
""" for i, port in enumerate(buyers))
    write(os.path.join(home, "market.yaml"), f"""campaigns:
  - id: auto
    timeout: 1000ms
    offer_ttl: 5s
    reping_window: 2s
    fields:
      state:  {{type: us_state, required: ping, private: false}}
      zip:    {{type: us_zip, required: ping, private: false}}
      age:    {{type: integer, min: 16, max: 110, private: false}}
      credit: {{type: choice, of: [poor, fair, good, excellent], private: false}}
      phone:  {{type: us_phone, required: post}}
affiliates:
  - {{id: best-leads, keys: ["{key_hash}"], campaigns: [auto]}}
buyers:
{entries}""")


def start_exchange(started, build, home, admin):
    process = started.start([os.path.join(build, "outcry"), "serve", "--config", os.path.join(home, "outcry.yaml")], home, "outcry")
    wait_for("outcry serve", process, lambda: answers(f"http://127.0.0.1:{admin}/readyz"))
    return process


def ping_once(address, key):
    """The answer to one ping, and its bytes with the head."""
    host, port = address.split(":")
    body = json.dumps(PING).encode()
    head = f"POST /v1/pings HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n" \
           f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(head.encode() + body)
        text = b"".join(iter(lambda: connection.recv(65536), b""))
    return json.loads(text.split(b"\r\n\r\n", 1)[1]), len(text) - len(b"Connection: close\r\n")


def send(build, folder, name, url, body, key, pid, seconds, connections=32, more=()):
    """outcry-bench with every connection always busy; its report."""
    out = os.path.join(folder, name + ".json")
    done = subprocess.run([os.path.join(build, "outcry-bench"), "--url", url, "--ping", body, "--key", key, "--saturate", "--connections",
                           str(connections), "--warmup", "1", "--duration", str(seconds), "--pid", str(pid), "--quiet", "--json", out, *more],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"{name} failed requests: {done.stdout}{done.stderr}")
    with open(out) as text:
        return json.load(text)


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("RssAnon"):
                return int(line.split()[1]) / 1024
    return 0


def middle(values):
    values = sorted(values)
    half = len(values) // 2
    return values[half] if len(values) % 2 else (values[half - 1] + values[half]) / 2
