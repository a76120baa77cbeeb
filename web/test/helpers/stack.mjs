// The parts of the running stack, by the words of test/helpers/stack.bash.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))

// stack('stop', 'redis') · stack('start', 'redis') · stack('signal_all', 'persist-1', 'STOP')
export function stack(...words) {
  execFileSync('bash', ['-c', '. test/helpers/stack.bash && "$@"', 'stack', ...words], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] })
}

// The persist programs stop, or go on: workers('STOP') · workers('CONT')
export function workers(signal) {
  for (const name of ['persist-1', 'persist-2']) stack('signal_all', name, signal)
}
