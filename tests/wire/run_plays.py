"""run_plays.py OUTCRY BUYERS plain|tls [PLAY...]: the plays of tests/plays over real processes and sockets: the same steps, the
same expected story and money as in the simulated world (tests/sim/play.c, whose lines this writes out of real answers)."""
import concurrent.futures
import json
import os
import sys
import tempfile
import time
import traceback
from decimal import Decimal

from market import PATIENCE_S, PLAYS, Keys, Market, make_certificate, merged, read

AT_ONCE = 8  # plays that run at the same time: most of a play is waiting


def fits(wanted, found):
    """Word by word; "a|b" is either, "*" is any one word."""
    wanted, found = wanted.split(), found.split()
    return len(wanted) == len(found) and all(a == "*" or b in a.split("|") for a, b in zip(wanted, found))


def tale_of_answer(answer):
    """"accepted 9.60", "sold 9.60 north", "409 conflict", "open", ..."""
    if answer is None:
        return "open"
    status, body = answer
    if status == 0:
        return "503 shutting_down"  # nobody listens any more
    if status != 200:
        fields = body.get("errors") or [{"field": ""}]
        return f"{status} {body['code']} {fields[0]['field']}".strip()
    words = [body["status"]]
    if body["status"] in ("accepted", "sold"):
        words.append(body["price"])
    if body["status"] == "sold":
        words.append("+".join("?" if sale["status"] == "pending" else sale["buyer"] for sale in body["sales"]))
    if body.get("reason"):
        words.append(body["reason"]["code"])
    if body["test"]:
        words.append("test")
    if body.get("reauction"):
        words.append("reauction")
    if body.get("bids"):
        words.append("bids " + ",".join(f"{bid['buyer']}:{bid['price']}" for bid in body["bids"]))
    sellers = [f"{leg['leg_id']}:{leg['seller']['name']}" for leg in body.get("legs", []) if leg.get("seller")]
    if sellers:
        words.append("sellers " + ",".join(sellers))
    if body.get("redirect_url"):
        words.append(f"to {body['redirect_url']}")
    return " ".join(words)


def tale_of_contract(explained, name):
    for contract in explained["contracts"]:
        if contract["contract"] != name:
            continue
        reason = contract.get("reason")
        words = [contract["state"] + (f":{reason['code']}" if reason else "")]
        if contract.get("bid"):
            words.append(f"bid {contract['bid']['price']}")
        if contract.get("rank"):
            words.append(f"#{contract['rank']}")
            if contract["bid"]["pays"] != contract["bid"]["price"]:
                words.append(f"pays {contract['bid']['pays']}")
            if contract.get("shadow_rank"):
                words.append(f"shadow #{contract['shadow_rank']}")
        for post in contract.get("posts", []):
            why = post["reason"] and post["outcome"] in ("skipped", "failed")
            words.append(f"post {post['outcome']}" + (f":{post['reason']['code']}" if why else ""))
        return " ".join(words)
    return "untold"


def tale_of_auction(explained):
    return " ".join(word for word in (explained["closed"]["cause"], explained["arm"]) if word)


