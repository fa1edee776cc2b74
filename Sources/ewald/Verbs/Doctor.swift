import Analysis
import Arrays
import Diffraction
import FrameFormats
import Glibc
import Learning
import System
import TerminalUI
import Workers

let doctorVerb = Verb(
  name: "doctor", operands: "[FILE…]",
  summary: "what this machine and terminal can do; why a file is refused", options: [WorkerOptions.raw],
  run: { arguments in
    if arguments.operands.isEmpty { return Doctor.machine() }
    return Doctor.files(arguments.operands, reader: try WorkerOptions(arguments).reader())
  })

enum Doctor {
  static func machine() -> ExitCode {
    let capabilities = Capabilities.current()
    let commit = Checkout.commit()
    Console.line("ewald \(Ewald.version)\(commit.isEmpty ? "" : ", commit \(commit)")")
    Console.line("program: \(FilePath.resolved("/proc/self/exe") ?? "unknown")")
    if let folder = libraries { Console.line("libraries: \(folder)") }
    Console.line("kernels: OpenBLAS for \(ProcessorKernels.name)")
    Console.line(
      "terminal \(capabilities.term): \(colours(capabilities.colours)), "
        + "\(capabilities.unicode ? "Unicode" : "ASCII only"), pictures as \(capabilities.pictureMode.rawValue)"
    )
    if capabilities.isDumb {
      Console.line("  this terminal cannot place text: ewald prints lines instead of a screen")
    }
    Console.line("engines: \(Ewald.engines.map(\.name).joined(separator: ", "))")
    Console.line("formats: \(FormatList.formats.map(\.name).joined(separator: ", "))")
    Console.line("cores: \(sysconf(Int32(_SC_NPROCESSORS_ONLN)))")
    Console.line("sessions: \(SessionSetup.dataFolder)")
    for (name, words) in [("samples", "samples"), ("terminfo", "descriptions of terminals")] {
      let found = DataFolders.standard.found(name)
      Console.line("\(words): \(found.isEmpty ? "none of its own" : found.joined(separator: ", "))")
    }
    for (name, path) in [
      ("watched folders", "/proc/sys/fs/inotify/max_user_watches"),
      ("events kept", "/proc/sys/fs/inotify/max_queued_events"),
    ] {
      let text = (try? WholeFile.text(path, limit: 4096))?.prefix { $0 > " " } ?? ""
      if !text.isEmpty { Console.line("\(name): \(text)") }
    }
    let failures = models() + SelfTest.run() + drill()
    for failure in failures { Console.line("SELF-TEST FAILED: \(failure)") }
    if failures.isEmpty {
      Console.line("self-test: \(SelfTest.count) golden frames give the recorded numbers")
      Console.line("drill: an engine that dies costs its frame the answer, and the next frame is answered")
    }
    return failures.isEmpty ? .ok : .failed
  }

  /// Where the libraries beside the program came from: from its own folder, or from the machine's.
  private static var libraries: String? {
    let maps = (try? WholeFile.text("/proc/self/maps", limit: 16 << 20)) ?? ""
    guard let line = maps.split(separator: "\n").first(where: { $0.contains("/libopenblas") }),
      let start = line.firstIndex(of: "/"), let end = line.lastIndex(of: "/")
    else { return nil }
    return String(line[start..<end])
  }

  /// Lists the models with their identities; what is wrong with them.
  private static func models() -> [String] {
    let library = ModelLibrary.standard
    let models = library.models()
    var failures: [String] = []
    for model in models {
      Console.line("model \(model.id): \(model.engine), \(model.sha256.prefix(8)), \(model.path)")
      do {
        try model.verify()
      } catch {
        failures.append("\(error)")
      }
    }
    if models.isEmpty { Console.line("models: none in \(library.folders.joined(separator: ", "))") }
    return failures
  }

  /// Lets an engine die and asks it again.
  private static func drill() -> [String] {
    let analyst = WorkerOptions().analyst(engine: "drill", reports: nil)
    guard let engine = analyst.engine(named: "drill") else { return ["the drill is not there"] }
    func finding(_ value: UInt8) -> Finding? {
      let frame = Frame(pixels: Pixels(width: 2, height: 1, values: [value, 0]))
      return try? analyst.conclude(engine, .frame(frame), ParameterValues(), AnalysisContext())
    }
    let deadly = finding(UInt8(DrillEngine.Fault.exit.rawValue))
    if deadly?.reasons.first?.code != ReasonCode.died.rawValue {
      return ["an engine that ends its process was not noticed"]
    }
    return finding(0)?.verdict == .accept ? [] : ["after an engine has died, no frame is answered"]
  }

  static func files(_ paths: [String], reader: WorkerReader) -> ExitCode {
    var refused = 0
    for path in paths {
      do throws(FileRefusal) {
        let source = try reader.open(path: path)
        for line in FileDescription.lines(path, source.summary) { Console.line(line) }
        for index in 0..<source.summary.frames { _ = try source.frame(at: index) }
        Console.line("  every frame can be read")
      } catch {
        refused += 1
        Console.line("\(path): \(error.reason)\(error.offset.map { ", at byte \($0)" } ?? "")")
        Console.line("  \(advice(error.kind))")
      }
    }
    return refused > 0 ? .someRefused : .ok
  }

  private static func advice(_ kind: FileRefusal.Kind) -> String {
    switch kind {
    case .truncated: "it ends too early: still being copied, or cut off; a session tries it again"
    case .damaged: "its structure is broken: copy it again from the microscope's computer"
    case .unsupported: "it is whole, but of a kind that is not read: export it as 16-bit or float TIFF"
    case .tooLarge: "it asks for more memory than a frame may take"
    case .unreadable: "the system does not let it be read: look at its rights and at the disk"
    }
  }

  private static func colours(_ depth: ColourDepth) -> String {
    switch depth {
    case .none: "no colours"
    case .ansi8: "8 colours"
    case .ansi16: "16 colours"
    case .palette256: "256 colours"
    case .trueColour: "true colour"
    }
  }
}
