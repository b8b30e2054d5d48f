"""What the desk reads out on the phone where no letter goes: in the patient's language.

Times and what to do; never a condition, an answer or a reason. The sentences say no more than
the letter would, or the patient's own page.
"""

from __future__ import annotations

from flask_babel import force_locale
from flask_babel import gettext as _

from clinic import contact
from clinic.booking import calendar
from clinic.extensions import site
from clinic.queries.requests import RequestPage, Visit

SAID_WITH = ("new", "in_contact", "waiting", "ready_to_offer")  # the therapist's word is told then


def script(page: RequestPage) -> list[str]:
    """List the sentences to read out to the patient of a request as it stands now."""
    with force_locale(page.language):
        lines = [
            _("This is %(clinic)s. I am calling about your request.", clinic=_clinic()),
            _("Your reference is %(reference)s.", reference=page.reference),
            *_standing(page),
            _("You can call us at %(phone)s.", phone=_number()),
        ]
        return [str(line) for line in lines]


def _standing(page: RequestPage) -> list[str]:
    held = sorted(
        (one for one in page.visits if one.state == "held"), key=lambda one: one.starts_at
    )
    if held:
        return _offered(page, held)
    if page.booked:
        return [
            _("Your appointment is on %(when)s, at %(place)s.", **_spoken(page, page.booked)),
            _("If you cannot come, please call us."),
        ]
    said = [_desk(page)] if page.desk_state != "closed" else [_("Your request is closed.")]
    if page.desk_state == "closed":
        said.append(_("If you still want care, call us and we will open it again."))
    return said + (_decided(page) if page.desk_state in SAID_WITH else [])


def _offered(page: RequestPage, held: list[Visit]) -> list[str]:
    times = [_("%(when)s, at %(place)s", **_spoken(page, one)) for one in held]
    if len(times) == 1:
        lines = [_("We are holding a time for you: %(time)s.", time=times[0])]
    else:
        lines = [_("We are holding these times for you. Which one suits you?"), *times]
    by = held[0].answer_by
    if by is not None:
        when = calendar.spoken(by, held[0].zone, page.language)
        lines.append(_("We need your answer by %(when)s.", when=when))
    return lines


def _desk(page: RequestPage) -> str:
    if page.desk_state == "ready_to_offer":
        return str(_("We can look for a time for you now. When can you come?"))
    return str(_("We have your request, and we will call you when there is news."))


def _decided(page: RequestPage) -> list[str]:
    said = {
        "needs_review": _("A therapist reads your answers first."),
        "more_information": _("A therapist has a question for you."),
        "referred": _("A therapist asks you to see a doctor first. We can help you plan that."),
        "delayed": _("A therapist asks you to wait a while. You can come for other care now."),
        "no_needling": _("A therapist suggests other care. We can find a visit that fits."),
    }
    lines = [str(said[page.clinical_state])] if page.clinical_state in said else []
    if page.clinical_state == "more_information":
        lines.append(str(_("When is a good time for a therapist to call you?")))
    return lines


def _spoken(page: RequestPage, visit: Visit) -> dict[str, str]:
    when = calendar.spoken(visit.starts_at, visit.zone, page.language)
    return {"when": when, "place": visit.place}


def _clinic() -> str:
    return site.settings.clinic_name


def _number() -> str:
    return contact.phone(site.settings.clinic_phone).display
