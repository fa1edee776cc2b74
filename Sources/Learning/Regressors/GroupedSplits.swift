import System

/// Rows parted into training and test.
package struct Split: Sendable, Equatable {
  package let training: [Int]
  package let test: [Int]
}

/// Splits that keep whole groups together. On a regular grid of parameters a random split measures look-up, not
/// interpolation: near-copies of every test row are in the training set. Holding out whole parameter
/// values (a group each) measures what happens between them.
package enum GroupedSplits {
  /// Random groups held out until they hold at least `fraction` of the rows.
  package static func holdOut<Group: Hashable & Comparable>(
    _ groups: [Group], fraction: Double, random: inout RandomNumbers
  ) -> Split {
    precondition(fraction > 0 && fraction < 1, "a fraction lies between 0 and 1")
    let names = Set(groups).sorted()
    let sizes = Dictionary(grouping: groups, by: { $0 }).mapValues(\.count)
    var held: Set<Group> = []
    var rows = 0
    // One group at least stays for training.
    for index in random.permutation(names.count).dropLast()
    where Double(rows) < fraction * Double(groups.count) {
      held.insert(names[index])
      rows += sizes[names[index]] ?? 0
    }
    return split(groups, held)
  }

  /// Every group is tested once: the largest groups first, each into the fold that has the fewest rows.
  package static func folds<Group: Hashable & Comparable>(_ groups: [Group], count: Int) -> [Split] {
    precondition(count >= 2, "there are at least two folds")
    let sizes = Dictionary(grouping: groups, by: { $0 }).mapValues(\.count)
    let order = sizes.sorted { $0.value > $1.value || ($0.value == $1.value && $0.key < $1.key) }
    var folds = [Set<Group>](repeating: [], count: count)
    var rows = [Int](repeating: 0, count: count)
    for (group, size) in order {
      let lightest = rows.indices.min { rows[$0] < rows[$1] } ?? 0
      folds[lightest].insert(group)
      rows[lightest] += size
    }
    return folds.filter { !$0.isEmpty }.map { split(groups, $0) }
  }

  private static func split<Group: Hashable>(_ groups: [Group], _ held: Set<Group>) -> Split {
    Split(
      training: groups.indices.filter { !held.contains(groups[$0]) },
      test: groups.indices.filter { held.contains(groups[$0]) })
  }
}
