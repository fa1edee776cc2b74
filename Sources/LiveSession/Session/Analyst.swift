import Analysis
import System
import Diffraction
import FrameFormats
import Workers

/// Opens a file for its frames: in this process, or in one that may crash.
package typealias OpenFile = @Sendable (_ path: String) throws(FileRefusal) -> any FrameSource

/// How files are read: by a process that may die over them, or by a test.
package struct FileAccess: Sendable {
  /// For a look.
  package var open: OpenFile
  /// For an analysis: which file it is, told by the one who reads it, so that it is hashed once.
  package var identify: @Sendable (_ path: String) throws(FileRefusal) -> WorkerReader.Identified
  /// The content of what may be no image.
  package var digest: @Sendable (_ path: String) throws(FileRefusal) -> String

  package init(
    open: @escaping OpenFile,
    identify: @escaping @Sendable (_ path: String) throws(FileRefusal) -> WorkerReader.Identified,
    digest: @escaping @Sendable (_ path: String) throws(FileRefusal) -> String
  ) {
    self.open = open
    self.identify = identify
    self.digest = digest
  }

  /// In this process: for files that are known to be harmless.
  package init(opening open: @escaping OpenFile) {
    self.init(
      open: open,
      identify: { path throws(FileRefusal) in
        guard let identity = try? FileIdentity(path: path) else {
          throw FileRefusal(.unreadable, "there is no such file")
        }
        let content = try contentHash(ofFile: path)
        return WorkerReader.Identified(source: try open(path), identity: identity, content: content)
      },
      digest: { path throws(FileRefusal) in try contentHash(ofFile: path) })
  }

  package init(_ reader: WorkerReader) {
    self.init(
      open: { path throws(FileRefusal) in try reader.open(path: path) },
      identify: { path throws(FileRefusal) in try reader.identify(path: path) },
      digest: { path throws(FileRefusal) in try reader.digest(path: path) })
  }
}

/// Reads a file and has it analysed. The live session, `run` and `replay --verify` all go through here, so
/// that they cannot give different answers.
package struct Analyst: Sendable {
  package var files: FileAccess
  package var engines: [any AnalysisEngine]
  /// An engine's name, or `suitable`.
  package var choice: String
  /// Stands for the engine that suits a file best.
  package static let suitable = "auto"
  /// Where the ends of the processes that read and analyse are told.
  package var incidents: IncidentLog?

  package init(
    engines: [any AnalysisEngine], choice: String = Analyst.suitable, files: FileAccess,
    incidents: IncidentLog? = nil
  ) {
    self.engines = engines
    self.choice = choice
    self.files = files
    self.incidents = incidents
  }

  package func engine(named name: String) -> (any AnalysisEngine)? { engines.first { $0.name == name } }

  /// The engine for a file: the one asked for, or the one that suits it best.
  package func engine(for file: FileSummary, choice: String) -> (any AnalysisEngine)? {
    if choice != Self.suitable { return engine(named: choice) }
    return engines.map { ($0, $0.suitability(for: file)) }.filter { $0.1 > 0 }.max { $0.1 < $1.1 }?.0
  }

  /// A file, opened and identified.
  package struct Opened {
    package var source: any FrameSource
    package var content: String
    package var identity: FileIdentity
    package var summary: FileSummary { source.summary }
    /// What stands for the file on the screen: its first frame.
    package var frame: Frame
  }

  package func open(path: String) throws(FileRefusal) -> Opened {
    let file = try files.identify(path)
    let source = file.source
    guard source.summary.frames > 0 else {
      throw FileRefusal(.truncated, "\(source.summary.format): holds no whole frame yet")
    }
    return Opened(
      source: source, content: file.content, identity: file.identity, frame: try source.frame(at: 0))
  }

  /// What `engine` finds in the file; that it could not work is a finding, too. Throws only what says nothing of
  /// the frame: a file that cannot be read, a cancellation.
  package func conclude(
    _ opened: Opened, _ engine: any AnalysisEngine, _ parameters: ParameterValues, _ context: AnalysisContext
  ) throws(AnalysisError) -> Finding {
    let series: (any FrameSource)?
    do throws(FileRefusal) {
      series = try self.series(opened, engine, parameters, context.file)
    } catch {
      throw .file(error)
    }
    if let series { return try conclude(engine, .scan(series), parameters, context) }
    let subject: Subject = opened.summary.frames == 1 ? .frame(opened.frame) : .scan(opened.source)
    return try conclude(engine, subject, parameters, context)
  }

  /// The file with those that the settings name beside it; nil where they name none.
  private func series(
    _ opened: Opened, _ engine: any AnalysisEngine, _ parameters: ParameterValues, _ path: String?
  ) throws(FileRefusal) -> SeriesFrames? {
    guard let path, let name = engine.seriesSetting, case .text(let text)? = parameters[name] else {
      return nil
    }
    var files = [(path, opened.source)]
    for name in text.split(separator: ",") {
      let other = FilePath.folder(of: path) + "/" + name
      do throws(FileRefusal) {
        files.append((other, try self.files.open(other)))
      } catch {
        throw FileRefusal(error.kind, "\(name): \(error.reason)", offset: error.offset)
      }
    }
    return try SeriesFrames(files)
  }

  package func conclude(
    _ engine: any AnalysisEngine, _ subject: Subject, _ parameters: ParameterValues,
    _ context: AnalysisContext
  ) throws(AnalysisError) -> Finding {
    do throws(AnalysisError) {
      return try engine.analyze(subject, parameters, context)
    } catch {
      switch error {
      case .file, .cancelled: throw error
      case .failed, .parameter, .died: return Finding(failure: error, of: engine)
      }
    }
  }
}

