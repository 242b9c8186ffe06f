"""A dozen people who do not exist, in the order they ask for car insurance. Phone numbers are of the kind kept for fiction (555-01xx)."""

QUOTES, DRIVE = "quotes-online", "drive-smart"


class Lead:
    """`changed`: fields the affiliate changes between ping and post. `one_call`: the whole lead at once, without a ping of its own."""

    def __init__(self, person, place, facts, affiliate=QUOTES, source="search", min_price=None, changed=None, one_call=False):
        self.first_name, self.last_name = person.split()
        self.place, self.affiliate, self.source = place, affiliate, source
        self.facts, self.min_price, self.changed, self.one_call = facts, min_price, changed or {}, one_call

    def whole(self, number):
        area = {"CA": "415", "OH": "614", "TX": "512", "FL": "305", "NV": "702", "AZ": "602", "GA": "404", "WA": "206", "CO": "303"}
        return {**self.facts, "first_name": self.first_name, "last_name": self.last_name,
                "phone": f"({area[self.facts['state']]}) 555-01{number:02}",
                "email": f"{self.first_name}.{self.last_name}@example.com".lower(), **self.changed}

    def title(self):
        credit = f", {self.facts['credit']} credit" if "credit" in self.facts else ""
        return f"{self.first_name} {self.last_name}, {self.facts['age']}, {self.place}{credit}"


def facts(state, zip_code, age, credit):
    return {"state": state, "zip": zip_code, "age": age, "credit": credit}


LEADS = [
    Lead("Walter Brandt", "Columbus, Ohio", facts("OH", "43215", 67, "fair")),
    Lead("Maria Santos", "San Francisco, California", facts("CA", "94110", 34, "good"), source="social"),
    Lead("Tyler Boone", "Fresno, California", facts("CA", "93721", 41, "fair")),
    Lead("Grace Lindqvist", "Austin, Texas", facts("TX", "78704", 29, "good"), affiliate=DRIVE),
    Lead("Andre Baptiste", "Miami, Florida", facts("FL", "33130", 52, "fair")),
    Lead("Evelyn Cho", "Las Vegas, Nevada", facts("NV", "89109", 45, "excellent")),
    Lead("Samuel Okafor", "Phoenix, Arizona", facts("AZ", "85004", 23, "fair")),
    Lead("Nora Feld", "Oakland, California", facts("CA", "94607", 61, "poor")),
    Lead("Peter Novak", "Denver, Colorado", facts("CO", "80202", 38, "good"), affiliate=DRIVE, min_price="28.00"),
    Lead("Ruth Ellison", "Atlanta, Georgia", facts("GA", "30303", 47, "fair"), changed={"zip": "30305"}),
    Lead("Daniel Kim", "Seattle, Washington", facts("WA", "98101", 36, "excellent")),
    Lead("Hannah Price", "Boulder, Colorado", facts("CO", "80301", 44, "good"), affiliate=DRIVE, one_call=True),
]
