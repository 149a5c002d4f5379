"""Offer the eligible receivables of a day to a platform: reserved in one statement, then written.

The reservation is a posting, so it draws on the same budget as payments, credits and disputes;
the database refuses a receivable offered beyond what is free.
"""

from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR, Viewer
from services.ledger.approvals.gate import require
from services.ledger.approvals.kinds import OFFER, Effect
from services.ledger.errors import LedgerError, NotFoundError
from services.ledger.financing.queries import (
    ELIGIBLE,
    ExportSummary,
    eligible_totals,
    get_export,
)
from services.ledger.ids import new_id
from services.ledger.policy import Relation
from services.ledger.receivables.queries import BOOK, book_parameters


class NothingEligibleError(LedgerError):
    """No receivable may be offered, so there is nothing to export."""

    code = "NOTHING_ELIGIBLE"
    status = 409


class CurrencyAmbiguousError(LedgerError):
    """Several currencies are eligible, and an export has one total in one of them."""

    code = "CURRENCY_AMBIGUOUS"


_PLATFORM: Final = text("SELECT id, code FROM platforms WHERE code = :code")
_ONE_AT_A_TIME: Final = text("SELECT pg_advisory_xact_lock(hashtext('financing.export'))")
_LOCK: Final = text(
    """
    SELECT count(*) FROM (
      SELECT FROM balances k JOIN receivables b ON b.id = k.receivable_id
      WHERE k.confirmed_on IS NOT NULL AND k.receivable_fen > 0 AND k.due_on >= :as_of
        AND (CAST(:anyone AS boolean) OR b.creditor_id = CAST(:viewer AS uuid))
      ORDER BY k.receivable_id FOR UPDATE OF k) locked
    """
)
"""What is free now stays free until it is reserved; a payment meanwhile waits."""
OWN: Final = "(CAST(:anyone AS boolean) OR b.creditor_id = CAST(:viewer AS uuid))"
"""A supplier offers its own claims; the machine itself for all."""
_NOW: Final = text("SELECT clock_timestamp()")
_NUMBER: Final = text(
    "SELECT count(*) + 1 FROM exports WHERE starts_with(reference, CAST(:prefix AS varchar))"
)
_RESERVE: Final = text(
    f"""
    WITH {BOOK}, fit AS (
      SELECT b.id, b.receivable_fen, b.start_on, b.due_on, b.debtor_id, b.creditor_id,
        b.invoice_number, md5('claim:' || :export_id || b.id::varchar)::uuid AS claim_id,
        b.flags || CASE WHEN b.provisional THEN '{{calendar_provisional}}' ELSE '{{}}' END
          ::varchar[] AS flags
      FROM book b WHERE {ELIGIBLE} AND b.currency = :currency AND {OWN}
    ), moved AS (
      SELECT p.receivable_id, p."on",
        CASE p.debit WHEN 'receivable' THEN p.amount_fen ELSE -p.amount_fen END AS fen,
        p.debit = 'cash' AND NOT EXISTS (
          SELECT FROM claims x WHERE x.receivable_id = p.receivable_id) AS uses
      FROM fit f JOIN postings p ON p.receivable_id = f.id
      WHERE 'receivable' IN (p.debit, p.credit) AND p."on" > :as_of
    ), since AS (
      SELECT receivable_id, "on", sum(sum(fen)) OVER days AS fen,
        sum(sum(fen) FILTER (WHERE NOT uses)) OVER days AS unpaid_fen
      FROM moved GROUP BY receivable_id, "on"
      WINDOW days AS (PARTITION BY receivable_id ORDER BY "on")
    ), offered AS (
      SELECT f.*, (f.receivable_fen + least(0, l.fen))::bigint AS fen
      FROM fit f LEFT JOIN (SELECT receivable_id, min(unpaid_fen) AS fen FROM since GROUP BY 1) l
        ON l.receivable_id = f.id
      WHERE f.receivable_fen + least(0, l.fen) > 0
    ), lowest AS (
      SELECT o.id, o.claim_id, s."on", least(0, min(o.receivable_fen - o.fen + s.fen)
        OVER (PARTITION BY o.id ORDER BY s."on")) AS fen
      FROM offered o JOIN since s ON s.receivable_id = o.id
    ), used AS (
      SELECT id, claim_id, "on",
        coalesce(lag(fen) OVER (PARTITION BY id ORDER BY "on"), 0) - fen AS fen
      FROM lowest
    ), claimed AS (
      INSERT INTO claims (receivable_id, id, export_id, platform_id, debtor_id, creditor_id,
        amount_fen, start_on, due_on, "on", known_at, open_fen, confirmed_on, flags)
      SELECT o.id, o.claim_id, :export_id, :platform_id, o.debtor_id, o.creditor_id, o.fen,
        o.start_on, o.due_on, :as_of, :at,
        k.receivable_fen + k.disputed_fen + k.reserved_fen + k.assigned_fen, k.confirmed_on,
        o.flags || CASE WHEN u.claim_id IS NULL THEN '{{}}' ELSE '{{USED_SINCE}}' END::varchar[]
      FROM offered o JOIN balances k ON k.receivable_id = o.id
      LEFT JOIN (SELECT DISTINCT claim_id FROM used WHERE fen > 0) u ON u.claim_id = o.claim_id
    ), posted AS (
      INSERT INTO postings (receivable_id, id, debit, credit, amount_fen, "on", known_at, cause)
      SELECT id, md5('reserve:' || claim_id)::uuid, 'reserved', 'receivable', fen, :as_of, :at,
        claim_id FROM offered
      UNION ALL
      SELECT id, md5('use:' || claim_id || "on")::uuid, 'receivable', 'reserved', fen, "on", :at,
        claim_id FROM used WHERE fen > 0
      RETURNING receivable_id, debit, amount_fen
    ), delta AS (
      SELECT receivable_id,
        sum(CASE debit WHEN 'reserved' THEN amount_fen ELSE -amount_fen END)::bigint AS fen
      FROM posted GROUP BY receivable_id
    ), kept AS (
      UPDATE balances b SET receivable_fen = b.receivable_fen - d.fen,
        reserved_fen = b.reserved_fen + d.fen
      FROM delta d WHERE b.receivable_id = d.receivable_id
    ), appended AS (
      INSERT INTO events (subject_id, id, type, actor, actor_party_id, debtor_id, creditor_id,
        platform_id, data, request_id, occurred_at)
      SELECT id, md5('exported:' || claim_id)::uuid, 'receivable.exported', :actor,
        CAST(:viewer AS uuid), debtor_id, creditor_id, :platform_id,
        jsonb_build_object('invoice_number', invoice_number,
          'currency', CAST(:currency AS varchar), 'platform', CAST(:code AS varchar),
          'export_reference', CAST(:reference AS varchar),
          'amount', to_char(fen::numeric / 100, 'FM9999999999990.00')),
        :request_id, :at
      FROM offered RETURNING subject_id, id
    ), queued AS (
      INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM appended
    )
    INSERT INTO exports (id, platform_id, reference, as_of, currency, count, total_fen,
      recorded_at)
    SELECT :export_id, :platform_id, :reference, :as_of, :currency, count(*), sum(fen), :at
    FROM offered HAVING count(*) > 0
    RETURNING count
    """
)
"""What was free on the day and on every day since. On the first offer, what was paid since is part
of it: what was paid is never free again, what was disputed may be. Each day since on which less
than nothing would be left free uses as much of the reservation up.

So the claims that stand, what is free and what is in dispute stay within the face less credits.
"""


