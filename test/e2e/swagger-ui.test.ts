import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DaemonProcess, ROOT, startDaemonProcess } from '../helpers/daemon-process.js'

const CHROMIUM = '/usr/bin/chromium'
const SCREENSHOT = join(ROOT, 'test/.artifacts/swagger-ui.png')

/** On a developer's machine the browser may be missing; where the whole suite is promised, it may not. */
const skip = !existsSync(CHROMIUM) && !process.env['CI']

const CHROMIUM_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

describe.skipIf(skip)(`Swagger UI of the MNIST example in Chromium (skipped without ${CHROMIUM})`, () => {
  let daemon: DaemonProcess
  let browser: Browser
  let page: Page
  let http: string
  const complaints: string[] = []
  const requested: URL[] = []

  beforeAll(async () => {
    daemon = startDaemonProcess({ cwd: join(ROOT, 'examples/mnist') })
    ;({ http } = await daemon.ready)
    browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS })
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
    page.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
    })
    page.on('pageerror', error => complaints.push(String(error)))
    page.on('request', request => requested.push(new URL(request.url())))
    await page.goto(http)
  })
  afterAll(async () => {
    await browser?.close()
    await daemon?.stop()
  })

  const operation = () => page.locator('.opblock-post').filter({ has: page.locator('[data-path="/v1/svcName"]') })

  it('is what / leads to', () => {
    expect(new URL(page.url()).pathname).toMatch(/^\/swagger\//)
  })

  it('shows the 7 after "Try it out" and "Execute", with nothing typed', async () => {
    const block = operation()
    await block.getByRole('button', { name: 'Try it out' }).click()
    await block.getByRole('button', { name: 'Execute', exact: true }).click()
    const live = block.locator('.live-responses-table')
    await live.waitFor()
    mkdirSync(join(SCREENSHOT, '..'), { recursive: true })
    await page.screenshot({ path: SCREENSHOT, fullPage: true })
    expect(await live.textContent()).toContain('识别结果为数字: 7')
  })

  it('makes the browser complain of nothing, and asks no other host', () => {
    expect(complaints).toEqual([])
    const hosts = requested.filter(({ protocol }) => protocol.startsWith('http')).map(({ host }) => host)
    expect([...new Set(hosts)]).toEqual([new URL(http).host])
  })
})
