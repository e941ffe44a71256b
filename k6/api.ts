import exec from 'k6/execution'
import http from 'k6/http'
import { Counter } from 'k6/metrics'

const url = (__ENV.API_URL || 'http://127.0.0.1:8080').replace(/\/+$/, '')
const timeout = '10s'

/** How the requests divide; the rest are writes. The demo's load (lab/src/load/mix.ts) divides them alike. */
const share = { read: 0.7, list: 0.15 }
const notesToRead = 50

/** Requests by the class of their answer: tag `class` is one of these; `none`: no answer came. */
export const classes = ['2xx', '3xx', '4xx', '5xx', 'none']
const answers = new Counter('answers')

// Everything but a 2xx is a failed request; k6 by itself would let a redirect pass.
http.setResponseCallback(http.expectedStatuses({ min: 200, max: 299 }))

export type Prepared = { token: string; ids: string[] }

/** Runs once before the load: logs in as the first of LAB_USERS and writes the notes that will be read. */
export function setup(): Prepared {
  const token = logIn()
  const ids = Array.from({ length: notesToRead }, (_, i) => {
    const { status, body } = send('POST', '/data/notes', note(i), { token, keepBody: true })
    if (status !== 201) exec.test.abort(`A note was to be written before the load and the API answered ${status}.`)
    return JSON.parse(body).id
  })
  return { token, ids }
}

/** One request of the mix: every arrival of a load is one call of this. */
export function request(prepared: Prepared): void {
  const { status } = ask(prepared, exec.scenario.iterationInTest)
  answers.add(1, { class: status === 0 ? 'none' : `${Math.floor(status / 100)}xx` })
}

function ask({ token, ids }: Prepared, number: number) {
  // Multiples of the golden ratio fall evenly between 0 and 1: every run asks for the same kinds in the same order.
  const choice = (number * 0.618033988749895) % 1
  if (choice < share.read) {
    const id = ids[Math.floor(Math.random() * ids.length)]
    return send('GET', `/data/notes/${id}`, null, { token, name: '/data/notes/:id' })
  }
  if (choice < share.read + share.list) return send('GET', '/data/notes', null, { token })
  return send('POST', '/data/notes', note(number), { token })
}

type How = { token?: string; name?: string; keepBody?: boolean }

/** Status 0: no answer, and `error` says why. `name` groups what differs only in an id: each name is a series in Prometheus. */
function send(method: 'GET' | 'POST', path: string, body: object | null, { token, name = path, keepBody }: How) {
  const headers: Record<string, string> = {}
  if (body) headers['Content-Type'] = 'application/json'
  if (token) headers.Authorization = `Bearer ${token}`
  try {
    const answer = http.request(method, url + path, body && JSON.stringify(body), {
      headers,
      timeout,
      tags: { name: `${method} ${name}` },
      responseType: keepBody ? 'text' : 'none',
    })
    return { status: answer.status, body: String(answer.body), error: '' }
  } catch (error) {
    // k6 says: Post "http://...": dial tcp ...: connection refused
    return { status: 0, body: '', error: String(error).replace(/^.*?": /, '') }
  }
}

function note(number: number) {
  const title = `note ${number}`
  return { title, body: `${title}: ${'a line of some length. '.repeat(8)}` }
}

function logIn(): string {
  const [first = ''] = (__ENV.LAB_USERS ?? '').split(',')
  const [username, ...rest] = first.split(':')
  const password = rest.join(':')
  if (!username || !password) {
    exec.test.abort(
      'LAB_USERS is missing: it names the user who logs in, as name:password. `make up` makes one and the load targets pass it on.',
    )
  }
  const { status, body, error } = send('POST', '/auth/login', { username, password }, { keepBody: true })
  if (status === 0) exec.test.abort(`Nothing answers at ${url} (${error}). Is the API running? \`make up\` starts it.`)
  if (status !== 200)
    exec.test.abort(refusals[status] ?? `The login at ${url} was answered ${status}: is that the API?`)
  return JSON.parse(body).token
}

const refusals: Record<number, string> = {
  401: 'The API refuses the user or the password that stands first in LAB_USERS.',
  429: 'Too many logins: the API asks to wait a minute.',
  503: 'The API has no database at the moment, so nobody can log in: `make recover` gives it back.',
}
