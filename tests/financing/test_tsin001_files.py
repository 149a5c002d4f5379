import hashlib
import io

import pytest
from lxml import etree

from services.ledger.financing.files.formats import FORMATS
from services.ledger.financing.files.row import ExportRow, ExportTotalsError, ExportValueError
from services.ledger.financing.files.tsin001 import write_tsin001
from services.ledger.money import MAX_FEN
from tests.financing.files_samples import BARE, ROW, header_of, shared

_NS = {"t": "urn:iso:std:iso:20022:tech:xsd:tsin.001.001.01"}


def _written(*rows: ExportRow) -> bytes:
    target = io.BytesIO()
    totals = write_tsin001(header_of(rows), rows, target)
    assert totals.sha256 == hashlib.sha256(target.getvalue()).hexdigest()
    return target.getvalue()


def _texts(data: bytes, path: str) -> list[str]:
    found = etree.fromstring(data).findall(path, _NS)
    return [element.text or "" for element in found]


def test_the_group_carries_count_and_sums() -> None:
    data = _written(ROW, BARE)
    group = "t:InvcFincgReq/t:ReqGrpInf"
    assert _texts(data, f"{group}/t:GrpId") == ["EXP-2025-06-30-0001"]
    assert _texts(data, f"{group}/t:CreDtTm") == ["2025-06-30T14:00:00Z"]
    assert _texts(data, f"{group}/t:NbOfInvcReqs") == ["2"]
    assert _texts(data, f"{group}/t:TtlBlkInvcAmt") == ["246913.56"]
    assert _texts(data, f"{group}/t:FincgRqstr/t:PtyId/t:Nm") == ["台账运营方"]
    assert _texts(data, f"{group}/t:FrstAgt/t:PrtryId/t:Id") == ["PLATFORM-A"]
    assert "200000.02" in _texts(data, f"{group}/t:AddtlInf/t:InfVal")


def test_an_invoice_carries_everything_the_ledger_knows_of_it() -> None:
    data = _written(ROW, BARE)
    one = "t:InvcFincgReq/t:InvcReqInf"
    assert _texts(data, f"{one}/t:InvcGnlInf/t:DocNb") == [
        "25442000000012345678",
        "4403171130-00012345",
    ]
    handle = _texts(data, f"{one}/t:InvcGnlInf/t:SndrRcvrSeqId")[0]
    assert handle == f"{ROW.receivable_id}/{ROW.identity}"
    assert _texts(data, f"{one}/t:InvcTtlsInf/t:TtlInvcAmt")[0] == "123456.78"
    assert _texts(data, f"{one}/t:InvcTtlsInf/t:PmtDueDt")[0] == "2025-08-07"
    assert _texts(data, f"{one}/t:ReqdAmt/t:Amt")[0] == "100000.01"
    organisation = "t:PtyId/t:Id/t:OrgId"
    assert _texts(data, f"{one}/t:Spplr/{organisation}/t:TaxIdNb") == ["91440300708461136T"]
    assert _texts(data, f"{one}/t:Spplr/{organisation}/t:PrtryId/t:Issr") == ["VENDOR"]
    assert _texts(data, f"{one}/t:RfrdDoc/t:DocAmt")[0] == "120000.05"
    assert _texts(data, f"{one}/t:RfrdDoc/t:DocNb") == [
        "PO-1",
        "PO-2",
        "HT-2025-001",
        "0197a2b40000700080000000000" + "0000c",
        "NO_ASSIGNMENT_CLAUSE",
    ]


def test_names_with_markup_come_back_as_they_are() -> None:
    name = "甲<乙>&\"丙'\r ]]>股份（集团）有限公司𠮷"
    data = _written(ROW._replace(supplier_name=name))
    assert _texts(data, ".//t:Spplr/t:PtyId/t:Nm") == [name]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"supplier_name": "长" * 71}, "supplier_name"),
        ({"supplier_name": ""}, "supplier_name"),
        ({"buyer_name": "甲\x01乙"}, "buyer_name"),
        ({"buyer_name": "甲\ufffe"}, "buyer_name"),
        ({"contract_number": "H" * 36}, "contract_number"),
        ({"orders": ["P" * 36, "Q"]}, "orders"),
        ({"invoice_code": "4" * 12, "invoice_number": "1" * 23}, "invoice_number"),
        ({"flags": ["F" * 36]}, "flags"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_by_name_and_never_cut(
    changes: dict[str, object], field: str
) -> None:
    row = ROW._replace(**changes)  # type: ignore[arg-type]  # one row, many field types
    with pytest.raises(ExportValueError) as refused:
        _written(BARE, row)
    assert refused.value.field == field
    assert row.receivable_id in refused.value.english
    assert row.receivable_id in refused.value.chinese


def test_a_header_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ExportValueError, match="reference has 36 letters"):
        write_tsin001(header_of([ROW], reference="E" * 36), [ROW], io.BytesIO())


def test_a_message_that_differs_from_the_ledger_is_refused() -> None:
    with pytest.raises(ExportTotalsError):
        write_tsin001(header_of([ROW], count=2), [ROW], io.BytesIO())


def test_every_format_writes_the_same_totals() -> None:
    rows = [ROW, BARE]
    found = [form.write(header_of(rows), iter(rows), io.BytesIO()) for form in FORMATS.values()]
    sums = {(one.count, one.total_fen, one.face_total_fen) for one in found}
    assert sums == {(2, 20_000_002, 24_691_356)}


def test_the_message_is_valid_against_the_standard() -> None:
    schema = etree.XMLSchema(etree.parse(shared("xsd/tsin.001.001.01.xsd")))
    edges = [
        ROW._replace(supplier_name="长" * 70, contract_number="H" * 35, orders=["&" * 35] * 2),
        ROW._replace(face_fen=MAX_FEN, open_fen=MAX_FEN, offered_fen=1),
        ROW._replace(buyer_name="<&>\"'\t\r\n甲", confirmed_on=None),
    ]
    schema.assertValid(etree.fromstring(_written(ROW, BARE, *edges)))


def test_the_schema_test_can_fail() -> None:
    schema = etree.XMLSchema(etree.parse(shared("xsd/tsin.001.001.01.xsd")))
    assert not schema.validate(etree.fromstring(_written(ROW).replace(b"CINV", b"XXXX")))
