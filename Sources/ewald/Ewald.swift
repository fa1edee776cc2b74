import AtomTomography
import CBLEED
import Diffraction
import FrameQuality
import FrameScaling
import LiveSession
import PACBED
import SPED

package enum Ewald {
  static let version = "0.1"

  /// The one list of engines: a new engine is a folder and one line here.
  package static let engines: [any AnalysisEngine] = [
    FrameEngine(), PACBEDEngine(), CBLEEDEngine(), SPEDEngine(), AtomTomographyEngine(),
    FrameScalingEngine(),
  ]
  /// Also the one that nobody chooses unless to see what happens when an engine dies.
  static let everyEngine = engines + [DrillEngine()]

  /// Whether it keeps a session beside processes that do the work.
  static func livesForDays(_ words: ArraySlice<String>) -> Bool {
    [watchVerb, replayVerb, viewVerb, demoVerb, serveVerb].contains { $0.name == words.first }
  }

  @MainActor
  static func main(_ words: ArraySlice<String>) async -> ExitCode {
    guard let name = words.first, name != "--help", name != "-h", name != "help" else {
      Console.line(Usage.overview)
      return words.isEmpty ? .usage : .ok
    }
    if name == "--version" {
      Console.line("ewald \(version)")
      return .ok
    }
    guard let verb = verbs.first(where: { $0.name == name }) else {
      let names = verbs.filter { !$0.isHidden }.map(\.name).joined(separator: ", ")
      Console.message("\(name): no such verb (\(names))")
      return .usage
    }
    let rest = words.dropFirst()
    if rest.contains("--help") || rest.contains("-h") {
      Console.line(Usage.text(verb))
      return .ok
    }
    do {
      return try await verb.run(try Arguments(rest, for: verb))
    } catch let error as UsageError {
      Console.message(error.description)
      return .usage
    } catch {
      Console.message("\(error)")
      return .failed
    }
  }
}

/// The one list of verbs.
package let verbs: [Verb] = [
  watchVerb, runVerb, replayVerb, viewVerb, exportVerb, checkVerb, serveVerb, simulateVerb, trainVerb,
  sweepVerb, modelsVerb, crystalVerb,
  doctorVerb, demoVerb, settingsVerb, explainVerb, completionsVerb, manualVerb,
  microscopeVerb, readWorkerVerb, analysisWorkerVerb, sweepStepVerb,
]
