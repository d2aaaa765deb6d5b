import { describe, expect, test } from 'vitest'
import { normalizeGoFlags } from '../../../src/cli/go-flags.js'

const words = (line: string) => line.split(' ').filter(word => word !== '')

describe('flags of the original loader become long options', () => {
  test.each([
    ['', ''],
    ['-init', '--init'],
    ['--init', '--init'],
    ['-mnist', '--mnist'],
    ['--mnist', '--mnist'],
    ['-v', '--version'],
    ['--v', '--version'],
    ['-version', '--version'],
    ['-h', '--help'],
    ['--h', '--help'],
    ['-help', '--help'],
    ['-m 0', '--mode=0'],
    ['-m=0', '--mode=0'],
    ['--m=0', '--mode=0'],
    ['--m 0', '--mode=0'],
    ['-mode 0', '--mode=0'],
    ['-m 0 -c aiges.toml -s svcName', '--mode=0 --config=aiges.toml --service=svcName'],
    [
      '-m=1 -p prj -g grp -s svc -u http://127.0.0.1:6868',
      '--mode=1 --project=prj --group=grp --service=svc --url=http://127.0.0.1:6868',
    ],
    ['-c a=b.toml', '--config=a=b.toml'],
    ['-c=a=b.toml', '--config=a=b.toml'],
    ['-s=', '--service='],
    ['-init=true -mnist=1', '--init --mnist'],
    ['-init=false -mnist=F', ''],
  ])('%j → %j', (typed, expected) => {
    expect(normalizeGoFlags(words(typed))).toEqual(words(expected))
  })

  test('a value that looks like a flag is a value', () => {
    expect(normalizeGoFlags(['-s', '-init', '-c', '--'])).toEqual(['--service=-init', '--config=--'])
  })

  test('a value may hold anything', () => {
    expect(normalizeGoFlags(['-c=a\nb', '-s', ''])).toEqual(['--config=a\nb', '--service='])
  })
})

describe('after a subcommand its own flags count', () => {
  test.each([
    ['serve -m=0 -c x -s y', 'serve --mode=0 --config=x --service=y'],
    ['create -n demo', 'create --name=demo'],
    ['create demo', 'create demo'],
    ['create --name=demo', 'create --name=demo'],
    ['call img=@a.png -u http://h:1 -s svc', 'call img=@a.png --url=http://h:1 --service=svc'],
    [
      'call -param k=v --param=l=w --accept result -json -o out',
      'call --param=k=v --param=l=w --accept=result --json --output=out',
    ],
    ['call -json -- -x=1 -s', 'call --json -- -x=1 -s'],
    ['call a=-1 -', 'call a=-1 -'],
    ['help create', 'help create'],
    ['init -h', 'init --help'],
  ])('%j → %j', (typed, expected) => {
    expect(normalizeGoFlags(words(typed))).toEqual(words(expected))
  })
})

describe('what makes no sense is refused with the nearest thing that does', () => {
  test.each([
    ['-ini', 'unknown flag -ini; did you mean -init?'],
    ['--mnst', 'unknown flag --mnst; did you mean -mnist?'],
    ['-servce=x', 'unknown flag -servce; did you mean -service?'],
    ['-__proto__', 'unknown flag -__proto__; did you mean -'],
    ['create -name2 x', 'unknown flag -name2; did you mean -name?'],
    ['call -m 0', 'unknown flag -m; did you mean -'],
    ['-s', 'flag -s needs a value'],
    ['create -n', 'flag -n needs a value'],
    ['-init=maybe', 'flag -init: found "maybe", allowed: true or false'],
    ['-m 0 serve', 'unexpected argument "serve"'],
    ['creat -n x', 'unknown command creat; did you mean create?'],
    ['constructor', 'unknown command constructor; there are: serve, init, mnist, create, call, stream, version, help'],
  ])('%j: %s', (typed, message) => {
    expect(() => normalizeGoFlags(words(typed))).toThrow(message)
  })
})
