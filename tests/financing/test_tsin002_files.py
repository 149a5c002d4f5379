import io
from datetime import UTC, date, datetime

import pytest
from lxml import etree

from services.ledger.errors import LedgerError
from services.ledger.financing.files.answer import Answer
from services.ledger.financing.files.answer_fields import AnswerError
from services.ledger.financing.files.tsin002 import read_answer
from services.ledger.financing.files.xml_guard import (
    MAX_BYTES,
    XmlDoctypeError,
    XmlMalformedError,
    XmlTooLargeError,
)
from tests.financing.files_samples import shared

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:tsin.002.001.01"><InvcFincgReqSts>
<StsId><Id>STS-1</Id><CreDtTm>2025-07-01T08:00:00Z</CreDtTm></StsId>
<OrgnlReqInfAndSts><Id>EXP-2025-06-30-0001</Id><CreDtTm>2025-06-30T14:00:00Z</CreDtTm>
<VldtnStsInf><Sts>RCCF</Sts></VldtnStsInf></OrgnlReqInfAndSts>
"""
_TAIL = "</InvcFincgReqSts></Document>"


def _item(number: str, total: str, result: str, *, more: str = "") -> str:
    return (
        f'<InvcFincgDtls><OrgnlInvcInf><DocNb>{number}</DocNb><TtlInvcAmt Ccy="CNY">{total}'
        "</TtlInvcAmt><IsseDt>2025-06-10</IsseDt><PmtDueDt>2025-08-07</PmtDueDt></OrgnlInvcInf>"
        f"{more}<InvcFincgRslt>{result}</InvcFincgRslt></InvcFincgDtls>"
    )


def _summary(count: str, accepted: str, financed: str, *, more: str = "") -> str:
    return (
        f'<FincgAllwdSummry><FincdItmNb>{count}</FincdItmNb><TtlAccptdItmsAmt Ccy="CNY">{accepted}'
        f'</TtlAccptdItmsAmt>{more}<TtlFincdAmt Ccy="CNY">{financed}</TtlFincdAmt>'
        "</FincgAllwdSummry>"
    )


def _paid(amount: str) -> str:
    return f'<FincgReqSts>FNCD</FincgReqSts><FincdAmt><Amt Ccy="CNY">{amount}</Amt></FincdAmt>'


_REFUSED = (
    "<FincgReqSts>NTFD</FincgReqSts><StsRsn><Cd>DT02</Cd></StsRsn>"
    "<AddtlStsRsnInf>到期日过近</AddtlStsRsnInf>"
)
_PENDING = "<FincgReqSts>PDNG</FincgReqSts>"
_SUMMARY = _summary("1", "1200.00", "960.05")
_ITEMS = _item("A-1", "1200.00", _paid("960.05")) + _item("A-2", "10", _REFUSED)
_ITEMS += _item("A-3", "0.01", _PENDING)
_SOUND = f"{_HEAD}<FincgInfAndSts>{_SUMMARY}{_ITEMS}</FincgInfAndSts>{_TAIL}"


def _read(text: str | bytes) -> Answer:
    return read_answer(io.BytesIO(text.encode() if isinstance(text, str) else text))


def _with(items: str, summary: str) -> str:
    return f"{_HEAD}<FincgInfAndSts>{summary}{items}</FincgInfAndSts>{_TAIL}"


def test_financed_refused_and_pending_are_told_apart() -> None:
    answer = _read(_SOUND)
    assert (answer.id, answer.export_reference) == ("STS-1", "EXP-2025-06-30-0001")
    assert answer.created_at == datetime(2025, 7, 1, 8, tzinfo=UTC)
    assert answer.accepted
    assert answer.currency == "CNY"
    financed, refused, pending = answer.items
    assert (financed.state, financed.total_fen, financed.financed_fen) == (
        "FINANCED",
        120_000,
        96_005,
    )
    assert (financed.issued_on, financed.due_on) == (date(2025, 6, 10), date(2025, 8, 7))
    assert (refused.state, refused.financed_fen) == ("REFUSED", 0)
    assert refused.reason == "DT02 到期日无效 due date is not valid; 到期日过近"
    assert (pending.state, pending.total_fen, pending.reason) == ("PENDING", 1, "")


def test_a_request_that_was_only_received_has_no_items() -> None:
    answer = _read(_HEAD + _TAIL)
    assert answer.accepted
    assert answer.items == []


def test_a_request_refused_as_a_whole_says_so() -> None:
    answer = _read(
        (_HEAD + _TAIL).replace(
            "<Sts>RCCF</Sts>", "<Sts>RCER</Sts><StsRsn><Prtry>格式错误</Prtry></StsRsn>"
        )
    )
    assert not answer.accepted
    assert answer.reason == "格式错误"


def test_an_instant_without_offset_is_shanghai_time_and_one_with_is_kept() -> None:
    assert _read(_SOUND.replace("08:00:00Z", "08:00:00")).created_at.hour == 0
    assert _read(_SOUND.replace("08:00:00Z", "08:00:00.5+02:00")).created_at.hour == 6


def test_a_comment_does_not_cut_a_number_in_two() -> None:
    assert _read(_SOUND.replace("A-1", "A<!-- x -->-1")).items[0].document_number == "A-1"


def test_two_suppliers_may_use_the_same_number() -> None:
    items = "".join(
        _item("A-1", "10.00", _PENDING, more=f"<Spplr><Nm>{name}</Nm></Spplr>") for name in "甲乙"
    )
    answer = _read(_with(items, _summary("0", "0", "0")))
    assert [item.supplier_name for item in answer.items] == ["甲", "乙"]


@pytest.mark.parametrize(
    ("written", "fen"),
    [("1200", 120_000), ("1200.5", 120_050), ("+01200.05000", 120_005), (".5", 50), ("7.", 700)],
)
def test_every_spelling_of_an_exact_amount_is_read(written: str, fen: int) -> None:
    answer = _read(_with(_item("A", written, _PENDING), _summary("0", "0", "0")))
    assert answer.items[0].total_fen == fen


def test_a_percentage_is_worked_out_to_the_fen() -> None:
    rate = "<FincgReqSts>FNCD</FincgReqSts><FincdAmt><Rate>33.3</Rate></FincdAmt>"
    answer = _read(_with(_item("A", "100.05", rate), _summary("1", "100.05", "33.32")))
    assert answer.items[0].financed_fen == 3_332


def test_the_percentage_of_the_summary_holds_where_an_item_gives_none() -> None:
    summary = _summary("1", "100.00", "80.00", more="<ApldPctg>80</ApldPctg>")
    answer = _read(_with(_item("A", "100.00", "<FincgReqSts>FNCD</FincgReqSts>"), summary))
    assert answer.items[0].financed_fen == 8_000


_WRONG = {
    "count of financed": _with(_ITEMS, _summary("2", "1200.00", "960.05")),
    "sum of invoices": _with(_ITEMS, _summary("1", "1200.01", "960.05")),
    "sum financed": _with(_ITEMS, _summary("1", "1200.00", "960.04")),
    "sum by percentage": _with(
        _item("A", "100.00", "<FincgReqSts>FNCD</FincgReqSts>"),
        _summary("1", "100.00", "80.02", more="<ApldPctg>80</ApldPctg>"),
    ),
    "a tenth of a fen": _SOUND.replace("960.05", "960.051"),
    "negative": _SOUND.replace("0.01", "-0.01"),
    "exponent": _SOUND.replace("0.01", "1E2"),
    "not a number": _SOUND.replace("0.01", "NaN"),
    "full-width digits": _SOUND.replace("0.01", "\uff10.01"),
    "bare point": _SOUND.replace("0.01", "."),
    "no currency": _SOUND.replace(' Ccy="CNY">0.01', ">0.01"),
    "two currencies": _SOUND.replace('Ccy="CNY">0.01', 'Ccy="EUR">0.01'),
    "other currency paid": _SOUND.replace('<Amt Ccy="CNY">', '<Amt Ccy="EUR">'),
    "more paid than billed": _with(
        _item("A", "10.00", _paid("10.01")), _summary("1", "10.00", "10.01")
    ),
    "financed with nothing": _with(
        _item("A", "10.00", "<FincgReqSts>FNCD</FincgReqSts>"), _summary("1", "10.00", "0")
    ),
    "refused with money": _SOUND.replace("FNCD", "NTFD"),
    "unknown status": _SOUND.replace("PDNG", "FNCX"),
    "unknown validation": _SOUND.replace("RCCF", "OK"),
    "refused yet itemised": _SOUND.replace("RCCF", "RCER"),
    "no such day": _SOUND.replace("2025-08-07", "2025-02-30"),
    "week date": _SOUND.replace("2025-08-07", "2025-W10-1"),
    "no such hour": _SOUND.replace("08:00:00Z", "25:00:00Z"),
    "before time": _SOUND.replace("2025-07-01T08:00:00Z", "0001-01-01T00:00:00+14:00"),
    "number missing": _SOUND.replace("<DocNb>A-1</DocNb>", ""),
    "number empty": _SOUND.replace("<DocNb>A-1</DocNb>", "<DocNb> </DocNb>"),
    "number too long": _SOUND.replace("A-1", "A" * 36),
    "number twice": _SOUND.replace("<DocNb>A-1</DocNb>", "<DocNb>A-1</DocNb><DocNb>B</DocNb>"),
    "number with children": _SOUND.replace("<DocNb>A-1</DocNb>", "<DocNb>A-1<Id/></DocNb>"),
    "no such currency": _SOUND.replace('Ccy="CNY"', 'Ccy="cny"'),
    "week instant": _SOUND.replace("2025-07-01T08", "2025-W27-2T08"),
    "sum of nothing": _with("", _summary("0", "0", "0")),
    "invoice twice": _SOUND.replace(
        "</FincgInfAndSts>", f"{_item('A-3', '0.01', _PENDING)}</FincgInfAndSts>"
    ),
    "instalments": _SOUND.replace("</InvcFincgDtls>", "<InstlmtFincgInf/></InvcFincgDtls>"),
    "cancellation": _SOUND.replace("</OrgnlReqInfAndSts>", "<CxlStsInf/></OrgnlReqInfAndSts>"),
    "items without sum": _SOUND.replace(_SUMMARY, ""),
    "sum without items": _SOUND.replace(_ITEMS, ""),
    "sum twice": _SOUND.replace(_SUMMARY, _SUMMARY * 2),
    "no original": _HEAD[: _HEAD.index("<OrgnlReqInfAndSts>")] + _TAIL,
    "no status id": "".join(
        (_HEAD[: _HEAD.index("<StsId>")], _HEAD[_HEAD.index("<OrgnlReqInfAndSts>") :], _TAIL)
    ),
    "item outside": _SOUND.replace("<FincgInfAndSts>", "").replace("</FincgInfAndSts>", ""),
    "item inside an item": _SOUND.replace(
        "</InvcFincgDtls>", f"{_item('B', '1', _PENDING)}</InvcFincgDtls>", 1
    ),
    "stranger": _SOUND.replace("</StsId>", "</StsId><Extra/>"),
    "other message": _SOUND.replace("tsin.002", "tsin.001"),
    "no namespace": _SOUND.replace(' xmlns="urn:iso:std:iso:20022:tech:xsd:tsin.002.001.01"', ""),
    "other root": "<html/>",
}


@pytest.mark.parametrize("text", _WRONG.values(), ids=_WRONG.keys())
def test_an_unsound_answer_is_refused_whole(text: str) -> None:
    assert text != _SOUND
    with pytest.raises(AnswerError) as refused:
        _read(text)
    assert refused.value.code == "ANSWER_INVALID"
    assert "第" in refused.value.chinese
    assert "Line" in refused.value.english


def test_another_message_is_named_as_such() -> None:
    with pytest.raises(AnswerError, match=r"tsin\.001\.001\.01; send a tsin\.002"):
        _read(_SOUND.replace("tsin.002", "tsin.001"))


_BOMB = '<!DOCTYPE a [<!ENTITY x "x"><!ENTITY y "&x;&x;">]>'
_LEAK = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
_PROLOG = '<?xml version="1.0" encoding="UTF-8"?>'


@pytest.mark.parametrize("doctype", [_BOMB, _LEAK, "<!DOCTYPE a>"])
def test_a_doctype_is_refused_unread(doctype: str) -> None:
    with pytest.raises(XmlDoctypeError):
        _read(_SOUND.replace(_PROLOG, _PROLOG + doctype).replace("A-1", "&x;"))


@pytest.mark.parametrize(
    "data",
    [
        _SOUND.replace("UTF-8", "UTF-16").encode("utf-16"),
        _SOUND.replace("UTF-8", "UTF-7").replace(_PROLOG, _PROLOG + _BOMB).encode("utf-7"),
        _SOUND.replace("UTF-8", "GB18030").encode("gb18030"),
        _SOUND.replace("A-1", "甲").encode("gb18030"),
        _SOUND.encode() + b"\0",
        b"",
        b"PK\x03\x04",
        _SOUND.encode()[:-20],
        _SOUND.replace("A-1", "&undeclared;").encode(),
        _SOUND.replace("A-1", "&#0;").encode(),
        _SOUND.replace("A-3", "<x>" * 200 + "</x>" * 200).encode(),
        _SOUND.replace("<StsId>", "<StsId>" + "<x/>" * 10_001).encode(),
    ],
    ids=(
        "utf-16", "utf-7", "gb18030", "unsaid gb18030", "nul", "empty", "zip",
        "cut off", "entity", "zero", "deep", "wide",
    ),
)  # fmt: skip
def test_what_is_not_plain_utf8_xml_is_refused(data: bytes) -> None:
    with pytest.raises(XmlMalformedError) as refused:
        _read(data)
    assert refused.value.code == "XML_MALFORMED"


def test_every_place_an_answer_may_be_cut_off_is_noticed() -> None:
    data = _SOUND.encode()
    for length in range(0, len(data), 7):
        with pytest.raises(LedgerError):
            _read(data[:length])


def test_a_byte_order_mark_is_no_harm() -> None:
    assert len(_read(b"\xef\xbb\xbf" + _SOUND.encode()).items) == 3


def test_a_file_too_large_is_refused_and_never_read_to_its_end() -> None:
    stream = io.BytesIO(b" " * (2 * MAX_BYTES))
    with pytest.raises(XmlTooLargeError):
        read_answer(stream)
    assert stream.tell() == MAX_BYTES + 1


def test_a_long_answer_is_read_item_by_item() -> None:
    items = "".join(_item(f"A-{number}", "1.00", _PENDING) for number in range(12_000))
    answer = _read(_with(items, _summary("0", "0", "0")))
    assert len(answer.items) == 12_000
    assert answer.items[-1].document_number == "A-11999"


def test_the_sample_of_the_shared_data_is_read() -> None:
    answer = read_answer(shared("samples/tsin.002_p2p_2022-09-30.xml"))
    states = [item.state for item in answer.items]
    assert (states.count("FINANCED"), states.count("PENDING"), states.count("REFUSED")) == (6, 1, 1)
    assert answer.export_reference == "EXP-2022-09-30-0001"
    assert sum(item.total_fen for item in answer.items) == 56_065_000
    assert sum(item.financed_fen for item in answer.items) == 15_732_000


def test_the_hand_made_answer_is_valid_against_the_standard() -> None:
    schema = etree.XMLSchema(etree.parse(shared("xsd/tsin.002.001.01.xsd")))
    schema.assertValid(etree.fromstring(_SOUND.encode()))
