#!/bin/sh
# Run once, on an empty volume. The API's role owns its database and nothing else; the superuser has no password left, so nobody
# becomes superuser from the network.
psql --set ON_ERROR_STOP=1 --set password="$POSTGRES_PASSWORD" --username postgres --dbname postgres --quiet <<'SQL'
CREATE ROLE notes LOGIN PASSWORD :'password';
CREATE DATABASE notes OWNER notes;
ALTER ROLE postgres PASSWORD NULL;
SQL
