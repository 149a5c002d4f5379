"""Take parties and contracts: registered if the profile says so, never invented otherwise."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import RowMapping
from sqlmodel import Session

from services.ledger.almanac.service import edition
from services.ledger.ids import id_of
from services.ledger.intake.desk import Desk
from services.ledger.law.terms import ContractFacts
from services.ledger.log.service import append
from services.ledger.orders.audit import decision_columns
from services.ledger.orders.entries import of_contract
from services.ledger.orders.models import Contract
from services.ledger.orders.terms import known_size

_NAMING: Final = ("contract", "order", "receivable")
_TERMS: Final = ("term_days", "term_months", "pay_when_paid", "inspection_days")

_REGISTER: Final = """
    WITH fresh AS (
      INSERT INTO parties (id, name, kind, domestic, region, email)
      SELECT DISTINCT ON (s.party_id) s.party_id, s.name, s.kind, s.domestic,
        coalesce(s.region, ''), coalesce(s.email, '')
      FROM in_party s WHERE NOT EXISTS (
        SELECT FROM party_identifiers i WHERE i.scheme = :scheme AND i.value = s.party)
      ORDER BY s.party_id, s.line ON CONFLICT DO NOTHING RETURNING id, name, kind, email
    ), named AS (
      INSERT INTO party_identifiers (scheme, value, party_id)
      SELECT DISTINCT x.scheme, x.value, f.id FROM fresh f JOIN in_party s ON s.party_id = f.id,
        LATERAL (VALUES (CAST(:scheme AS varchar), s.party), ('USCC', s.uscc)) x(scheme, value)
      WHERE x.value IS NOT NULL
    ), appended AS (
      INSERT INTO events (subject_id, id, type, actor, actor_party_id, debtor_id, data, request_id,
        occurred_at)
      SELECT id, md5('registered:' || id)::uuid, 'party.registered', :actor,
        CAST(:viewer AS uuid), id,
        jsonb_build_object('party_id', id, 'name', name, 'roles', jsonb_build_array(kind),
          'email', nullif(email, '')), :request_id, now()
      FROM fresh RETURNING subject_id, id
    ), queued AS (
      INSERT INTO unsealed (subject_id, event_id) SELECT subject_id, id FROM appended
    )
    SELECT count(*) FROM fresh"""


def take_parties(desk: Desk) -> None:
    """Register the parties of the file, and those it names if the profile says so."""
    _stage_unknown(desk)
    desk.fault(
        """SELECT s.line, '', 'DOCUMENT_DIFFERS', s.party FROM in_party s JOIN (
             SELECT party_id FROM in_party GROUP BY party_id
             HAVING count(DISTINCT (name, kind, uscc, domestic)) > 1) d USING (party_id)"""
    )
    desk.fault(
        """SELECT s.line, '', 'ID_REUSED', s.party FROM in_party s
           JOIN party_identifiers i ON (i.scheme, i.value) IN ((:scheme, s.party), ('USCC', s.uscc))
           JOIN parties p ON p.id = i.party_id
           WHERE (p.name, p.kind, p.domestic) <> (s.name, s.kind, s.domestic)"""
    )
    distinct = desk.run("SELECT count(DISTINCT party_id) FROM in_party").scalar_one()
    if distinct:
        desk.new["party"] = desk.run(_REGISTER).scalar_one()
        desk.known["party"] = distinct - desk.new["party"]
    for kind in _NAMING:
        for column in ("debtor", "creditor"):
            if desk.staged[kind]:
                desk.fault(
                    f"""SELECT s.line, '{column}', 'PARTY_UNKNOWN', s.{column} FROM in_{kind} s
                        WHERE s.{column} IS NOT NULL AND NOT EXISTS (
                          SELECT FROM party_identifiers i
                          WHERE i.scheme = :scheme AND i.value = s.{column})"""
                )


def _stage_unknown(desk: Desk) -> None:
    """Stage the debtors and creditors that the profile lets in by their name alone.

    They have no line: the row that named one first may be faulty, the others still need it.
    """
    unknown = desk.profile.unknown_parties
    naming = [kind for kind in _NAMING if desk.staged[kind]]
    if unknown.action != "register" or not desk.viewer.sees_all or not naming:
        return
    names = " UNION ALL ".join(
        f"SELECT {column}, '{kind_of}' FROM in_{kind} WHERE {column} IS NOT NULL"
        for kind in naming
        for column, kind_of in (
            ("debtor", unknown.debtor_kind),
            ("creditor", unknown.creditor_kind),
        )
    )
    rows = desk.run(
        f"""SELECT DISTINCT ON (n.name) n.name, n.kind FROM ({names}) n(name, kind)
            WHERE NOT EXISTS (SELECT FROM party_identifiers i
              WHERE i.scheme = :scheme AND i.value = n.name)
            AND NOT EXISTS (SELECT FROM in_party s WHERE s.party = n.name)
            ORDER BY n.name, n.kind"""
    ).all()
    scheme = desk.profile.parties_known_by
    desk.copy_in(
        "in_party (party, name, kind, domestic, party_id)",
        (
            (name, name, kind, unknown.domestic, id_of("party", scheme, name))
            for name, kind in map(tuple, rows)
        ),
    )


_CONTRACTS: Final = f"""
    SELECT DISTINCT ON (s.contract, d.party_id, k.party_id) s.line, s.contract, d.party_id
      AS debtor_id, k.party_id AS creditor_id, s.signed_on, s.subject, s.settlement,
      {", ".join(f"s.{name}" for name in _TERMS)}, p.kind AS debtor_kind, q.kind AS creditor_kind,
      p.domestic AND q.domestic AS domestic, coalesce(s.known_at, now()) AS known_at
    FROM in_contract s
    JOIN party_identifiers d ON d.scheme = :scheme AND d.value = s.debtor
    JOIN party_identifiers k ON k.scheme = :scheme AND k.value = s.creditor
    JOIN parties p ON p.id = d.party_id JOIN parties q ON q.id = k.party_id
    WHERE NOT EXISTS (SELECT FROM contracts c WHERE c.reference = s.contract
      AND c.debtor_id = d.party_id AND c.creditor_id = k.party_id)
    ORDER BY s.contract, d.party_id, k.party_id, s.line"""
_SAME: Final = """(s.signed_on, s.subject, s.settlement, coalesce(s.term_days, -1),
    coalesce(s.term_months, -1), s.pay_when_paid, coalesce(s.inspection_days, -1))"""


def take_contracts(desk: Desk, session: Session) -> None:
    """Register the contracts of the file, each with what the law at signing makes of it.

    By the almanac as the installation knows it now, as contracts that are registered singly.
    """
    if not desk.staged["contract"]:
        return
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
    desk.fault(
        f"""SELECT s.line, '', 'DOCUMENT_DIFFERS', s.contract FROM in_contract s JOIN (
              SELECT contract, debtor, creditor FROM in_contract s
              GROUP BY contract, debtor, creditor HAVING count(DISTINCT {_SAME}) > 1) x
            USING (contract, debtor, creditor)"""
    )
    desk.fault(
        f"""SELECT s.line, '', 'ID_REUSED', s.contract FROM in_contract s
            JOIN party_identifiers d ON d.scheme = :scheme AND d.value = s.debtor
            JOIN party_identifiers k ON k.scheme = :scheme AND k.value = s.creditor
            JOIN contracts c ON c.reference = s.contract AND c.debtor_id = d.party_id
              AND c.creditor_id = k.party_id
            WHERE {_SAME} <> (c.signed_on, c.subject, c.settlement,
              coalesce((c.terms->>'term_days')::integer, -1),
              coalesce((c.terms->>'term_months')::integer, -1),
              coalesce((c.terms->>'pay_when_paid')::boolean, false),
              coalesce((c.terms->>'inspection_days')::integer, -1))"""
    )
    distinct = desk.run(
        "SELECT count(DISTINCT (contract, debtor, creditor)) FROM in_contract"
    ).scalar_one()
    fresh = desk.run(_CONTRACTS).mappings().all()
    known = edition(session)
    decisions: dict[ContractFacts, dict[str, Any]] = {}
    contracts: list[Contract] = []
    for row in fresh:
        facts = _facts(row)
        if facts not in decisions:
            decided = decision_columns(facts, known.signed(facts.signed_on))
            decisions[facts] = decided | {"almanac_version": known.version}
        contracts.append(_contract(row, decisions[facts]))
    session.add_all(contracts)
    session.flush()
    append(session, [of_contract(one, desk.viewer) for one in contracts], desk.request_id)
    desk.new["contract"] = len(fresh)
    desk.known["contract"] = distinct - len(fresh)


def _facts(row: RowMapping) -> ContractFacts:
    return ContractFacts(
        signed_on=row["signed_on"],
        debtor_kind=row["debtor_kind"],
        creditor_size=known_size(row["creditor_kind"]),
        settlement=row["settlement"],
        term_days=row["term_days"],
        term_months=row["term_months"],
        pay_when_paid=row["pay_when_paid"],
        inspection_days=row["inspection_days"],
        domestic=row["domestic"],
    )


def _contract(row: RowMapping, decided: dict[str, Any]) -> Contract:
    debtor_id: UUID = row["debtor_id"]
    return Contract(
        id=id_of("contract", debtor_id, row["creditor_id"], row["contract"]),
        reference=row["contract"],
        debtor_id=debtor_id,
        creditor_id=row["creditor_id"],
        signed_on=row["signed_on"],
        subject=row["subject"],
        debtor_kind=row["debtor_kind"],
        creditor_size=row["creditor_kind"],
        settlement=row["settlement"],
        terms={name: row[name] for name in _TERMS if row[name]},
        known_at=row["known_at"],
        **decided,
    )
