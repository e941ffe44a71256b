# What the stack's commands share; sourced by each of them. Needs bash 3.2, Docker with Compose 2.20, and nothing else.
# shellcheck shell=bash
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# Attestations would give an unchanged image a new name at every build, and Compose would start its containers anew.
export BUILDX_NO_DEFAULT_ATTESTATIONS=1

stop() { # stop SENTENCE...: what is wrong and what to do
  printf '%s\n' "$@" >&2
  exit 1
}

setting() { # setting NAME DEFAULT: as Compose sees it, the environment before .env
  local value=${!1:-}
  if [ -z "$value" ] && [ -f .env ]; then value=$(sed -n "s/^$1=//p" .env | tail -1); fi
  printf '%s' "${value:-$2}"
}

need_docker() {
  command -v docker >/dev/null || stop 'Docker is missing: install Docker Engine or Docker Desktop (docs.docker.com/get-docker), or see everything without it: make demo'
  docker info >/dev/null 2>&1 || stop 'Docker does not answer. Start it (Docker Desktop, or: sudo systemctl start docker); on Linux your user must be in the group docker.'
  local version
  version=$(docker compose version --short 2>/dev/null) || stop 'Docker has no Compose: install the package docker-compose-plugin.'
  version=${version#v}
  local major=${version%%.*} rest=${version#*.}
  if [ "$major" -lt 2 ] || { [ "$major" -eq 2 ] && [ "${rest%%.*}" -lt 20 ]; }; then
    stop "Docker Compose $version is too old: 2.20 or newer is needed (docker-compose-plugin)."
  fi
}

# down and clean must work without .env too, and Compose wants every required value even then.
compose_without_env() {
  JWT_SECRET=$(setting JWT_SECRET unused) LAB_USERS=$(setting LAB_USERS unused) docker compose --profile load "$@"
}

project() { compose_without_env config --format json | sed -n 's/^  "name": "\(.*\)",\{0,1\}$/\1/p'; }

running() { [ -n "$(docker compose ps --status running --quiet "$1" 2>/dev/null)" ]; }

need_running() { # need_running SERVICE...
  [ -f .env ] || stop 'The stack was never started here: make up'
  local service
  for service in "$@"; do running "$service" || stop "The service $service is not running: make up"; done
}

lab() { docker compose exec -T lab node lab/src/main.ts "$@"; }

# A command of the lab on runs/: in its image, as whoever asks, so that what it writes belongs to them.
tool() {
  mkdir -p runs
  docker run --rm --network none --read-only --cap-drop ALL --user "$(id -u):$(id -g)" --volume "$PWD/runs:/app/runs:z" \
    "$(project)-lab" node lab/src/main.ts "$@"
}
