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

# setting NAME DEFAULT: the environment before .env, as for Compose. That also expands $ and escapes in .env, so give_secrets
# lets no such character through.
setting() {
  local value=${!1:-}
  if [ -z "$value" ] && [ -f .env ]; then
    value=$(sed -n "s/^$1=//p" .env | tail -1 | sed "s/ #.*//; s/[[:space:]]*\$//; s/^\([\"']\)\(.*\)\1\$/\2/")
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

# The secrets of .env, users among them, reach the API by files on a volume that only it mounts: files can change while it
# runs. What the API would refuse is refused here, with its words.
give_secrets() {
  local said
  case $(setting LAB_USERS '') in
    *[\$\#\"\'\`\\]*) stop 'LAB_USERS must do without $ # " '\'' ` and \ (Docker Compose would read another password in .env); every other character is allowed.' ;;
  esac
  said=$(printf '%s\n%s\n%s\n' "$(setting JWT_SECRET '')" "$(setting JWT_SECRET_PREVIOUS '')" "$(setting LAB_USERS '')" |
    docker compose run --rm --no-deps --no-TTY --quiet-pull --env JWT_SECRET_FILE=/secrets/jwt.new --env LAB_USERS_FILE=/secrets/users.new api sh -c '
      umask 077
      cd /secrets && read -r signing && read -r previous && printf "%s\n%s\n" "$signing" "$previous" >jwt.new && cat >users.new || exit
      node --input-type=module --eval "
        import { loadConfig } from \"/app/api/src/config.ts\"
        try { loadConfig(process.env) } catch (error) { console.log(error.message); process.exit(1) }" || exit
      mv jwt.new jwt && mv users.new users && rm -f users.usual' 2>/dev/null) ||
    {
      said=${said//JWT_SECRET_FILE, line 2,/JWT_SECRET_PREVIOUS}
      stop "The secrets of .env could not be given to the API, which keeps what it has. ${said//_FILE/}" 'What else may be wrong: make doctor'
    }
  if running api; then docker compose exec -T api sh -c 'kill -USR2 1'; fi # else it reads them when it starts
}

# An experiment may give the API other users for a while: standard input has the list.
lend_users() {
  docker compose exec -T api sh -c 'umask 077; cd /secrets && cat >users.new && { [ -e users.usual ] || cp users users.usual; } && mv users.new users && kill -USR2 1'
}

# Also what an experiment left that was killed before it could do so.
return_users() {
  docker compose exec -T api sh -c 'cd /secrets && if [ -e users.usual ]; then mv users.usual users && kill -USR2 1 && echo "The users of the API are the usual ones again."; fi' ||
    { echo 'The users of the API may still be those of an experiment: make up'; return 1; }
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
