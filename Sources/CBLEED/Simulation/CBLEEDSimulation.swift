import System
import Arrays

/// A simulated pattern and what it shows.
package struct CBLEEDPattern: Sendable {
  package var sample: CBLEEDSample
  /// Absolute reflected intensities, or counts where the request asks for noise.
  package var pixels: Matrix

  package init(sample: CBLEEDSample, pixels: Matrix) {
    self.sample = sample
    self.pixels = pixels
  }
}

/// Simulates patterns of a surface over ranges of energy and structure.
///
/// A pattern depends on the request and its index alone: not on threads, not on what was simulated before.
/// A run that was cancelled resumes by skipping the patterns that are already there.
package struct CBLEEDSimulation: Sendable {
  package let request: SimulationRequest
  /// What will be simulated, in order.
  package let samples: [CBLEEDSample]
  let groups: [Range<Int>]
  let simulator: Simulator

  enum Simulator: Sendable {
    case kinematic(KinematicModel)
    case dynamical(DynamicalModel)
  }

  /// - Parameter phaseShifts: one for every element; computed from first principles where not given.
  package init(_ request: SimulationRequest, phaseShifts: [PhaseShifts]? = nil) throws(CBLEEDError) {
    try request.check()
    let shifts: [PhaseShifts]
    if let phaseShifts { shifts = phaseShifts } else { shifts = try request.surface.phaseShifts() }
    switch request.method {
    case .kinematic: simulator = .kinematic(KinematicModel(surface: request.surface, phaseShifts: shifts))
    case .dynamical(let settings):
      simulator = .dynamical(
        DynamicalModel(surface: request.surface, phaseShifts: shifts, settings: settings))
    }
    let plan = SamplePlan(request)
    self.request = request
    samples = plan.samples
    groups = plan.groups
  }

  /// The patterns in order, computed as they are asked for.
  /// - Parameters:
  ///   - skipping: indices that are not wanted because they are there already.
  ///   - isCancelled: asked from several threads while a pattern is computed.
  ///   - progress: told the fraction done, from several threads.
  package func patterns(
    skipping: Set<Int> = [], isCancelled: @escaping @Sendable () -> Bool = { false },
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) -> CBLEEDPatterns {
    CBLEEDPatterns(simulation: self, skipped: skipping, isCancelled: isCancelled, progress: progress)
  }
}

/// A run of a simulation: `next()` until it is nil.
package struct CBLEEDPatterns {
  private let simulation: CBLEEDSimulation
  private let skipped: Set<Int>
  private let isCancelled: @Sendable () -> Bool
  private let progress: @Sendable (Double) -> Void
  private var nextGroup = 0
  private var ready: [CBLEEDPattern] = []

  init(
    simulation: CBLEEDSimulation, skipped: Set<Int>, isCancelled: @escaping @Sendable () -> Bool,
    progress: @escaping @Sendable (Double) -> Void
  ) {
    self.simulation = simulation
    self.skipped = skipped
    self.isCancelled = isCancelled
    self.progress = progress
  }

  package mutating func next() throws(CBLEEDError) -> CBLEEDPattern? {
    while ready.isEmpty {
      guard nextGroup < simulation.groups.count else { return nil }
      if isCancelled() { throw .cancelled }
      ready = try simulateNext().reversed()
    }
    return ready.popLast()
  }

  private mutating func simulateNext() throws(CBLEEDError) -> [CBLEEDPattern] {
    switch simulation.simulator {
    case .kinematic(let model): try simulateBatch(model)
    case .dynamical(let model): try simulateGroup(model)
    }
  }

  private func isWanted(_ group: Range<Int>) -> Bool { group.contains { !skipped.contains($0) } }

  /// Single scattering is fast: many samples at once, a thread each.
  private mutating func simulateBatch(_ model: KinematicModel) throws(CBLEEDError) -> [CBLEEDPattern] {
    var wanted: [CBLEEDSample] = []
    while nextGroup < simulation.groups.count, wanted.count < 64 {
      wanted += simulation.groups[nextGroup].filter { !skipped.contains($0) }.map { simulation.samples[$0] }
      nextGroup += 1
    }
    var jobs: [(CBLEEDSample, SurfaceStructure)] = []
    for sample in wanted { jobs.append((sample, try model.surface.structure(sample.parameters))) }
    let prepared = jobs
    let run = simulation
    let found = parallelMap(prepared.count) { number in
      let (sample, structure) = prepared[number]
      return run.finish(
        sample, model.pattern(energy: sample.energy, structure: structure, detector: sample.detector))
    }
    progress(Double(nextGroup) / Double(simulation.groups.count))
    return found
  }

  /// Multiple scattering shares nearly everything within a group; threads share its incident directions.
  /// A group is always computed whole, so that a resumed run meets the same symmetry and the same sums.
  private mutating func simulateGroup(_ model: DynamicalModel) throws(CBLEEDError) -> [CBLEEDPattern] {
    let members = simulation.groups[nextGroup]
    let before = Double(nextGroup)
    let total = Double(simulation.groups.count)
    nextGroup += 1
    guard isWanted(members) else {
      progress(Double(nextGroup) / total)
      return []
    }
    let samples = simulation.samples[members]
    var structures: [SurfaceStructure] = []
    for sample in samples { structures.append(try model.surface.structure(sample.parameters)) }
    guard let first = samples.first else { return [] }
    let directions = model.incidentDirections(
      energy: first.energy, structures: structures, detector: first.detector)
    let done = Counter()
    let tell = progress
    let patterns = try model.patterns(
      energy: first.energy, structures: structures, detector: first.detector, isCancelled: isCancelled
    ) { tell((before + Double(done.add($0)) / Double(max(directions, 1))) / total) }
    return zip(samples, patterns).filter { !skipped.contains($0.0.index) }.map { simulation.finish($0, $1) }
  }
}

extension CBLEEDSimulation {
  /// Noise and background, from a stream of random numbers that belongs to the sample.
  func finish(_ sample: CBLEEDSample, _ pattern: Matrix) -> CBLEEDPattern {
    var random = RandomNumbers(seed: request.seed).stream(1_000_000 + sample.index)
    return CBLEEDPattern(sample: sample, pixels: request.augmentation.degrade(pattern, &random))
  }
}
