import System

let settingsVerb = Verb(
  name: "settings", operands: "", summary: "theme, pictures, keys, presets: what is set, and where",
  options: [
    Verb.Option("--write", nil, "write a file with every setting explained, unless there is one"),
    Verb.Option("--check", "FILE", "is this file understood?"),
  ],
  run: { arguments in
    if let path = arguments["--check"] {
      _ = try OperatorSettings(path: path)
      Console.line("\(path): understood")
      return .ok
    }
    guard let path = OperatorSettings.path else {
      throw Failure("there is no place for settings: HOME is not set")
    }
    let settings = try OperatorSettings.current()
    if arguments.has("--write") {
      guard !FilePath.exists(path) else {
        throw Failure("\(path): exists already; move it away first, or edit it")
      }
      if let slash = path.lastIndex(of: "/") { try Folder.makeWithParents(String(path[..<slash])) }
      try NewFile.write(Array(settings.file.utf8), to: path)
      Console.line("\(path): written")
      return .ok
    }
    for row in settings.rows { Console.line("\(row.name) = \(row.value)\t\(row.origin)") }
    if !FilePath.exists(path) { Console.line("no file yet: ewald settings --write makes \(path)") }
    return .ok
  })
