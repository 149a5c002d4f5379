"""Take contracts: what each says about payment, in the words of the HTTP interface."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping
from sqlmodel import Session

from services.ledger.almanac.service import Edition, edition
from services.ledger.errors import LedgerError
from services.ledger.intake.desk import Desk, numbered
from services.ledger.intake.sizes import SAID, UNSOUND, size_of
from services.ledger.law.industry import IndustryError
from services.ledger.law.values import LprMissingError
from services.ledger.log.service import append
from services.ledger.orders.audit import decide_contract
from services.ledger.orders.entries import of_contract
from services.ledger.orders.models import Contract
from services.ledger.orders.terms import TERM_KEYS, SizeContradictedError

_CELLS: Final = {
    "day_basis": "CAST(s.day_basis AS integer)",
    "instrument": """CASE WHEN s.instrument IS NOT NULL THEN jsonb_build_object(
      'kind', s.instrument, 'tenor_months', s.instrument_months) END""",
}
"""The terms that are not one cell as it is."""
_TERMS: Final = f"""jsonb_strip_nulls(jsonb_build_object(
    {", ".join(f"'{key}', {_CELLS.get(key, f's.{key}')}" for key in TERM_KEYS)}))"""
_CLAUSES: Final = """(SELECT coalesce(jsonb_object_agg(key, value), '{{}}') FROM jsonb_each({terms})
    WHERE value <> 'false' OR key IN ('rest_days_roll', 'noncash_consent'))"""
"""Terms to compare: of the other clauses, to say that there is none is to say nothing."""
_SAME: Final = f"""(s.signed_on, s.subject, s.settlement, {_CLAUSES.format(terms=_TERMS)})"""
_PARTIES: Final = """
    JOIN party_identifiers d ON d.scheme = :scheme AND d.value = s.debtor
    JOIN party_identifiers k ON k.scheme = :scheme AND k.value = s.creditor"""
_KNOWN: Final = """contracts c ON c.reference = s.contract AND c.debtor_id = d.party_id
      AND c.creditor_id = k.party_id"""
_FRESH: Final = f"""
    SELECT DISTINCT ON (s.contract, d.party_id, k.party_id) s.line, s.contract, d.party_id
      AS debtor_id, k.party_id AS creditor_id, s.signed_on, s.subject, s.settlement,
      {_TERMS} AS terms, s.debtor_kind AS stated_kind, s.creditor_size AS stated_size,
      {SAID} AS evidence,
      coalesce(s.debtor_kind, p.kind) AS debtor_kind,
      coalesce(s.creditor_size, q.kind) AS creditor_size,
      p.domestic AND q.domestic AS domestic, coalesce(s.known_at, now()) AS known_at
    FROM in_contract s {_PARTIES}
    JOIN parties p ON p.id = d.party_id JOIN parties q ON q.id = k.party_id
    LEFT JOIN {_KNOWN}
    WHERE c.id IS NULL
    ORDER BY s.contract, d.party_id, k.party_id, s.line"""
_RATES: Final = "s.agreed_annual_rate_percent, s.agreed_daily_rate_percent"
_UNSOUND: Final = (
    ("term_months", "TERM_TWICE", "num_nonnulls(s.term_days, s.term_months) = 2"),
    ("agreed_daily_rate_percent", "RATE_TWICE", f"num_nonnulls({_RATES}) = 2"),
    (
        "penalty_cap_percent",
        "CAP_ALONE",
        f"s.penalty_cap_percent IS NOT NULL AND num_nonnulls({_RATES}, s.penalty_percent) = 0",
    ),
    (
        "instrument",
        "INSTRUMENT_INCOMPLETE",
        "num_nonnulls(s.instrument, s.instrument_months) = 1 OR s.instrument_months = 0",
    ),
    ("framework_signed_on", "FRAMEWORK_LATER", "s.framework_signed_on > s.signed_on"),
    *UNSOUND,
)
"""What a contract cannot say: the field that is told, the code, and which rows say it."""
_FIELD: Final = {
    "LPR_MISSING": "signed_on",
    "INDUSTRY_UNKNOWN": "creditor_industry",
    "SIZE_CONTRADICTED": "creditor_size",
}
"""The field that is told where the law refuses."""


def take_contracts(desk: Desk, session: Session) -> None:
    """Register the contracts of the file, each with what the law at signing makes of it.

    By the almanac as the installation knows it now, as contracts that are registered singly.
    """
    if not desk.staged["contract"]:
        return
    _refuse(desk)
    known = edition(session)
    contracts = list(_decided(desk, known))
    session.add_all(one for one, _ in contracts)
    session.flush()
    told = [
        of_contract(
            one,
            desk.viewer,
            kind_stated=row["stated_kind"] is not None,
            size_stated=row["stated_size"] is not None,
        )
        for one, row in contracts
    ]
    append(session, told, desk.request_id)
    distinct = desk.run(
        "SELECT count(DISTINCT (contract, debtor, creditor)) FROM in_contract"
    ).scalar_one()
    desk.new["contract"] = len(contracts)
    desk.known["contract"] = distinct - len(contracts)


def _refuse(desk: Desk) -> None:
    """Set aside the rows that contradict themselves, each other, or the book."""
    desk.fault(
        """SELECT s.line, 'creditor', 'PARTIES_SAME', s.creditor FROM in_contract s
           WHERE s.creditor = s.debtor"""
    )
    desk.fault(
        """SELECT s.line, '', 'NOT_YOURS', s.contract FROM in_contract s WHERE NOT (
             CAST(:sees_all AS boolean) OR EXISTS (SELECT FROM party_identifiers i
               WHERE i.scheme = :scheme AND i.value IN (s.debtor, s.creditor)
               AND i.party_id = CAST(:viewer AS uuid)))"""
    )
    for field, code, unsound in _UNSOUND:
        desk.fault(
            f"""SELECT s.line, '{field}', '{code}', CAST(s.{field} AS varchar)
                FROM in_contract s WHERE {unsound}"""
        )
    desk.fault(
        f"""SELECT s.line, '', 'DOCUMENT_DIFFERS', s.contract FROM in_contract s JOIN (
              SELECT contract, debtor, creditor FROM in_contract s
              GROUP BY contract, debtor, creditor
              HAVING count(DISTINCT ({_SAME}, s.debtor_kind, s.creditor_size, {SAID})) > 1) x
            USING (contract, debtor, creditor)"""
    )
    desk.fault(
        f"""SELECT s.line, '', 'ID_REUSED', s.contract FROM in_contract s {_PARTIES}
            JOIN {_KNOWN}
            WHERE {_SAME} <> (c.signed_on, c.subject, c.settlement,
              {_CLAUSES.format(terms="c.terms")})
            OR coalesce(s.debtor_kind, c.debtor_kind) <> c.debtor_kind
            OR coalesce(s.creditor_size, c.creditor_size) <> c.creditor_size
            OR {SAID} IS NOT NULL AND (c.creditor_evidence @> {SAID}) IS NOT TRUE"""
    )


def _decided(desk: Desk, known: Edition) -> Iterator[tuple[Contract, RowMapping]]:
    """Decide each contract that the book does not have; those that say the same, once.

    A row that the law refuses, such as one whose rate has no LPR to be weighed against, is set
    aside like any other fault.
    """
    decisions: dict[tuple[object, ...], dict[str, Any] | LedgerError] = {}
    refused: dict[str, list[int]] = defaultdict(list)
    for row in desk.run(_FRESH).mappings().all():
        key = (
            *(row[name] for name in ("signed_on", "subject", "settlement", "domestic")),
            *(row[name] for name in ("debtor_kind", "creditor_size", "stated_size")),
            *(json.dumps(row[name], sort_keys=True) for name in ("terms", "evidence")),
        )
        if key not in decisions:
            decisions[key] = _decision(row, known)
        decided = decisions[key]
        if isinstance(decided, LedgerError):
            refused[decided.code].append(row["line"])
        else:
            yield _contract(row, decided), row
    for code, lines in refused.items():
        desk.fault(
            f"""SELECT s.line, '{_FIELD[code]}', '{code}', CAST(s.{_FIELD[code]} AS varchar)
               FROM in_contract s JOIN in_contract x USING (contract, debtor, creditor)
               WHERE x.line = ANY(CAST(:lines AS integer[]))""",
            lines=lines,
        )


def _decision(row: RowMapping, known: Edition) -> dict[str, Any] | LedgerError:
    almanac = known.signed(row["signed_on"])
    try:
        size = size_of(row, almanac.sizes)
        decided = decide_contract(
            row["terms"],
            size,
            almanac,
            signed_on=row["signed_on"],
            debtor_kind=row["debtor_kind"],
            subject=row["subject"],
            settlement=row["settlement"],
            domestic=row["domestic"],
        )
    except (LprMissingError, IndustryError, SizeContradictedError) as refusal:
        return refusal
    found = {"creditor_size": size.word, "creditor_evidence": size.evidence}
    return decided | found | {"almanac_version": known.version}


def _contract(row: RowMapping, decided: dict[str, Any]) -> Contract:
    debtor_id: UUID = row["debtor_id"]
    as_given = ("debtor_id", "creditor_id", "signed_on", "subject", "settlement", "terms")
    return Contract(
        id=numbered("contract", debtor_id, row["creditor_id"], row["contract"]),
        reference=row["contract"],
        debtor_kind=row["debtor_kind"],
        known_at=row["known_at"],
        **{name: row[name] for name in as_given},
        **decided,
    )
