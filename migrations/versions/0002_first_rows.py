"""The four roles, and the head of an empty audit trail."""

from __future__ import annotations

from uuid import NAMESPACE_DNS, uuid5

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

ROLES = ("front_desk", "therapist", "lead_therapist", "admin")
ROLE = sa.table("role", sa.column("id", sa.Uuid), sa.column("name", sa.String))
HEAD = sa.table(
    "audit_head",
    sa.column("id", sa.Integer),
    sa.column("count", sa.BigInteger),
    sa.column("hash", sa.LargeBinary),
)


def upgrade() -> None:
    connection = op.get_bind()
    there = set(connection.scalars(sa.select(ROLE.c.name)))
    new = [{"id": _id(name), "name": name} for name in ROLES if name not in there]
    if new:
        connection.execute(sa.insert(ROLE), new)
    if connection.scalar(sa.select(sa.func.count()).select_from(HEAD)) == 0:
        connection.execute(sa.insert(HEAD).values(id=1, count=0, hash=b"\0" * 32))


def downgrade() -> None:
    """Leave the rows: staff would lose their roles, and the trail its head."""


def _id(name: str) -> object:
    return uuid5(NAMESPACE_DNS, f"{name}.role.needlepoint")
