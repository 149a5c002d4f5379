"""Contracts listed over HTTP, by what their terms are flagged for."""

from tests.ledger.conftest import BUYER, STRANGER, SUPPLIER, Client, SignIn


def test_contracts_are_listed_by_what_they_are_flagged_for(
    ledger: SignIn, buyer: Client, supplier: Client
) -> None:
    parties = {"debtor_id": str(BUYER), "creditor_id": str(SUPPLIER)}
    for number, terms in enumerate(({}, {"pay_when_paid": True}, {"term_days": 90})):
        body = {"reference": f"合同-{number}", "signed_on": "2025-07-01", "terms": terms, **parties}
        assert buyer.post("/v1/contracts", json=body).status_code == 201

    def listed(client: Client, **query: str) -> list[str]:
        names: list[str] = []
        while True:
            page = client.get("/v1/contracts", params={"limit": "1", **query}).json()
            names += [row["reference"] for row in page["items"]]
            if page["next"] is None:
                return sorted(names)
            query["cursor"] = page["next"]

    assert listed(buyer) == ["合同-0", "合同-1", "合同-2"]
    assert listed(supplier, flag="ANY") == ["合同-1", "合同-2"]
    assert listed(supplier, flag="TERM_OVER_60_REVIEW") == ["合同-2"]
    assert listed(ledger("core_enterprise", STRANGER)) == []
    refused = buyer.get("/v1/contracts", params={"flag": "NO_SUCH"})
    assert (refused.status_code, refused.json()["code"]) == (422, "FLAG_UNKNOWN")
