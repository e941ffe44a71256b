# What the stack's commands share; sourced by each of them. Needs bash 3.2, Docker with Compose 2.21, and nothing else.
# shellcheck shell=bash
set -euo pipefail
unset CDPATH
cd -P "$(dirname "${BASH_SOURCE[0]}")/../.." # -P: the path that Docker stores for a project
# With attestations an unchanged image gets a new ID at every build, and Compose would replace its containers.
export BUILDX_NO_DEFAULT_ATTESTATIONS=1

# The settings of the stack are in .env: DATABASE, and the variables of compose.yaml. `make up NAME=value` writes one there, and
# make lists such names in GIVEN. What is exported by other programs does not decide what is started, loaded or removed.
secrets='JWT_SECRET|JWT_SECRET_PREVIOUS|LAB_USERS|LAB_TOKEN|POSTGRES_PASSWORD'
settings=$(grep -oE '\$\{[A-Z0-9_]+' compose.yaml | cut -c3- | sort -u | grep -vE "^($secrets|K6_CPUS)$" | paste -sd ' ' -)
settings="COMPOSE_PROJECT_NAME DATABASE $settings"
case $0 in */up | */doctor) kept=" $settings " ;; *) kept= ;; esac
# shellcheck disable=SC2034 # for the doctor
ignored=
# shellcheck disable=SC2086 # lists of names
for name in $settings ${!COMPOSE_@} OWN_VOLUMES ${secrets//|/ }; do
  [[ $kept = *" $name "* && " ${GIVEN:-} " = *" $name "* && -n ${!name:-} ]] ||
    { [ -z "${!name:-}" ] || ignored+=" $name"; unset "$name"; }
done
# So do the values of a command. A script that is called without make takes them from the environment.
for name in NAME RUN A B SINCE LENGTH RUNS LOAD PREDICT GUESSES EMBEDDED ALL RESUME MODE FOR SCRIPT DURATION K6 ONLY TAIL RETIRE; do
  [[ -z ${GIVEN+x} || " $GIVEN " = *" $name "* ]] || unset "$name"
done
for flag in PREDICT EMBEDDED ALL RESUME RETIRE; do [ "${!flag:-0}" != 0 ] || unset "$flag"; done

# shellcheck disable=SC2034 # the options of an experiment, for the scripts that source this file
options=(${LENGTH:+"--seconds=$LENGTH"} ${RUNS:+"--runs=$RUNS"} ${LOAD:+"--load=$LOAD"} ${PREDICT:+--predict})
# shellcheck disable=SC2034 # those of every experiment in turn, for a scorecard
scorecard=("--all=${ALL:-1}" "--commit=$(git describe --always --dirty 2>/dev/null || echo unknown)" ${RESUME:+--resume}
  ${LENGTH:+"--seconds=$LENGTH"} ${LOAD:+"--load=$LOAD"})

stop() { # stop SENTENCE...: prints what is wrong and what to do, and exits; 1 would mean FAIL
  printf '%s\n' "$@" >&2
  exit 2
}

setting() { # setting NAME DEFAULT: its value, as given behind make, else in .env
  local value=${!1:-}
  [ -n "$value" ] || value=$(sed -n "s/^$1=//p" .env 2>/dev/null | tail -1) || true
  printf '%s' "${value:-$2}"
}

remember() { # remember NAME VALUE: writes it to .env, in place of an older value; by the environment, as other users can read arguments
  (umask 077 && NAME="$1=" LINE="$1=$2" awk '
    index($0, ENVIRON["NAME"]) == 1 { if (!done) print ENVIRON["LINE"]; done = 1; next }
    { print }
    END { if (!done) print ENVIRON["LINE"] }' .env >.env.new) && mv .env.new .env
}

check_env() { # fails, with the line numbers, where Compose, the API and these scripts would read .env differently
  local wrong
  wrong=$(LC_ALL=C grep -nvE '^(#.*|[A-Za-z_][A-Za-z0-9_]*=[^#$"'\''`\[:space:]]*)?$' .env | cut -d: -f1 | paste -sd, -) || true
  [ -n "$wrong" ] || return 0
  echo ".env, line $wrong: write NAME=value in UTF-8, without spaces, quotes, # \$ \` \\ and a byte order mark, with Unix line ends."
  return 1
}

project() { setting COMPOSE_PROJECT_NAME systems-thinking-lab; }

# Compose requires the secrets for every command, also for down and ps. It finds compose.override.yaml by itself only where no
# file is named.
compose() {
  local files=()
  if [ "$(setting DATABASE sqlite)" = postgres ]; then
    files=(--file compose.yaml --file compose.postgres.yaml)
    [ ! -e compose.override.yaml ] || files+=(--file compose.override.yaml)
  fi
  JWT_SECRET=$(setting JWT_SECRET unused) LAB_USERS=$(setting LAB_USERS unused) \
    POSTGRES_PASSWORD=$(setting POSTGRES_PASSWORD unused) docker compose ${files[@]+"${files[@]}"} "$@"
}

need_docker() {
  command -v docker >/dev/null || stop 'Docker is missing: docs.docker.com/get-docker. Everything without it: make demo'
  case $(docker --version 2>/dev/null) in
    *[Pp]odman*) stop 'This docker is Podman: the stack needs Docker Engine or Docker Desktop. Everything without them: make demo' ;;
  esac
  docker info >/dev/null 2>&1 || stop 'Docker does not answer: start it. On Linux your user must be in the group docker.'
  local major minor
  IFS=. read -r major minor _ <<<"$(docker compose version --short 2>/dev/null)"
  major=${major#v}
  [[ ${major:-0} -gt 2 || ${major:-0} -eq 2 && $minor -ge 21 ]] || stop 'Docker Compose 2.21 or newer is needed: install docker-compose-plugin.'
}

check_project() { # fails unless all containers and volumes of this name are this checkout's; prints the name
  local folders other volumes name; name=$(project)
  local label=com.docker.compose.project
  { folders=$(docker ps --all --filter "label=$label=$name" --format "{{.Label \"$label.working_dir\"}}") &&
    volumes=$(docker volume ls --format "{{.Name}} {{.Label \"$label\"}}"); } ||
    { echo 'Docker does not list its containers and volumes.'; return 1; }
  other=$(grep -vxF "$PWD" <<<"$folders" | head -1) || true
  [ -z "$other" ] ||
    { echo "A stack named $name was started in $other. Stop that one, or choose in .env another name and other ports for this one."; return 1; }
  volumes=$(grep -E "^${name}_(data|runs|prometheus) | $name\$" <<<"$volumes" | cut -d' ' -f1) || true
  # They are of this checkout when a container of this folder is there, or when an earlier start has written so. A label on
  # them would be no way: Compose offers to recreate, empty, a volume that was made without it.
  [[ -z $volumes || -n $folders || ",$(setting OWN_VOLUMES '')," = *",$name,"* ]] && echo "$name" && return
  printf '%s\n' 'These volumes were not made by this checkout:' "$volumes" \
    'They stay. Choose another name: make up COMPOSE_PROJECT_NAME=...' \
    "If they are yours: write OWN_VOLUMES=$name into .env."
  return 1
}

running() { [ -n "$(compose ps --status running --quiet "$1" 2>/dev/null)" ]; }

need_running() { # need_running SERVICE...
  local service said
  need_docker
  [ -f .env ] || stop 'The stack was never started here: make up'
  said=$(check_env && check_project) || stop "$said"
  for service in "$@"; do running "$service" || stop "The service $service is not running: make up"; done
}

lab() { compose exec -T lab node lab/src/main.ts "$@"; }

collect() { # collect FOLDER TARGET: moves the results of a run from the lab's container to a folder that the caller owns
  if compose cp "lab:$1/." "$2" >/dev/null 2>&1; then compose exec -T lab rm -rf "$1" || true
  else echo "The results could not be copied and stayed in the container: docker compose cp lab:$1/. $2"; fi
}

measured() { # measured COMMAND...: runs it, and prints how long a client of the API felt it
  exec 3< <(lab downtime ${NOTED_AS:+"--fault=$NOTED_AS"})
  read -r <&3 || stop 'The API cannot be watched from outside; the line above says why.'
  "$@"
  cat <&3
}

addresses() { # addresses SERVICE...: where to look at them
  local service metrics; metrics=", :$(setting METRICS_PORT 9464)/metrics"
  [ "$(setting DATABASE sqlite)" = sqlite ] || metrics=', two replicas' # their metrics are in Prometheus
  for service in "$@"; do
    case $service in
      grafana) echo "  Grafana     http://localhost:$(setting GRAFANA_PORT 3000)   the dashboards; start here" ;;
      prometheus) ! running lab || echo "  Prometheus  http://localhost:$(setting PROMETHEUS_PORT 9090)   every metric" ;;
      api) echo "  API         http://localhost:$(setting API_PORT 8080)   /health, /openapi.json$metrics" ;;
      lab) echo "  Lab         http://localhost:$(setting LAB_PORT 8090)/#$(setting LAB_TOKEN '')   the live page" ;;
    esac
  done
}

random() { od -An -N"$1" -tx1 /dev/urandom | tr -d ' \n'; } # random BYTES

# Rolls back the fault that is recorded beside the database, in a container of its own: the lab may have been killed.
repair() {
  if ! has_notes || ! has_image; then return 0; fi
  docker run --rm --network none --read-only --cap-drop ALL --volume "$(project)_data:/data" "$(project)-lab" \
    node lab/src/main.ts recover --database /data/notes.db
}
has_notes() { docker volume inspect "$(project)_data" >/dev/null 2>&1; }
has_image() { docker image inspect "$(project)-lab" >/dev/null 2>&1; }

# Runs a command of the lab on runs/, in its image and as the caller, who then owns the files.
tool() {
  mkdir -p runs
  docker run --rm --network none --read-only --cap-drop ALL --user "$(id -u):$(id -g)" --volume "$PWD/runs:/app/runs:z" \
    "$(project)-lab" node lab/src/main.ts "$@"
}
