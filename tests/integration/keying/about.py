"""Who calls."""

from datetime import date

from clinic.services.drafting import About

CALLER = About(
    name="Cora Caller-Example",
    birth_date=date(1980, 4, 2),
    phone="+15555550142",
    email=None,
    channel="phone",
    answered_by="patient",
    language="en",
)