class Play:
    def __init__(self, market, play):
        self.market, self.play, self.asked, self.failures, self.step, self.resolved, self.posts = market, play, {}, [], 0, None, {}
        self.payments = 0

    def fail(self, text):
        self.failures.append(f"  step {self.step}, {text}")

    def differ(self, what, wanted, found):
        self.fail(f"{what}\n    expected  {wanted}\n    found     {found}")

    def wait_for(self, step, what, tell):
        """Until tell() says what the step expects."""
        if "expect" not in step:
            return
        give_up = time.monotonic() + PATIENCE_S
        while not fits(step["expect"], found := tell()):
            if time.monotonic() > give_up:
                self.differ(what, step["expect"], found)
                return
            time.sleep(0.005)

    # --- affiliates ---

    def answer_of(self, name):
        answer = self.asked[name].answer
        return answer and (answer[0], json.loads(answer[1]) if answer[1] else None)

    def request(self, step, verb, path):
        body = merged(self.market.defaults[verb], step.get("with", {}))
        if "of" in step:
            body = {"ping_id": self.answer_of(step["of"])[1]["ping_id"], **body}
        if verb == "lead" and "key" not in step:  # a lead of its own, unless the step says which one it is again
            body = merged(body, {"lead": {"label": step.get("again", step["lead"])}})
        fields = {"Idempotency-Key": step["key"]} if "key" in step else {}
        self.asked[step[verb]] = self.market.ask("POST", path, body, self.market.key_of(step.get("by", "best"), "affiliate-test" if step.get("test_key") else "affiliate"),
                                                  fields)
        self.do_answer({"answer": step[verb], **({"expect": step["expect"]} if "expect" in step else {})})

    def do_ping(self, step):
        self.request(step, "ping", "/v1/pings")

    def do_post(self, step):
        self.request(step, "post", "/v1/posts")

    def do_lead(self, step):
        self.request(step, "lead", "/v1/leads")

    def do_answer(self, step):
        if "expect" not in step:
            return
        self.asked[step["answer"]].whole()
        found = tale_of_answer(self.answer_of(step["answer"]))
        if not fits(step["expect"], found):
            self.differ(f"answer {step['answer']}", step["expect"], found)

    def do_hang_up(self, step):
        self.asked[step["hang_up"]].hang_up()

    def id_of(self, name):
        body = self.answer_of(name)[1]
        return body.get("lead_id") or body["ping_id"]

    def do_get(self, step):
        self.wait_for(step, "get", lambda: tale_of_answer(
            self.market.public_answer("GET", f"/v1/leads/{self.id_of(step['get'])}", None, self.market.key_of("best"))))

    def do_revoke(self, step):
        value = step["revoke"]
        body = {"lead_id": self.id_of(step["of"])} if "of" in step else {"email" if "@" in value else "phone": value}
        status, body = self.market.public_answer("POST", "/v1/revocations", body, self.market.key_of(step.get("by", "best")))
        if (status, body) != (200, {"status": "revoked"}):
            self.fail(f"the revocation was answered {status} {body}")

    # --- buyers ---

    def do_put_list(self, step):
        key = self.market.buyer_key(step["by"])
        self.wait_for(step, "put_list", lambda: str(self.market.put_list(step["put_list"], step["text"], key)))

    def counts(self, buyer):
        return self.market.buyers("GET", f"/stats?buyer={buyer}")["buyers"][0]

    def tell_counts(self, buyer, names):
        counts = self.counts(buyer)
        return " ".join(f"{name} {counts[name]}" for name in names.split()[::2])

    def do_seen(self, step):
        self.wait_for(step, f"seen {step['seen']}", lambda: self.tell_counts(step["seen"], step["expect"]))

    def do_release(self, step):
        give_up = time.monotonic() + PATIENCE_S  # the request has been counted; its answer is held a moment later
        while not self.market.buyers("POST", "/control", {"buyer": step["release"], "release": True})["released"]:
            if time.monotonic() > give_up:
                return self.fail(f"nothing was held by {step['release']}")
            time.sleep(0.005)

    def do_set(self, step):
        self.market.buyers("POST", "/control", {"buyer": step["set"], "set": step["does"]})

    def do_push(self, step):
        body = {"contract": step.get("contract"), "available": step.get("available", True), "ttl_s": step.get("ttl_s", 60)}
        if "seats" in step:
            body["seats"] = step["seats"]
        status, answer = self.market.public_answer("PUT", "/v1/buyer/availability", body, self.market.buyer_key(step["push"]))
        if status != 200:
            self.fail(f"push: {status} {answer}")

    # --- operators ---

    def do_pay(self, step):
        self.payments += 1
        body = {"kind": "payment", "amount": step["amount"], "ref": f"payment {self.payments}", "note": "in a play"}
        status, answer = self.market.operator("POST", f"/v1/admin/accounts/buyer:{step['pay']}/entries", body)
        if status != 200:
            self.differ("payment", "200", f"{status} {answer}")

    def do_pause(self, step):
        self.switch(step["pause"], "pause")

    def do_resume(self, step):
        self.switch(step["resume"], "resume")

    def switch(self, contract, verb):
        status, answer = self.market.operator("POST", f"/v1/admin/contracts/{contract}/{verb}")
        if status != 200:
            self.fail(f"{verb}: {status} {answer}")

    def do_reload(self, step):
        fresh = merged(self.play, step["reload"])
        self.market.write_files(fresh)
        status, answer = self.market.operator("POST", "/v1/admin/reload")
        if status != (422 if step.get("refused") else 200):
            self.fail(f"reload: {status} {answer}")
        if status == 200:
            self.play = self.market.play = fresh
        self.market.write_files(self.play)

    def do_gate(self, step):
        def tell():
            status, answer = self.market.operator("GET", f"/v1/admin/contracts/{step['gate']}")
            return str(status) if status != 200 else answer["reason"]["code"] if answer["reason"] else "open"
        self.wait_for(step, f"gate {step['gate']}", tell)

    def doubts(self):
        return self.market.operator("GET", "/v1/admin/posts?state=in_doubt")[1]["posts"]

    def do_doubts(self, step):
        self.wait_for(step, "doubts", lambda: " ".join(post["contract"] for post in self.doubts()) or "none")

    def do_resolve(self, step):
        open_ones = [post["post_id"] for post in self.doubts() if post["contract"] == step["resolve"]]
        self.resolved = open_ones[-1] if open_ones else self.resolved
        status, answer = self.market.operator("POST", f"/v1/admin/posts/{self.resolved}/resolve", {"status": step["as"]})
        found = str(status) + (" fallback" if status == 200 and answer["fallback"] else "")
        if not fits(step["expect"], found):
            self.differ("resolve", step["expect"], found)

    def do_verdict(self, step):
        name = step["verdict"]
        posts = self.posts.setdefault((name, step["of"]), [])  # a story taken up again tells of later posts only
        give_up = time.monotonic() + PATIENCE_S
        while not posts and time.monotonic() < give_up:
            explained = self.market.operator("GET", f"/v1/admin/explain/{self.id_of(step['of'])}")[1]
            posts += [post["post_id"] for contract in explained.get("contracts", []) if contract["contract"] == name
                      for post in contract.get("posts", []) if post.get("post_id")]
        buyer = step.get("by") or next(buyer for buyer, given in self.play["buyers"].items() if name in given.get("contracts", {buyer: 0}))
        status, answer = self.market.public_answer("POST", "/v1/buyer/verdicts", {"post_id": posts[-1], "status": step["as"]},
                                                   self.market.buyer_key(buyer))
        found = f"{status}" + (" billed" if status == 200 and answer["billed"] else "") + (" late" if status == 200 and answer.get("late") else "")
        if not fits(step["expect"], found):
            self.differ("verdict", step["expect"], f"{found} {answer}")

    def do_explain(self, step):
        def tell(tale):
            status, explained = self.market.operator("GET", f"/v1/admin/explain/{self.id_of(step['explain'])}")
            return tale(explained) if status == 200 else f"{status}"
        if "auction" in step:
            self.wait_for({"expect": step["auction"]}, "explain", lambda: tell(tale_of_auction))
        for contract, wanted in step.get("contracts", {}).items():
            self.wait_for({"expect": wanted}, f"explain {contract}",
                          lambda: tell(lambda explained: tale_of_contract(explained, contract)))

    def do_idle(self, step):
        self.wait_for(step, "idle", lambda: str(self.market.operator("GET", "/v1/admin/stats")[1]["in_flight"]))

    def do_experiment(self, step):
        def tell():
            experiments = self.market.operator("GET", "/v1/admin/stats")[1]["experiments"]
            arms = [arm for one in experiments if one["campaign"] == step["experiment"] for arm in one["arms"]]
            counts = [f"{key} {sum(arm[key] for arm in arms)}" for key in ("auctions", "sold")]
            return " ".join(counts + [f"{key} {sum(Decimal(arm[key]) for arm in arms)}" for key in ("revenue", "payout", "margin")])
        self.wait_for(step, "experiment", tell)

    # --- time and the process ---

    def do_wait(self, step):
        number, unit = step["wait"].rstrip("ms"), step["wait"].lstrip("0123456789")
        time.sleep(int(number) * {"ms": 0.001, "s": 1}[unit])

    def do_crash(self, _):
        self.market.kill()
        self.market.start_exchange()

    def do_drain(self, _):
        self.market.drain()

    def do_drained(self, _):
        self.market.ended()
        self.market.start_exchange()

    # --- how it goes and ends ---

    def run(self):
        for step in self.play["steps"]:
            self.step += 1
            getattr(self, f"do_{next(iter(step))}")(step)
        self.market.drain()
        self.market.ended()
        self.check_ends()

    def check_ends(self):
        ends = self.play.get("ends", {})
        for buyer, wanted in ends.get("buyers", {}).items():
            found = self.tell_counts(buyer, wanted)
            if not fits(wanted, found):
                self.differ(buyer, wanted, found)
        for buyer in self.play["buyers"]:
            counts = self.counts(buyer)
            if counts["private_seen"] or counts["bad_signatures"]:
                self.fail(f"{buyer}: private_seen {counts['private_seen']}, bad_signatures {counts['bad_signatures']}")
        status, text = self.market.ledger("stat")
        stat = json.loads(text)
        wanted = ends.get("ledger", "")
        found = " ".join(f"{name} {stat[name]}" for name in wanted.split()[::2])
        if not fits(wanted, found):
            self.differ("ledger", wanted, found)
        for account, micros in ends.get("accounts", {}).items():
            if stat["accounts"].get(account, "0.00") != micros:
                self.differ(account, micros, stat["accounts"].get(account, "0.00"))
        if stat["accounts_sum"] != "0.00":
            self.differ("sum of all accounts", "0.00", stat["accounts_sum"])
        if "whatif" in ends:
            told = self.market.whatif()
            if told["whatif"] != told["recorded"] or told["assumed"]["posts_drawn"]:
                self.differ("whatif under the same catalogue", told["recorded"], (told["whatif"], told["assumed"]))
        status, text = self.market.ledger("verify")
        if status != 0:
            self.fail(f"ledger verify: {status} {text}")


