"""A machine that acts on the ledger at random and compares it with the model after every step."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    invariant,
    multiple,
    precondition,
    rule,
)

from services.ledger.ids import new_id
from services.ledger.journal.models import ACCOUNTS
from services.ledger.money import format_fen
from tests.procedures import model
from tests.procedures.house import PLATFORM, House, a_house, in_tables, invoice_number, seal_all
from tests.procedures.inline import Inline
from tests.procedures.model import DUE_ON, STATES, Book, Offer, Refused

_FACES = st.one_of(st.integers(1, 10), st.integers(1, 1_000_000_00))
_SHARES = st.sampled_from(["all", "half", "one", "over"])
_WHO = st.sampled_from(["buyer", "supplier"])
_FAR = "2199-01-01"


def _share(share: str, of_fen: int) -> int:
    fen = {"half": of_fen // 2, "one": 1, "over": of_fen + 1}.get(share, of_fen)
    return max(fen, 1)


def answer_file(offer: Offer, book: Book, state: str) -> str:
    code = {"FINANCED": "FNCD", "REFUSED": "NTFD", "PENDING": "PDNG"}[state]
    financed = format_fen(offer.fen)
    done = state == "FINANCED"
    more = {
        "FINANCED": f'<FincdAmt><Amt Ccy="CNY">{financed}</Amt></FincdAmt>',
        "REFUSED": "<StsRsn><Cd>DT02</Cd></StsRsn>",
        "PENDING": "",
    }[state]
    accepted = format_fen(book.face if done else 0)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:tsin.002.001.01"><InvcFincgReqSts>
<StsId><Id>{new_id().hex}</Id><CreDtTm>2025-07-01T08:00:00Z</CreDtTm></StsId>
<OrgnlReqInfAndSts><Id>{offer.reference}</Id><CreDtTm>2025-06-30T14:00:00Z</CreDtTm>
<VldtnStsInf><Sts>RCCF</Sts></VldtnStsInf></OrgnlReqInfAndSts>
<FincgInfAndSts><FincgAllwdSummry><FincdItmNb>{int(done)}</FincdItmNb>
<TtlAccptdItmsAmt Ccy="CNY">{accepted}</TtlAccptdItmsAmt>
<TtlFincdAmt Ccy="CNY">{financed if done else "0.00"}</TtlFincdAmt></FincgAllwdSummry>
<InvcFincgDtls><OrgnlInvcInf><DocNb>{book.number}</DocNb>
<TtlInvcAmt Ccy="CNY">{format_fen(book.face)}</TtlInvcAmt><IsseDt>2025-07-10</IsseDt>
<PmtDueDt>{_FAR}</PmtDueDt></OrgnlInvcInf><InvcFincgRslt><FincgReqSts>{code}</FincgReqSts>{more}
</InvcFincgRslt></InvcFincgDtls></FincgInfAndSts></InvcFincgReqSts></Document>"""


