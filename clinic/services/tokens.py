"""Mailed links, mailed codes, and what a browser may open after them.

A link changes nothing and shows nothing by itself. A six-digit code, mailed to the address and
good only in the browser that asked for it, opens the draft or the status page there. The table
holds digests only. Until the address was proved once by a code that was typed in the browser of
the draft, no link leads to a code, so a mistyped address reads nothing.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import CursorResult, case, func, literal, null, or_, select, update

from clinic.access import NotThere
from clinic.extensions import site, vault
from clinic.models import Draft, Instant, Request, Token
from clinic.sealing import fingerprint
from clinic.services import outbox, tracks
from clinic.services.transaction import Work, writes

LINK_BYTES = 24
CODE_DIGITS = 6
DAY = timedelta(days=1)


class TooManyCodes(Exception):
    """This request was mailed as many codes today as the settings allow."""


class NoAddress(Exception):
    """The request has no e-mail address, so nothing can be mailed; we call instead."""


@writes
def mail_code(work: Work, via_id: UUID, *, browser: str) -> None:
    """Mail a new code for this browser; an older one of the same browser ends."""
    request = _entitled(work, via_id, browser)
    if not request.email:
        raise NoAddress
    _refuse_flood(work, request)
    _revoke(work, request.id, "code", browser=fingerprint(browser))
    code = _new_code(work)
    expires_at = work.now + timedelta(minutes=site.settings.code_minutes)
    token = Token(
        purpose="code",
        fingerprint=_code_digest(code, request.id, browser),
        request_id=request.id,
        browser=fingerprint(browser),
        made_at=work.now,
        expires_at=expires_at,
    )
    work.session.add(token)
    outbox.enqueue(
        work,
        "code",
        to=request.email,
        language=request.language,
        dedupe_key=f"{request.id.hex}:code:{token.id.hex}",
        request_id=request.id,
        useless_after=expires_at,
        code=code,
        minutes=site.settings.code_minutes,
    )
    work.audit("code.mailed", "request", request.id)


@writes
def enter_code(
    work: Work, via_id: UUID, *, browser: str, code: str, mail_link: bool = False
) -> bool:
    """Spend the code; open the draft or the status page in this browser, or say no."""
    request = _entitled(work, via_id, browser)
    if not _spend(work, request, browser=browser, code=code):
        work.audit("code.refused", "request", request.id)
        return False
    if request.email_proved_at is None:
        request.email_proved_at = work.now
    open_in(work, request, browser)
    if mail_link:
        _mail_resume_link(work, request)
    work.audit("code.accepted", "request", request.id)
    return True


@writes
def leave(work: Work, *, browser: str) -> None:
    """End whatever is open in this browser, for a device that others use too."""
    held = (
        update(Token)
        .where(
            Token.purpose.in_(("draft_browser", "status_browser")),
            Token.fingerprint == fingerprint(browser),
            Token.revoked_at.is_(None),
        )
        .values(revoked_at=work.now)
        .execution_options(synchronize_session=False)
    )
    left = work.session.execute(held)
    if isinstance(left, CursorResult) and left.rowcount:  # nothing was open: nothing to write down
        work.audit("browser.left", "browser", None)


def open_in(work: Work, request: Request, browser: str) -> None:
    """Let this browser open the draft while there is one, and the status page once it is sent."""
    draft = work.session.scalar(select(Draft.id).where(Draft.request_id == request.id))
    if draft is not None:
        grant(work, request.id, "draft_browser", browser)
    if request.sent_at is not None:
        grant(work, request.id, "status_browser", browser)


def grant(work: Work, request_id: UUID, purpose: str, browser: str) -> None:
    """Let this browser open one request for the idle time from now on; renew an older grant."""
    expires_at = work.now + timedelta(minutes=site.settings.draft_idle_minutes)
    renewed = work.session.execute(
        update(Token)
        .where(
            Token.purpose == purpose,
            Token.fingerprint == fingerprint(browser),
            Token.request_id == request_id,
            Token.revoked_at.is_(None),
            Token.expires_at > work.now,
        )
        .values(expires_at=expires_at)
        .execution_options(synchronize_session=False)
    )
    if isinstance(renewed, CursorResult) and renewed.rowcount:
        return
    work.session.add(
        Token(
            purpose=purpose,
            fingerprint=fingerprint(browser),
            request_id=request_id,
            browser=fingerprint(browser),
            made_at=work.now,
            expires_at=expires_at,
        )
    )


def issue_link(
    work: Work,
    request: Request,
    *,
    expires_at: datetime | None = None,
    offer_id: UUID | None = None,
) -> str:
    """Make the address of a new link for a letter; the links mailed before it end.

    The link of an offer ends with the offer, and may never be mailed if that is answered by phone
    first. So it ends only the links of other offers; the lasting one stays good beside it.
    """
    _revoke(work, request.id, "link", of_offers=offer_id is not None)
    secret = urlsafe_b64encode(work.random(LINK_BYTES)).decode("ascii")
    work.session.add(
        Token(
            purpose="link",
            fingerprint=fingerprint(secret),
            request_id=request.id,
            offer_id=offer_id,
            made_at=work.now,
            expires_at=expires_at or work.now + timedelta(days=site.settings.link_days),
        )
    )
    return f"{site.settings.public_base_url.rstrip('/')}/r/{secret}"


def forget_address(work: Work, request: Request) -> None:
    """End what was mailed to an address that is not the patient's any more."""
    request.email_proved_at = None
    _revoke(work, request.id, "link")
    _revoke(work, request.id, "code")


