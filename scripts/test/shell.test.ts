// The helpers of scripts/stack, without Docker. Each test has a checkout of its own that holds nothing but the scripts and compose.yaml.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { kinds } from '../../lab/src/faults/all.ts'

const root = join(import.meta.dirname, '../..')

function checkout(t: TestContext, env = '', name = 'checkout') {
  const folder = mkdtempSync(join(tmpdir(), 'lab-shell-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const there = join(folder, name)
  mkdirSync(join(there, 'scripts'), { recursive: true })
  for (const part of ['scripts/stack', 'compose.yaml']) cpSync(join(root, part), join(there, part), { recursive: true })
  const file = join(there, '.env')
  writeFileSync(file, env)
  /** Runs commands after common.sh; their exit code and output. */
  function bash(commands: string, variables: Record<string, string> = {}) {
    const options = { cwd: there, encoding: 'utf8', env: { PATH: process.env.PATH, ...variables } } as const
    const { status, stdout, stderr } = spawnSync(
      'bash',
      ['--norc', '-c', `. scripts/stack/common.sh\n${commands}`],
      options,
    )
    return { status, stdout, stderr }
  }
  /** A program of this name on the PATH, which is a line of sh. */
  function fake(program: string, line: string): Record<string, string> {
    mkdirSync(join(folder, 'bin'), { recursive: true })
    writeFileSync(join(folder, 'bin', program), `#!/bin/sh\n${line}\n`)
    chmodSync(join(folder, 'bin', program), 0o755)
    return { PATH: `${join(folder, 'bin')}:${process.env.PATH}` }
  }
  return { folder, there, file, bash, fake }
}

test('a setting is what .env says, the last of several, or the default', (t) => {
  const { bash } = checkout(t, '#API_PORT=1\nAPI_PORT=2\nLAB_PORT=\nAPI_PORT=3\nX_API_PORT=4\nA=b=c\n')
  const { stdout } = bash('for n in API_PORT LAB_PORT GONE A; do echo "$(setting $n none)"; done')
  assert.deepEqual(stdout.trim().split('\n'), ['3', 'none', 'none', 'b=c'])
})

test('remember replaces a value in its place, once, keeps everything else and leaves a private file', (t) => {
  const { bash, file } = checkout(t, '# first\nA=1\nB=2\nA=3\n')
  const value = String.raw`a\1&b%$(touch x)`
  assert.equal(bash('remember A "$VALUE"; remember C new', { VALUE: value }).status, 0)
  assert.deepEqual(readFileSync(file, 'utf8').split('\n'), ['# first', `A=${value}`, 'B=2', 'C=new', ''])
  assert.equal(statSync(file).mode & 0o777, 0o600)
})

test('a line of .env that its readers would not read alike is refused by its number', (t) => {
  const wrong = [
    'A=a#b',
    'A="a"',
    "A='a",
    'A=$B',
    'A=`b`',
    'A=a\\b',
    'A=a b',
    ' A=1',
    'A = 1',
    'export A=1',
    'A=1\r',
    '\u{feff}A=1',
  ]
  for (const line of wrong) {
    const { bash } = checkout(t, `# fine\nB=1\n${line}\n`)
    const { status, stdout } = bash('check_env')
    assert.equal(status, 1, line)
    assert.match(stdout, /line 3:/, line)
  }
  const { bash } = checkout(t, '# a "comment" of $any kind\n\nA=\nLAB_USERS=demo:Tr0ub4dor&3!%/+=@[]{}~,eve:x:y\n')
  assert.equal(bash('check_env').status, 0)
})

test('what is exported decides nothing: neither a setting, nor a secret, nor what Compose works on', (t) => {
  const { bash, folder } = checkout(t, 'COMPOSE_PROJECT_NAME=mine\nJWT_SECRET=ours\nAPI_PORT=1\n')
  const elsewhere = { COMPOSE_FILE: '/other.yml', COMPOSE_PROFILES: 'x', COMPOSE_ENV_FILES: '/x', CDPATH: folder }
  const { stdout } = bash('project; echo; echo "$(setting API_PORT x) $PWD"; env', {
    ...elsewhere,
    COMPOSE_PROJECT_NAME: 'theirs',
    JWT_SECRET: 'theirs',
    LAB_USERS: 'them:theirs',
    API_PORT: '2',
    OTEL_TRACES_EXPORTER: 'otlp',
  })
  const [name, settings = ''] = stdout.split('\n')
  assert.equal(name, 'mine')
  assert.match(settings, /^1 .*checkout$/)
  assert.doesNotMatch(stdout, /theirs|COMPOSE_|JWT_SECRET|OTEL_|^CDPATH/m)
})

/** A docker that knows these containers (their folders) and volumes (name, project), and writes down what it is asked. */
function fakeDocker({ folder, fake }: ReturnType<typeof checkout>, containers: string[], volumes: string[]) {
  const lines = (all: string[]) => (all.length > 0 ? `printf '%s\\n' ${all.map((one) => `'${one}'`).join(' ')}` : ':')
  return fake(
    'docker',
    `echo "$*" >>${folder}/asked
case "$*" in
  'compose version --short') echo 2.40.0 ;;
  *MemTotal*) echo 4000000000 ;;
  'ps --all'*) ${lines(containers)} ;;
  'volume ls'*) ${lines(volumes)} ;;
esac`,
  )
}

test('volumes are of this checkout by a container of this folder or by a record in .env, and by nothing else', (t) => {
  const mine = 'COMPOSE_PROJECT_NAME=mine\n'
  const owned = (env: string, containers: (there: string) => string[], volumes: string[]) => {
    const place = checkout(t, env)
    const variables = { ...fakeDocker(place, containers(place.there), volumes), OWN_VOLUMES: 'mine' }
    return place.bash('check_project', variables).status
  }
  const none = () => []
  const here = (there: string) => [there, there]
  assert.equal(owned(mine, none, []), 0)
  assert.equal(owned(mine, none, ['mine_2_data mine_2', 'other_data other']), 0, 'the names of others')
  for (const volume of ['mine_data mine', 'mine_data ', 'mine_runs ', 'mine_postgres mine', 'x mine']) {
    assert.equal(owned(mine, none, [volume]), 1, volume)
    assert.equal(owned(`${mine}OWN_VOLUMES=mine_2,yours\n`, none, [volume]), 1, volume)
    assert.equal(owned(`${mine}OWN_VOLUMES=yours,mine\n`, none, [volume]), 0, volume)
    assert.equal(owned(mine, here, [volume]), 0, `${volume}, an installation without the record`)
    assert.equal(
      owned(`${mine}OWN_VOLUMES=mine\n`, () => ['/elsewhere'], [volume]),
      1,
      volume,
    )
  }
  const { bash, fake } = checkout(t, mine)
  for (const broken of ['volume', 'ps']) {
    const docker = fake('docker', `case "$1" in ${broken}) exit 1 ;; esac`)
    assert.equal(bash('check_project', docker).status, 1, `docker ${broken} fails`)
  }
})

test('make up keeps what stands behind make, after all checks, and nothing that is exported', (t) => {
  const given = { COMPOSE_PROJECT_NAME: 'given', LOG_LEVEL: 'debug', API_PORT: '18080' }
  const up = (GIVEN: string, volumes: string[] = [], changed = {}) => {
    const place = checkout(t, 'LAB_USERS=demo:password\n')
    const env = { ...fakeDocker(place, [], volumes), ...given, GIVEN, ...changed, SERVICES: 'lab' }
    for (const name of ['prometheus', 'grafana', 'k6']) mkdirSync(join(place.there, name))
    writeFileSync(join(place.there, 'slo.json'), '')
    spawnSync('bash', ['scripts/stack/up'], { cwd: place.there, env })
    return { env: readFileSync(place.file, 'utf8'), asked: readFileSync(join(place.folder, 'asked'), 'utf8') }
  }
  const exported = up('')
  assert.match(exported.env, /^OWN_VOLUMES=systems-thinking-lab$/m)
  assert.doesNotMatch(exported.env, /given|debug|18080/)
  assert.doesNotMatch(exported.asked, /given/)
  const kept = up('SERVICES COMPOSE_PROJECT_NAME API_PORT')
  assert.match(kept.env, /^COMPOSE_PROJECT_NAME=given\nAPI_PORT=18080\nOWN_VOLUMES=given$/m)
  assert.doesNotMatch(kept.env, /LOG_LEVEL/)
  assert.match(kept.asked, /^compose up/m)
  for (const refused of [
    up('COMPOSE_PROJECT_NAME LOG_LEVEL', ['given_data given']),
    up('COMPOSE_PROJECT_NAME LOG_LEVEL', [], { LOG_LEVEL: 'a b' }),
  ]) {
    assert.equal(refused.env, 'LAB_USERS=demo:password\n')
    assert.doesNotMatch(refused.asked, /^compose up/m)
  }
})

test('make clean removes nothing while volumes are there that this checkout may not have made', (t) => {
  const place = checkout(t, 'COMPOSE_PROJECT_NAME=victim13\n')
  const env = fakeDocker(place, [], ['victim13_data victim13'])
  assert.equal(spawnSync('bash', ['scripts/stack/down', 'clean'], { cwd: place.there, env }).status, 2)
  assert.equal(readFileSync(place.file, 'utf8'), 'COMPOSE_PROJECT_NAME=victim13\n')
  assert.doesNotMatch(readFileSync(join(place.folder, 'asked'), 'utf8'), /^compose (?!version)|^volume (?!ls)/m)
})

test('make down and make clean where nothing was started leave the volumes of others alone and are no error', (t) => {
  for (const words of [[], ['clean']]) {
    const place = checkout(t)
    rmSync(place.file)
    const env = fakeDocker(place, [], ['systems-thinking-lab_data systems-thinking-lab'])
    assert.equal(spawnSync('bash', ['scripts/stack/down', ...words], { cwd: place.there, env }).status, 0)
    assert.doesNotMatch(readFileSync(join(place.folder, 'asked'), 'utf8'), /^compose (?!version)|^volume (?!ls)/m)
  }
})

test('make clean removes the project of .env, in this folder, whatever is exported', (t) => {
  const { there, folder, fake } = checkout(t, 'COMPOSE_PROJECT_NAME=mine\n')
  mkdirSync(join(folder, 'other/scripts/stack'), { recursive: true })
  writeFileSync(join(folder, 'other/.env'), '')
  mkdirSync(join(there, 'data'))
  const env = {
    ...fake(
      'docker',
      `case "$*" in 'compose version --short') echo 2.40.0; exit ;; esac; echo "$COMPOSE_FILE|$COMPOSE_PROJECT_NAME|$PWD|$*" >>${folder}/asked`,
    ),
    CDPATH: join(folder, 'other'),
    COMPOSE_FILE: '/other/docker-compose.yml',
    COMPOSE_PROJECT_NAME: 'theirs',
  }
  const { status, stderr } = spawnSync('bash', ['scripts/stack/down', 'clean'], { cwd: there, env, encoding: 'utf8' })
  assert.equal(status, 0, stderr)
  const asked = readFileSync(join(folder, 'asked'), 'utf8')
  assert.match(asked, /\|down --volumes|down --volumes/)
  for (const line of asked.trim().split('\n')) assert.ok(line.startsWith(`||${there}|`), line)
  assert.match(asked, /project=mine/)
  assert.deepEqual(
    [statSync(join(folder, 'other/.env')).isFile(), spawnSync('ls', ['-A', there], { encoding: 'utf8' }).stdout],
    [true, 'compose.yaml\nscripts\n'],
  )
})

test('a checkout path of any characters is no hindrance', (t) => {
  const { bash, there } = checkout(t, 'A=1\n', 'a b#c?d%20e\\f')
  assert.equal(bash('setting A x; remember A 2; printf " %s %s" "$(setting A x)" "$PWD"').stdout, `1 2 ${there}`)
})

test('Podman, an old Compose and a Docker that does not answer are named', (t) => {
  const { bash, fake } = checkout(t)
  const said = (line: string) => bash('need_docker', fake('docker', line)).stderr
  const version = (compose: string) => `case "$*" in 'compose version --short') echo ${compose} ;; esac`
  assert.match(said('echo podman version 5.2.0'), /Podman/)
  assert.match(said('exit 1'), /does not answer/)
  for (const old of ['1.29.2', '2.20.9', 'v2.3.3', '']) assert.match(said(version(old)), /2\.21/, old)
  for (const right of ['2.21.0', 'v2.40.3-desktop.1', '5.0.1']) assert.equal(said(version(right)), '', right)
})

/** What scripts/stack/lab hands to the lab, or where another script fails. */
function asked(t: TestContext, words: string[], variables: Record<string, string>) {
  const { there, fake } = checkout(t)
  cpSync(join(root, 'Makefile'), join(there, 'Makefile')) // it lists the modes of an outage
  const env = { ...fake('node', 'shift 2; echo "$*"'), ...fake('docker', 'exit 1'), ...variables }
  const [script = '', ...args] = words
  const options = { cwd: there, env, encoding: 'utf8' } as const
  const { status, stdout, stderr } = spawnSync('bash', [`scripts/stack/${script}`, ...args], options)
  return { status, stdout: stdout.trim(), stderr }
}

test('a command takes only its own values, and only those that stand behind make', (t) => {
  const exported = {
    NAME: 'host',
    RUN: 'r',
    A: 'a',
    B: 'b',
    LENGTH: '9',
    RUNS: '2',
    LOAD: 'k6',
    GUESSES: 'g',
    PREDICT: '1',
  }
  const all = 'NAME RUN A B LENGTH RUNS LOAD GUESSES PREDICT'
  const given = (command: string, GIVEN: string) => asked(t, ['lab', command], { ...exported, GIVEN }).stdout
  assert.equal(given('experiments', ''), 'experiments')
  assert.equal(given('report', ''), 'report')
  assert.equal(given('experiments', all), 'experiments')
  assert.equal(given('report', all), 'report --run=r')
  assert.equal(given('compare', all), 'compare --a=a --b=b')
  assert.equal(given('experiment', 'NAME LENGTH'), 'experiment host --seconds=9')
  assert.equal(given('experiment', all), 'experiment host --guesses=g --seconds=9 --runs=2 --load=k6 --predict')
  assert.equal(asked(t, ['lab', 'report'], exported).stdout, 'report --run=r', 'a script that is called without make')
})

test('a flag that is 0 is off', (t) => {
  const { bash } = checkout(t)
  const flags = 'PREDICT EMBEDDED RETIRE'
  for (const [value, kept] of [
    ['0', '||'],
    ['1', '1|1|1'],
  ] as const) {
    const variables = { PREDICT: value, EMBEDDED: value, RETIRE: value, GIVEN: flags }
    assert.equal(
      bash('echo "$(printenv PREDICT)|$(printenv EMBEDDED)|$(printenv RETIRE)"', variables).stdout.trim(),
      kept,
    )
  }
})

test('an experiment without a stack is no FAIL, and names both ways; without a name the lab answers', (t) => {
  const variables = { NAME: 'spike', GIVEN: 'NAME EMBEDDED' }
  const { there, fake } = checkout(t)
  cpSync(join(root, 'lab/src/experiments'), join(there, 'lab/src/experiments'), { recursive: true })
  const env = { ...fake('docker', 'exit 1'), ...variables }
  const { status, stderr } = spawnSync('bash', ['scripts/stack/experiment'], { cwd: there, env, encoding: 'utf8' })
  assert.equal(status, 2)
  assert.match(stderr, /make experiment NAME=spike EMBEDDED=1/)
  const resumed = { ...env, NAME: '', ALL: '1', RESUME: '1', GIVEN: 'ALL RESUME' }
  const all = spawnSync('bash', ['scripts/stack/experiment', 'experiments'], { cwd: there, env: resumed })
  assert.match(String(all.stderr), /make experiments ALL=1 RESUME=1 EMBEDDED=1/)
  assert.equal(asked(t, ['experiment'], { ...variables, EMBEDDED: '1' }).stdout, 'experiment spike')
  // In a checkout without experiments every name is wrong.
  assert.equal(asked(t, ['experiment'], { ...variables, EMBEDDED: '0' }).stdout, 'experiment spike')
  assert.equal(asked(t, ['experiment', 'tradeoff'], variables).stdout, 'tradeoff spike')
  assert.equal(asked(t, ['experiment'], { GIVEN: '' }).stdout, 'experiment')
  assert.equal(asked(t, ['load', 'foo'], { GIVEN: '' }).status, 2)
})

test('values are checked before a stack is asked for: the kind of an outage, the length of a load, the database', (t) => {
  const outage = (MODE: string) => asked(t, ['outage'], { MODE }).stderr
  for (const kind of [...kinds, 'crash']) assert.equal(outage(kind), outage(''), kind)
  for (const wrong of ['nope', 'loc', 'k, m']) assert.match(outage(wrong), new RegExp(`MODE=${wrong}: .*chmod`))
  const load = (GIVEN: string) => asked(t, ['load', 'peak'], { GIVEN }).stderr
  assert.match(load('DURATION RATE'), /RATE.*DURATION/)
  assert.equal(load('DURATION K6'), load(''))
  const up = (DATABASE: string) => asked(t, ['up'], { DATABASE, GIVEN: 'DATABASE' }).stderr
  assert.match(up('oracle'), /DATABASE=oracle: .*postgres/)
  assert.equal(up('postgres'), up('sqlite'))
})

const compose = spawnSync('docker', ['compose', 'version']).status === 0 ? undefined : 'there is no Docker Compose here'

test('every command of the stack merges compose.override.yaml, which git ignores', { skip: compose }, (t) => {
  const { bash, there } = checkout(t, 'JWT_SECRET=a\nLAB_USERS=a:b\n')
  cpSync(join(root, 'k6/k6.env'), join(there, 'k6/k6.env'))
  const override = 'services: { api: { environment: { MINE: "1" } }, mine: { image: "mine:1.0.0" } }\n'
  writeFileSync(join(there, 'compose.override.yaml'), override)
  const { services } = JSON.parse(bash('compose --profile load config --format json').stdout)
  assert.equal(services.api.environment.MINE, '1')
  assert.equal(services.mine.image, 'mine:1.0.0')
  const files = ['compose.override.yaml', 'prometheus/own.yml', '.env']
  const ignored = spawnSync('git', ['check-ignore', '--no-index', ...files], { cwd: root, encoding: 'utf8' })
  assert.deepEqual(ignored.stdout.trim().split('\n'), files)
})

test('DATABASE=postgres merges its file below compose.override.yaml; without it nothing of it is there', {
  skip: compose,
}, (t) => {
  const { bash, there, file } = checkout(t, 'JWT_SECRET=a\nLAB_USERS=a:b\n')
  cpSync(join(root, 'k6/k6.env'), join(there, 'k6/k6.env'))
  cpSync(join(root, 'compose.postgres.yaml'), join(there, 'compose.postgres.yaml'))
  const services = () =>
    JSON.parse(bash('compose --profile load config --format json', { DATABASE: 'x' }).stdout).services
  assert.deepEqual(Object.keys(services()).sort(), ['api', 'grafana', 'k6', 'lab', 'prometheus'])
  writeFileSync(file, 'JWT_SECRET=a\nLAB_USERS=a:b\nPOSTGRES_PASSWORD=c\nDATABASE=postgres\n')
  writeFileSync(join(there, 'compose.override.yaml'), 'services: { api: { deploy: { replicas: 3 } } }\n')
  const { api, proxy, k6, prometheus } = services()
  assert.deepEqual([api.deploy.replicas, api.ports, api.volumes], [3, undefined, undefined])
  assert.equal(api.environment.DATABASE_URL, 'postgres://notes:c@postgres:5432/notes')
  assert.deepEqual([k6.environment.API_URL, proxy.ports[0].host_ip], ['http://proxy:8080', '127.0.0.1'])
  const limits = Object.values<{ mem_limit: string; deploy?: { replicas?: number } }>(services())
  const all = limits.map(({ mem_limit, deploy }) => Number(mem_limit) * Math.min(2, deploy?.replicas ?? 1))
  assert.ok(all.every((one) => one > 0) && all.reduce((sum, one) => sum + one) < 2.1e9)
  assert.ok(prometheus.volumes.some(({ source }: { source: string }) => source.endsWith('/postgres/prometheus.yml')))
})

test('make up names each image that it cannot get, and the services that can do without', (t) => {
  const place = checkout(t, 'LAB_USERS=demo:password\n')
  cpSync(join(root, 'Dockerfile'), join(place.there, 'Dockerfile'))
  for (const name of ['prometheus', 'grafana', 'k6']) mkdirSync(join(place.there, name))
  writeFileSync(join(place.there, 'slo.json'), '')
  const up = (gone: RegExp, SERVICES: string) => {
    const absent = [...gone.source.split('|')].map((part) => `*${part}*`).join(' | ')
    const asked = join(place.folder, 'asked')
    const env = place.fake(
      'docker',
      `echo "$*" >>${asked}
case "$*" in
  'compose version --short') echo 2.40.0 ;;
  *MemTotal*) echo 4000000000 ;;
  'compose config --images '*) echo "some/$4:1.2.3" ;;
  'image inspect '*) case "$3" in ${absent}) exit 1 ;; esac ;;
  'pull '*) exit 1 ;;
esac`,
    )
    writeFileSync(asked, '')
    const { stderr } = spawnSync('bash', ['scripts/stack/up'], {
      cwd: place.there,
      env: { ...env, SERVICES },
      encoding: 'utf8',
    })
    return { stderr, started: /^compose up/m.test(readFileSync(asked, 'utf8')) }
  }
  const all = 'api lab prometheus grafana'
  const without = up(/grafana:/, all)
  assert.match(without.stderr, /some\/grafana:1\.2\.3/)
  assert.match(without.stderr, /SERVICES="api lab prometheus"/)
  assert.equal(without.started, false)
  assert.equal(up(/grafana:/, 'api lab prometheus').started, true)
  assert.match(up(/k6:|prometheus:/, all).stderr, /SERVICES="api grafana"/)
  assert.doesNotMatch(up(/node:|prometheus:|grafana:/, all).stderr, /SERVICES=/)
})

test('the doctor finds a proxy that no build can reach, and names what is exported in vain', (t) => {
  const { there, folder } = checkout(t)
  const check = (what: string, variables: Record<string, string>) =>
    spawnSync('bash', ['scripts/stack/doctor', what], { cwd: there, env: { PATH: process.env.PATH, ...variables } })
  for (const [proxy, code] of [
    ['http://127.0.0.1:3128', 1],
    ['http://me:secret@localhost:3128/', 1],
    ['http://proxy.example:3128', 0],
  ] as const) {
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ proxies: { default: { httpProxy: proxy } } }, null, 1))
    assert.equal(check('proxy', { DOCKER_CONFIG: folder }).status, code, proxy)
  }
  assert.equal(check('proxy', { DOCKER_CONFIG: there }).status, 0)
  const { stdout } = check('environment', {
    COMPOSE_FILE: '/x.yml',
    API_PORT: '1',
    JWT_SECRET: 'not-shown',
    EDITOR: 'vi',
  })
  for (const name of ['COMPOSE_FILE', 'API_PORT', 'JWT_SECRET']) assert.match(String(stdout), new RegExp(` ${name}\\b`))
  assert.doesNotMatch(String(stdout), /EDITOR|not-shown/)
})

