/** What `aiservice` prints without arguments and with `-h`. */
export const USAGE = `aiservice: serves AI models that run behind Python wrappers
加载器运行方法 (how to run it):

- 本地模式运行 (local mode)
  1: aiservice -init      初始化配置文件 aiges.toml (若存在, 则保留不变)
                          writes the configuration aiges.toml (an existing one is left alone)
  2: aiservice -m 0       本地模式运行 (aiges.toml 不存在时先写入)
                          serves; the same as aiservice serve
                          for example: aiservice -m 0 -c aiges.toml -s svcName
  3: aiservice -mnist     将 mnist 示例写入 ./aiges_demo/mnist
                          writes the MNIST example to ./aiges_demo/mnist

- 命令 (commands)
  aiservice serve         启动服务 (serve)
  aiservice init          同 -init (the same as -init)
  aiservice mnist         同 -mnist (the same as -mnist)
  aiservice create -n NAME
                          创建新的 wrapper 项目 (writes a new wrapper project)
  aiservice call img=@seven.png
                          向运行中的服务发送文件或文本, 并打印结果
                          (sends files or texts to a running service and prints the answer)
  aiservice stream audio=@speech.wav --realtime
                          向运行中的服务流式发送录音, 并实时打印结果
                          (sends a recording in frames and prints the results as they come)
  aiservice help COMMAND  命令的详细说明 (more about a command)

- 参数 (flags; one dash or two, "-m 0" or "-m=0")
  -m MODE                 0: 本地模式 (local, default); 1: 配置中心模式, 暂不支持 (configuration centre, not available yet)
  -c FILE                 配置文件 (configuration file), default aiges.toml
  -s SERVICE              服务名, 须与配置文件的段名一致 (service, the name of its section), default svcName
  -p PROJECT -g GROUP -u URL
                          配置中心的项目、组与地址 (project, group and URL of the configuration centre)
  -v                      版本 (version)
  -h                      帮助 (this text)

- 退出码 (exit codes)
  0 成功 (ok)   1 运行失败 (failed)   2 参数或配置错误 (wrong usage or configuration)
`
