// Node lets one waiting connection in per turn of its event loop. What makes every turn long, as a commit does that waits
// for the disk, makes a queue at the door: with commits of 20 ms only fifty a second would come in.
const patienceMs = 100

let someoneCame = false

/** To be told of every connection that was let in. */
export function cameIn(): void {
  someoneCame = true
}

/** Does the work after the first turn of the event loop in which nobody came in, or after 100 ms. */
export function whenNobodyWaits(work: () => void): void {
  const deadline = performance.now() + patienceMs
  function look() {
    if (!someoneCame || performance.now() > deadline) return work()
    someoneCame = false
    setImmediate(look)
  }
  setImmediate(look)
}
