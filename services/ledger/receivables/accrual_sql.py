"""The statement of `accrual`: every receivable's start, due day, lateness and interest, at once.

``{p}`` stands before every name and bind, so that one statement may hold two such questions;
``{h}`` before the names of one half of the book. A half has a process of its own only if it reads
no materialized clause and has no correlated subquery. ``OFFSET bigint '0'`` computes a column once
for all that use it; a plain 0 would count as a limit, which is for one process only.
"""

from typing import Final

from services.ledger.access import RECEIVABLE_VISIBLE
from services.ledger.receivables.term import START_OF_RECEIPT

_TERM_COLUMNS: Final = """split boolean, bears_disputed boolean, start_rule varchar,
        inspection_days integer, rolls boolean, agreed_rolls boolean,
        due_term_days integer, due_term_months integer, due_cap_days integer, day_limit integer,
        day_over integer, numerator numeric, denominator numeric, day_numerator numeric,
        day_denominator numeric, penalty numeric[]"""


def _terms(name: str) -> str:
    return f"""
    {{p}}{name} AS NOT MATERIALIZED (
      SELECT k.id AS contract_id, d.* FROM unnest(CAST(:{{p}}{name}_contracts AS uuid[]),
        CAST(:{{p}}{name}_numbers AS integer[])) m(contract_id, number)
      JOIN contracts k ON k.id = m.contract_id,
      LATERAL jsonb_to_record(CAST(:{{p}}decisions AS jsonb) -> m.number) d({_TERM_COLUMNS})
    )"""


TERMS: Final = _terms("terms")
"""One record for each number, and the contract's own id: so the planner knows how many rows there
are, and that a contract has one."""
LATER: Final = _terms("later")
"""What counts for terms that start on or after 2025-06-01 (TRANSITION, the other reading)."""

CALENDAR: Final = """
    {p}calendar AS NOT MATERIALIZED (
      SELECT * FROM unnest(CAST(:{p}days AS date[]), CAST(:{p}workdays AS date[]))
        t(day, next_workday)
    )"""

HALVES: Final = (("low_", "IS TRUE"), ("high_", "IS FALSE"))
"""The book is read as two halves: PostgreSQL groups and joins in one process only, but gives two
sets that have nothing in common to two. By a hash of the id, since ids of one time begin alike."""
_HALF: Final = "(uuid_hash({id}) < 0) {{half}}"

_KNOWN: Final = "f.since_on <= :{p}as_of AND f.known_at <= :known_at"
_OF_HALF: Final = f"{_KNOWN} AND {_HALF.format(id='f.receivable_id')}"
_RECEIPTS: Final = f"""
    {{h}}cancelled AS (
      SELECT f.receivable_id, f.receipt_id, max(f."on") AS last_on, max(f.known_at) AS last_at
      FROM clock_facts f WHERE f.kind = 'CANCELLED' AND {_OF_HALF}
      GROUP BY f.receivable_id, f.receipt_id
    ), {{h}}receipts AS (
      SELECT f.receivable_id,
        max(f."on") FILTER (WHERE f.kind = 'DELIVERED') AS delivered_on,
        max(f."on") FILTER (WHERE f.kind = 'ACCEPTED') AS accepted_on,
        max(f."on") FILTER (WHERE f.kind = 'REJECTED') AS rejected_on,
        max(f."on") FILTER (WHERE f.kind = 'SETTLEMENT_CONFIRMED') AS settled_on
      FROM clock_facts f LEFT JOIN {{h}}cancelled c
        ON c.receivable_id = f.receivable_id AND c.receipt_id = f.receipt_id
      WHERE {_OF_HALF}
        AND (f.kind = 'CANCELLED' OR ((f."on", f.known_at) > (c.last_on, c.last_at)) IS NOT FALSE)
      GROUP BY f.receivable_id, f.receipt_id
    ), {{h}}waiting AS (
      SELECT DISTINCT n.receivable_id FROM receivable_receipts n
      WHERE {_OF_HALF.replace("f.", "n.")} AND NOT EXISTS (SELECT FROM clock_facts f
        WHERE f.receivable_id = n.receivable_id AND f.receipt_id = n.receipt_id AND {_KNOWN})
    )"""
"""As `term.RECEIPTS`, without sorting: a cancelled receipt keeps its row and no day. What waits is
a receivable that names a receipt of which nothing is known."""

