"""Over https, as a clinic is reached: forms work under our referrer policy, cookies are guarded."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.support import certificates, databases, open_clinic
from tests.support.browser import visitor


@pytest.mark.proves("HDR-3", "SES-1")
def test_forms_are_sent_over_https_and_nothing_is_told_to_other_sites(
    chromium: Browser, tmp_path: Path
) -> None:
    authority = certificates.make_authority(tmp_path)
    certificate = certificates.server_file(authority, tmp_path, "localhost")

    with (
        databases.fresh_database("sqlite") as url,
        open_clinic.running_on(
            url, workers=1, with_worker=False, certificate=certificate
        ) as clinic,
        visitor(chromium, clinic.address, ignore_https_errors=True) as guest,
    ):
        sent: list[dict[str, str]] = []
        guest.page.on(
            "request", lambda asked: sent.append(asked.headers) if asked.method == "POST" else None
        )
        page = guest.open("/staff/")
        page.fill("[name=email]", clinic.staff["desk"].email)
        page.fill("[name=password]", clinic.staff["desk"].password)
        page.get_by_role("button", name="Continue").click()
        page.wait_for_selector("[name=code]")

        assert sent[0]["referer"].startswith(clinic.address)
        cookies = {cookie["name"]: cookie for cookie in guest.context.cookies()}
        session = next(one for name, one in cookies.items() if name.startswith("__Host-"))
        assert (session["secure"], session["httpOnly"]) == (True, True)

        policy = page.request.get(clinic.address + "/staff/").headers["referrer-policy"]
        assert policy == "same-origin"
