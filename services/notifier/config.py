"""Settings of the notifier, from the environment."""

from functools import cache

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

TURN_NANOSECONDS = 20 * 10**9
"""How long one task plans and how long it sends before it leaves the rest to the next tick: both
together stay below the task's time limit, which would kill it with an e-mail in hand."""


class Settings(BaseSettings):
    """What differs from one installation to the next; every name is upper case outside."""

    model_config = SettingsConfigDict(
        env_prefix="", extra="ignore", frozen=True, populate_by_name=True
    )

    database_url: str = Field(
        default="",
        repr=False,
        validation_alias=AliasChoices("notifier_database_url", "database_url"),
    )
    redis_url: str = Field(default="", repr=False)
    """Broker of hints; nothing is lost without it, `cli run` needs none."""
    notifier_ledger_url: str = "http://127.0.0.1:8000"
    notifier_ledger_key: str = Field(default="", repr=False)
    """The notifier's key for ``GET /v1/events``; it must see every event."""
    notifier_smtp_url: str = Field(default="smtp://127.0.0.1:25", repr=False)
    """``smtp://``, ``smtps://`` or ``smtp+starttls://``, with ``user:password@`` if asked for."""
    notifier_from: str = "notifier@localhost"
    notifier_api_key: str = Field(default="", repr=False)
    """Who may read inboxes. Empty: nobody."""
    notifier_window: int = Field(default=10_000, ge=1)
    """Events planned in one transaction, at most."""
    notifier_lease_seconds: int = Field(default=120, ge=1)
    """After this long without a word, a worker that claimed an e-mail is taken for dead."""
    notifier_smtp_timeout_seconds: int = Field(default=10, ge=1)
    """For one answer of the mail server; an e-mail takes four, which must fit in the lease."""
    notifier_digest_above: int = Field(default=5, ge=1)
    """E-mails of one type to one recipient in one digest interval; the rest waits and is merged."""
    notifier_digest_minutes: int = Field(default=10, ge=1)


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings()
