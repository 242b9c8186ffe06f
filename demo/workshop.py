"""Everything the demo makes before anything runs: its folder, certificates, keys, settings, catalogue and scenario."""
import base64
import datetime
import fcntl
import json
import os
import secrets
import shutil
import socket
import string
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 49  # of the buyers' chances; with this one the slow buyer is in time for some and late for others

BUYERS = {
    "northern": ("Northern Mutual", "steady: takes anything, pays modestly"),
    "summit": ("Summit Premium", "pays well, but is slow, and at times too slow"),
    "bluebird": ("Bluebird Direct", "bids well, then often refuses the lead it bid for"),
    "sunset": ("Sunset Call Center", "a few agents on the phone; tells the exchange how many are free"),
    "nightowl": ("Nightowl Insurance", "closed at this hour"),
    "gulf": ("Gulf Coast Auto", "insures in Florida and Georgia; takes one lead an hour"),
    "harbor": ("Quiet Harbor", "wants the best credit only; takes leads and never says whether it keeps them"),
    "gearbox": ("Gearbox Systems", "its computers are broken: web pages, garbage, silence, errors"),
}


class Failure(Exception):
    """What went wrong, in one line; `log` is a file whose end tells more."""

    def __init__(self, text, log=None):
        super().__init__(text)
        self.log = log


class Workshop:
    """The work folder; `path(name)` is in it, `values` is what the templates are filled with."""

    def __init__(self, folder, programs):
        self.folder, self.programs, self.values = folder, programs, {}
        for name in ("outcry", "outcry-buyers"):
            if not os.access(self.program(name), os.X_OK):
                raise Failure(f"{self.program(name)} is not there: ./run build makes it")
        os.makedirs(folder, exist_ok=True)
        self.lock = open(self.path("lock"), "w", encoding="utf-8")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise Failure(f"a demo is running already in {folder}: stop it first (Ctrl-C where it runs)") from None
        for name in os.listdir(folder):
            if name != "lock":
                remove(self.path(name))

    def path(self, name):
        return os.path.join(self.folder, name)

    def program(self, name):
        return os.path.join(self.programs, name)

    def make(self):
        self.make_certificates()
        self.make_keys()
        self.make_files()

    def make_certificates(self):
        """A small authority, and a certificate each for the exchange and the buyers, good for localhost and 127.0.0.1."""
        subject = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
        self.write("authority.cnf", "[req]\nprompt=no\ndistinguished_name=name\nx509_extensions=authority\n[name]\nCN=Outcry demo authority\n"
                   "[authority]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\nsubjectKeyIdentifier=hash\n")
        self.write("server.cnf", subject + "subjectAltName=DNS:localhost,IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n")
        self.openssl("req", "-x509", "-config", self.path("authority.cnf"), *self.new_key("ca.key"), "-days", "30", "-out", self.path("ca.pem"))
        for name in ("exchange", "buyers"):
            request = self.path(f"{name}.csr")
            self.openssl("req", "-new", "-config", self.path("authority.cnf"), "-subj", f"/CN=Outcry demo {name}", *self.new_key(f"{name}.key"),
                         "-out", request)
            self.openssl("x509", "-req", "-in", request, "-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key"), "-set_serial",
                         str(secrets.randbits(63)), "-days", "30", "-extfile", self.path("server.cnf"), "-out", self.path(f"{name}.pem"))
            os.remove(request)

    def new_key(self, name):
        return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.path(name)]

    def openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Failure("openssl cannot make the certificate: " + (done.stderr.strip().splitlines() or ["it says nothing"])[-1])

    def make_keys(self):
        """One key a party, as an operator makes them; the files get the hashes, the parties the keys."""
        for name, kind in (("quotes", "affiliate"), ("drive", "affiliate"), ("northern", "buyer"), ("sunset", "buyer"), ("admin", "admin")):
            done = subprocess.run([self.program("outcry"), "key", "new", kind, "--json"], capture_output=True, text=True, check=False)
            if done.returncode:
                raise Failure("outcry key new: " + done.stderr.strip())
            made = json.loads(done.stdout)
            self.values[f"{name}_key"], self.values[f"{name}_hash"] = made["key"], made["hash"]
        for name in BUYERS:
            self.values[f"{name}_secret"] = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()

    def make_files(self):
        public, admin, buyers = free_ports(3)
        self.values.update(public_port=public, admin_port=admin, buyers_port=buyers, seed=SEED, buyers=f"https://127.0.0.1:{buyers}",
                           nightowl_hours=closed_now())
        for name in ("outcry.yaml", "market.yaml", "buyers.json"):
            with open(os.path.join(HERE, name + ".in"), encoding="utf-8") as template:
                self.write(name, string.Template(template.read()).substitute(self.values))
        self.write(".curlrc", CURL.format(ca=os.path.abspath(self.path("ca.pem"))))
        self.write("env", ENVIRONMENT.format(public=self.public, admin=self.admin, work=self.folder, outcry=os.path.abspath(self.program("outcry")),
                                             **self.values))

    @property
    def public(self):
        return f"https://127.0.0.1:{self.values['public_port']}"

    @property
    def admin(self):
        return f"http://127.0.0.1:{self.values['admin_port']}"

    def write(self, name, text):
        with open(os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)


CURL = """\
silent
show-error
cacert = "{ca}"
write-out = "\\n"
"""

ENVIRONMENT = """\
# For curl by hand: where the demo's exchange listens, and one key for each who calls.
export CURL_HOME='{work}'  # its .curlrc says whom curl trusts
PUBLIC={public}      # affiliates and buyers
ADMIN={admin}        # the operator
AFFILIATE_KEY={drive_key}
BUYER_KEY={northern_key}
ADMIN_KEY={admin_key}
WORK='{work}'
OUTCRY='{outcry}'
export OUTCRY_CONFIG='{work}/outcry.yaml'  # where the commands of outcry find the settings
field() {{ python3 -c 'import json,sys; print(json.load(open(sys.argv[2]))[sys.argv[1]])' "$@"; }}   # field NAME FILE
"""


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    else:
        os.remove(path)


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def closed_now():
    """Opening hours of the other half of the day, as a buyer in Chicago writes them (UTC-6, or UTC-5 in summer: an hour of room is kept)."""
    chicago = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=5, minutes=30)
    return "14:00-22:00" if chicago.hour < 12 else "01:00-08:00"
