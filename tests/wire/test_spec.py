"""test_spec.py OUTCRY BUYERS: GET /v1/spec/{campaign}: what it says of fields is what leads are held against, its curl lines run as they
stand, and the page is whole, escaped, and refused without a key in the way a browser understands."""
import base64
import html.parser
import json
import os
import shutil
import subprocess
import sys
import tempfile

from market import Keys, Market
from plain import run_all, same

OUTCRY, BUYERS = sys.argv[1:3]
FIELDS = {
    "first_name": {"type": "text", "max": 60, "required": "post"},
    "initial": {"type": "text", "max": 1, "private": False},
    "age": {"type": "integer", "min": 40, "max": 110, "private": False},
    "income": {"type": "decimal", "max": "99.75", "private": False},
    "owner": {"type": "boolean", "required": "ping", "private": False},
    "credit": {"type": "choice", "of": ["O'Hara's <best> & \"good\"", "poor"], "required": "ping", "private": False},
    "born": {"type": "date", "min": "1990-02-03"},
    "site": {"type": "url", "private": False},
    "ip": {"type": "ip"},
    "zip": {"type": "us_zip", "required": "ping", "private": False},
    "phone": {"type": "us_phone", "required": "post"},
    "email": {"type": "email", "required": "post"},
}
PLAY = {"campaign": {"fields": FIELDS, "consent": {"required": ["tcpa", "sellers", "text", "text_sha256", "at", "page_url", "leadid"], "required_at": "ping"},
                     "test_patterns": [{"field": "phone", "matches": "."}]},
        "buyers": {"north": {"contract": {"seller": {"name": "O'Neil <&> Sons", "url": "https://neil.example", "consent_text": "Neil may call \"me\"."}}},
                   "same": {"contract": {"seller": {"name": "O'Neil <&> Sons"}, "consent": "named"}},
                   "east": {"contract": {"seller": {"name": "Eastern"}}},
                   "shut": {"contract": {"seller": {"name": "Never"}}},
                   "rests": {"contract": {"seller": {"name": "Resting"}, "paused": True}}},
        "affiliates": {"best": {"exclude_buyers": ["shut"]}}}


