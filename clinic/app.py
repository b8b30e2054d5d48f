"""Makes the app: settings, extensions, blueprints, headers, errors; and the console script."""

from __future__ import annotations

import importlib
import sys
from functools import cache
from pathlib import Path
from typing import Any

import click
from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix
from whitenoise import WhiteNoise

from clinic import config, contact
from clinic.config import Settings
from clinic.extensions import babel, csrf, db, engine_options, mail, site, vault
from clinic.queries import settings as stored_settings
from clinic.screening import lint, questionnaire, rules, source
from clinic.screening.source import BrokenData
from clinic.sealing import UnfitKey, read_ring
from clinic.web import (
    addresses,
    errors,
    filters,
    guards,
    headers,
    limits,
    logs,
    security,
    sessions,
)
from clinic.web.packing import Packing

BLUEPRINTS = (
    "public",
    "request",
    "returning",
    "status",
    "appointment",
    "desk",
    "keying",
    "offers",
    "visits",
    "letters",
    "calendars",
    "therapist",
    "comparing",
    "asking",
    "asked",
    "enquiries",
    "enquiry_desk",
    "alerts",
    "confirming",
    "security",
    "account",
    "settings",
    "places",
    "texts",
    "users",
    "rulesets",
    "missed",
    "health",
)
COMMANDS = (
    "screening",
    "rules_diff",
    "database",
    "outbox",
    "audit",
    "keys",
    "retention",
    "erase",
    "backup",
    "restore",
    "worker",
    "users",
    "places",
    "check",
    "setup",
    "demo",
    "seed",
    "mailbox",
    "routes",
)


def create_app(settings: Settings | None = None) -> Flask:
    """Make the app from the settings, or raise UnfitSettings; a route without a policy fails."""
    settings = settings or config.load()
    _require_sound_rules()
    # A relative database file is the same one for pages, commands and migrations.
    app = Flask("clinic", instance_path=str(Path.cwd()))
    _bind(settings)
    app.config.update(_flask_config(settings))
    db.init_app(app)
    csrf.init_app(app)
    mail.init_app(app)
    babel.init_app(app, locale_selector=filters.select_language)
    app.before_request(_refresh_settings)
    for part in (logs, sessions, security, limits, filters, addresses, errors):
        part.init_app(app)
    guards.init_app(app)
    for module in _modules("blueprints", BLUEPRINTS):
        app.register_blueprint(module.blueprint)
    guards.declare("static", guards.PUBLIC)
    guards.check(app)
    _wrap(app, settings)
    return app


def _refresh_settings() -> None:
    """Let every page see what an admin changed in any process; some pages need no settings."""
    if request.endpoint not in ("static", "health.alive"):
        stored_settings.refresh()


def _app_for_command() -> Flask:
    """Make the app with the settings that are in force when the command begins."""
    app = create_app()
    with app.app_context():
        if Path(db.engine.url.database or "").exists() or db.engine.dialect.name != "sqlite":
            stored_settings.refresh()
    return app


def _modules(package: str, names: tuple[str, ...]) -> list[Any]:
    return [importlib.import_module(f"clinic.{package}.{name}") for name in names]


@cache
def _require_sound_rules() -> None:
    """Raise BrokenData, with file and line, before anybody can be screened by broken data."""
    lint.refuse(source.read_folder())
    for language in questionnaire.LANGUAGES:
        questionnaire.shipped(language)
    rules.shipped_rules()


def _bind(settings: Settings) -> None:
    try:
        ring = read_ring(settings.data_keys, settings.lookup_key, settings.audit_key)
    except UnfitKey as error:
        raise config.UnfitSettings([str(error)]) from error
    try:
        contact.phone(settings.clinic_phone)
    except contact.UnfitPhone as error:
        said = f"{config.PREFIX}CLINIC_PHONE is no phone number that can be dialed"
        raise config.UnfitSettings([said]) from error
    vault.bind(ring)
    site.bind(settings)


def _flask_config(settings: Settings) -> dict[str, object]:
    return {
        "SECRET_KEY": settings.secret_key,
        "SQLALCHEMY_DATABASE_URI": settings.database_url,
        "SQLALCHEMY_ENGINE_OPTIONS": engine_options(settings.database_url),
        "TRUSTED_HOSTS": settings.hosts,
        "MAX_CONTENT_LENGTH": headers.MAX_BODY,
        "MAX_FORM_PARTS": 1000,
        "MAX_FORM_MEMORY_SIZE": headers.MAX_BODY,
        "WTF_CSRF_TIME_LIMIT": None,  # as long as the session
        "WTF_CSRF_SSL_STRICT": settings.secure,
        "BABEL_DEFAULT_LOCALE": "en",
        "BABEL_TRANSLATION_DIRECTORIES": "translations",
        "MAIL_SERVER": settings.smtp_host,
        "MAIL_PORT": settings.smtp_port,
        "MAIL_USE_TLS": settings.smtp_security == "starttls",
        "MAIL_USE_SSL": settings.smtp_security == "tls",
        "MAIL_USERNAME": settings.smtp_username or None,
        "MAIL_PASSWORD": settings.smtp_password or None,
        "MAIL_DEFAULT_SENDER": settings.mail_from,
    }


def _wrap(app: Flask, settings: Settings) -> None:
    files = WhiteNoise(
        app.wsgi_app, root=str(filters.STATIC), prefix="static/", allow_all_origins=False
    )
    wrapped = headers.Shield(
        Packing(files), secure=settings.secure, phone=lambda: site.settings.clinic_phone
    )
    hops = settings.proxy_hops
    if hops:
        proxied = ProxyFix(wrapped, x_for=hops, x_proto=hops, x_host=0, x_port=0, x_prefix=0)
        app.wsgi_app = proxied  # type: ignore[method-assign]  # the documented way to wrap
    else:
        app.wsgi_app = wrapped  # type: ignore[method-assign, assignment]  # the documented way to wrap


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def clinic(context: click.Context) -> None:
    """Needlepoint: intake and appointment requests for dry-needling clinics."""
    context.obj = _app_for_command  # commands make the app only if they need it


def _add_commands() -> None:
    for module in _modules("commands", COMMANDS):
        for command in module.COMMANDS:
            clinic.add_command(command)


def main() -> None:
    """Run the console script; unfit settings are told line by line, without a traceback."""
    _add_commands()
    try:
        clinic(prog_name="clinic")
    except config.UnfitSettings as error:
        for problem in error.problems:
            click.echo(f"clinic: {problem}", err=True)
        sys.exit(2)
    except BrokenData as error:
        click.echo(f"clinic: {error}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