def _mail_resume_link(work: Work, request: Request) -> None:
    draft = work.session.scalar(select(Draft).where(Draft.request_id == request.id))
    if draft is None or not request.email:
        return
    outbox.enqueue(
        work,
        "resume_link",
        to=request.email,
        language=request.language,
        dedupe_key=f"{request.id.hex}:resume_link:{work.random(8).hex()}",
        request_id=request.id,
        useless_after=draft.expires_at,
        link=issue_link(work, request, expires_at=draft.expires_at),
        days=site.settings.draft_days,
    )


def _entitled(work: Work, via_id: UUID, browser: str) -> Request:
    """Return the request that a live link, or this browser's own grant, may ask a code for.

    The browser's own grant counts after it has lapsed too: that is how a draft that lay idle is
    opened again where it was written.
    """
    via = work.session.get(Token, via_id)
    if via is None or via.request_id is None or via.revoked_at is not None:
        raise NotThere
    request = tracks.load(work, via.request_id)
    if via.purpose == "link":
        if via.expires_at <= work.now or request.email_proved_at is None:
            raise NotThere
    elif via.purpose == "code" or via.browser != fingerprint(browser):
        raise NotThere
    return request


def _spend(work: Work, request: Request, *, browser: str, code: str) -> bool:
    """Count one try and spend the code if it is the right one: one conditional UPDATE."""
    digest = _code_digest(code, request.id, browser)
    spent = (
        update(Token)
        .where(
            Token.purpose == "code",
            Token.request_id == request.id,
            Token.browser == fingerprint(browser),
            Token.used_at.is_(None),
            Token.revoked_at.is_(None),
            Token.expires_at > work.now,
            Token.tries < site.settings.code_tries,
        )
        .values(
            tries=Token.tries + 1,
            used_at=case((Token.fingerprint == digest, literal(work.now, Instant())), else_=null()),
        )
        .returning(Token.used_at)
        .execution_options(synchronize_session=False)
    )
    return any(used_at is not None for used_at in work.session.scalars(spent).all())


def _refuse_flood(work: Work, request: Request) -> None:
    """Count the codes of every request with this address, so that nobody's mailbox is filled."""
    same = or_(Request.id == request.id, Request.email_digest == request.email_digest)
    query = (
        select(func.count())
        .select_from(Token)
        .join(Request, Request.id == Token.request_id)
        .where(Token.purpose == "code", Token.made_at > work.now - DAY, same)
    )
    if (work.session.scalar(query) or 0) >= site.settings.codes_per_day:
        raise TooManyCodes


def _revoke(
    work: Work,
    request_id: UUID,
    purpose: str,
    *,
    browser: bytes | None = None,
    of_offers: bool = False,
) -> None:
    older = update(Token).where(
        Token.purpose == purpose, Token.request_id == request_id, Token.revoked_at.is_(None)
    )
    if of_offers:
        older = older.where(Token.offer_id.is_not(None))
    if browser is not None:
        older = older.where(Token.browser == browser)
    work.session.execute(
        older.values(revoked_at=work.now).execution_options(synchronize_session=False)
    )


def _new_code(work: Work) -> str:
    return f"{int.from_bytes(work.random(8), 'big') % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


def _code_digest(code: str, request_id: UUID, browser: str) -> bytes:
    return vault.ring.digest("code", f"{request_id.hex}\0{browser}\0{code}")