_START: Final = START_OF_RECEIPT.format(
    settled="x.settled_on",
    delivered="x.delivered_on",
    accepted="x.accepted_on",
    rejected="x.rejected_on",
)
_START_READ: Final = f"""
        CASE c.start_rule
          WHEN 'DELIVERY_RECORD' THEN x.delivered_on
          WHEN 'SETTLEMENT_OR_DELIVERY' THEN coalesce(x.settled_on, x.delivered_on)
          WHEN 'ACCEPTANCE_OR_DELIVERY' THEN coalesce({_START},
            CASE WHEN c.inspection_days IS NULL AND x.rejected_on IS NULL THEN x.delivered_on END)
          ELSE {_START}
        END"""
"""Adds the other readings of O2, O3 and O4 to the start of one receipt."""

_STARTED: Final = f"""
    {{h}}started AS (
      SELECT r.id, r.contract_id, r.currency, r.face_fen, r.issued_on, r.line_kind,
        r.agreed_due_on, nullif(max(CASE WHEN w.receivable_id IS NULL
          THEN coalesce({_START_READ}, 'infinity') ELSE 'infinity' END), 'infinity') AS start_on
      FROM receivables r
      JOIN {{p}}terms t ON t.contract_id = r.contract_id
      LEFT JOIN {{h}}receipts x ON x.receivable_id = r.id
      LEFT JOIN {{h}}waiting w ON w.receivable_id = r.id,
      LATERAL (SELECT t.start_rule, {{inspection_days}} AS inspection_days) c
      WHERE {_HALF.format(id="r.id")} AND r.opened_on <= :opened_by AND r.known_at <= :known_at
        AND {RECEIVABLE_VISIBLE}
      GROUP BY r.id
    )"""
"""Of several receipts the last one to start decides; while one has not started, none has."""

_DUE_DAYS: Final = """
    {h}due AS (
      SELECT x.id, x.currency, x.face_fen, x.start_on,
        CASE WHEN x.rolls AND (x.agreed_rolls OR x.raw_on IS DISTINCT FROM x.agreed_due_on)
          THEN coalesce(k.next_workday, x.raw_on) ELSE x.raw_on END AS due_on,
        x.numerator, x.denominator, x.penalty, x.bears_disputed,
        x.start_on + CAST(:{p}paid_within AS integer) <= :{p}as_of AS paid,
        least(CAST(:{p}as_of AS date), x.start_on + CAST(:{p}paid_within AS integer))
          AS until_on
      FROM (
        SELECT r.id, r.currency, r.face_fen, r.start_on,
          c.rolls, c.agreed_rolls, c.bears_disputed, c.penalty, r.agreed_due_on,
          CASE WHEN r.agreed_due_on IS NULL THEN least(r.start_on + c.due_term_days,
              (r.start_on + make_interval(months => c.due_term_months))::date,
              r.start_on + c.due_cap_days)
            WHEN r.agreed_due_on > r.start_on + c.day_limit AND r.line_kind <> 'RETENTION'
              THEN r.start_on + c.day_over
            ELSE r.agreed_due_on END AS raw_on,
          CASE WHEN r.agreed_due_on IS NULL THEN c.numerator ELSE c.day_numerator END AS numerator,
          CASE WHEN r.agreed_due_on IS NULL THEN c.denominator ELSE c.day_denominator END
            AS denominator
        FROM (
          SELECT s.id, s.contract_id, s.currency, s.face_fen, s.line_kind, s.agreed_due_on,
            {start} AS start_on FROM {h}started s
        ) r
        JOIN {chosen} c ON c.contract_id = r.contract_id{of}
        OFFSET bigint '0'
      ) x LEFT JOIN {calendar} k ON k.day = x.raw_on
      OFFSET bigint '0'
    )"""

_HUGE_FEN: Final = 10**14
_REDUCES: Final = (
    "debit IN ('cash', 'supply', 'written_off')"
    " AND credit IN ('receivable', 'disputed', 'reserved', 'assigned')"
)
POSTED: Final = f"""
    {{p}}posted AS NOT MATERIALIZED (
      SELECT receivable_id, "on", amount_fen, {_REDUCES} AS reduces,
        (debit = 'disputed')::integer - (credit = 'disputed')::integer AS disputes
      FROM postings WHERE "on" <= :{{p}}as_of AND known_at <= :known_at
        AND (({_REDUCES}) OR 'disputed' IN (debit, credit)){{plan}}
    )"""
