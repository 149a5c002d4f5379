"""What may be done about a complaint, by whom and when: the table of its steps.

The order is that of 802号 第二十五条: accepted, transferred within days to the department that
handles it, a result within days of its receiving the materials, an answer in writing. The lists
of reasons are closed, so that "refused" and "ended" can be counted; they are this ledger's, since
the text of the procedure (工信部企业〔2021〕224号) and of its successor is not to hand.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

FILED: Final = "FILED"
CREDITOR: Final = "creditor"
REGULATOR: Final = "regulator"


class Rule(NamedTuple):
    """A step: from which states, to which, who takes it, and the reasons it must be one of."""

    from_states: frozenset[str]
    to_state: str | None
    """None: the state stays as it is."""
    by: str
    reasons: frozenset[str] = frozenset()
    needs_text: bool = False


OPEN_STATES: Final = frozenset(
    {FILED, "SUPPLEMENT_NEEDED", "ACCEPTED", "TRANSFERRED", "HANDLING", "RESULT"}
)
REFUSALS: Final = frozenset(
    {"NO_CONTRACT", "NOT_COVERED", "IN_COURT", "DUPLICATE", "NOT_LATE", "NOT_SUPPLEMENTED"}
)
RESULTS: Final = frozenset({"PAID", "PLAN_AGREED", "ARREARS_CONFIRMED", "NOT_ARREARS", "DISPUTED"})
"""What the authority found; this ledger only writes it down."""
ENDINGS: Final = frozenset({"COURT_SEIZED", "SETTLED", "INSOLVENCY"})

STEPS: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "SUPPLEMENT_ASKED": Rule(
            frozenset({FILED}), "SUPPLEMENT_NEEDED", REGULATOR, needs_text=True
        ),
        "SUPPLEMENTED": Rule(frozenset({"SUPPLEMENT_NEEDED"}), FILED, CREDITOR, needs_text=True),
        "ACCEPTED": Rule(frozenset({FILED}), "ACCEPTED", REGULATOR),
        "REFUSED": Rule(frozenset({FILED, "SUPPLEMENT_NEEDED"}), "REFUSED", REGULATOR, REFUSALS),
        "TRANSFERRED": Rule(frozenset({"ACCEPTED"}), "TRANSFERRED", REGULATOR, needs_text=True),
        "RECEIVED": Rule(frozenset({"TRANSFERRED"}), "HANDLING", REGULATOR),
        "RESPONDENT_ASKED": Rule(frozenset({"HANDLING"}), None, REGULATOR, needs_text=True),
        "EXTENDED": Rule(frozenset({"HANDLING"}), None, REGULATOR, needs_text=True),
        "RESULT": Rule(frozenset({"HANDLING"}), "RESULT", REGULATOR, RESULTS, needs_text=True),
        "CLOSED": Rule(frozenset({"RESULT"}), "CLOSED", REGULATOR),
        "ENDED": Rule(OPEN_STATES - {"RESULT"}, "ENDED", REGULATOR, ENDINGS),
        "WITHDRAWN": Rule(OPEN_STATES - {"RESULT"}, "WITHDRAWN", CREDITOR),
    }
)

STATE_SQL: Final = (
    "CASE coalesce({last}, '') WHEN '' THEN 'FILED'"
    + "".join(
        f" WHEN '{kind}' THEN '{rule.to_state}'"
        for kind, rule in STEPS.items()
        if rule.to_state is not None
    )
    + " END"
)
"""The state after ``{last}``, the last step that changed one, or NULL where there was none."""
STAYS: Final = tuple(kind for kind, rule in STEPS.items() if rule.to_state is None)
