"""The law over a million receivables in one statement, beside a sum of the same rows; and Python.

What is summed: one column of each row that the statement reads, the amounts of the postings, the
faces of the receivables, the days of the facts, under the same conditions on day and instant, with
the server's own settings, which give the sum as many processes as the law.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from time import perf_counter, process_time
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR
from services.ledger.almanac import shipped
from services.ledger.insight.simulation import Change, Part, simulate
from services.ledger.insight.simulation_rules import Rules, kinds
from services.ledger.law.case import decide
from services.ledger.money import parse_fen
from services.ledger.receivables.accrual import RESOURCES, Question, clauses, parameters
from tests.bench.figures import Figure, middle, say
from tests.bench.place import Place, analyze, session_on
from tests.law.worked import EXAMPLES
from tests.ledger.law_book import AS_OF, KNOWN_AT, Made, copy_in, make, sign
from tests.ledger.law_figures import figures

GATE = 1 / 20
SIMULATED = 3.0
"""Both sides stand in one statement and share the facts; twice the work, and the comparison."""
FLOOR = 1 / 40
"""20,000 a second where the plain loop does 800,000; the machine's own speed divides out."""
_ROUNDS = 3
_SUM = text(
    """
    SELECT (SELECT sum(amount_fen) FROM postings WHERE "on" <= :as_of AND known_at <= :known_at)
      + (SELECT sum(face_fen) FROM receivables
        WHERE opened_on <= :as_of AND known_at <= :known_at)
      + (SELECT sum("on" - date '2000-01-01') FROM clock_facts
        WHERE since_on <= :as_of AND known_at <= :known_at)"""
)
_COPIES = (
    ("receivables", "id"),
    ("receivable_receipts", "receivable_id"),
    ("clock_facts", "receivable_id"),
    ("postings", "receivable_id"),
)
_NEW_ID = "md5({id}::varchar || k)::uuid"


def measure(place: Place, *, quick: bool) -> list[Figure]:
    """Return the ratios of the set to a sum, of a simulation to the set, of Python to a loop."""
    cases, copies = (5_000, 2) if quick else (100_000, 10)
    with place.database() as url:
        chance = Random(20_260_930)
        with session_on(url) as session:
            signed = sign(session, chance, count=400)
            made = list(make(chance, signed, count=cases))
            copy_in(session.connection(), made)
            session.commit()
            interest_fen = _agree(session, made)
            started = perf_counter()
            _grow(session, copies)
            session.commit()
            say(f"  {cases * copies:,} receivables in {perf_counter() - started:.0f} s")
        analyze(url)
        with session_on(url) as session:
            sums, sets, simulations = [], [], []
            for number in range(-1, _ROUNDS):
                summed, whole, simulated = _round(session, interest_fen * copies)
                if number >= 0:  # the first round only warms up
                    sums.append(summed)
                    sets.append(whole)
                    simulations.append(simulated)
                    say(f"  sum {summed:.2f} s, law {whole:.2f} s, simulation {simulated:.2f} s")
    size = cases * copies
    return [
        Figure(
            f"law: due day, days late, undisputed part, interest of {size:,} receivables",
            f"{middle(sets):.2f} s, {size / middle(sets):,.0f} receivables a second",
            f"{middle(sums):.2f} s: SELECT sum() over the same postings, receivables and facts",
            middle([summed / whole for summed, whole in zip(sums, sets, strict=True)]),
            GATE,
        ),
        Figure(
            f"law: a simulation over {size:,} receivables, live and simulated side by side",
            f"{middle(simulations):.2f} s",
            f"{middle(sets):.2f} s: the statement for the live figures alone",
            middle([both / whole for both, whole in zip(simulations, sets, strict=True)]),
            SIMULATED,
            at_least=False,
        ),
        _python(quick=quick),
    ]


def _question(session: Session) -> Question:
    found = kinds(session, OPERATOR, Rules(), known_at=KNOWN_AT)
    return Question(terms=found.live, as_of=AS_OF)


def _values(question: Question) -> dict[str, Any]:
    values = {"opened_by": AS_OF, "known_at": KNOWN_AT, **OPERATOR.parameters()}
    return values | parameters(question, prefix="x_")


