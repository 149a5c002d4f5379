"""Settings of one installation, from the environment."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What differs from one installation to the next; `ledger up` writes these for its children."""

    model_config = SettingsConfigDict(env_prefix="", extra="ignore", frozen=True)

    database_url: str = Field(default="", repr=False)
    """PostgreSQL 15 or newer. Empty: the embedded server of this installation."""
    redis_url: str = Field(default="", repr=False)
    """Broker of hints. Empty: the embedded server of this installation."""
    ledger_home: Path = Path(".run")
    """Holds everything of one installation: data, ports, secrets, logs."""
    ledger_identity_key: str = Field(default="", repr=False)
    """Key of the invoice identity digests; the same for all processes, never changed."""
    ledger_log_key: str = Field(default="", repr=False)
    """What signs the log: 32 bytes in base64url. To change it: the new one, a comma, the old."""
    ledger_log_name: str = ""
    """The log's name in what it signs, for good. Empty: the public URL's host, and ``/log``."""
    ledger_log_suite: Literal["sha256-ed25519", "sm3-sm2"] = "sha256-ed25519"
    """Hash and signature of the log, chosen before its first event."""
    ledger_witnesses: str = ""
    """Public keys whose cosignatures are kept, with spaces between."""
    ledger_requests_per_minute: int = Field(default=12_000, gt=0)
    """How often one key or browser may ask each process of the API."""
    ledger_public_url: str = "http://127.0.0.1:8000"
    ledger_oidc_issuer: str = ""
    """The single sign-on's issuer, exactly as it names itself; empty: there is none."""
    ledger_oidc_client_id: str = ""
    ledger_oidc_client_secret: str = Field(default="", repr=False)
    ledger_webhook_networks: str = ""
    """CIDRs webhooks may go to though they are not public, with spaces between. With loopback among
    them plain http to this machine is allowed too: for tests and trials."""
    ledger_webhook_ports: str = "443 8443"
    notifier_api_url: str = ""
    """Where the notifier's inbox answers; without it and its key the console shows none."""
    notifier_api_key: str = Field(default="", repr=False)


@cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return Settings()