extension Analyst {
  /// The exhibits of a recorded result, made anew: they are too large to be recorded. None where the file is no
  /// longer the one that was analysed, or the engine is gone, or there was no finding; nil where it was cancelled.
  func exhibits(
    of result: ResultRecord, path: String, size: Int, previous: Finding?,
    isCancelled: @escaping @Sendable () -> Bool
  ) -> [Exhibit]? {
    guard !result.finding.isFailure, let engine = engine(named: result.engine),
      let parameters = try? ParameterValues(texts: result.parameters, for: engine),
      let opened = try? open(path: path), opened.identity.size == Int64(size)
    else { return [] }
    let context = AnalysisContext(file: path, previous: previous, isCancelled: isCancelled)
    do throws(AnalysisError) {
      return try conclude(opened, engine, parameters, context).exhibits
    } catch {
      return error == .cancelled ? nil : []
    }
  }
}

extension Finding {
  /// An engine that cannot work on a file has found that, too.
  init(failure: AnalysisError, of engine: any AnalysisEngine) {
    let code: ReasonCode = if case .died = failure { .died } else { .failed }
    self.init(obstacle: Reason(code, "\(engine.name): \(failure)"))
  }

  /// Whether it only says that the engine could not work: looking at it must not try again.
  var isFailure: Bool {
    reasons.contains { $0.code == ReasonCode.died.rawValue || $0.code == ReasonCode.failed.rawValue }
  }
}

extension ParameterValues {
  /// Every parameter of the engine as text, standards included: what the session file records.
  package func texts(for engine: any AnalysisEngine) -> [String: String] {
    var texts: [String: String] = [:]
    for parameter in engine.parameters {
      texts[parameter.name] = (self[parameter.name] ?? parameter.standard).description
    }
    return texts
  }

  /// Reads back what `texts` wrote, or what a person typed; names that the engine does not have are refused.
  package init(texts: [String: String], for engine: any AnalysisEngine) throws(InvalidParameter) {
    self.init()
    for (name, text) in texts {
      guard let parameter = engine.parameters.first(where: { $0.name == name }) else {
        let names = engine.parameters.map(\.name).joined(separator: ", ")
        throw InvalidParameter("\(name): not a parameter of \(engine.name) (\(names))")
      }
      self[name] = try parameter.parse(text)
    }
  }
}
