"""One installation on one machine: its servers, its processes, its secrets, all in LEDGER_HOME."""
