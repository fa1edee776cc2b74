/// What is known of a crystal beside its projections, and how hard it is searched for, in a plane or in space.
package struct SearchTerms: Sendable {
  package var blob = AtomBlob(sigma: 0.15)
  /// The distance of nearest neighbours.
  package var bond = 1.0
  /// What one atom weighs.
  package var mass = 1.0
  /// Nil: by the projected mass.
  package var count: Int?
  /// Nil: by the discrepancy principle.
  package var alpha: Double?
  /// Nil: from the projections.
  package var noise: Double?
  package var restarts = 4
  package var seed: UInt64 = 1
  /// Lengths and masses beside those given are tried where nothing else explains the projections.
  package var scans = true

  package init() {}
}
