"""Who runs a command: somebody with an account on this machine, as an admin of the clinic."""

from __future__ import annotations

import getpass
import re

from clinic.access import Actor, ActorKind, Role


def operator() -> Actor:
    """Return the person at the command line; the trail names their account on this machine."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # no such account, as in some containers
        account = "unknown"
    account = re.sub(r"[^A-Za-z0-9_.-]", "_", account)[:40]
    return Actor(ActorKind.COMMAND, roles=frozenset({Role.ADMIN}), trace=f"command:{account}")
