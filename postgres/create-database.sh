#!/bin/sh
# Run once, on an empty volume. The API's role owns its database and nothing else. The lab's role may act as it (lock) and take
# its right to log in (revoke). The superuser has no password left, so nobody becomes superuser from the network.
psql --set ON_ERROR_STOP=1 --set password="$POSTGRES_PASSWORD" --username postgres --dbname postgres --quiet <<'SQL'
CREATE ROLE notes LOGIN PASSWORD :'password';
CREATE DATABASE notes OWNER notes;
CREATE ROLE lab LOGIN CREATEROLE PASSWORD :'password';
GRANT notes TO lab WITH ADMIN OPTION;
ALTER ROLE postgres PASSWORD NULL;
SQL