test('the doctor finds what the containers cannot read', (t) => {
  const { there } = checkout(t)
  const folder = join(there, 'lab/src/load')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'mix.ts'), '')
  const code = (name: string, mode: number) => {
    chmodSync(join(there, name), mode)
    const options = { cwd: there, env: { PATH: process.env.PATH } }
    return spawnSync('bash', ['scripts/stack/doctor', 'files'], options).status
  }
  assert.equal(code('lab/src/load/mix.ts', 0o600), 1)
  assert.equal(code('lab/src/load/mix.ts', 0o644), 0)
  assert.equal(code('lab/src/load', 0o744), 1)
})

test('a k6 of this machine writes its metrics where .env says, and nowhere else', (t) => {
  const out = (env: string) => {
    const { there, folder, fake } = checkout(t, env)
    cpSync(join(root, 'k6'), join(there, 'k6'), { recursive: true, filter: (path) => !path.includes('node_modules') })
    const line = `env | grep -E '^K6_(OUT|PROMETHEUS_RW_(SERVER_URL|USERNAME|PASSWORD))=' | sort >${folder}/env`
    const variables = { ...fake('k6', line), K6: 'k6', K6_PROMETHEUS_RW_PASSWORD: 'of another program' }
    spawnSync('bash', ['scripts/stack/load', 'smoke'], { cwd: there, env: variables })
    return readFileSync(join(folder, 'env'), 'utf8').trim().split('\n')
  }
  const settings = ['PASSWORD=p', 'SERVER_URL=https://mimir.example/push', 'USERNAME=lab'].map(
    (one) => `K6_PROMETHEUS_RW_${one}`,
  )
  assert.deepEqual(out(`${settings.join('\n')}\n`), ['K6_OUT=experimental-prometheus-rw', ...settings])
  assert.equal(out('')[0], 'K6_OUT=')
})

