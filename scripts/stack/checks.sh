# What the stack needs of this machine; sourced by up and doctor. Each check prints a sentence and fails when something is wrong.
# shellcheck shell=bash

port_of() { # port_of SERVICE: "NAME NUMBER" lines, the ports of this machine that a service takes
  case $1 in
    api) echo "API_PORT $(setting API_PORT 8080)"; echo "METRICS_PORT $(setting METRICS_PORT 9464)" ;;
    lab) echo "LAB_PORT $(setting LAB_PORT 8090)"; echo "PROMETHEUS_PORT $(setting PROMETHEUS_PORT 9090)" ;;
    grafana) echo "GRAFANA_PORT $(setting GRAFANA_PORT 3000)" ;;
  esac
}

check_ports() { # check_ports SERVICE...: the ports of those that do not run yet
  local service name port wrong=0
  for service in "$@"; do
    running "$service" && continue
    while read -r name port; do
      case $port in '' | *[!0-9]*) echo "$name must be a port number; it is $port."; wrong=1; continue ;; esac
      if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
        echo "Port $port, which $service needs, is taken: end what uses it, or choose another one: make up $name=$((port + 10000 < 65536 ? port + 10000 : port - 1000))"
        wrong=1
      fi
    done < <(port_of "$service")
  done
  return $wrong
}

check_memory() {
  local bytes
  bytes=$(docker info --format '{{.MemTotal}}')
  [ "$bytes" -ge 2000000000 ] || { echo "Docker has $((bytes / 1000000)) MB of memory, and the stack may use 1,500: give it at least 2 GB (Docker Desktop: Settings, Resources)."; return 1; }
}

check_files() { # the users of the containers do not own this folder
  local closed
  closed=$(find prometheus grafana k6 slo.json ! -perm -004 2>/dev/null | head -1)
  [ -z "$closed" ] || { echo "The containers cannot read $closed: chmod -R a+rX prometheus grafana k6 slo.json"; return 1; }
}
