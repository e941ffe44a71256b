// Node lets one waiting connection in per turn of its event loop. What makes every turn long, as a commit does that waits
// for the disk, makes a queue at the door: with commits of 20 ms only fifty a second would come in.
const patienceMs = 100

/** Between the server, which tells of every connection that was let in, and work that can wait for those at the door. */
export function createDoor() {
  let someoneCame = false

  function cameIn() {
    someoneCame = true
  }

  /** Does the work after the first turn of the event loop in which nobody came in, or after 100 ms. */
  function whenNobodyWaits(work: () => void) {
    const deadline = performance.now() + patienceMs
    function look() {
      if (!someoneCame || performance.now() > deadline) return work()
      someoneCame = false
      setImmediate(look)
    }
    setImmediate(look)
  }
  return { cameIn, whenNobodyWaits }
}
