from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from services.ledger.access import OPERATOR, NotAllowedError, Viewer
from services.ledger.intake.loading import load_profile
from services.ledger.intake.service import FaultyRowsError, Intake, commit, preview
from services.ledger.law.uscc import check_character
from services.ledger.log.service import seal
from services.ledger.receivables.notice import import_almanac
from tests.intake.conftest import TODAY, Take
from tests.intake.files import (
    BUYER,
    CLAIM_HEAD,
    DIGITS,
    OTHER,
    PAID_HEAD,
    SELLER,
    STRANGER,
    claim,
    codes,
    count,
    open_fen,
    party_of,
)


def test_a_receivable_is_opened_with_all_that_belongs_to_it(session: Session, take: Take) -> None:
    report = take("应收账款", CLAIM_HEAD, claim(1))

    assert report.errors == []
    row = (
        session.connection()
        .execute(
            text(
                """SELECT r.face_fen, b.receivable_fen, b.start_on, b.due_on, b.confirmed_on,
                     c.applies, p.amount_fen, p.debit, i.receivable_id = r.id AS claimed
                   FROM receivables r JOIN balances b ON b.receivable_id = r.id
                   JOIN contracts c ON c.id = r.contract_id
                   JOIN postings p ON p.receivable_id = r.id
                   JOIN invoice_identities i ON i.digest = r.identity"""
            )
        )
        .one()
    )
    assert tuple(row) == (
        100_00,
        100_00,
        date(2025, 7, 2),
        date(2025, 9, 1),  # 2025-08-31 is a Sunday
        None,
        "true",
        100_00,
        "receivable",
        True,
    )
    events = text("SELECT type, data->>'due_on' FROM events WHERE type LIKE 'receivable%'")
    assert [tuple(one) for one in session.connection().execute(events)] == [
        ("receivable.opened", "2025-09-01")
    ]
    assert seal(session) == count(session, "events")


def test_what_the_debtor_uploads_is_confirmed(session: Session, take: Take) -> None:
    viewer = Viewer("buyer", "core_enterprise", party_of(session, BUYER))

    take("应收账款", CLAIM_HEAD, claim(1), viewer=viewer)

    confirmed = session.connection().execute(text("SELECT confirmed_on FROM balances"))
    assert confirmed.scalar_one() == date(2025, 7, 1)


def test_each_faulty_row_is_told_and_the_others_are_taken(session: Session, take: Take) -> None:
    unknown = "91110000600037343" + check_character("91110000600037343")

    report = take(
        "应收账款",
        CLAIM_HEAD,
        claim(1),
        claim(2, buyer=unknown),
        claim(3, seller=STRANGER),
        claim(4, invoice="123"),
        claim(5, invoice=str(DIGITS + 1)),
        claim(6, amount="1.005"),
        claim(1, amount="101.00"),
        claim(8, seller=BUYER),
        claim(9, buyer=BUYER[:-1] + "0"),
        claim(10),
    )

    assert codes(report) == [
        (7, "价税合计", "AMOUNT_PLACES"),
        (10, "买方统一社会信用代码", "USCC_INVALID"),
        (2, "", "DOCUMENT_DIFFERS"),
        (3, "买方统一社会信用代码", "PARTY_UNKNOWN"),
        (4, "合同编号", "CONTRACT_UNKNOWN"),
        (5, "发票号码", "INVOICE_NUMBER_INVALID"),
        (8, "", "DOCUMENT_DIFFERS"),
        (9, "卖方统一社会信用代码", "PARTIES_SAME"),
    ]
    # Line 6 claims the invoice of line 2, which is faulty and claims nothing.
    assert report.new == {"receivable": 2}
    assert open_fen(session) == [100_00, 100_00]


def test_an_invoice_is_claimed_once_within_and_across_files(session: Session, take: Take) -> None:
    within = take("应收账款", CLAIM_HEAD, claim(1), claim(2, invoice=str(DIGITS + 1)))
    across = take("应收账款2", CLAIM_HEAD, claim(3, invoice=str(DIGITS + 1)))

    assert codes(within) == [(3, "发票号码", "INVOICE_CLAIMED")]
    assert codes(across) == [(2, "发票号码", "INVOICE_CLAIMED")]
    assert "已登记" in across.errors[0].chinese
    assert count(session, "invoice_identities") == count(session, "receivables") == 1


