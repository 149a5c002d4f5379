"""Tables written for one test, and what reading them gives."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from sqlmodel import Session

from services.ledger import config, db
from services.ledger.access import OPERATOR, Viewer
from services.ledger.ids import new_id
from services.ledger.intake.loading import load_profile, parse_profile
from services.ledger.intake.problems import Problems
from services.ledger.intake.read import open_table
from services.ledger.intake.report import IntakeReport
from services.ledger.intake.rows import records
from services.ledger.intake.service import Intake, commit
from services.ledger.parties.service import Registration, add_api_key, register
from tests.intake.files import BUYER, OTHER, SELLER, STRANGER
from tests.intake.over_http import SignIn

PAYMENTS = """
profile: test
source: test
dates: [ISO, YYYY年M月D日]
zone: "+08:00"
amounts: {places: 2, thousands: true}
files:
  - ignore: [remark]
    records:
      - kind: payment
        fields:
          payment: {column: id}
          receivable: {template: "{order}-{item}"}
          amount: {column: amount}
          "on": {column: day}
          method: {column: method, optional: true}
"""
TODAY = date(2026, 6, 1)
Take = Callable[..., IntakeReport]
Read = tuple[list[tuple[str, int, list[object]]], Problems]


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., Read]:
    """Read a file's bytes with a profile."""

    def run(content: bytes, profile: str = PAYMENTS, name: str = "table.csv") -> Read:
        path = tmp_path.joinpath(name)
        path.write_bytes(content)
        parsed = parse_profile(profile)
        section = parsed.section_for(name)
        problems = Problems(tmp_path.joinpath("rest.csv"))
        found = list(records(open_table(path, section), section, parsed, problems, today=TODAY))
        problems.close()
        return found, problems

    return run


@pytest.fixture
def take(session: Session, tmp_path: Path) -> Take:
    """Commit rows under the standard profile; parties and a contract are there already."""

    def run(
        name: str, head: str, *rows: str, viewer: Viewer = OPERATOR, **more: bool
    ) -> IntakeReport:
        path = tmp_path.joinpath(f"{name}.csv")
        path.write_text("\n".join([head, *rows]) + "\n", "utf-8")
        return commit(session, Intake(path, load_profile("standard"), viewer, TODAY, **more))  # type: ignore[arg-type]  # the flags of one dataclass

    run(
        "企业",
        "统一社会信用代码,名称,类型,邮箱",
        f"{BUYER},大买方,大型企业,ap@buyer.example",
        f"{OTHER},另一买方,大型企业,",
        f"{SELLER},小供应商,小型企业,",
        f"{STRANGER},陌生供应商,小型企业,",
    )
    run(
        "合同",
        "合同编号,买方统一社会信用代码,卖方统一社会信用代码,签订日期,约定付款天数",
        f"HT-1,{BUYER},{SELLER},2025-06-15,60",
        f"HT-1,{OTHER},{SELLER},2025-06-15,30",
    )
    return run


@pytest.fixture
def sign_in(fresh_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[SignIn]:
    """The application on a database of its own; call it with a role and party to sign in."""
    monkeypatch.setenv("DATABASE_URL", fresh_database_url)
    config.settings.cache_clear()
    db.dispose()
    from services.ledger.app import app  # noqa: PLC0415 (after the settings are in place)

    def enter(role: str, party_id: UUID | None = None) -> TestClient:
        token = str(new_id())
        with db.transaction() as session:
            add_api_key(session, name=token, role=role, party_id=party_id, token=token)
        headers = {"authorization": f"Bearer {token}"}
        return TestClient(app, headers=headers, raise_server_exceptions=False)

    yield enter
    db.dispose()
    config.settings.cache_clear()


@pytest.fixture
def client(sign_in: SignIn) -> TestClient:
    """Somebody of a party, which alone takes files in over HTTP."""
    party_id = new_id()
    with db.transaction() as session:
        register(session, OPERATOR, Registration(party_id, "导入方", "LARGE"))
    return sign_in("core_enterprise", party_id)
