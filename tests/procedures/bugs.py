"""Bugs planted by hand, each of a kind that has been seen; the machine must find every one."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import text

from services.ledger.financing import answering, exporting
from services.ledger.journal import service as journal
from services.ledger.log import service as log
from services.ledger.payments import service as payments
from services.ledger.receivables import repeats, service

Patch = pytest.MonkeyPatch
BUGS: dict[str, Callable[[Patch], None]] = {}


def _bug(name: str) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    def named(plant: Callable[[Patch], None]) -> Callable[[Patch], None]:
        BUGS[name] = plant
        return plant

    return named


def _rewrite(patch: Patch, module: Any, name: str, old: str, new: str) -> None:
    statement = str(getattr(module, name))
    assert old in statement, f"{name} says {old!r} no more; plant the bug anew"
    patch.setattr(module, name, text(statement.replace(old, new)))


@_bug("dispute held twice")
def _(patch: Patch) -> None:
    """A retry is not recognised."""
    patch.setattr(service, "posted_before", lambda *_: False)


@_bug("other content under a known id")
def _(patch: Patch) -> None:
    _rewrite(patch, repeats, "_POSTED", "amount_fen FROM", "amount_fen + 0 FROM")
    patch.setattr(service, "posted_before", _any_posting)


def _any_posting(session: Any, receivable_id: Any, act_id: Any, _: Any) -> bool:
    values = {"receivable_id": receivable_id, "id": act_id}
    return bool(list(session.connection().execute(repeats._POSTED, values)))


@_bug("refusal finances")
def _(patch: Patch) -> None:
    """What a platform refused stays with it."""
    _rewrite(
        patch,
        answering,
        "_TAKE_IN",
        "CASE state WHEN 'FINANCED' THEN 'assigned' ELSE 'receivable' END",
        "'assigned'",
    )


@_bug("unconfirmed is offered")
def _(patch: Patch) -> None:
    _rewrite(patch, exporting, "_RESERVE", "b.confirmed_on IS NOT NULL AND", "")


@_bug("balance forgets interest")
def _(patch: Patch) -> None:
    """The balance beside the postings is not moved with one of its accounts."""
    old = "interest_fen = b.interest_fen + d.interest_fen"
    _rewrite(patch, journal, "_RECORD", old, "interest_fen = b.interest_fen")


@_bug("disputed is paid first")
def _(patch: Patch) -> None:
    patch.setattr(payments, "ORDER", tuple(reversed(payments.ORDER)))


@_bug("an event is lost")
def _(patch: Patch) -> None:
    told = payments._entries
    patch.setattr(payments, "_entries", lambda *given: told(*given)[:1])


@_bug("a position is skipped")
def _(patch: Patch) -> None:
    old = "coalesce(max(position), 0)"
    _rewrite(patch, log, "_SEAL", old, "coalesce(max(position) + 1, 0)")