def _agree(session: Session, made: Sequence[Made]) -> int:
    """Hold every case to the pure engine and return the interest of all, fen."""
    question = _question(session)
    session.connection().execute(text(RESOURCES))
    rows = session.connection().execute(
        text(f"WITH {clauses(question, prefix='x_')} SELECT * FROM x_figures"), _values(question)
    )
    found = {row.id: row for row in rows}
    session.expunge_all()
    session.rollback()  # Python takes longer than a transaction may be idle.
    started, total = perf_counter(), 0
    for each in made:
        if each.issued_on <= AS_OF:
            row, ours = found.pop(each.id), figures(each, shipped())
            theirs = (row.start_on, row.due_on, row.days_overdue, row.undisputed_fen)
            assert (*theirs, row.interest_fen) == tuple(ours), each
            total += ours.interest_fen or 0
    assert not found
    say(f"  {len(made):,} cases agree to the fen ({perf_counter() - started:.0f} s in Python)")
    return total


def _grow(session: Session, copies: int) -> None:
    """Copy every receivable with its rows under ids of their own."""
    for table, key in _COPIES:
        columns = session.connection().execute(
            text("SELECT column_name FROM information_schema.columns WHERE table_name = :t"),
            {"t": table},
        )
        names = [name for (name,) in columns if name != "recorded_at"]
        new = {name: f'"{name}"' for name in names} | {key: _NEW_ID.format(id=key)}
        if "receipt_id" in new:
            own = _NEW_ID.format(id="receipt_id")
            new["receipt_id"] = f"CASE receipt_id WHEN receivable_id THEN {own} ELSE receipt_id END"
        listed = ", ".join(f'"{name}"' for name in names)
        session.connection().execute(
            text(
                f"INSERT INTO {table} ({listed}) SELECT {', '.join(new[name] for name in names)}"
                f" FROM {table}, generate_series(1, :more) k"
            ),
            {"more": copies - 1},
        )


def _round(session: Session, interest_fen: int) -> tuple[float, float, float]:
    question = _question(session)
    statement = text(
        f"WITH {clauses(question, prefix='x_')} SELECT sum(interest_fen) FROM x_figures"
    )
    started = perf_counter()
    session.connection().execute(_SUM, {"as_of": AS_OF, "known_at": KNOWN_AT}).one()
    summed = perf_counter() - started
    session.connection().execute(text(RESOURCES))
    started = perf_counter()
    total = session.connection().execute(statement, _values(question)).scalar_one()
    whole = perf_counter() - started
    assert total == interest_fen
    change = Change(rules=Rules({"large_term_over_60": "SIXTY_DAYS"}))
    started = perf_counter()
    found = simulate(session, OPERATOR, change, Part(), as_of=AS_OF, known_at=KNOWN_AT)
    simulated = perf_counter() - started
    assert found.totals[0]["changed"] > 0
    session.rollback()
    return summed, whole, simulated


def _python(*, quick: bool) -> Figure:
    """Return the rate of the pure engine, without trace, to that of a plain loop."""
    cases = [case for case, _ in EXAMPLES.values()] * (30 if quick else 300)
    almanac = shipped()
    ours, floor = [], []
    for _ in range(_ROUNDS + 1):
        started = process_time()
        for case in cases:
            decide(case, almanac)
        ours.append(len(cases) / (process_time() - started))
        started = process_time()
        for case in cases:
            _plain(case)
        floor.append(len(cases) / (process_time() - started))
    return Figure(
        f"law: the pure engine over {len(EXAMPLES)} worked examples, without trace",
        f"{middle(ours):,.0f} cases a second of one core",
        f"{middle(floor):,.0f} a second: a loop that reads three values and counts 60 days",
        middle([one / other for one, other in zip(ours, floor, strict=True)]),
        FLOOR,
    )


def _plain(case: dict[str, Any]) -> int:
    facts = case.get("facts", {})
    start_on = date.fromisoformat(facts.get("delivered_on", case["signed_on"]))
    late = date.fromisoformat(case.get("as_of", "2026-01-01")) - start_on - timedelta(days=60)
    return parse_fen(facts.get("amount", "0.00")) * max(0, late.days) * 5 // 10_000
