import Arrays

extension Crystal {
  /// The translations, as fractions of the cell, that carry every atom onto an equal atom: zero alone in
  /// a primitive cell, four for a face-centred one.
  func centringTranslations(tolerance: Double = 1e-3) -> [Vector3] {
    // A translation maps the rarest kind of atom onto itself: those few give all candidates.
    let kinds = Dictionary(grouping: sites.indices) { SiteKind(sites[$0]) }
    guard let rarest = kinds.values.min(by: { ($0.count, $0[0]) < ($1.count, $1[0]) }), rarest.count <= 1000
    else { return [.zero] }
    let origin = sites[rarest[0]].position
    var translations: [Vector3] = []
    for candidate in rarest {
      let shift = sites[candidate].position - origin
      let holds = kinds.values.allSatisfy { members in
        members.allSatisfy { i in
          members.contains { j in
            let offset = sites[i].position + shift - sites[j].position
            return cell.cartesian(offset - offset.rounded(.toNearestOrAwayFromZero)).length < tolerance * 10
          }
        }
      }
      if holds { translations.append(wrapped(shift)) }
    }
    return translations
  }
}

/// Atoms that scatter alike: the element, its share of the place and how much it moves.
struct SiteKind: Hashable {
  private let element: Element
  private let occupancy: Int
  private let displacement: Int

  init(_ site: Site) {
    element = site.element
    occupancy = Int((site.occupancy * 1e4).rounded())
    let u = site.displacement?.tensor
    let trace = (u?.columns.0.x ?? -1) + (u?.columns.1.y ?? 0) + (u?.columns.2.z ?? 0)
    displacement = Int(bounded: (trace * 1e5).rounded())
  }
}