test('a k6 of this machine tells the lab, where that runs, its phase and what it has judged', (t) => {
  const { there, folder, fake } = checkout(t, 'LAB_USERS=demo:password\n')
  cpSync(join(root, 'k6'), join(there, 'k6'), { recursive: true, filter: (path) => !path.includes('node_modules') })
  fake('k6', `echo '{"verdict": "FAIL"}' >$RUN_DIR/summary.json; echo k6 >>${folder}/asked`)
  const env = fake(
    'docker',
    `case "$*" in
  'compose version --short') echo 2.40.0 ;;
  'compose ps'*lab) echo 0123 ;;
  'compose exec'*) echo "$*" >>${folder}/asked; case "$*" in *cat*) cat >>${folder}/asked ;; esac ;;
esac`,
  )
  const { status } = spawnSync('bash', ['scripts/stack/load', 'spike'], { cwd: there, env: { ...env, K6: 'k6' } })
  assert.equal(status, 1)
  const asked = readFileSync(join(folder, 'asked'), 'utf8')
  assert.match(
    asked,
    /phase k6 spike 24h overload\nk6\n.*phase none idle 1s\n.*main\.ts k6 \S+\n\{"verdict": "FAIL"\}\n$/,
  )
})

test('a load that cannot begin says nothing of one and leaves no folder', (t) => {
  const { there, fake } = checkout(t)
  cpSync(join(root, 'k6'), join(there, 'k6'), { recursive: true, filter: (path) => !path.includes('node_modules') })
  for (const K6 of ['', 'no-such-k6']) {
    const env = { ...fake('docker', 'exit 1'), K6 }
    const { status, stdout } = spawnSync('bash', ['scripts/stack/load', 'smoke'], { cwd: there, env, encoding: 'utf8' })
    assert.deepEqual([status, stdout, existsSync(join(there, 'runs'))], [2, '', false])
  }
})

test('load_test and anomaly_zscore do what make load and make anomalies do', (t) => {
  const { there } = checkout(t)
  for (const name of ['load_test', 'anomaly_zscore']) cpSync(join(root, 'scripts', name), join(there, 'scripts', name))
  for (const name of ['load', 'lab'])
    writeFileSync(join(there, 'scripts/stack', name), `#!/bin/sh\necho "${name} $* $RUN"\n`)
  const said = (...words: string[]) =>
    spawnSync('bash', words, { cwd: there, env: { PATH: process.env.PATH }, encoding: 'utf8' }).stdout.trim()
  assert.equal(said('scripts/load_test'), 'load baseline')
  assert.equal(said('scripts/load_test', 'peak'), 'load peak')
  assert.equal(said('scripts/anomaly_zscore'), 'lab anomalies')
  assert.equal(said('scripts/anomaly_zscore', 'spike-1'), 'lab anomalies spike-1')
})