class Page(html.parser.HTMLParser):
    """Tags that are closed in order, the texts of <pre>, and all text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.pre, self.text, self.tags = [], [], "", []
        self.feed(text)
        same(self.open, [], "tags left open")

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)
        if tag == "pre":
            self.pre.append("")

    def handle_endtag(self, tag):
        same(self.open.pop(), tag, "closing tag")

    def handle_data(self, data):
        self.text += data
        if "pre" in self.open:
            self.pre[-1] += data


class Running:
    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="outcry-spec-")
        self.market = Market(OUTCRY, BUYERS, Keys(OUTCRY), self.folder.name, PLAY)
        try:
            self.market.start()
        except Exception:
            self.__exit__()
            raise
        self.key = self.market.key_of("best")
        return self

    def __exit__(self, *failure):
        self.market.close()
        self.folder.cleanup()

    def spec(self):
        status, spec = self.market.public_answer("GET", "/v1/spec/auto", None, self.key)
        same(status, 200, "status")
        return spec

    def page(self, fields, path="/v1/spec/auto"):
        """(status, text): as a browser would."""
        return self.market.ask("GET", path, None, "", {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", **fields}).whole()

    def shell(self, commands):
        done = subprocess.run(["bash", "-eu"], input=f"export KEY={self.key}\ncd {self.folder.name}\n{commands}\n", capture_output=True, text=True, timeout=60)
        same(done.returncode, 0, f"exit status; printed {done.stdout} {done.stderr}")
        return [json.loads(line) for line in done.stdout.splitlines()]


def check_runs(running, ping, post, lead):
    answers = running.shell("\n".join(line.replace("curl ", "curl -sS ") + "; echo" for line in (ping, post, lead)).replace("ping.json; echo", "ping.json; echo"))
    same([answer["status"] for answer in answers], ["accepted", "sold", "sold"], f"statuses of {answers}")
    same([answer["test"] for answer in answers], [True] * 3, "tests")


def test_what_it_says_is_so():
    with Running() as running:
        spec = running.spec()
        same([spec["campaign"], spec["affiliate"], spec["currency"], spec["paused"]], ["auto", "best", "USD", False], "terms")
        same(spec["consent"], {"required": PLAY["campaign"]["consent"]["required"], "required_at": "ping"}, "consent")
        same([(seller["name"], seller["consent"]) for seller in spec["sellers"]], [("O'Neil <&> Sons", "named"), ("Eastern", "general")], "sellers")
        same((spec["sellers"][0]["consent_text"], len(spec["sellers"][0]["consent_sha256"]), spec["more_sellers"]),
             ('Neil may call "me".', 64, False), "the first seller")
        told = {field["name"]: field for field in spec["fields"]}
        # the file's fields lie over the default ones
        same(set(FIELDS) <= set(told), True, "fields")
        for name, field in FIELDS.items():
            same(told[name]["type"], field["type"], f"type of {name}")
            same(told[name]["required"], field.get("required"), f"required of {name}")
            same(told[name]["private"], field.get("private", True), f"private of {name}")
        same([told["age"]["min"], told["age"]["max"], told["age"]["test_value"]], [40, 110, 40], "age")
        same([told["income"]["max"], told["income"]["test_value"]], [99.75, 99.75], "income")
        same([told["born"]["min"], told["born"]["test_value"]], ["1990-02-03", "1990-02-03"], "born")
        same([told["first_name"]["max_bytes"], told["initial"]["test_value"]], [60, "A"], "texts")
        same(told["credit"]["values"], FIELDS["credit"]["of"], "values")
        lead = {name: field["test_value"] for name, field in told.items()}
        consent = {"tcpa": True, "text": "a", "text_sha256": "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
                   "at": "2026-01-05T10:00:00Z", "page_url": "https://a.example", "leadid": "x", "sellers": "Eastern"}
        status, answer = running.market.public_answer("POST", "/v1/leads", {"campaign": "auto", "test": True, "lead": lead, "consent": consent}, running.key)
        same((status, answer["status"]), (200, "sold"), f"a lead of test values: {answer}")


def test_curl_lines_run():
    if not shutil.which("curl"):
        return
    with Running() as running:
        examples = running.spec()["examples"]
        check_runs(running, examples["ping"], examples["post"], examples["lead"])
        status, text = running.page({"Authorization": f"Bearer {running.key}"})
        same(status, 200, "status")
        check_runs(running, *Page(text.decode()).pre)


def test_the_page_is_whole():
    with Running() as running:
        password = base64.b64encode(f"me:{running.key}".encode()).decode()
        status, text = running.page({"Authorization": f"Basic {password}"})
        same(status, 200, "status")
        page = Page(text.decode())
        same([tag for tag, attrs in page.tags if tag in ("script", "link", "img") or "src" in attrs or "href" in attrs], [], "what would be fetched")
        for name in FIELDS:
            same(name in page.text, True, f"{name} on the page")
        same("O'Neil <&> Sons" in page.text and "must be named" in page.text, True, "the sellers on the page")
        same(FIELDS["credit"]["of"][0] in page.text, True, "a value with every awkward character")
        same(running.key in page.text, False, "the key on the page")


def test_who_may_read_it():
    with Running() as running:
        same(running.page({"Authorization": ""})[0], 401, "a browser without a key")
        same(running.market.public_answer("GET", "/v1/spec/auto", None, "oc_aff_x")[0], 401, "a wrong key")
        same(running.market.public_answer("GET", "/v1/spec/boats", None, running.key)[0], 404, "no such campaign")
        same(running.market.public_answer("GET", "/v1/spec/auto", None, running.market.buyer_key("north"))[0], 403, "a buyer's key")
        password = base64.b64encode(f"me:{running.key}".encode()).decode()
        asked = running.market.ask("GET", "/v1/spec/auto", None, "", {"Authorization": f"Basic {password}"}).whole()
        same(asked[0], 401, "a password where no page is asked for")
        asked = running.market.ask("POST", "/v1/pings", {}, "", {"Authorization": f"Basic {password}", "Accept": "text/html"}).whole()
        same(asked[0], 401, "a password for anything but the page")


run_all(dict(globals()))
