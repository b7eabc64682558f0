#!/bin/sh
# Run once by the postgres image, on an empty data volume: the product's database, owned by a role that is no superuser.
set -eu

: "${RELIGHT_DATABASE_PASSWORD:?set RELIGHT_DATABASE_PASSWORD}"
: "${RELIGHT_GUARD_PASSWORD:?set RELIGHT_GUARD_PASSWORD}"

# relight_guard is for the guard: it may only read, and the product, which owns the tables, grants it what it needs. The builtin C.UTF-8 sorts by code point, the same on
# every machine and after every update of the C library.
psql --set ON_ERROR_STOP=1 --set password="$RELIGHT_DATABASE_PASSWORD" --set guard="$RELIGHT_GUARD_PASSWORD" \
  --username "$POSTGRES_USER" <<'SQL'
CREATE ROLE relight LOGIN PASSWORD :'password' IN ROLE pg_monitor;
CREATE ROLE relight_guard LOGIN PASSWORD :'guard';
ALTER ROLE relight_guard SET default_transaction_read_only = on;
CREATE DATABASE relight OWNER relight TEMPLATE template0
  ENCODING 'UTF8' LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C';
SQL
