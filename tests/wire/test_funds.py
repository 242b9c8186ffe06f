"""test_funds.py OUTCRY BUYERS: what a buyer may spend, as it is told: to the buyer (its contracts, its feed), to operators (contracts,
explain, log, metrics, the ledger's figures), while posts are in doubt, after payments and a kill."""
import json
import subprocess
import sys
import tempfile
import time
import urllib.request

from market import PATIENCE_S, Keys, Market, merged

PLAY = {"buyers": {"north": {"is": {"funds": {"prepaid": True, "low_at": "10"}}, "contract": {"min_price": "2.50", "post_timeout": "500ms"},
                             "does": {"post": {"script": ["normal", "normal", "silent"], "script_end": "last"}}},
                   "south": {"is": {"funds": {"credit_limit": "40"}}, "does": {"price": "9.00"}},
                   "west": {"does": {"price": "5.00"}}}}
failures = []


def same(found, wanted, what):
    if found != wanted:
        failures.append(f"{what}: expected {wanted}, found {found}")


class Scene:
    def __init__(self, market):
        self.market, self.leads = market, 0

    def lead(self):
        self.leads += 1
        body = merged(self.market.defaults["lead"], {"lead": {"phone": f"+1415555{self.leads:04}"}})
        return self.market.public_answer("POST", "/v1/leads", body, self.market.key_of("best"))[1]

    def pay(self, amount, ref):
        return self.market.operator("POST", "/v1/admin/accounts/buyer:north/entries", {"kind": "payment", "amount": amount, "ref": ref, "note": "by bank"})[0]

    def money(self, buyer="north"):
        """As the buyer and the operator are told: the same."""
        own = self.market.public_answer("GET", "/v1/buyer/contracts", None, self.market.buyer_key(buyer))[1]["contracts"][0]["money"]
        same(self.market.operator("GET", f"/v1/admin/contracts/{buyer}")[1]["money"], own, f"money of {buyer}")
        return own

    def stat(self):
        return json.loads(self.market.ledger("stat")[1])

    def metric(self, name):
        request = urllib.request.Request(f"http://{self.market.admin}/metrics",
                                         headers={"Authorization": f"Bearer {self.market.keys.of('admin', 0)['key']}"})
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            lines = answer.read().decode().splitlines()
        return next((line.split()[1] for line in lines if line.split()[0] == name), None)

    def explained(self, lead_id):
        """Contract -> its reason's text; the trace comes within a quarter of a second."""
        give_up = time.monotonic() + PATIENCE_S
        while time.monotonic() < give_up:
            status, story = self.market.operator("GET", f"/v1/admin/explain/{lead_id}")
            if status == 200:
                return {one["contract"]: (one["reason"] or {}).get("text") for one in story["contracts"]}
            time.sleep(0.02)
        return {}


def run(scene):
    market = scene.market
    same(scene.money(), {"left": "0.00", "needed": "2.50", "prepaid": True}, "before it has paid")
    same(scene.money("west"), None, "without a limit")
    same(scene.money("south"), {"left": "40.00", "credit_limit": "40.00"}, "on credit")
    poor = scene.lead()
    same(poor["sales"][0]["buyer"], "south", "nobody has asked north")
    same(scene.explained(poor["lead_id"]).get("north"), "its buyer had 0.00 left to spend", "why north was not asked")

    same(scene.pay("40.00", "bank 1"), 200, "payment")
    same(scene.pay("40.00", "bank 1"), 409, "the same payment again")
    same(scene.money()["left"], "40.00", "after the payment")
    for _ in range(2):
        same(scene.lead()["sales"][0]["buyer"], "north", "north has money")
    same(scene.money()["left"], "16.00", "after two leads")
    same(scene.metric("outcry_buyer_low_balance_total"), "0", "low balances")

    doubtful = scene.lead()
    same(doubtful["status"], "pending", "the third post is never answered")
    same(scene.money()["left"], "4.00", "a doubt keeps its money")
    same(scene.stat()["holds"], {"buyer:north": "12.00"}, "held in the book")
    same(scene.stat()["accounts"]["buyer:north"], "16.00", "and not yet spent")
    dear = scene.lead()
    same(dear["sales"][0]["buyer"], "south", "north bids more than it has left")
    same(scene.explained(dear["lead_id"]).get("north"), "its buyer had 4.00 left to spend", "why north's bid lost")
    market.kill()
    market.start_exchange()
    same(scene.money()["left"], "4.00", "over a kill")

    post = market.operator("GET", "/v1/admin/posts?state=in_doubt")[1]["posts"][0]["post_id"]
    same(market.operator("POST", f"/v1/admin/posts/{post}/resolve", {"status": "accepted"})[0], 200, "resolved as accepted")
    same(scene.money()["left"], "4.00", "sold: held no more, but spent")
    same(scene.stat()["holds"], {}, "nothing is held")
    same(scene.metric("outcry_buyer_low_balance_total"), "1", "low balances")
    low = market.await_log("buyer.low_balance")
    same((low["buyer"], low["balance"]), ("north", "4.00"), "the line in the log")
    feed = market.public_answer("GET", "/v1/buyer/events", None, market.buyer_key("north"))[1]["events"]
    told = [event["data"]["balance"] for event in feed if event["type"] == "balance.low"]
    same(told, ["4.00"], "what the buyer hears")

    same(scene.pay("7.999999", "bank 2"), 200, "payment")
    same(scene.lead()["sales"][0]["buyer"], "south", "a millionth short of north's bid")
    same(scene.pay("0.000001", "bank 3"), 200, "payment")
    same(scene.lead()["status"], "pending", "to north again, which says nothing")
    same(scene.money()["left"], "0.00", "all of it is held")
    same(market.ledger("verify")[0], 0, "ledger verify")


def main():
    with tempfile.TemporaryDirectory(prefix="outcry-funds-") as folder:
        market = Market(sys.argv[1], sys.argv[2], Keys(sys.argv[1]), folder, PLAY)
        try:
            market.start()
            run(Scene(market))
        finally:
            market.close()
    print(*failures, sep="\n")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
