import assert from 'node:assert/strict'
import { type Answer, always, type Contract, fits } from './contract.ts'
import type { Request, Sequence } from './requests.ts'

/** Throws an AssertionError when an answer is not one that /openapi.json promises for its request. */
export function judge(contract: Contract, { requests, rest }: Sequence, answers: Answer[]) {
  for (const [n, answer] of answers.entries()) {
    const request = requests[n]
    const framed = requests.slice(0, n + 1).every(({ sound }) => sound)
    if (request && framed) judgeSound(contract, request, answer)
    else
      judgeAny(
        contract,
        answer,
        requests.some(({ method }) => method === 'HEAD'),
      )
    if (answer.headers.get('Connection') === 'close') {
      return assert.equal(answers.length, n + 1, 'nothing is answered after Connection: close')
    }
  }
  const sound = requests.every((request) => request.sound)
  if (sound && rest === '') assert.equal(answers.length, requests.length, 'every request is answered')
}

function judgeSound(contract: Contract, { method, target }: Request, answer: Answer) {
  const path = target.replace(/^http:\/\/x/, '').replace(/[?#].*$/s, '')
  const there = contract.operations.filter((operation) => fits(operation, path))
  const asked = method === 'HEAD' ? 'GET' : method
  const operation = there.find((operation) => operation.method === asked)
  // What could not even be read as a request is answered with a body, whatever its method was.
  if (method === 'HEAD' && (answer.status !== 400 || answer.body === '')) return contract.assertHead(answer, operation)
  if (operation) return contract.assertDocumented(answer, operation)
  // Bytes that HTTP forbids in a target are refused before the router sees them.
  if (answer.status === 400) return contract.assertProblem(answer, 400)
  contract.assertProblem(answer, there.length > 0 ? 405 : 404)
}

// Broken framing: it is unknown which request the server saw, but its answer must be documented for some request.
function judgeAny(contract: Contract, answer: Answer, head: boolean) {
  const bodiless = head && answer.body === ''
  if (always.includes(answer.status) && !bodiless) return contract.assertProblem(answer, answer.status)
  const judge = bodiless ? contract.assertHead : contract.assertDocumented
  const fitting = contract.operations.filter(({ responses }) => answer.status in responses)
  const faults = fitting.map((operation) => faultOf(() => judge(answer, operation)))
  if (bodiless) faults.push(faultOf(() => contract.assertHead(answer)))
  assert.ok(faults.includes(undefined), faults.join('\n') || `${answer.status} is documented anywhere`)
}

function faultOf(judge: () => void): string | undefined {
  try {
    judge()
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}
