import Learning

let modelsVerb = Verb(
  name: "models",
  operands: "[list|show NAME|verify|validate NAME|calibrate NAME|pull URL [NAME…]|push URL NAME…]",
  summary: "the trained models: how they were made, measured anew, exchanged with a service",
  options: [
    Verb.Option("--patterns", "N", "validate, calibrate: fresh patterns a noise level (2000)"),
    Verb.Option("--seed", "N", "validate, calibrate: same seed, same patterns (1)"),
    Verb.Option("--output", "MODEL", "calibrate: the folder of the model with its new temperatures"),
    Verb.Option("--report", "FILE", "validate: what was found, as a manifest tells it"),
    Verb.Option(
      "--progress", "PID", "validate: JSON lines for the program of this number, with which this one ends"),
    Verb.Option("--to", "DIR", "pull: the folder of models (your data folder/models)"),
    Verb.Option("--token-file", "FILE", "pull, push: the file that holds your token of the service"),
    Verb.Option(
      "--trust", "FILE", "pull, push: certificates (PEM) that are believed, in place of the system's"),
  ],
  run: { arguments in
    let library = ModelLibrary.standard
    let operands = arguments.operands
    switch (operands.first ?? "list", operands.count) {
    case ("list", 0...1):
      let models = library.models()
      for model in models {
        Console.line("\(model.id)  \(model.engine)  \(model.sha256.prefix(8))  \(model.summary)")
      }
      if models.isEmpty { Console.message("no models in \(library.folders.joined(separator: ", "))") }
      return .ok
    case ("show", 2):
      guard let model = library.models().first(where: { $0.id == operands[1] }) else {
        let known = library.models().map(\.id).joined(separator: ", ")
        throw UsageError("models show \(operands[1]): is none of \(known)")
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
    case ("validate", 2): return try ModelMeasurement(operands[1], library, arguments).validate()
    case ("calibrate", 2): return try ModelMeasurement(operands[1], library, arguments).calibrate()
    case ("pull", 2...): return try ModelExchange(operands[1], arguments).pull(Array(operands[2...]), library)
    case ("push", 3...): return try ModelExchange(operands[1], arguments).push(Array(operands[2...]), library)
    default:
      throw UsageError("models: list, show, verify, validate, calibrate, pull or push, with what each needs")
    }
  })
