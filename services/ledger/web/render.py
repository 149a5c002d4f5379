"""Templates: strict, always escaped, with the few filters that pages need."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.ledger.clock import SHANGHAI
from services.ledger.money import format_fen

_HERE: Final = Path(__file__).parent
STYLE: Final = _HERE.joinpath("static", "console.css").read_bytes()
STYLE_URL: Final = f"/static/console.css?v={hashlib.sha256(STYLE).hexdigest()[:12]}"


def grouped(amount: str) -> str:
    """Return a decimal string with a comma between thousands.

    >>> grouped("-1234567.50")
    '-1,234,567.50'
    """
    whole, point, cents = amount.partition(".")
    digits = whole.removeprefix("-")
    return f"{whole[: len(whole) - len(digits)]}{int(digits):,}{point}{cents}"


def money(fen: int) -> str:
    """Return an amount in fen as people read it.

    >>> money(123456789)
    '1,234,567.89'
    """
    return grouped(format_fen(fen))


def moment(at: datetime) -> str:
    """Return an instant as the clock in China showed it, to the minute."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE.joinpath("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(money=money, plain=format_fen, moment=moment, count="{:,}".format)
    made.globals["style_url"] = STYLE_URL
    return made


_TEMPLATES: Final = _environment()


def html(template: str, context: dict[str, object]) -> str:
    """Return a page; a name the template asks for and does not get is our own bug."""
    return _TEMPLATES.get_template(template).render(context)