def test_an_id_with_other_content_is_refused(session: Session, take: Take) -> None:
    take("应收账款", CLAIM_HEAD, claim(1))
    take("付款", PAID_HEAD, "P1,AR1,40.00,2025-08-01")

    assert codes(take("应收账款2", CLAIM_HEAD, claim(1, amount="99.00"))) == [(2, "", "ID_REUSED")]
    assert codes(take("付款2", PAID_HEAD, "P1,AR1,41.00,2025-08-01")) == [(2, "金额", "ID_REUSED")]
    contract = "合同编号,买方统一社会信用代码,卖方统一社会信用代码,签订日期,约定付款天数"
    assert codes(take("合同2", contract, f"HT-1,{BUYER},{SELLER},2025-06-15,90")) == [
        (2, "", "ID_REUSED")
    ]
    party = "统一社会信用代码,名称,类型"
    assert codes(take("企业2", party, f"{BUYER},改名买方,大型企业")) == [(2, "", "ID_REUSED")]
    assert open_fen(session) == [60_00]


def test_a_row_is_taken_whole_or_not_at_all(session: Session, tmp_path: Path, take: Take) -> None:
    profile = load_profile("ibm_ar")
    head = (
        "countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,"
        "Disputed,SettledDate,PaperlessBill,DaysToSettle,DaysLate"
    )
    path = tmp_path.joinpath("book.csv")
    path.write_text(
        f"{head}\n1,A,,0001,1/2/2013,2/1/2013,10.00,No,,,,\n"
        # The second row's payment has the id of the first file's, for another amount.
        "1,B,,0002,1/2/2013,2/1/2013,10.00,No,1/5/2013,,,\n",
        "utf-8",
    )
    assert commit(session, Intake(path, profile, OPERATOR, TODAY)).new["receivable"] == 2
    parties = count(session, "parties")

    path.write_text(
        f"{head}\n1,C,,0003,1/2/2013,2/1/2013,10.00,No,1/5/2013,,,\n"
        "1,D,,0002,1/2/2013,2/1/2013,11.00,No,1/5/2013,,,\n",
        "utf-8",
    )
    report = commit(session, Intake(path, profile, OPERATOR, TODAY))

    assert {one.line for one in report.errors} == {3}
    assert report.new == {
        "party": 1,
        "contract": 1,
        "receivable": 1,
        "confirmation": 1,
        "payment": 1,
    }
    assert count(session, "parties") == parties + 1


def test_all_or_nothing_leaves_nothing(session: Session, take: Take) -> None:
    with pytest.raises(FaultyRowsError, match="line 3") as caught:
        take("应收账款", CLAIM_HEAD, claim(1), claim(2, amount="0"), whole=True)

    assert "第3行" in caught.value.chinese
    assert (count(session, "receivables"), count(session, "invoice_identities")) == (0, 0)
    assert count(session, "imports") == 2  # the parties and the contract of the fixture


def test_corrected_rows_sent_again_are_the_only_ones_taken(session: Session, take: Take) -> None:
    rows = [claim(one, amount="x" if one % 20 == 0 else "5.00") for one in range(1, 1001)]

    first = take("应收账款", CLAIM_HEAD, *rows)
    corrected = [row.replace(",x,", ",5.00,") for row in rows]
    second = take("应收账款", CLAIM_HEAD, *corrected)
    third = take("应收账款", CLAIM_HEAD, *corrected)

    assert [one.line for one in first.errors] == [line for line in range(2, 1002) if line % 20 == 1]
    assert {one.column for one in first.errors} == {"价税合计"}
    assert (first.new, first.error_count) == ({"receivable": 950}, 50)
    assert (second.new, second.known) == ({"receivable": 50}, {"receivable": 950})
    assert third.seen_before
    assert count(session, "receivables") == count(session, "balances") == 1000


