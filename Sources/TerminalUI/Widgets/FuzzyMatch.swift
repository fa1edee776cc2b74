/// How well a few typed letters fit a text in which they occur in order.
///
/// Better: letters in a row, at the start of a word, early. Case and blanks in the pattern do not count.
package struct FuzzyMatch: Sendable, Hashable {
  package let score: Int
  /// Which scalars of the text matched, to be shown bold.
  package let positions: [Int]

  /// nil where the letters do not occur in this order. An empty pattern fits everything alike.
  package init?(_ pattern: String, in text: String) {
    let wanted = pattern.unicodeScalars.filter { $0 != " " }.map(FuzzyMatch.folded)
    let original = Array(text.unicodeScalars)
    let letters = original.map(FuzzyMatch.folded)
    guard !wanted.isEmpty else {
      score = 0
      positions = []
      return
    }
    guard wanted.count <= letters.count else { return nil }
    // best[j]: the best score of the pattern so far with its last letter on j. Texts are short: quadratic is fine.
    let impossible = Int.min / 2
    var best = [Int](repeating: impossible, count: letters.count)
    var from = [[Int]]()
    for (index, letter) in wanted.enumerated() {
      var next = best
      var origin = [Int](repeating: -1, count: letters.count)
      var earlier = (score: impossible, place: -1)
      for place in letters.indices {
        if place > 0 && best[place - 1] > earlier.score { earlier = (best[place - 1], place - 1) }
        next[place] = impossible
        guard letters[place] == letter else { continue }
        let bonus = FuzzyMatch.bonus(original, place)
        if index == 0 {
          next[place] = bonus - min(place, 10)
        } else {
          let adjacent = place > 0 ? best[place - 1] + 12 : impossible
          if adjacent > impossible / 2 && adjacent >= earlier.score {
            (next[place], origin[place]) = (adjacent + bonus, place - 1)
          } else if earlier.score > impossible / 2 {
            (next[place], origin[place]) = (earlier.score + bonus, earlier.place)
          }
        }
      }
      best = next
      from.append(origin)
    }
    guard let top = best.indices.max(by: { best[$0] < best[$1] }), best[top] > impossible / 2 else {
      return nil
    }
    var place = top
    var found = [place]
    for origin in from.dropFirst().reversed() {
      place = origin[place]
      found.append(place)
    }
    // Of two texts that match alike the shorter one is nearer to what was typed.
    score = best[top] * 100 - min(letters.count, 99)
    positions = found.reversed()
  }

  /// The items that match, the best first; equals keep their order.
  package static func ranked<T>(_ items: [T], by pattern: String, text: (T) -> String) -> [(
    item: T, match: FuzzyMatch
  )] {
    let found = items.enumerated().compactMap { index, item in
      FuzzyMatch(pattern, in: text(item)).map { (index: index, item: item, match: $0) }
    }
    return found.sorted {
      $0.match.score == $1.match.score ? $0.index < $1.index : $0.match.score > $1.match.score
    }.map { ($0.item, $0.match) }
  }

  private static func bonus(_ text: [Unicode.Scalar], _ place: Int) -> Int {
    guard place > 0 else { return 10 }
    let previous = text[place - 1].properties
    let startsWord = !previous.isAlphabetic && previous.numericType == nil
    let startsHump = previous.isLowercase && text[place].properties.isUppercase
    return startsWord || startsHump ? 8 : 1
  }

  private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    let lower = scalar.properties.lowercaseMapping.unicodeScalars
    return lower.count == 1 ? lower.first ?? scalar : scalar
  }
}
