"""What was written with an event: its rows are in the event's leaf, and so are signed with it.

A row belongs to the event of its subject and its transaction: both bear the instant at which that
began. Only columns that never change are named here, and no migration may rewrite one of them.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlmodel import Session


class Rows(NamedTuple):
    """The rows of a table that belong to an event `g`."""

    table: str
    columns: str
    """In this order. Of later forms than the first those of `_PERSONAL` are left out."""
    where: str = "x.receivable_id = g.subject_id AND x.recorded_at = g.recorded_at"


_OWN: Final = "x.id = g.subject_id AND x.recorded_at = g.recorded_at"
_AT: Final = "x.receivable_id = g.subject_id AND x.known_at = g.occurred_at"
_PAID: Final = (
    "x.id IN (SELECT p.cause FROM postings p WHERE p.receivable_id = g.subject_id"
    " AND p.debit = 'cash' AND p.recorded_at = g.recorded_at)"
)
_OFFERED: Final = (
    "x.id IN (SELECT c.export_id FROM claims c WHERE c.receivable_id = g.subject_id"
    " AND c.known_at = g.occurred_at)"
)
FACTS: Final = (
    Rows(
        "receivables",
        "contract_id debtor_id creditor_id invoice_kind invoice_code invoice_number"
        " face_fen currency line line_kind agreed_due_on identity",
        _OWN,
    ),
    Rows("postings", "id debit credit amount_fen cause"),
    Rows("confirmations", "id kind amount_fen"),
    Rows("clock_facts", "id receipt_id kind on since_on"),
    Rows("receivable_receipts", "receipt_id since_on"),
    Rows("payments", "id debtor_id reference amount_fen currency method", _PAID),
    Rows(
        "claims",
        "id export_id platform_id debtor_id creditor_id amount_fen start_on due_on on",
        _AT,
    ),
    Rows("claim_answers", "id claim_id state financed_fen on", _AT),
    Rows(
        "interest_claims",
        "id reading from_on until_on on amount_fen due_on case spans trace_sha256 almanac_version"
        " known_at",
    ),
    Rows("interest_waivers", "id claim_id amount_fen on known_at"),
    Rows("arrears_facts", "id kind on word amount_fen until_on fact_id party_id known_at"),
    Rows(
        "complaints",
        "receivable_id id debtor_id creditor_id amount_fen on known_at",
        "x.receivable_id = g.about_id AND x.id = g.subject_id AND x.recorded_at = g.recorded_at",
    ),
    Rows(
        "complaint_steps",
        "receivable_id id place kind on reason extended_to known_at",
        "x.receivable_id = g.about_id AND x.complaint_id = g.subject_id"
        " AND x.recorded_at = g.recorded_at",
    ),
    Rows(
        "contracts",
        "reference debtor_id creditor_id signed_on subject debtor_kind creditor_size reason"
        " settlement terms applies regime start_rule inspection_days due_term_days due_term_months"
        " due_cap_days rolls flags trace audit creditor_evidence almanac_version known_at",
        _OWN,
    ),
    Rows("parties", "kind domestic region", _OWN),
    Rows(
        "orders",
        "contract_id debtor_id creditor_id reference placed_on amount_fen currency known_at",
        _OWN,
    ),
    Rows(
        "receipts",
        "id receipt_id reference kind on known_at",
        "x.order_id = g.subject_id AND x.recorded_at = g.recorded_at",
    ),
    Rows(
        "repayment_accounts",
        "id sealed valid_from",
        "x.party_id = g.subject_id AND x.recorded_at = g.recorded_at",
    ),
    Rows(
        "exports",
        "platform_id reference as_of currency count total_fen",
        _OFFERED,
    ),
    Rows("approval_rules", "party_id command valid_from holds_for steps expiry_hours", _OWN),
    Rows("approval_substitutes", "party_id principal_id stand_in_id from_on to_on", _OWN),
    Rows("imports", "sha256 profile_sha256 size_bytes faulty_rows summary", _OWN),
    Rows(
        "approval_proposals",
        "party_id role command subject_id amount_fen currency facts digest approvers proposed_by"
        " expires_at",
        "x.id = g.subject_id AND g.type = 'approval.requested'",
    ),
    Rows(
        "approval_votes",
        "user_id party_id seat_id approves",
        "x.proposal_id = g.subject_id AND x.voted_at = g.recorded_at",
    ),
)
"""In this order and by these names for ever: a leaf is made of them. More or fewer tables or
columns want another form."""
FORMS: Final = (1, 2)
"""What events are marked with (`events.form`), the newest last; the oldest have no mark."""
_PERSONAL: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "repayment_accounts": frozenset({"sealed"}),
        "approval_proposals": frozenset({"facts", "digest"}),
    }
)
"""What may have to be erased one day. The event commits to the same, with a salt that goes then;
`insight.told` compares the rows with it."""

_SINCE: Final[Mapping[str, str]] = MappingProxyType({"claims": "open_fen confirmed_on flags"})
"""Columns that leaves have since the second form."""


def columns_of(rows: Rows, form: int) -> list[str]:
    """Return the columns of a table that are in leaves of a form."""
    columns = rows.columns.split()
    if form == 1:
        return columns
    left_out = _PERSONAL.get(rows.table, frozenset())
    return [name for name in columns if name not in left_out] + _SINCE.get(rows.table, "").split()


def _branch(rows: Rows, form: int) -> str:
    columns = ", ".join(f'x."{name}"' for name in columns_of(rows, form))
    return (
        f"SELECT g.position, '{rows.table} ' || jsonb_build_array({columns})::text AS said"
        f" FROM given g JOIN {rows.table} x ON {rows.where}"
    )


_WRITTEN: Final = """
    WITH given AS (
      SELECT * FROM unnest(CAST(:positions AS bigint[]), CAST(:subjects AS uuid[]),
        CAST(:about AS uuid[]), CAST(:types AS varchar[]), CAST(:recorded AS timestamptz[]),
        CAST(:occurred AS timestamptz[]))
        AS g(position, subject_id, about_id, type, recorded_at, occurred_at)
    )
    SELECT position, string_agg(said, E'\\n' ORDER BY said COLLATE "C")
    FROM ({rows}) w GROUP BY position
    """
_OF_FORM: Final = {
    form: text(_WRITTEN.format(rows=" UNION ALL ".join(_branch(rows, form) for rows in FACTS)))
    for form in FORMS
}


def written_with(
    session: Session, events: Sequence[tuple[int, UUID, dict[str, Any]]]
) -> dict[int, str]:
    """Return what was written with each event, by its position: one statement for each form."""
    found: dict[int, str] = {}
    for form in FORMS:
        marked = [one for one in events if one[2].get("form") == form]
        if marked:
            rows = session.connection().execute(_OF_FORM[form], _values(marked))
            found.update((position, said) for position, said in rows)
    return found


def _values(marked: Sequence[tuple[int, UUID, dict[str, Any]]]) -> dict[str, object]:
    return {
        "positions": [position for position, _, _ in marked],
        "subjects": [subject_id for _, subject_id, _ in marked],
        "about": [_about(event["data"].get("receivable_id")) for _, _, event in marked],
        "types": [event["type"] for _, _, event in marked],
        "recorded": [event["recorded_at"] for _, _, event in marked],
        "occurred": [event["occurred_at"] for _, _, event in marked],
    }


def _about(said: object) -> UUID | None:
    try:
        return UUID(said) if isinstance(said, str) else None
    except ValueError:
        return None
