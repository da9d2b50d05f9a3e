"""The demo's companies and people. All names are made up; no address can receive mail (RFC 2606)."""

from dataclasses import dataclass

VENDOR_DOMAIN = "fieldnote.example"


@dataclass(frozen=True)
class Person:
    name: str
    email: str
    role: str


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """Bought `days_ago`, or one interval before it renewed `renewed_days_ago`. Amounts follow from the catalog."""

    plan: str
    seats: int
    interval: str
    currency: str
    days_ago: int = 0
    renewed_days_ago: int | None = None
    added: tuple[tuple[int, int], ...] = ()
    """(days ago, seats then): increases."""
    coming: int | None = None
    """Seats from the next period on."""
    tax_id: str = ""
    """A VAT ID that is entered before the purchase; the sandbox's authority confirms it."""
    declines: int = 0
    """How many charges after the first the bank refuses."""


@dataclass(frozen=True, kw_only=True)
class Company:
    external_id: str
    name: str
    domain: str
    country: str
    employee_bracket: str
    industry: str
    people: tuple[Person, ...]
    invited: tuple[str, ...] = ()
    purchase: Purchase | None = None
    cart: tuple[str, int, str, str] | None = None
    """(line/plan, seats, interval, currency) left in the cart."""


def _people(domain: str, *entries: tuple[str, str]) -> tuple[Person, ...]:
    return tuple(Person(name, f"{name.split()[0].lower()}@{domain}", role) for name, role in entries)


ACME = Company(
    external_id="demo-acme",
    name="Acme Roofing",
    domain="acme.example",
    country="US",
    employee_bracket="50-99",
    industry="construction",
    people=_people(
        "acme.example",
        ("Olive Ardent", "owner"),
        ("Bruno Ledgerly", "billing_admin"),
        ("Mia Fieldhouse", "member"),
        ("Tomas Gantry", "member"),
        ("Priya Scaffold", "member"),
        ("Jonas Plumb", "member"),
        ("Zara Mortar", "member"),
        ("Emil Joist", "member"),
        ("Noor Lintel", "member"),
    ),
    invited=("kai@acme.example",),
    purchase=Purchase(
        plan="fieldnote/team",
        seats=8,
        interval="month",
        currency="usd",
        days_ago=97,
        added=((61, 10), (12, 12)),
        coming=11,
    ),
)
GLOBEX = Company(
    external_id="demo-globex",
    name="Globex Facilities",
    domain="globex.example",
    country="DE",
    employee_bracket="10-49",
    industry="real_estate",
    people=_people("globex.example", ("Greta Hallway", "owner"), ("Levin Stairwell", "member"), ("Ida Boiler", "member")),
    purchase=Purchase(plan="fieldnote/starter", seats=4, interval="month", currency="eur", renewed_days_ago=2, declines=1),
)
UMBRELLA = Company(
    external_id="demo-umbrella",
    name="Umbrella Montage",
    domain="umbrella.example",
    country="AT",
    employee_bracket="10-49",
    industry="construction",
    people=_people("umbrella.example", ("Uta Giebel", "owner"), ("Veit Traufe", "member"), ("Wilma First", "member")),
    purchase=Purchase(
        plan="fieldnote/starter", seats=3, interval="month", currency="eur", days_ago=19, tax_id="ATU10293840", added=((6, 5),)
    ),
)
INITECH = Company(
    external_id="demo-initech",
    name="Initech Surveying",
    domain="initech.example",
    country="GB",
    employee_bracket="1-9",
    industry="professional",
    people=_people(
        "initech.example",
        ("Nora Newell", "owner"),
    ),
    cart=("fieldnote/team", 5, "month", "gbp"),
)
COMPANIES = (ACME, GLOBEX, UMBRELLA, INITECH)
# With a real test key buying needs a person at Stripe's page: one company, with its cart filled in.
SMALL = Company(
    external_id="demo-acme",
    name=ACME.name,
    domain=ACME.domain,
    country=ACME.country,
    employee_bracket=ACME.employee_bracket,
    industry=ACME.industry,
    people=ACME.people[:3],
    cart=("fieldnote/team", 8, "month", "usd"),
)

# Staff: (role as the login list says it, group or "" for a superuser, name).
STAFF = (
    ("admin", "", "Ava Admin"),
    ("support", "support", "Sam Support"),
    ("rep", "rep", "Ria Rep"),
    ("manager", "manager", "Max Manager"),
    ("CSM", "csm", "Cleo Success"),
    ("finance", "finance", "Finn Finance"),
    ("revenue operations", "revenue_operations", "Reva Revenue"),
    ("marketing", "marketing", "Mara Marketing"),
)
