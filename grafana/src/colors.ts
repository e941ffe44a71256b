// One meaning each, on every dashboard. From the palette of Okabe and Ito, which the colour-blind can tell apart; all
// of them can be read on white and on black.
export const colors = {
  server: '#0072B2',
  serverLight: '#56B4E9',
  serverDark: '#7570B3',
  client: '#E69F00',
  database: '#009E73',
  error: '#D55E00',
  goal: '#8C8C8C',
  fault: '#CC79A7',
  phase: '#999999',
  nothing: 'rgba(140, 140, 140, 0.25)',
}
