"""What may be done about a complaint, by whom and when: the table of its steps.

The order is that of 802号 第二十五条: accepted, transferred within days to the department that
handles it, a result within days of its receiving the materials, an answer in writing. The lists
of reasons are closed, so that "refused" and "ended" can be counted; they are this ledger's, since
the text of the procedure (工信部企业〔2021〕224号) and of its successor is not to hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import RowMapping

from services.ledger.errors import LedgerError

FILED: Final = "FILED"
CREDITOR: Final = "complaints.file"
REGULATOR: Final = "complaints.handle"


class StepRefusedError(LedgerError):
    """A step that does not follow from the complaint's state, or lacks what it needs."""

    code = "STEP_REFUSED"
    status = 409


@dataclass(frozen=True, slots=True)
class Step:
    """Something done about a complaint: under the caller's id, on a legal day."""

    id: UUID
    receivable_id: UUID
    complaint_id: UUID
    kind: str
    on: date
    reason: str = ""
    text: str = ""
    extended_to: date | None = None
    request_id: str = ""


class Rule(NamedTuple):
    """A step: from which states, to which, who takes it, and the reasons it must be one of."""

    from_states: frozenset[str]
    to_state: str | None
    """None: the state stays as it is."""
    by: str
    """The action of `policy` that it is part of."""
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


def refuse(row: RowMapping, taken: Step) -> None:
    """Refuse a step that may not be taken now.

    Args:
        row: the complaint, with its state and timer before the step.
        taken: the step.

    Raises:
        StepRefusedError: it does not follow, or a day, reason or text is missing or wrong.
    """
    rule = STEPS[taken.kind]
    if row["state"] not in rule.from_states:
        states = ", ".join(sorted(rule.from_states))
        raise StepRefusedError(
            f"{taken.kind} does not follow from {row['state']}; it follows from: {states}.",
            f"投诉状态为{row['state']}，不能办理{taken.kind}；可办理的状态：{states}。",
            field="kind",
        )
    if taken.on < row["moved_on"]:
        raise StepRefusedError(
            f"{taken.on} is before the last step, of {row['moved_on']}.",
            f"{taken.on}早于上一步骤的日期{row['moved_on']}。",
            field="on",
        )
    if (rule.reasons and taken.reason not in rule.reasons) or (taken.reason and not rule.reasons):
        known = ", ".join(sorted(rule.reasons)) or "none"
        raise StepRefusedError(
            f"The reason of {taken.kind} is one of: {known}.",
            f"{taken.kind}的理由须为：{known}。",
            field="reason",
        )
    if rule.needs_text and not taken.text.strip():
        raise StepRefusedError(
            f"{taken.kind} needs a text: what is asked, to whom it goes, or what was found.",
            f"{taken.kind}须填写说明：要求的内容、转交的部门或者处理的结果。",
            field="text",
        )
    _refuse_extension(row, taken)


def _refuse_extension(row: RowMapping, taken: Step) -> None:
    if taken.kind != "EXTENDED":
        if taken.extended_to is not None:
            raise StepRefusedError(
                f"{taken.kind} has no day to extend to.",
                f"{taken.kind}没有延长期限。",
                field="extended_to",
            )
        return
    due_on, longest_on = row["timer_due_on"], row["result_max_on"]
    to = taken.extended_to
    if to is None or due_on is None or not due_on < to <= longest_on:
        raise StepRefusedError(
            f"The result is due on {due_on}; it may be extended to a day up to {longest_on}"
            " (802号 第二十五条: 最长不超过90日).",
            f"处理结果期限为{due_on}；最长可延至{longest_on}（802号第二十五条：最长不超过90日）。",
            field="extended_to",
        )
