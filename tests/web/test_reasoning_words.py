"""Whatever a reading may change has a word in both languages on the page of a reasoning."""

from typing import Any

import pytest

from services.ledger.almanac import shipped
from services.ledger.law.case import explain
from services.ledger.web import words_law
from tests.law.cases import E6, E7, with_contract, with_facts
from tests.law.worked import EXAMPLES

INSTRUMENT = {"kind": "ECERT", "handed_on": "2026-10-09", "matures_on": "2027-04-10"}
CASES = [
    *(case for case, _ in EXAMPLES.values()),
    with_facts(with_contract(E7, noncash_clause=True), instrument=INSTRUMENT),
    with_contract(E6, day_basis=None),
    E6 | {"signed_on": "2019-09-02", "subject": "WORKS", "contract": {}},
]


@pytest.mark.parametrize("case", CASES)
def test_every_result_of_a_reading_has_a_word(case: dict[str, Any]) -> None:
    readings: Any = explain(case, shipped())["readings"]

    for reading in readings:
        results = [reading["result"], *(other["result"] or {} for other in reading["alternatives"])]
        for name in (key for result in results for key in result):
            assert words_law.CHANGED[name].zh
            assert words_law.CHANGED[name].en
