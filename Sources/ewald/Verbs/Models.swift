import Glibc
import Learning
import PACBED

let modelsVerb = Verb(
  name: "models", operands: "[list|show NAME|verify|calibrate NAME]",
  summary: "the trained models and how they were made",
  options: [
    Verb.Option("--patterns", "N", "calibrate: fresh patterns a noise level (2000)"),
    Verb.Option("--seed", "N", "calibrate: same seed, same patterns (1)"),
    Verb.Option("--output", "MODEL", "calibrate: the folder of the model with its new temperatures"),
  ],
  run: { arguments in
    let library = ModelLibrary.standard
    switch (arguments.operands.first ?? "list", arguments.operands.count) {
    case ("list", 0...1):
      let models = library.models()
      for model in models {
        Console.line("\(model.id)  \(model.engine)  \(model.sha256.prefix(8))  \(model.summary)")
      }
      if models.isEmpty { Console.message("no models in \(library.folders.joined(separator: ", "))") }
      return .ok
    case ("show", 2):
      guard let model = library.models().first(where: { $0.id == arguments.operands[1] }) else {
        let known = library.models().map(\.id).joined(separator: ", ")
        throw UsageError("models show \(arguments.operands[1]): is none of \(known)")
      }
      Console.write(model.manifestText, to: 1)
      return .ok
    case ("verify", 1):
      var code = ExitCode.ok
      for model in library.models() {
        do {
          try model.verify()
          Console.line("\(model.id): sound, \(model.fileNames.count) files as the manifest names them")
        } catch {
          Console.line("\(model.id): \(error)")
          code = .failed
        }
      }
      return code
    case ("calibrate", 2): return try calibrate(arguments.operands[1], library, arguments)
    default: throw UsageError("models: list, show NAME, verify or calibrate NAME")
    }
  })

/// Measures a PACBED network on fresh patterns, and with `--output` writes it with the temperatures found.
private func calibrate(_ name: String, _ library: ModelLibrary, _ arguments: Arguments) throws -> ExitCode {
  let output = arguments["--output"]
  if let output, access(output, F_OK) == 0 { throw UsageError("models: \(output) is there already") }
  let count = Int(try arguments.number("--patterns", 2000, in: 20...1e6))
  let seed = UInt64(try arguments.number("--seed", 1, in: 0...1e15))
  let interruption = Interruption()
  do {
    let model = try PACBEDModel(library.model(name, of: PACBEDModel.engine))
    let report = try model.validate(seed: seed, count: count, isCancelled: { interruption.came }) {
      fraction in
      if isatty(2) == 1 {
        Console.write("\rtable \(Int(fraction * 100)) %\(fraction < 1 ? "" : "\r")", to: 2)
      }
    }
    for row in report.rows { Console.line(row.line) }
    guard let output else { return .ok }
    let command = (["ewald"] + CommandLine.arguments.dropFirst()).joined(separator: " ")
    let id = output.split(separator: "/").last.map(String.init) ?? output
    let written = try model.write(calibratedBy: report, command: command, id: id, to: output)
    Console.line("\(output): \(written.sha256)")
    return .ok
  } catch PACBEDError.cancelled {
    Console.message("stopped; nothing was written")
    return .interrupted
  }
}
