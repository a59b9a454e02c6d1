#!/bin/sh
# Makes the cluster at the first start, with the password of POSTGRES_PASSWORD_FILE, and serves it.
set -eu
as_postgres() { setpriv --reuid=postgres --regid=postgres --clear-groups "$@"; }
install -d -o postgres -g postgres -m 700 "$PGDATA"
if [ ! -e "$PGDATA/PG_VERSION" ]; then
    password=$(mktemp)
    cat "$POSTGRES_PASSWORD_FILE" >"$password"
    chown postgres "$password"
    as_postgres initdb --username=postgres --pwfile="$password" --auth-local=trust --auth-host=scram-sha-256 >/dev/null
    rm "$password"
    echo "host all all all scram-sha-256" >>"$PGDATA/pg_hba.conf"
fi
exec setpriv --reuid=postgres --regid=postgres --clear-groups \
    postgres -c listen_addresses='*' -c unix_socket_directories=/var/run/postgresql "$@"
