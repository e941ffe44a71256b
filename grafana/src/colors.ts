// Pink and bright blue are the bands of faults and loads, and nothing else on any dashboard. No two lines of a chart share a
// colour. Hues are near the palette of Okabe and Ito, which colour-blind people can
// tell apart. Lines have a contrast of at least 3:1 on Grafana's white and dark panels; a test computes it.
export const colors = {
  server: '#0072B2',
  serverLight: '#3E8EA8',
  serverDark: '#6A5ACD',
  client: '#C77F00',
  database: '#009E73',
  error: '#D55E00',
  refused: '#8A63C9',
  goal: '#8C8C8C',
  other: '#9C6B3F',
  fault: '#C96BA0',
  load: '#2E9BD6',
}

/** Not active: a quiet row of a timeline. */
export const quiet = 'rgba(140, 140, 140, 0.25)'

/** Backgrounds of tiles and cells. Grafana's near-white text has a contrast of at least 4.5:1 on them. */
export const tiles = {
  good: '#00704F',
  warning: '#8A5A00',
  bad: '#B03A00',
  info: '#5F6368',
  fault: '#9B3F73',
  load: '#00639C',
}

// Colours of a label's values. A test reads all values from the API's and the lab's own metrics pages.
export const statusColors = {
  400: '#A08A00',
  401: colors.refused,
  404: colors.server,
  405: '#B87400',
  408: colors.goal,
  413: '#9A6E6E',
  415: '#5D8AA8',
  422: '#738A3A',
  429: colors.database,
  431: '#A0522D',
  499: colors.client,
}

export const loginColors = {
  success: colors.database,
  failure: colors.client,
  limited: colors.refused,
  overloaded: colors.other,
  aborted: colors.goal,
  invalid: colors.server,
  error: colors.error,
}

export const attackColors = {
  accepted: colors.error,
  refused: colors.database,
  unanswered: colors.server,
  error: colors.other,
}

export const tokenColors = {
  missing: colors.goal,
  malformed: colors.client,
  algorithm: '#738A3A',
  critical_header: '#A0522D',
  signature: colors.error,
  expired: colors.serverLight,
  not_active: colors.server,
  no_expiry: colors.serverDark,
  unknown_user: colors.database,
  unknown_session: '#9A6E6E',
  revoked: '#A08A00',
}

export const reasonColors = {
  permission: colors.error,
  locked: colors.server,
  missing: '#A0522D',
  replaced: colors.client,
  truncated: colors.database,
  full: colors.serverLight,
  readonly: colors.serverDark,
  io_error: colors.goal,
  cannot_open: '#A08A00',
  corrupt: '#738A3A',
  unreachable: '#9A6E6E',
  timeout: colors.refused,
}

export const shedColors = {
  event_loop: colors.serverDark,
  login_queue: colors.client,
}

export const signalColors = {
  requests: colors.client,
  errors: colors.error,
  latency: colors.server,
  eventloop: colors.serverDark,
  logins: colors.other,
}
