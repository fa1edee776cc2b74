import Analysis
import Diffraction

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
  package let readsSeries = true
  package let seriesSetting: String? = TomographySettings.projections.name

  /// A few long rows of fractions are most likely projections, and so are a few images that state tilts.
  package func suitability(for file: FileSummary) -> Int {
    let isSeries = file.height > SinogramReading.mostAngles && 2...SinogramReading.mostAngles ~= file.frames
    if isSeries {
      let states = file.calibration.y?.value.unit == "deg" || file.metadata.contains { $0.name == Tilts.item }
      return states ? 6 : 0
    }
    let rows = file.height == 1 ? file.frames : file.height
    guard 2...SinogramReading.mostAngles ~= rows, file.width >= 8 * rows, file.width >= 32,
      file.calibration.y?.value.unit == "deg" || file.sample.isFloat
    else { return 0 }
    return 6
  }

  package func analyze(
    _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext
  ) throws(AnalysisError) -> Finding {
    let abandonment = Abandonment(context.isCancelled)
    let answer: (finding: Finding, files: AtomFiles)
    do {
      answer =
        SeriesReading.isSeries(subject)
        ? try inSpace(subject, parameters, context, abandonment)
        : try inPlane(subject, parameters, context, abandonment)
    } catch let error as AnalysisError {
      throw error
    } catch let obstacle as FrameObstacle {
      if abandonment.isSaid { throw .cancelled }
      return Finding(obstacle: obstacle.reason)
    } catch {
      throw .failed("\(error)")
    }
    var finding = answer.finding
    if let write = context.write {
      for artifact in answer.files.artifacts() { finding.artifacts[artifact.role] = try write(artifact) }
    }
    return finding.finite
  }

  private func inPlane(
    _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext,
    _ abandonment: Abandonment
  ) throws -> (Finding, AtomFiles) {
    let projections = try SinogramReading(subject, parameters, context).projections
    let request = try ReconstructionRequest(projections, parameters)
    try Self.check(
      projections.masses.map { $0 / request.terms.mass }, request.terms.blob, pitch: projections.pitch,
      span: projections.pitch * Double(projections.pixels) / request.terms.bond, longest: 200,
      count: request.terms.count,
      largest: Reconstruction.largestCount)
    let found = Reconstruction(
      request, isCancelled: { abandonment.isSaid }, progress: context.progress)
    if abandonment.isSaid { throw AnalysisError.cancelled }
    guard let found else { throw Self.nothing }
    let report = TomographyReport(request: request, found: found)
    return (report.finding(), report.files)
  }

  private func inSpace(
    _ subject: Subject, _ parameters: ParameterValues, _ context: AnalysisContext,
    _ abandonment: Abandonment
  ) throws -> (Finding, AtomFiles) {
    let images = try SeriesReading(subject, parameters, context).images
    let request = try ClusterRequest(images, parameters)
    try Self.check(
      images.masses.map { $0 / request.terms.mass }, request.terms.blob, pitch: images.pitch,
      span: images.pitch * Double(max(images.width, images.height)) / request.terms.bond, longest: 60,
      count: request.terms.count, largest: ClusterReconstruction.largestCount)
    let found = ClusterReconstruction(
      request, isCancelled: { abandonment.isSaid }, progress: context.progress)
    if abandonment.isSaid { throw AnalysisError.cancelled }
    guard let found else { throw Self.nothing }
    let report = ClusterReport(request: request, found: found)
    return (report.finding(), report.files)
  }

  private static let nothing = FrameObstacle(
    Reason(.nothingFound, "no atoms: no lattice fits into what the projections show"))

  /// What lengths and masses say before any atom is looked for: `masses` in atoms, `span` in bonds.
  private static func check(
    _ masses: [Double], _ blob: AtomBlob, pitch: Double, span: Double, longest: Double, count: Int?,
    largest: Int
  ) throws(FrameObstacle) {
    func refuse(_ text: String) -> FrameObstacle { FrameObstacle(Reason(.projections, text)) }
    guard blob.sigma < 1e6, pitch <= 4 * blob.sigma else {
      throw refuse("a pixel is wider than an atom: give its size with --pixel, an atom's with --sigma-r0")
    }
    guard span < longest else {
      throw refuse("projections as long as \(span.short) bonds: up to \(longest.short) are searched")
    }
    if let count {
      guard count <= largest else { throw refuse("\(count) atoms: up to \(largest) are searched") }
      return
    }
    let mean = masses.reduce(0, +) / Double(max(1, masses.count))
    guard mean >= 0.5 else {
      throw refuse("a mass of \(mean.short) atoms: is an atom's mass given with --atom-mass?")
    }
    guard mean < Double(largest) else {
      throw refuse(
        "a mass of \(mean.short) atoms: up to \(largest) are searched; is an atom's mass given with --atom-mass?"
      )
    }
  }
}