def test_receipts_may_come_after_the_invoice_that_names_them(session: Session, take: Take) -> None:
    order = "订单编号,合同编号,买方统一社会信用代码,卖方统一社会信用代码,下单日期,金额"
    take("订单", order, f"PO1,HT-1,{BUYER},{SELLER},2025-06-20,100.00")
    receipt = "订单编号,收货单编号,事项,日期"
    take("收货", receipt, "PO1,GR1,验收合格,2025-07-02")
    take("应收账款", CLAIM_HEAD, claim(1, accepted=""))
    connection = session.connection()
    named = take("应收收货", "应收编号,收货单编号,日期", "AR1,GR1,2025-07-01", "AR1,GR9,2025-07-01")
    assert codes(named) == [(3, "收货单编号", "RECEIPT_UNKNOWN")]
    start = text("SELECT start_on FROM balances")
    assert connection.execute(start).scalar_one() == date(2025, 7, 2)

    take("收货2", receipt, "PO1,GR1,撤销,2025-07-03", "PO1,GR1,验收合格,2025-07-20")

    dates = connection.execute(text("SELECT start_on, due_on FROM balances")).one()
    assert tuple(dates) == (date(2025, 7, 20), date(2025, 9, 18))


def test_who_is_no_party_takes_nothing_in(session: Session, take: Take) -> None:
    other = Viewer("other", "core_enterprise", party_of(session, OTHER))
    seller = Viewer("seller", "supplier", party_of(session, SELLER))

    assert codes(take("应收账款", CLAIM_HEAD, claim(1), viewer=other)) == [
        (2, "合同编号", "CONTRACT_UNKNOWN")
    ]
    assert take("应收账款2", CLAIM_HEAD, claim(1), viewer=seller).new == {"receivable": 1}
    assert codes(take("付款", PAID_HEAD, "P1,AR1,1.00,2025-08-01", viewer=other)) == [
        (2, "应收编号", "RECEIVABLE_UNKNOWN")
    ]
    regulator = Viewer("regulator", "regulator", None)
    with pytest.raises(NotAllowedError):
        take("付款", PAID_HEAD, "P1,AR1,1.00,2025-08-01", viewer=regulator)


def test_a_preview_finds_the_faults_a_commit_finds(
    session: Session, take: Take, tmp_path: Path
) -> None:
    path = tmp_path.joinpath("应收账款.csv")
    path.write_text("\n".join([CLAIM_HEAD, claim(1), claim(2, seller=STRANGER)]), "utf-8")
    intake = Intake(path, load_profile("standard"), OPERATOR, TODAY)

    seen = preview(session, intake)

    assert codes(seen) == [(3, "合同编号", "CONTRACT_UNKNOWN")]
    assert seen.new == {"receivable": 1}
    assert (count(session, "receivables"), count(session, "balances")) == (0, 0)
    assert codes(commit(session, intake)) == codes(seen)


def test_contracts_of_a_file_are_decided_by_the_almanac_of_the_installation(
    session: Session, take: Take
) -> None:
    cap = "kind,date,value,source\nlimit:gov_cap_days,2026-01-01,45,测试用\n"
    import_almanac(session, OPERATOR, cap.encode(), name="a.csv", today=TODAY)
    base = "11110000600037344"
    office = base + check_character(base)
    take("企业2", "统一社会信用代码,名称,类型", f"{office},某局,机关")

    report = take(
        "合同2",
        "合同编号,买方统一社会信用代码,卖方统一社会信用代码,签订日期,约定付款天数",
        f"HT-8,{office},{SELLER},2025-12-31,90",
        f"HT-9,{office},{SELLER},2026-01-01,90",
    )

    assert report.errors == []
    decided = session.connection().execute(
        text(
            "SELECT due_cap_days, almanac_version FROM contracts"
            " WHERE reference IN ('HT-8', 'HT-9') ORDER BY reference"
        )
    )
    assert [tuple(row) for row in decided] == [(60, 1), (45, 1)]
