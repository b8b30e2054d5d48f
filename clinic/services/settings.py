"""Settings that an admin changes on a page, each change with who and when; never a secret."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select

from clinic import effective
from clinic.access import NotThere, Permission
from clinic.extensions import site
from clinic.models import ClinicSetting, User
from clinic.services import transaction
from clinic.services.transaction import ChangedUnderneath, Work, writes

# Of two who change a setting for the first time, one meets the other's row.
transaction.tell("clinic_setting", ChangedUnderneath)


@writes
def change(work: Work, group: str, *, values: Mapping[str, str], seen: int) -> tuple[str, ...]:
    """Store what differs in one group, and name it; raise UnfitValue if any cannot be."""
    work.actor.require(Permission.MANAGE_SETTINGS)
    rows = _locked(work, effective.group(group))
    if sum(row.version for row in rows.values()) != seen:
        raise _changed(work, rows)
    changed = []
    for name in effective.group(group):
        if name in values and _set(work, name, rows.get(name), values[name]):
            changed.append(name)
    if changed:
        work.audit("setting.changed", "setting", None, names=changed)
    return tuple(changed)


@writes
def put_back(work: Work, name: str, *, seen: int) -> None:
    """Return a setting to the value that it had before; done twice, it is as it was."""
    work.actor.require(Permission.MANAGE_SETTINGS)
    row = _locked(work, (name,)).get(name)
    if row is None:
        raise NotThere
    if row.version != seen:
        raise _changed(work, {name: row})
    row.value, row.previous = row.previous, row.value
    row.changed_at, row.changed_by_id = work.now, work.actor.id
    work.audit("setting.put_back", "setting", None, names=[name])


@writes
def clear(work: Work, *names: str) -> None:
    """Empty some settings in one tap, such as the banner that says that the clinic is closed."""
    work.actor.require(Permission.MANAGE_SETTINGS)
    rows = _locked(work, names)
    cleared = [name for name in names if _set(work, name, rows.get(name), "")]
    if cleared:
        work.audit("setting.changed", "setting", None, names=cleared)


def _set(work: Work, name: str, row: ClinicSetting | None, text: str) -> bool:
    """Store one value if it differs from the one in force."""
    value = str(effective.read(name, text))
    before = row.value if row is not None else None
    present = before if before is not None else str(getattr(site.start, name))
    if value in (present, _as_a_page_keeps(name, present)):
        return False
    if row is None:
        row = ClinicSetting(name=name)
        work.session.add(row)
    row.value, row.previous = value, before
    row.changed_at, row.changed_by_id = work.now, work.actor.id
    return True


def _as_a_page_keeps(name: str, value: str) -> str:
    """Give a value of the start in the form in which a page keeps it: a phone number, say."""
    try:
        return str(effective.read(name, value))
    except effective.UnfitValue:
        return value


def _locked(work: Work, names: tuple[str, ...]) -> dict[str, ClinicSetting]:
    query = (
        select(ClinicSetting)
        .where(ClinicSetting.name.in_(names))
        .order_by(ClinicSetting.name)
        .with_for_update()
    )
    return {row.name: row for row in work.session.scalars(query)}


def _changed(work: Work, rows: Mapping[str, ClinicSetting]) -> ChangedUnderneath:
    latest = max(rows.values(), key=lambda row: row.changed_at, default=None)
    if latest is None:
        return ChangedUnderneath()
    who = work.session.get(User, latest.changed_by_id) if latest.changed_by_id else None
    return ChangedUnderneath(who.display_name if who else "", latest.changed_at)
