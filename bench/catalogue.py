#!/usr/bin/env python3
"""catalogue.py FOLDER [--contracts N] [--buyers N] [--seed N] [--url URL]: writes a large market: outcry.yaml and market/ with market.yaml and
contracts.ndjson, N contracts (100,000) with twelve conditions each. What is drawn follows from the seed alone. The affiliate's key is
printed. Standard library only.

    bench/catalogue.py /tmp/large && build/release/outcry check --config /tmp/large/outcry.yaml
"""
import argparse
import base64
import hashlib
import json
import os
import random

STATES = ("AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT "
          "VA WA WV WI WY").split()
CREDIT = ["poor", "fair", "good", "excellent"]
FIELDS = {
    "state": {"type": "us_state", "required": "ping", "private": False}, "zip": {"type": "us_zip", "required": "ping", "private": False},
    "age": {"type": "integer", "min": 16, "max": 110, "private": False}, "credit": {"type": "choice", "of": CREDIT, "private": False},
    "homeowner": {"type": "choice", "of": ["yes", "no"], "private": False}, "vehicles": {"type": "integer", "min": 0, "max": 9, "private": False},
    "insured_months": {"type": "integer", "min": 0, "max": 600, "private": False}, "violations": {"type": "integer", "min": 0, "max": 20, "private": False},
    "make": {"type": "text", "max": 40, "private": False}, "born": {"type": "date", "private": False},
    "first_name": {"type": "text", "max": 60, "required": "post"}, "phone": {"type": "us_phone", "required": "post"}, "email": {"type": "email"},
}
MAKES = ["toyota", "honda", "ford", "chevrolet", "nissan", "jeep", "hyundai", "kia", "subaru", "bmw", "audi", "tesla"]


def key_of(prefix, number):
    """A key as `outcry key new` makes one, of a number: 32 bytes and 4 of a checksum in base 32."""
    raw = hashlib.sha256(f"bench {prefix} {number}".encode()).digest()
    text = prefix + base64.b32encode(raw + hashlib.sha256(b"outcry key" + prefix.encode() + raw).digest()[:4]).decode().lower().rstrip("=")
    return text, "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def conditions(draw):
    """Twelve, of every common sort; a lead passes them all at some of the contracts only."""
    low = draw.randrange(18, 45)
    return {"all": [
        {"field": "state", "in": draw.sample(STATES, draw.randrange(3, 20))},
        {"field": "age", "min": low, "max": low + draw.randrange(15, 50)},
        {"field": "credit", "in": draw.sample(CREDIT, draw.randrange(2, 4))},
        {"field": "homeowner", "is": draw.choice(["yes", "no"])},
        {"field": "vehicles", "min": 1, "max": draw.randrange(2, 6)},
        {"field": "insured_months", "min": draw.randrange(0, 24)},
        {"field": "violations", "max": draw.randrange(0, 6)},
        {"none": [{"field": "make", "in": draw.sample(MAKES, 3)}]},
        {"any": [{"field": "zip", "prefix": [str(draw.randrange(10, 99)) for _ in range(4)]}, {"field": "age", "min": 30}]},
        {"age_from": "born", "min": 18, "max": draw.randrange(60, 99)},
        {"none": [{"source": [f"s{draw.randrange(200)}"]}]},
        {"field": "make", "exists": True}]}


def contract(draw, number, options):
    hours = draw.randrange(6, 10)
    return {"buyer": f"buyer-{number % options.buyers}", "id": f"contract-{number}", "campaign": "auto",
            "ping_url": f"{options.url}/buyer-{number % options.buyers}/ping?c={number}",
            "post_url": f"{options.url}/buyer-{number % options.buyers}/post?c={number}",
            "price": "live" if number % 2 else f"{draw.randrange(3, 40)}.50", "min_price": "1.00", "max_price": "80.00",
            "filter": conditions(draw), "schedule": {"mon-sun": f"{hours:02}:00-{hours + 14:02}:00"},
            "caps": [{"window": "day", "leads": draw.randrange(10, 500)}], "tier": draw.randrange(1, 4)}


def write(options):
    draw = random.Random(options.seed)
    secret = "whsec_" + base64.b64encode(hashlib.sha256(b"bench").digest()).decode()
    affiliate, admin = key_of("oc_aff_", 1), key_of("oc_adm_", 1)
    market = {"campaigns": [{"id": "auto", "timeout": "1000ms", "post_timeout": "3s", "offer_ttl": "300s", "margin": {"percent": 20}, "fields": FIELDS}],
              "affiliates": [{"id": "best", "keys": [affiliate[1]], "campaigns": ["auto"]}],
              "buyers": [{"id": f"buyer-{i}", "signing_secret": secret, "time_zone": draw.choice(["America/New_York", "America/Chicago", "UTC"])}
                         for i in range(options.buyers)]}
    settings = {"listen": {"public": options.listen, "admin": options.admin}, "ledger": {"path": "data", "map_size": "8GiB"}, "catalogue": "market",
                "admin_keys": [admin[1]], "endpoints": {"allow_private": True}}
    os.makedirs(os.path.join(options.folder, "market"), exist_ok=True)
    for name, value in (("outcry.yaml", settings), ("market/market.yaml", market)):
        with open(os.path.join(options.folder, name), "w", encoding="utf-8") as file:
            json.dump(value, file, indent=1)
    with open(os.path.join(options.folder, "market", "contracts.ndjson"), "w", encoding="utf-8") as file:
        for number in range(options.contracts):
            file.write(json.dumps(contract(draw, number, options), separators=(",", ":")) + "\n")
    return affiliate[0], admin[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--contracts", type=int, default=100000)
    parser.add_argument("--buyers", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--url", default="http://127.0.0.1:9000")
    parser.add_argument("--listen", default="127.0.0.1:0")
    parser.add_argument("--admin", default="127.0.0.1:0")
    affiliate, admin = write(parser.parse_args())
    print(json.dumps({"affiliate_key": affiliate, "admin_key": admin}))


if __name__ == "__main__":
    main()
