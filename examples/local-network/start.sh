#!/usr/bin/env bash
# Two engines and a gateway in front of them, until Ctrl-C. Ports: GATEWAY_PORT, PORT_A, PORT_B.
set -euo pipefail
cd "$(dirname "$0")"
port_a=${PORT_A:-8001} port_b=${PORT_B:-8002}
export ENGINE_A=http://127.0.0.1:$port_a ENGINE_B=http://127.0.0.1:$port_b

engines=()
stop() { kill "${engines[@]}" 2>/dev/null || true; wait; }
trap stop EXIT

for port in "$port_a" "$port_b"; do
  ANTIPHON_DEVELOPMENT_KEY=false antiphon serve --port "$port" --key local-network-engines --threads 1 --parallel 1 \
    >/dev/null &
  engines+=($!)
done
echo "The engines are the processes ${engines[*]}."
antiphon serve --config antiphon.yaml "$@"
