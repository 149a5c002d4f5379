#!/bin/sh
# Run once by the PostgreSQL image. The book's owner may make roles, but is no superuser.
set -eu
psql --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres \
  --set=password="$LEDGER_DATABASE_PASSWORD" <<'SQL'
CREATE ROLE ledger LOGIN CREATEROLE PASSWORD :'password';
CREATE DATABASE ledger OWNER ledger;
SQL