class Ledger(RuleBasedStateMachine):
    """One buyer and one supplier with their receivables; `http` and `platform` are set first."""

    http: ClassVar[Inline]
    platform: ClassVar[str]
    books = Bundle("books")

    def __init__(self) -> None:
        super().__init__()
        self.house: House = a_house(self.http)
        self.model: dict[UUID, Book] = {}
        self.done: list[tuple[str, str, dict[str, Any]]] = []
        self.touched: set[UUID] = set()

    def act(
        self, who: str, path: str, body: dict[str, Any], does: Callable[[], None], ok: int = 200
    ) -> Any:
        """Send an act; the ledger must answer as the model does."""
        body = {"id": str(new_id()), **body}
        try:
            does()
        except Refused as refused:
            expected: tuple[int, str] = (refused.status, refused.code)
        else:
            expected = (ok, "")
        status, answer = self.house.send(who, path, body)
        assert (status, answer.get("code", "")) == expected, (path, body, answer)
        if not expected[1]:
            self.done.append((who, path, body))
        return answer

    def of(self, book: Book, what: str) -> str:
        self.touched.add(book.id)
        return f"/v1/receivables/{book.id}/{what}"

    def _opened(self, who: str, faces: list[int], *, late: bool, lines: bool) -> list[Book]:
        number, identifier = invoice_number(), new_id()
        agreed = {} if late else {"agreed_due_on": _FAR}
        body: dict[str, Any] = {
            "id": str(identifier),
            "contract_id": self.house.contract,
            "invoice_number": number,
            "issued_on": "2025-07-10",
            "amount": format_fen(sum(faces)),
            "delivered_on": "2025-07-09",
        }
        if lines:
            body["instalments"] = [
                {"kind": "PROGRESS", "amount": format_fen(face), **agreed} for face in faces
            ]
        else:
            body |= agreed
        answer = self.act(who, "/v1/receivables", body, lambda: None, 201)
        ids = [UUID(one) for one in answer["instalments"]] if lines else [identifier]
        made = [
            Book(one, number, face, who == "buyer", late)
            for one, face in zip(ids, faces, strict=True)
        ]
        self.model |= {book.id: book for book in made}
        self.touched |= {book.id for book in made}
        return made

    @rule(target=books, who=_WHO, face=_FACES, late=st.booleans())
    def open(self, who: str, face: int, late: bool) -> Book:  # noqa: FBT001 (drawn)
        (book,) = self._opened(who, [face], late=late, lines=False)
        return book

    @rule(
        target=books,
        who=_WHO,
        faces=st.lists(_FACES, min_size=2, max_size=3, unique=True),
        late=st.booleans(),
    )
    def open_instalments(self, who: str, faces: list[int], late: bool) -> MultipleResults[Book]:  # noqa: FBT001 (drawn)
        return multiple(*self._opened(who, faces, late=late, lines=True))

    @rule(book=books)
    def request(self, book: Book) -> None:
        self.act("supplier", self.of(book, "confirmation-requests"), {}, book.request)

    @rule(book=books, share=st.sampled_from(["whole", "none", "all", "half", "one", "over"]))
    def confirm(self, book: Book, share: str) -> None:
        fen = {"whole": None, "none": 0}.get(share, _share(share, book.free))
        body: dict[str, Any] = {"reject": True} if fen == 0 else {}
        if fen:
            body = {"amount": format_fen(fen)}
        self.act("buyer", self.of(book, "confirmation"), body, lambda: book.confirm(fen))

    @rule(book=books, share=_SHARES)
    def dispute(self, book: Book, share: str) -> None:
        fen = _share(share, book.free)
        body = {"amount": format_fen(fen), "reason": "数量不符"}
        self.act("buyer", self.of(book, "disputes"), body, lambda: book.dispute(fen))

    @rule(book=books, share=_SHARES, outcome=st.sampled_from(["upheld", "withdrawn"]))
    def resolve(self, book: Book, share: str, outcome: str) -> None:
        fen = _share(share, book.disputed)
        who = "buyer" if outcome == "upheld" else "supplier"
        body = {"amount": format_fen(fen), "outcome": outcome}
        self.act(who, self.of(book, "resolutions"), body, lambda: book.resolve(fen, outcome))

    @rule(book=books, share=_SHARES)
    def credit(self, book: Book, share: str) -> None:
        fen = _share(share, book.free)
        body = {"amount": format_fen(fen), "reason": "红字发票"}
        self.act("supplier", self.of(book, "credits"), body, lambda: book.credit(fen))

    @rule(
        paid=st.lists(st.tuples(books, _SHARES), min_size=1, max_size=2),
        who=_WHO,
    )
    def pay(self, paid: list[tuple[Book, str]], who: str) -> None:
        parts = {book.id: _share(share, book.owed) for book, share in paid}
        self.touched |= set(parts)
        body = {
            "reference": "P-1",
            "amount": format_fen(sum(parts.values())),
            "allocations": [
                {"receivable_id": str(one), "amount": format_fen(fen)} for one, fen in parts.items()
            ],
        }
        self.act(who, "/v1/payments", body, lambda: model.pay(parts, self.model, role=who), 201)

    @rule(book=books, days=st.integers(1, 400))
    def claim_interest(self, book: Book, days: int) -> None:
        until_on = (DUE_ON + timedelta(days=days)).isoformat()
        body = {"reading": "statutory", "until_on": until_on}
        path = self.of(book, "interest-claims")
        self.act("supplier", path, body, lambda: book.claim_interest(days), 201)

    @rule(book=books, share=_SHARES)
    def waive_interest(self, book: Book, share: str) -> None:
        fen = _share(share, book.interest)
        path = self.of(book, "interest-waivers")
        self.act("supplier", path, {"amount": format_fen(fen)}, lambda: book.waive(fen), 201)

    @rule(book=books, share=_SHARES)
    def claim_costs(self, book: Book, share: str) -> None:
        one, fen = new_id(), _share(share, book.open)
        body = {"id": str(one), "kind": "NOTARY", "amount": format_fen(fen), "text": "公证费发票"}
        self.act("supplier", self.of(book, "costs"), body, lambda: book.claim_costs(one, fen), 201)

    @precondition(lambda self: any(book.claimed for book in self.model.values()))
    @rule(data=st.data())
    def withdraw_costs(self, data: st.DataObject) -> None:
        book, one = data.draw(
            st.sampled_from([(b, one) for b in self.model.values() for one in b.claimed])
        )
        path = self.of(book, f"arrears-facts/{one}/end")
        self.act("supplier", path, {}, lambda: book.withdraw_costs(one), 201)

    @precondition(lambda self: self.model)  # or the simplest example is fifty empty exports
    @rule()
    def export(self) -> None:
        """All that is confirmed, delivered, not late and free goes to the platform."""
        fit = [b for b in self.model.values() if b.confirmed and b.free and not b.late]
        status, answer = self.house.send("supplier", "/v1/exports", {"platform": PLATFORM})
        if not fit:
            assert (status, answer["code"]) == (409, "NOTHING_ELIGIBLE"), answer
            return
        assert status == 201, answer
        assert answer["count"] == len(fit)
        assert answer["total"] == format_fen(sum(book.free for book in fit))
        for book in fit:
            book.offer(answer["reference"])
            self.touched.add(book.id)

    @precondition(lambda self: any(book.offers for book in self.model.values()))
    @rule(data=st.data(), state=st.sampled_from(["FINANCED", "REFUSED", "PENDING"]))
    def answer(self, data: st.DataObject, state: str) -> None:
        offers = [(o, book) for book in self.model.values() for o in book.offers]
        offer, book = offers[data.draw(st.integers(0, len(offers) - 1))]
        self.touched.add(book.id)
        repeated = offer.state == state
        status, answer = self.house.answer(answer_file(offer, book, state), self.platform)
        expected: tuple[int, object] = (200, int(repeated))
        try:
            book.answer(offer, state)
        except Refused as refused:
            expected = (refused.status, refused.code)
        assert (status, answer.get("repeated", answer.get("code"))) == expected, answer

    @precondition(lambda self: self.done)
    @rule(data=st.data(), other=st.booleans())
    def again(self, data: st.DataObject, other: bool) -> None:  # noqa: FBT001 (drawn)
        """An act sent again changes nothing; its id with another amount is refused."""
        who, path, body = self.done[data.draw(st.integers(0, len(self.done) - 1))]
        if other and "amount" in body and "allocations" not in body and "instalments" not in body:
            body = {**body, "amount": "12345678901.23"}
            status, answer = self.house.send(who, path, body)
            assert (status, answer.get("code")) == (409, "ID_REUSED"), (path, body, answer)
            return
        status, answer = self.house.send(who, path, body)
        assert status == 200, (path, body, answer)

    @invariant()
    def the_tables_say_what_the_model_says(self) -> None:
        """Of what the step touched; at the end, of everything."""
        touched, self.touched = self.touched, set()
        for one in touched:
            self._compare(self.model[one])

    def _compare(self, book: Book) -> None:
        row = in_tables(book.id)
        kept = tuple(row[f"{name}_fen"] for name in ACCOUNTS)
        said = (book.free, book.disputed, book.reserved, book.assigned, book.interest, book.costs)
        assert kept == said, book
        assert tuple(row[name] for name in ACCOUNTS) == kept, book
        assert row["confirmed"] == book.confirmed
        if row["financed_fen"] or book.reserved:
            confirmed_fen = row["confirmed_fen"] + row["upheld_fen"]
            assert max(row["financed_fen"], book.reserved + book.assigned) <= confirmed_fen
            assert row["confirmed_fen"] <= book.face
        assert row["told"] == sorted(book.told), book
        assert book.lifecycle in STATES[book.state]
        book.state = book.lifecycle

    def teardown(self) -> None:
        if self.touched:  # a step failed, and says more than what follows from it
            return
        for book in self.model.values():
            self._compare(book)
            status, shown = self._shown(book)
            assert (status, shown["lifecycle"]) == (200, book.lifecycle)
            assert (shown["open"], shown["free"]) == (format_fen(book.open), format_fen(book.free))
        seal_all()

    def _shown(self, book: Book) -> tuple[int, Any]:
        headers = {"authorization": f"Bearer {self.house.supplier}"}
        answer = self.http.get(f"/v1/receivables/{book.id}", headers=headers)
        return answer.status_code, answer.json()
