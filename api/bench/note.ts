/** The note that every part writes and reads. */
export const note = { title: 'A note of ordinary length', body: 'Words of no consequence. '.repeat(8) }
