"""Whether the notices of the log were planned and ended: asked of the notifier, who owns them."""

import logging
from typing import Final

import httpx2
from pydantic import BaseModel, ConfigDict, ValidationError

from services.ledger.config import settings
from services.ledger.insight.verify import Finding

_SECONDS: Final = 3600
"""The notifier reads all of the log and of its own tables before it answers."""
log = logging.getLogger("ledger.notices")


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True)
    check: str
    english: str
    chinese: str
    broken: int
    examples: list[str]


class Notices(BaseModel):
    """What the notifier proved of its notices."""

    model_config = ConfigDict(frozen=True)
    through: int
    messages: int
    mails: dict[str, int]
    findings: tuple[_Said, ...]

    def broken(self) -> list[Finding]:
        """Return what it found, as what is found in the book."""
        return [Finding(**one.model_dump()) for one in self.findings]


def notices() -> Notices | None:
    """Return what the notifier says of its notices; None if there is none that answers."""
    known = settings()
    if not (known.notifier_api_url and known.notifier_api_key):
        return None
    try:
        answer = httpx2.get(
            known.notifier_api_url.rstrip("/") + "/v1/verification",
            headers={"authorization": f"Bearer {known.notifier_api_key}"},
            timeout=httpx2.Timeout(_SECONDS, connect=3),
            trust_env=False,
        )
        answer.raise_for_status()
        return Notices.model_validate_json(answer.content)
    except (httpx2.HTTPError, httpx2.InvalidURL, ValidationError) as error:
        log.warning("the notifier cannot be asked: %s", error)
        return None
