#!/bin/sh
# curl: a recording as a form, as JSON, and as a subtitle file.
set -eu
url=${LINGTING_URL:-http://127.0.0.1:8000}
key=${LINGTING_API_KEY:-none}
curl -sSf "$url/recognize" -H "Authorization: Bearer $key" -F "file=@$1"
echo
printf '{"audio": "%s"}' "$(base64 < "$1" | tr -d '\n')" |
    curl -sSf "$url/v1/asr" -H "Authorization: Bearer $key" -H 'Content-Type: application/json' -d @-
echo
curl -sSf "$url/v1/audio/transcriptions" -H "Authorization: Bearer $key" -F "file=@$1" -F model=whisper-1 -F response_format=srt
