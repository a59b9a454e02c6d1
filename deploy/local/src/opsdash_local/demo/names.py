"""Names and texts of the demo, as plain data."""

from __future__ import annotations

PEOPLE = {
    "maya": "Maya Lindqvist",
    "tomas": "Tomás Herrera",
    "priya": "Priya Raman",
    "jonas": "Jonas Weber",
    "amara": "Amara Diallo",
    "kenji": "Kenji Sato",
    "lena": "Lena Fischer",
    "oliver": "Oliver Grant",
    "ines": "Inês Carvalho",
    "noah": "Noah Bennett",
    "zofia": "Zofia Kowalska",
    "samuel": "Samuel Okoro",
}

# org: name, plate, memberships
ORGS = {
    "brightside": (
        "Brightside Studio",
        "growth",
        {
            "maya": "owner",
            "amara": "admin",
            "tomas": "member",
            "priya": "member",
            "jonas": "member",
            "lena": "viewer",
        },
    ),
    "tidewater": (
        "Tidewater Partners",
        "agency",
        {"kenji": "owner", "maya": "admin", "oliver": "member", "ines": "member", "noah": "viewer"},
    ),
    "pinecrest": (
        "Pinecrest Consulting",
        "sales",
        {"zofia": "owner", "priya": "admin", "samuel": "member", "lena": "member"},
    ),
    "juniper": ("Juniper & Co", "free", {"noah": "owner", "oliver": "member"}),
}

COMPANIES = (
    "Halcyon Labs", "Brightwater Energy", "Casa Verde Hotels", "Fernhill Dental Group", "Kestrel Logistics",
    "Quillstone Press", "Nordlicht Optik", "Atelier Moreau", "Savanna Foods", "Tallgrass Robotics",
    "Harbour & Finch", "Meridian Rail", "Copperline Audio", "Oakhurst Schools", "Vantage Cycling",
    "Bluebird Pharmacy", "Granite Peak Outdoors", "Solène Cosmetics", "Redwood Insurance", "Lighthouse Media",
)  # fmt: skip

FIRST_NAMES = (
    "Elena", "Marcus", "Sofia", "Daniel", "Aoife", "Ravi", "Hannah", "Lucas", "Grace", "Peter",
    "Mei", "Youssef", "Clara", "Dmitri", "Freya", "Ahmed", "Beatriz", "Callum", "Nadia", "Stefan",
)  # fmt: skip

LAST_NAMES = (
    "Petrova",
    "Oyelaran",
    "Castellanos",
    "Kim",
    "Brennan",
    "Menon",
    "Vogel",
    "Moreau",
    "Achieng",
    "Novak",
)

PROJECTS = (
    "Order sync rollout", "Website relaunch", "Client portal", "Billing migration", "Autumn campaign",
    "CRM clean-up", "Mobile app", "Data warehouse", "Onboarding revamp", "Brand refresh",
    "Warehouse integration", "Annual report",
)  # fmt: skip
