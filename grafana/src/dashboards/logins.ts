import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { colors } from '../colors.ts'
import { page } from '../page.ts'
import { text } from '../panels/text.ts'
import { number } from '../panels/tiles.ts'
import { timeSeries } from '../panels/time-series.ts'

const calm = (limit: number): [number | null, string][] => [
  [null, colors.database],
  [1, colors.client],
  [limit, colors.error],
]
const quantile = (route: string) =>
  `histogram_quantile(0.95, sum by (le) (rate(http_server_request_duration_seconds_bucket{http_route=~"${route}"}[$__rate_interval]))) and on () sum(rate(http_server_request_duration_seconds_count{http_route=~"${route}"}[$__rate_interval])) > 0`

export const logins = (): Dashboard =>
  page('logins', 'Who is knocking?', [
    text(
      '**Somebody who guesses passwords or forges tokens leaves marks here long before getting in.** One user may fail ten times a minute from one address, then the API answers 429 without looking at the password. Try to log in with a wrong password a dozen times, or send `Authorization: Bearer nonsense`; or `make experiment NAME=brute-force`, `NAME=forged-tokens`, and `NAME=weak-secret`, of which the API hears nothing at all.',
    ),
    number({
      title: 'Logins refused in the last minute',
      description: 'Wrong password, or one attempt too many. More than 20 raise the alarm LoginBruteForce.',
      size: [12, 4],
      unit: 'short',
      lines: [{ name: 'refused', expr: 'api:auth_logins_refused:increase1m' }],
      from: calm(20),
      noValue: 'the API is silent',
    }),
    number({
      title: 'Forged tokens in the last minute',
      description:
        'Tokens this API cannot have made: wrong signature or algorithm, no expiry. More than 5 raise the alarm ForgedTokens.',
      size: [12, 4],
      unit: 'short',
      lines: [{ name: 'forged', expr: 'api:auth_tokens_forged:increase1m' }],
      from: calm(5),
      noValue: 'the API is silent',
    }),
    timeSeries({
      title: 'Logins',
      description:
        'Attempts each second by how they ended: success, failure (wrong password), limited (429, too many), error (the API could not say).',
      size: [12, 8],
      unit: 'ops',
      lines: [{ name: '{{outcome}}', expr: 'sum by (outcome) (rate(auth_logins_total[$__rate_interval]))' }],
      colorOf: {
        success: colors.database,
        failure: colors.client,
        limited: colors.serverDark,
        error: colors.error,
      },
    }),
    timeSeries({
      title: 'Refused tokens',
      description: 'Requests each second that were refused for their token (401), by what was wrong with it.',
      size: [12, 8],
      unit: 'reqps',
      lines: [{ name: '{{reason}}', expr: 'sum by (reason) (rate(auth_rejections_total[$__rate_interval]))' }],
      colorOf: {
        missing: colors.goal,
        malformed: colors.client,
        algorithm: colors.fault,
        signature: colors.error,
        expired: colors.serverLight,
        not_active: colors.server,
        no_expiry: colors.serverDark,
        unknown_user: colors.database,
      },
    }),
    timeSeries({
      title: 'Clients’ mistakes by route (4xx)',
      description:
        'Answers each second that blame the client. "unmatched" are paths that do not exist: somebody looks around.',
      size: [8, 8],
      unit: 'reqps',
      lines: [
        {
          name: '{{http_route}}',
          expr: 'sum by (http_route) (rate(http_server_request_duration_seconds_count{http_response_status_code=~"4.."}[$__rate_interval]))',
        },
      ],
      colorOf: {
        '/auth/login': colors.client,
        '/data/notes': colors.server,
        '/data/notes/:id': colors.serverLight,
        unmatched: colors.error,
      },
    }),
    timeSeries({
      title: 'What logins cost the others (p95)',
      description:
        'A password is slow to check on purpose. Guessing keeps the API busy, and everybody’s requests wait.',
      size: [8, 8],
      unit: 's',
      lines: [
        { name: 'logins', expr: quantile('/auth/login'), color: colors.client },
        { name: 'data', expr: quantile('/data.*'), color: colors.server },
      ],
    }),
    timeSeries({
      title: 'Guesses that nobody hears',
      description:
        'Guesses each second at the secret that signs tokens, offline: whoever has one token needs no request. Two common words are found within a second, and the line falls to 0; a random secret is guessed at for ever.',
      size: [8, 8],
      unit: 'ops',
      lines: [{ name: 'guesses', expr: 'sum(rate(lab_attack_guesses_total[$__rate_interval]))', color: colors.client }],
    }),
  ])
