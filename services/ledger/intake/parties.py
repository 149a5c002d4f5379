"""Take parties: registered if the profile says so, never invented otherwise."""

from typing import Final

from services.ledger.ids import id_of
from services.ledger.intake.desk import Desk
from services.ledger.policy import Relation

_NAMING: Final = ("contract", "order", "receivable")

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
    if desk.viewer.relation("contacts.keep") is not Relation.ANY:
        desk.fault("SELECT line, 'email', 'CONTACT_NOT_YOURS', '' FROM in_party WHERE email <> ''")
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
