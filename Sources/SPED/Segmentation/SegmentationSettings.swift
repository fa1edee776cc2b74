/// What the segmentation may be told; everything has a default that follows from the data.
package struct SegmentationSettings: Sendable, Hashable {
  /// Poisson standard deviations from which a point of a virtual dark-field image is lit.
  package var significance = Float(SPEDSettings.significance.standard)
  /// Scan points of the smallest crystal; nil: six, or more in large scans.
  package var minimumArea: Int?
  /// A point belongs to a crystal when it has this part of its brightest neighbour's signal.
  package var edge = Float(SPEDSettings.edge.standard)
  /// Crystals of less confidence are left out.
  package var minimumConfidence = SPEDSettings.confidence.standard
  /// Most crystals that are kept; nil keeps all.
  package var components: Int?
  package var edits: [CrystalEdit] = []

  package init() {}
}

/// A change by hand: parameters of a new run, so that a replay repeats it.
package enum CrystalEdit: Sendable, Hashable, CustomStringConvertible {
  case merge([String])
  case split(String, Int)
  case remove(String)

  package var description: String {
    switch self {
    case .merge(let letters): letters.joined(separator: "+")
    case .split(let letter, let pieces): "\(letter)/\(pieces)"
    case .remove(let letter): "-\(letter)"
    }
  }

  /// `A+B; C/2; -D`: merged, split in two, left out; in this order.
  package static func list(_ text: String) throws(SPEDError) -> [CrystalEdit] {
    var edits: [CrystalEdit] = []
    for word in text.split(whereSeparator: { $0 == ";" || $0 == " " }) {
      if word.hasPrefix("-"), isLetters(word.dropFirst()) {
        edits.append(.remove(String(word.dropFirst())))
      } else if word.contains("+") {
        let letters = word.split(separator: "+", omittingEmptySubsequences: false)
        guard letters.count > 1, letters.allSatisfy({ isLetters($0) }) else { throw .edit(String(word)) }
        edits.append(.merge(letters.map(String.init)))
      } else {
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, isLetters(parts[0]), let pieces = Int(parts[1]), 2...3 ~= pieces else {
          throw .edit(String(word))
        }
        edits.append(.split(String(parts[0]), pieces))
      }
    }
    return edits
  }

  private static func isLetters(_ text: Substring) -> Bool {
    !text.isEmpty && text.count <= 3 && text.utf8.allSatisfy { 65...90 ~= $0 }
  }
}

/// What goes wrong in this module.
package enum SPEDError: Error, Sendable, Equatable, CustomStringConvertible {
  case edit(String)
  case spot(String)
  case specimen(String)
  case cancelled

  package var description: String {
    switch self {
    case .edit(let text): "edits: \"\(text)\" is none of A+B (merge), A/2 (split), -A (leave out)"
    case .spot(let text): "vector: \"\(text)\" is no crystal's letter and number such as A3"
    case .specimen(let text): text
    case .cancelled: "cancelled"
    }
  }
}
