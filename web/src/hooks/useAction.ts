// Something that is asked of a server once: whether it is under way, and what went wrong.
import { useState } from 'react'
import { asProblem, type Problem } from '../api/problem'

export function useAction() {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState<Problem>()

  // True when it was done.
  async function act(work: () => Promise<unknown>) {
    setBusy(true)
    setProblem(undefined)
    try {
      await work()
      return true
    } catch (error) {
      setProblem(asProblem(error))
      return false
    } finally {
      setBusy(false)
    }
  }

  return { busy, problem, act, clear: () => setProblem(undefined) }
}