def run_one(outcry, buyers, keys, certificate, path):
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="outcry-play-") as folder:
        play = read(path)
        market = Market(outcry, buyers, keys, folder, play, certificate)
        run = Play(market, play)
        try:
            market.start()
            run.run()
        except Exception:  # the other plays still run
            run.fail(traceback.format_exc())
        finally:
            market.close()
    return play["name"], run.failures, time.monotonic() - began


def main():
    outcry, buyers, mode, *paths = sys.argv[1:]
    paths = paths or sorted(os.path.join(PLAYS, name) for name in os.listdir(PLAYS) if name.endswith(".json") and name != "defaults.json")
    failed = 0
    with tempfile.TemporaryDirectory(prefix="outcry-certificate-") as certificate:
        if mode == "tls" and not make_certificate(certificate):
            print("skipped: openssl makes no certificate here")
            sys.exit(77)
        keys = Keys(outcry)
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            runs = [pool.submit(run_one, outcry, buyers, keys, certificate if mode == "tls" else None, path) for path in paths]
            for run in concurrent.futures.as_completed(runs):
                name, failures, took_s = run.result()
                failed += bool(failures)
                print(f"{'FAILED' if failures else 'good'} {name} ({took_s:.1f} s)", *failures, sep="\n", flush=True)
    print(f"{len(paths)} plays, {mode}: {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