"""What lowers the principal, and what is in dispute; an opening is the face itself."""


def _fen(amount: str, numerator: str, denominator: str) -> str:
    return f"div(2 * {amount} * {numerator} + {denominator}, 2 * {denominator})"


_AGREED: Final = f"""least({_fen("x.fen_days", "x.numerator", "x.denominator")}
            + {_fen("x.face_fen", "x.penalty[1]", "x.penalty[2]")},
            {_fen("x.face_fen", "x.penalty[3]", "x.penalty[4]")})"""
PENALTY: Final = f"""CASE WHEN {_AGREED} < {_fen("x.fen_days", "x.penalty[5]", "x.penalty[6]")}
            THEN {_fen("x.fen_days", "x.penalty[7]", "x.penalty[8]")} ELSE {_AGREED} END"""
"""A sum owed once and a limit, of the face; below the LPR (5, 6) the rate (7, 8) counts instead.

Every ratio is rounded by itself, half up, as in `law.interest`.
"""

_INTEREST: Final = f"""CASE WHEN x.fen_days = 0 THEN sign(x.numerator) * 0
          WHEN x.penalty IS NULL THEN {_fen("x.fen_days", "x.numerator", "x.denominator")}
          ELSE {PENALTY} END::bigint"""

_LARGE_FEN: Final = 10**14
"""Below it an amount times a day since 1970 is a bigint."""
_MOVED: Final = f"""
    {{h}}moved AS (
      SELECT receivable_id, min("on") AS first_on, max("on") AS last_on,
        bool_or(disputes > 0) AS disputed,
        bool_and(disputes >= 0 AND amount_fen < {_LARGE_FEN}) AS falls,
        least(sum(amount_fen), {10**18})::bigint AS moved_fen,
        sum(CASE WHEN amount_fen < {_LARGE_FEN} THEN amount_fen * ("on" - date 'epoch') END)
          AS fen_days
      FROM {{p}}posted WHERE {_HALF.format(id="receivable_id")} GROUP BY receivable_id
    ), {{h}}weighed AS (
      SELECT x.*, {_INTEREST} AS interest_fen
      FROM (
        SELECT d.*, f.late, f.followed,
          CASE WHEN f.late IS NOT TRUE THEN 0 WHEN f.open_fen > 0 THEN d.until_on - d.due_on
            WHEN f.since_due THEN m.last_on - d.due_on ELSE 0 END AS days_overdue,
          CASE WHEN d.paid THEN 0 ELSE f.open_fen END AS undisputed_fen,
          CASE WHEN f.late IS NOT TRUE OR f.followed THEN 0
            ELSE f.open_fen::numeric * (d.until_on - d.due_on) + CASE WHEN f.since_due
              THEN m.fen_days - m.moved_fen::numeric * (d.due_on - date 'epoch') ELSE 0 END
            END AS fen_days
        FROM {{h}}due d LEFT JOIN {{h}}moved m ON m.receivable_id = d.id,
        LATERAL (SELECT d.until_on > d.due_on AS late,
          d.face_fen - coalesce(m.moved_fen, 0) AS open_fen,
          m.first_on >= d.due_on AND m.last_on <= d.until_on AS since_due,
          coalesce(NOT m.falls OR m.moved_fen > d.face_fen OR m.disputed AND d.bears_disputed
            OR d.until_on > d.due_on AND m.last_on > d.due_on
              AND (m.first_on < d.due_on OR m.last_on > d.until_on), false) AS followed) f
        OFFSET bigint '0'
      ) x
    )"""
"""What is open only falls where nothing came out of a dispute. Then its fen times days are a sum,
in any order, if all that moved did so before it was late, or all since: each amount was open from
the due day until its own. The others are followed."""

_WEIGHED: Final = f"""
    {{p}}weighed AS MATERIALIZED (
      {" UNION ALL ".join(f"SELECT * FROM {{p}}{half}weighed" for half, _ in HALVES)}
    )"""

