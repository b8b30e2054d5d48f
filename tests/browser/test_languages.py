"""The patient's way in Spanish, and a change of language in the middle of a page."""

from tests.browser.conftest import Seat
from tests.browser.navigators import Patient
from tests.support.open_clinic import OpenClinic


def test_a_patient_asks_in_spanish_and_a_switch_loses_nothing(
    on_postgresql: OpenClinic, seat: Seat
) -> None:
    lupe = seat(
        Patient, on_postgresql, width="phone", name="Lupe Ejemplo", phone="212 555 0146",
        email="lupe.ejemplo@example.com", language="es",
    )  # fmt: skip
    lupe.opens("/")
    lupe.presses("Español")
    assert lupe.page.locator("html").get_attribute("lang") == "es"
    lupe.opens("/request/")
    lupe.introduces_herself()

    lupe.presses("English")
    assert lupe.page.locator("[name=name]").input_value() == lupe.name
    assert lupe.page.locator("[name=birth_date-year]").input_value() == "1980"
    assert lupe.page.locator("[name=phone]").input_value() == lupe.phone
    lupe.presses("Español")
    lupe.goes_on()
    lupe.says_where("neck", hopes="Cargar a mi hijo sin dolor.")

    assert "¿Tiene dolor en el pecho" in lupe.said
    lupe.ticks("rf-fever-infection")
    lupe.chooses("rf-fever-infection.signs", "none")
    assert lupe.box("rf-fever-infection").is_checked()
    lupe.presses("English")
    assert "Do you have chest pain" in lupe.said
    assert lupe.box("rf-fever-infection").is_checked()
    assert lupe.page.locator("[value=none][name='rf-fever-infection.signs']").is_checked()
    lupe.presses("Español")
    lupe.box("rf-fever-infection").uncheck()
    lupe.tells_history(medicines="Omeprazol en la mañana")
    lupe.agrees()
    assert "Omeprazol en la mañana" in lupe.said
    reference = lupe.sends()

    assert reference in on_postgresql.smtp.wait(to=lupe.email)[0].text
