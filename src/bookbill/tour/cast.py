"""Who and what a sandbox company starts with. All invented; addresses end in `.example`."""

from dataclasses import dataclass
from decimal import Decimal

COMPANY = {
    "name": "Bright Home Co.",
    "email": "office@brighthome.example",
    "phone": "+1 514 555 0134",
    "website": "https://brighthome.example",
    "address_line1": "4120 Rue Saint-Denis",
    "address_city": "Montréal",
    "address_region": "QC",
    "address_postal_code": "H2W 2M5",
    "address_country": "CA",
    "colour": "#1f7a63",
    "tax_ids": [
        {"scheme": "GST", "value": "81234 5678 RT0001"},
        {"scheme": "QST", "value": "1021234567 TQ0001"},
    ],
    "terms_and_conditions": {
        "en": "Payment by the due date. Please quote the invoice number with a transfer. Breakages are reported within 48 hours.",
        "fr": "Paiement au plus tard à l’échéance. Indiquez le numéro de facture avec un virement. Tout bris est à signaler dans les 48 heures.",
    },
}
OWNER_EMAIL, OWNER_NAME = "ana@brighthome.example", "Ana Duarte"


@dataclass(frozen=True, slots=True)
class Sold:
    """A service of the catalogue; a visit takes between ``least`` and ``most`` of it."""

    name: str
    unit_price: Decimal
    unit: str = ""
    least: int = 1
    most: int = 1


SERVICES = (
    Sold("Office clean", Decimal("145.00")),
    Sold("Home clean, two hours", Decimal("84.00")),
    Sold("Deep clean", Decimal("265.00")),
    Sold("Window cleaning", Decimal("7.50"), "window", 6, 16),
    Sold("Inside oven", Decimal("35.00")),
    Sold("Carpet shampoo", Decimal("4.25"), "m²", 25, 60),
    Sold("Move-out cleaning", Decimal("320.00")),
)


@dataclass(frozen=True, slots=True)
class Person:
    """A customer, how often they are served (days) and with which services."""

    name: str
    company_name: str = ""
    email: str = ""
    billing_email: str = ""
    always_copy: tuple[str, ...] = ()
    line1: str = ""
    postal_code: str = ""
    language: str = "en"
    every_days: int = 7
    services: tuple[int, ...] = (0,)
    exempt: str = ""
    terms_days: int | None = None


CUSTOMERS = (
    Person("Priya Nair", "Maple Offices Inc.", "priya@maple.example", "ap@maple.example", ("joe@maple.example",), "780 Av. Brewster", "H4C 2K1", every_days=7),
    Person("Julie Tremblay", "", "julie.tremblay@mail.example", "", (), "12 Rue Fabre", "H2G 2Z4", "fr", 14, (1, 4)),
    Person("Ravi Singh", "", "ravi.singh@mail.example", "", (), "2210 Rue Ontario E", "H2K 1V7", "en", 14, (1,)),
    Person("Dr. Hannah Oak", "Oak Dental Clinic", "reception@oakdental.example", "billing@oakdental.example", (), "55 Av. du Mont-Royal O", "H2T 2S3", every_days=7),
    Person("Marc Gagnon", "Lofts du Port", "marc@lofts.example", "comptes@lofts.example", (), "300 Rue de la Commune", "H2Y 2E1", "fr", 7, (0, 3)),
    Person("Petra Cohen", "", "petra.cohen@mail.example", "", (), "4501 Rue Drolet", "H2W 2L7", every_days=21, services=(2,)),
    Person("Miguel Diaz", "", "m.diaz@mail.example", "", (), "1890 Rue Rachel E", "H2H 1R3", every_days=14, services=(1,)),
    Person("Sister Agnes Roy", "Maison Sainte-Claire", "econome@sainteclaire.example", "", (), "900 Rue Sherbrooke E", "H2L 1K9", "fr", 14, (0,), "Registered charity 11922 3344 RR0001"),
    Person("Tom Becker", "Northside Yoga", "hello@northsideyoga.example", "", (), "6201 Rue Saint-Hubert", "H2S 2M1", every_days=7, services=(0,), terms_days=0),
    Person("Aïcha Benali", "Crèche Les Lucioles", "direction@lucioles.example", "", ("compta@lucioles.example",), "77 Rue Beaubien E", "H2S 1R1", "fr", 7, (0, 4), terms_days=30),
    Person("Oliver Bennett", "", "oliver@bennett.example", "", (), "35 Av. Laurier O", "H2T 2N4", every_days=30, services=(6, 3)),
    Person("Grace Lindqvist", "", "grace.l@mail.example", "", (), "1404 Rue Marie-Anne E", "H2J 2C2", every_days=21, services=(5,)),
)  # fmt: skip