def _only_currency(session: Session, viewer: Viewer, *, as_of: date, at: datetime) -> str:
    totals = eligible_totals(session, viewer, as_of=as_of, known_at=at)
    found = [total.currency for total in totals]
    if len(found) > 1:
        raise CurrencyAmbiguousError(
            f"Receivables in {', '.join(found)} are eligible on {as_of}; name one currency.",
            f"{as_of}有{'、'.join(found)}等币种的合格应收账款；请指定一种币种。",
            field="currency",
        )
    return found[0] if found else "CNY"


def get_platform(session: Session, code: str) -> tuple[UUID, str]:
    """Return a platform's id and code.

    Raises:
        NotFoundError: no platform of that code is registered.
    """
    row = session.connection().execute(_PLATFORM, {"code": code}).one_or_none()
    if row is None:
        raise NotFoundError(
            f"No platform {code!r} is registered; an operator registers it first.",
            f"未登记融资平台{code!r}；请先由运营方登记。",
            field="platform",
        )
    return row.id, row.code


def reserve(
    session: Session,
    viewer: Viewer,
    *,
    platform: str,
    as_of: date,
    currency: str | None = None,
    request_id: str = "",
) -> ExportSummary:
    """Reserve all that is eligible on a day in one currency for a platform, as one export.

    A supplier offers its own claims, the machine itself for all.

    A day in the past is reserved on that day; what was disputed, credited or offered on a day since
    is left out. What was paid since has used the reservation up, and says so in the book and in the
    file; of a receivable that was offered before, it is left out too.

    Args:
        currency: the only one eligible, if absent.

    Raises:
        ApprovalNeededError: others have to approve it first; nothing is reserved then.
        CurrencyAmbiguousError: none was named and several are eligible.
        NothingEligibleError: there is nothing to offer.
        NotFoundError: no such platform.
    """
    viewer.require("exports.make")
    platform_id, code = get_platform(session, platform)
    connection = session.connection()
    connection.execute(_ONE_AT_A_TIME)
    whose = {"anyone": viewer.relation("exports.make") is Relation.ANY, "viewer": viewer.party_id}
    connection.execute(_LOCK, {"as_of": as_of, **whose})
    # Asked after the locks: whatever they waited for is known by now.
    at = connection.execute(_NOW).scalar_one()
    currency = currency or _only_currency(session, viewer, as_of=as_of, at=at)
    prefix = f"EXP-{as_of.isoformat()}-"
    number = connection.execute(_NUMBER, {"prefix": prefix}).scalar_one()
    reference = f"{prefix}{number:04d}"
    parameters = {
        **book_parameters(viewer, as_of=as_of, known_at=at),
        **whose,
        "export_id": new_id(),
        "platform_id": platform_id,
        "code": code,
        "currency": currency,
        "reference": reference,
        "at": at,
        "actor": viewer.name,
        "request_id": request_id,
    }
    effect = Effect(platform_id, {"platform": code}, None, currency)
    return _reserve(session, viewer, parameters, effect)


def _reserve(
    session: Session, viewer: Viewer, parameters: dict[str, Any], effect: Effect
) -> ExportSummary:
    """Reserve, and let it go again if others have to approve: what they approve is this sum."""
    currency, as_of = effect.currency, parameters["as_of"]
    with session.begin_nested():
        if session.connection().execute(_RESERVE, parameters).one_or_none() is None:
            raise NothingEligibleError(
                f"Nothing in {currency} is eligible on {as_of}: confirmed, delivered, not overdue,"
                " unpaid, undisputed and not offered already. 'report eligible' shows each rule.",
                f"{as_of}没有{currency}的合格应收账款"
                "（已确认、已交付、未逾期、未付、无争议、未转让）；可用“report eligible”查看。",
            )
        export = get_export(session, OPERATOR, parameters["reference"])
        facts = {**effect.facts, "rows": str(export.count)}
        whole = replace(effect, facts=facts, amount_fen=export.total_fen)
        require(session, viewer, OFFER, whole)
    return export
