"""``clinic routes``: every endpoint, its methods and its policy."""

from __future__ import annotations

import json
from collections.abc import Callable

import click
from flask import Flask

from clinic.web import guards


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def routes(make_app: Callable[[], Flask], as_json: bool) -> None:  # noqa: FBT001 - click's way
    """List every route with its policy."""
    rows = [
        {"endpoint": endpoint, "rule": rule, "methods": list(methods), "policy": policy.name}
        for endpoint, rule, methods, policy in guards.routes(make_app())
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{','.join(row['methods']):10} {row['rule']:48} {row['policy']}")


COMMANDS = (routes,)
