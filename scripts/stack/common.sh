# What the stack's commands share; sourced by each of them. Needs bash 3.2, Docker with Compose 2.21, and nothing else.
# shellcheck shell=bash
set -euo pipefail
cd -P "$(dirname "${BASH_SOURCE[0]}")/../.." # as it is told apart from other checkouts
# Attestations would give an unchanged image a new name at every build, and Compose would start its containers anew.
export BUILDX_NO_DEFAULT_ATTESTATIONS=1

stop() { # stop SENTENCE...: what is wrong and what to do
  printf '%s\n' "$@" >&2
  exit 1
}

setting() { # setting NAME DEFAULT: as Compose sees it, the environment before .env
  local value=${!1:-}
  if [ -z "$value" ] && [ -f .env ]; then
    value=$(sed -n "s/^$1=//p" .env | tail -1 | sed "s/\r\$//; s/ #.*//; s/^[\"']//; s/[\"']\$//")
  fi
  printf '%s' "${value:-$2}"
}

need_docker() {
  command -v docker >/dev/null || stop 'Docker is missing: install Docker Engine or Docker Desktop (docs.docker.com/get-docker), or see everything without it: make demo'
  docker info >/dev/null 2>&1 || stop 'Docker does not answer. Start it (Docker Desktop, or: sudo systemctl start docker); on Linux your user must be in the group docker.'
  local version
  version=$(docker compose version --short 2>/dev/null) || stop 'Docker has no Compose: install the package docker-compose-plugin.'
  version=${version#v}
  local major=${version%%.*} rest=${version#*.}
  if [ "$major" -lt 2 ] || { [ "$major" -eq 2 ] && [ "${rest%%.*}" -lt 21 ]; }; then
    stop "Docker Compose $version is too old: 2.21 or newer is needed (docker-compose-plugin)."
  fi
}

# down and clean must work without .env too, and Compose wants every required value even then.
compose_without_env() {
  LAB_USERS=$(setting LAB_USERS unused) docker compose --profile load "$@"
}

project() { compose_without_env config --format json | sed -n 's/^  "name": "\(.*\)",\{0,1\}$/\1/p'; }

check_project() { # the stack of another checkout must not be taken for this one; prints the name
  local name other
  name=$(project)
  other=$(docker ps --all --filter "label=com.docker.compose.project=$name" --format '{{.Label "com.docker.compose.project.working_dir"}}' | sort -u | grep -vxF "$PWD" | head -1) || true
  [ -z "$other" ] || { echo "A stack named $name was started in another folder, $other. Stop that one (make down there), or give this one a name and ports of its own in .env: COMPOSE_PROJECT_NAME, API_PORT, METRICS_PORT, LAB_PORT, PROMETHEUS_PORT, GRAFANA_PORT."; return 1; }
  echo "$name"
}

running() { [ -n "$(compose_without_env ps --status running --quiet "$1" 2>/dev/null)" ]; }

need_started() {
  local said
  [ -f .env ] || stop 'The stack was never started here: make up'
  said=$(check_project) || stop "$said"
}

need_running() { # need_running SERVICE...
  local service
  need_started
  for service in "$@"; do running "$service" || stop "The service $service is not running: make up"; done
}

lab() { docker compose exec -T lab node lab/src/main.ts "$@"; }

random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; }

remember() { # remember NAME VALUE: in .env, in the place of an older value; by the environment, which nobody else can read
  (umask 077 && NAME="$1=" LINE="$1=$2" awk '
    index($0, ENVIRON["NAME"]) == 1 { if (!done) print ENVIRON["LINE"]; done = 1; next }
    { print }
    END { if (!done) print ENVIRON["LINE"] }' .env >.env.new) && mv .env.new .env
}

# The secrets of .env reach the API by a file on a volume that only it mounts: a file can change while it runs.
give_secrets() {
  printf '%s\n%s\n' "$(setting JWT_SECRET '')" "$(setting JWT_SECRET_PREVIOUS '')" |
    docker compose run --rm --no-deps --no-TTY --quiet-pull api sh -c 'umask 077; cat >/secrets/jwt.new && mv /secrets/jwt.new /secrets/jwt' 2>/dev/null ||
    stop 'The secrets could not be given to the API: make doctor'
  # PID 1 hands the signal on; an API that is not running reads them when it starts.
  if running api; then docker compose exec -T api sh -c 'kill -USR2 1'; fi
}

# The lab may be gone with its fault on: a container of its own looks at the file, and undoes what it finds on record.
repair() {
  local volume image
  image=$(project)-lab
  volume=$(docker volume ls --quiet --filter "name=^$(project)_data$")
  if [ -z "$volume" ] || ! docker image inspect "$image" >/dev/null 2>&1; then return 0; fi
  docker run --rm --network none --read-only --cap-drop ALL --volume "$volume:/data" "$image" node lab/src/main.ts recover --database /data/notes.db
}

# What lends other addresses of the network to an attack; harmless where nothing does.
return_addresses() { docker rm --force "$(project)-addresses" >/dev/null 2>&1 || true; }

# A command of the lab on runs/: in its image, as whoever asks, so that what it writes belongs to them.
tool() {
  mkdir -p runs
  docker run --rm --network none --read-only --cap-drop ALL --user "$(id -u):$(id -g)" --volume "$PWD/runs:/app/runs:z" \
    "$(project)-lab" node lab/src/main.ts "$@"
}
