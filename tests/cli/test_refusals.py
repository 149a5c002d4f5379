import json
from pathlib import Path

import pytest
from sqlalchemy import text

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.db import transaction
from services.ledger.identification import identify
from services.ledger.parties.passwords import is_password
from services.ledger.parties.users import by_login
from tests.cli.conftest import Run
from tests.ledger.make import a_contract, a_party, a_receivable

USCC = "91330106MA27XY1B8L"
CASE = {
    "signed_on": "2025-06-10",
    "debtor": {"kind": "LARGE"},
    "creditor": {"size": "SMALL"},
    "subject": "GOODS",
    "contract": {"settlement": "ON_DELIVERY"},
    "facts": {"delivered_on": "2025-07-09", "amount": "100000.00"},
    "as_of": "2025-12-31",
}


def test_a_refusal_says_code_and_reason_in_both_languages(run: Run) -> None:
    told = run("export", "--platform", "NONE", "--json", code=1)

    assert told.out == ""
    refusal = json.loads(told.err)
    assert refusal["code"] == "NOTHING_ELIGIBLE"
    assert "is eligible on" in refusal["detail"]
    assert "合格应收账款" in refusal["detail_zh"]
    told = run("export", "--platform", "NONE", code=1)
    assert told.err.startswith("NOTHING_ELIGIBLE")


def test_a_database_that_does_not_answer_is_a_refusal(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

    assert '"DATABASE_UNREACHABLE"' in run("verify", "--json", code=1).err


def test_a_database_without_tables_names_the_remedy(run: Run) -> None:
    with transaction(role="none") as session:
        session.connection().execute(text("DROP TABLE claims, claim_answers CASCADE"))

    told = json.loads(run("verify", "--json", code=1).err)

    assert told["code"] == "DATABASE_NOT_MIGRATED"
    assert "ledger migrate" in told["detail"]


def test_a_server_without_the_roles_names_the_remedy(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "_OPTIONS", db._OPTIONS.replace("{role}", "ledger_of_nobody"))

    told = json.loads(run("verify", "--json", code=1).err)

    assert told["code"] == "DATABASE_NOT_MIGRATED"


def test_a_book_that_contradicts_itself_is_not_proven(run: Run) -> None:
    with transaction() as session:
        a_receivable(session, a_contract(session))
    assert run("verify", "--json").json["proven"] is True
    with transaction() as session:
        session.connection().execute(text("UPDATE balances SET receivable_fen = 1"))

    told = run("verify", "--json", code=1)

    assert told.json["proven"] is False
    assert [finding["check"] for finding in told.json["findings"]] == ["balances"]
    assert '"BOOK_NOT_PROVEN"' in told.err


def test_migrating_again_changes_nothing(run: Run) -> None:
    first = run("migrate", "--json").json["revisions"]

    assert len(first) == 2
    assert run("migrate", "--json").json["revisions"] == first


def test_a_key_lets_its_machine_in_for_its_party(run: Run) -> None:
    with transaction() as session:
        party_id = a_party(session, kind="LARGE", identifiers={"USCC": USCC})

    made = run(
        "key", "add", "erp", "--role", "core_enterprise", "--party", f"USCC:{USCC}", "--json"
    )

    with transaction() as session:
        viewer = identify(session, made.json["key"])
    assert (viewer.name, viewer.role, viewer.party_id) == ("erp", "core_enterprise", party_id)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--role", "core_enterprise"), "ROLE_AND_PARTY"),
        (("--role", "regulator", "--party", f"USCC:{USCC}"), "ROLE_AND_PARTY"),
        (("--role", "supplier", "--party", f"USCC:{USCC}"), "NOT_FOUND"),
    ],
)
def test_a_key_needs_the_party_its_role_acts_for(
    run: Run, words: tuple[str, ...], code: str
) -> None:
    assert json.loads(run("key", "add", "erp", *words, "--json", code=1).err)["code"] == code


def test_a_user_signs_in_with_the_password_that_was_made(run: Run) -> None:
    made = run("user", "add", "auditor", "--role", "regulator", "--json").json

    with transaction() as session:
        user = by_login(session, "auditor")
        assert is_password(user.password_hash, made["password"])
    assert user.password_initial
    assert user.role == "regulator"
    assert user.party_id == OPERATOR.party_id


def test_the_law_needs_no_database(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")
    case = tmp_path.joinpath("case.json")
    case.write_text(json.dumps(CASE), encoding="utf-8")

    due = run("law", "due", str(case), "--json").json
    explained = run("law", "explain", str(case), "--json").json

    assert (due["due_on"], due["days_overdue"]) == ("2025-09-08", 114)
    assert due["interest"]["statutory"] == "5700.00"
    assert due["trace"] == []
    assert {"R-ROLL", "R-INT-DEFAULT"} <= {step["rule"] for step in explained["trace"]}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("not json", "CASE_UNREADABLE"),
        ("[]", "CASE_UNREADABLE"),
        (json.dumps({**CASE, "unheard_of": 1}), "CASE_INVALID"),
        (json.dumps({**CASE, "signed_on": "2025-02-30"}), "CASE_INVALID"),
    ],
)
def test_a_case_that_cannot_be_read_is_refused(
    run: Run, tmp_path: Path, content: str, code: str
) -> None:
    case = tmp_path.joinpath("case.json")
    case.write_text(content, encoding="utf-8")

    assert json.loads(run("law", "due", str(case), "--json", code=1).err)["code"] == code