_STEPS: Final = """
    {p}steps AS (
      SELECT receivable_id, face_fen, due_on, until_on, bears_disputed, "on",
        lead("on") OVER w AS next_on,
        sum(CASE WHEN reduces THEN amount_fen ELSE 0 END) OVER w AS reduced_fen,
        greatest(0, sum(amount_fen * disputes) OVER w) AS disputed_fen
      FROM (
        SELECT p.receivable_id, d.face_fen, d.due_on, d.until_on, d.bears_disputed, p."on",
          p.amount_fen, p.reduces, p.disputes
        FROM {p}weighed d, LATERAL (
          SELECT * FROM {p}posted p WHERE p.receivable_id = d.id{by_index}) p
        WHERE d.followed
        UNION ALL
        SELECT id, face_fen, due_on, until_on, bears_disputed, '0001-01-01', 0, true, 0
        FROM {p}weighed WHERE followed
      ) x WINDOW w AS (PARTITION BY receivable_id ORDER BY "on")
    ), {p}stepped AS (
      SELECT receivable_id,
        sum(CASE WHEN bears_disputed THEN principal_fen ELSE undisputed_fen END
          * (to_on - from_on)) FILTER (WHERE from_on < to_on) AS fen_days,
        max(to_on) FILTER (WHERE from_on < to_on AND undisputed_fen > 0) AS late_until,
        min(undisputed_fen) FILTER (WHERE next_on IS NULL) AS undisputed_fen
      FROM (
        SELECT receivable_id, bears_disputed, next_on, greatest("on", due_on) AS from_on,
          least(next_on, until_on) AS to_on,
          greatest(0, face_fen - reduced_fen) AS principal_fen,
          greatest(0, face_fen - reduced_fen - disputed_fen) AS undisputed_fen
        FROM {p}steps
      ) x GROUP BY receivable_id
    )"""
"""The balance of the others is followed from change to change; an answer may be dated before its
dispute, and nothing is then in dispute on the days between."""


_FIGURES: Final = f"""
    {{p}}figures AS (
      SELECT x.*, CASE WHEN x.days_overdue = 0 THEN 0 ELSE x.undisputed_fen END AS overdue_fen
      FROM (
        SELECT id, currency, start_on, due_on, days_overdue, undisputed_fen, interest_fen
        FROM {{p}}weighed WHERE NOT followed
        UNION ALL
        SELECT x.id, x.currency, x.start_on, x.due_on, x.days_overdue, x.undisputed_fen,
          {_INTEREST}
        FROM (
          SELECT d.id, d.currency, d.start_on, d.due_on, d.face_fen, d.numerator, d.denominator,
            d.penalty,
            CASE WHEN d.late THEN coalesce(t.late_until - d.due_on, 0) ELSE 0 END AS days_overdue,
            CASE WHEN d.paid THEN 0 ELSE t.undisputed_fen::bigint END AS undisputed_fen,
            CASE WHEN d.late THEN coalesce(t.fen_days, 0) ELSE 0 END AS fen_days
          FROM {{p}}weighed d JOIN {{p}}stepped t ON t.receivable_id = d.id
          OFFSET bigint '0'
        ) x
      ) x
    )"""

ONE_TERM: Final = ("{p}terms", "")
BY_START: Final = (
    "(SELECT *, false AS late FROM {p}terms UNION ALL SELECT *, true FROM {p}later)",
    " AND c.late = (c.split AND (r.start_on >= date '2025-06-01') IS TRUE)",
)
FROM_INVOICE: Final = "CASE WHEN s.start_on < s.issued_on THEN s.issued_on ELSE s.start_on END"
"""O7, the other reading: no term starts before its invoice."""

ROLLED_END: Final = """CASE WHEN x.delivered_on IS NULL THEN t.inspection_days ELSE
        (SELECT k.next_workday FROM {calendar} k
          WHERE k.day = x.delivered_on + t.inspection_days) - x.delivered_on END"""
"""INSPECTION_END, the other reading: the last day of the period rolls as a due day does."""

PLAN: Final = """
      UNION ALL
      SELECT receivable_id, "on", amount_fen, true, 0
      FROM unnest(CAST(:{p}plan_ids AS uuid[]), CAST(:{p}plan_days AS date[]),
        CAST(:{p}plan_fen AS bigint[])) t(receivable_id, "on", amount_fen)
      WHERE "on" <= :{p}as_of"""

OF_HALF: Final = (_RECEIPTS, _STARTED, _DUE_DAYS, _MOVED)
REST: Final = (_WEIGHED, _STEPS, _FIGURES)
