import Analysis
import Diffraction
import Synchronization

/// The atoms of a nanocrystal from two or three projections, anywhere and not on a grid, each with how well it is
/// known.
package struct AtomTomographyEngine: AnalysisEngine {
  package init() {}

  package let name = "atom-tomography"
  package let label = "ATOM"

  package let outputs = [
    Output(name: "atoms", unit: "1", symbol: "n", decimals: 0),
    Output(name: "determined", unit: "1", symbol: "det", decimals: 0),
    Output(name: "misfit", unit: "1", symbol: "fit", decimals: 2),
    Output(name: "energy", unit: "1", symbol: "E", decimals: 1),
    Output(name: "interval", unit: "1", symbol: "±", decimals: 3),
    Output(name: "neighbours", unit: "1", symbol: "z", decimals: 0),
    Output(name: "bond", unit: "1", symbol: "r0", decimals: 3),
    Output(name: "atom_mass", unit: "1", symbol: "m", decimals: 3),
    Output(name: "alpha", unit: "1", symbol: "alpha", decimals: 3),
    Output(name: "noise", unit: "counts", symbol: "noise", decimals: 3),
    Output(name: "agreeing", unit: "%", symbol: "agree", decimals: 0),
  ]
  package let parameters = TomographySettings.all

  /// A few long rows of fractions are most likely projections.
  package func suitability(for file: FileSummary) -> Int {
    let rows = file.height == 1 ? file.frames : file.height
    guard 2...SinogramReading.mostAngles ~= rows, file.width >= 8 * rows, file.width >= 32,
      file.calibration.y?.value.unit == "deg" || file.sample.isFloat
    else { return 0 }
    return 6
  }

  package func analyze(
    _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext
  ) throws(AnalysisError) -> Finding {
    let projections: Projections
    do {
      projections = try SinogramReading(subject, parameters, context).projections
    } catch let error as AnalysisError {
      throw error
    } catch let obstacle as FrameObstacle {
      return Finding(obstacle: obstacle.reason)
    } catch {
      throw .failed("\(error)")
    }
    let request = try ReconstructionRequest(projections, parameters)
    if let obstacle = Self.obstacle(request) { return Finding(obstacle: obstacle) }
    let cancellation = Cancellation(context.isCancelled)
    let found = Reconstruction(
      request, isCancelled: { cancellation.isCancelled }, progress: context.progress)
    if cancellation.hasCome { throw .cancelled }
    guard let found else {
      return Finding(
        obstacle: Reason(.nothingFound, "no atoms: no lattice fits into what the projections show"))
    }
    let report = TomographyReport(request: request, found: found)
    var finding = report.finding()
    if let write = context.write {
      for artifact in report.artifacts() { finding.artifacts[artifact.role] = try write(artifact) }
    }
    return finding.finite
  }

  /// What the masses of the projections say before any atom is looked for.
  private static func obstacle(_ request: ReconstructionRequest) -> Reason? {
    let masses = request.projections.masses.map { $0 / request.mass }
    let mean = masses.reduce(0, +) / Double(max(1, masses.count))
    guard request.blob.sigma < 1e6, request.projections.pitch <= 4 * request.blob.sigma else {
      return Reason(
        .projections, "a pixel is wider than an atom: give its size with --pixel, an atom's with --sigma-r0")
    }
    let span = request.projections.pitch * Double(request.projections.pixels)
    guard span < 200 * request.bond else {
      return Reason(
        .projections, "projections as long as \((span / request.bond).short) bonds: up to 200 are searched")
    }
    guard request.count != nil || mean >= 0.5 else {
      return Reason(.projections, "a mass of \(mean.short) atoms: is an atom's mass given with --atom-mass?")
    }
    guard request.count != nil || mean < Double(Reconstruction.largestCount) else {
      return Reason(
        .projections,
        "a mass of \(mean.short) atoms: up to \(Reconstruction.largestCount) are searched; is an atom's mass given "
          + "with --atom-mass?")
    }
    return nil
  }
}

/// Whether an analysis is still wanted. Who is told once that it is not does not ask again.
private final class Cancellation: Sendable {
  private let ask: @Sendable () -> Bool
  private let came = Atomic<Bool>(false)

  init(_ ask: @escaping @Sendable () -> Bool) { self.ask = ask }

  var hasCome: Bool { came.load(ordering: .relaxed) }

  /// True for one that is to stop.
  var isCancelled: Bool {
    if hasCome { return true }
    guard ask() else { return false }
    came.store(true, ordering: .relaxed)
    return true
  }
}
