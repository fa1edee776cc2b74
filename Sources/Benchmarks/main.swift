import Learning
OpenMPPolicy.ensurePassive()
if CommandLine.arguments.count > 2, CommandLine.arguments[1] == "networks" {
  try NetworksSuite.run(models: CommandLine.arguments[2])
}
