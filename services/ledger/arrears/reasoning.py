"""Why a receivable is due when it is, and what follows: its facts as a case for the pure law.

The case is in the fixed format, so anyone can judge it again without this database.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import RowMapping
from sqlmodel import Session

from services.events import REVIEW_NOTE
from services.ledger.access import Viewer
from services.ledger.almanac.service import as_decided, edition
from services.ledger.arrears import case_facts
from services.ledger.arrears.book_case import Json, case_of
from services.ledger.arrears.case_facts import Known
from services.ledger.law.case import explain
from services.ledger.law.values import Almanac
from services.ledger.money import format_fen


class Note(NamedTuple):
    """How facts of the book were put into the case, where the format is narrower than the book."""

    text_zh: str
    text_en: str


NOTES: Final = {
    "INSTALMENT": Note(
        "本案仅为该发票的一期；同一债务分期履行的，诉讼时效自最后一期履行期限届满之日起计算"
        "（民法典第一百八十九条），可能晚于本案所列日期。",
        "The case is of one instalment of its invoice; limitation of a debt in instalments runs"
        " from the last of them (article 189 of the Civil Code), which may be later than shown.",
    ),
    "INTEREST_PAID": Note(
        "已主张的利息以付款先行抵充（民法典第五百六十一条）；本案仅列抵充本金的部分，"
        "抵充利息的付款作为时效中断事实列入。",
        "Payments went to claimed interest first (article 561 of the Civil Code); the case has"
        " what lowered the principal, and the rest as interruptions of limitation.",
    ),
    "COSTS_APART": Note(
        "已主张的实现债权的费用另行记账，付款先行抵充费用（民法典第五百六十一条）；"
        "本案仅列抵充本金的部分。",
        "Claimed costs of enforcement are an account of their own, which payments settle first"
        " (article 561 of the Civil Code); the case has what lowered the principal.",
    ),
    "SEVERAL_INSTRUMENTS": Note(
        "交付了多张票据或者凭证；以最晚到期的一张计。",
        "Several instruments were handed over; the case has the one that matures last.",
    ),
    "PRINCIPAL_AS_POSTED": Note(
        "台账将付款记入本金，未主张利息前不先抵利息；依民法典第五百六十一条先抵利息的结果"
        "见理解 ALLOCATION。",
        "The ledger posts payments to the principal as long as no interest is claimed; what comes"
        " of interest first, under article 561 of the Civil Code, is shown by the reading"
        " ALLOCATION.",
    ),
    "SEVERAL_RECEIPTS": Note(
        "本发票对应多张收货单；期限自全部收货单均已起算时起算，最后起算的一张决定起算日，"
        "在此之前期限不起算。",
        "The invoice names several receipts; the term waits until every one of them has started,"
        " and the one that starts last decides.",
    ),
}


class Question(NamedTuple):
    """A receivable put as a case, with the almanac it is judged by."""

    known: Known
    case: Json
    notes: list[str]
    almanac: Almanac
    almanac_version: int


def reason(
    session: Session, viewer: Viewer, receivable_id: UUID, *, as_of: date, known_at: datetime
) -> Json:
    """Return the facts, the case, its result with readings and trace, and the book's own figures.

    Everything is as of a legal day and as known at an instant, the almanac included, so the same
    question gets the same answer for ever.

    Raises:
        NotFoundError: there is none, or none for this viewer.
        NotYetOpenedError: it was not in the book then.
        LprMissingError: the LPR of a day that counts is not in the almanac.
    """
    question = put(session, viewer, receivable_id, as_of=as_of, known_at=known_at)
    known, notes = question.known, question.notes
    result = explain(question.case, question.almanac)
    if "PRINCIPAL_AS_POSTED" in notes:
        result["trace"] = [_as_posted(step) for step in _steps(result)]
    return {
        "receivable_id": receivable_id,
        "as_of": as_of,
        "known_at": known_at,
        "almanac_version": question.almanac_version,
        "facts": _facts(known),
        "case": question.case,
        "result": result,
        "book": _book(known),
        "notes": [{"id": name, **NOTES[name]._asdict()} for name in notes],
        "note": REVIEW_NOTE,
    }


def put(
    session: Session, viewer: Viewer, receivable_id: UUID, *, as_of: date, known_at: datetime
) -> Question:
    """Return a receivable as a question to the law, as `reason` does, without asking it."""
    known = case_facts.known(session, viewer, receivable_id, as_of=as_of, known_at=known_at)
    case, notes = case_of(known, as_of=as_of)
    claim = known.claim
    almanac, version = _almanac(
        session, claim["signed_on"], decided_by=claim["almanac_version"], known_at=known_at
    )
    return Question(known, case, notes, almanac, version)


def _almanac(
    session: Session, signed_on: date, *, decided_by: int, known_at: datetime
) -> tuple[Almanac, int]:
    """Return the almanac of an instant, as it counts for the contract, and its version."""
    decided = edition(session, version=decided_by)
    now = edition(session, known_at=known_at)
    if now.version < decided_by:
        # Imported history is known before the almanac that its contract was decided by.
        now = decided
    return as_decided(decided, now, signed_on=signed_on), now.version


def _steps(result: Mapping[str, object]) -> list[dict[str, str]]:
    steps = result["trace"]
    assert isinstance(steps, list)
    return steps


def _as_posted(step: dict[str, str]) -> dict[str, str]:
    """Say of the order of allocation that it is the ledger's, not the parties'."""
    return step | {
        "text_zh": step["text_zh"].replace("按约定先抵本金", "按入账先抵本金"),
        "text_en": step["text_en"].replace("as agreed", "as posted"),
    }


def _facts(known: Known) -> Json:
    """Return what the case was put from, as the book has it."""
    claim = known.claim
    return {
        "receivable": {
            "invoice_kind": claim["invoice_kind"],
            "invoice_code": claim["invoice_code"],
            "invoice_number": claim["invoice_number"],
            "issued_on": claim["issued_on"],
            "opened_on": claim["opened_on"],
            "instalment": claim["line"],
            "instalment_kind": claim["line_kind"],
            "currency": claim["currency"],
            "face": format_fen(claim["face_fen"]),
            "agreed_due_on": claim["agreed_due_on"],
        },
        "contract": {
            "id": claim["contract_id"],
            "reference": claim["reference"],
            "signed_on": claim["signed_on"],
            "subject": claim["subject"],
            "settlement": claim["settlement"],
            "debtor": {"name": claim["debtor_name"], "kind": claim["debtor_kind"]},
            "creditor": {
                "name": claim["creditor_name"],
                "size": claim["creditor_size"],
                "evidence": claim["creditor_evidence"],
            },
            "terms": claim["terms"],
        },
        "decision": {
            "applies": claim["applies"],
            "reason": claim["reason"],
            "regime": claim["regime"],
            "term_days": claim["due_term_days"],
            "term_months": claim["due_term_months"],
            "cap_days": claim["due_cap_days"],
            "rest_days_roll": claim["rolls"],
            "flags": claim["flags"],
            "almanac_version": claim["almanac_version"],
        },
        "receipts": [
            {
                **{name: value for name, value in row.items() if name != "receivable_id"},
                "decides": row is known.deciding,
            }
            for row in known.receipts
        ],
        "movements": [_money(row) for row in known.postings],
        "confirmations": [_money(row) for row in known.answers],
        "stated": [_money(row) for row in known.stated],
        "interest_claims": [_money(row) for row in known.interest],
    }


def _money(row: RowMapping) -> Json:
    named = {name: value for name, value in row.items() if name not in {"id", "amount_fen"}}
    amount_fen = row["amount_fen"]
    return {**named, "amount": None if amount_fen is None else format_fen(amount_fen)}


def _book(known: Known) -> Json:
    """Return the book's own figures, as its reports count them, for the reader to compare."""
    row = known.book
    is_open = row["undisputed_fen"] + row["disputed_fen"] > 0
    late = max(0, row["days"] or 0) if is_open else 0
    return {
        "start_on": row["start_on"],
        "due_on": row["due_on"],
        "days_overdue": late,
        "undisputed": format_fen(row["undisputed_fen"]),
        "disputed": format_fen(row["disputed_fen"]),
        "interest": format_fen(_claimed_fen(known, "interest")),
        "costs": format_fen(_claimed_fen(known, "costs")),
        "overdue_undisputed": format_fen(row["undisputed_fen"] if late else 0),
    }


def _claimed_fen(known: Known, account: str) -> int:
    """Return what of claimed interest or costs is neither given up nor paid, fen."""
    fen: int = sum(
        row["amount_fen"] * ((row["debit"] == account) - (row["credit"] == account))
        for row in known.postings
    )
    return fen
