import { existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
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

  const operation = (path = '/v1/svcName') =>
    page.locator('.opblock').filter({ has: page.locator(`[data-path="${path}"]`) })
  const open = (path?: string) => operation(path).locator('.opblock-summary-control').click()

  it('is what / leads to, and says what the service takes and gives', async () => {
    expect(new URL(page.url()).pathname).toMatch(/^\/swagger\//)
    expect(await page.title()).toBe('aiservice')
    expect(await page.locator('.info .title').textContent()).toContain('svcName')
    const description = await page.locator('.info .description').textContent()
    expect(description).toContain('wrapper mnist, version v1; takes img (image); gives result (text).')
    expect(description).toContain('Try it out')
  })

  it('shows the operations in groups, one for each protocol', async () => {
    const groups = await page
      .locator('.opblock-tag-section h3')
      .evaluateAll(found => found.map(({ dataset }) => dataset['tag']))
    expect(groups).toEqual(['ASE', 'Open Inference Protocol', 'OpenAI chat', 'MindSpore Serving', 'EdgeBoard'])
  })

  it('shows the 7 after "Try it out" and "Execute", with nothing typed', async () => {
    const block = operation()
    await open()
    await block.getByRole('button', { name: 'Try it out' }).click()
    expect(await block.locator('textarea').inputValue()).toMatch(/"image": "iVBORw0KGgo/)
    await block.getByRole('button', { name: 'Execute', exact: true }).click()
    const live = block.locator('.live-responses-table')
    await live.waitFor()
    mkdirSync(dirname(SCREENSHOT), { recursive: true })
    await page.screenshot({ path: SCREENSHOT, fullPage: true })
    expect(await live.locator('tr.response .response-col_status').textContent()).toContain('200')
    expect(await live.textContent()).toContain('识别结果为数字: 7')
  })

  it('lists the error answers by their numbers', async () => {
    const answers = operation().locator('.responses-table:not(.live-responses-table)')
    const statuses = await answers.locator('tr.response .response-col_status').allTextContents()
    expect(statuses).toEqual(expect.arrayContaining(['200', '400', '413', '500', '502', '503', '504']))
    expect(await answers.textContent()).toContain(
      "10107 (schema_violation): the request does not satisfy the wrapper's schema",
    )
  })

  it("shows the schema with its defaults in OpenAPI's words", async () => {
    const other = operation('/v1/private/mnist')
    await open('/v1/private/mnist')
    await other.locator('.opblock-section-request-body').getByRole('tab', { name: 'Schema' }).click()
    const schema = await other.locator('.opblock-section-request-body .model-box').first().textContent()
    expect(schema).toContain('default: utf8')
    expect(schema).not.toContain('defaultVal')
  })

  it('makes the browser complain of nothing, and asks no other host', () => {
    expect(complaints).toEqual([])
    const hosts = requested.filter(({ protocol }) => protocol.startsWith('http')).map(({ host }) => host)
    expect([...new Set(hosts)]).toEqual([new URL(http).host])
  })
})
