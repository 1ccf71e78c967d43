import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Samples } from '../question.ts'
import { metricsOf } from './metrics.ts'
import { settings } from './settings.ts'

const sample = (requests: number, cpuSeconds: number, p99Ms: number) => ({
  ...{ requests, seconds: 2, p50Ms: p99Ms / 2, p99Ms, cpuSeconds },
})
const samples: Samples = {
  bare: sample(2000, 1, 1),
  echo: sample(1000, 0.1, 4),
  sluice: sample(600, 0.12, 6),
  fastapi: sample(100, 0.2, 12),
  triton: sample(200, 0.2, 3),
  kserve: sample(300, 0.9, 20),
}
const named = (name: string) => settings.find((setting) => setting.name === name)!
const shown = (name: string, peers: readonly string[]) =>
  Object.fromEntries(
    metricsOf(named(name), peers).map((metric) => [
      metric.name,
      `${metric.value(samples).toFixed(2)} ${metric.bar ?? ''}`.trim(),
    ]),
  )

test('tiny requests are held against the echo, FastAPI and the fastest peer', () => {
  assert.deepEqual(shown('tiny, json, 32 connections', ['fastapi', 'triton', 'kserve']), {
    'CPU per request / echo': '2.00 1.6',
    'rate / echo': '0.60',
    'rate / fastapi': '6.00 6',
    'p99 / fastapi': '0.50',
    'rate / triton': '3.00',
    'p99 / triton': '2.00',
    'rate / fastest peer': '2.00 1',
    p50: '3.00',
    'p50 - echo': '1.00',
  })
})

test('runs that take milliseconds are held against bare, and their p99 against peers', () => {
  assert.deepEqual(shown('encoder, json, 8 connections', ['triton']), {
    'CPU per request / bare': '0.40',
    'rate / bare': '0.30 0.95',
    'rate / triton': '3.00',
    'p99 / triton': '2.00 1',
    'rate / fastest peer': '3.00 1',
    p50: '3.00',
    'p50 - bare': '2.50',
  })
})

test('without peers there is only the yardstick', () => {
  assert.deepEqual(Object.keys(shown('CNN, binary, 8 connections', [])), [
    'CPU per request / bare',
    'rate / bare',
    'p50',
    'p50 - bare',
  ])
})
