import { kinds } from './faults/fault.ts'

/** What `help` prints. */
export const help = `The lab: takes a database away from an API, gives it back, and judges what happened.

  demo      the whole story without anything else: starts the API, loads it, takes
            its database away twice, and judges. Exit code 0 PASS, 1 FAIL, 2 INVALID.
              --seconds N     length of a load phase, 15; the other phases follow
              --slo FILE      the goals, slo.json
              --folder FOLDER where the run is kept, runs
  experiment NAME  one experiment: plays it, watches, judges. The same exit codes
              --seconds N     the length of the whole; without it as long as it should be
              --runs N        repeats: median and spread at the end
              --predict       asks first what you think will come out
              --guesses FILE  the same from a file: a JSON array of numbers
              --url URL       an API that runs already, or API_URL; without it one is
                              started. It needs --metrics URL, or API_METRICS_URL, and
                              --database and --user as below
              --load KIND     k6, or the lab's own; without it k6 for an API that runs
              --slo, --folder as above
  experiments their names and their questions
  report, anomalies  the page, or the graded detector, of a run: --run NAME, or the newest
  compare   two runs, or two lists of repeats with commas: --a NAME,... --b NAME,...
  index     brings runs/lab.db up to date with the folders beside it
  outage    takes the database of a running API away until the time is over, Ctrl-C,
            or recover
              --database FILE the API's database file, or DATABASE_PATH
              --mode KIND     ${kinds.join(', ')}; without it chmod
              --for TIME      30s, 10m, 1h; without it 10m
              --url URL       API_URL, or http://127.0.0.1:8080
              --user NAME     the first of LAB_USERS, or demo; the password is taken
                              from LAB_PASSWORD or LAB_USERS
  recover   undoes the fault, whoever made it, even after kill -9
              --database FILE the same
  serve     the long-running lab of the stack: holds faults, watches the API from
            outside; where LAB_SOCKET is set, outage, recover and status ask it
              --database FILE, --url URL, --user NAME  as above
              --port N        its metrics, 8090; on --host ADDRESS, 127.0.0.1
              --prometheus-port N  what PROMETHEUS_URL shows, for reading, 9090
  status    what a running lab does and sees
  phase EXPERIMENT PHASE TIME   names on its metrics page what is being done
  await-scrape JOB...   returns when Prometheus has seen them all
  read-log  makes the API's log on standard input readable; --only outage
  help      this
`
