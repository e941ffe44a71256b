import assert from 'node:assert/strict'
import type { Answer, Contract, Operation } from './contract.ts'
import type { Request, Sequence } from './requests.ts'

// What a request that no operation describes may be answered (the description of /openapi.json says so in words).
const always = [400, 404, 405, 408, 431]

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
  if (method === 'HEAD') return judgeHead(operation, answer)
  if (operation) return contract.assertDocumented(answer, operation)
  // Bytes that HTTP forbids in a target are refused before anybody asks what they name.
  if (answer.status === 400) return contract.assertProblem(answer, 400)
  contract.assertProblem(answer, there.length > 0 ? 405 : 404)
  if (there.length > 0) assert.ok(answer.headers.get('Allow'), '405 has the header Allow')
}

const fits = ({ path }: Operation, given: string) =>
  new RegExp(`^${path.replaceAll(/{\w+}/g, '[^/]+').replaceAll('.', '\\.')}$`).test(given)

function judgeHead(operation: Operation | undefined, answer: Answer) {
  if (answer.status === 400) return
  assert.equal(answer.body, '', 'HEAD has no body')
  const documented = operation ? String(answer.status) in operation.responses : answer.status < 500
  assert.ok(documented, `HEAD ${answer.status} is documented`)
}

// Broken framing: which request the server saw is not known, but it must be an answer that it documents to somebody.
function judgeAny(contract: Contract, answer: Answer, head: boolean) {
  if (head && answer.body === '') return judgeHead(undefined, answer)
  if (always.includes(answer.status)) return contract.assertProblem(answer, answer.status)
  const fitting = contract.operations.filter(({ responses }) => answer.status in responses)
  assert.ok(fitting.length > 0, `${answer.status} is documented anywhere`)
  const faults = fitting.map((operation) => {
    try {
      contract.assertDocumented(answer, operation)
      return undefined
    } catch (error) {
      return (error as Error).message
    }
  })
  assert.ok(faults.includes(undefined), faults.join('\n'))
}
