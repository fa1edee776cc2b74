import Learning

let modelsVerb = Verb(
  name: "models", operands: "[list|show NAME|verify]", summary: "the trained models and how they were made",
  options: [],
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
    default: throw UsageError("models: list, show NAME or verify")
    }
  })
