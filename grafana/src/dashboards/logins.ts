import { colors, loginColors, tiles, tokenColors } from '../colors.ts'
import { type Page, page } from '../page.ts'
import { number } from '../panels/tiles.ts'
import { timeSeries } from '../panels/time-series.ts'

const calm = (limit: number): [number | null, string][] => [
  [null, tiles.good],
  [1, tiles.warning],
  [limit, tiles.bad],
]
const quantile = (route: string) =>
  `histogram_quantile(0.95, sum by (le) (rate(http_server_request_duration_seconds_bucket{http_route=~"${route}"}[$__rate_interval]))) and on () sum(rate(http_server_request_duration_seconds_count{http_route=~"${route}"}[$__rate_interval])) > 0`
const clientErrors = (route: string) =>
  `sum(rate(http_server_request_duration_seconds_count{http_response_status_code=~"4..",${route}}[$__rate_interval])) or vector(0)`
// A difference of counters is exact; increase() returns 2,076 for 2,069, but is right after a restart of the API.
const attempts = (outcome: string) => {
  const counter = `auth_logins_total{outcome=~"${outcome}"}[$__range]`
  const difference = `max_over_time(${counter}) - min_over_time(${counter})`
  return `sum((${difference}) and resets(${counter}) == 0 or round(increase(${counter})))`
}

export const logins = (): Page =>
  page(
    'logins',
    'Which logins are refused?',
    '**Guesses leave traces here before one succeeds.** Try `make experiment NAME=forged-tokens`.',
    [
      number({
        title: 'Password guesses in this time range',
        description:
          'Failed logins: all guesses, and those whose password the API really checked. The rest met the limit (429). Errors: the API could not serve the login.',
        good: 'few guesses checked, no errors.',
        size: [10, 5],
        unit: 'locale',
        lines: [
          { name: 'guesses', expr: attempts('failure|limited') },
          { name: 'checked', expr: attempts('failure') },
          { name: 'errors', expr: attempts('error|overloaded') },
        ],
        from: [
          [null, tiles.good],
          [1, tiles.warning],
        ],
        named: true,
        noValue: 'the API does not answer',
        changesWith: 'attack',
      }),
      number({
        title: 'Refused logins, 1 min',
        description:
          'Wrong passwords, and attempts above the limit, in the last minute. More than 20 raise the alert LoginBruteForce.',
        good: 'below 20.',
        size: [7, 5],
        unit: 'locale',
        lines: [{ name: 'refused', expr: 'api:auth_logins_refused:increase1m' }],
        from: calm(20),
        noValue: 'the API does not answer',
        changesWith: 'attack',
      }),
      number({
        title: 'Forged tokens, 1 min',
        description:
          'Tokens of the last minute that this API cannot have made: wrong signature or algorithm, or no expiry. More than 5 raise the alert ForgedTokens.',
        good: '0.',
        size: [7, 5],
        unit: 'locale',
        lines: [{ name: 'forged', expr: 'api:auth_tokens_forged:increase1m' }],
        from: calm(5),
        noValue: 'the API does not answer',
        changesWith: 'attack',
      }),
      timeSeries({
        title: 'Logins by outcome',
        description:
          'Attempts per second: success, failure (wrong password), limited (429), overloaded (503, too many were waiting), aborted (the client hung up), invalid (the request was wrong, such as 413), error (503 without a database, or a fault of the API).',
        good: 'success only. Overloaded is trouble of the service, and so is an error outside an attack.',
        size: [12, 9],
        unit: 'ops',
        lines: [
          {
            name: '{{outcome}}',
            expr: 'sum by (outcome) (rate(auth_logins_total[$__rate_interval]))',
            color: loginColors,
          },
        ],
        changesWith: 'attack',
      }),
      timeSeries({
        title: 'Refused tokens',
        description: 'Requests per second that were refused because of their token (401), by reason.',
        good: 'only `expired` and `missing` now and then.',
        size: [12, 9],
        unit: 'reqps',
        lines: [
          {
            name: '{{reason}}',
            expr: 'sum by (reason) (rate(auth_rejections_total[$__rate_interval]))',
            color: tokenColors,
          },
        ],
        changesWith: 'attack',
      }),
      timeSeries({
        title: 'Client errors (4xx)',
        description:
          'Answers per second with a status 4xx: the client’s mistake. "unmatched" are paths that do not exist. The log has the route of every request.',
        good: 'near 0. Many on "unmatched" mean that a client searches for paths to attack.',
        size: [8, 8],
        unit: 'reqps',
        lines: [
          { name: 'logins', expr: clientErrors('http_route="/auth/login"'), color: colors.client },
          { name: 'unmatched', expr: clientErrors('http_route="unmatched"'), color: colors.error },
          { name: 'other routes', expr: clientErrors('http_route!~"/auth/login|unmatched"'), color: colors.server },
        ],
        changesWith: 'attack',
      }),
      timeSeries({
        title: 'What others wait (p95)',
        description:
          'Checking a password is slow on purpose. Many guesses keep the API busy, and all other requests wait. Refusals count too, and they are quick. 5 s means 5 s or longer.',
        good: 'data stays as fast as without logins.',
        size: [8, 8],
        unit: 's',
        logarithmic: true,
        lines: [
          { name: 'logins', expr: quantile('/auth/login'), color: colors.client, mayBeEmpty: true },
          { name: 'data', expr: quantile('/data.*'), color: colors.server, mayBeEmpty: true },
        ],
        changesWith: 'attack',
      }),
      timeSeries({
        title: 'Offline guesses per second',
        description:
          'The attacker of `weak-secret` guesses the key that signs tokens on its own machine. It needs one token and no request.',
        good: 'a line that never ends: the secret is not found. A short peak means that it was found.',
        size: [8, 8],
        unit: 'locale',
        lines: [
          { name: 'guesses', expr: 'sum(rate(lab_attack_guesses_total[$__rate_interval]))', color: colors.client },
        ],
        changesWith: 'attack',
      }),
    ],
  )
