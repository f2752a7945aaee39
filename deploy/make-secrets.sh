#!/bin/sh
# Makes the secrets of one installation of servers and workers, and a certificate to try it with.
#     sh deploy/make-secrets.sh postgres|mariadb FOLDER
# The database answers to the name `postgres` or `mariadb`, Redis to `redis`, as in compose/ and kubernetes/.
set -eu
database=${1:?postgres or mariadb} folder=${2:?a folder that is not there yet}
case $database in
postgres) scheme=postgresql port=5432 ;;
mariadb) scheme=mariadb port=3306 ;;
*) echo "make-secrets: $database is neither postgres nor mariadb" >&2; exit 2 ;;
esac
if [ -e "$folder" ]; then
    echo "make-secrets: $folder is there already; what is sealed under its keys could not be read with others" >&2
    exit 1
fi
umask 077
mkdir -p "$folder/tls"
write() { printf '%s\n' "$2" >"$folder/$1"; }
random() { openssl rand -hex 24; }

redis=$(random) sql=$(random)
write redis_password "$redis"
write redis.conf "requirepass $redis"
write database_password "$sql"
write grafana_password "$(random)"
write metrics_key ""
write lingting_vault__keys "k$(openssl rand -hex 4):$(openssl rand -base64 32)"
write lingting_storage__url "$scheme://lingting:$sql@$database:$port/lingting"
write lingting_jobs__broker_url "redis://:$redis@redis:6379/0"
for section in limits rooms cache; do
    write "lingting_${section}__redis_url" "redis://:$redis@redis:6379/1"
done
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost \
    -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
    -keyout "$folder/tls/privkey.pem" -out "$folder/tls/fullchain.pem" 2>/dev/null
# Containers read single files under users of their own; the folder itself stays shut to everybody else.
find "$folder" -type f -exec chmod 0444 {} +
chmod 0644 "$folder/metrics_key"
chmod 0755 "$folder/tls"
