"""The book's file system runs full under leads: the exchange refuses new ones and says why, answers what it can, loses nothing that
was answered, and does not fall. In a mount namespace of its own; skipped where none can be made. usage: test_disk_full.py outcry
outcry-buyers"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

import market
from plain import run_all, same

OUTCRY, BUYERS = sys.argv[1:3]
KEYS = market.Keys(OUTCRY)
DISK_BYTES = 4 << 20
LEADS_MAX = 3000  # far more than fit


def enter_namespace():
    """Starts this script again with mounts of its own."""
    if os.environ.get("OUTCRY_TEST_MOUNTS"):
        return
    command = ["unshare", "--user", "--map-root-user", "--mount"]
    if not shutil.which("unshare") or subprocess.run(command + ["mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True).returncode != 0:
        print("skipped: no mount namespace can be made here")
        sys.exit(77)
    os.environ["OUTCRY_TEST_MOUNTS"] = "1"
    os.execvp("unshare", command + [sys.executable, "-B"] + sys.argv)


class Exchange:
    """An exchange whose ledger stands on a small file system."""

    def __init__(self):
        self.folder, self.leads = tempfile.TemporaryDirectory(), 0
        self.data = os.path.join(self.folder.name, "data")
        os.mkdir(self.data)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=700", "tmpfs", self.data], check=True)
        self.market = market.Market(OUTCRY, BUYERS, KEYS, self.folder.name, {"buyers": {"north": {}}})
        self.market.start()
        self.key = self.market.key_of("best")

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        self.market.close()
        subprocess.run(["umount", self.data], check=True)
        self.folder.cleanup()

    def leave_free(self, count):
        disk = os.statvfs(self.data)
        with open(f"{self.data}/ballast", "wb") as file:
            file.write(b"x" * (disk.f_bavail * disk.f_bsize - count))

    def lead(self):
        """Another one each time: the same lead again would get the first answer, and write nothing."""
        self.leads += 1
        body = self.market.defaults["lead"]
        return self.market.public_answer("POST", "/v1/leads", {**body, "lead": {**body["lead"], "note": f"{self.leads} " + "n" * 4000}}, self.key)

    def fill(self):
        """Leads until one is refused; the ids of those answered before."""
        answered = []
        for _ in range(LEADS_MAX):
            status, answer = self.lead()
            if status != 200:
                same((status, answer["code"]), (503, "ledger_down"), "a lead on a full disk")
                return answered
            answered.append((answer["lead_id"], answer["status"]))
        raise AssertionError("the disk did not run full")

    def all_found(self, answered):
        """What was answered as sold is; what was answered as pending is open or settled since."""
        for lead_id, status in answered:
            found, answer = self.market.public_answer("GET", f"/v1/leads/{lead_id}", None, self.key)
            same((found, answer["status"]) if status == "sold" else found, (200, "sold") if status == "sold" else 200, f"lead {lead_id}")


def test_refuses_says_so_and_loses_nothing():
    with Exchange() as exchange:
        exchange.leave_free(200 << 10)
        answered = exchange.fill()
        same(exchange.market.operator("GET", "/healthz")[0], 200, "alive")
        status, problem = exchange.market.operator("GET", "/readyz")
        same((status, problem["code"]), (503, "ledger_down"), "readyz")
        same(exchange.market.public_answer("POST", "/v1/pings", exchange.market.defaults["ping"], exchange.key)[0], 503, "a ping")
        exchange.all_found(answered)
        exchange.market.drain()
        exchange.market.ended()
        os.remove(f"{exchange.data}/ballast")
        status, text = exchange.market.ledger("verify")
        same((status, json.loads(text)["good"]), (0, True), "verify")
        exchange.market.start_exchange()
        exchange.all_found(answered)
        same(exchange.lead()[0], 200, "a lead when there is room again")


def test_a_first_trace_finds_no_room():
    """The day's trace is opened by its first ping."""
    with Exchange() as exchange:
        exchange.leave_free(0)
        exchange.market.public_answer("POST", "/v1/pings", exchange.market.defaults["ping"], exchange.key)
        for _ in range(20):
            exchange.market.operator("GET", "/v1/admin/explain/01J0000000000000000000000A")  # waits for the traces before it
        same(exchange.market.operator("GET", "/healthz")[0], 200, "alive")
        os.remove(f"{exchange.data}/ballast")
        ping = exchange.market.public_answer("POST", "/v1/pings", exchange.market.defaults["ping"], exchange.key)[1]
        same(exchange.market.operator("GET", f"/v1/admin/explain/{ping['ping_id']}")[0], 200, "explained when there is room again")


enter_namespace()
run_all(dict(globals()))
