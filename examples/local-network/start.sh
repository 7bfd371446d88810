#!/usr/bin/env bash
# Two engines and a gateway in front of them, until Ctrl-C. Ports: GATEWAY_PORT, PORT_A, PORT_B.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
port_a=${PORT_A:-8001} port_b=${PORT_B:-8002}
export ENGINE_A=http://127.0.0.1:$port_a ENGINE_B=http://127.0.0.1:$port_b

processes=()
stop() { kill "${processes[@]}" 2>/dev/null || true; wait; }
trap stop EXIT
trap exit INT TERM

engine() { # in a folder without a configuration file, so that none is found
  cd / && ANTIPHON_DEVELOPMENT_KEY=false exec antiphon serve --port "$1" --key local-network-engines --threads 1 --parallel 1
}
for port in "$port_a" "$port_b"; do
  engine "$port" >/dev/null &
  processes+=($!)
done
echo "The engines are the processes ${processes[*]}."
antiphon serve --config "$here/antiphon.yaml" "$@" &
processes+=($!)
wait $!
