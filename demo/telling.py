"""The demo's words: what is about to happen, a sentence for each lead, new terms as they come up."""
import os
import sys
import textwrap

from workshop import BUYERS

COLUMNS = 116
COLOUR = sys.stdout.isatty()

INTRODUCTION = """\
Somebody fills in a form and asks for a price: that request is a *lead*, and insurers, lenders or builders pay for it.
An *affiliate*, who owns the form, sells it; *buyers* want it; the *exchange* between them does this within a second:
  *ping*    the affiliate sends the part without name and phone, and every fitting buyer is asked for a *bid*, all at once
  *offer*   the best bid becomes a price that is promised to the affiliate
  *post*    the affiliate sends the whole lead; it goes to the best bidder only, and to the next if that one refuses
  *money*   the buyer pays the *price*, the affiliate gets the *payout*, the house keeps the *margin*, all in the ledger"""

# Told the first time a reason turns up in a table.
TERMS = {
    "filtered": "every contract says which leads it wants; for the others its buyer is never troubled",
    "closed": "buyers have opening hours, in their own time zone; outside them they are not asked",
    "no_bid": "a buyer may pass on a lead; then it says no_bid and nothing else happens",
    "timeout": "who has not answered by its deadline is out; nobody waits for it any longer",
    "bad_response": "an answer that makes no sense counts as none; it never stops an auction",
    "circuit_open": "after five failures in a row the exchange spares a sick endpoint, and tries it again every few seconds",
    "capped": "a buyer may limit its leads an hour or a day; the exchange counts, and never gives it one too many",
    "no_seat": "this buyer sells through people on phones; with nobody free it is not asked",
    "unavailable": "the buyer said that it cannot take leads now",
    "rejected": "a buyer may refuse a lead it bid for once it sees it whole; then the next bidder has its turn",
    "below_promise": "the affiliate was promised a price; a bidder who cannot pay that is passed over",
    "unknown": "the lead left the house and no verdict came back: sold or not, nobody knows; so it is sold to no one else",
    "no_time": "a post has a time limit, whoever refuses on the way",
}


def bold(text):
    return f"\033[1m{text}\033[0m" if COLOUR else text


def say(text=""):
    print(text, flush=True)


def paragraph(text, indent=""):
    say(textwrap.fill(text, COLUMNS, initial_indent=indent, subsequent_indent=" " * len(indent)))


def heading(text):
    line = f"── {text} "
    say()
    say(bold(line + "─" * max(3, COLUMNS + 4 - len(line))))


def starred(text):
    """*word* is shown bold, or as it is."""
    parts = text.split("*")
    return "".join(bold(part) if place % 2 else part for place, part in enumerate(parts))


def introduce():
    heading("Outcry: leads sold by auction")
    say(starred(INTRODUCTION))
    say()
    say("The eight buyers of this demo, each with its own ways:")
    for identity, (name, manner) in BUYERS.items():
        say(f"  {name:<20} {manner:<82} {'(' + identity + ')'}")


def name_of(contract):
    return BUYERS[contract["buyer"]][0]


def code_of(part):
    return (part.get("reason") or {}).get("code")


def posts_of(story, outcome):
    """(contract, post) for every post with that outcome, in order of rank."""
    found = [(contract, post) for contract in story["contracts"] for post in contract.get("posts", []) if post["outcome"] == outcome]
    return sorted(found, key=lambda pair: pair[0].get("rank") or 99)


def together(names):
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def count(number, noun):
    words = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight"]
    return f"{words[number] if number < len(words) else number} {noun}{'' if number == 1 else 's'}"


class Teller:
    """Keeps which terms have been told."""

    def __init__(self):
        self.told = set()

    def opening(self, lead, story):
        asked = [one for one in story["contracts"] if one["state"] == "pinged"]
        bids = [one for one in asked if one.get("bid")]
        how = "sends the whole lead in one call" if lead.one_call else "pings"
        return f"{lead.affiliate} {how}: {count(len(asked), 'buyer')} asked, {count(len(bids), 'bid')}. "

    def sentence(self, lead, story):
        """What happened, in words, from the story alone."""
        endings = {"sold": self.sold, "pending": self.pending, "unsold": self.unsold, "rejected": self.rejected}
        text = self.opening(lead, story) + endings[story["status"]](story)
        if "post_steps" in story or lead.one_call:
            return text
        return text + " The whole lead is never sent, so nobody learns who it is."

    def refusals(self, story):
        refused = posts_of(story, "rejected")
        if not refused:
            return ""
        why = together([post["reason"].get("buyer_code") or post["reason"]["text"] for _, post in refused])
        return f"{together([name_of(contract) for contract, _ in refused])} bid more but refused the lead on seeing it ({why}). "

    def sold(self, story):
        sale, refused = story["sales"][0], self.refusals(story)
        winner = next(one for one in story["contracts"] if one["contract"] == sale["contract"])
        alone = sum(1 for one in story["contracts"] if one.get("bid")) == 1
        text = f"{name_of(winner)} {'makes the only bid' if alone else 'bids most'} and buys it for {sale['price']}"
        if refused:
            text = f"{refused}{name_of(winner)}, next in line, takes it for {sale['price']}"
            if winner["bid"]["payout"] != sale["payout"]:
                text += f"; the affiliate still gets the {sale['payout']} it was promised, because the house gives up part of its margin"
            return text + "."
        return f"{text}; {sale['payout']} go to the affiliate."

    def pending(self, story):
        silent = together([name_of(contract) for contract, _ in posts_of(story, "unknown")])
        return (f"{silent} bids most, gets the lead and then says nothing. It may have kept it or not, so the lead is held for it: "
                "selling it again could sell it twice.")

    def unsold(self, story):
        if code_of(story) == "ping_mismatch":
            return "But the lead that comes is not the one that was offered: the affiliate changed a field, so it is not sold, and no buyer sees it."
        refused = self.refusals(story).replace("bid more but refused", "bid most but refused")
        return f"{refused}Nobody else can pay what the affiliate was promised, so the lead stays unsold."

    def rejected(self, story):
        if code_of(story) == "low_bid":
            best = max(float(one["bid"]["payout"]) for one in story["contracts"] if one.get("bid"))
            return f"The best bid would leave the affiliate {best:.2f}, and it wants at least {story['floor']}: no offer."
        return f"No offer: {story['reason']['text']}."

    def new_terms(self, story):
        codes = {code_of(contract) for contract in story["contracts"]}
        codes |= {code_of(post) for contract in story["contracts"] for post in contract.get("posts", [])}
        fresh = [code for code in TERMS if code in codes and code not in self.told]
        self.told.update(fresh)
        return [(code, TERMS[code]) for code in fresh]
