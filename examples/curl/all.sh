#!/usr/bin/env bash
# Every kind of call once. Reads OPENAI_BASE_URL and OPENAI_API_KEY.
set -euo pipefail
: "${OPENAI_BASE_URL:?set it to the base URL that the gateway printed}"
: "${OPENAI_API_KEY:?set it to the key that the gateway printed}"

call() {
  curl --silent --show-error --no-buffer --max-time 60 \
    -H "Authorization: Bearer $OPENAI_API_KEY" -H "Content-Type: application/json" "$@"
  echo
}

echo "== the models that this key may use"
call "$OPENAI_BASE_URL/models"

echo "== one answer"
call "$OPENAI_BASE_URL/chat/completions" -d '{
  "model": "smollm2:135m",
  "messages": [{"role": "user", "content": "Say hello in one sentence."}],
  "max_tokens": 30
}'

echo "== the same as a stream, with the usage at its end"
call "$OPENAI_BASE_URL/chat/completions" -d '{
  "model": "smollm2:135m",
  "messages": [{"role": "user", "content": "Say hello in one sentence."}],
  "max_tokens": 10,
  "stream": true,
  "stream_options": {"include_usage": true}
}'

echo "== JSON that keeps a schema"
call "$OPENAI_BASE_URL/chat/completions" -d '{
  "model": "smollm2:135m",
  "messages": [{"role": "user", "content": "Is the sky blue? Answer with yes or no, and how sure you are in percent."}],
  "max_tokens": 60,
  "response_format": {"type": "json_schema", "json_schema": {"name": "verdict", "schema": {
    "type": "object",
    "properties": {"answer": {"enum": ["yes", "no"]}, "percent": {"type": "integer", "minimum": 0, "maximum": 100}},
    "required": ["answer", "percent"],
    "additionalProperties": false
  }}}
}'

echo "== a refusal, as JSON because we ask for it"
call -H "Accept: application/json" "$OPENAI_BASE_URL/chat/completions" -d '{
  "model": "smollm2:135m",
  "messages": [{"role": "user", "content": "Hi"}],
  "temperature": 3
}'
