import AtomTomography
import Glibc

/// Atoms in space from two or three images: an evaluation by the number of atoms, whole clusters, clean and of counted
/// electrons, what an interval is worth.
enum AtomsSpaceSuite {
  /// Off every zone axis.
  private static let generic = SIMD3(25.0, 37, 11)

  static func run() -> [Measurement] {
    evaluations() + clusters() + small()
  }

  private static func evaluations() -> [Measurement] {
    [55, 147, 309, 500].map { atoms in
      var crystal = NanoCluster()
      (crystal.atoms, crystal.defect) = (atoms, .none)
      let cluster = crystal.cluster()
      let objective = ClusterObjective(
        crystal.images(of: cluster), AtomBlob(sigma: crystal.sigma), alpha: 0.1)
      var gradient: [Double] = []
      _ = objective.value(cluster.coordinates, gradient: &gradient)
      let times = (0..<9).map { _ in
        let before = processorSeconds()
        for _ in 0..<10 { _ = objective.value(cluster.coordinates, gradient: &gradient) }
        return (processorSeconds() - before) / 10
      }
      return Measurement(
        "in space, one evaluation of three images, \(atoms) atoms", 1e3 * (times.min() ?? .nan), "ms")
    }
  }

  /// Every size and defect once, and the largest under every condition that has a goal.
  private static func clusters() -> [Measurement] {
    var figures: [Measurement] = []
    for (atoms, structure) in [
      (55, NanoCluster.Structure.fcc), (147, .fcc), (309, .fcc), (55, .icosahedron), (147, .icosahedron),
      (309, .icosahedron),
    ] {
      for defect in [NanoCluster.Defect.vacancy, .interstitial] {
        var crystal = NanoCluster()
        (crystal.atoms, crystal.structure, crystal.defect) = (atoms, structure, defect)
        (crystal.noise, crystal.euler) = (0.02, generic)
        figures += row("\(structure) of \(atoms), \(defect), noise 2 %", crystal, goal: ("", "", ""))
      }
    }
    for (name, euler) in [("along zone axes", SIMD3<Double>.zero), ("off them", generic)] {
      var crystal = NanoCluster()
      (crystal.atoms, crystal.euler) = (500, euler)
      figures += row("500 atoms \(name), clean", crystal, goal: ("100", "0.02", "60"))
      // Columns of five atoms: 10,000 electrons a column.
      crystal.electrons = 2000
      figures += row("500 atoms \(name), 2000 electrons an atom", crystal, goal: ("100", "0.06", "60"))
      crystal.angles = [0, 90]
      figures += row("500 atoms \(name), the same from two images", crystal, goal: ("", "", ""))
    }
    return figures
  }

  private static func row(
    _ name: String, _ crystal: NanoCluster, goal: (matched: String, error: String, seconds: String)
  ) -> [Measurement] {
    let truth = crystal.cluster()
    let images = crystal.images(of: truth)
    let (start, before) = (seconds(), processorSeconds())
    let found = ClusterReconstruction(ClusterRequest(images))
    let (wall, spent) = (seconds() - start, processorSeconds() - before)
    let matching = AtomMatching(found?.cluster.points ?? [], truth.points, limit: 0.5)
    let determined = found?.certainty.count(where: \.isDetermined) ?? 0
    print(
      "  \(name): \(matching.pairs.count) matched, \(matching.extra.count) extra, \(matching.missing.count) missing, "
        + "mean \(matching.meanError), largest \(matching.largestError), \(determined) determined, "
        + "converged \(found?.account.isConverged ?? false), \(wall) s")
    let share = 100 * Double(matching.pairs.count) / Double(max(1, truth.count + matching.extra.count))
    return [
      Measurement("\(name): atoms matched, none extra", share, "%", goal: goal.matched),
      Measurement("\(name): largest error", matching.largestError, "r0", goal: goal.error),
      Measurement(
        "\(name): determined", 100 * Double(determined) / Double(max(1, found?.certainty.count ?? 0)), "%"),
      Measurement("\(name): time", wall, "s", goal: goal.seconds),
      Measurement("\(name): processor time", spent, "s"),
    ]
  }

  /// Many small clusters: how many are complete, and what their intervals are worth.
  private static func small() -> [Measurement] {
    var (complete, clusters, inside, coordinates, atoms, trusted) = (0, 0, 0, 0, 0, 0)
    for number in 1...24 {
      var crystal = NanoCluster()
      crystal.seed = UInt64(number)
      (crystal.atoms, crystal.noise) = (number % 2 == 0 ? 55 : 147, number % 3 == 0 ? 0.1 : 0.02)
      crystal.defect = number % 4 < 2 ? .vacancy : .interstitial
      crystal.angles = number % 6 < 3 ? [0, 45, 90] : [0, 60, 120]
      crystal.euler = SIMD3(Double(37 * number % 90), Double(17 * number % 60), Double(29 * number % 90))
      let truth = crystal.cluster()
      guard let found = ClusterReconstruction(ClusterRequest(crystal.images(of: truth))) else { continue }
      let matching = AtomMatching(found.cluster.points, truth.points, limit: 0.5)
      clusters += 1
      complete += matching.extra.isEmpty && matching.missing.isEmpty ? 1 : 0
      atoms += found.cluster.count
      for pair in matching.pairs {
        let error = found.cluster[pair.found] - truth[pair.truth]
        for axis in 0..<3 {
          coordinates += 1
          inside += error[axis].magnitude <= found.certainty[pair.found].interval[axis] ? 1 : 0
        }
      }
      let misplaced = matching.extra + matching.pairs.filter { $0.distance > 0.1 }.map(\.found)
      trusted += misplaced.count { found.certainty[$0].isDetermined }
    }
    return [
      Measurement("24 clusters of 55 and 147 atoms in any orientation: complete", Double(complete), "of 24"),
      Measurement(
        "24 clusters: coordinates inside the 95 % interval",
        100 * Double(inside) / Double(max(1, coordinates)), "%", goal: "93-97"),
      Measurement(
        "24 clusters: of all atoms, off by more than 0.1 r0 and called determined",
        100 * Double(trusted) / Double(max(1, atoms)), "%", goal: "1"),
    ]
  }
}
