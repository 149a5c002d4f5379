"""`ledger law` over lists, `ledger almanac` and `ledger reasoning`."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.ledger import db
from services.ledger.access import OPERATOR
from services.ledger.almanac import shipped
from services.ledger.law.case import explain
from services.ledger.receivables.queries import get_visible
from tests.cli.conftest import Run
from tests.ledger.make import a_contract, a_receivable
from tests.ledger.test_almanac_tables import notice

CASE: dict[str, Any] = {
    "signed_on": "2025-06-10",
    "debtor": {"kind": "LARGE"},
    "creditor": {"size": "SMALL"},
    "facts": {"delivered_on": "2025-07-09", "amount": "1000.00"},
    "as_of": "2025-09-18",
}


@pytest.fixture
def file(environment: Path) -> Path:
    return environment.joinpath("file")


def test_a_list_of_cases_gives_one_result_each_in_order(run: Run, file: Path) -> None:
    cases = [CASE, CASE | {"as_of": "2025-09-09"}]
    file.write_text(json.dumps(cases), encoding="utf-8")

    assert run("law", "explain", str(file), "--json").json == [
        explain(case, shipped()) for case in cases
    ]
    assert run("law", "explain", str(file)).out.count("逾期天数 days overdue") == 2


def test_a_refused_case_of_a_list_leaves_the_others_their_results(run: Run, file: Path) -> None:
    file.write_text(json.dumps([CASE, {"as_of": "2025-09-09"}, 7, CASE]), encoding="utf-8")

    first, second, third, fourth = run("law", "due", str(file), "--json", code=1).json

    assert first == fourth
    assert first["days_overdue"] == 10
    assert (second["code"], second["field"]) == ("CASE_INVALID", "signed_on")
    assert third["code"] == "CASE_INVALID"
    assert "CASE_INVALID" in run("law", "due", str(file), code=1).out


def test_a_list_is_printed_as_one_json_text_while_it_is_judged(run: Run, file: Path) -> None:
    file.write_text(json.dumps([CASE, CASE | {"signed_on": 7}]), encoding="utf-8")

    printed = run("law", "explain", str(file), "--json", code=1)

    assert printed.out == f"{json.dumps(printed.json, ensure_ascii=False, indent=2)}\n"


def test_a_key_that_is_there_twice_is_refused_by_name(run: Run, file: Path) -> None:
    twice = '{"signed_on": "2025-06-10", "facts": {"amount": "1.00", "amount": "2.00"}}'
    file.write_text(twice, encoding="utf-8")

    refused = json.loads(run("law", "explain", str(file), "--json", code=1).err)

    assert refused["code"] == "CASE_UNREADABLE"
    assert "'amount' is there twice" in refused["detail"]
    assert "'amount' 出现两次" in refused["detail_zh"]


@pytest.mark.parametrize("content", ["7", "[]", "{", '"x"'])
def test_a_file_that_holds_no_cases_is_refused(run: Run, file: Path, content: str) -> None:
    file.write_text(content, encoding="utf-8")

    assert "CASE_UNREADABLE" in run("law", "explain", str(file), code=1).err


def test_a_preview_of_an_import_changes_nothing(run: Run, file: Path) -> None:
    before = run("almanac", "show", "--json").json
    file.write_text("kind,date,value,source\nlimit:gov_cap_days,2030-01-01,45,x\n")

    shown = run("almanac", "import", str(file), "--preview", "--json").json
    assert (shown["preview"], shown["version"], shown["rows"]) == (True, 1, {"limit": 1})
    assert run("almanac", "show", "--json").json == before

    taken = run("almanac", "import", str(file), "--json").json
    assert (taken["version"], taken["known"]) == (1, False)
    assert run("almanac", "import", str(file), "--json").json["known"]
    assert "此前已导入" in run("almanac", "import", str(file)).out
    after = run("almanac", "show", "--json").json
    assert {"name": "gov_cap_days", "valid_from": "2030-01-01", "value": 45, "source": "x"} in (
        after["limits"]
    )
    assert [one["version"] for one in after["imports"]] == [1]
    assert "第1版" in run("almanac", "show").out


def test_migrating_again_keeps_an_imported_notice(run: Run, file: Path) -> None:
    with db.transaction() as session:
        contract = a_contract(session, signed_on=date(2026, 9, 1))
        claim = a_receivable(session, contract, delivered_on=date(2026, 12, 10))
    file.write_text(notice(), encoding="utf-8")
    assert run("almanac", "import", str(file), "--json").json["due_days"] == 1

    run("migrate")

    with db.transaction() as session:
        assert get_visible(session, OPERATOR, claim.id).due_on == date(2027, 2, 10)
    assert run("verify", "--json").json["findings"] == []


def test_every_fault_of_a_file_is_shown_with_its_line(run: Run, file: Path) -> None:
    file.write_text("kind,date,value,source\nlpr,soon,3.00,x\nlimit:none,2027-01-01,1,x\n")

    ran = run("almanac", "import", str(file), code=1)
    assert "第2行 date" in ran.err
    assert "第3行 kind" in ran.err
    refused = json.loads(run("almanac", "import", str(file), "--json", code=1).err)
    assert refused["code"] == "ALMANAC_FILE_INVALID"
    assert run("almanac", "show", "--json").json["version"] == 0


def test_a_receivable_is_reasoned_about_by_its_id_or_invoice_number(run: Run) -> None:
    with db.transaction() as session:
        claim = a_receivable(session, number="INV-7")

    asked = ("--as-of", "2025-09-18", "--json")
    found = run("reasoning", str(claim.id), *asked).json

    assert found["result"]["days_overdue"] == found["book"]["days_overdue"] == 10
    assert run("reasoning", "INV-7", *asked).json["case"] == found["case"]
    shown = run("reasoning", "INV-7", "--as-of", "2025-09-18").out
    assert "INV-7" in shown
    assert "R-ROLL" in shown
    assert "NOT_FOUND" in run("reasoning", "INV-8", code=1).err


def test_an_invoice_number_of_several_sellers_asks_for_the_id(run: Run) -> None:
    with db.transaction() as session:
        claims = [
            a_receivable(session, a_contract(session, signed_on=day), number="INV-7")
            for day in (date(2025, 6, 10), date(2025, 6, 11))
        ]

    refused = run("reasoning", "INV-7", code=1).err

    assert "INVOICE_AMBIGUOUS" in refused
    assert all(str(claim.id) in refused.replace("\n", "") for claim in claims)
