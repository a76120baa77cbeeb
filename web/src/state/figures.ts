// Figures over response times.
import { failed, type Timing } from '../api/timings'

export interface Figures {
  count: number
  errors: number
  perS: number
  p50?: number
  p95?: number
  p99?: number
}

// The nearest-rank percentile of ascending numbers.
export function percentile(sorted: ArrayLike<number>, percent: number): number | undefined {
  if (!sorted.length) return undefined
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]
}

// Errors count as requests; only what was answered as asked has a response time worth comparing.
export function figuresOf(timings: readonly Timing[], spanS?: number): Figures {
  const good = timings.filter((timing) => !failed(timing))
  const sorted = Float64Array.from(good, (timing) => timing.ms).sort()
  const first = timings[0]
  const last = timings.at(-1)
  const lasted = spanS ?? (first && last ? (last.at - first.at + first.ms) / 1000 : 0)
  return {
    count: timings.length,
    errors: timings.length - good.length,
    perS: lasted > 0 ? timings.length / lasted : 0,
    p50: percentile(sorted, 50),
    p95: percentile(sorted, 95),
    p99: percentile(sorted, 99),
  }
}
