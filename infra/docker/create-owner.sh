#!/bin/sh
# Run once by the PostgreSQL image. The book's owner migrates and is no superuser; the services sign in
# as logins that own nothing and are members of the roles that row-level security knows.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set=password="$LEDGER_DATABASE_PASSWORD" --set=app_password="$APP_DATABASE_PASSWORD" \
  --set=notifier_password="$NOTIFIER_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE ledger LOGIN PASSWORD :'password';
CREATE ROLE ledger_machine ROLE ledger;
CREATE ROLE ledger_gate ROLE ledger;
CREATE ROLE ledger_party ROLE ledger;
CREATE ROLE ledger_platform ROLE ledger;
CREATE ROLE ledger_regulator ROLE ledger;
CREATE ROLE ledger_notifier ROLE ledger;
CREATE ROLE app LOGIN PASSWORD :'app_password'
  IN ROLE ledger_machine, ledger_gate, ledger_party, ledger_platform, ledger_regulator;
CREATE ROLE notifier LOGIN PASSWORD :'notifier_password' IN ROLE ledger_notifier;
CREATE DATABASE ledger OWNER ledger;
SQL
