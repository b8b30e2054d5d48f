"""What the landing page says, in the words of schema.org, for search engines."""

from __future__ import annotations

from flask import url_for

from clinic.extensions import site
from clinic.web import addresses, filters, short_answers

Thing = dict[str, object]


def landing(title: str, description: str) -> Thing:
    """Describe the clinic, the page and its short answers, read off what the page shows."""
    home = addresses.whole(url_for("public.landing"))
    graph = [_clinic(home), _page(home, title, description), _answers(home)]
    return {"@context": "https://schema.org", "@graph": graph}


def _clinic(home: str) -> Thing:
    settings = site.settings
    lines = [line for line in settings.clinic_address.split("|") if line]
    address = {"address": ", ".join(lines)} if lines else {}
    return {
        "@type": "MedicalClinic",
        "@id": f"{home}#clinic",
        "name": settings.clinic_name,
        "url": home,
        "telephone": settings.clinic_phone,
        **address,
    }


def _page(home: str, title: str, description: str) -> Thing:
    return {
        "@type": "MedicalWebPage",
        "@id": f"{home}#page",
        "url": home,
        "name": title,
        "description": description,
        "inLanguage": filters.language(),
        "publisher": {"@id": f"{home}#clinic"},
        "audience": {"@type": "MedicalAudience", "audienceType": "Patient"},
        "about": {"@type": "MedicalTherapy", "name": "Dry needling"},
    }


def _answers(home: str) -> Thing:
    return {
        "@type": "FAQPage",
        "@id": f"{home}#answers",
        "inLanguage": filters.language(),
        "mainEntity": [
            {
                "@type": "Question",
                "name": str(one.question),
                "acceptedAnswer": {"@type": "Answer", "text": one.text},
            }
            for one in short_answers.ALL
        ],
    }
